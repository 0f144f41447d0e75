"""Revisits: records that point to an earlier capture of the same payload. Its record is read again, where it lies.

While archives are read, every page in them, captured or rejected, is noted under the digest that the archive declares
for it and under its URL and date (`Originals`). Once all archives of a snapshot are read, each revisit is looked up: a
captured original gives it its payload, a rejected one its reason. What is in no archive of the snapshot is looked up
among the captures of the snapshots before (`Earlier`), and is `revisit_unresolved` if they do not have it either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.ingest.crawl import OFFSET_IN_MEMBER, REVISIT_OF, TRUNCATED, read_archive
from data_platform.ingest.records import Archive, Capture, Place, Rejection, Revisit, record_id
from data_platform.ingest.settings import Ingest

_TYPES = ("response", "resource")
_SCHEMA = pa.schema([
    ("key", pa.binary(16)), ("archive", pa.int32()), ("offset", pa.int64()), ("inner", pa.int64()),
    ("reason", pa.string()),
])


@dataclass(frozen=True)
class Pending:
    """A revisit and the archive that holds it."""

    archive: Archive
    revisit: Revisit


@dataclass(frozen=True)
class _Original:
    """Where an original lies, and why it was rejected, if it was."""

    archive: Archive
    place: Place
    reason: str

    @property
    def rank(self) -> tuple:
        """Captured ones first, then a fixed order, so that the choice does not depend on who read what first."""
        return bool(self.reason), self.archive.source, self.archive.name, self.place.offset, self.place.inner


class Earlier(Protocol):
    """Whoever knows what was captured in the snapshots before."""

    def originals(self, revisits: Sequence[Revisit]) -> Iterator[tuple[int, str, Capture]]:
        """What was captured before of what some revisits refer to: place of the revisit, name of the archive, capture.
        At most one for each revisit."""
        ...


class Originals:
    """Collects what revisits may refer to: two keys of 16 bytes per page."""

    def __init__(self) -> None:
        self._columns: tuple[list, ...] = ([], [], [], [], [])

    def note(self, archive: int, item: Capture | Rejection) -> None:
        """Note a page of the archive with that number, unless the archive is damaged there."""
        reason = item.reason if isinstance(item, Rejection) else ""
        if item.record_type not in _TYPES or reason.startswith(("archive.", "record_")):
            return
        for key in capture_keys(item.declared_digest, item.url, item.fetched_at):
            row = (key, archive, item.place.offset, item.place.inner, reason)
            for column, value in zip(self._columns, row, strict=True):
                column.append(value)

    def table(self) -> pa.Table:
        """What was noted, in a form that is small and can be sent between processes."""
        arrays = [pa.array(column, field.type) for column, field in zip(self._columns, _SCHEMA, strict=True)]
        return pa.Table.from_arrays(arrays, schema=_SCHEMA)


def resolve_revisits(
    pending: Iterable[Pending], originals: Iterable[tuple[Sequence[Archive], pa.Table]], limits: Ingest,
    open_archive: Callable[[Archive], BinaryIO], earlier: Earlier | None = None,
) -> Iterator[tuple[Archive, Capture | Rejection]]:
    """What becomes of each revisit, with the archive that holds it; each archive with originals is opened once.

    Args:
        pending: the revisits of one snapshot.
        originals: tables of `Originals`, each with the archives that its numbers mean.
        limits: those that the archives were read with.
        open_archive: opens an archive, seekable.
        earlier: the captures of the snapshots before.
    """
    revisits = list(pending)
    wanted = {key for one in revisits for key in target_keys(one.revisit)}
    found = _look_up(wanted, originals) if wanted else {}
    by_original: dict[tuple[Archive, Place], list[Pending]] = {}
    absent: list[Pending] = []
    for one in revisits:
        original = next((found[key] for key in target_keys(one.revisit) if key in found), None)
        if original is None:
            absent.append(one)
        elif original.reason:
            where = f"it repeats {original.archive.name} at byte {original.place.offset}, which was rejected"
            yield one.archive, _reject(one, original.reason, where)
        else:
            by_original.setdefault((original.archive, original.place), []).append(one)
    raw, opened = None, None
    try:
        for archive, place in sorted(by_original, key=lambda key: (key[0].source, key[0].name, key[1].offset,
                                                                   key[1].inner)):
            if raw is None or opened != archive:
                if raw is not None:
                    raw.close()
                raw, opened = open_archive(archive), archive
            original = next(read_archive(raw, archive, limits, place))
            for one in by_original[archive, place]:
                yield one.archive, _repeat(one, archive.name, original)
    finally:
        if raw is not None:
            raw.close()
    yield from _from_before(absent, earlier)


def _from_before(absent: list[Pending], earlier: Earlier | None) -> Iterator[tuple[Archive, Capture | Rejection]]:
    """What becomes of revisits whose originals are in no archive of the snapshot."""
    found: set[int] = set()
    if earlier is not None and absent:
        for place, archive, original in earlier.originals([one.revisit for one in absent]):
            found.add(place)
            yield absent[place].archive, _repeat(absent[place], archive, original)
    for place, one in enumerate(absent):
        if place not in found:
            yield one.archive, _reject(one, "revisit_unresolved", "no archive of the snapshot, and no capture of one "
                                       "before it, is what it refers to")


def _look_up(
    wanted: set[bytes], originals: Iterable[tuple[Sequence[Archive], pa.Table]]
) -> dict[bytes, _Original]:
    found: dict[bytes, _Original] = {}
    keys = pa.array(sorted(wanted), pa.binary(16))
    for archives, table in originals:
        for row in table.filter(pc.is_in(table["key"], keys)).to_pylist():
            original = _Original(archives[row["archive"]], Place(row["offset"], row["inner"]), row["reason"])
            known = found.get(row["key"])
            if known is None or original.rank < known.rank:
                found[row["key"]] = original
    return found


def _repeat(one: Pending, archive: str, original: object) -> Capture | Rejection:
    """The capture that a revisit stands for: its own URL and date, the payload of the original."""
    revisit = one.revisit
    if not isinstance(original, Capture):
        return _reject(one, "revisit_unresolved", f"{archive} no longer holds what it refers to")
    if revisit.declared_digest and original.declared_digest not in ("", revisit.declared_digest):
        return _reject(one, "revisit_unresolved", f"{archive} holds another payload under that URL and date")
    headers = {name: value for name, value in original.metadata.items() if not name.startswith("warc:")}
    about = {name: value for name, value in original.metadata.items() if name == TRUNCATED}
    if revisit.place.inner:
        about[OFFSET_IN_MEMBER] = revisit.place.inner
    about[REVISIT_OF] = {"record_id": original.record_id, "archive": archive, "offset": original.place.offset}
    return replace(
        original,
        record_id=record_id(
            one.archive.source, one.archive.name, revisit.place, revisit.url, original.payload_digest
        ),
        place=revisit.place,
        length=revisit.length,
        record_type="revisit",
        url=revisit.url,
        fetched_at=revisit.fetched_at,
        # 304 says that nothing has changed, which is no status of the page.
        http_status=original.http_status if revisit.http_status in (None, 304) else revisit.http_status,
        metadata={**(revisit.headers or headers), **about},
    )


def _reject(one: Pending, reason: str, detail: str) -> Rejection:
    revisit = one.revisit
    return Rejection(
        revisit.record_id, revisit.place, "revisit", revisit.url, reason, detail, revisit.fetched_at,
        revisit.declared_digest,
    )


def target_keys(revisit: Revisit) -> list[bytes]:
    """The keys of what a revisit refers to, the surest first."""
    return capture_keys(revisit.declared_digest, revisit.refers_to_url, revisit.refers_to_date)


def capture_keys(digest: str, url: str, date: datetime | None) -> list[bytes]:
    """The keys that a capture is found by, of 16 bytes: of its declared digest, and of its URL and date."""
    keys = [f"digest {digest}"] if digest else []
    if url and date:
        keys.append(f"capture {date.isoformat()} {url}")
    return [hashlib.blake2b(key.encode("utf-8"), digest_size=16).digest() for key in keys]
