"""Parquet files under a table's root, written by whoever has the rows, committed later by `lake.py`.

A file that no commit names is no part of the table: a writer that is killed leaves nothing to undo. Not here:
transactions, schemas of tables (`core/tables.py`).
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs
import pyarrow.parquet as pq

from data_platform.core.columns import Table
from data_platform.lake import unfinished
from data_platform.lake.faults import StoreFault, TellingHandler, faults_told, tried_again

# A row group is what a reader decodes at once: it bounds the memory of every stage that reads the table.
ROW_GROUP_BYTES = 16 * 2**20
ROW_GROUP_ROWS = 64 * 1024
# Logical bytes per file, for the same reason: engines read whole files ahead.
FILE_BYTES = 128 * 2**20
_PIECE = 2**20
COMPRESSION = {"compression": "zstd", "compression_level": 3}


@dataclass(frozen=True)
class DataFile:
    """A Parquet file that belongs to a table once it is committed. `path` is relative to the table's root, `sha256` the
    digest of its bytes in hexadecimal, taken while it was written."""

    table: str
    path: str
    partition: tuple[tuple[str, str], ...]
    bytes: int
    rows: int
    modified_ms: int
    sha256: str

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DataFile:
        """The file that `dataclasses.asdict` and JSON were made of."""
        return cls(**{**values, "partition": tuple((name, value) for name, value in values["partition"])})


@lru_cache(maxsize=64)
def _filesystem(uri: str, options: tuple[tuple[str, str], ...], endpoint: str | None) -> pyarrow.fs.FileSystem:
    return pyarrow.fs.PyFileSystem(TellingHandler(uri, dict(options)))


def filesystem(uri: str, storage_options: Mapping[str, str]) -> pyarrow.fs.FileSystem:
    """The file system rooted at `uri`, reached as delta-rs reaches it (same options, local or object store)."""
    if "://" not in uri:
        with faults_told("make", uri):
            os.makedirs(uri, exist_ok=True)
    # delta-rs reads the endpoint from the environment: another one is another store.
    return _filesystem(uri, tuple(sorted(storage_options.items())), os.environ.get("AWS_ENDPOINT_URL"))


class HashedStream(io.RawIOBase):
    """A file that is written from beginning to end, and knows the SHA-256 of what was written to it."""

    def __init__(self, system: pyarrow.fs.FileSystem, path: str) -> None:
        self._system, self._path = system, path
        # A buffer larger than any write: what is not buffered, pyarrow hands on as a buffer, and delta-rs takes bytes.
        self._stream = system.open_output_stream(path, buffer_size=2 * _PIECE)
        self._digest = hashlib.sha256()

    def writable(self) -> bool:
        """It is for writing alone."""
        return True

    def write(self, piece: bytes | memoryview) -> int:
        """Write a piece; returns its length."""
        whole = memoryview(piece).cast("B")
        self._digest.update(whole)
        for start in range(0, len(whole), _PIECE):
            self._stream.write(whole[start:start + _PIECE])
        return len(whole)

    def flush(self) -> None:
        """Nothing: what is written goes on at once."""

    def tell(self) -> int:
        """Bytes that were written."""
        return self._stream.tell()

    def close(self) -> None:
        """End the file. Where a store does not answer to that, what it has is read again."""
        if not self.closed:
            try:
                self._stream.close()
            except StoreFault:
                if not self._is_there():
                    raise
            finally:
                super().close()

    def _is_there(self) -> bool:
        """Whether the file holds what was written."""
        digest = hashlib.sha256()
        try:
            with self._system.open_input_stream(self._path) as stream:
                for piece in iter(lambda: stream.read(_PIECE), b""):
                    digest.update(piece)
        except FileNotFoundError:
            return False
        return digest.digest() == self._digest.digest()

    @property
    def sha256(self) -> str:
        """Digest of what was written so far, in hexadecimal."""
        return self._digest.hexdigest()


@dataclass
class _OpenFile:
    path: str
    partition: tuple[tuple[str, str], ...]
    stream: HashedStream
    parquet: pq.ParquetWriter
    pending: list[pa.RecordBatch] = field(default_factory=list)
    pending_bytes: int = 0
    pending_rows: int = 0
    bytes: int = 0
    rows: int = 0


class TableWriter:
    """Writes record batches of one table as Parquet files, split by partition, rolled by size. Thread-safe.

    Batches must have the table's columns (in any order; more are dropped); they are cast to its schema, so a null in a
    column that must not be null raises here and not in a reader.

    Args:
        name: gives the name of every file, without its ending; random ones by default.
    """

    def __init__(
        self, declared: Table, table_uri: str, storage_options: Mapping[str, str],
        name: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self._table, self._name = declared, name
        self._uri = table_uri
        self._options = dict(storage_options)
        self._open: dict[tuple[tuple[str, str], ...], _OpenFile] = {}
        self._done: list[DataFile] = []
        self._lock = threading.Lock()
        partition_by = set(self._table.partition_by)
        self._file_schema = pa.schema([f for f in self._table.schema if f.name not in partition_by])

    def write(self, batch: pa.RecordBatch) -> None:
        """Append `batch`; it goes to disk once its row group is full."""
        if not batch.num_rows:
            return
        with self._lock:
            for partition, rows in self._split(batch):
                self._append(partition, rows)

    def close(self) -> list[DataFile]:
        """Finish all files and return them. The writer can be used again afterwards."""
        with self._lock:
            for file in list(self._open.values()):
                self._finish(file)
            done, self._done = self._done, []
            return done

    def _split(self, batch: pa.RecordBatch) -> list[tuple[tuple[tuple[str, str], ...], pa.RecordBatch]]:
        rows = pa.Table.from_batches([batch])
        parts = [((), rows)]
        for name in self._table.partition_by:
            parts = [
                ((*partition, (name, value)), some.filter(pc.equal(some[name], value)))
                for partition, some in parts
                for value in pc.unique(some[name].cast(pa.string())).to_pylist()
            ]
        result = []
        for partition, some in parts:
            some = some.select(self._file_schema.names)
            self._refuse_nulls(some)
            shaped = some.cast(self._file_schema)
            result.extend((partition, piece) for piece in shaped.combine_chunks().to_batches())
        return result

    def _refuse_nulls(self, rows: pa.Table) -> None:
        for column in self._file_schema:
            if not column.nullable and rows[column.name].null_count:
                count = rows[column.name].null_count
                raise ValueError(f"{self._table.name}.{column.name} must not be null, {count} of its values are")

    def _append(self, partition: tuple[tuple[str, str], ...], batch: pa.RecordBatch) -> None:
        file = self._open.get(partition) or self._start(partition)
        file.pending.append(batch)
        file.pending_bytes += batch.nbytes
        file.pending_rows += batch.num_rows
        if file.pending_bytes >= ROW_GROUP_BYTES or file.pending_rows >= ROW_GROUP_ROWS:
            self._flush(file)
            if file.bytes >= FILE_BYTES:
                self._finish(file)

    def _start(self, partition: tuple[tuple[str, str], ...]) -> _OpenFile:
        folder = "".join(f"{name}={value}/" for name, value in partition)
        path = f"{folder}{self._name()}.parquet"
        system = filesystem(self._uri, self._options)
        stream = HashedStream(system, path)
        long = {column.name for column in self._table.columns if column.long}
        names = self._file_schema.names
        parquet = pq.ParquetWriter(
            stream,
            self._file_schema,
            # Long columns have no use for a dictionary, and their extremes do not belong into statistics.
            use_dictionary=[name for name in names if name not in long],
            write_statistics=[name for name in names if name not in long],
            store_schema=False,
            **COMPRESSION,
        )
        unfinished.begin(self._uri, path, system, parquet, stream)
        file = self._open[partition] = _OpenFile(path, partition, stream, parquet)
        return file

    def _flush(self, file: _OpenFile) -> None:
        if not file.pending:
            return
        rows = pa.Table.from_batches(file.pending)
        # One very long text must not share its row group with thousands of others.
        step = max(1, int(rows.num_rows * min(1.0, ROW_GROUP_BYTES / max(1, file.pending_bytes))))
        file.parquet.write_table(rows, row_group_size=step)
        file.bytes += file.pending_bytes
        file.rows += file.pending_rows
        file.pending, file.pending_bytes, file.pending_rows = [], 0, 0

    def _finish(self, file: _OpenFile) -> None:
        self._flush(file)
        file.parquet.close()
        size = file.stream.tell()
        file.stream.close()
        del self._open[file.partition]
        now = int(time.time() * 1000)
        digest = file.stream.sha256
        self._done.append(DataFile(self._table.name, file.path, file.partition, size, file.rows, now, digest))


def write_bytes(system: pyarrow.fs.FileSystem, path: str, pieces: Iterable[bytes]) -> tuple[int, str]:
    """Write pieces to a file, or over it; returns how many bytes that made, and their SHA-256. A list of pieces is at
    hand: it is written again if the connection to a store breaks off."""
    return tried_again(lambda: _written(system, path, pieces)) if isinstance(pieces, list) else _written(
        system, path, pieces)


def _written(system: pyarrow.fs.FileSystem, path: str, pieces: Iterable[bytes]) -> tuple[int, str]:
    with HashedStream(system, path) as stream:
        for piece in pieces:
            stream.write(piece)
        return stream.tell(), stream.sha256


def rewrite(
    declared: Table, table_uri: str, storage_options: Mapping[str, str], path: str,
    partition: tuple[tuple[str, str], ...], change: Callable[[pa.Table], pa.Table] | None,
) -> DataFile | None:
    """Write a file of a table again beside it, row group by row group, with the rows that `change` makes of its own.

    Without `change`, the bytes are copied as they are. A file of which no row is left is not written: None.
    """
    system = filesystem(table_uri, storage_options)
    folder = path.rpartition("/")[0]
    target = f"{folder}/{uuid.uuid4()}.parquet" if folder else f"{uuid.uuid4()}.parquet"
    rows = 0
    with system.open_input_file(path) as source:
        parquet = pq.ParquetFile(source)
        if change is None:
            rows = parquet.metadata.num_rows
            source.seek(0)
            size, digest = write_bytes(system, target, iter(lambda: source.read(_PIECE), b""))
        else:
            long = {column.name for column in declared.columns if column.long}
            short = [name for name in parquet.schema_arrow.names if name not in long]
            with HashedStream(system, target) as stream:
                with pq.ParquetWriter(stream, parquet.schema_arrow, use_dictionary=short, write_statistics=short,
                                      store_schema=False, **COMPRESSION) as writer:
                    for group in range(parquet.num_row_groups):
                        some = change(parquet.read_row_group(group))
                        rows += some.num_rows
                        if some.num_rows:
                            writer.write_table(some)
                size, digest = stream.tell(), stream.sha256
    if not rows:
        system.delete_file(target)
        return None
    return DataFile(declared.name, target, partition, size, rows, int(time.time() * 1000), digest)


def discard(files: list[DataFile], table_uri: str, storage_options: Mapping[str, str]) -> None:
    """Delete files that will not be committed, because another run has already committed the same rows."""
    unfinished.claim(table_uri, [file.path for file in files])
    system = filesystem(table_uri, storage_options)
    for file in files:
        system.delete_file(file.path)
