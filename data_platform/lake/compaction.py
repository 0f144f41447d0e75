"""Fewer files for the logs of the platform, which get one with every commit of any table.

As in a log-structured merge tree (O'Neil et al. 1996): once there are 64 files of a level, their rows are written as
one of the next, so that a log of n commits has some 64 files per level and every row is written log n times. Larger
files are taken over byte for byte, under names that keep the order in which rows were committed. The commit that does
it says how many rows each file had that it takes the place of (`log.py`), and custody holds that against the log.

Not here: which logs (`core/tables.COMPACTED`), and the commit (`lake.py`).
"""

from __future__ import annotations

import itertools
import re
import time
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow.fs
import pyarrow.parquet as pq

from data_platform.core.tables import table
from data_platform.lake.log import DataFile as LoggedFile
from data_platform.lake.vacuumed import delete_files
from data_platform.lake.writer import DataFile, TableWriter, filesystem, write_bytes

if TYPE_CHECKING:
    from data_platform.lake.lake import Lake

FILES = 64
"""How many files of a level become one of the next."""
_GRACE_SECONDS = 3600.0
"""How long what was compacted stays for readers that began before."""
_NAME = re.compile(r"\d{6}-(\d+)-")
_PIECE = 2**20

Block = tuple[int, tuple[LoggedFile, ...]]
"""Files, in the order of their rows, and the level of what they become; a single one stays as it is."""


def in_order(files: Sequence[LoggedFile]) -> list[LoggedFile]:
    """The files of a log of the platform in the order in which their rows were committed."""
    return sorted(files, key=lambda file: (file.version, file.path))


def blocks_of(files: Sequence[LoggedFile]) -> list[Block]:
    """What becomes of the files of a log; nothing, if there are too few for anything."""
    blocks: list[Block] = [(_level(file), (file,)) for file in in_order(files)]
    if not _merge(blocks, 0):
        return []
    level = 1
    while _merge(blocks, level):
        level += 1
    return blocks


def _merge(blocks: list[Block], level: int) -> bool:
    """Merge the last blocks, if there are enough of a level; says whether it did."""
    count = len(list(itertools.takewhile(lambda block: block[0] == level, reversed(blocks))))
    if count < FILES:
        return False
    merged = tuple(file for _, files in blocks[-count:] for file in files)
    blocks[-count:] = [(level + 1, merged)]
    return True


def _level(file: LoggedFile) -> int:
    found = _NAME.match(file.path)
    return int(found[1]) if found else 0


def is_whole(lake: Lake, name: str, files: Sequence[LoggedFile]) -> bool:
    """Whether all files of a log are there, and of their size."""
    infos = filesystem(lake.table_uri(name), lake.storage_options).get_file_info([file.place for file in files])
    return all(info.size == file.bytes for info, file in zip(infos, files, strict=True))


def write_blocks(lake: Lake, name: str, blocks: Sequence[Block]) -> list[DataFile]:
    """Write the files of a log as blocks say; none of them is committed."""
    uri, options = lake.table_uri(name), lake.storage_options
    system, number = filesystem(uri, options), itertools.count()
    written: list[DataFile] = []
    for level, files in blocks:
        def named(level: int = level) -> str:
            return f"{next(number):06d}-{level}-{uuid.uuid4()}"

        if len(files) == 1:
            path = f"{named()}.parquet"
            with system.open_input_file(files[0].place) as source:
                size, digest = write_bytes(system, path, iter(lambda source=source: source.read(_PIECE), b""))
            written.append(DataFile(name, path, (), size, files[0].rows, int(time.time() * 1000), digest))
            continue
        writer = TableWriter(table(name), uri, options, named)
        for file in files:
            with system.open_input_file(file.place) as source:
                for batch in pq.ParquetFile(source).iter_batches():
                    writer.write(batch)
        written += writer.close()
    return written


def delete_compacted(lake: Lake, name: str) -> None:
    """Delete files that no version of today names and that are too old for anybody to be reading them, or writing."""
    known = lake.known(name)
    if known is None:
        return
    system, live = filesystem(lake.table_uri(name), lake.storage_options), {file.place for file in known.files()}
    infos = system.get_file_info(pyarrow.fs.FileSelector("", allow_not_found=True))
    delete_files(lake, name, [
        path for info in infos if (path := info.path.lstrip("/")).endswith(".parquet") and path not in live
        and info.mtime is not None and time.time() - info.mtime.timestamp() > _GRACE_SECONDS
    ])
