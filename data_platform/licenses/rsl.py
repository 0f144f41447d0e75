"""Really Simple Licensing: XML documents that say which uses of which pages are permitted, and for what.

RSL 1.0, https://rslstandard.org/rsl (2025-12-10). A `content` element covers the addresses of its `url`, a pattern of
robots.txt; each `license` in it permits or prohibits uses and may ask for payment. Read as:

- training prohibited, or uses permitted and training not among them: reserved;
- training permitted, nothing asked for: mining is permitted;
- training permitted for attribution under a standard licence that is named: that licence;
- permitted to some users or countries alone: unknown;
- anything else, such as a subscription: terms that nobody here has agreed to, hence unknown.

Belongs here: documents, wherever they were found. Does not: finding them (`site_files`, `html`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from xml.etree import ElementTree

from data_platform.licenses.observation import Observation, observe
from data_platform.licenses.reservations import PERMITTED, RESERVED, covers_training
from data_platform.licenses.robots_txt import path_matches
from data_platform.spdx.expressions import UNREADABLE, Reading, read

DETECTOR = "rsl@2"
MAX_BYTES = 2**20
_FREE = frozenset({"", "free", "attribution"})


class RslFile:
    """One RSL document: `contents` are pattern, statement and reading. What is not well-formed RSL says nothing."""

    def __init__(self, payload: bytes) -> None:
        self.contents: list[tuple[str, str, Reading]] = list(_contents(payload))

    @property
    def speaks(self) -> bool:
        """Whether it says anything of any page."""
        return bool(self.contents)

    def observations(self, url: str, record_id: str | None = None) -> Iterator[Observation]:
        """What the document says of the page at `url`."""
        parts = urlsplit(url)
        for pattern, raw, reading in self.contents:
            address = url if "://" in pattern else parts.path or "/"
            if path_matches(pattern or "/", address):
                yield observe("rsl", "site", raw, DETECTOR, reading, record_id=record_id)


def _contents(payload: bytes) -> Iterator[tuple[str, str, Reading]]:
    """Pattern of addresses, what is stated, and how that reads, per licence."""
    # Entities could make a small document large; RSL has none.
    if len(payload) > MAX_BYTES or re.search(rb"<!(?:DOCTYPE|ENTITY)", payload, re.I):
        return
    try:
        root = ElementTree.fromstring(payload)
    except (ElementTree.ParseError, ValueError, LookupError):
        return
    for content in root.iter():
        if _name(content) != "content":
            continue
        for license_ in content:
            if _name(license_) == "license":
                yield (content.get("url") or "/").strip(), *_license(license_)


def _license(element: ElementTree.Element) -> tuple[str, Reading]:
    permitted = [child.text or "" for child in element if _name(child) == "permits" and child.get("type") == "usage"]
    prohibited = [child.text or "" for child in element if _name(child) == "prohibits" and child.get("type") == "usage"]
    limits = [f"{_name(child)} {child.get('type')} {' '.join((child.text or '').split())}" for child in element
              if _name(child) in ("permits", "prohibits") and child.get("type") != "usage"]
    payments = [child for child in element if _name(child) == "payment"]
    standards = [part.text.strip() for payment in payments for part in payment
                 if _name(part) == "standard" and part.text]
    kinds = [(payment.get("type") or "").lower() for payment in payments]
    raw = "; ".join(
        [f"prohibits {' '.join(uses.split())}" for uses in prohibited]
        + [f"permits {' '.join(uses.split())}" for uses in permitted]
        + limits + [f"payment {kind}" for kind in kinds] + standards
    ) or "license"
    if any(covers_training(uses) for uses in prohibited):
        return raw, RESERVED
    if permitted and not any(covers_training(uses) for uses in permitted):
        return raw, RESERVED
    if not permitted or limits or not set(kinds) <= _FREE:
        return raw, UNREADABLE
    if "attribution" in kinds:
        return raw, read(standards[0]) if standards else UNREADABLE
    return raw, PERMITTED


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""
