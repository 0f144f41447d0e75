"""How much work a page can make, measured before any parser sees it.

Here belongs one compiled pass over markup that follows the HTML standard's tokenizer, and of its tree construction
what decides depth, to bound the tree that a parser would build: its elements, its depth, the attributes of one tag. Not
here: parsing. This module imports numba.

Why before: parsers and extractors are not linear in hostile pages. Measured on one core with lxml 6.1 (libxml2 2.14),
resiliparse 2.0 and trafilatura 2.3: one tag of 40,000 attributes (0.5 MB) takes lxml over a minute; 8,000 nested <div>
(88 kB) take resiliparse 4 s, 20,000 over 20 s; n times `<p><b a=i>`, with i counting up, make an HTML5 parser reopen
all earlier <b> in every paragraph, n²/2 elements (n = 8,000 in 120 kB: over a minute); 900 nested tables take
trafilatura 13 s. Against a clock such a page would be dropped or kept by the load of the machine; against counts it is
always dropped.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data_platform.extract.protocol import Rejected
from data_platform.extract.tags import RAW, VOID, after_comment, after_greater, attribute, end_tag, tag_name
from data_platform.kernels.ascii import lower
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import fnv1a, fnv1a_of

MAX_ELEMENTS = 100_000
"""Start tags of a page. trafilatura takes about 0.25 ms for each, so 25 s for a page at the limit. The largest of 953
real pages (137 MB, trafilatura's evaluation set) has 10,106."""

MAX_ATTRIBUTES = 1_000
"""Attributes of one tag; the most on those pages are 43."""

MAX_TOTAL_DEPTH = 3_000_000
"""Sum of the depths of all elements, which bounds what visiting the ancestors of every element costs; the most on those
pages is 148,105."""

_FORMATTING = "b big code em font i nobr s small strike strong tt u"
_INLINE = "abbr acronym bdi bdo cite data del dfn ins kbd label mark q ruby samp span sub sup time var"
_BLOCK = (
    "address article aside blockquote body button center details dialog dir div dl fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 head header hgroup html listing main menu nav object ol pre search section select summary "
    "table template ul"
)
_TABLE_PART = "caption colgroup tbody td tfoot th thead tr"
_ONLY_NEXT = "optgroup option rb rp rt rtc"

(_OTHER, _IS_VOID, _IS_FORMATTING, _IS_INLINE, _IS_BLOCK, _IS_TABLE_PART, _IS_ONLY_NEXT, _IS_ITEM, _IS_PARAGRAPH,
 _IS_ANCHOR, _IS_FOREIGN, _IS_RAW) = range(12)  # fmt: skip
_KIND_BITS = 16

class Size(NamedTuple):
    """What the pass found. It ends early at the first limit that is exceeded.

    Attributes:
        elements: start tags.
        attributes: most attributes of one tag.
        depth: most elements open at once, those included that an HTML5 parser would reopen.
        total_depth: sum of that number over all start tags.
    """

    elements: int
    attributes: int
    depth: int
    total_depth: int


def measure(markup: bytes, max_depth: int) -> Size:
    """Size of the tree that a parser would build from `markup` (UTF-8). 0.5 ms for a page of 140 kB.

    The depth may be too large by elements that a parser would have closed by itself (a paragraph by a following block),
    and leaves out what it would add by itself (<html>, <tbody>).
    """
    return Size(*map(int, _measure(np.frombuffer(markup, np.uint8), max_depth, _KINDS)))


def too_much(markup: bytes, max_depth: int) -> Rejected | None:
    """Why the page is not to be parsed, or None if it may be.

    Args:
        markup: the page in UTF-8.
        max_depth: most elements open at once.
    """
    size = measure(markup, max_depth)
    if size.depth > max_depth:
        return Rejected("too_deep", f"more than {max_depth} elements are open at once")
    if size.total_depth > MAX_TOTAL_DEPTH:
        return Rejected("too_deep", f"the depths of the elements add up to more than {MAX_TOTAL_DEPTH}")
    if size.elements > MAX_ELEMENTS:
        return Rejected("too_large", f"more than {MAX_ELEMENTS} elements")
    if size.attributes > MAX_ATTRIBUTES:
        return Rejected("too_large", f"more than {MAX_ATTRIBUTES} attributes on one tag")
    return None


def _kinds() -> np.ndarray:
    """Kind of element by the low bits of the hash of its name; the k-th raw text element has kind `_IS_RAW + k`."""
    kinds = np.zeros(1 << _KIND_BITS, np.uint8)
    for kind, names in (
        (_IS_VOID, VOID), (_IS_FORMATTING, _FORMATTING), (_IS_INLINE, _INLINE), (_IS_BLOCK, _BLOCK),
        (_IS_TABLE_PART, _TABLE_PART), (_IS_ONLY_NEXT, _ONLY_NEXT), (_IS_ITEM, "li dd dt"), (_IS_PARAGRAPH, "p"),
        (_IS_ANCHOR, "a"), (_IS_FOREIGN, "svg math"),
    ):
        for name in names.split():
            kinds[fnv1a_of(name) % len(kinds)] = kind
    for position, name in enumerate(RAW.split()):
        kinds[fnv1a_of(name) % len(kinds)] = _IS_RAW + position
    kinds.flags.writeable = False
    return kinds


_KINDS = _kinds()
_LI = np.uint64(fnv1a_of("li"))


@part()
def _kind(name, kinds):
    return kinds[name & np.uint64(kinds.size - 1)]


@part()
def _attributes(data, at):
    """Number of attributes from `at` on, and the position of the `>` that ends the tag (the end if there is none)."""
    count = 0
    while count <= MAX_ATTRIBUTES:
        _, _, _, after = attribute(data, at)
        if after < 0:
            return count, ~after
        at = after
        count += 1
    return count, at


@part()
def _close(open_, top, to, lost, lost_size, kinds):
    """Close the elements from `to` on. Formatting elements above it are lost: a parser reopens them later, of equal
    ones three at the most (the "Noah's Ark clause"). Returns the number of lost ones.
    """
    for position in range(to + 1, top):
        kind = _kind(open_[position, 0], kinds)
        if kind in (_IS_FORMATTING, _IS_ANCHOR):
            equal = 0
            for other in range(lost_size):
                equal += lost[other, 1] == open_[position, 1]
            if equal < 3 and lost_size < lost.shape[0]:
                lost[lost_size, 0] = open_[position, 0]
                lost[lost_size, 1] = open_[position, 1]
                lost_size += 1
    return lost_size


@part()
def _forget(name, lost, lost_size):
    """Take the last lost element called `name` off the list. Returns the number that stays."""
    for position in range(lost_size - 1, -1, -1):
        if lost[position, 0] == name:
            for later in range(position + 1, lost_size):
                lost[later - 1, 0] = lost[later, 0]
                lost[later - 1, 1] = lost[later, 1]
            return lost_size - 1
    return lost_size


@part()
def _implied_end(name, kind, open_, top, kinds):
    """Position of the open element that a start tag of this name and kind closes, or -1.

    The rules of "The rules for parsing tokens in HTML content", stopping at more elements than they do.
    """
    for position in range(top - 1, -1, -1):
        other = open_[position, 0]
        other_kind = _kind(other, kinds)
        if other == name or (kind == _IS_ITEM and other_kind == _IS_ITEM and name != _LI and other != _LI):
            return position
        passed = kind != _IS_ONLY_NEXT and (
            other_kind in (_IS_FORMATTING, _IS_ANCHOR, _IS_INLINE, _IS_PARAGRAPH)
        )
        if kind in (_IS_PARAGRAPH, _IS_TABLE_PART):
            passed = passed or other_kind in (_IS_ITEM, _IS_ONLY_NEXT)
        if kind == _IS_TABLE_PART:
            passed = passed or other_kind == _IS_TABLE_PART
        if not passed:
            return -1
    return -1


@kernel(allocates=True)
def _measure(data, max_depth, kinds):
    """(elements, attributes, depth, total depth), see `Size`."""
    open_ = np.empty((max_depth + 2, 2), np.uint64)  # hash of the name, hash of the whole tag
    lost = np.empty((max_depth + 2, 2), np.uint64)
    no_end_tag = np.zeros(256, np.bool_)  # by kind: raw text elements that no end tag follows
    top = lost_size = elements = most_attributes = depth = total_depth = 0
    foreign, foreign_only = -1, False  # where <svg> or <math> is open, and whether no HTML was opened within
    at = 0
    while at < data.size:
        if data[at] != 60:
            at += 1
            continue
        at += 1
        closing = at < data.size and data[at] == 47
        at += closing
        if at >= data.size:
            break
        if not 97 <= lower(data[at]) <= 122:
            if not closing and data[at] == 33 and at + 2 < data.size and data[at + 1] == 45 and data[at + 2] == 45:
                at = after_comment(data, at + 1)
            elif closing or data[at] == 33 or data[at] == 63:
                at = after_greater(data, at)
            continue
        start = at
        name, at = tag_name(data, at)
        stop = at
        attributes, at = _attributes(data, at)
        most_attributes = max(most_attributes, attributes)
        if most_attributes > MAX_ATTRIBUTES or at >= data.size:
            break
        self_closing = data[at - 1] == 47
        at += 1
        kind = _kind(name, kinds)

        if closing:
            found = top - 1
            while found >= 0 and open_[found, 0] != name:
                found -= 1
            if found >= 0:
                lost_size = _close(open_, top, found, lost, lost_size, kinds)
                top = found
            else:
                lost_size = _forget(name, lost, lost_size)
            if top <= foreign:
                foreign = -1
            continue

        if kind == _IS_ANCHOR:  # anchors do not nest: a second one closes the first, and no more than one is reopened
            lost_size = _forget(name, lost, lost_size)
        if kind == _IS_ANCHOR or _IS_TABLE_PART <= kind <= _IS_PARAGRAPH:
            closed = _implied_end(name, kind, open_, top, kinds)
            if closed >= 0:
                lost_size = _close(open_, top, closed, lost, lost_size, kinds)
                top = closed
        if top <= foreign:
            foreign = -1
        if _IS_VOID <= kind <= _IS_PARAGRAPH:
            foreign_only = False
        elements += 1
        height = top + lost_size + 1
        depth = max(depth, height)
        total_depth += height
        if depth > max_depth or elements > MAX_ELEMENTS or total_depth > MAX_TOTAL_DEPTH:
            break
        if kind >= _IS_RAW and foreign < 0:
            if not no_end_tag[kind]:
                end = end_tag(data, at, start, stop)
                if end >= 0:
                    at = end
                else:
                    no_end_tag[kind] = True
            continue
        if kind == _IS_VOID or (self_closing and foreign >= 0 and foreign_only):
            continue
        if kind == _IS_FOREIGN and foreign < 0:
            if self_closing:
                continue
            foreign, foreign_only = top, True
        open_[top, 0] = name
        tag = name
        if kind in (_IS_FORMATTING, _IS_ANCHOR):
            for position in range(stop, at):
                tag = fnv1a(tag, data[position])
        open_[top, 1] = tag
        top += 1
    return elements, most_attributes, depth, total_depth
