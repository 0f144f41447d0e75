"""What holds rows outside the lake's tables: exports, published models, and what Dagster keeps of its runs.

Here belongs how it is found, mended and searched. Not here: the tables (`execute.py`).
"""

from __future__ import annotations

import hashlib
import io
import json
import mmap
import os
import re
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_platform.core.tables import PUBLISHED
from data_platform.lake.lake import Lake
from data_platform.lake.writer import filesystem
from data_platform.takedown.plan import Found

ExportAction = Literal["report", "rewrite", "delete"]
MANIFEST = "manifest.json"
_SQLITE = b"SQLite format 3\0"
_HEX_ID = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


# -- exports ----------------------------------------------------------------------------------------------------------


def known_exports(lake: Lake, roots: Sequence[Path]) -> list[dict[str, Any]]:
    """Exports of the lake's mixtures: those that were recorded, and those that lie in `roots` with a manifest."""
    found: dict[str, dict[str, Any]] = {}
    if lake.exists("exports"):
        for row in lake.read_table("exports").sort_by("exported_at").to_pylist():
            found[row["path"]] = {key: row[key] for key in ("mixture", "table_id", "version", "format", "path")}
    ids = {lake.open(name).metadata().id for name in lake.tables(*PUBLISHED)}
    for root in roots:
        for manifest in sorted(root.glob(f"*/{MANIFEST}")) if root.is_dir() else ():
            stated = json.loads(manifest.read_text(encoding="utf-8"))
            path = str(manifest.parent.absolute())
            if stated.get("table_id") in ids and path not in found:
                found[path] = {"mixture": stated["table"], "path": path,
                               **{key: stated[key] for key in ("table_id", "version", "format")}}
    return [found[path] for path in sorted(found)]


def exports_hit(lake: Lake, found: Found, roots: Sequence[Path]) -> list[dict[str, Any]]:
    """The exports that hold what is taken down, with how many rows; None where nothing says how many.

    A folder that is there is read; of one that is gone, or that was copied elsewhere, the exported version tells.
    """
    there = {export["path"]: export for export in exports_with(lake, found.ids, roots)}
    hit = list(there.values())
    for export in known_exports(lake, roots):
        if not (Path(export["path"]) / MANIFEST).is_file():
            rows = _rows_of_version(found, export["mixture"], export["version"])
            hit += [{**export, "rows": rows, "there": False}] if rows != 0 else []
    return sorted(hit, key=lambda export: export["path"])


def exports_with(lake: Lake, ids: Sequence[str], roots: Sequence[Path]) -> list[dict[str, Any]]:
    """The exports that are where they were written and hold rows of documents."""
    wanted, found = pa.array(ids, pa.string()), []
    for export in known_exports(lake, roots):
        folder = Path(export["path"])
        if (folder / MANIFEST).is_file():
            rows = sum(pc.sum(pc.is_in(some["doc_id"], wanted)).as_py() or 0 for some in shard_rows(folder))
            found += [{**export, "rows": rows, "there": True}] if rows else []
    return found


def _rows_of_version(found: Found, name: str, version: int) -> int | None:
    """Rows of what is taken down in a version of a table; None if it cannot be read any more."""
    stored = found.tables.get(name)
    if stored is None or version > stored.latest or not any(version in f.versions(stored.latest) for f in stored.files):
        return None
    return sum(
        hit.own_rows for hit in found.hits if hit.file.table == name and version in hit.file.versions(stored.latest)
    )


