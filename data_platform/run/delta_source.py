"""Daft's source of Delta tables, at the paths where the files lie.

delta-rs calls a table by a URL, in which blanks and letters beyond ASCII are escaped; Daft 0.7 joins the paths of files
to that and opens what comes of it as it stands. Under a folder called `a b` or `café` it so finds no file. Not here:
paths that delta-rs itself misreads (`lake/place.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from daft import DataFrame
from daft.daft import IOConfig, StorageConfig
from daft.io.delta_lake.delta_lake_scan import DeltaLakeDataSource, delta_schema_to_pyarrow
from daft.schema import Schema

if TYPE_CHECKING:
    from deltalake import DeltaTable


class _Located:
    """A table that says where it is without escapes, and is itself in all else."""

    def __init__(self, table: DeltaTable, uri: str) -> None:
        self._table, self._uri = table, uri

    @property
    def table_uri(self) -> str:
        """The path of a local table, else its URI."""
        uri = self._uri
        return unquote(urlsplit(uri).path if uri.startswith("file://") else uri)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)


class _Source(DeltaLakeDataSource):
    def __init__(self, uri: str, storage: StorageConfig, version: int, past: DeltaTable | None) -> None:
        super().__init__(uri, storage, version if past is None else None)
        where = self._table.table_uri
        if past is not None:  # the latest version was opened, which may have other columns
            self._table, self._schema = past, Schema.from_pyarrow_schema(delta_schema_to_pyarrow(past.schema()))
        self._table = _Located(self._table, where)


def read_table(
    uri: str, version: int, settings: IOConfig | None, threads: bool, past: DeltaTable | None = None
) -> DataFrame:
    """The rows of a version of the table at `uri`, as `daft.read_deltalake` would give them.

    Args:
        settings: how its store is reached; None for disks.
        threads: whether files may be read by several threads at once.
        past: a handle of that version, if it cannot be opened at its place (`Lake.past`).
    """
    return _Source(uri, StorageConfig(threads, settings), version, past).read()
