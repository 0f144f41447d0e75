"""What refinement did, told from its table: sizes before and after by kind of edit, and one document before and after.

Not here: how it is printed (`cli/`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from difflib import unified_diff

import pyarrow.compute as pc

from data_platform.core.errors import PlainError
from data_platform.lake.lake import Lake
from data_platform.programs.interpreter import EDIT_KINDS, rebuild


class NotRefined(PlainError, LookupError):
    """A document without a program was asked for. The message says what is known of it."""


@dataclass(frozen=True)
class Account:
    """What refinement did to one snapshot.

    Attributes:
        outcomes: documents by what became of them.
        reasons: documents by why they were dropped or their program was malformed.
        refused: programs from outside that could not be applied, by reason.
        bytes, tokens: before and after.
        edits: by kind of edit: documents, edits, and bytes taken away net of what was put in.
    """

    snapshot: str
    outcomes: dict[str, int]
    reasons: dict[str, int]
    refused: dict[str, int]
    bytes: tuple[int, int]
    tokens: tuple[int, int]
    edits: dict[str, tuple[int, int, int]]


def accounts(lake: Lake) -> list[Account]:
    """One account per snapshot, from the latest version of the table. No program and no text is read.

    Raises:
        TableMissing: if nothing was refined yet.
    """
    counts: dict[str, dict[str, Counter]] = {}
    sums: dict[str, Counter] = {}
    sizes = ("bytes_before", "bytes_after", "tokens_before", "tokens_after")
    numbers = [*sizes, *(f"{kind}_{what}" for kind in EDIT_KINDS for what in ("edited", "bytes_removed"))]
    labels = ["outcome", "reason", "refused_proposal"]
    for batch in lake.read("refinement_programs", ["snapshot", *labels, *numbers], batch_rows=65_536):
        for snapshot in pc.unique(batch["snapshot"]).to_pylist():
            rows = batch.filter(pc.equal(batch["snapshot"], snapshot))
            found = counts.setdefault(snapshot, {label: Counter() for label in labels})
            for label in labels:
                found[label].update(rows[label].to_pylist())
            total = sums.setdefault(snapshot, Counter())
            for name in numbers:
                total[name] += pc.sum(rows[name]).as_py()
            for kind in EDIT_KINDS:
                total[kind] += pc.sum(pc.greater(rows[f"{kind}_edited"], 0)).as_py()
    return [
        Account(
            snapshot, dict(found["outcome"]), _named(found["reason"]), _named(found["refused_proposal"]),
            (sums[snapshot]["bytes_before"], sums[snapshot]["bytes_after"]),
            (sums[snapshot]["tokens_before"], sums[snapshot]["tokens_after"]),
            {
                kind: (sums[snapshot][kind], sums[snapshot][f"{kind}_edited"], sums[snapshot][f"{kind}_bytes_removed"])
                for kind in EDIT_KINDS if sums[snapshot][kind]
            },
        )
        for snapshot, found in sorted(counts.items())
    ]


def _named(counts: Counter) -> dict[str, int]:
    return {name: count for name, count in counts.most_common() if name}


def difference(lake: Lake, doc_id: str) -> tuple[str, list[str]]:
    """The program of a document, and its text before and after as a unified diff, rebuilt from text and program.

    Raises:
        NotRefined: if it has no program.
    """
    rows = lake.read_table("refinement_programs", ["program", "snapshot"], where=pc.field("doc_id") == doc_id)
    if not rows.num_rows:
        raise NotRefined(f"no program for document {doc_id!r}: there is none, or a filter dropped it")
    (row,) = rows.to_pylist()
    texts = lake.read_table("documents", ["text"], partition=row["snapshot"], where=pc.field("doc_id") == doc_id)
    before = texts["text"][0].as_py()
    after = rebuild(before, row["program"])
    lines = unified_diff(
        before.split("\n"), [] if after is None else after.split("\n"), "extracted", "refined", lineterm="", n=1
    )
    return row["program"], list(lines)