def shard_rows(folder: Path) -> Iterator[pa.Table]:
    """The rows of an export, shard by shard, as tables with doc_id and text."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".parquet":
            yield pq.read_table(path, columns=["doc_id", "text"])
        elif path.name.endswith(".jsonl.zst"):
            rows = [json.loads(line) for line in _lines(path)]
            columns = ("doc_id", "text")
            yield pa.table({name: pa.array([row[name] for row in rows], pa.large_string()) for name in columns})


def _lines(path: Path) -> Iterator[str]:
    import zstandard

    with path.open("rb") as stream, zstandard.ZstdDecompressor().stream_reader(stream) as reader:
        yield from io.TextIOWrapper(reader, "utf-8")


def mend_export(folder: Path, ids: Sequence[str], takedown_id: str, action: ExportAction) -> str:
    """Delete an export, or write its shards again without what is taken down. Says what it did."""
    if action == "report" or not folder.is_dir():
        return "left as it is" if folder.is_dir() else "not there any more"
    if action == "delete":
        shutil.rmtree(folder)
        return "deleted"
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    unwanted = set(ids)
    for shard in manifest["shards"]:
        path = folder / shard["file"]
        shard["rows"] = _rewrite_shard(path, unwanted)
        with path.open("rb") as stream:
            shard |= {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}
    licenses, tokens = _token_counts(folder)
    manifest |= {"rows": sum(shard["rows"] for shard in manifest["shards"]), "tokens": tokens,
                 "tokens_by_license": licenses,
                 "taken_down": sorted({*manifest.get("taken_down", []), takedown_id})}
    _replace(folder / MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())
    return "rewritten"


def _rewrite_shard(path: Path, unwanted: set[str]) -> int:
    building = path.with_name(f".{path.name}")
    if path.suffix == ".parquet":
        source = pq.ParquetFile(path)
        rows = 0
        with pq.ParquetWriter(building, source.schema_arrow, compression="zstd") as writer:
            for batch in source.iter_batches(batch_size=1_024):
                keep = pc.invert(pc.is_in(batch.column("doc_id"), pa.array(sorted(unwanted), pa.string())))
                some = batch.filter(keep)
                rows += some.num_rows
                writer.write_batch(some)
    else:
        import zstandard

        kept = [line for line in _lines(path) if json.loads(line)["doc_id"] not in unwanted]
        rows = len(kept)
        building.write_bytes(zstandard.ZstdCompressor(level=3).compress("".join(kept).encode("utf-8")))
    os.replace(building, path)
    return rows


def _token_counts(folder: Path) -> tuple[dict[str, int], int]:
    counts: dict[str, int] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".parquet":
            rows = pq.read_table(path, columns=["license_spdx", "token_count"]).to_pylist()
        elif path.name.endswith(".jsonl.zst"):
            rows = [json.loads(line) for line in _lines(path)]
        else:
            continue
        for row in rows:
            counts[row["license_spdx"]] = counts.get(row["license_spdx"], 0) + row["token_count"]
    return dict(sorted(counts.items())), sum(counts.values())


def _replace(path: Path, content: bytes) -> None:
    building = path.with_name(f".{path.name}")
    building.write_bytes(content)
    os.replace(building, path)


# -- models -----------------------------------------------------------------------------------------------------------


def published_models(lake: Lake, tables: Sequence[str]) -> list[str]:
    """Where the models that any version of `tables` names were published in the lake: paths below its root."""
    from data_platform.takedown.inventory import open_parquet, stored_table

    found = set()
    for name in tables:
        if not lake.exists(name):
            continue
        for file in stored_table(lake, name).files:
            parquet = open_parquet(lake, file)
            rows = parquet.read(columns=["uri", "training_texts"]).to_pylist() if parquet else []
            # A model that was not trained here is not the platform's to delete.
            found |= {row["uri"].partition("/models/")[2] for row in rows if row["training_texts"]}
    return sorted(f"models/{path}" for path in found if path)


def delete_model(lake: Lake, path: str) -> bool:
    """Delete a published model; says whether there was one."""
    system = filesystem(lake.uri, lake.storage_options)
    files = [
        info.path for info in system.get_file_info(pa.fs.FileSelector(path, allow_not_found=True, recursive=True))
        if info.type == pa.fs.FileType.File
    ]
    for file in files:
        system.delete_file(file)
    return bool(files)


# -- what Dagster keeps -----------------------------------------------------------------------------------------------


def redact_logs(folder: Path, names: Sequence[str]) -> dict[str, int]:
    """Write dots over the names of documents in what Dagster keeps below `folder`. Returns counts by file.

    Databases are edited through SQLite, with what was deleted overwritten, and then written anew; the events stay.
    """
    changed: dict[str, int] = {}
    if not names:
        return changed
    for path in files_below(folder):
        if not path.stat().st_size:
            continue
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            here = sorted(occurring(content, names))
            redact = _redact_database if content[: len(_SQLITE)] == _SQLITE else _redact_file
        if here:
            changed[str(path.relative_to(folder))] = redact(path, here)
    return changed


def files_below(folder: Path) -> list[Path]:
    """All files below a folder that are no links, in order."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]


def occurring(content: bytes | mmap.mmap, names: Collection[str]) -> set[str]:
    """Those of `names` that occur: ids by the runs of hexadecimal digits that they are, others wherever they stand."""
    ids = {match.decode() for match in _HEX_ID.findall(content)} & set(names)
    return ids | {name for name in names if not _is_id(name) and content.find(name.encode()) >= 0}


def _is_id(name: str) -> bool:
    return _HEX_ID.fullmatch(name.encode()) is not None


def _redact_database(path: Path, names: Sequence[str]) -> int:
    changed = 0
    with closing(sqlite3.connect(path, timeout=60)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for column in [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]:
                for name in names:
                    place = f'"{table}" SET "{column}" = replace("{column}", ?, ?)'
                    where = f'typeof("{column}") = \'text\' AND instr("{column}", ?)'
                    cursor = connection.execute(f"UPDATE {place} WHERE {where}", (name, "." * len(name), name))
                    changed += cursor.rowcount
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM")
    return changed


def _redact_file(path: Path, names: Sequence[str]) -> int:
    content = path.read_bytes()
    count = sum(content.count(name.encode()) for name in names)
    for name in names:
        content = content.replace(name.encode(), b"." * len(name.encode()))
    if count:
        _replace(path, content)
    return count


def outside_plan(lake: Lake, found: Found, roots: Sequence[Path]) -> Mapping[str, Any]:
    """The part of a plan that lies outside the tables."""
    return {"exports": exports_hit(lake, found, roots)}
