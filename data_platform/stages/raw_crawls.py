"""The stage that reads archives: every record becomes a row of `raw_crawls` or `rejections`, counted in `archives`."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import pyarrow as pa

from data_platform.ingest.records import Archive
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
    groups = [pickle.dumps(group) for group in _grouped(work.workspace.archives(work.snapshot))]
    read = partial(_read_groups, lake=work.lake, sources=sources, snapshot=work.snapshot, limits=limits,
                   removed=removed)
    # One group has nothing to share out among workers.
    kernel = engine.batch_udf(read, {"files": pa.large_string(), "outcome": pa.large_binary()},
                              processes=len(groups) > 1, batch_rows=1)
    frame = daft.from_arrow(pa.table({"group": pa.array(groups, pa.large_binary())}))
    if engine.is_ray():
        frame = frame.into_partitions(len(groups))
    done = frame.select(kernel(daft.col("group"))).to_arrow().to_pylist()

    files: Files = {name: [] for name in TABLES}
    for row in done:
        for name, entries in json.loads(row["files"]).items():
            files[name].extend(DataFile.from_json(entry) for entry in entries)
    outcomes = [pickle.loads(row["outcome"]) for row in done]
    for name, more in _write_batches(work.lake, finish_revisits(outcomes, work.snapshot, limits, removed)).items():
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


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {
        "ingest": workspace.recipe.ingest.model_dump(mode="json"),
        "archives": sorted(
            [archive.source, archive.name, archive.fingerprint] for archive in workspace.archives(snapshot)
        ),
        # Where archives lie and what a licence means is not part of the rows; which fields are read is.
        "fields": {
            source.name: source.model_dump(mode="json", include={"text_field", "url_field", "license_field"})
            for source in workspace.sources.values() if source.snapshot == snapshot
        },
        **standing(workspace.lake).config(INGESTION, snapshot),
    }


RAW_CRAWLS = Stage(
    name="raw_crawls", group="ingestion", inputs=(), run=_write_raw_crawls, config=_config,
    sides=("rejections", "archives"), phase="crawl", books=Passing(counted=("archives", "records")),
)
