"""The hashes of the compiled loops, and the constants that they are made of.

Here belongs how numbers and bytes are hashed. Not here: what is hashed, and tables of hashes (`hash_table`).
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part

# Odd 64-bit constants with well spread bits: the golden ratio, the multiplier of PCG (O'Neill 2014), and those of
# splitmix64's finaliser (Steele, Lea and Flood, OOPSLA 2014; Stafford's variant 13).
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
PCG = np.uint64(0x5851F42D4C957F2D)
STAFFORD_1 = np.uint64(0xBF58476D1CE4E5B9)
STAFFORD_2 = np.uint64(0x94D049BB133111EB)

# FNV-1a (Fowler, Noll and Vo), 64 bits.
FNV_OFFSET, FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


@part()
def mix(value):
    """splitmix64's finaliser: a bijection of 64 bits in which every input bit reaches every output bit."""
    value = (value ^ (value >> np.uint64(30))) * STAFFORD_1
    value = (value ^ (value >> np.uint64(27))) * STAFFORD_2
    return value ^ (value >> np.uint64(31))


@part()
def absorb(state, value, multiplier):
    """One step of a streaming hash: exclusive or, multiply, fold. For each value a bijection."""
    state = (state ^ np.uint64(value)) * multiplier
    return state ^ (state >> np.uint64(32))


@part()
def fnv1a(state, byte):
    """One step of FNV-1a."""
    return (state ^ np.uint64(byte)) * FNV_PRIME


def fnv1a_of(name: str) -> int:
    """FNV-1a of the UTF-8 of a name, as kernels find it step by step."""
    state = int(FNV_OFFSET)
    for byte in name.encode():
        state = ((state ^ byte) * int(FNV_PRIME)) & 0xFFFFFFFFFFFFFFFF
    return state


@kernel(allocates=True)
def hash_strings(offsets, data):
    """Hash strings byte by byte to 128 bits. Returns uint64 of shape (strings, 2)."""
    strings = offsets.size - 1
    hashes = np.empty((strings, 2), np.uint64)
    for string in range(strings):
        one, two = np.uint64(0), np.uint64(1)
        for position in range(offsets[string], offsets[string + 1]):
            one, two = absorb(one, data[position], GOLDEN), absorb(two, data[position], PCG)
        length = np.uint64(offsets[string + 1] - offsets[string])
        hashes[string, 0], hashes[string, 1] = mix(one ^ length), mix(two ^ length)
    return hashes
