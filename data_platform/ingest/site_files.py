"""The files by which a site speaks of all its pages: which URLs they are found at.

They are captured whatever their MIME type, since they decide what may be done with the pages of their host, and are
never documents. Belongs here: addresses, and bytes as text. Does not: what the files say (`licenses.site_files`).
"""

from __future__ import annotations

import codecs
import re
from typing import Literal

Kind = Literal["robots", "ai_txt", "tdmrep", "rsl"]

PATTERN = (
    r"^https?://[^/?#]+/(?:robots\.txt|(?:\.well-known/)?ai\.txt|\.well-known/tdmrep\.json|"
    r"(?:\.well-known/)?(?:rsl|license)\.xml|[^?#]*\.rsl)$"
)
"""What the URL of such a file looks like, for regular expressions of Python and of dataframe engines alike.

RFC 9309 (robots.txt); Spawning's ai.txt; TDM Reservation Protocol, section 6 (tdmrep.json); RSL 1.0 names its file in
robots.txt and has license.xml and rsl.xml in its examples.
"""
_PATH = re.compile(PATTERN, re.I)
_MARKUP = frozenset({"text/html", "application/xhtml+xml"})
_KINDS: dict[str, Kind] = {"robots.txt": "robots", "ai.txt": "ai_txt", "tdmrep.json": "tdmrep"}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def kind_of(url: str, mime: str = "") -> Kind | None:
    """Which file of a site a URL is; None for all others, and for an HTML page in the place of an RSL document.

    Servers call what they have no type for text/html, and crawlers read such a robots.txt as any other.
    """
    if not _PATH.match(url):
        return None
    kind = _KINDS.get(url.lower().rpartition("/")[2], "rsl")
    return None if kind == "rsl" and mime in _MARKUP else kind


def text_of(payload: bytes) -> str:
    """The text of a file of a site: in the encoding of its byte order mark, else UTF-8 (RFC 9309, section 2.2)."""
    mark, encoding = next(((mark, name) for mark, name in _MARKS if payload.startswith(mark)), (b"", "utf-8"))
    return payload.removeprefix(mark).decode(encoding, "replace")
