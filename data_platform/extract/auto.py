"""The platform's own HTML engine: a compiled scan, a trained classifier of blocks, and a renderer.

Here belongs how the parts are joined to an `Extractor`. Not here: the parts, see `formulas`, `scan`, `features`,
`forest`, `render` and `images`; nor training, see `benchmarks.train_extraction`.

A page is read once from the front to the back. Nothing is decided by the clock or by other pages, and all compiled
parts release the interpreter's lock. `python -m benchmarks.extraction` measures it beside the other engines.
"""

from __future__ import annotations

import html

import numpy as np

from data_platform.extract.clean import clean_text, clean_title
from data_platform.extract.features import context, features
from data_platform.extract.forest import DIGEST, Model, load, score
from data_platform.extract.formulas import write_formulas
from data_platform.extract.images import content_images
from data_platform.extract.markup import engine_options, open_markup_utf8
from data_platform.extract.protocol import Extracted, Rejected
from data_platform.extract.reference import headings, reference_blocks
from data_platform.extract.render import data_tables, render_places
from data_platform.extract.scan import CODE, TAG, Page, scan
from data_platform.extract.settings import Extraction

OPTIONS = {"main_content": True, "formulas": True, "images": True}
"""What `extraction.options` may set, and the defaults. Without `main_content` every block is kept."""

MAX_BLOCKS = 50_000
"""Blocks of a page; each takes 2 kB of memory. The most on 953 real pages (trafilatura's evaluation set) are 6,219."""

WITHIN = 0.1
"""Score from which code, tables, definitions, long paragraphs and headings are kept where `reference` says that the
content is."""

NEAR_BEST = 0.5
"""Share of the best score from which blocks are kept on a page without content."""

_H1 = TAG["h1"]
_BACKSLASH, _BRACKETS = ord("\\"), (ord("]"), ord(")"))


class Auto:
    """Extraction with the trained block classifier. An `Extractor`.

    Args:
        settings: limits and options.

    Raises:
        ValueError: for an option that is not in `OPTIONS`.
    """

    name = "auto"
    version = f"auto 2 {DIGEST}"

    def __init__(self, settings: Extraction) -> None:
        self._settings = settings
        self._options = engine_options(self.name, OPTIONS, settings)
        self._model = load()

    def extract(self, payload: bytes, mime: str, charset: str | None, url: str) -> Extracted | Rejected:
        """See `Extractor.extract`. The URL is used for addresses alone: what a page says does not depend on where it
        stood."""
        read = read_page(payload, charset, self._settings, formulas=self._options["formulas"])
        if isinstance(read, Rejected):
            return read
        page, title = read
        tables = data_tables(page)
        if self._options["main_content"]:
            keep = choose(page, title, tables, self._model)
        else:
            keep = np.ones(len(page.start), np.bool_)
        rendered, places = render_places(page, keep, tables)
        text = clean_text(rendered.decode("utf-8", "replace"))
        if not text:
            return Rejected("empty_text")
        images = content_images(page, keep, rendered, places, text, url) if self._options["images"] else ()
        return Extracted(text, clean_title(_only_heading(page) or title), images)


def read_page(
    payload: bytes, charset: str | None, settings: Extraction, *, formulas: bool = True
) -> tuple[Page, str] | Rejected:
    """The blocks of a page and its <title>, or why there are none."""
    markup = open_markup_utf8(payload, charset, settings)
    if isinstance(markup, Rejected):
        return markup
    if formulas:
        markup = write_formulas(markup)
    page = scan(markup)
    if not len(page.start):
        return Rejected("empty_text")
    if len(page.start) > MAX_BLOCKS:
        return Rejected("too_large", f"more than {MAX_BLOCKS} blocks")
    return page, html.unescape(markup[slice(*page.title)].decode("utf-8", "replace"))


def choose(page: Page, title: str, tables: np.ndarray, model: Model) -> np.ndarray:
    """Which blocks are content: bool, one per block."""
    rows = features(page, title)
    first = score(model.first, rows)
    second = score(model.second, np.concatenate([rows, context(page, first)], 1))
    return decide(page, second, tables, model.cut)


def decide(page: Page, scores: np.ndarray, tables: np.ndarray, cut: float) -> np.ndarray:
    """Which blocks are content, given their scores. A table of data is kept or left as a whole; code, such tables and
    displayed formulas are kept where both of their neighbours are, as text loses its sense without them. Within the
    content, `WITHIN` is enough for what is known by its place, see `reference`, and for headings of what is kept. Where
    no block reaches the cut, those are kept that come near the best: whether a short page is worth anything, filters
    decide.
    """
    scores = whole_tables(page, scores, tables)
    keep = scores > min(cut, NEAR_BEST * scores.max())
    likely = scores > WITHIN
    keep |= likely & reference_blocks(page, keep, tables)
    first, last = page.text[page.start], page.text[page.stop - 1]
    formula = (first == _BACKSLASH) & ((last == _BRACKETS[0]) | (last == _BRACKETS[1]))
    belonging = ((page.flags & CODE) > 0) | (tables > 0) | formula
    if (belonging & ~keep).any():
        edges = np.flatnonzero(np.diff(belonging, prepend=False, append=False))
        for start, stop in edges.reshape(-1, 2):
            if start > 0 and stop < len(keep) and keep[start - 1] and keep[stop]:
                keep[start:stop] = True
    return keep | (likely & headings(page, keep))


def whole_tables(page: Page, scores: np.ndarray, tables: np.ndarray) -> np.ndarray:
    """`scores` with the mean of the table, by bytes, for blocks in tables of data."""
    if not tables.any():
        return scores
    sizes = page.stop - page.start
    mass = np.bincount(tables, scores * sizes)
    mean = mass / np.maximum(np.bincount(tables, sizes), 1)
    return np.where(tables > 0, mean[tables], scores)


def _only_heading(page: Page) -> str | None:
    """The text of the only <h1>: a <title> often carries the name of the site. The rule of trafilatura."""
    headings = np.flatnonzero(page.tag == _H1)
    if len(headings) != 1:
        return None
    blocks = np.flatnonzero(page.node == headings[0])
    return " ".join(page.text[page.start[block]:page.stop[block]].tobytes().decode("utf-8", "replace")
                    for block in blocks) or None
