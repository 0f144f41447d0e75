"""Tables of the command line: whole numbers and whole words at any width."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from data_platform.cli.grid import Grid, bar


def printed(grid: Grid, width: int) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False).print(grid)
    return stream.getvalue().splitlines()


def example() -> Grid:
    grid = Grid()
    grid.add_column("rule")
    for header in ("documents", "by any rule"):
        grid.add_column(header, justify="right")
    grid.add_column("why", below=True)
    grid.add_row("  gopher_repetition.duplicate_paragraph_character_fraction", "1,234,567", "89",
                 "one, two, three four")
    grid.add_row("[green]漢字漢字漢字[/green] :smile:", "1", "2")
    return grid


@pytest.mark.parametrize("width", [30, 50, 80, 200])
def test_numbers_stay_whole_and_lines_within_the_width(width: int) -> None:
    lines = printed(example(), width)
    console = Console(width=width)
    assert all(console.measure(line).maximum <= width for line in lines)
    text = "\n".join(lines)
    assert "1,234,567" in text and "…" not in text and ":smile:" in text and "four" in text
    assert ("gopher_repetition.duplicate_paragraph_character_fraction" in text) == (width >= 80)


def test_what_has_no_room_beside_stands_below() -> None:
    assert printed(example(), 120)[1].endswith("one, two, three four")
    narrow = printed(example(), 80)
    assert "    one, two, three four" in narrow and "why" not in narrow[0]


def test_bars_give_way_before_text() -> None:
    grid = Grid()
    grid.add_column("value")
    grid.add_column(bars=True)
    grid.add_row("v" * 30, bar(1.0))
    grid.add_row("w", bar(0.5))
    first, second = printed(grid, 52)[-2:]
    assert first == "v" * 30 + "  " + "█" * 20 and second.count("█") == 10
