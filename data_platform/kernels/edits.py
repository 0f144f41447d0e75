"""Compiled loops of the interpreter of programs: edits become spans, spans become a new text.

Not here: what a program is (`programs/program.py`), and any decision.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.arrays import copy
from data_platform.kernels.ascii import LINE_FEED, is_blank
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.sorting import last_at_most, stable_order

FINE, LINE_OUT_OF_RANGE, SPAN_OUT_OF_RANGE, INSIDE_CHARACTER, OVERLAP = range(5)
"""What `resolve` says of the edits of a text."""

LINES = 0
"""The kind of an edit that removes lines; every other kind is a span."""


@part(allocates=True)
def _line_starts(data, start, end):
    """Where the lines of `data[start:end]` begin, and one past the line feed that would end the last."""
    count = 1
    for position in range(start, end):
        count += data[position] == LINE_FEED
    starts = np.empty(count + 1, np.int64)
    starts[0] = start
    line = 1
    for position in range(start, end):
        if data[position] == LINE_FEED:
            starts[line] = position + 1
            line += 1
    starts[count] = end + 1
    return starts


@part(allocates=True)
def _permute(values, order):
    """Put `values` into an order, in place."""
    before = np.empty(values.size, values.dtype)
    copy(values, 0, values.size, before, 0)
    for place in range(order.size):
        values[place] = before[order[place]]


@part()
def _splits_character(data, position, end):
    return position < end and data[position] & 0xC0 == 0x80


@kernel(allocates=True)
def resolve(offsets, data, edit_offsets, kinds, firsts, lasts, sizes, edit_counts, edit_bytes):
    """Turn the edits of every text into spans that follow one another.

    Args:
        offsets, data: a `TextBuffers`.
        edit_offsets: int64, one more than texts; text i has the edits `edit_offsets[i]` to `edit_offsets[i + 1]`.
        kinds: int64 per edit: LINES, or any other number for spans.
        firsts, lasts: int64 per edit. Of LINES the first and last line, both included, -1 as last meaning the last
            line of the text; of spans the byte where they start and the one where they end, counted from the text's.
        sizes: int64 per edit: bytes that a span is replaced by.
        edit_counts, edit_bytes: int64 of shape (texts, kinds), written to: lines or spans that an edit of the kind
            changed, and bytes that it took away, net of what it put in.

    Returns:
        uint8 per text: FINE or what is wrong; int64 offsets, one more than texts; and of each span int64 its start
        and end as positions in `data`, and the edit that it comes from, -1 for removed lines. Texts at which
        something is wrong have no spans.
    """
    texts = offsets.size - 1
    faults = np.zeros(texts, np.uint8)
    span_offsets = np.zeros(texts + 1, np.int64)
    span_starts = np.empty(kinds.size, np.int64)
    span_ends = np.empty(kinds.size, np.int64)
    span_edits = np.empty(kinds.size, np.int64)
    filled = 0
    for text in range(texts):
        start, end = offsets[text], offsets[text + 1]
        first_edit, last_edit = edit_offsets[text], edit_offsets[text + 1]
        fault = FINE
        begun = filled
        has_lines = False
        for edit in range(first_edit, last_edit):
            has_lines = has_lines or kinds[edit] == LINES
        starts = _line_starts(data, start, end) if has_lines else np.empty(0, np.int64)
        lines = starts.size - 1
        removed = np.zeros(max(lines, 0), np.bool_)
        # 1. Lines: their union.
        for edit in range(first_edit, last_edit):
            if kinds[edit] == LINES:
                last = lasts[edit] if lasts[edit] >= 0 else lines - 1
                if firsts[edit] > last or last >= lines:
                    fault = LINE_OUT_OF_RANGE
                    break
                for line in range(firsts[edit], last + 1):
                    removed[line] = True
        # 2. Spans, in order, without those inside a removed line.
        if fault == FINE:
            order = stable_order(firsts[first_edit:last_edit])
            for place in range(order.size):
                edit = first_edit + order[place]
                if kinds[edit] == LINES:
                    continue
                from_, to = start + firsts[edit], start + lasts[edit]
                if firsts[edit] >= lasts[edit] or to > end:
                    fault = SPAN_OUT_OF_RANGE
                elif _splits_character(data, from_, end) or _splits_character(data, to, end):
                    fault = INSIDE_CHARACTER
                if fault != FINE:
                    break
                inside = outside = False
                if has_lines:
                    line = last_at_most(starts, from_)
                    while line < lines and starts[line] < to:
                        inside = inside or removed[line]
                        outside = outside or not removed[line]
                        line += 1
                if inside and outside:
                    fault = OVERLAP
                    break
                if inside:
                    continue
                span_starts[filled], span_ends[filled], span_edits[filled] = from_, to, edit
                filled += 1
        # 3. Runs of removed lines as spans, with the line feed after them, or the one before at the end of the text.
        line = 0
        while line < lines and fault == FINE:
            if not removed[line]:
                line += 1
                continue
            first = line
            while line < lines and removed[line]:
                line += 1
            from_, to = starts[first], starts[line]
            if line == lines:
                from_, to = max(from_ - 1, start), end
            span_starts[filled], span_ends[filled], span_edits[filled] = from_, to, -1
            filled += 1
        if has_lines:
            order = stable_order(span_starts[begun:filled])
            for spans in (span_starts, span_ends, span_edits):
                _permute(spans[begun:filled], order)
        for span in range(begun + 1, filled):
            if span_starts[span] < span_ends[span - 1]:
                fault = OVERLAP
        # 4. The account.
        if fault != FINE:
            filled = begun
            faults[text] = fault
        for line in range(lines):
            edit_counts[text, LINES] += removed[line] and fault == FINE
        for span in range(begun, filled):
            edit = span_edits[span]
            length = span_ends[span] - span_starts[span]
            if edit >= 0:
                edit_counts[text, kinds[edit]] += 1
                edit_bytes[text, kinds[edit]] += length - sizes[edit]
            else:
                edit_bytes[text, LINES] += length
        span_offsets[text + 1] = filled
    return faults, span_offsets, span_starts[:filled], span_ends[:filled], span_edits[:filled]


@kernel(allocates=True)
def splice(offsets, data, span_offsets, span_starts, span_ends, span_edits, part_offsets, parts):
    """Copy every text with its spans replaced.

    Args:
        offsets, data: a `TextBuffers`.
        span_offsets, span_starts, span_ends, span_edits: as `resolve` returns them.
        part_offsets, parts: what each edit puts in: `parts[part_offsets[edit]:part_offsets[edit + 1]]`.

    Returns:
        int64 offsets, one more than texts, and uint8 bytes.
    """
    texts = offsets.size - 1
    size = offsets[texts] - offsets[0]
    for span in range(span_starts.size):
        size -= span_ends[span] - span_starts[span]
        edit = span_edits[span]
        if edit >= 0:
            size += part_offsets[edit + 1] - part_offsets[edit]
    written = np.empty(size, np.uint8)
    new_offsets = np.zeros(texts + 1, np.int64)
    position = 0
    for text in range(texts):
        begun = offsets[text]
        for span in range(span_offsets[text], span_offsets[text + 1]):
            position = copy(data, begun, span_starts[span], written, position)
            edit = span_edits[span]
            if edit >= 0:
                position = copy(parts, part_offsets[edit], part_offsets[edit + 1], written, position)
            begun = span_ends[span]
        position = copy(data, begun, offsets[text + 1], written, position)
        new_offsets[text + 1] = position
    return new_offsets, written


@kernel(allocates=True)
def are_blank(offsets, data):
    """Whether each text holds nothing but ASCII white space: bool."""
    texts = offsets.size - 1
    blank = np.empty(texts, np.bool_)
    for text in range(texts):
        blank[text] = is_blank(data, offsets[text], offsets[text + 1])
    return blank
