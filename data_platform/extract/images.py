"""Images of a page, each with its place in the text, so that text and images can be interleaved again.

Here belongs which images are content, what their URLs are, and where they stand. Not here: fetching them. This module
imports numba.

InfiMM-WebMath-40B keeps the URLs of images in the order of the page among its text (Han et al. 2024, arXiv:2409.12568,
section 3.1.2), as OBELICS does (Laurençon et al. 2023, arXiv:2306.16527). A formula that a page shows as an image is
text, see `formulas`, and no image.
"""

from __future__ import annotations

import html
import re
from itertools import accumulate, pairwise
from urllib.parse import urljoin

import numpy as np

from data_platform.extract.clean import clean_text, clean_title
from data_platform.extract.protocol import Image
from data_platform.extract.scan import KEYWORDS, TAG, TAGS, Page
from data_platform.kernels.compiled import kernel

MAX_URL = 2_048
"""Characters of a URL; longer ones are data or tracking."""

_ATTRIBUTE = re.compile(rb"""([a-zA-Z][a-zA-Z0-9:_-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))|>""")
# Where pages that load images late have the address, while `src` holds a blank one.
_SOURCES = (b"data-src", b"data-original", b"data-lazy-src", b"src")
_SETS = (b"data-srcset", b"srcset")
_SMALL = frozenset((b"0", b"1", b"0px", b"1px"))
# Groups of `KEYWORDS` by their first word.
_ASIDE_GROUPS = (
    "sidebar", "_nav", "footer", "related", "teaser", "share", "_ad_", "cookie", "newsletter", "author", "login",
    "_form", "popup", "archive", "banner",
)  # fmt: skip
_ASIDE = np.uint64(sum(1 << bit for bit, names in enumerate(KEYWORDS) if names.split()[0] in _ASIDE_GROUPS))
_FIGURE = TAG["figure"]
_IS_ASIDE = np.isin(np.arange(len(TAGS)), [TAG[name] for name in ("aside", "nav", "footer", "form")])
# Characters of private use, one of which no page has; a text never keeps them.
_MARKS = tuple(map(chr, range(0x10FFFD, 0x10FFF0, -1)))


def content_images(
    page: Page, keep: np.ndarray, rendered: bytes, places: np.ndarray, text: str, url: str
) -> tuple[Image, ...]:
    """The images among the content of a page, in its order.

    An image is content if it stands in a block that is kept; or between the first and the last of these, in an element
    that holds such a block, too; or in a figure or an element without text, right in such an element, unless the names
    of templates say that it is beside the content.

    Args:
        page: what `scan` found.
        keep: bool, one per block.
        rendered: by `render_places`.
        places: by `render_places`.
        text: `rendered` after `clean_text`.
        url: of the page, to which addresses relate.
    """
    if not len(page.images):
        return ()
    chosen, offsets = _chosen(
        page.images, keep, page.start, page.stop, page.node, page.parent, page.tag, page.bits, places, _IS_ASIDE
    )
    if not chosen.any():
        return ()
    base = _attributes(page.markup, page.base).get(b"href", b"") if page.base else b""
    home = _joined(url, _text(base)) or url
    found = [
        (int(offset), *image) for start, offset in zip(page.images[chosen, 0], offsets[chosen], strict=True)
        if (image := _read(page.markup, int(start), home))
    ]
    positions = _positions(rendered, text, [offset for offset, *_ in found]) if found else []
    return tuple(
        Image(address, alt, position) for (_, address, alt), position in zip(found, positions, strict=True)
    )


@kernel(allocates=True)
def _chosen(images, keep, start, stop, node, parent, tag, bits, places, is_aside):
    """Which images are content, and where each stands in the rendered text."""
    inside, texts = np.zeros(parent.size, np.bool_), np.zeros(parent.size, np.bool_)  # with a kept block, with any
    first, final = -1, -1
    for block in range(keep.size):
        texts[node[block]] = True
        if keep[block]:
            inside[node[block]] = True
            if first < 0:
                first = block
            final = block
    for element in range(parent.size - 1, 0, -1):
        inside[parent[element]] |= inside[element]
        texts[parent[element]] |= texts[element]
    chosen, offsets = np.zeros(images.shape[0], np.bool_), np.zeros(images.shape[0], np.int64)
    previous = -1  # the last kept block before the image
    block = 0
    for image in range(images.shape[0]):
        at, holder, element = images[image, 1], images[image, 2], images[image, 3]
        while block < holder:
            if keep[block]:
                previous = block
            block += 1
        if holder < keep.size and at > start[holder] and keep[holder]:
            chosen[image] = True
            offsets[image] = places[0, holder] + min(at, stop[holder]) - start[holder]
        elif first >= 0 and first < holder <= final:
            aside = bits[element] & _ASIDE or is_aside[tag[element]]
            alone = (not texts[element] or tag[element] == _FIGURE) and not aside
            chosen[image] = inside[element] or (alone and inside[parent[element]])
            offsets[image] = places[1, previous]
    return chosen, offsets


def _read(markup: bytes, start: int, home: str) -> tuple[str, str] | None:
    """Address and alternative text of the <img> whose attributes begin at `start`; None without one that can be
    fetched, and for what counts visits."""
    attributes = _attributes(markup, start)
    if attributes.get(b"width") in _SMALL or attributes.get(b"height") in _SMALL:
        return None
    candidates = [attributes.get(name, b"") for name in _SOURCES]
    candidates += [(attributes.get(name, b"").split() or [b""])[0].rstrip(b",") for name in _SETS]
    for candidate in candidates:
        if candidate and not candidate.startswith(b"data:") and (address := _joined(home, _text(candidate))):
            return address, clean_title(_text(attributes.get(b"alt", b""))) or ""
    return None


def _attributes(markup: bytes, start: int) -> dict[bytes, bytes]:
    """The attributes with values of the tag whose name ends at `start`."""
    attributes: dict[bytes, bytes] = {}
    for found in _ATTRIBUTE.finditer(markup, start):
        if found[0] == b">":
            break
        attributes.setdefault(found[1].lower(), found[2] or found[3] or found[4] or b"")
    return attributes


def _text(value: bytes) -> str:
    return html.unescape(value.decode("utf-8", "replace")).strip()


def _joined(home: str, address: str) -> str | None:
    try:
        whole = address.startswith(("http://", "https://")) and "[" not in address
        joined = address if whole else urljoin(home, address)
    except ValueError:  # a host that is none, such as "http://[x"
        return None
    return joined if joined.startswith(("http://", "https://")) and len(joined) <= MAX_URL else None


def _positions(rendered: bytes, text: str, offsets: list[int]) -> list[int]:
    """How many characters of the clean text stand before each offset, in order, of the rendered one.

    Cleaning leaves most pages as they are. Else it is asked to clean a text with marks in it.
    """
    if rendered.isascii() and len(rendered) == len(text):
        return offsets
    pieces = [rendered[start:stop] for start, stop in pairwise([0, *offsets, len(rendered)])]
    if rendered == text.encode("utf-8", "replace"):
        lengths = [len(piece.decode()) for piece in pieces[:-1]]
    else:
        mark = next(mark for mark in _MARKS if mark.encode() not in rendered)
        marked = clean_text(mark.encode().join(pieces).decode("utf-8", "replace"))
        lengths = [len(piece) for piece in marked.split(mark)[:-1]]
    # Space at the end of a line is none of the text's, but may stand before a mark.
    return [min(position, len(text)) for position in accumulate(lengths)]
