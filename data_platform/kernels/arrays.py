"""Arrays of compiled loops: how long they have to be, and how they grow."""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import part

at = np.uint64
"""Makes an index unsigned: a signed one numba checks for being negative, as Python counts from the end then."""


@part()
def longest(offsets):
    """Entries of the longest list of those that `offsets` bound; 0 if there is none."""
    most = 0
    for item in range(offsets.size - 1):
        most = max(most, offsets[item + 1] - offsets[item])
    return most


@part(allocates=True)
def widened(values):
    """An array of one dimension with room for twice as many values, which begins with those that are there."""
    wider = np.empty(2 * values.size, values.dtype)
    wider[: values.size] = values
    return wider


@part(allocates=True)
def widened_rows(values):
    """A two-dimensional array with room for twice as many columns, which begins with those that are there."""
    rows, columns = values.shape
    wider = np.empty((rows, 2 * columns), values.dtype)
    wider[:, :columns] = values
    return wider


@part()
def copy(source, begin, end, target, at):
    """Write `source[begin:end]` into `target` from `at` on; return where it ends there.

    A loop, as an assignment of slices takes numba two seconds to compile.
    """
    for place in range(begin, end):
        target[at] = source[place]
        at += 1
    return at
