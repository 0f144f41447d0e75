"""The compiled scan that finds the lines in which Unicode could be broken: what ftfy then looks at.

Not here: how it is repaired (`methods/edits/unicode_repair.py`).
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.ascii import LINE_FEED, is_alphanumeric
from data_platform.kernels.compiled import kernel, part

SUSPICIOUS, COMMON, TELLING, CONTROL = 1, 2, 4, 8
"""Classes of code points below U+10000: perhaps broken; perhaps, beside a TELLING one; perhaps, beside a COMMON or
TELLING one; to be removed."""


@part()
def _entity_follows(data, position, end):
    """Whether `data` goes on after an ampersand as an HTML entity does."""
    stop = min(end, position + 27)
    position += 1
    if position < stop and data[position] == 0x23:
        position += 1
    first = position
    while position < stop and is_alphanumeric(data[position]):
        position += 1
    return first < position < stop and data[position] == 0x3B


@kernel()
def find_suspicious_lines(offsets, data, classes, found):
    """Find the lines in which Unicode may be broken; in all others it is not.

    Args:
        offsets, data: a `TextBuffers`.
        classes: uint8 of 65,536 code points: SUSPICIOUS, COMMON, TELLING, CONTROL or 0.
        found: int64 of shape (room, 6), written to: text; start and end in `data` with the line feed; whether the text
            has no '<' up to there, so that entities in it are none of a page's markup; and the first and last position
            of what is suspicious, -1 and -1 if there is a control character or such an entity.

    Returns:
        How many lines there are, those for which there was no room included; these are not written.
    """
    count = 0
    for text in range(offsets.size - 1):
        end = offsets[text + 1]
        line = offsets[text]
        plain = True
        while line < end:
            position = line
            first, last = end, -1
            entity = control = False
            previous = 0
            while position < end:
                byte = data[position]
                if byte < 0x80:
                    previous = 0
                    if byte == LINE_FEED:
                        position += 1
                        break
                    if byte == 0x3C:
                        plain = False
                    elif byte == 0x26:
                        entity = entity or _entity_follows(data, position, end)
                    elif byte < 0x20 or byte == 0x7F:
                        control = control or classes[byte] & CONTROL
                    position += 1
                    continue
                if byte < 0xE0:
                    point = (np.int32(byte) & 0x1F) << 6
                    width = 2
                elif byte < 0xF0:
                    point = (np.int32(byte) & 0x0F) << 12
                    width = 3
                else:
                    previous = 0
                    position += 4
                    continue
                if position + width > end:
                    break
                if width == 3:
                    point |= (np.int32(data[position + 1]) & 0x3F) << 6
                point |= np.int32(data[position + width - 1]) & 0x3F
                kind = classes[point]
                if kind & SUSPICIOUS or (previous and kind and (previous | kind) & TELLING):
                    first, last = min(first, position), position
                control = control or kind & CONTROL
                previous = kind & (COMMON | TELLING)
                position += width
            if control or (entity and plain):
                first = last = -1
            if control or last >= 0 or (entity and plain):
                if count < len(found):
                    found[count, 0], found[count, 1], found[count, 2], found[count, 3] = text, line, position, plain
                    found[count, 4], found[count, 5] = first, last
                count += 1
            line = position
    return count
