"""Blocks that were chosen, put together as text: paragraphs, lists, tables, code.

Here belongs what stands between two blocks. Not here: which blocks are content. This module imports numba.

Paragraphs are parted by a blank line. Items of a list stand on lines of their own behind "- " or their number, indented
by depth. A row of a data table is one line with " | " between cells; a cell that spans columns or rows stands in the
first of them, and the others are empty, so that every text has the column that it has on the page. Code is fenced by
three backticks, or more if it holds as many itself (CommonMark 0.31, section 4.5), so that what follows can tell it
from prose.
"""

from __future__ import annotations

import numpy as np

from data_platform.extract.scan import TAG, TAGS, Page
from data_platform.kernels.compiled import kernel, part

_MAX_CELL = 400
"""Bytes of the mean cell of a data table; with more, a table is there for the layout."""

_MAX_COLUMNS = 100
"""Columns of a table in which cells may span others, which bounds the empty cells that a page can ask for."""


def data_tables(page: Page) -> np.ndarray:
    """For each block the <table> that it stands in, if that is a table of data: no table inside, at least two rows, two
    cells in most of them, little text and one or two blocks in a cell. 0 for all other blocks.
    """
    return _data_tables(page.start, page.stop, page.node, page.parent, page.tag, _KIND)


def render(page: Page, keep: np.ndarray, tables: np.ndarray) -> str:
    """The blocks with `keep`, in order.

    Args:
        page: what `scan` found.
        keep: bool, one per block.
        tables: what `data_tables` says.
    """
    return render_places(page, keep, tables)[0].decode("utf-8", "replace")


def render_places(page: Page, keep: np.ndarray, tables: np.ndarray) -> tuple[bytes, np.ndarray]:
    """As `render`, in UTF-8, with where each block that is kept begins in it, and where what belongs to it ends."""
    text, places = _render(
        page.text, page.start, page.stop, page.node, page.flags, page.parent, page.tag, page.given, _KIND, keep, tables
    )
    return text.tobytes(), places


_OTHER, _TABLE, _ROW, _CELL, _ITEM, _LIST, _NUMBERED, _TERM = range(8)


def _kinds() -> np.ndarray:
    kinds = np.zeros(len(TAGS), np.uint8)
    for kind, names in (
        (_TABLE, "table"), (_ROW, "tr"), (_CELL, "td th"), (_ITEM, "li"), (_LIST, "ul menu dir"), (_NUMBERED, "ol"),
        (_TERM, "dt dd"),
    ):  # fmt: skip
        for name in names.split():
            kinds[TAG[name]] = kind
    return kinds


_KIND = _kinds()


@part()
def _nearest(node, kind, parent, tag, kinds):
    """The element itself or its nearest ancestor of this kind, within the same table; 0 if there is none."""
    while node > 0:
        own = kinds[tag[node]]
        if own == kind:
            return node
        if own == _TABLE:
            return 0
        node = parent[node]
    return 0


@kernel(allocates=True)
def _data_tables(start, stop, node, parent, tag, kinds):
    """See `data_tables`."""
    nodes, count = parent.size, start.size
    rows, cells, text, blocks = (
        np.zeros(nodes, np.int64), np.zeros(nodes, np.int64), np.zeros(nodes, np.int64), np.zeros(nodes, np.int64)
    )
    table_of = np.zeros(nodes, np.int32)
    layout = np.zeros(nodes, np.bool_)
    for element in range(1, nodes):
        above = parent[element]
        table_of[element] = above if kinds[tag[above]] == _TABLE else table_of[above]
        table = table_of[element]
        kind = kinds[tag[element]]
        rows[table] += kind == _ROW
        cells[table] += kind == _CELL
        layout[table] |= kind == _TABLE
    for block in range(count):
        table = table_of[node[block]]
        text[table] += stop[block] - start[block]
        blocks[table] += 1
    result = np.zeros(count, np.int32)
    for block in range(count):
        table = table_of[node[block]]
        if table == 0 or layout[table] or rows[table] < 2 or 2 * cells[table] < 3 * rows[table]:
            continue
        if text[table] <= _MAX_CELL * cells[table] and blocks[table] <= 2 * cells[table]:
            result[block] = table
    return result


@part()
def _put(out, size, piece):
    for byte in piece:
        out[size] = byte
        size += 1
    return size


@part()
def _fence_length(text, start, stop):
    """How many backticks fence the code `[start, stop)`: three, or more than stand together in it."""
    longest = run = np.int64(0)
    for position in range(start, stop):
        run = run + 1 if text[position] == 96 else np.int64(0)
        longest = max(longest, run)
    return max(longest + 1, 3)


@part(allocates=True)
def _count_items(parent, tag, given, kinds, ordinal):
    """Write the number of each item of a list ("ordinal value", HTML standard, section 4.4.8) into `ordinal`."""
    # Bits of the second row of `given`: 1 a number is given, 2 the list counts down.
    items = np.zeros(parent.size, np.int64)
    for element in range(1, parent.size):
        items[parent[element]] += kinds[tag[element]] == _ITEM
    for element in range(1, parent.size):
        above = parent[element]
        kind = kinds[tag[element]]
        if kind == _NUMBERED:
            down = given[1, element] & 2 != 0
            first = given[0, element] if given[1, element] & 1 else items[element] if down else 1
            items[element] = first + down - (not down)
        elif kind == _ITEM:
            if given[1, element] & 1:
                items[above] = given[0, element]
            else:
                items[above] += 1 - 2 * (given[1, above] & 2 != 0)
            ordinal[element] = items[above]


