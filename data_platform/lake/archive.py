"""Short folders for logs, which grow with every commit.

delta-rs lists the folder of a log with every commit, and so do plans: what they take grows with the entries there. So
once a checkpoint stands for the first entries of a log, these are deleted from the folder, a hundred at a time; their
copies, which are kept in any case (`copies.py`), are the log then, byte for byte, and links prove it as before. Readers
of Delta find what they need for the latest version, and for the last few hundred.

Old versions are read as before (`at_version`), from the checkpoint before them and the copies after it. Of `lineage`
and `check_results` no version but the latest is ever read, so that old checkpoints go as well.

Of a writer that was held up for so long that the entry it wants to make was archived meanwhile, the commit would go
into the past, where nobody sees it: `is_in_the_past` tells.

Belongs here: putting entries away, and back, and versions that need them. Not here: reading entries (`chain.py`).
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.fs
from deltalake import DeltaTable

from data_platform.core.tables import COMPACTED
from data_platform.lake import chain, copies
from data_platform.lake.chain import LOG, TOGETHER, bundle_of, is_entry, read_bytes
from data_platform.lake.writer import filesystem, write_bytes

if TYPE_CHECKING:
    from data_platform.lake.lake import Lake

_STAY = 2 * TOGETHER
"""Of the last entries so many stay in the folder, for readers that began at the checkpoint before."""


def put_away(lake: Lake, name: str, version: int) -> None:
    """Archive the entries of a log that its checkpoint of a version stands for, but the last; nothing if the log is not
    what the platform wrote, or a copy is not the entry, of which custody tells."""
    known = lake.known(name)
    if known is None or not known.sound or f"{version:020d}.checkpoint.parquet" not in known.checkpoints:
        return
    system, end = filesystem(lake.table_uri(name), lake.storage_options), version + 1 - _STAY
    files = [info.base_name for info in system.get_file_info(pyarrow.fs.FileSelector(LOG))]
    there = {int(file[:20]) for file in files if is_entry(file)}
    # Another process may be doing the same, and was faster.
    with suppress(FileNotFoundError):
        for first in range(min(there) // TOGETHER * TOGETHER, end - end % TOGETHER, TOGETHER):
            mine = sorted(there & set(range(first, first + TOGETHER)))
            entries = {number: read_bytes(lake, name, number) for number in mine}
            kept = bundle_of(lake, name, first)
            if not kept.items() >= entries.items():
                if kept.keys() & entries.keys():
                    return
                copies.keep_together(lake, name, first, {**kept, **entries})
            for number in mine:  # the least first: what is there is a log without its beginning at any moment
                system.delete_file(f"{LOG}/{number:020d}.json")
        for file in files if name in COMPACTED else ():
            if _is_checkpoint(file) and int(file[:20]) < end - 1:
                system.delete_file(f"{LOG}/{file}")


def _is_checkpoint(file: str) -> bool:
    return file.endswith(".checkpoint.parquet") and file[:20].isdecimal()


def at_version(lake: Lake, name: str, version: int) -> DeltaTable | None:
    """A handle of a version whose entries are archived; None if none of them is, or the log does not have it.

    Its log is read from a folder of its own, so that nothing is written into the lake, and its files have to be read by
    the file system of the table.
    """
    away, _ = chain.log_of(lake, name)
    if not away:
        return None
    system = filesystem(lake.table_uri(name), lake.storage_options)
    files = [info.base_name for info in system.get_file_info(pyarrow.fs.FileSelector(LOG))]
    before = max((file for file in files if _is_checkpoint(file) and int(file[:20]) <= version), default=None)
    content = chain.contents(lake, name, away)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, LOG)
        log.mkdir()
        if before is not None:
            with system.open_input_stream(f"{LOG}/{before}") as stream, (log / before).open("wb") as target:
                shutil.copyfileobj(stream, target)
        try:
            for number in range(int(before[:20]) + 1 if before is not None else 0, version + 1):
                (log / f"{number:020d}.json").write_bytes(content(number))
        except FileNotFoundError:
            return None
        return DeltaTable(folder, version=version)


def put_back(lake: Lake, name: str) -> None:
    """Put all entries of a log that are archived into its folder again, the last first."""
    system = filesystem(lake.table_uri(name), lake.storage_options)
    infos = system.get_file_info(pyarrow.fs.FileSelector(LOG, allow_not_found=True))
    least = min((int(info.base_name[:20]) for info in infos if is_entry(info.base_name)), default=0)
    for first in range((least - 1) // TOGETHER * TOGETHER, -1, -TOGETHER):
        for number, content in sorted(bundle_of(lake, name, first).items(), reverse=True):
            if number < least:
                write_bytes(system, f"{LOG}/{number:020d}.json", [content])


def is_in_the_past(lake: Lake, name: str, version: int) -> bool:
    """Whether a commit that just made a version of a log made it where entries were archived: the one before it is not
    in the folder any more, and its own is not in the archive. If so, it is taken out again."""
    system, path = filesystem(lake.table_uri(name), lake.storage_options), f"{LOG}/{version:020d}.json"
    before = system.get_file_info(f"{LOG}/{version - 1:020d}.json")
    if not version or before.type == pyarrow.fs.FileType.File:
        return False
    with suppress(FileNotFoundError):
        mine = read_bytes(lake, name, version)
        if copies.copy_of(lake, name, version) == mine:
            return False
        system.delete_file(path)
    return True
