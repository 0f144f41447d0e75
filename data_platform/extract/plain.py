"""Payloads that are text already: text/plain, source code, rows of a table, converted (WET) records.

Here belongs reading text as it is. Not here: markup of any kind. How large a payload may be, `ingest` decides.
"""

from __future__ import annotations

from data_platform.extract.clean import clean_text
from data_platform.extract.decode import decode
from data_platform.extract.protocol import Extracted, Rejected


class Plain:
    """Decoding and cleaning alone. An `Extractor`."""

    name = "plain"
    version = "plain 1"

    def extract(self, payload: bytes, mime: str, charset: str | None, url: str) -> Extracted | Rejected:
        """See `Extractor.extract`. There is no title."""
        text = decode(payload, charset, markup=False)
        if isinstance(text, Rejected):
            return text
        text = clean_text(text)
        return Extracted(text) if text else Rejected("empty_text")
