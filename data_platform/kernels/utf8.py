"""UTF-8 in compiled loops: one character read, one looked up, one written.

Arrow promises valid UTF-8. Bytes that break the promise give wrong characters, never a read out of bounds.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import part

REPLACEMENT = 0xFFFD
"""What stands for a character that is cut off or beyond Unicode."""


@part(inline=True)
def read(data, position, end):
    """The code point at `position`, and where the next one begins; not beyond `end`."""
    byte = np.int32(data[position])
    if byte < 0x80:
        return byte, position + 1
    width = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
    if position + width > end:
        return np.int32(REPLACEMENT), end
    point = byte & (0x7F >> width)
    for offset in range(1, width):
        point = (point << 6) | (np.int32(data[position + offset]) & 0x3F)
    if point > 0x10FFFF:
        point = np.int32(REPLACEMENT)
    return np.int32(point), position + width


@part()
def entry_of(pages, point):
    """Where a two-stage table has the entry of a code point: on the page of its 256. ASCII is on page 0, the first."""
    return (np.int32(pages[point >> 8]) << 8) | (point & 0xFF)


@part()
def write(data, position, point):
    """Write a code point; return where the next one goes."""
    if point < 0x80:
        data[position] = point
        return position + 1
    if point < 0x800:
        data[position] = 0xC0 | point >> 6
        data[position + 1] = 0x80 | point & 0x3F
        return position + 2
    if point < 0x10000:
        data[position] = 0xE0 | point >> 12
        data[position + 1] = 0x80 | point >> 6 & 0x3F
        data[position + 2] = 0x80 | point & 0x3F
        return position + 3
    data[position] = 0xF0 | point >> 18
    data[position + 1] = 0x80 | point >> 12 & 0x3F
    data[position + 2] = 0x80 | point >> 6 & 0x3F
    data[position + 3] = 0x80 | point & 0x3F
    return position + 4
