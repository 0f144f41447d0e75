"""Tables of all code points: how they are written down as ranges, and kept as pages of 256 of which equal ones are one.

The entry of code point c is at `(pages[c >> 8] << 8) | (c & 255)` of every column (`kernels.utf8.entry_of`). Not here:
what any table says (`characters`, `kinds`).
"""

from __future__ import annotations

import numpy as np

CODE_POINTS = 0x110000
_PAGE = 256


def members(ranges: str) -> list[int]:
    """The code points of ranges that are written in hexadecimal: "41-5A 5F"."""
    bounds = (item.partition("-") for item in ranges.split())
    return [point for first, _, last in bounds for point in range(int(first, 16), int(last or first, 16) + 1)]


def paged(*columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """Columns with an entry for every code point as `pages`, uint16[4352], and the columns of all different pages."""
    cut = [column.reshape(-1, _PAGE) for column in columns]
    number_of: dict[bytes, int] = {}
    pages = [
        number_of.setdefault(b"".join(column[page].tobytes() for column in cut), len(number_of))
        for page in range(CODE_POINTS // _PAGE)
    ]
    _, first = np.unique(pages, return_index=True)
    return np.array(pages, np.uint16), *(column[first].reshape(-1) for column in cut)


def unpaged(pages: np.ndarray, column: np.ndarray) -> np.ndarray:
    """A column of a table with an entry for every code point."""
    every = np.arange(CODE_POINTS)
    return column[(pages[every >> 8].astype(np.int64) << 8) | (every & (_PAGE - 1))]
