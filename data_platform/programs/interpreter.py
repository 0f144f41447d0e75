"""The interpreter: the one place where a program changes a text.

Pure and deterministic: text and program decide the refined text, nothing else does. It knows no rule, no model and no
library of repairs, so that a refined text can be rebuilt from text and program for as long as both are kept. Not here:
what a program may say (`program.py`) and who writes one (`plan.py`).

Edits of one program never touch each other. Removed lines are a union, and a span wholly within removed lines goes with
them, so that the programs of writers who know nothing of each other can be joined; any other overlap is a
contradiction, and the program counts as malformed. `normalize` replaces occurrences in the text before any edit; a
source that does not occur changes nothing. A malformed program leaves its text unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.editor import REDACTED_TYPES, DropDocument, Normalize, Redact, RemoveLines, Replace
from data_platform.programs.program import Malformed, placeholder, read
from data_platform.text.buffers import TextBuffers, text_buffers

OUTCOMES = ("unchanged", "refined", "dropped", "malformed")
"""What can become of a document."""

EDIT_KINDS = ("lines", "repairs", "normalizations", *(type_.lower() for type_ in REDACTED_TYPES))
"""The kinds of edits that are counted: removed lines, replaced spans, replaced strings, and each type of redaction."""

_LINES, _REPAIRS, _NORMALIZATIONS = range(3)
_REDACTIONS = {type_: 3 + place for place, type_ in enumerate(REDACTED_TYPES)}
_PLACEHOLDERS = {type_: placeholder(type_).encode() for type_ in REDACTED_TYPES}
_FAULTS = ("", "line_out_of_range", "span_out_of_range", "inside_character", "overlap")
_UNCHANGED, _REFINED, _DROPPED, _MALFORMED = range(4)

NOTHING_LEFT = "nothing_left"
"""Why a document is dropped of which the program leaves nothing but white space."""


@dataclass(frozen=True)
class Interpreted:
    """What programs made of texts; every array has one entry per text.

    Attributes:
        text: large_string, the refined text; of dropped and malformed ones, the text as it was.
        outcome: string, one of `OUTCOMES`.
        reason: string, why a document is dropped or a program malformed; else empty.
        counts: int64 of shape (texts, len(EDIT_KINDS)): lines or spans edited, by kind.
        removed_bytes: int64 of the same shape: bytes taken away, net of what was put in. Of a refined text the sum
            over kinds is its loss in size.
    """

    text: pa.LargeStringArray
    outcome: pa.StringArray
    reason: pa.StringArray
    counts: np.ndarray
    removed_bytes: np.ndarray


def interpret(text: pa.Array | pa.ChunkedArray, program: pa.Array | pa.ChunkedArray) -> Interpreted:
    """Apply to every text its program.

    Args:
        text: strings of any Arrow layout.
        program: strings, as many; empty and null ones cost nothing.

    Raises:
        ValueError: if there are not as many programs as texts.
    """
    if len(text) != len(program):
        raise ValueError(f"{len(program)} programs for {len(text)} texts")
    rows = len(text)
    program = program.combine_chunks() if isinstance(program, pa.ChunkedArray) else program
    outcome = np.zeros(rows, np.int8)
    reason = [""] * rows
    counts, removed = np.zeros((2, rows, len(EDIT_KINDS)), np.int64)
    written = np.flatnonzero(pc.fill_null(pc.greater(pc.binary_length(program), 0), False).to_numpy(False))
    buffers = text_buffers(text)
    edits = _Edits()
    for row, source in zip(written.tolist(), program.take(pa.array(written)).to_pylist(), strict=True):
        try:
            calls = read(source)
            edits.add(row, calls, buffers)
        except Malformed as error:
            outcome[row], reason[row] = _MALFORMED, error.reason
            continue
        if drops := [call.reason for call in calls if type(call) is DropDocument]:
            outcome[row], reason[row] = _DROPPED, next(filter(None, drops), "drop_doc")
    refined = _large_string(text)
    if edits.rows:
        refined = _apply(refined, buffers, edits, outcome, reason, counts, removed)
    return Interpreted(
        refined, pa.array(OUTCOMES, pa.string()).take(pa.array(outcome)), pa.array(reason, pa.string()), counts, removed
    )


def rebuild(text: str, program: str) -> str | None:
    """The refined text of one document, None if the program drops it. A malformed program leaves the text unchanged."""
    made = interpret(pa.array([text], pa.large_string()), pa.array([program], pa.string()))
    return None if made.outcome[0].as_py() == "dropped" else made.text[0].as_py()


class _Edits:
    """The edits of a batch, flattened for the kernels."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.kinds: list[int] = []
        self.firsts: list[int] = []
        self.lasts: list[int] = []
        self.parts: list[bytes] = []
        self.ends: list[int] = []

    def add(self, row: int, calls: Sequence, buffers: TextBuffers) -> None:
        """Take the edits of one document. A document that is dropped has its edits checked all the same."""
        for call in calls:
            kind = type(call)
            if kind is RemoveLines:
                self._put(_LINES, call.start, -1 if call.end is None else call.end, b"")
            elif kind is Redact:
                self._put(_REDACTIONS[call.type], call.start, call.end, _PLACEHOLDERS[call.type])
            elif kind is Replace:
                self._put(_REPAIRS, call.start, call.end, call.text.encode())
            elif kind is Normalize:
                self._put_occurrences(call, buffers.data[buffers.offsets[row] : buffers.offsets[row + 1]].tobytes())
        if not self.ends or len(self.kinds) > self.ends[-1]:
            self.rows.append(row)
            self.ends.append(len(self.kinds))

    def _put(self, kind: int, first: int, last: int, part: bytes) -> None:
        self.kinds.append(kind)
        self.firsts.append(first)
        self.lasts.append(last)
        self.parts.append(part)

    def _put_occurrences(self, call: Normalize, text: bytes) -> None:
        source, target = call.source.encode(), call.target.encode()
        position = text.find(source)
        while position >= 0:
            self._put(_NORMALIZATIONS, position, position + len(source), target)
            position = text.find(source, position + len(source))


