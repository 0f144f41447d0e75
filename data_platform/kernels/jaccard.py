"""The compiled loops that compare sets of shingles: Jaccard similarity, and a bound on it that is cheaper to find.

Here belongs machine code over sorted hashes. Not here: which sets are compared (`links`), and how many members two sets
share (`pairs`). This module imports numba; import it where a kernel is called.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part

_EVERY_SECOND, _PAIRS = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
_NIBBLES, _ONES = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)


@kernel(allocates=True)
def sort_distinct(offsets, shingles):
    """Sort the shingles of every document and drop repetitions. Returns new int64 offsets and the uint64 shingles."""
    documents = offsets.size - 1
    kept = np.zeros(documents + 1, np.int64)
    result = np.empty(shingles.size, np.uint64)
    count = 0
    for document in range(documents):
        own = np.sort(shingles[offsets[document] : offsets[document + 1]])
        for position in range(own.size):
            if position == 0 or own[position] != own[position - 1]:
                result[count] = own[position]
                count += 1
        kept[document + 1] = count
    return kept, result[:count]


@part()
def allowed(total, least):
    """How many shingles of `total` in two documents may be in one of them alone, if their Jaccard is `least`."""
    # Of s there are s / (1 + s) as many in common as in both together; one more is allowed for rounding.
    return total - 2 * np.int64(least / (1 + least) * total) + 2


@kernel()
def parities(offsets, shingles, bitmaps):
    """Fill `bitmaps`, uint64 rows of zeros, one per document of `sort_distinct`: of each bit whether an odd number of
    the document's shingles falls on it."""
    width = np.uint64(64 * bitmaps.shape[1])
    for row in range(offsets.size - 1):
        for place in range(offsets[row], offsets[row + 1]):
            bit = shingles[place] % width
            bitmaps[row, bit >> np.uint64(6)] ^= np.uint64(1) << (bit & np.uint64(63))


@part()
def differing(bitmaps, one, two):
    """How many bits differ: no more than there are shingles in one of the two documents alone, for each of these turns
    one bit over (Sandes, Teodoro and Melo 2020, "Bitmap filter: speeding up exact set similarity joins")."""
    count = np.uint64(0)
    for word in range(bitmaps.shape[1]):
        bits = bitmaps[one, word] ^ bitmaps[two, word]
        bits = bits - ((bits >> np.uint64(1)) & _EVERY_SECOND)
        bits = (bits & _PAIRS) + ((bits >> np.uint64(2)) & _PAIRS)
        count += (((bits + (bits >> np.uint64(4))) & _NIBBLES) * _ONES) >> np.uint64(56)
    return np.int64(count)


@part()
def jaccard(offsets, shingles, one, two, least):
    """Jaccard similarity of two documents of `sort_distinct`; -1 as soon as it is known to be below `least`."""
    left, left_end = offsets[one], offsets[one + 1]
    right, right_end = offsets[two], offsets[two + 1]
    smaller = min(left_end - left, right_end - right)
    larger = max(left_end - left, right_end - right)
    if smaller < least * larger or larger == 0:
        return -1.0
    total = left_end - left + right_end - right
    most = allowed(total, least)
    common, alone = 0, 0
    while left < left_end and right < right_end and alone <= most:
        if shingles[left] == shingles[right]:
            common += 1
            left += 1
            right += 1
        else:
            alone += 1
            if shingles[left] < shingles[right]:
                left += 1
            else:
                right += 1
    return common / (total - common) if alone <= most else -1.0


@kernel(allocates=True)
def jaccards(offsets, shingles, left, right):
    """Jaccard similarity of the documents `left[i]` and `right[i]` of `sort_distinct`, as float64."""
    result = np.empty(left.size, np.float64)
    for pair in range(left.size):
        result[pair] = max(jaccard(offsets, shingles, left[pair], right[pair], 0.0), 0.0)
    return result
