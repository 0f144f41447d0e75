"""Arrays of compiled loops: how long they have to be, how they grow, and how they are copied.

Copies are loops: an assignment of slices takes numba two seconds to compile, for each type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


@part()
def copy(source, begin, end, target, place):
    """Write `source[begin:end]` into `target` from `place` on; return where it ends there."""
    for item in range(begin, end):
        target[place] = source[item]
        place += 1
    return place


@part(allocates=True)
def head(values, count):
    """The first `count` values, copied, so that the rest takes no memory."""
    kept = np.empty(count, values.dtype)
    copy(values, 0, count, kept, 0)
    return kept


@part(allocates=True)
def head_of_rows(values, count):
    """The first `count` columns of a two-dimensional array, copied."""
    kept = np.empty((values.shape[0], count), values.dtype)
    for row in range(values.shape[0]):
        copy(values[row], 0, count, kept[row], 0)
    return kept


@part(allocates=True)
def widened(values):
    """An array of one dimension with room for twice as many values, which begins with those that are there."""
    wider = np.empty(2 * values.size, values.dtype)
    copy(values, 0, values.size, wider, 0)
    return wider


@part(allocates=True)
def widened_rows(values):
    """A two-dimensional array with room for twice as many columns, which begins with those that are there."""
    rows, columns = values.shape
    wider = np.empty((rows, 2 * columns), values.dtype)
    for row in range(rows):
        copy(values[row], 0, columns, wider[row], 0)
    return wider


def collect(columns: int, kernel: Callable[..., int], offsets: np.ndarray, data: np.ndarray, *more: Any) -> np.ndarray:
    """All that a kernel that fills an array finds: int64 of shape (found, columns)."""
    room = 64 + data.size // 256
    found = np.empty((room, columns), np.int64)
    if (count := kernel(offsets, data, *more, found)) > room:
        found = np.empty((count, columns), np.int64)
        kernel(offsets, data, *more, found)
    return found[:count]
