"""The lines that line rules remove: one scan that measures them for all rules, and runs of removed lines as calls.

Not here: any rule (`methods/edits/`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from data_platform.core.kinds.editor import LineRule, Lines, RemoveLines
from data_platform.text.buffers import text_buffers

_BITS = 64


def find_lines(text: pa.Array | pa.ChunkedArray, rules: Sequence[LineRule]) -> dict[int, list[RemoveLines]]:
    """Lines that one of the rules removes, by row. Rows without any are left out.

    In a text that loses lines, blank lines that would be left first, last or beside another go as well.

    Raises:
        ValueError: if a rule has too many phrases.
    """
    from data_platform.kernels.line_measures import measure_lines, remove_orphans

    rows = words = removed = np.empty(0, np.int64)
    for scan in _scans(rules):
        marks = next((rule for rule in scan if rule.end_marks), scan[0])
        measures, occurring = measure_lines(
            *text_buffers(text), *_flat(phrase.lower() for rule in scan for phrase in rule.phrases),
            *_flat(marks.end_marks), *_flat(marks.passed_over),
        )
        rows, words, longest, characters, finished = measures.T
        removed = removed if len(removed) else np.zeros(len(rows), bool)
        first = 0
        for rule in scan:
            count = len(rule.phrases)
            own = (occurring >> np.uint64(first)) & np.uint64((1 << count) - 1)
            removed |= rule.broken(Lines(rows, words, longest, characters, finished != 0, own))
            first += count
    if not removed.any():
        return {}
    remove_orphans(rows, words, removed)
    return _runs(rows, removed)


def _scans(rules: Sequence[LineRule]) -> list[list[LineRule]]:
    """The rules by scan: as many in one as have the same end marks or none, and phrases that fit into the bits."""
    scans: list[list[LineRule]] = []
    for rule in rules:
        if len(rule.phrases) > _BITS:
            raise ValueError(f"{rule.name} looks for {len(rule.phrases)} phrases; at most {_BITS} can be looked for")
        for scan in scans:
            marks = {(one.end_marks, one.passed_over) for one in (*scan, rule) if one.end_marks}
            if len(marks) <= 1 and sum(len(one.phrases) for one in (*scan, rule)) <= _BITS:
                scan.append(rule)
                break
        else:
            scans.append([rule])
    return scans


def _runs(rows: np.ndarray, removed: np.ndarray) -> dict[int, list[RemoveLines]]:
    """Removed lines as ranges of line numbers by text."""
    places = np.flatnonzero(removed)
    first_line = np.searchsorted(rows, np.arange(rows[-1] + 1))
    breaks = np.flatnonzero((np.diff(places) > 1) | (np.diff(rows[places]) > 0)) + 1
    starts, ends = places[np.concatenate(([0], breaks))], places[np.concatenate((breaks - 1, [len(places) - 1]))]
    edits: dict[int, list[RemoveLines]] = {}
    for row, start, end in zip(
        rows[starts].tolist(), (starts - first_line[rows[starts]]).tolist(), (ends - first_line[rows[ends]]).tolist(),
        strict=True,
    ):
        edits.setdefault(row, []).append(RemoveLines(start, end))
    return edits


def _flat(strings: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """Strings as offsets and bytes, read-only as the kernels want them."""
    parts = [string.encode() for string in strings]
    offsets = np.concatenate(([0], np.cumsum([len(part) for part in parts], dtype=np.int64))).astype(np.int64)
    return offsets, np.frombuffer(b"".join(parts), np.uint8) if parts else np.empty(0, np.uint8)
