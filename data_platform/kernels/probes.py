"""Compiled search for known pieces of 64 bytes in texts, by a rolling hash.

Here belongs the loop over bytes. Not here: which pieces are searched for (`probes.py`).

Karp and Rabin 1987, "Efficient randomized pattern-matching algorithms": the hash of a window is that of the window
before it, times a base, plus the byte that enters, less the byte that leaves; arithmetic is modulo 2^64. A bitmap of
2^22 bits, which stays in the cache, answers for most windows that they are none of those wanted.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import GOLDEN, STAFFORD_1

WIDTH = 64
BITMAP_BITS = 22
_SHIFT = np.uint64(64 - BITMAP_BITS)


@part()
def _leaving() -> np.uint64:
    factor = np.uint64(1)
    for _ in range(WIDTH):
        factor *= GOLDEN
    return factor


@kernel(allocates=True)
def hash_windows(data: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The hash of the `WIDTH` bytes of `data` at every start."""
    hashes = np.empty(starts.size, np.uint64)
    for i in range(starts.size):
        value = np.uint64(0)
        for place in range(starts[i], starts[i] + WIDTH):
            value = value * GOLDEN + np.uint64(data[place]) + np.uint64(1)
        hashes[i] = value
    return hashes


@kernel(allocates=True)
def bitmap_of(hashes: np.ndarray) -> np.ndarray:
    """One bit for every hash."""
    bitmap = np.zeros(1 << (BITMAP_BITS - 3), np.uint8)
    for value in hashes:
        bit = (value * STAFFORD_1) >> _SHIFT
        bitmap[bit >> np.uint64(3)] |= np.uint8(1 << (bit & np.uint64(7)))
    return bitmap


@kernel(allocates=True)
def find_windows(data: np.ndarray, offsets: np.ndarray, wanted: np.ndarray, bitmap: np.ndarray) -> np.ndarray:
    """Where texts hold windows with a wanted hash: rows of text, place in `wanted`, first byte in `data`.

    Args:
        data: the bytes of all texts.
        offsets: text i is `data[offsets[i]:offsets[i + 1]]`; a window never spans two.
        wanted: the hashes, ascending, each once.
        bitmap: `bitmap_of(wanted)`.
    """
    found = np.empty((64, 3), np.int64)
    count = 0
    factor = _leaving()
    for row in range(offsets.size - 1):
        start, end = offsets[row], offsets[row + 1]
        if end - start < WIDTH:
            continue
        value = np.uint64(0)
        for place in range(start, start + WIDTH):
            value = value * GOLDEN + np.uint64(data[place]) + np.uint64(1)
        place = start + WIDTH
        while True:
            bit = (value * STAFFORD_1) >> _SHIFT
            if bitmap[bit >> np.uint64(3)] & np.uint8(1 << (bit & np.uint64(7))):
                at = np.searchsorted(wanted, value)
                if at < wanted.size and wanted[at] == value:
                    if count == found.shape[0]:
                        larger = np.empty((2 * count, 3), np.int64)
                        larger[:count] = found
                        found = larger
                    found[count, 0] = row
                    found[count, 1] = at
                    found[count, 2] = place - WIDTH
                    count += 1
            if place == end:
                break
            entering = np.uint64(data[place]) + np.uint64(1)
            leaving = np.uint64(data[place - WIDTH]) + np.uint64(1)
            value = value * GOLDEN + entering - leaving * factor
            place += 1
    return found[:count]
