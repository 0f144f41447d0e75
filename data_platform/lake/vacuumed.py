"""Files that a vacuum has deleted: what the table `vacuums` says of them, so that they are not taken for damage.

They are noted before the first goes, so that a vacuum that is killed leaves none that is gone and not on record. Here
belong the record and the deletion of files, for whoever deletes some (takedowns and compactions, too). Not here: which
files nobody needs (`pipeline/vacuum.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.lake.faults import faults_told
from data_platform.lake.writer import filesystem

if TYPE_CHECKING:
    from data_platform.lake.lake import Lake

TABLE = "vacuums"
_WORKERS = 16


@dataclass(frozen=True)
class Unneeded:
    """A file of a table that nothing needs: its path within the table, its size in bytes, and the version that added
    it; None if no version names it."""

    path: str
    bytes: int
    added: int | None


@dataclass(frozen=True)
class Vacuum:
    """What one vacuum deletes of a table.

    Attributes:
        version: the last version that the table had.
        kept_since: what was replaced or written since then was kept.
    """

    table: str
    table_id: str
    version: int
    kept_since: datetime
    files: tuple[Unneeded, ...]


def note(lake: Lake, vacuums: Sequence[Vacuum], at: datetime) -> None:
    """Note what is about to be deleted, in one commit; nothing, if there is nothing."""
    rows = [
        {"table": one.table, "table_id": one.table_id, "version": one.version, "kept_since": one.kept_since,
         "files": [vars(file) for file in one.files], "bytes": sum(file.bytes for file in one.files),
         "vacuumed_at": at}
        for one in vacuums if one.files
    ]
    if rows:
        lake.append(TABLE, pa.Table.from_pylist(rows, schema=table(TABLE).schema))


def vacuums_of(lake: Lake, name: str, table_id: str) -> list[dict[str, Any]]:
    """The rows of `vacuums` about a table, oldest first."""
    if not lake.exists(TABLE):
        return []
    where = (pc.field("table") == name) & (pc.field("table_id") == table_id)
    return lake.read_table(TABLE, where=where).sort_by("vacuumed_at").to_pylist()


def vacuumed_files(lake: Lake, name: str, table_id: str) -> dict[str, datetime]:
    """When files of a table were vacuumed, by path within it."""
    return {file["path"]: row["vacuumed_at"].astimezone(UTC)
            for row in vacuums_of(lake, name, table_id) for file in row["files"]}


def delete_files(lake: Lake, name: str, paths: Iterable[str]) -> None:
    """Delete files of a table, given by their paths within it; what is not there any more is left at that."""
    uri = lake.table_uri(name)
    system = filesystem(uri, lake.storage_options)

    def delete(path: str) -> None:
        # Where it is gone, somebody else was faster.
        with suppress(FileNotFoundError), faults_told("delete", f"{uri}/{path}"):
            if "://" not in uri and "#" in path:  # what was begun, which the file system of delta-rs does not show
                os.unlink(os.path.join(uri, path))
            else:
                system.delete_file(path)

    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(delete, paths))
