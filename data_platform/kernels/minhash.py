"""The compiled loops of MinHash: distinct shingles, minima of their permutations, keys of bands and sketches.

Here belongs machine code over hashes. Not here: anything that reads text (`text_hashes`), and what keys connect
(`links`). This module imports numba; import it where a kernel is called.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.arrays import longest
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import STAFFORD_2, mix

_MULTIPLIER = np.uint32(0x9E3779B1)


@part(allocates=True)
def _distinct(values, distinct):
    """Write the distinct `values` and return how many."""
    size = 4
    while size < 2 * values.size:
        size *= 2
    table = np.zeros(size, np.uint64)
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


@part()
def _minima(shingles, count, multipliers, increments, minima):
    """Write the least value of every permutation over the first `count` shingles.

    Four shingles to a turn, since the vector units wait for memory otherwise: 9.7 thousand million values per second on
    one core that makes 2.7 with one shingle of 64 bits to a turn.
    """
    minima[:] = np.uint32(0xFFFFFFFF)
    position = 0
    while position + 4 <= count:
        one = np.uint32(shingles[position] >> np.uint64(32))
        two = np.uint32(shingles[position + 1] >> np.uint64(32))
        three = np.uint32(shingles[position + 2] >> np.uint64(32))
        four = np.uint32(shingles[position + 3] >> np.uint64(32))
        for permutation in range(multipliers.size):
            factor, summand = multipliers[permutation], increments[permutation]
            least = min(
                min(np.uint32(one * factor + summand), np.uint32(two * factor + summand)),
                min(np.uint32(three * factor + summand), np.uint32(four * factor + summand)),
            )
            minima[permutation] = min(minima[permutation], least)
        position += 4
    while position < count:
        one = np.uint32(shingles[position] >> np.uint64(32))
        for permutation in range(multipliers.size):
            value = np.uint32(one * multipliers[permutation] + increments[permutation])
            minima[permutation] = min(minima[permutation], value)
        position += 1


@kernel(allocates=True)
def minhash_bands(offsets, shingles, multipliers, increments, bands):
    """Count the distinct shingles of every document, hash its minima band by band, and keep a byte of each.

    Args:
        offsets: int64; document i has the shingles `offsets[i]` to `offsets[i + 1]`.
        shingles: uint64, well mixed, with repetitions.
        multipliers, increments: uint32, one pair per permutation; as many for each band.
        bands: number of bands.

    Returns:
        int64 counts; int64 keys of shape (documents, bands) and uint8 sketches of shape (documents, permutations), both
        undefined where the count is 0.
    """
    documents = offsets.size - 1
    permutations = multipliers.size
    rows = permutations // bands
    counts = np.zeros(documents, np.int64)
    keys = np.empty((documents, bands), np.int64)
    sketches = np.empty((documents, permutations), np.uint8)
    minima = np.empty(permutations, np.uint32)
    distinct = np.empty(longest(offsets), np.uint64)
    for document in range(documents):
        own = shingles[offsets[document] : offsets[document + 1]]
        if own.size == 0:
            continue
        counts[document] = _distinct(own, distinct)
        _minima(distinct, counts[document], multipliers, increments, minima)
        for band in range(bands):
            state = np.uint64(band)  # so that equal minima in two bands give two keys
            for row in range(band * rows, (band + 1) * rows):
                least = minima[row]
                state = mix((state ^ np.uint64(least)) + STAFFORD_2)
                folded = np.uint32((least ^ (least >> np.uint32(16))) * _MULTIPLIER)
                sketches[document, row] = np.uint8(folded >> np.uint32(24))
            keys[document, band] = np.int64(state)
    return counts, keys, sketches


@kernel(allocates=True)
def band_keys(offsets, shingles, minima, bands):
    """What `minhash_bands` returns, of minima of 64 bits that are known: uint64 of shape (documents, permutations)."""
    documents, permutations = minima.shape
    rows = permutations // bands
    counts = np.zeros(documents, np.int64)
    keys = np.empty((documents, bands), np.int64)
    sketches = np.empty((documents, permutations), np.uint8)
    distinct = np.empty(longest(offsets), np.uint64)
    for document in range(documents):
        own = shingles[offsets[document] : offsets[document + 1]]
        if own.size == 0:
            continue
        counts[document] = _distinct(own, distinct)
        for band in range(bands):
            state = np.uint64(band)
            for row in range(band * rows, (band + 1) * rows):
                least = mix(minima[document, row])
                state = mix((state ^ least) + STAFFORD_2)
                sketches[document, row] = np.uint8(least >> np.uint64(56))
            keys[document, band] = np.int64(state)
    return counts, keys, sketches


@kernel(allocates=True)
def agreement(sketches, left, right):
    """Share of equal bytes in the rows `left[i]` and `right[i]` of `sketches`, as float64."""
    result = np.empty(left.size, np.float64)
    width = sketches.shape[1]
    for pair in range(left.size):
        one, two = sketches[left[pair]], sketches[right[pair]]
        same = 0
        for position in range(width):
            same += one[position] == two[position]
        result[pair] = same / width
    return result