@part(allocates=True)
def _count_cells(node, parent, tag, given, kinds, tables, ordinal):
    """Write the column of each cell of a table of data, from 1, into `ordinal` ("algorithm for processing rows", HTML
    standard, section 4.9.12). Returns how many columns all rows have together.
    """
    table_of = np.zeros(parent.size, np.int32)
    of_data = np.zeros(parent.size, np.bool_)
    for block in range(node.size):
        of_data[tables[block]] = tables[block] > 0
    spanned = np.zeros(_MAX_COLUMNS, np.int64)  # number of the row from which on a column is free
    last_group = last_row = -1
    rows = column = total = np.int64(0)
    for element in range(1, parent.size):
        above = parent[element]
        table_of[element] = above if kinds[tag[above]] == _TABLE else table_of[above]
        if kinds[tag[element]] != _CELL or not of_data[table_of[element]]:
            continue
        row = _nearest(element, _ROW, parent, tag, kinds)
        row = row if row else above
        if row != last_row:
            if parent[row] != last_group:  # cells do not reach beyond <thead> or <tbody>
                spanned[:] = 0
                last_group = parent[row]
            rows += 1
            column = 0
            last_row = row
        before = column
        while column < _MAX_COLUMNS and spanned[column] > rows:
            column += 1
        ordinal[element] = column + 1
        wide, high = max(given[0, element], 1), max(given[1, element], 1)
        end = min(column + wide, max(np.int64(_MAX_COLUMNS), column + 1))
        for place in range(column, min(end, np.int64(_MAX_COLUMNS))):
            spanned[place] = rows + high
        column = end
        total += column - before
    return total


@kernel(allocates=True)
def _render(text, start, stop, node, flags, parent, tag, given, kinds, keep, tables):
    """See `render_places`."""
    places = np.zeros((2, start.size), np.int64)
    ordinal, depth = np.zeros(parent.size, np.int32), np.zeros(parent.size, np.int32)
    _count_items(parent, tag, given, kinds, ordinal)
    count = 3 * _count_cells(node, parent, tag, given, kinds, tables, ordinal)
    for element in range(1, parent.size):
        depth[element] = depth[parent[element]] + (kinds[tag[element]] in (_LIST, _NUMBERED))
    for block in range(start.size):
        if keep[block]:
            count += stop[block] - start[block] + 2 * min(depth[node[block]], 8) + 40
            if flags[block] & 2:
                count += 2 * _fence_length(text, start[block], stop[block])
    out = np.empty(count, np.uint8)
    size = 0
    previous = -1
    last_item = 0
    fence = False
    ticks = np.int64(0)
    for block in range(start.size):
        if not keep[block]:
            continue
        element = node[block]
        table = tables[block]
        row = _nearest(element, _ROW, parent, tag, kinds)
        cell = _nearest(element, _CELL, parent, tag, kinds)
        item = _nearest(element, _ITEM, parent, tag, kinds) if table == 0 else 0
        in_row = False  # behind another block of its row
        if previous >= 0:
            before = node[previous]
            if table and table == tables[previous] and not fence:
                if row == _nearest(before, _ROW, parent, tag, kinds):
                    in_row = True
                    if cell == _nearest(before, _CELL, parent, tag, kinds):
                        out[size] = 32
                        size += 1
                    else:
                        for _ in range(ordinal[_nearest(before, _CELL, parent, tag, kinds)], ordinal[cell]):
                            out[size], out[size + 1] = 32, 124
                            size += 2
                        out[size] = 32
                        size += 1
                else:
                    out[size] = 10
                    size += 1
            else:
                out[size] = 10
                size += 1
                terms = kinds[tag[element]] == _TERM and kinds[tag[before]] == _TERM
                if not ((item and last_item and item != last_item) or terms):
                    out[size] = 10
                    size += 1
        if table and not in_row:
            for _ in range(1, ordinal[cell]):  # empty cells at the beginning
                out[size], out[size + 1] = 124, 32
                size += 2
        if item and item != last_item:
            for _ in range(min(max(depth[item] - 1, 0), 8)):
                out[size], out[size + 1] = 32, 32
                size += 2
            if kinds[tag[parent[item]]] == _NUMBERED:
                number = np.int64(ordinal[item])
                if number < 0:
                    out[size] = 45
                    size += 1
                    number = -number
                power = 1
                while power * 10 <= number:
                    power *= 10
                while power:
                    out[size] = 48 + number // power % 10
                    size += 1
                    power //= 10
                out[size], out[size + 1] = 46, 32
            else:
                out[size], out[size + 1] = 45, 32
            size += 2
        fence = flags[block] & 2 != 0 and not table
        if fence:
            if item and item != last_item:
                out[size] = 10
                size += 1
            ticks = _fence_length(text, start[block], stop[block])
            out[size : size + ticks] = 96
            out[size + ticks] = 10
            size += ticks + 1
        places[0, block] = size
        for position in range(start[block], stop[block]):
            byte = text[position]
            # A line break within a row would end the row.
            out[size] = 32 if table and byte == 10 and (flags[block] & 1) == 0 else byte
            size += 1
        if fence:
            out[size] = 10
            out[size + 1 : size + 1 + ticks] = 96
            size += ticks + 1
        places[1, block] = size
        last_item = item
        previous = block
    return out[:size], places
