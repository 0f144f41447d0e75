"""Exports: a mixture as training shards, each row with its id and licence, a manifest and cards that say what they are.

A folder appears whole or not at all. Not here: sampling (`mixing/`).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from data_platform.core.errors import PlainError, faults_of
from data_platform.lake.lake import Lake
from data_platform.proof.trace import NotFound, mixture_table_name
from data_platform.publish.accompany import accompany
from data_platform.publish.account import Asked
from data_platform.publish.check_export import check_export, signer_of
from data_platform.publish.recorded import Recorded, lost_of, recorded_exports, set_aside
from data_platform.publish.shards import Format
from data_platform.publish.signing import key_id
from data_platform.takedown.outside import read_manifest, record_export

SHARD_BYTES = 256 * 2**20


class ExportExists(PlainError, FileExistsError):
    """The folder of the export exists already. Nothing was overwritten."""


def export_mixture(
    lake: Lake, mixture: str, format: Format, folder: Path | None, default_root: Path, shard_bytes: int = SHARD_BYTES,
    version: int | None = None, asked: Asked | None = None, key: Ed25519PrivateKey | None = None,
) -> tuple[Path, dict[str, Any]]:
    """Write a version of a mixture to `folder`, or to a folder of its name and version in `default_root`.

    Whether it may be published is not asked here but before (`pipeline/publish.py`).

    Args:
        version: by default the latest.
        asked: what the version was held to before; the manifest and the cards say it.
        key: signs the attestation.

    Returns the folder and the manifest. An export that is there already, complete, is left as it is; it is signed
    again if another key is given. One of which files are gone or cut is written again, and what is left of it is set
    aside beside it, as `<folder>.damaged-1`.

    Raises:
        NotFound: if there is no such mixture or version.
        ExportExists: if `folder` exists and is not this very export.
    """
    name = mixture_table_name(lake, mixture)
    commit = next((row for row in lake.history(name) if version in (None, row["version"])), None)
    if commit is None:
        raise NotFound(f"{name} has no version {version} that the platform wrote")
    as_of = asked.as_of if asked else None
    marked = "" if as_of is None else "-as-of"
    folder = folder or default_root / f"{name}-v{commit['version']}{marked}-{format}"
    wanted = {"table": name, "table_id": commit["table_id"], "version": commit["version"], "format": format,
              "as_of": as_of}
    if _is_damaged(lake, folder, wanted):
        set_aside(folder)
    if folder.exists() and any(folder.iterdir()):
        manifest = read_manifest(folder)
        if {name: manifest.get(name) for name in wanted} != wanted:
            raise ExportExists(f"{folder} exists and is not version {commit['version']} of {name} as {format}; "
                               f"remove it or give another folder")
        if faults := check_export(folder).faults:
            raise ExportExists(f"{folder} exists and is not as it was exported: {faults[0]}; remove it or give another "
                               f"folder")
        if key and signer_of(folder) != key_id(key):
            shards = [shard["file"] for shard in manifest["shards"]]
            manifest = accompany(lake, folder, wanted, shards, asked, key)
        record_export(lake, folder, manifest)
        return folder, manifest
    with faults_of(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            reader = lake.read(name, version=commit["version"], batch_rows=1_024)
            write = _write_parquet if format == "parquet" else _write_jsonl
            shards = [path.name for path in write(reader, building, shard_bytes)]
            manifest = accompany(lake, building, wanted, shards, asked, key)
            building.chmod(0o755)
            if folder.exists():
                folder.rmdir()  # an empty folder that was made for us
            os.replace(building, folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    record_export(lake, folder, manifest)
    return folder, manifest


def _is_damaged(lake: Lake, folder: Path, wanted: Mapping[str, Any]) -> bool:
    """Whether this very export was written to a folder before, and files of it are gone or cut."""
    if not folder.is_dir() or not lost_of(folder):
        return False
    this = Recorded(wanted["table"], wanted["table_id"], wanted["version"], wanted["format"], folder.absolute())
    return this in recorded_exports(lake)


def _write_parquet(reader: pa.RecordBatchReader, folder: Path, shard_bytes: int) -> Iterator[Path]:
    def start(path: Path) -> tuple[Callable[[pa.RecordBatch], None], Callable[[], None]]:
        writer = pq.ParquetWriter(path, reader.schema, compression="zstd")
        return writer.write_batch, writer.close

    return _roll(reader, folder, "parquet", shard_bytes, start)


def _write_jsonl(reader: pa.RecordBatchReader, folder: Path, shard_bytes: int) -> Iterator[Path]:
    import zstandard

    def start(path: Path) -> tuple[Callable[[pa.RecordBatch], None], Callable[[], None]]:
        stream = zstandard.ZstdCompressor(level=3).stream_writer(path.open("wb"))

        def write(batch: pa.RecordBatch) -> None:
            lines = (json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in batch.to_pylist())
            stream.write("".join(lines).encode("utf-8"))

        return write, stream.close

    return _roll(reader, folder, "jsonl.zst", shard_bytes, start)


def _roll(
    reader: pa.RecordBatchReader, folder: Path, suffix: str, shard_bytes: int, start: Callable[[Path], Any]
) -> Iterator[Path]:
    """Spread batches over files of about `shard_bytes` of logical data."""
    index = size = 0
    path = folder / f"shard-{index:05d}.{suffix}"
    write, close = start(path)
    for batch in reader:
        if size and size + batch.nbytes > shard_bytes:
            close()
            yield path
            index, size = index + 1, 0
            path = folder / f"shard-{index:05d}.{suffix}"
            write, close = start(path)
        write(batch)
        size += batch.nbytes
    close()
    yield path
