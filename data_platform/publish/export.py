"""Exports: a mixture as training shards, each row with its id and licence, a manifest and cards that say what they are.

A folder appears whole or not at all. Not here: sampling (`mixing/`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_platform.core.errors import PlainError
from data_platform.core.tables import table
from data_platform.lake.lake import Lake
from data_platform.proof.trace import NotFound, mixture_table_name
from data_platform.publish.account import Asked
from data_platform.publish.cards import export_cards

Format = Literal["parquet", "jsonl.zst"]
SHARD_BYTES = 256 * 2**20


class ExportExists(PlainError, FileExistsError):
    """The folder of the export exists already. Nothing was overwritten."""


def export_mixture(
    lake: Lake, mixture: str, format: Format, folder: Path | None, default_root: Path, shard_bytes: int = SHARD_BYTES,
    version: int | None = None, asked: Asked | None = None,
) -> tuple[Path, dict[str, Any]]:
    """Write a version of a mixture to `folder`, or to a folder of its name and version in `default_root`.

    Whether it may be published is not asked here but before (`pipeline/publish.py`).

    Args:
        version: by default the latest.
        asked: what the version was held to before; the manifest and the cards say it.

    Returns the folder and the manifest. An export that is there already, complete, is left as it is.

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
    if folder.exists() and any(folder.iterdir()):
        manifest = _manifest(folder)
        if {key: manifest.get(key) for key in wanted} != wanted:
            raise ExportExists(f"{folder} exists and is not version {commit['version']} of {name} as {format}; "
                               f"remove it or give another folder")
        _record(lake, folder, manifest)
        return folder, manifest
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        reader = lake.read(name, version=commit["version"], batch_rows=1_024)
        write = _write_parquet if format == "parquet" else _write_jsonl
        shards = [_shard(path, rows) for path, rows in write(reader, building, shard_bytes)]
        manifest = {
            **wanted, "asked_of": _asked(asked),
            "recipe": commit["recipe"], "code_version": commit["code_version"], "run_id": commit["run_id"],
            "rows": sum(shard["rows"] for shard in shards), **_totals(lake, name, commit["version"]), "shards": shards,
        }
        manifest["cards"] = [path.name for path in export_cards(lake, manifest, building, asked)]
        (building / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        building.chmod(0o755)
        if folder.exists():
            folder.rmdir()  # an empty folder that was made for us
        os.replace(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    _record(lake, folder, manifest)
    return folder, manifest


def _asked(asked: Asked | None) -> dict[str, Any] | None:
    """What the manifest says of what the export was held to."""
    if asked is None:
        return None
    return {"recipe": asked.recipe, "digest": asked.digest, "differences": list(asked.differences)}


def _record(lake: Lake, folder: Path, manifest: dict[str, Any]) -> None:
    """Note in table `exports` what went where, once: a takedown has to know."""
    path = str(folder.absolute())
    row = {
        "mixture": manifest["table"], "table_id": manifest["table_id"], "version": manifest["version"],
        "format": manifest["format"], "path": path, "rows": manifest["rows"],
        "manifest_sha256": hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest(),
        "exported_at": datetime.now(UTC),
    }
    key = hashlib.sha256("\0".join((path, row["manifest_sha256"])).encode()).hexdigest()
    lake.append_once("exports", pa.Table.from_pylist([row], table("exports").schema), key)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _write_parquet(reader: pa.RecordBatchReader, folder: Path, shard_bytes: int) -> Iterator[tuple[Path, int]]:
    def start(path: Path) -> tuple[Callable[[pa.RecordBatch], None], Callable[[], None]]:
        writer = pq.ParquetWriter(path, reader.schema, compression="zstd")
        return writer.write_batch, writer.close

    return _roll(reader, folder, "parquet", shard_bytes, start)


def _write_jsonl(reader: pa.RecordBatchReader, folder: Path, shard_bytes: int) -> Iterator[tuple[Path, int]]:
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
) -> Iterator[tuple[Path, int]]:
    """Spread batches over files of about `shard_bytes` of logical data."""
    index = rows = size = 0
    path = folder / f"shard-{index:05d}.{suffix}"
    write, close = start(path)
    for batch in reader:
        if size and size + batch.nbytes > shard_bytes:
            close()
            yield path, rows
            index, rows, size = index + 1, 0, 0
            path = folder / f"shard-{index:05d}.{suffix}"
            write, close = start(path)
        write(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
    close()
    yield path, rows


def _shard(path: Path, rows: int) -> dict[str, Any]:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"file": path.name, "rows": rows, "bytes": path.stat().st_size, "sha256": digest}


def _totals(lake: Lake, name: str, version: int) -> dict[str, Any]:
    """Tokens of the mixture, and by licence."""
    rows = lake.read_table(name, ["token_count", "license_spdx"], version=version)
    grouped = rows.group_by("license_spdx").aggregate([("token_count", "sum")]).sort_by("license_spdx")
    return {
        "tokens": pc.sum(rows["token_count"]).as_py() or 0,
        "tokens_by_license": dict(
            zip(grouped["license_spdx"].to_pylist(), grouped["token_count_sum"].to_pylist(), strict=True)
        ),
    }
