"""Copies of the entries of logs, kept in `_custody/<table>/`: what a power cut or a slip of the hand takes from a log
is put back from them, byte for byte.

An entry is copied once it is committed, and every hundred copies are written as one file. A copy proves nothing by
itself: it is held against the links that the entries after it, and what is kept of the table, say. Only commits of the
platform are copied; of those by other programs nothing has to come back.

Belongs here: making and finding copies. Not here: when one is put back (`pipeline/entries.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow.fs

from data_platform.lake.chain import KEPT, TOGETHER, bundle_of, bundle_path
from data_platform.lake.writer import filesystem, write_bytes

if TYPE_CHECKING:
    from data_platform.lake.lake import Lake


def keep_copy(lake: Lake, name: str, version: int, content: bytes) -> None:
    """Copy the entry of a version; the last of a hundred is written together with those before it."""
    system = filesystem(lake.uri, lake.storage_options)
    path = _single(name, version)
    if (version + 1) % TOGETHER:
        write_bytes(system, path, [content])
        return
    first = version + 1 - TOGETHER
    copies = {number: copy for number in range(first, version) if (copy := copy_of(lake, name, number)) is not None}
    copies[version] = content
    keep_together(lake, name, first, copies)
    for number in copies:
        if system.get_file_info(_single(name, number)).type == pyarrow.fs.FileType.File:
            system.delete_file(_single(name, number))


def keep_together(lake: Lake, name: str, first: int, entries: Mapping[int, bytes]) -> None:
    """Copy a hundred entries, by version, from `first` on, as one file."""
    lines = (json.dumps({"version": number, "entry": copy.decode("utf-8")}).encode() + b"\n"
             for number, copy in sorted(entries.items()))
    write_bytes(filesystem(lake.uri, lake.storage_options), bundle_path(name, first), lines)


def copy_of(lake: Lake, name: str, version: int) -> bytes | None:
    """The copy of the entry of a version; None if there is none that can be read."""
    system = filesystem(lake.uri, lake.storage_options)
    if (content := _read(system, _single(name, version))) is not None:
        return content
    return bundle_of(lake, name, version - version % TOGETHER).get(version)


def last_copied(lake: Lake, name: str) -> int:
    """The last version of which there may be a copy; -1 if there is none."""
    system = filesystem(lake.uri, lake.storage_options)
    infos = system.get_file_info(pyarrow.fs.FileSelector(f"{KEPT}/{name}", allow_not_found=True))
    ends = {".json": 0, ".jsonl": TOGETHER - 1}
    return max((int(info.base_name[:20]) + ends[info.base_name[20:]] for info in infos
                if info.base_name[:20].isdecimal() and info.base_name[20:] in ends), default=-1)


def _read(system: pyarrow.fs.FileSystem, path: str) -> bytes | None:
    try:
        with system.open_input_stream(path) as stream:
            return stream.read()
    except OSError:
        return None


def _single(name: str, version: int) -> str:
    return f"{KEPT}/{name}/{version:020d}.json"
