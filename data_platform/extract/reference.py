"""Blocks whose place says more than the classifier: code, tables of data, definitions, long paragraphs, headings.

Here belongs where such blocks stand. Not here: scores, and what is decided from both (`auto`). This module imports
numba.

The pages that the classifier was trained on are news and blogs for the most part. What makes up the reference pages of
a library, short definitions and code without a sentence around them, looks like the margin of such a page. It differs
from a margin by its place: it stands in the element in which nearly all of the content stands. The same goes for long
paragraphs without links that it holds for comments.
"""

from __future__ import annotations

import numpy as np

from data_platform.extract.scan import CODE, TAG, Page
from data_platform.kernels.compiled import kernel

CONTENT = 0.9
"""Share of what is kept, in bytes, that stands in the element of the content."""

MAX_LINKS = 0.5
"""Share of a block in links from which on it is navigation."""

LONG, MAX_LINKS_OF_LONG = 200, 0.1
"""Bytes of a long paragraph, and share of it in links from which on it may be a teaser. Of 80, 150, 250 and 400 bytes,
150 and 250 did best on training hosts, with scores of forests that had not seen them."""


def reference_blocks(page: Page, keep: np.ndarray, tables: np.ndarray) -> np.ndarray:
    """Which blocks are code, in a table of data, in a list of definitions, or long and without links, within the
    innermost element that holds `CONTENT` of the blocks with `keep`: bool, one per block.

    Args:
        page: what `scan` found.
        keep: bool, one per block.
        tables: what `render.data_tables` says.
    """
    found = np.zeros(len(keep), np.bool_)
    _reference_blocks(
        page.start, page.stop, page.node, page.link, page.parent, page.tag, _IS_TERM, keep,
        (tables > 0) | (page.flags & CODE > 0),
        np.zeros(len(page.parent), np.int64), np.zeros((2, len(page.parent)), np.bool_), found,
    )
    return found


def headings(page: Page, keep: np.ndarray) -> np.ndarray:
    """Which blocks are headings, below that of the page, of a block with `keep` that follows them."""
    return _IS_HEADING[page.tag[page.node]] & np.append(keep[1:], False)


_IS_HEADING = np.zeros(256, np.bool_)
_IS_HEADING[[TAG[name] for name in ("h2", "h3", "h4", "h5", "h6")]] = True
_IS_TERM = np.zeros(256, np.bool_)
_IS_TERM[[TAG["dt"], TAG["dd"]]] = True


@kernel()
def _reference_blocks(start, stop, node, link, parent, tag, is_term, keep, formal, mass, inside, found):
    """See `reference_blocks`: fills `found`. `formal` blocks are code or in a table; `mass` and `inside` are room for
    numbers of elements."""
    for block in range(start.size):
        if keep[block]:
            mass[node[block]] += stop[block] - start[block]
    for element in range(parent.size - 1, 0, -1):
        mass[parent[element]] += mass[element]
    innermost = 0
    for element in range(1, parent.size):
        if mass[element] >= CONTENT * mass[0]:
            innermost = element
    content, defined = inside[0], inside[1]
    content[innermost] = True
    for element in range(1, parent.size):
        above = parent[element]
        content[element] |= content[above]
        defined[element] = defined[above] or is_term[tag[element]]
    for block in range(start.size):
        element = node[block]
        size = stop[block] - start[block]
        kind = formal[block] or defined[element]
        found[block] = content[element] and (
            (kind and link[block] < MAX_LINKS * size) or (size >= LONG and link[block] < MAX_LINKS_OF_LONG * size)
        )
