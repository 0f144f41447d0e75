"""Which engine reads a record.

Here belongs the choice alone. Not here: what an engine does.
"""

from __future__ import annotations

from functools import cache

from data_platform.extract.plain import Plain
from data_platform.extract.protocol import Extractor
from data_platform.recipe import Extraction

MARKUP = frozenset({"text/html", "application/xhtml+xml"})
"""MIME types that are HTML."""

CRAWLED = frozenset({"response", "resource", "revisit"})
"""Record types whose payload is what a server sent; those of all others are text already."""


def is_markup(mime: str, record_type: str) -> bool:
    """Whether a record is read by the HTML engine. A file of HTML is read by it too; a row never."""
    return mime in MARKUP and record_type in CRAWLED | {"file"}


def html_extractor(settings: Extraction) -> Extractor:
    """The HTML engine that the recipe names.

    Raises:
        ValueError: if the recipe sets an option that the engine does not have.
    """
    # Each engine loads its library when it is chosen.
    if settings.engine == "resiliparse":
        from data_platform.extract.resiliparse import Resiliparse

        return Resiliparse(settings)
    from data_platform.extract.trafilatura import Trafilatura

    return Trafilatura(settings)


def plain_extractor() -> Extractor:
    """The engine for what is text already."""
    return Plain()
