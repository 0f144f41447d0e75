"""Every data file below a lake: of which table, named by which versions, or by none.

A takedown is about files and not about rows of the latest version: what an old version names, and what a writer that
was killed has left, holds text as well. Here belongs what lies where. Not here: which rows are sought (`plan.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from data_platform.core.errors import PlainError
from data_platform.core.tables import PLATFORM_LOGS
from data_platform.lake.chain import log_of, reader
from data_platform.lake.faults import StoreUnanswered
from data_platform.lake.lake import Lake
from data_platform.lake.writer import filesystem

LOG = "_delta_log"
_CHUNK = 2**20


class FileUnreadable(PlainError, RuntimeError):
    """A file that a version of a table names cannot be read. Nothing can be said of what it holds."""


@dataclass(frozen=True)
class StoredFile:
    """A Parquet file in a table's folder.

    Attributes:
        table: name of the table.
        path: relative to the table's root.
        bytes: its size.
        partition: values of the partition columns, as the log has them; of leftovers as the path has them.
        added: the version that added it; None if no version names it.
        removed: the version that removed it; None if the latest version names it, or none ever did.
    """

    table: str
    path: str
    bytes: int
    partition: tuple[tuple[str, str], ...]
    added: int | None
    removed: int | None

    @property
    def current(self) -> bool:
        """Whether the latest version of the table names it."""
        return self.added is not None and self.removed is None

    def versions(self, latest: int) -> range:
        """The versions that name it."""
        if self.added is None:
            return range(0)
        return range(self.added, latest + 1 if self.removed is None else self.removed)


@dataclass(frozen=True)
class StoredTable:
    """A table with all its files, and the number of its latest version."""

    name: str
    latest: int
    files: tuple[StoredFile, ...]


def corpus_tables(lake: Lake) -> list[str]:
    """The tables of a lake that hold rows of the corpus."""
    return [name for name in lake.tables() if name not in PLATFORM_LOGS]


def stored_table(lake: Lake, name: str) -> StoredTable:
    """All data files of a table, those of old versions and leftovers included. Reads the log and no data."""
    system = filesystem(lake.table_uri(name), lake.storage_options)
    sizes = {
        info.path.lstrip("/"): info.size
        for info in system.get_file_info(pyarrow.fs.FileSelector("", recursive=True))
        if info.type == pyarrow.fs.FileType.File
    }
    added: dict[str, tuple[int, tuple[tuple[str, str], ...]]] = {}
    removed: dict[str, int] = {}
    latest = 0
    away, there = log_of(lake, name)
    read = reader(lake, name, away)
    for version in [*range(away), *there]:
        latest = version
        for kind, value in read(version):
            if kind == "add":
                values = tuple((key, str(part)) for key, part in value["partitionValues"].items())
                added[unquote(value["path"])] = (version, values)
                removed.pop(unquote(value["path"]), None)
            elif kind == "remove":
                removed[unquote(value["path"])] = version
    files = [
        StoredFile(
            name, path, size, added[path][1] if path in added else _partition_of(path),
            added[path][0] if path in added else None, removed.get(path),
        )
        for path, size in sorted(sizes.items())
        if path.endswith(".parquet") and not path.startswith(LOG)
    ]
    return StoredTable(name, latest, tuple(files))


def log_files(paths: Sequence[str] | dict[str, int]) -> list[tuple[int, str]]:
    """Version and path of every commit file among `paths`."""
    found = []
    for path in paths:
        if path.startswith(f"{LOG}/") and path.endswith(".json"):
            stem = path.removeprefix(f"{LOG}/").removesuffix(".json")
            if stem.isdigit():
                found.append((int(stem), path))
    return found


def _partition_of(path: str) -> tuple[tuple[str, str], ...]:
    folders = (part.partition("=") for part in path.split("/")[:-1])
    return tuple((unquote(key), unquote(value)) for key, sign, value in folders if sign)


def open_parquet(lake: Lake, file: StoredFile) -> pq.ParquetFile | None:
    """The file; None if it is a leftover that was not written to its end.

    Raises:
        FileUnreadable: if a version names it and it is no Parquet file.
    """
    system = filesystem(lake.table_uri(file.table), lake.storage_options)
    try:
        return pq.ParquetFile(system.open_input_file(file.path))
    except StoreUnanswered:
        raise
    except (pa.ArrowInvalid, OSError) as error:
        if file.added is None:
            return None
        kind = type(error).__name__
        raise FileUnreadable(f"{lake.table_uri(file.table)}/{file.path} cannot be read ({kind})") from None


def columns_in(parquet: pq.ParquetFile, wanted: Sequence[str]) -> list[str]:
    """Those of `wanted` that the file has: files of old versions may lack columns of today."""
    names = set(parquet.schema_arrow.names)
    return [name for name in wanted if name in names]


def digest_of_file(lake: Lake, file: StoredFile) -> str:
    """SHA-256 of a file's bytes."""
    system = filesystem(lake.table_uri(file.table), lake.storage_options)
    digest = hashlib.sha256()
    with system.open_input_file(file.path) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
