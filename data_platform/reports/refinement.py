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
from data_platform.methods.edits.settings import ProposedPrograms
from data_platform.programs.interpreter import EDIT_KINDS, rebuild
from data_platform.stages.refinement import proposed_ids


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
        inserted: documents, and bytes that programs put in beyond placeholders and the platform's own repairs.
    """

    snapshot: str
    outcomes: dict[str, int]
    reasons: dict[str, int]
    refused: dict[str, int]
    bytes: tuple[int, int]
    tokens: tuple[int, int]
    edits: dict[str, tuple[int, int, int]]
    inserted: tuple[int, int]


@dataclass(frozen=True)
class Proposals:
    """What became of the programs from outside that a recipe names, over all snapshots.

    Attributes:
        given: programs that are not empty.
        applied: those that are part of a document's program.
        refused: those that are not, by reason.
        filtered: of documents that a filter dropped.
        unknown: of documents that are in no snapshot.
    """

    given: int
    applied: int
    refused: dict[str, int]
    filtered: int
    unknown: int


def accounts(lake: Lake) -> list[Account]:
    """One account per snapshot, from the latest version of the table. No program and no text is read.

    Raises:
        TableMissing: if nothing was refined yet.
    """
    counts: dict[str, dict[str, Counter]] = {}
    sums: dict[str, Counter] = {}
    sizes = ("bytes_before", "bytes_after", "tokens_before", "tokens_after", "inserted_bytes")
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
            total["inserted"] += pc.sum(pc.greater(rows["inserted_bytes"], 0)).as_py()
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
            (sums[snapshot]["inserted"], sums[snapshot]["inserted_bytes"]),
        )
        for snapshot, found in sorted(counts.items())
    ]


def proposals(lake: Lake, settings: ProposedPrograms) -> Proposals:
    """What became of the programs from outside. No text is read.

    Raises:
        ProgramsUnusable: if the files are not there, or have no such columns.
        TableMissing: if nothing was refined yet.
    """
    ids = proposed_ids(settings)
    known = lake.read_table("documents", ["doc_id"])["doc_id"].combine_chunks()
    rows = lake.read_table("refinement_programs", ["doc_id", "refused_proposal"])
    rows = rows.filter(pc.is_in(rows["doc_id"], ids))
    # What an editor's edits were left out for is told with the editor's name and a full stop.
    refused = rows.filter(pc.match_substring_regex(rows["refused_proposal"], r"^[^.]+$"))
    unknown = len(ids) - pc.sum(pc.is_in(ids, known), min_count=0).as_py()
    return Proposals(
        len(ids), rows.num_rows - refused.num_rows, _named(Counter(refused["refused_proposal"].to_pylist())),
        len(ids) - unknown - rows.num_rows, unknown,
    )


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
