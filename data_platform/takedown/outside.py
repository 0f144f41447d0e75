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
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_platform.core.errors import faults_of
from data_platform.core.tables import PUBLISHED, table
from data_platform.lake.lake import Lake, VersionGone
from data_platform.lake.writer import filesystem
from data_platform.takedown.notices import CREDITING, Lines, notices_in
from data_platform.takedown.plan import Found

ExportAction = Literal["report", "rewrite", "delete"]
Accompany = Callable[[Path, Mapping[str, Any]], str]
"""Writes anew all that lies beside the shards of an export, given its folder and its manifest with the takedowns that
it has seen; returns what is to be known of it, if anything (`data_platform.publish.accompany`)."""
MANIFEST = "manifest.json"
_MENDING = ".takedown"
"""Lies in an export that is being mended, with its manifest as it was."""
_WITH_DIGESTS = ("croissant.json",)
"""Cards of an export that name the digests of its shards; all cards are written together."""
_IDENTITY = ("mixture", "table_id", "version", "format", "path")
UNREADABLE = (OSError, ValueError, LookupError, pa.ArrowException)
"""What reading or writing somebody's folder may end in: not there, not ours, not what it is called."""
_SQLITE = b"SQLite format 3\0"
_HEX_ID = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


# -- exports ----------------------------------------------------------------------------------------------------------


class Mended(NamedTuple):
    """What was done to an export, in few words, and what there is to know beside, empty if nothing."""

    done: str
    note: str = ""


