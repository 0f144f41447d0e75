"""Values and sets of values as numbers, exact and without gaps: what rows are grouped by.

Not here: ids (`ids`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NONE = np.zeros(0, np.int64)
"""No places."""
_DENSE = 2**22
"""Numbers up to this one are renumbered through a table, greater ones by sorting."""


@dataclass
class Vocabulary:
    """Values and their numbers, in the order in which they came."""

    values: list[Any] = field(default_factory=list)
    _numbers: dict[Any, int] = field(default_factory=dict)
    _strings: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    _string_numbers: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    """The values that came in columns, and their numbers: columns with many of them again are looked up at once."""

    def number(self, value: Any) -> int:
        """The number of a value, a new one if it is new."""
        if value not in self._numbers:
            self._numbers[value] = len(self.values)
            self.values.append(value)
        return self._numbers[value]

    def numbers(self, column: pa.ChunkedArray) -> np.ndarray:
        """The numbers of a column of values."""
        encoded = column.combine_chunks()
        if not pa.types.is_dictionary(encoded.type):
            encoded = encoded.dictionary_encode()
        known = self._numbers_of(encoded.dictionary.cast(pa.string()))
        indices = pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False)
        result = known[indices]
        if encoded.indices.null_count:
            result[np.asarray(encoded.indices.is_null())] = self.number(None)
        return result

    def _numbers_of(self, values: pa.Array) -> np.ndarray:
        place = pc.index_in(values, self._strings)
        new = values.filter(place.is_null())
        if len(new):
            self._strings = pa.concat_arrays([self._strings, new])
            numbers = np.array([self.number(value) for value in new.to_pylist()], np.int64)
            self._string_numbers = np.concatenate([self._string_numbers, numbers])
            place = pc.index_in(values, self._strings)
        return self._string_numbers[place.to_numpy()] if len(place) else np.zeros(1, np.int64)

    def comparable(self, column: pa.ChunkedArray) -> np.ndarray:
        """A column of strings or whole numbers as numbers that are equal where its values are."""
        if pa.types.is_dictionary(column.type):
            return self.numbers(column)
        return pc.fill_null(column, -1).to_numpy().astype(np.int64)


def renumber(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers without gaps in place of others that are not negative, in their order; and where each stands first."""
    if not len(values) or values.max() >= _DENSE:
        _, first, number = np.unique(values, return_index=True, return_inverse=True)
        return number.reshape(-1), first
    first = np.full(int(values.max()) + 1, -1, np.int64)
    first[values[::-1]] = np.arange(len(values) - 1, -1, -1)
    there = first >= 0
    return (np.cumsum(there) - 1)[values], first[there]


def renumber_rows(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `renumber`, of the rows of a matrix. Exact: column by column, each pair of numbers becomes one."""
    number = np.zeros(len(values), np.int64)
    first = number[:1]
    for column in values.T:
        codes, _ = renumber(column - column.min(initial=0))
        number, first = renumber(number * (int(codes.max(initial=0)) + 1) + codes)
    return number, first


def places_of(parts: list[np.ndarray]) -> np.ndarray:
    """The distinct places in several lists of them, ascending."""
    return np.unique(np.concatenate([NONE, *parts]))
