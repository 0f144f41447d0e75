"""The compiled scan that reads UTF-8: code points and their kinds, block by block.

Here belongs what touches the bytes of the quality signals' texts. Not here: what the characters mean.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import STAFFORD_1
from data_platform.kernels.utf8 import REPLACEMENT

BASE = STAFFORD_1
"""The base of the polynomial hash, modulo 2^64: odd, with well spread bits."""


@kernel()
def decode(offsets, data, first, last, pages, table, points, kinds, prefixes, starts, seen):
    """Decode texts `first` to `last` (exclusive) of a `TextBuffers`.

    Arrow promises valid UTF-8. Bytes that break the promise give wrong characters, never a read out of bounds.

    Args:
        offsets, data: a `TextBuffers`.
        pages, table: `pages` and `kinds` of a `KindTable`.
        points, kinds: int32 and uint32, at least as long as the texts have bytes; code points and kinds go here.
        prefixes: uint64, one longer; the hash of everything before each code point goes here. That of the code points
            `[a, b)` is `prefixes[b] - prefixes[a] * BASE ** (b - a)`.
        starts: int64, one more than texts; where each text starts in `points` goes here.
        seen: uint32, per text; the union of its kinds goes here.
    """
    one = np.uint64(1)
    count = np.uint64(0)
    state = np.uint64(0)
    for text in range(first, last):
        starts[text - first] = count
        own = data[offsets[text] : offsets[text + 1]]
        position, end = np.uint64(0), np.uint64(own.size)
        union = np.uint32(0)
        while position < end:
            point = np.int32(own[position])
            if point < 0x80:
                kind = table[np.uint32(point)]  # page 0 is stored first
                position += one
            else:
                width = 2 if point < 0xE0 else 3 if point < 0xF0 else 4
                point = _code_point(own, position, end, width, point)
                kind = table[np.uint32(np.int32(pages[point >> 8]) << 8) | np.uint32(point & 0xFF)]
                position += np.uint64(width)
            points[count] = point
            kinds[count] = kind
            union |= kind
            prefixes[count] = state
            state = state * BASE + np.uint64(point) + one
            count += one
        seen[text - first] = union
    starts[last - first] = count
    prefixes[count] = state


@part(inline=True)
def _code_point(data, position, end, width, lead):
    """What a sequence of `width` bytes from `position` on stands for, of which `lead` is the first."""
    if position + np.uint64(width) > end:
        return np.int32(REPLACEMENT)
    point = np.int32(lead & (0x7F >> width))
    for offset in range(1, width):
        point = (point << 6) | (np.int32(data[position + np.uint64(offset)]) & 0x3F)
    return np.int32(point) if point <= 0x10FFFF else np.int32(REPLACEMENT)