def _apply(
    text: pa.LargeStringArray, buffers: TextBuffers, edits: _Edits, outcome: np.ndarray, reason: list[str],
    counts: np.ndarray, removed: np.ndarray,
) -> pa.LargeStringArray:
    """The refined texts; says of each edited row in the other arrays what became of it."""
    from data_platform.kernels.edits import are_blank, resolve, splice

    rows = np.array(edits.rows)
    edited = buffers if len(rows) == len(text) else text_buffers(text.take(pa.array(rows)))
    sizes = np.fromiter(map(len, edits.parts), np.int64, len(edits.parts))
    row_counts, row_removed = np.zeros((2, len(rows), len(EDIT_KINDS)), np.int64)
    faults, *spans = resolve(
        *edited, np.array([0, *edits.ends]), np.array(edits.kinds, np.int64), np.array(edits.firsts, np.int64),
        np.array(edits.lasts, np.int64), sizes, row_counts, row_removed,
    )
    offsets, data = splice(
        *edited, *spans, np.concatenate(([0], np.cumsum(sizes))), np.frombuffer(b"".join(edits.parts), np.uint8)
    )
    for place in np.flatnonzero(faults).tolist():
        outcome[rows[place]], reason[rows[place]] = _MALFORMED, _FAULTS[faults[place]]
    # Everything is checked; what is dropped keeps its text, and so does what is malformed.
    changed = (faults == 0) & (outcome[rows] != _DROPPED) & (row_counts.sum(axis=1) > 0)
    empty = changed & are_blank(offsets, data)
    outcome[rows[changed]] = _REFINED
    for row in rows[empty].tolist():
        outcome[row], reason[row] = _DROPPED, NOTHING_LEFT
    changed &= ~empty
    counts[rows[changed]] = row_counts[changed]
    removed[rows[changed]] = row_removed[changed]
    new = pa.LargeStringArray.from_buffers(len(rows), pa.py_buffer(offsets), pa.py_buffer(data))
    if changed.all() and len(rows) == len(text):
        return new
    # Each row is taken from the old texts or from the new ones.
    place = np.arange(len(text))
    place[rows[changed]] = len(text) + np.flatnonzero(changed)
    return pa.chunked_array([text, new]).take(pa.array(place)).combine_chunks()


def _large_string(text: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    text = text.cast(pa.large_string())
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
