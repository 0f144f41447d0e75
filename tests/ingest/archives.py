"""Small archives, built by hand so that tests do not trust the reader's own idea of the format."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from data_platform.ingest.crawl import Item, read_archive
from data_platform.ingest.records import Archive, Capture, Rejection, Revisit
from data_platform.ingest.settings import Ingest, Source
from data_platform.ingest.write import Batch, finish_revisits, ingest_archives

ARCHIVE = Archive("crawl", "a.warc.gz", "/data/a.warc.gz", 1, "sha256:0", "warc")


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP response; HTML unless `headers` name a Content-Type."""
    lines = list(headers)
    if not any(line.lower().startswith("content-type") for line in lines):
        lines.append("Content-Type: text/html; charset=utf-8")
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


def warc(
    block: bytes, *fields: str, kind: str = "response", url: str = "http://example.org/", length: int | None = None,
    date: str = "2024-05-01T12:00:00Z",
) -> bytes:
    """A WARC record."""
    lines = ["WARC/1.0", f"WARC-Type: {kind}", f"WARC-Date: {date}", f"WARC-Target-URI: {url}", *fields]
    if kind in ("response", "revisit") and not any(line.startswith("Content-Type") for line in fields):
        lines.append("Content-Type: application/http; msgtype=response")
    lines += [f"Content-Length: {len(block) if length is None else length}", "", ""]
    return "\r\n".join(lines).encode() + block + b"\r\n\r\n"


def arc(block: bytes, *, url: str = "http://example.org/", date: str = "20240501120000", length: int | None = None):
    """An ARC record, version 1."""
    return f"{url} 127.0.0.1 {date} text/html {len(block) if length is None else length}\n".encode() + block + b"\n"


def page(number: int) -> bytes:
    """A record with a page of its own."""
    body = f"<html><p>Page {number}</p>{'x' * 37 * number}</html>".encode()
    return warc(response(body), url=f"http://example.org/{number}")


def members(records: Iterable[bytes]) -> bytes:
    """One gzip member per record."""
    return b"".join(gzip.compress(record, mtime=0) for record in records)


def read(data: bytes, limits: Ingest | None = None, archive: Archive = ARCHIVE) -> list[Item]:
    """Everything that the reader makes of an archive."""
    return list(read_archive(io.BytesIO(data), archive, limits or Ingest()))


def read_one(data: bytes, limits: Ingest | None = None) -> Item:
    """The only item of an archive."""
    (item,) = read(data, limits)
    return item


def captures(items: Iterable[Item]) -> list[Capture]:
    """The captures among items."""
    return [item for item in items if isinstance(item, Capture)]


def tally(items: Iterable[Item]) -> Counter[str]:
    """Number of items by what became of them: 'captured', 'revisit' or the reason of the rejection."""
    return Counter(
        "captured" if isinstance(item, Capture) else "revisit" if isinstance(item, Revisit) else item.reason
        for item in items
    )


def reasons(items: Iterable[Item]) -> list[str]:
    """The reasons of the rejections among items, in order."""
    return [item.reason for item in items if isinstance(item, Rejection)]


def ingest_snapshot(
    archives: Sequence[Archive], sources: Mapping[str, Source], snapshot: str, limits: Ingest
) -> Iterator[Batch]:
    """Read all archives of a snapshot in this process: `ingest_archives`, then `finish_revisits`."""
    outcome = yield from ingest_archives(archives, sources, snapshot, limits)
    yield from finish_revisits([outcome], snapshot, limits)
