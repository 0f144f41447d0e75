"""Archives to record batches of `raw_crawls`, `rejections` and `archives`, in bounded memory, with balanced books.

Archives are read by workers, each on its own (`ingest_archives`); revisits need all of them and are resolved at the end
(`finish_revisits`), which also closes the books. Not here: reading (`crawl.py`, `files.py`), Parquet and commits.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import pyarrow as pa

from data_platform.core.tables import table
from data_platform.ingest.crawl import Item, read_archive
from data_platform.ingest.files import Fields, read_file, read_jsonl, read_link, read_parquet
from data_platform.ingest.records import (
    TAKEN_DOWN,
    Archive,
    Capture,
    KeptOut,
    Rejection,
    Revisit,
    as_json,
    host_of,
    valid_text,
)
from data_platform.ingest.revisits import Earlier, Originals, Pending, resolve_revisits
from data_platform.ingest.settings import Ingest, Source
from data_platform.ingest.sources import open_archive

BATCH_BYTES = 32 * 2**20
BATCH_ROWS = 2_000
STAGE = "raw_crawls"

Batch = tuple[str, pa.RecordBatch]


@dataclass(frozen=True)
class Books:
    """What was in one archive and what became of it. `records` is `captured` plus `rejected` once revisits are in."""

    archive: Archive
    records: int = 0
    captured: int = 0
    rejected: int = 0
    complete: bool = True

    def count(self, item: Capture | Rejection) -> Books:
        """The books with one more record that became a row or a rejection; `records` is left alone."""
        if isinstance(item, Capture):
            return replace(self, captured=self.captured + 1)
        broken = item.reason.startswith("archive.")
        return replace(self, rejected=self.rejected + 1, complete=self.complete and not broken)


@dataclass(frozen=True)
class Outcome:
    """What a worker has left to say after its batches: counts, revisits yet to resolve, and what they may refer to.

    Small, and can be sent between processes. `originals` is a table of `revisits.Originals` over the archives of
    `books`.
    """

    books: tuple[Books, ...]
    revisits: tuple[Pending, ...]
    originals: pa.Table


def ingest_archives(
    archives: Sequence[Archive], sources: Mapping[str, Source], snapshot: str, limits: Ingest,
    removed: KeptOut | None = None,
) -> Generator[Batch, None, Outcome]:
    """Read archives one after another.

    Args:
        archives: some archives of the snapshot; many small ones go well into one call.
        sources: sources by name; those of the archives are among them.
        snapshot: the partition.
        limits: what is wanted, and how large it may be.
        removed: what was taken down and is to be rejected.

    Yields:
        (table name, batch) of `raw_crawls` and `rejections`, of at most about 32 MB of payload or 2,000 rows.

    Returns:
        The outcome, for `finish_revisits`. (`outcome = yield from ingest_archives(...)`.)

    Raises:
        SourceError: if an archive is gone. Faults of the disk or network are raised as they are, with a note that names
            the archive.
    """
    rows = _Rows(snapshot)
    books: list[Books] = []
    pending: list[Pending] = []
    originals = Originals()
    for number, archive in enumerate(archives):
        account = Books(archive)
        try:
            with _opened(archive) as raw:
                for item in _read(raw, archive, sources[archive.source], limits):
                    account = replace(account, records=account.records + 1)
                    if isinstance(item, Revisit):
                        pending.append(Pending(archive, item))
                        continue
                    item = _unless_removed(archive, item, removed)
                    account = account.count(item)
                    originals.note(number, item)
                    yield from rows.add(archive, item)
        except Exception as error:
            error.add_note(f"while reading {archive.uri} of source {archive.source}")
            raise
        books.append(account)
    yield from rows.rest()
    return Outcome(tuple(books), tuple(pending), originals.table())


def finish_revisits(
    outcomes: Sequence[Outcome], snapshot: str, limits: Ingest, removed: KeptOut | None = None,
    earlier: Earlier | None = None,
) -> Iterator[Batch]:
    """Resolve the revisits of a snapshot and close its books.

    Args:
        outcomes: what `ingest_archives` returned, of all archives of the snapshot.
        snapshot: the partition.
        limits: those that the archives were read with.
        removed: what was taken down, as it was when they were read.
        earlier: what was captured in the snapshots before.

    Yields:
        (table name, batch) of `raw_crawls` and `rejections`, then one of `archives` with a row for each archive.
    """
    books = {(account.archive.source, account.archive.name): account for one in outcomes for account in one.books}
    rows = _Rows(snapshot)
    pending = [revisit for outcome in outcomes for revisit in outcome.revisits]
    originals = (([account.archive for account in one.books], one.originals) for one in outcomes)
    for archive, item in resolve_revisits(pending, originals, limits, open_archive, earlier):
        item = _unless_removed(archive, item, removed)
        key = (archive.source, archive.name)
        books[key] = books[key].count(item)
        yield from rows.add(archive, item)
    yield from rows.rest()
    if books:
        yield "archives", _batch("archives", [_books_row(account, snapshot) for account in books.values()])


def _unless_removed(archive: Archive, item: Capture | Rejection, removed: KeptOut | None) -> Capture | Rejection:
    """The item, or in place of a capture that was taken down its rejection."""
    if not removed or isinstance(item, Rejection):
        return item
    by = removed.of_record(
        archive.source, item.record_id, item.url, host_of(item.url), item.payload_digest, item.payload
    )
    if by is None:
        return item
    return Rejection(
        item.record_id, item.place, item.record_type, item.url, TAKEN_DOWN + by, "", item.fetched_at,
        item.declared_digest,
    )


def _opened(archive: Archive) -> BinaryIO:
    return io.BytesIO() if archive.format == "link" else open_archive(archive)


def _read(raw: BinaryIO, archive: Archive, source: Source, limits: Ingest) -> Iterator[Item]:
    match archive.format:
        case "warc" | "arc":
            return read_archive(raw, archive, limits)
        case "jsonl":
            return read_jsonl(raw, archive, Fields.of(source), limits)
        case "parquet":
            return read_parquet(raw, archive, Fields.of(source), limits)
        case "file":
            return read_file(raw, archive, limits)
        case "link":
            return iter((read_link(archive),))


class _Rows:
    """Rows on their way into batches."""

    def __init__(self, snapshot: str) -> None:
        self._snapshot = snapshot
        self._rows: dict[str, list[dict[str, Any]]] = {"raw_crawls": [], "rejections": []}
        self._payload_bytes = 0

    def add(self, archive: Archive, item: Capture | Rejection) -> Iterator[Batch]:
        """Take an item; yields a batch when one is full."""
        if isinstance(item, Capture):
            name, row = "raw_crawls", _capture_row(archive, item, self._snapshot)
            self._payload_bytes += len(item.payload)
        else:
            name, row = "rejections", _rejection_row(archive, item, self._snapshot)
        self._rows[name].append(row)
        if len(self._rows[name]) >= BATCH_ROWS or self._payload_bytes >= BATCH_BYTES:
            yield from self._flush(name)

    def rest(self) -> Iterator[Batch]:
        """What is left."""
        for name in self._rows:
            yield from self._flush(name)

    def _flush(self, name: str) -> Iterator[Batch]:
        rows, self._rows[name] = self._rows[name], []
        if name == "raw_crawls":
            self._payload_bytes = 0
        if rows:
            yield name, _batch(name, rows)


def _capture_row(archive: Archive, item: Capture, snapshot: str) -> dict[str, Any]:
    return {
        "record_id": item.record_id,
        "snapshot": snapshot,
        "source": archive.source,
        "archive": archive.name,
        "archive_uri": valid_text(archive.uri),
        "offset": item.place.offset,
        "length": item.length,
        "record_type": item.record_type,
        "url": item.url,
        "host": host_of(item.url),
        "fetched_at": item.fetched_at,
        "http_status": item.http_status,
        "content_type": item.content_type,
        "mime": item.mime,
        "charset": item.charset,
        "payload_digest": item.payload_digest,
        "declared_digest": valid_text(item.declared_digest),
        "payload_bytes": len(item.payload),
        "payload": item.payload,
        "metadata": as_json(item.metadata),
    }


def _rejection_row(archive: Archive, item: Rejection, snapshot: str) -> dict[str, Any]:
    return {
        "stage": STAGE,
        "snapshot": snapshot,
        "id": item.record_id,
        "source": archive.source,
        "archive": archive.name,
        "offset": item.place.offset,
        # Of what was taken down not even the address stays.
        "url": "" if item.reason.startswith(TAKEN_DOWN) else item.url,
        "record_type": item.record_type,
        "reason": item.reason,
        "detail": item.detail,
    }


def _books_row(books: Books, snapshot: str) -> dict[str, Any]:
    return {
        "snapshot": snapshot,
        "source": books.archive.source,
        "archive": books.archive.name,
        "archive_uri": valid_text(books.archive.uri),
        "fingerprint": books.archive.fingerprint,
        "bytes": books.archive.size,
        "records": books.records,
        "captured": books.captured,
        "rejected": books.rejected,
        "complete": books.complete,
    }


def _batch(name: str, rows: Iterable[dict[str, Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=table(name).schema)
