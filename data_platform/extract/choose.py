"""Which engine reads a record.

Here belongs the choice alone. Not here: what an engine does.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from data_platform.core.extras import TRAFILATURA, need
from data_platform.extract.plain import Plain
from data_platform.extract.protocol import Extracted, Extractor, Rejected
from data_platform.extract.settings import Extraction
from data_platform.ingest.site_files import kind_of

MARKUP = frozenset({"text/html", "application/xhtml+xml"})
"""MIME types that are HTML."""

CRAWLED = frozenset({"response", "resource", "revisit"})
"""Record types whose payload is what a server sent. Those of all others are text already, whatever they are of."""


class SiteFile:
    """Files by which a site speaks of its pages: captured as evidence, never a document. An `Extractor`."""

    name = "site_file"
    version = "site_file 1"

    def extract(self, payload: bytes, mime: str, charset: str | None, url: str) -> Extracted | Rejected:
        """See `Extractor.extract`."""
        return Rejected("site_file")


class Choice:
    """The engines of one recipe.

    Args:
        settings: names the HTML engine and its options.

    Raises:
        ValueError: if the recipe sets an option that the HTML engine does not have.
    """

    def __init__(self, settings: Extraction) -> None:
        self._html = html_extractor(settings)
        self._plain = Plain()
        self._none = SiteFile()

    def of(self, mime: str, record_type: str, url: str = "") -> Extractor:
        """The engine for a record of this MIME type (without parameters), record type and URL."""
        if record_type in CRAWLED and kind_of(url, mime):
            return self._none
        return self._html if mime in MARKUP and record_type in CRAWLED else self._plain


def engine_module(engine: str) -> str:
    """The module of an HTML engine. No module imports it by name: the code of others decides no row, nor does a library
    that is not installed. Stages that extract name it (`Stage.finds`).
    """
    return f"{__package__}.{engine}"


def load_engine(engine: str) -> ModuleType:
    """The module of an HTML engine, with its library.

    Raises:
        ExtraMissing: if its library is not installed.
    """
    if engine == TRAFILATURA.name:
        need(TRAFILATURA)
    return import_module(engine_module(engine))


def html_extractor(settings: Extraction) -> Extractor:
    """The HTML engine that the recipe names.

    Raises:
        ValueError: if the recipe sets an option that the engine does not have.
        ExtraMissing: if its library is not installed.
    """
    engines = {"auto": "Auto", "resiliparse": "Resiliparse", "trafilatura": "Trafilatura"}
    return getattr(load_engine(settings.engine), engines[settings.engine])(settings)
