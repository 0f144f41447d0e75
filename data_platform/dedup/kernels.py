"""The compiled loops of deduplication: minima of permuted shingles, and union-find.

Here belongs machine code over hashes and row numbers. Not here: anything that reads text (`text/kernels.py`). This
module imports numba; import it where a kernel is called. What kernels call stays in this file, see `text/kernels.py`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@njit(nogil=True, cache=True)
def _mix(value):
    """splitmix64's finaliser (Steele, Lea and Flood, OOPSLA 2014; Stafford's variant 13)."""
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


@njit(nogil=True, cache=True)
def _distinct(values, table, distinct):
    """Write the distinct `values` and return how many. `table` is a zeroed hash set, a power of two long."""
    mask = np.uint64(table.size - 1)
    count = 0
    for position in range(values.size):
        key = max(values[position], np.uint64(1))  # 0 marks a free slot
        slot = key & mask
        while table[slot] != np.uint64(0) and table[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        if table[slot] == np.uint64(0):
            table[slot] = key
            distinct[count] = key
            count += 1
    return count


@njit(nogil=True, cache=True)
def minhash_bands(offsets, shingles, multipliers, increments, bands):
    """Count the distinct shingles of every document, and hash its minima band by band.

    Args:
        offsets: int64; document i has the shingles `offsets[i]` to `offsets[i + 1]`.
        shingles: uint64, well mixed, with repetitions.
        multipliers, increments: uint64, one pair per permutation; as many for each band.
        bands: number of bands.

    Returns:
        int64 counts, and int64 of shape (documents, bands), undefined where the count is 0.
    """
    documents = offsets.size - 1
    permutations = multipliers.size
    rows = permutations // bands
    counts = np.zeros(documents, np.int64)
    keys = np.empty((documents, bands), np.int64)
    minima = np.empty(permutations, np.uint64)
    for document in range(documents):
        own = shingles[offsets[document] : offsets[document + 1]]
        if own.size == 0:
            continue
        size = 4
        while size < 2 * own.size:
            size *= 2
        distinct = np.empty(own.size, np.uint64)
        count = _distinct(own, np.zeros(size, np.uint64), distinct)
        counts[document] = count
        minima[:] = np.uint64(0xFFFFFFFFFFFFFFFF)
        for position in range(count):
            shingle = distinct[position]
            for permutation in range(permutations):
                value = shingle * multipliers[permutation] + increments[permutation]
                minima[permutation] = min(minima[permutation], value)
        for band in range(bands):
            state = np.uint64(band)  # so that equal minima in two bands give two keys
            for row in range(band * rows, (band + 1) * rows):
                state = _mix((state ^ minima[row]) + _MIX_2)
            keys[document, band] = np.int64(state)
    return counts, keys


@njit(nogil=True, cache=True)
def _root(parents, member):
    while parents[member] != member:
        parents[member] = parents[parents[member]]
        member = parents[member]
    return member


@njit(nogil=True, cache=True)
def unite(parents, left, right):
    """Join the trees of every pair in the forest `parents`. A root is always the smallest member of its tree."""
    for pair in range(left.size):
        one, two = _root(parents, left[pair]), _root(parents, right[pair])
        parents[max(one, two)] = min(one, two)


@njit(nogil=True, cache=True)
def flatten(parents):
    """Point every member of the forest `parents` at its root."""
    for member in range(parents.size):
        parents[member] = parents[parents[member]]  # a parent is smaller, and so already points at its root
