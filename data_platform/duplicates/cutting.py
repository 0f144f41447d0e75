"""What becomes of documents in which something repeats, or that hold evaluation items: a program for each.

Nothing that finds duplicates deletes. What the recipe wants done is written as a refinement program (`programs/`), one
per document: bytes that go, or that the document goes and why. The program is kept, and is replayed where deduplicated
documents are written. Spans that overlap or touch are cut as one. Not here: finding anything, and the language of
programs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.editor import Call, DropDocument, Replace
from data_platform.core.tables import table
from data_platform.programs.interpreter import interpret
from data_platform.programs.program import write
from data_platform.text.spans import union

KINDS = ("line", "paragraph", "substring", "contamination")
"""Why bytes can go."""

FINDINGS = pa.schema({
    "doc_id": pa.string(),
    "spans": pa.list_(pa.struct({"kind": pa.string(), "start": pa.int64(), "end": pa.int64()})),
    "reasons": pa.list_(pa.string()),
})
"""What is to be acted upon, by document: bytes that go, end excluded, and why the document goes, if it goes."""

TOO_SHORT = "too_short"
TOO_MANY_CUTS = "contaminated.cuts"


def findings(spans: pa.Table, reasons: pa.Table) -> pa.Table:
    """Gather what was found by document: a table of `FINDINGS`, sorted.

    Args:
        spans: rows with `doc_id`, `kind`, `start`, `end`.
        reasons: rows with `doc_id`, `reason`.
    """
    spans = spans.sort_by([(name, "ascending") for name in ("doc_id", "kind", "start", "end")]).combine_chunks()
    reasons = reasons.sort_by([("doc_id", "ascending"), ("reason", "ascending")]).combine_chunks()
    ids = pc.unique(pa.chunked_array([*spans["doc_id"].chunks, *reasons["doc_id"].chunks], pa.string())).sort()
    fields = spans.select(["kind", "start", "end"]).to_struct_array()
    items = fields.combine_chunks() if isinstance(fields, pa.ChunkedArray) else fields
    columns = {
        "doc_id": ids,
        "spans": _lists(spans["doc_id"], items, ids),
        "reasons": _lists(reasons["doc_id"], reasons["reason"].combine_chunks(), ids),
    }
    return pa.table(columns, schema=FINDINGS)


def _lists(doc_id: pa.ChunkedArray, items: pa.Array, ids: pa.Array) -> pa.ListArray:
    """The items of every document, which are sorted by it, as lists in the order of `ids`."""
    counts = np.bincount(pc.index_in(doc_id, ids).to_numpy(), minlength=len(ids))
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), items)


def cut_batch(
    text: pa.Array, spans: pa.Array, reasons: pa.Array, *, margin: int = 0, max_cuts: int = 0, min_words: int = 0,
    tokenizer: str | None = None,
) -> pa.StructArray:
    """The programs of documents, and what they leave: columns of table `cut_programs`.

    Args:
        text: strings of any Arrow layout.
        spans, reasons: as in `FINDINGS`.
        margin: characters that go before and after an evaluation item.
        max_cuts: a document that would be cut for evaluation items in more places is dropped; 0: never.
        min_words: a document that loses something and is left with fewer words is dropped.
        tokenizer: as for `count_tokens`.
    """
    from data_platform.text.tokenizer import count_tokens

    text = text.cast(pa.large_string())
    programs: list[str] = []
    sizes: list[dict[str, int]] = []
    for value, some, why in zip(text.to_pylist(), spans.to_pylist(), reasons.to_pylist(), strict=True):
        calls, by_kind = _calls(value.encode(), some or [], why or [], margin, max_cuts)
        programs.append(write(calls))
        sizes.append(by_kind)
    made = interpret(text, pa.array(programs, pa.string()))
    if min_words:
        # Only what has lost something can have become too short by it.
        cut = np.flatnonzero(pc.equal(made.outcome, "refined").to_numpy(False)).tolist()
        short = [row for row in cut if len(made.text[row].as_py().split()) < min_words]
        for row in short:
            programs[row] += f"\n{DropDocument(TOO_SHORT)}"
        made = interpret(text, pa.array(programs, pa.string())) if short else made
    dropped = pc.equal(made.outcome, "dropped")
    columns = {
        "program": programs,
        "outcome": made.outcome,
        "reason": made.reason,
        **{f"{kind}_bytes": [by_kind.get(kind, 0) for by_kind in sizes] for kind in KINDS},
        "bytes_before": pc.binary_length(text),
        "bytes_after": pc.if_else(dropped, 0, pc.binary_length(made.text)),
        "tokens_after": pc.if_else(dropped, 0, count_tokens(made.text, tokenizer)),
    }
    types = {name: table("cut_programs")[name].type for name in columns}
    arrays = [
        values.cast(types[name]) if isinstance(values, pa.Array) else pa.array(values, types[name])
        for name, values in columns.items()
    ]
    return pa.StructArray.from_arrays(arrays, list(columns))


def _calls(
    text: bytes, spans: Sequence[dict], reasons: Sequence[str], margin: int, max_cuts: int
) -> tuple[list[Call], dict[str, int]]:
    """The calls of one document, and how many bytes each kind cuts."""
    by_kind = {
        kind: union([(span["start"], span["end"]) for span in spans if span["kind"] == kind]) for kind in KINDS
    }
    by_kind["contamination"] = with_margin(text, by_kind["contamination"], margin)
    reasons = [*reasons, *([TOO_MANY_CUTS] if max_cuts and len(by_kind["contamination"]) > max_cuts else [])]
    calls: list[Call] = [DropDocument(reasons[0])] if reasons else []
    everything = union([span for some in by_kind.values() for span in some])
    sizes = {kind: sum(end - start for start, end in some) for kind, some in by_kind.items()}
    return [*calls, *(Replace(start, end, "") for start, end in everything)], sizes


def with_margin(text: bytes, spans: Sequence[tuple[int, int]], characters: int) -> list[tuple[int, int]]:
    """The spans, widened on both sides by so many characters as far as the text goes, and joined."""
    return union([(_move(text, start, characters, -1), _move(text, end, characters, 1)) for start, end in spans])


def _move(text: bytes, position: int, characters: int, step: int) -> int:
    """The place so many characters before or behind `position`, both of which are where characters begin."""
    limit = 0 if step < 0 else len(text)
    while characters and position != limit:
        position += step
        while position != limit and text[position] & 0xC0 == 0x80:
            position += step
        characters -= 1
    return position
