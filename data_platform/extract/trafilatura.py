"""Main content of HTML with trafilatura (Barbaresi, ACL 2021 demos; https://trafilatura.readthedocs.io).

Here belongs how trafilatura is called. Not here: any other engine.

The defaults were chosen on trafilatura's own evaluation set (944 pages with segments that must and must not be in the
text), through this module, version 2.3.1, one core. Pages/s include decoding, the guard and the title:

| options | precision | recall | F1 | pages/s |
|---|---|---|---|---|
| fast, no comments (default) | .920 | .928 | .924 | 33 |
| fast, comments | .913 | .928 | .920 | 27 |
| fast, no comments, formatting | .918 | .905 | .911 | 28 |
| not fast, no comments | .920 | .940 | .930 | 20 |

Not fast means that other algorithms are tried where trafilatura is unsure: .006 of F1 for 1.7 times the time. Called
directly, favor_precision gave .937, .884, .910 in fast mode, and no text at all for 16 of the pages.

`deduplicate` is no option: it remembers segments across pages, so that the text of a page would depend on the pages
before it and on the number of workers. Code in <pre> keeps its indentation and loses its blank lines.
"""

from __future__ import annotations

import importlib.metadata
import logging
import re

import trafilatura
from lxml import html
from lxml.etree import ParserError
from trafilatura.metadata import extract_title

from data_platform.extract.clean import clean_text, clean_title
from data_platform.extract.markup import engine_options, open_markup
from data_platform.extract.protocol import Extracted, Rejected
from data_platform.extract.settings import Extraction

OPTIONS = {
    "fast": True, "favor_precision": False, "favor_recall": False, "include_comments": False, "include_tables": True,
    "include_links": False, "include_formatting": False,
}
"""What `extraction.options` may set, and the defaults."""

# libxml2 takes `<html/>` for a whole document and drops the rest. It stands near the beginning.
_EMPTY_ROOT = re.compile(r"\A(.{0,4096}?<html\b[^<>]*)/>", re.IGNORECASE | re.DOTALL)


class Trafilatura:
    """Extraction with trafilatura. An `Extractor`.

    Args:
        settings: limits and options.

    Raises:
        ValueError: for an option that is not in `OPTIONS`.
    """

    name = "trafilatura"

    def __init__(self, settings: Extraction) -> None:
        self._settings = settings
        self._options = engine_options(self.name, OPTIONS, settings)
        self.version = f"trafilatura {importlib.metadata.version('trafilatura')}"
        # Its messages may quote a page.
        logging.getLogger("trafilatura").propagate = False
        logging.getLogger("trafilatura").addHandler(logging.NullHandler())

    def extract(self, payload: bytes, mime: str, charset: str | None, url: str) -> Extracted | Rejected:
        """See `Extractor.extract`. The URL is not used: what a page says does not depend on where it stood."""
        markup = open_markup(payload, charset, self._settings)
        if isinstance(markup, Rejected):
            return markup
        try:
            tree = _parse(markup)
            if isinstance(tree, Rejected):
                return tree
            title = extract_title(tree)
            document = trafilatura.bare_extraction(tree, deduplicate=False, **self._options)
        except ParserError:  # what lxml raises for markup without any element or text
            return Rejected("empty_text")
        except MemoryError:
            raise
        except Exception as error:  # any other fault that a page provokes in the engine; kept as a rejection
            return Rejected("extractor_failed", type(error).__name__)
        # None also stands for a TypeError or ValueError within trafilatura, which it does not let out.
        text = clean_text("\n\n".join(filter(None, (document.text, document.comments)))) if document else ""
        return Extracted(text, clean_title(title)) if text else Rejected("empty_text")


def _parse(markup: str) -> html.HtmlElement | Rejected:
    """The tree as libxml2 reads it.

    `huge_tree` lifts libxml2's depth limit from 256 to 2,048, at which it drops the rest of the page; a page that
    reaches it is rejected.
    """
    parser = html.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False,
        default_doctype=False,
    )
    # lxml refuses characters, unlike bytes, where an XML declaration stands before them.
    tree = html.document_fromstring(_EMPTY_ROOT.sub(r"\1>", markup).encode("utf-8"), parser=parser)
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
        return Rejected("too_deep", "more than 2048 elements are open at once")
    return tree
