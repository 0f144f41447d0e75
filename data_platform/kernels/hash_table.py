"""Tables with open addressing from hashes to numbers: keys of 64 bits, of which 0 marks a free slot.

Here belongs how such a table is filled and read. Not here: what is hashed, and by what (`hashing`).
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import GOLDEN

_HALF = np.uint64(32)


@part(inline=True)
def slot_of(key, mask):
    """Where a table of `mask + 1` slots, a power of two, looks for `key` first."""
    key = (key ^ (key >> _HALF)) * GOLDEN
    return (key >> _HALF) & mask


@part(inline=True)
def find(keys, key):
    """The slot of `key`, -1 if it is not there."""
    mask = np.uint64(keys.size - 1)
    slot = slot_of(key, mask)
    while keys[slot] != np.uint64(0):
        if keys[slot] == key:
            return np.int64(slot)
        slot = (slot + np.uint64(1)) & mask
    return np.int64(-1)


@kernel()
def fill(hashes, numbers, keys, values):
    """Put hashes with their numbers into an empty table, `keys` and `values` of equal length, a power of two."""
    mask = np.uint64(keys.size - 1)
    for place in range(hashes.size):
        slot = slot_of(hashes[place], mask)
        while keys[slot]:
            slot = (slot + np.uint64(1)) & mask
        keys[slot], values[slot] = hashes[place], numbers[place]
