"""Copies of the entries of logs, kept in `_custody/<table>/`: what a power cut or a slip of the hand takes from a log
is put back from them, byte for byte.

An entry is copied once it is committed, and every hundred copies are written as one file. A copy proves nothing by
itself: it is held against the links that the entries after it, and what is kept of the table, say. Only commits of the
platform are copied; of those by other programs nothing has to come back. Copies lie where entries lie, and are cut as
these are: `faults_of_copies` says which are not what they were, and `copy_again` copies their entries again.

Belongs here: making, finding and comparing copies. Not here: when one is put back (`pipeline/entries.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import pyarrow.fs

from data_platform.lake.chain import (
    KEPT,
    TOGETHER,
    EntryUnreadable,
    actions_of,
    bundle_of,
    bundle_path,
    copies_in,
    custody_of,
    kept_of,
    link_after,
    log_of,
    read_bytes,
)
from data_platform.lake.place import shown
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
    copies = {number: copy for number in range(first, version) if (copy := _sound(lake, name, number)) is not None}
    copies[version] = content
    keep_together(lake, name, first, copies)
    for number in copies:
        with suppress(FileNotFoundError):  # whoever commits next may do the same, and be faster
            if system.get_file_info(_single(name, number)).type == pyarrow.fs.FileType.File:
                system.delete_file(_single(name, number))


def keep_together(lake: Lake, name: str, first: int, entries: Mapping[int, bytes]) -> None:
    """Copy a hundred entries, by version, from `first` on, as one file."""
    write_bytes(filesystem(lake.uri, lake.storage_options), bundle_path(name, first), _lines(entries))


def _lines(entries: Mapping[int, bytes]) -> list[bytes]:
    """A file of copies, line by line."""
    return [json.dumps({"version": number, "entry": copy.decode("utf-8")}).encode() + b"\n"
            for number, copy in sorted(entries.items())]


def copy_of(lake: Lake, name: str, version: int) -> bytes | None:
    """The copy of the entry of a version; None if there is none that can be read."""
    system = filesystem(lake.uri, lake.storage_options)
    if (content := _read(system, _single(name, version))) is not None:
        return content
    return bundle_of(lake, name, version - version % TOGETHER).get(version)


def _sound(lake: Lake, name: str, version: int) -> bytes | None:
    """The copy of the entry of a version; if it was cut meanwhile, the entry."""
    copy = copy_of(lake, name, version)
    return copy if copy is None or _link(copy) is not None else _own_entry(lake, name, version)


def _own_entry(lake: Lake, name: str, version: int) -> bytes | None:
    """The entry of a version as it is in the folder of the log; None if there is none of the platform."""
    try:
        content = read_bytes(lake, name, version)
    except FileNotFoundError:
        return None
    return content if _link(content) is not None else None


def _link(content: bytes) -> str | None:
    """The link after an entry of the platform, on top of the one that it says itself; None of others."""
    try:
        actions = actions_of(content)
    except EntryUnreadable:
        return None
    stated = custody_of(actions).get("previous")
    return link_after(stated, actions) if isinstance(stated, str) else None


def faults_of_copies(lake: Lake, name: str, links: Sequence[str]) -> list[str]:
    """Which copies of a log are not of its entries, one sentence each, with the path. None of what is archived: these
    are the log, and are read as such.

    Args:
        links: the link after every version, as the log gives it.
    """
    return [f"{shown(f'{lake.uri}/{path}')} {fault}" for path, fault, _ in _damaged(lake, name, links)]


def copy_again(lake: Lake, name: str, links: Sequence[str], aside: str) -> int:
    """Copy entries again whose copies are not what they were; says how many files of copies were written.

    Args:
        aside: folder within the lake for what lay there: it may be the entry, and what is in the log something else.
    """
    system, written = filesystem(lake.uri, lake.storage_options), 0
    for path, _, versions in list(_damaged(lake, name, links)):
        if content := _read(system, path):
            write_bytes(system, f"{aside}/{path}", [content])
        entries = {version: content for version in versions
                   if (content := _own_entry(lake, name, version)) is not None}
        if path.endswith(".jsonl"):
            keep_together(lake, name, versions.start, entries)
        else:
            write_bytes(system, path, list(entries.values()))
        written += 1
    return written


def _damaged(lake: Lake, name: str, links: Sequence[str]) -> Iterator[tuple[str, str, range]]:
    """Files of copies that are damaged: path within the lake, what is wrong, and the versions that it is about."""
    system, away = filesystem(lake.uri, lake.storage_options), log_of(lake, name)[0]
    infos = system.get_file_info(pyarrow.fs.FileSelector(f"{KEPT}/{name}", allow_not_found=True))
    there: set[int] = set()
    for info in sorted(infos, key=lambda info: info.path):
        number, _, kind = info.base_name.partition(".")
        if not number.isdecimal() or kind not in ("json", "jsonl") or not away <= int(number) < len(links):
            continue
        first, path, together = int(number), info.path.lstrip("/"), kind == "jsonl"
        versions = range(first, min(first + (TOGETHER if together else 1), len(links)))
        content = _read(system, path)
        if content is None and system.get_file_info(path).type == pyarrow.fs.FileType.NotFound:
            continue  # since it was listed, others have put it together with those before it
        content = content or b""
        copies = copies_in(content) if together else {first: content}
        there |= set(versions)
        other = [version for version in versions
                 if version in copies and not _is_copy(lake, name, version, copies[version], links[version], away)]
        lacking = (version for version in versions  # but those of others, and of code that said no digests yet
                   if version not in copies and _own_entry(lake, name, version) is not None)
        if not content:
            yield path, "is empty, and was a copy of the log", versions
        elif other:
            yield path, f"is cut, or is no copy of version {other[0]} of the log", versions
        elif (lacks := next(lacking, None)) is not None:
            yield path, f"is cut, and lacks the copy of version {lacks} of the log", versions
        elif together and content != b"".join(_lines(copies)):
            yield path, "is not what it was, and holds copies of the log", versions
    yield from _gone(lake, name, there, range(away, len(links)))


def _gone(lake: Lake, name: str, there: set[int], every: range) -> Iterator[tuple[str, str, range]]:
    """Copies that are not there. Of a version after the one of which the link is kept there may be none: who committed
    it may not have come to it."""
    kept = kept_of(lake, name)
    for version in range(every.start, min(every.stop, kept.version + 1 if kept else 0)):
        if version not in there and _own_entry(lake, name, version) is not None and copy_of(
                lake, name, version) is None:
            yield _single(name, version), "is not there, and was a copy of the log", range(version, version + 1)


def _is_copy(lake: Lake, name: str, version: int, copy: bytes, link: str, away: int) -> bool:
    """Whether a copy is the entry of a version, byte for byte where that is in the folder of the log, and of its link
    in any case."""
    if _link(copy) != link:
        return False
    try:
        return version < away or read_bytes(lake, name, version) == copy
    except FileNotFoundError:
        return True  # archived since


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
    except FileNotFoundError:
        return None


def _single(name: str, version: int) -> str:
    return f"{KEPT}/{name}/{version:020d}.json"
