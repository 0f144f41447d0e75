"""Tables without lines, that read well however narrow the terminal is.

Numbers are never cut: what gives way is text, the longest first, which goes on below; headers are broken at blanks, and
bars are drawn shorter. Cells are of rich's markup.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions
from rich.text import Text

_GAP = 2
_LEAST = 12
_LONGEST_BAR = 40
_NOTE = 4
_BAR = "█"


@dataclass(frozen=True)
class _Column:
    header: str
    right: bool
    bars: bool
    below: bool


class Grid:
    """Rows of cells below headers, as wide as they have to be and no wider than the terminal."""

    def __init__(self, indent: int = 0) -> None:
        self._indent = indent
        self._columns: list[_Column] = []
        self._rows: list[list[Text]] = []

    def add_column(
        self, header: str = "", justify: str = "left", *, bars: bool = False, below: bool = False
    ) -> None:
        """A further column.

        Args:
            bars: its cells are made by `bar`, and drawn in what room is left.
            below: it is the last, and where there is no room its cells stand below their rows.
        """
        self._columns.append(_Column(header, justify == "right", bars, below))

    def add_row(self, *cells: str) -> None:
        """A further row; cells that are not given are empty."""
        self._rows.append([Text.from_markup(cell, emoji=False) for cell in cells])

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        room = console.width - self._indent
        if self._columns[-1].below and _total(self._needed(broken_headers=True)) > room:
            yield from self._with_notes(console, room)
            return
        widths = self._widths(room)
        if any(column.header for column in self._columns):
            yield from self._lines([Text(column.header, "bold") for column in self._columns], widths, console)
        for row in self._rows:
            yield from self._lines(row, widths, console)

    def _with_notes(self, console: Console, room: int) -> Iterator[Text]:
        """The rows without their last cells, which stand below them."""
        bare = Grid(self._indent)
        bare._columns = self._columns[:-1]
        bare._rows = [row[:len(bare._columns)] for row in self._rows]
        widths = bare._widths(room)
        yield from bare._lines([Text(column.header, "bold") for column in bare._columns], widths, console)
        for row, whole in zip(bare._rows, self._rows, strict=True):
            yield from bare._lines(row, widths, console)
            if len(whole) == len(self._columns) and whole[-1].plain:
                for line in _wrapped(whole[-1], room - _NOTE, console):
                    yield Text(" " * (self._indent + _NOTE), no_wrap=True, overflow="ignore", end="\n") + line

    def _widths(self, room: int) -> list[int]:
        """How wide each column is: what it needs, or less for columns of text if that is too much for all."""
        widths = self._needed()
        whole = self._needed(broken_headers=True)
        numbers = [column.right for column in self._columns]
        bars = [column.bars for column in self._columns]
        least = [size if right else min(size, _LEAST) for size, right in zip(whole, numbers, strict=True)]
        for floor, able in (
            (whole, [True] * len(widths)),  # headers first, then bars, then text
            (least, bars), (least, [not one for one in bars]),
        ):
            excess = _total(widths) - room
            while excess > 0 and (wide := [place for place, may in enumerate(able)
                                           if may and widths[place] > floor[place]]):
                widths[max(wide, key=widths.__getitem__)] -= 1
                excess -= 1
        return widths

    def _needed(self, broken_headers: bool = False) -> list[int]:
        """How wide each column would be if there were room for all; or with headers on several lines."""
        cells = [[row[place] for row in self._rows if place < len(row)] for place in range(len(self._columns))]
        return [
            max([_longest_word(column.header) if broken_headers else len(column.header),
                 *(cell.cell_len for cell in some)])
            for column, some in zip(self._columns, cells, strict=True)
        ]

    def _lines(self, cells: list[Text], widths: list[int], console: Console) -> Iterator[Text]:
        """One row: as many lines as its highest cell has."""
        columns = []
        for cell, column, width in zip(cells, self._columns, widths, strict=False):
            if column.bars and cell.plain.startswith(_BAR):
                cell = Text(_BAR * round(cell.cell_len * min(width, _LONGEST_BAR) / _LONGEST_BAR))
            columns.append(_wrapped(cell, max(width, 1), console))
        for place in range(max(map(len, columns), default=0)):
            line = Text(" " * self._indent, no_wrap=True, overflow="ignore", end="\n")
            for number, (parts, column, width) in enumerate(zip(columns, self._columns, widths, strict=False)):
                part = parts[place] if place < len(parts) else Text("")
                line.append(" " * _GAP if number else "")
                blank = " " * (width - part.cell_len)
                line.append_text(Text(blank) + part if column.right else part + Text(blank))
            line.rstrip()
            yield line


def _total(widths: list[int]) -> int:
    """How wide a row is."""
    return sum(widths) + _GAP * (len(widths) - 1)


def bar(share: float) -> str:
    """A bar that stands for a share of all, for a column of bars."""
    return _BAR * round(_LONGEST_BAR * share)


def _longest_word(header: str) -> int:
    return max(map(len, header.split()), default=0)


def _wrapped(cell: Text, width: int, console: Console) -> list[Text]:
    """A cell in lines of a width, all as far in as the first: cut at blanks, and where a word is too long, behind what
    stands between its parts."""
    if cell.cell_len <= width and "\n" not in cell.plain:
        return [cell]
    if inner := len(cell.plain) - len(cell.plain.lstrip(" ")):
        blank = Text(" " * min(inner, width - 1))
        return [blank + line for line in _wrapped(cell[inner:], width - len(blank), console)]
    offsets = []
    plain, at = cell.plain, 0
    for word in plain.split(" "):
        if len(word) > width:
            start = 0
            while len(word) - start > width:
                piece = word[start:start + width]
                cut = max(piece.rfind(sign) for sign in "/._-") + 1
                start += cut if cut > width // 3 else width
                offsets.append(at + start)
        at += len(word) + 1
    lines: list[Text] = []
    for part in cell.divide(offsets) if offsets else [cell]:
        lines += part.wrap(console, width, overflow="fold")
    for line in lines:
        line.rstrip()
    return lines
