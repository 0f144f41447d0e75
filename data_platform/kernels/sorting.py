"""Order in compiled loops. NumPy's sorts and searches do the same, and take numba seconds to compile."""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import part


@part(allocates=True)
def stable_order(values):
    """The places of `values` in ascending order, int64; equal ones in the order in which they stand. A merge sort."""
    size = values.size
    order, spare = np.empty(size, np.int64), np.empty(size, np.int64)
    for place in range(size):
        order[place] = place
    width = 1
    while width < size:
        for begin in range(0, size, 2 * width):
            middle, end = min(begin + width, size), min(begin + 2 * width, size)
            left, right = begin, middle
            for place in range(begin, end):
                if left < middle and (right == end or values[order[left]] <= values[order[right]]):
                    spare[place] = order[left]
                    left += 1
                else:
                    spare[place] = order[right]
                    right += 1
        order, spare = spare, order
        width *= 2
    return order


@part()
def last_at_most(values, bound):
    """The place of the last of `values`, which ascend, that is at most `bound`; -1 if none is."""
    low, high = 0, values.size
    while low < high:
        middle = (low + high) // 2
        if values[middle] <= bound:
            low = middle + 1
        else:
            high = middle
    return low - 1
