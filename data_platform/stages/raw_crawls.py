"""The stage that reads archives: every record becomes a row of `raw_crawls` or `rejections`, counted in `archives`."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core import progress
from data_platform.ingest.places import SourceError
from data_platform.ingest.records import Archive, Capture, Place, Revisit
from data_platform.ingest.revisits import capture_keys, target_keys
from data_platform.ingest.settings import Ingest, Source
from data_platform.lake.lake import Lake
from data_platform.lake.writer import DataFile
from data_platform.run import engine
from data_platform.run.stage import Files, Passing, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.takedown.removal_list import INGESTION, RemovalList, standing

TABLES = ("archives", "rejections", "raw_crawls")
# Archives per call of a worker, bounded in number and bytes: small files travel together.
_GROUP_ARCHIVES = 1_000
_GROUP_BYTES = 64 * 2**20


def _write_raw_crawls(work: Work) -> Files:
    import daft

    from data_platform.ingest.write import finish_revisits

    limits, removed = work.recipe.ingest, standing(work.lake)
    sources = {name: source for name, source in work.workspace.sources.items() if source.snapshot == work.snapshot}
    grouped = list(_grouped(work.workspace.archives(work.snapshot)))
    groups = [pickle.dumps(group) for group in grouped]
    progress.expect(sum(map(len, grouped)), "archive")
    read = partial(_read_groups, lake=work.lake, sources=sources, snapshot=work.snapshot, limits=limits,
                   removed=removed)
    # One group has nothing to share out among workers.
    kernel = engine.batch_udf(read, {"files": pa.large_string(), "outcome": pa.large_binary()},
                              processes=len(groups) > 1, batch_rows=1)
    frame = daft.from_arrow(pa.table({"group": pa.array(groups, pa.large_binary())}))
    if engine.is_ray():
        frame = frame.into_partitions(len(groups))
    done: list[dict[str, Any]] = []
    for batch in frame.select(kernel(daft.col("group"))).to_arrow_iter(results_buffer_size=1):
        progress.advance(sum(map(len, grouped[len(done) : len(done) + batch.num_rows])))
        done += batch.to_pylist()

    files: Files = {name: [] for name in TABLES}
    for row in done:
        for name, entries in json.loads(row["files"]).items():
            files[name].extend(DataFile.from_json(entry) for entry in entries)
    outcomes = [pickle.loads(row["outcome"]) for row in done]
    before = _Before(work.lake, list(_before(work.workspace, work.snapshot)))
    finished = finish_revisits(outcomes, work.snapshot, limits, removed, before)
    for name, more in _write_batches(work.lake, finished).items():
        files[name].extend(more)
    return files


def _grouped(archives: list[Archive]) -> Iterator[list[Archive]]:
    """Archives in groups of bounded size, in order."""
    group: list[Archive] = []
    for archive in archives:
        size = sum(member.size for member in group)
        if group and (len(group) >= _GROUP_ARCHIVES or size + archive.size > _GROUP_BYTES):
            yield group
            group = []
        group.append(archive)
    if group:
        yield group


def _read_groups(
    groups: pa.Array, *, lake: Lake, sources: Mapping[str, Source], snapshot: str, limits: Ingest,
    removed: RemovalList,
) -> pa.StructArray:
    """Read groups of archives in a worker: their rows go to Parquet files there, only names of files come back."""
    from data_platform.ingest.write import ingest_archives

    written, outcomes = [], []
    for group in groups.to_pylist():
        reading = _Keeping(ingest_archives(pickle.loads(group), sources, snapshot, limits, removed))
        files = _write_batches(lake, reading)
        written.append(json.dumps({name: [asdict(file) for file in some] for name, some in files.items()}))
        outcomes.append(pickle.dumps(reading.returned))
    return pa.StructArray.from_arrays(
        [pa.array(written, pa.large_string()), pa.array(outcomes, pa.large_binary())], ["files", "outcome"]
    )


class _Keeping:
    """Iterates over a generator and keeps what it returns."""

    def __init__(self, generator) -> None:
        self._generator = generator
        self.returned: Any = None

    def __iter__(self):
        self.returned = yield from self._generator


def _write_batches(lake: Lake, batches) -> Files:
    writers = {name: lake.writer(name) for name in TABLES}
    for name, batch in batches:
        writers[name].write(batch)
    return {name: writer.close() for name, writer in writers.items()}


class _Before:
    """The captures of some snapshots, for revisits that refer to them. Only narrow columns are read to find them."""

    _NARROW = ("record_id", "url", "fetched_at", "declared_digest")
    _WIDE = ("record_id", "archive", "offset", "length", "record_type", "url", "fetched_at", "http_status",
             "content_type", "mime", "charset", "payload_digest", "declared_digest", "payload", "metadata")

    def __init__(self, lake: Lake, snapshots: list[str]) -> None:
        self._lake, self._snapshots = lake, snapshots

    def originals(self, revisits: Sequence[Revisit]) -> Iterator[tuple[int, str, Capture]]:
        """What was captured of what the revisits refer to. Of several captures with one payload that of the same URL is
        taken, then the latest."""
        wanted: dict[bytes, list[int]] = {}
        for place, revisit in enumerate(revisits):
            for key in target_keys(revisit):
                wanted.setdefault(key, []).append(place)
        best: dict[int, tuple[tuple, str, str]] = {}
        for snapshot in self._snapshots:
            for row in self._candidates(snapshot, revisits):
                for key in capture_keys(row["declared_digest"] or "", row["url"], row["fetched_at"]):
                    for place in wanted.get(key, ()):
                        rank = (row["url"] in (revisits[place].url, revisits[place].refers_to_url),
                                row["fetched_at"] is not None, row["fetched_at"], row["record_id"])
                        if place not in best or rank > best[place][0]:
                            best[place] = rank, snapshot, row["record_id"]
        by_snapshot: dict[str, dict[str, list[int]]] = {}
        for place, (_, snapshot, record_id) in best.items():
            by_snapshot.setdefault(snapshot, {}).setdefault(record_id, []).append(place)
        for snapshot, places in by_snapshot.items():
            where = pc.field("record_id").isin(list(places))
            for batch in self._lake.read("raw_crawls", list(self._WIDE), snapshot, where=where, batch_rows=64):
                for row in batch.to_pylist():
                    for place in places[row["record_id"]]:
                        yield place, row["archive"], _capture(row)

    def _candidates(self, snapshot: str, revisits: Sequence[Revisit]) -> list[dict[str, Any]]:
        digests = pa.array({revisit.declared_digest for revisit in revisits} - {""}, pa.string())
        urls = pa.array({revisit.refers_to_url for revisit in revisits} - {""}, pa.string())
        where = pc.field("declared_digest").isin(digests) | pc.field("url").isin(urls)
        return self._lake.read_table("raw_crawls", list(self._NARROW), partition=snapshot, where=where).to_pylist()


def _capture(row: Mapping[str, Any]) -> Capture:
    """A row of `raw_crawls` as what it was made of."""
    same = {name: row[name] for name in ("record_id", "length", "record_type", "url", "fetched_at", "http_status",
                                         "content_type", "mime", "charset", "payload_digest", "payload")}
    return Capture(**same, place=Place(row["offset"]), metadata=json.loads(row["metadata"]),
                   declared_digest=row["declared_digest"] or "")


def _before(workspace: Workspace, snapshot: str) -> Iterator[str]:
    """The snapshots before one, in the recipe, that revisits of it may refer to: both are of web archives."""
    every = workspace.snapshots
    if not _is_of_web(workspace, snapshot) or not workspace.lake.exists("raw_crawls"):
        return
    if "declared_digest" not in workspace.lake.column_names("raw_crawls"):
        return  # older code wrote all of it
    for pin in workspace.lake.pins("raw_crawls", every[:every.index(snapshot)]):
        if _is_of_web(workspace, pin.partition):
            yield pin.partition


def _is_of_web(workspace: Workspace, snapshot: str) -> bool:
    return any(archive.format == "warc" for archive in workspace.archives(snapshot))


def _follows(workspace: Workspace, snapshot: str) -> list[str]:
    """The snapshots before one that revisits of it may refer to once they are made."""
    every, of_web = workspace.snapshots, []
    for name in [snapshot, *every[:every.index(snapshot)]] if snapshot in every else []:
        with suppress(SourceError):  # what cannot be listed is not made now
            of_web.extend([name] if _is_of_web(workspace, name) else [])
        if not of_web:
            return []
    return of_web[1:]


def _fingerprints(workspace: Workspace, snapshot: str) -> list[list[str]]:
    """The archives of a snapshot, by what tells whether they are still the same."""
    return sorted([archive.source, archive.name, archive.fingerprint] for archive in workspace.archives(snapshot))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {
        "ingest": workspace.recipe.ingest.model_dump(mode="json"),
        "archives": _fingerprints(workspace, str(snapshot)),
        # What revisits refer to: a digest, since there may be many snapshots with many archives.
        "before": {
            name: hashlib.sha256(json.dumps(_fingerprints(workspace, name)).encode()).hexdigest()
            for name in _before(workspace, str(snapshot))
        },
        # Where archives lie and what a licence means is not part of the rows; which fields are read is.
        "fields": {
            source.name: source.model_dump(mode="json", include={"text_field", "url_field", "license_field"})
            for source in workspace.sources.values() if source.snapshot == snapshot
        },
        **standing(workspace.lake).config(INGESTION, snapshot),
    }


RAW_CRAWLS = Stage(
    name="raw_crawls", group="ingestion", inputs=(), run=_write_raw_crawls, config=_config,
    sides=("rejections", "archives"), follows=_follows, phase="crawl",
    books=Passing(counted=("archives", "records")),
)
