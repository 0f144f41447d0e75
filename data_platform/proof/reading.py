"""Reading of the tables on a way: narrow columns at the versions that were read, batch by batch.

Not here: what is looked for in them (`examination`, `derivation`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_platform.core.errors import PlainError
from data_platform.lake.lake import Lake
from data_platform.lake.writer import filesystem
from data_platform.proof.way import Stop

if TYPE_CHECKING:
    from deltalake import DeltaTable

BATCH_ROWS = 262_144
TEXT_ROWS = 4_096

CODED = ("snapshot", "source", "domain", "host", "language", "license_spdx", "claimed_spdx", "license_basis",
         "location", "scope", "resolver", "extractor", "outcome", "model", "record_type", "mime")
"""Columns of few values: read as numbers and a dictionary. So are those that end in `_model`."""
_GONE = ("{0.table} version {0.version} cannot be read any more: files of it were deleted, as a takedown does; run the "
         "recipe again")
_CODES = pa.dictionary(pa.int32(), pa.string())


class CannotExamine(PlainError, RuntimeError):
    """A table on the way cannot be read: older code wrote it without the columns that are asked, or its files are gone.
    The message says which."""


class Reader:
    """Reads what stops name, each table version opened once."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self._handles: dict[tuple[str, int], DeltaTable] = {}

    def columns(self, stop: Stop) -> list[str]:
        """The columns that the table has at the version that was read."""
        return self._schema(stop).names

    def empty(self, stop: Stop, names: Sequence[str]) -> pa.Table:
        """No rows, with the types that `read` gives."""
        stored = self._schema(stop)
        types = [_CODES if _is_coded(name) else stored.field(name).type for name in names]
        return pa.schema(zip(names, types, strict=True)).empty_table()

    def read(self, stop: Stop, names: Sequence[str], batch_rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
        """Rows of a partition as it was read on the way, in large batches.

        The files are read here and not through a dataset, which cannot leave dictionaries as they are stored: of half
        the columns that are asked for, this saves the decoding.

        Raises:
            CannotExamine: if the table lacks a column, or files of it are gone.
        """
        missing = [name for name in names if name not in self.columns(stop)]
        if missing:
            raise CannotExamine(f"{stop.table} version {stop.version} has no column {', '.join(missing)}: older code "
                                "wrote it; run the recipe again")
        system = filesystem(self.lake.table_uri(stop.table), self.lake.storage_options)
        coded = [name for name in names if _is_coded(name)]
        for path in self._files(stop):
            try:
                with system.open_input_file(path) as source:
                    file = pq.ParquetFile(source, read_dictionary=coded)
                    for batch in file.iter_batches(batch_size=batch_rows, columns=list(names)):
                        yield pa.table([_coded(batch[name]) if name in coded else batch[name] for name in names],
                                       names=list(names))
            except FileNotFoundError:
                raise CannotExamine(_GONE.format(stop)) from None

    def read_where(
        self, stop: Stop, names: Sequence[str], column: str, chosen: Callable[[pa.Array], pa.Array]
    ) -> Iterator[pa.Table]:
        """Rows of which a value is chosen. Of the other columns, only groups of rows with one are read.

        Raises:
            CannotExamine: if files of the table are gone.
        """
        system = filesystem(self.lake.table_uri(stop.table), self.lake.storage_options)
        for path in self._files(stop):
            try:
                with system.open_input_file(path) as source:
                    file = pq.ParquetFile(source)
                    for group in range(file.num_row_groups):
                        marks = chosen(file.read_row_group(group, [column])[column])
                        if pc.any(marks).as_py():
                            yield file.read_row_group(group, list(names)).filter(marks)
            except FileNotFoundError:
                raise CannotExamine(_GONE.format(stop)) from None

    def rows_of(self, stop: Stop, key: str, ids: pa.Array, names: Sequence[str]) -> Iterator[pa.Table]:
        """Rows of a partition whose `key` is among `ids`, row group by row group; of row groups that have none of them
        nothing but the key is read.

        Raises:
            CannotExamine: if the table lacks a column, or files of it are gone.
        """
        if missing := [name for name in (key, *names) if name not in self.columns(stop)]:
            raise CannotExamine(f"{stop.table} version {stop.version} has no column {', '.join(missing)}: older code "
                                "wrote it; run the recipe again")
        system = filesystem(self.lake.table_uri(stop.table), self.lake.storage_options)
        columns = self._partition_columns(stop)
        for path in self._files(stop):
            with system.open_input_file(path) as source:
                file = pq.ParquetFile(source)
                for group in range(file.num_row_groups):
                    mask = pc.is_in(file.read_row_group(group, columns=[key])[key].cast(pa.string()), ids)
                    if pc.any(mask).as_py():
                        stored = [name for name in names if name not in columns]
                        rows = file.read_row_group(group, columns=stored).filter(mask)
                        values = {name: pa.repeat(columns[name], rows.num_rows) for name in names if name in columns}
                        yield pa.table({name: values[name] if name in values else rows[name] for name in names})

    def _partition_columns(self, stop: Stop) -> dict[str, str]:
        """Values of the partition columns, which stand in no file."""
        return dict(zip(self._open(stop).metadata().partition_columns, stop.partition.split("/"), strict=False))

    def _open(self, stop: Stop) -> DeltaTable:
        key = stop.table, stop.version
        if key not in self._handles:
            self._handles[key] = self.lake.open(*key)
        return self._handles[key]

    def _schema(self, stop: Stop) -> pa.Schema:
        return pa.schema(self._open(stop).schema().to_arrow())

    def _files(self, stop: Stop) -> list[str]:
        """Paths of the files of a partition as it was read on the way, within the table."""
        handle = self._open(stop)
        actions = pa.table(handle.get_add_actions(flatten=True))
        for key, value in zip(handle.metadata().partition_columns, stop.partition.split("/"), strict=False):
            if value and actions.num_rows:
                actions = actions.filter(pc.equal(actions[f"partition.{key}"], value))
        return [unquote(path) for path in actions["path"].to_pylist()] if actions.num_rows else []


def _is_coded(name: str) -> bool:
    return name in CODED or name.endswith("_model")


def _coded(column: pa.Array) -> pa.Array:
    """A column of few values as numbers and a dictionary, however the file has it."""
    if column.type == _CODES:
        return column
    return column.cast(pa.string()).dictionary_encode().cast(_CODES)


def digests(texts: pa.ChunkedArray) -> np.ndarray:
    """Two 64-bit digests of every text."""
    from data_platform.kernels.ids import digest_texts

    column = pc.fill_null(texts, "").cast(pa.large_string()).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks)
    found = np.zeros((len(column), 2), np.uint64)
    if len(column):
        offsets = np.frombuffer(column.buffers()[1], np.int64)[column.offset:column.offset + len(column) + 1]
        digest_texts(np.frombuffer(column.buffers()[2] or b"", np.uint8), offsets, found)
    return found


def tally(places: np.ndarray, counts: np.ndarray) -> None:
    """Count every place that is not negative."""
    from data_platform.kernels.ids import tally as count

    count(places, counts)