def known_exports(lake: Lake, roots: Sequence[Path]) -> list[dict[str, Any]]:
    """Exports of the lake's mixtures: those that were recorded, and those that lie in `roots` with a manifest."""
    found: dict[str, dict[str, Any]] = {}
    if lake.exists("exports"):
        for row in lake.read_table("exports").sort_by("exported_at").to_pylist():
            found[row["path"]] = {key: row[key] for key in _IDENTITY}
    ids = {lake.open(name).metadata().id for name in lake.tables(*PUBLISHED)}
    for root in roots:
        for path in sorted(root.glob(f"*/{MANIFEST}")) if root.is_dir() else ():
            stated = read_manifest(path.parent)
            place = str(path.parent.absolute())
            if stated.get("table_id") in ids and place not in found and {"table", "version", "format"} <= stated.keys():
                found[place] = {"mixture": stated["table"], "path": place,
                                **{key: stated[key] for key in ("table_id", "version", "format")}}
    return [found[path] for path in sorted(found)]


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an export; empty if there is none, or none that can be read."""
    try:
        stated = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stated if isinstance(stated, dict) else {}


def record_export(lake: Lake, folder: Path, manifest: Mapping[str, Any]) -> None:
    """Note in table `exports` what went where, unless that is what was noted last: a takedown has to know, and `verify`
    holds the folder against it."""
    path = str(folder.absolute())
    row = {
        "mixture": manifest["table"], "table_id": manifest["table_id"], "version": manifest["version"],
        "format": manifest["format"], "path": path, "rows": manifest["rows"],
        "manifest_sha256": hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest(),
        "exported_at": datetime.now(UTC),
    }
    before = []
    if lake.exists("exports"):
        told = lake.read_in_order("exports", ["path", "manifest_sha256"])
        before = told.filter(pc.equal(told["path"], path))["manifest_sha256"].to_pylist()
    if before[-1:] == [row["manifest_sha256"]]:
        return
    key = hashlib.sha256("\0".join((path, row["manifest_sha256"], str(len(before)))).encode()).hexdigest()
    lake.append_once("exports", pa.Table.from_pylist([row], table("exports").schema), key)


def is_being_mended(folder: Path) -> bool:
    """Whether a takedown began to mend an export, and has not ended."""
    return (folder / _MENDING).is_file()


def exports_hit(lake: Lake, found: Found, roots: Sequence[Path]) -> list[dict[str, Any]]:
    """The exports that hold what is taken down, with how many rows; None where nothing says how many.

    A folder that is there is read; of one that is gone, or that was copied elsewhere, the exported version tells.
    """
    hit = exports_with(lake, found.ids, roots, found.notices)
    for export in known_exports(lake, roots):
        if not _is_there(export):
            rows = _rows_of_version(found, export["mixture"], export["version"])
            hit += [{**export, "rows": rows, "there": False}] if rows != 0 else []
    return sorted(hit, key=lambda export: export["path"])


def exports_with(
    lake: Lake, ids: Sequence[str], roots: Sequence[Path], notices: Mapping[str, Sequence[str]] | None = None
) -> list[dict[str, Any]]:
    """The exports that are where they were written and hold rows of documents, name them or hold the text of a notice
    beside their shards, credit a row by its lines, or were not mended to the end; with `rows` None if they cannot be
    read. `notices` are those that go, with hashes of their lines."""
    wanted, found = pa.array(ids, pa.string()), []
    notices = notices or {}
    lines = Lines.of(lake, notices)
    for export in known_exports(lake, roots):
        if not _is_there(export):
            continue
        folder = Path(export["path"])
        rows, credited = 0, False
        try:
            for some in shard_rows(folder):
                rows += pc.sum(pc.is_in(some["doc_id"], wanted)).as_py() or 0
                credited = credited or lines.credits_without(some) is not None
        except UNREADABLE:
            rows = None
        texts = len(held_beside(folder, notices))
        behind = (folder / _MENDING).exists() or _is_behind(folder)
        if rows or rows is None or behind or texts or credited or named_beside(folder, ids):
            found.append({**export, "rows": rows, "there": True, **({"notices": texts} if texts else {})})
    return found


def _is_behind(folder: Path) -> bool:
    """Whether cards are of before a takedown that took rows out of the shards, and may name what went."""
    manifest = read_manifest(folder)
    if not manifest.get("taken_down"):
        return False
    digests = [shard["sha256"] for shard in manifest.get("shards", ())]
    cards = [(folder / name).read_text(encoding="utf-8") for name in _WITH_DIGESTS if (folder / name).is_file()]
    return any(digest not in card for card in cards for digest in digests)


def _is_there(export: Mapping[str, Any]) -> bool:
    folder = Path(export["path"])
    return (folder / MANIFEST).is_file() or (folder / _MENDING).is_file()


def _rows_of_version(found: Found, name: str, version: int) -> int | None:
    """Rows of what is taken down in a version of a table; None if it cannot be read any more."""
    stored = found.tables.get(name)
    if stored is None or version > stored.latest or not any(version in f.versions(stored.latest) for f in stored.files):
        return None
    return sum(
        hit.own_rows for hit in found.hits if hit.file.table == name and version in hit.file.versions(stored.latest)
    )


def shards_of(folder: Path) -> list[Path]:
    """The shards that lie in a folder, in their order."""
    return [path for path in sorted(folder.iterdir())
            if path.suffix == ".parquet" or (path.name.endswith(".jsonl.zst") and not path.name.startswith("."))]


def beside(folder: Path) -> list[Path]:
    """What lies in the folder of an export beside its shards."""
    shards = set(shards_of(folder))
    return [path for path in files_below(folder) if path not in shards]


def named_beside(folder: Path, names: Sequence[str]) -> set[str]:
    """Those of `names` that what lies beside the shards of an export names."""
    found: set[str] = set()
    for path in beside(folder):
        found |= occurring(path.read_bytes(), names)
    return found


def held_beside(folder: Path, notices: Collection[str]) -> set[str]:
    """Those of some notices of which the text stands beside the shards of an export."""
    return {one for path in beside(folder) for one in notices_in(path)} & set(notices) if notices else set()


def shard_rows(folder: Path) -> Iterator[pa.Table]:
    """The rows of an export, shard by shard, as tables with doc_id, text and attribution.

    Raises:
        One of `UNREADABLE`: if a shard is no file of its format.
    """
    for path in shards_of(folder):
        if path.suffix == ".parquet":
            # Exports of older code credit nobody in their rows.
            there = set(pq.read_schema(path).names) & {CREDITING}
            yield pq.read_table(path, columns=["doc_id", "text", *there])
        else:
            rows = [json.loads(line) for line in _lines(path)]
            made = {name: pa.array([row[name] for row in rows], pa.large_string()) for name in ("doc_id", "text")}
            yield pa.table({**made, CREDITING: pa.array([row.get(CREDITING) for row in rows], pa.large_string())})


def _lines(path: Path) -> Iterator[str]:
    import zstandard

    try:
        with path.open("rb") as stream, zstandard.ZstdDecompressor().stream_reader(
            stream, read_across_frames=True
        ) as reader:
            yield from io.TextIOWrapper(reader, "utf-8", newline="\n")
    except zstandard.ZstdError:
        raise ValueError(f"{path.name} is no zstd file") from None


def mend_export(
    folder: Path, ids: Sequence[str], takedown_id: str, action: ExportAction, accompany: Accompany | None = None,
    lines: Lines | None = None,
) -> Mended:
    """Delete an export, or write it again without what is taken down: shards, and all that lies beside them; rows that
    stay are not credited any more by `lines`. What cannot be done is said, and keeps nothing else from being done.

    May be killed at any moment and be done again: a folder that was not mended to the end is marked.
    """
    if action == "report" or not folder.is_dir():
        return Mended("left as it is" if folder.is_dir() else "not there any more")
    try:
        if action == "delete":
            shutil.rmtree(folder)
            return Mended("deleted")
        return Mended("rewritten", _rewrite_export(folder, ids, takedown_id, accompany, lines or Lines()))
    except UNREADABLE as error:
        return Mended("left as it is", f"it could not be {'deleted' if action == 'delete' else 'rewritten'} "
                      f"({type(error).__name__})")


def _rewrite_export(
    folder: Path, ids: Sequence[str], takedown_id: str, accompany: Accompany | None, lines: Lines
) -> str:
    """Write an export again; returns what there is to know of it."""
    manifest = read_manifest(folder)
    if (folder / _MENDING).is_file():
        manifest = manifest or json.loads((folder / _MENDING).read_text(encoding="utf-8"))
    # What the manifest says is kept until all of it is written anew, which begins with the shards.
    _replace(folder / _MENDING, json.dumps(manifest).encode())
    unwanted, shards = set(ids), []
    for path in shards_of(folder):
        rows = _rewrite_shard(path, unwanted, lines)
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        shards.append({"file": path.name, "rows": rows, "bytes": path.stat().st_size, "sha256": digest})
    licenses, tokens = _token_counts(folder)
    manifest |= {
        "shards": shards, "rows": sum(shard["rows"] for shard in shards), "tokens": tokens,
        "tokens_by_license": licenses, "taken_down": sorted({*manifest.get("taken_down", []), takedown_id}),
    }
    told, why = None, "nobody wrote them"
    if accompany is not None:
        try:
            told = accompany(folder, manifest)
        except VersionGone:
            # An export of an old version, whose tables an earlier takedown cleared.
            why = "an earlier takedown deleted what they are made of"
    if told is None:  # what is not written anew would name what is gone
        own = {*manifest.get("cards", ()), *manifest.get("attestation", ())}
        for path in beside(folder):
            if path.relative_to(folder).as_posix() in own:
                path.unlink()
        manifest |= {name: [] for name in ("cards", "attestation") if name in manifest} | {"cards_sha256": {}}
        told = f"its cards are gone, for {why}"
        _replace(folder / MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())
    notes = [told]
    (folder / _MENDING).unlink()
    if left := named_beside(folder, ids):
        notes.append(f"other files in its folder name {len(left)} of the documents")
    return "; ".join(filter(None, notes))


def _rewrite_shard(path: Path, unwanted: set[str], lines: Lines) -> int:
    """Write a shard again without some documents and lines of credits, unless it has none of either; returns the rows
    that it has then."""
    with faults_of(path):
        return _shard_without(path, unwanted, lines)


def _shard_without(path: Path, unwanted: set[str], lines: Lines) -> int:
    building = path.with_name(f".{path.name}")
    rows, changed = 0, False
    if path.suffix == ".parquet":
        wanted = pa.array(sorted(unwanted), pa.string())
        with pq.ParquetFile(path) as source, pq.ParquetWriter(
            building, source.schema_arrow, compression="zstd"
        ) as writer:
            for batch in source.iter_batches(batch_size=1_024):
                some = batch.filter(pc.invert(pc.is_in(batch.column("doc_id"), wanted)))
                changed, rows = changed or some.num_rows < batch.num_rows, rows + some.num_rows
                if (credits := lines.credits_without(some)) is not None:
                    place = some.schema.get_field_index(CREDITING)
                    some, changed = some.set_column(place, some.schema.field(place), credits), True
                writer.write_batch(some)
    else:
        import zstandard

        with building.open("wb") as raw, zstandard.ZstdCompressor(level=3).stream_writer(raw) as writer:
            for line in _lines(path):
                row = json.loads(line)
                if row["doc_id"] in unwanted:
                    changed = True
                    continue
                rows += 1
                credited = row.get(CREDITING) or ""
                if (left := lines.taken_out_of(credited, row["doc_id"])) != credited:
                    line, changed = json.dumps(row | {CREDITING: left}, ensure_ascii=False) + "\n", True
                writer.write(line.encode("utf-8"))
    if not changed:
        building.unlink()
    else:
        os.replace(building, path)
    return rows


def _token_counts(folder: Path) -> tuple[dict[str, int], int]:
    counts: dict[str, int] = {}
    for path in shards_of(folder):
        if path.suffix == ".parquet":
            rows = pq.read_table(path, columns=["license_spdx", "token_count"]).to_pylist()
        else:
            rows = [json.loads(line) for line in _lines(path)]
        for row in rows:
            counts[row["license_spdx"]] = counts.get(row["license_spdx"], 0) + row["token_count"]
    return dict(sorted(counts.items())), sum(counts.values())


def _replace(path: Path, content: bytes) -> None:
    building = path.with_name(f".{path.name}")
    with faults_of(path):
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
