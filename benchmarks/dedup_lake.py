"""A lake with nothing but what deduplication reads, and its stages run over it: for benchmarks of time and memory."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from benchmarks.near_duplicates import Member, members
from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.pipeline.flow import stages
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace

STAGES = ("document_signatures", "copy_pairs", "duplicates", "deduplicated_documents")
_BATCH = 2_000


def doc_id(number: int) -> str:
    """The id of a document by its number: in no order, as ids are."""
    return hashlib.blake2b(str(number).encode(), digest_size=16).hexdigest()


def workspace(
    folder: Path, snapshots: Sequence[str] = ("one",), repetition: Mapping[str, object] | None = None,
    **settings: object,
) -> Workspace:
    """A workspace over a lake in `folder`, with settings of deduplication."""
    recipe = Recipe.model_validate({
        "name": "benchmark", "sources": [{"name": name, "snapshot": name, "paths": ["none"]} for name in snapshots],
        "deduplication": settings, "repetition": repetition or {},
        "mixtures": {"all": {"tokens": 1, "weights": {"web": 1}}},
    })
    engine.configure(recipe.engine)
    return Workspace(recipe, Lake(str(folder)))


def fill(folder: Path, members: Iterable[Member], snapshot: str = "one") -> int:
    """Write the inputs of deduplication for one snapshot; returns the bytes of text."""
    lake = Lake(str(folder))
    names = ("filtered_documents", "document_licenses")
    writers = {name: lake.writer(name) for name in names}
    size = 0
    pending: list[Member] = []

    def flush() -> None:
        for name, writer in writers.items():
            for batch in _rows(name, pending, snapshot).to_batches():
                writer.write(batch)
        pending.clear()

    for member in members:
        size += len(member.text.encode())
        pending.append(member)
        if len(pending) == _BATCH:
            flush()
    flush()
    for name, writer in writers.items():
        place = Partition.of(name, snapshot)
        lake.replace(name, place, writer.close(), Provenance(name, "benchmark", {}), lake.carried(name, place))
    return size


def _rows(name: str, members: Sequence[Member], snapshot: str) -> pa.Table:
    texts = [member.text for member in members]
    given = {
        "doc_id": [doc_id(member.number) for member in members], "text": texts, "snapshot": snapshot, "source": "web",
        "domain": "web", "language": "en", "license_spdx": "MIT", "license_tier": 1,
        "byte_count": [len(text.encode()) for text in texts], "url": [f"https://e.com/{one.number}" for one in members],
    }
    columns = {}
    for column in table(name).columns:
        value = given.get(column.name, _blank(column.type))
        columns[column.name] = pa.array(value if isinstance(value, list) else [value] * len(members), column.type)
    return pa.table(columns, schema=table(name).schema)


def _blank(type_: pa.DataType) -> object:
    if pa.types.is_boolean(type_):
        return False
    if pa.types.is_temporal(type_):
        return datetime(2024, 1, 1, tzinfo=UTC)
    return "" if pa.types.is_string(type_) or pa.types.is_large_string(type_) else 0


def clear(folder: Path) -> Path:
    """Drop a lake; returns its folder."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def warm_up(folder: Path, **settings: object) -> None:
    """Run everything on a few documents: libraries are loaded and kernels compiled."""
    words = "one two three four five six seven eight nine ten " * 10
    fill(clear(folder), members([words], 20, 500))
    run(workspace(folder, **settings))


def run(work: Workspace, names: Sequence[str] = STAGES) -> dict[str, float]:
    """Seconds of every stage, all snapshots together."""
    flow = stages(work.recipe)
    seconds = {}
    for name in names:
        started = time.perf_counter()
        for snapshot in work.snapshots if flow[name].partitioned else [None]:
            execute(flow[name], work, snapshot)
        seconds[name] = time.perf_counter() - started
    return seconds
