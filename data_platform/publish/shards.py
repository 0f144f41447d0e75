"""The shards of an export: which files they are, and their narrow columns, read in bounded memory.

What accompanies an export is written from its shards and checked against them, not against the lake: so it agrees with
what whoever gets the export holds, also after rows were taken out. Belongs here: reading. Not here: writing them
(`export.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq

from data_platform.core.errors import PlainError

Format = Literal["parquet", "jsonl.zst"]
MEDIA_TYPES: dict[str, str] = {"parquet": "application/x-parquet", "jsonl.zst": "application/jsonlines+zstd"}
"""The formats of shards."""
_BLOCK = 16 * 2**20
_LONGEST_LINE = 512 * 2**20
_DIGESTED = 8 * 2**20


COUNTED = pa.schema([
    pa.field(name, type_, nullable=False) for name, type_ in (
        ("doc_id", pa.string()), ("source", pa.string()), ("snapshot", pa.string()), ("license_spdx", pa.string()),
        ("license_tier", pa.int64()), ("token_count", pa.int64()),
    )
])
"""The columns of a shard by which its rows are known and counted."""


class ShardUnreadable(PlainError, ValueError):
    """A shard that cannot be read as what it is called. The message names the file, and nothing that is in it."""


class Digests(NamedTuple):
    """Bytes of a file, and their SHA-256 and SHA-1 as hexadecimal digits."""

    bytes: int
    sha256: str
    sha1: str


def digests_of(path: Path) -> Digests:
    """The digests of a file, which is read once: SPDX asks for SHA-1, too.

    Raises:
        OSError: if it cannot be read.
    """
    sha256, sha1, size = hashlib.sha256(), hashlib.sha1(usedforsecurity=False), 0
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(_DIGESTED):
            sha256.update(block)
            sha1.update(block)
            size += len(block)
    return Digests(size, sha256.hexdigest(), sha1.hexdigest())


def read_shard(path: Path, schema: pa.Schema, batch_rows: int = 65_536) -> Iterator[pa.RecordBatch]:
    """Columns of a shard, batch by batch, with the names and types of `schema`.

    Columns that may be null are, where a shard of older code lacks them.

    Raises:
        ShardUnreadable: if it is no file of its format, or lacks a column that may not be null.
    """
    try:
        if path.name.endswith(".parquet"):
            yield from _read_parquet(path, schema, batch_rows)
        else:
            yield from _read_lines(path, schema)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        if isinstance(error, ShardUnreadable):
            raise
        # Messages of libraries quote values.
        raise ShardUnreadable(f"{path.name} cannot be read as the shard that it is called") from None


def _read_parquet(path: Path, schema: pa.Schema, batch_rows: int) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        there = file.schema_arrow.names
        if missing := [field.name for field in schema if field.name not in there and not field.nullable]:
            raise ShardUnreadable(f"{path.name} has no column {', '.join(missing)}")
        for batch in file.iter_batches(batch_rows, columns=[name for name in schema.names if name in there]):
            columns = [batch.column(field.name) if field.name in there else pa.nulls(batch.num_rows, field.type)
                       for field in schema]
            yield from _unless_null(path, pa.table(columns, schema.names), schema)


def _read_lines(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    import zstandard

    nullable = pa.schema([field.with_nullable(True) for field in schema])
    options = pa.json.ParseOptions(explicit_schema=nullable, unexpected_field_behavior="ignore")
    with path.open("rb") as stream, zstandard.ZstdDecompressor().stream_reader(
        stream, read_across_frames=True
    ) as reader:
        rest = b""
        try:
            while True:
                block = reader.read(_BLOCK)
                whole, end, rest = (rest + block).rpartition(b"\n") if block else (rest, b"", b"")
                if len(rest) > _LONGEST_LINE:
                    raise ShardUnreadable(f"{path.name} has a line of more than {_LONGEST_LINE:,} bytes")
                if whole.strip():
                    content = whole + end
                    rows = pa.json.read_json(pa.BufferReader(content), pa.json.ReadOptions(
                        block_size=len(content) + 1), options)
                    yield from _unless_null(path, rows.select(schema.names), schema)
                if not block:
                    return
        except zstandard.ZstdError:
            raise ShardUnreadable(f"{path.name} cannot be read as the shard that it is called") from None


def _unless_null(path: Path, rows: pa.Table, schema: pa.Schema) -> list[pa.RecordBatch]:
    """Rows as batches of a schema, whose columns are not null where it says so."""
    if missing := [field.name for field in schema if not field.nullable and rows[field.name].null_count]:
        raise ShardUnreadable(f"{path.name} has rows without {', '.join(missing)}")
    return rows.cast(schema).to_batches()


def read_shards(
    folder: Path, names: Sequence[str], schema: pa.Schema, batch_rows: int = 65_536
) -> Iterator[pa.RecordBatch]:
    """Columns of shards, one after another.

    Raises:
        ShardUnreadable: as of `read_shard`.
    """
    for name in names:
        yield from read_shard(folder / name, schema, batch_rows)
