"""What reading an archive gives: captures, rejections and revisits, and the identities they carry.

Not here: reading (`crawl.py`, `files.py`), Arrow (`write.py`).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

# Reasons are keys that people group by: a strange value in an archive must not make a long or odd one.
REASON_CHARACTERS = 100
TAKEN_DOWN = "takedown:"
"""Beginning of the reason of a record that was taken down; the number of the takedown follows."""


class KeptOut(Protocol):
    """Whoever knows which records must not come back (`takedown/removal_list.py`)."""

    def of_record(
        self, source: str, record_id: str, url: str, host: str, payload_digest: str, payload: bytes
    ) -> str | None:
        """The takedown that keeps a record out, if any."""
        ...


@dataclass(frozen=True)
class Archive:
    """An archive or file of a source.

    Attributes:
        source: name of the source in the recipe.
        name: unique in its source and the same on every machine.
        uri: where it is read from: an absolute path or a URL.
        size: bytes.
        fingerprint: digest of its bytes, or what its store says of them (etag and size).
        format: how it is read; "link" is a link that leads to no file.
    """

    source: str
    name: str
    uri: str
    size: int
    fingerprint: str
    format: Literal["warc", "arc", "jsonl", "parquet", "file", "link"]


@dataclass(frozen=True)
class Place:
    """Where a record begins: byte `offset` in the archive, and `inner` bytes into the compressed member there.

    `inner` is 0 where records begin members of their own, and in archives without compression.
    """

    offset: int
    inner: int = 0


@dataclass(frozen=True)
class Capture:
    """A record that becomes a row of `raw_crawls`.

    `metadata` holds the response headers of a page, under lower-case names, or the other fields of a row.
    `declared_digest` is the archive's own word on the payload.
    """

    record_id: str
    place: Place
    length: int
    record_type: str
    url: str
    fetched_at: datetime | None
    http_status: int | None
    content_type: str | None
    mime: str
    charset: str | None
    payload_digest: str
    payload: bytes = field(repr=False)
    metadata: dict[str, Any] = field(repr=False)
    declared_digest: str = ""


@dataclass(frozen=True)
class Rejection:
    """A record that becomes a row of `rejections`. `detail` never holds text of the document."""

    record_id: str
    place: Place
    record_type: str
    url: str
    reason: str
    detail: str = ""
    fetched_at: datetime | None = None
    declared_digest: str = ""


@dataclass(frozen=True)
class Revisit:
    """A record that says: what was found is what was captured before, there. It holds no payload of its own.

    `refers_to_url` and `refers_to_date` are empty where the archive does not say. `headers` are the response headers
    that the revisit itself holds, empty if it holds none.
    """

    record_id: str
    place: Place
    length: int
    url: str
    fetched_at: datetime | None
    declared_digest: str
    refers_to_url: str
    refers_to_date: datetime | None
    http_status: int | None
    headers: dict[str, str] = field(default_factory=dict, repr=False)


def record_id(source: str, archive: str, place: Place, url: str, payload_digest: str = "") -> str:
    """128-bit hash, as 32 hex digits, that is the same wherever and whenever the archive is read."""
    where = str(place.offset) if not place.inner else f"{place.offset}+{place.inner}"
    key = "\0".join((source, archive, where, url, payload_digest))
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def sha256(payload: bytes) -> str:
    """SHA-256 of the payload, 64 hex digits."""
    return hashlib.sha256(payload).hexdigest()


def reason(code: str, value: object = "") -> str:
    """A reason as `rejections.reason` wants it: `code`, or `code.value` with the value made harmless."""
    text = f"{code}.{value}" if value != "" else code
    return re.sub(r"[^a-z0-9_.:/+-]", "_", text.lower())[:REASON_CHARACTERS]


def host_of(url: str) -> str:
    """Host of a URL in lower case; empty if it has none or is not a URL."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def valid_text(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates replaced by U+FFFD, so that it can be UTF-8."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def as_json(value: object) -> str:
    """Compact JSON that can be UTF-8. Values that JSON has no form for (dates, decimals) become strings."""
    return valid_text(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))
