"""What programs put into texts: bytes that are neither the text's own nor the platform's, and what is joined anew.

A program is an edit of a document, and its text keeps the document's licence. So it may take away, and put a
placeholder where personal data stood; what else it puts in has no licence, and a whole foreign text could enter by it.
Counted is every byte in the refined text that would not be there if all replacements and targets were empty, wherever
it was copied from and however it is spread: over calls, over occurrences, over the editors and writers of the program.
Not counted are repairs that the platform's own editor makes of the same text, which anybody can repeat.

A text can also be spelt by cutting up another. Removed lines leave lines as they were; what is cut out within a line
joins what did not stand together. Such joins are counted for programs from outside: once per string that is cut out,
since a mark that stands in hundred places is one thing to take out.

Not here: what is allowed (the recipe), and what becomes of a program that asks for more (`plan.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.editor import Call, Normalize, Replace
from data_platform.programs.interpreter import Interpreted, interpret
from data_platform.programs.program import Malformed, read, write

MOST_INSERTED = 256
"""Bytes per document that no recipe may exceed: a text with more in it is another text, made of this one, and belongs
into a table of derived texts, with its parents."""
INSERTING = r"replace\(|normalize\("
"""What stands in every program that puts in anything but placeholders."""

_LINE_FEED = ord("\n")


def inserted_bytes(
    text: pa.Array | pa.ChunkedArray, program: pa.Array | pa.ChunkedArray, own: Mapping[int, Collection[Replace]]
) -> np.ndarray:
    """UTF-8 bytes that programs put into texts, int64, one entry per text.

    Of texts that are dropped, or whose program is malformed, nothing: they are not refined.

    Args:
        text: strings of any Arrow layout.
        program: as many strings.
        own: by place, the repairs that the platform makes of a text, in its coordinates.
    """
    found = np.zeros(len(text), np.int64)
    rows, without = [], []
    for row, calls in _calls(program).items():
        repairs = own.get(row, ())
        emptied = [_emptied(call) if call not in repairs else call for call in calls]
        if emptied != calls:
            rows.append(row)
            without.append(write(emptied))
    if not rows:
        return found
    places = pa.array(rows)
    some, sources = text.take(places), program.take(places)
    with_, less = _sizes(some, interpret(some, sources)), _sizes(some, interpret(some, pa.array(without, pa.string())))
    # What is not refined has no size: nothing of it is put in. Of one that is nothing but what is put in, all of it.
    found[rows] = np.where(with_ < 0, 0, with_ - np.maximum(less, 0))
    return found


def joins(text: pa.Array | pa.ChunkedArray, program: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """How many different strings programs cut out within lines, or replace there, int64, one entry per text."""
    found = np.zeros(len(text), np.int64)
    for row, calls in _calls(program).items():
        data = text[row].as_py().encode()
        cut = {call.source.encode() for call in calls if isinstance(call, Normalize)}
        cut |= {
            data[call.start : call.end] for call in calls if isinstance(call, Replace) and not _whole_lines(call, data)
        }
        found[row] = len(cut)
    return found


def _calls(program: pa.Array | pa.ChunkedArray) -> dict[int, list[Call]]:
    """The calls of those programs that may put something in, by place; malformed ones change nothing."""
    likely = pc.fill_null(pc.match_substring_regex(program, INSERTING), False)
    rows = np.flatnonzero(np.asarray(likely)).tolist()
    found = {}
    for row in rows:
        try:
            found[row] = read(program[row].as_py())
        except Malformed:
            continue
    return found


def _emptied(call: Call) -> Call:
    if isinstance(call, Replace):
        return replace(call, text="")
    return replace(call, target="") if isinstance(call, Normalize) else call


def _sizes(text: pa.Array | pa.ChunkedArray, made: Interpreted) -> np.ndarray:
    """Bytes of refined texts; -1 of those that are not refined."""
    sizes = pc.binary_length(text.cast(pa.large_string())).to_numpy() - made.removed_bytes.sum(axis=1)
    return np.where(np.asarray(pc.equal(made.outcome, "refined")), sizes, -1)


def _whole_lines(call: Replace, data: bytes) -> bool:
    """Whether a span is whole lines that go: it begins a line and ends one, and leaves nothing."""
    begins = call.start == 0 or data[call.start - 1 : call.start] == b"\n"
    ends = call.end >= len(data) or _LINE_FEED in (data[call.end], data[call.end - 1])
    return not call.text and begins and ends
