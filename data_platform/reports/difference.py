"""Two texts of the lake, line by line or word by word: two documents, or one at two stages.

Not here: what edits say of themselves (`refinement.py`), and how differences are printed (`cli/`).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff

from data_platform.core.printing import printable
from data_platform.lake.lake import Lake
from data_platform.reports.identity import Known, NoDocument
from data_platform.reports.texts import CAPTURED, tables_with, text_of

_GUTTER = 3


@dataclass(frozen=True)
class Side:
    """One of two texts: the document, the table that it is read from, and what it says."""

    doc_id: str
    table: str
    text: str


def chosen(first: tuple[Lake, Known], second: tuple[Lake, Known], stages: Sequence[str]) -> tuple[Side, Side]:
    """The texts that are compared.

    Args:
        first, second: documents with their lakes; both may be the same.
        stages: tables: of both, or of the first and the second. None given: of two documents the last table that has
            both, of one the extracted and the last.

    Raises:
        NoDocument: if a document is not in the table, or no table has both; the message says where they are.
    """
    if stages:
        names = (stages[0], stages[-1])
    else:
        there = [tables_with(lake, known.doc_id, known.snapshot) for lake, known in (first, second)]
        if first[1].doc_id == second[1].doc_id:
            extracted = [name for name in there[0] if name != CAPTURED]
            names = ((extracted or there[0] or [CAPTURED])[0], ([*there[0], CAPTURED][-2:])[0])
        else:
            both = [name for name in there[0] if name in there[1]]
            if not both:
                told = "; ".join(f"{known.doc_id} in {', '.join(names) or 'none'}"
                                 for (_, known), names in zip((first, second), there, strict=True))
                raise NoDocument(f"no table has texts of both: {told}; name one for each with --stage")
            names = (both[-1], both[-1])
    old, new = (
        Side(known.doc_id, name, text_of(lake, known.doc_id, known.snapshot, name))
        for (lake, known), name in zip((first, second), names, strict=True)
    )
    return old, new


def unified(old: Side, new: Side, context: int, words: bool = False) -> list[str]:
    """The difference as a unified diff; empty for equal texts."""
    return list(unified_diff(
        _parts(old.text, words), _parts(new.text, words), f"{old.doc_id} {old.table}", f"{new.doc_id} {new.table}",
        lineterm="", n=context,
    ))


def similarity(old: Side, new: Side) -> float:
    """Words that both have, counted as often as both have them, over those of the one that has more; 1 without any."""
    counts = [Counter(side.text.split()) for side in (old, new)]
    most = max(count.total() for count in counts)
    return (counts[0] & counts[1]).total() / most if most else 1.0


def beside(old: Side, new: Side, width: int, context: int, words: bool = False) -> Iterator[str]:
    """Both texts in two columns, wrapped, with `<`, `>` or `|` between them where only the left, only the right or both
    have something else; what is equal beyond `context` lines is counted."""
    each = max((width - _GUTTER) // 2, 10)
    left, right = _parts(old.text, words), _parts(new.text, words)
    yield from _row(f"{old.doc_id} {old.table}", " ", f"{new.doc_id} {new.table}", each)
    for tag, start, end, other, last in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from _equal(left[start:end], start == 0, end == len(left), context, each)
            continue
        for place in range(max(end - start, last - other)):
            one = left[start + place] if start + place < end else None
            two = right[other + place] if other + place < last else None
            sign = "<" if two is None else ">" if one is None else "|"
            yield from _row(one or "", sign, two or "", each)


def _equal(lines: Sequence[str], first: bool, last: bool, context: int, each: int) -> Iterator[str]:
    head, tail = 0 if first else context, 0 if last else context
    if len(lines) <= head + tail:
        head, tail = len(lines), 0
    for line in lines[:head]:
        yield from _row(line, " ", line, each)
    if skipped := len(lines) - head - tail:
        yield f"... {skipped:,} equal {'line' if skipped == 1 else 'lines'}"
    for line in lines[len(lines) - tail:]:
        yield from _row(line, " ", line, each)


def _row(left: str, sign: str, right: str, each: int) -> Iterator[str]:
    """One line of each text, wrapped within its column."""
    columns = [_wrapped(printable(text.replace("\t", "    ")), each) for text in (left, right)]
    for place in range(max(map(len, columns))):
        one, two = (column[place] if place < len(column) else "" for column in columns)
        yield f"{one}{' ' * (each - _cells(one))} {sign} {two}".rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    """A text in pieces of at most `width` columns of a terminal, cut at blanks where there are any."""
    lines, line, cells = [], "", 0
    for word in text.split(" "):
        blank = " " if line else ""
        if line and cells + 1 + _cells(word) > width:
            lines.append(line)
            line, cells, blank = "", 0, ""
        for sign in blank + word:
            size = _cells(sign)
            if cells + size > width:
                lines.append(line)
                line, cells = "", 0
            line, cells = line + sign, cells + size
    return [*lines, line]


def _cells(text: str) -> int:
    """How many columns a text takes: characters of East Asia two, marks above others none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def _parts(text: str, words: bool) -> list[str]:
    return text.split() if words else text.split("\n")
