"""How the folder of a log looks: what tells, without opening a file, that its entries are those that were read before.

An entry looks as its size, its times and its number on the disk say; of entries that are archived (`archive.py`)
nothing is looked at: what was read of them before is believed, and links prove it. A look costs little, but there are
many: those of what is archived are not written down one by one.

Belongs here: looks and the listing of them. Not here: what entries say (`log.py`) and what they leave (`ledger.py`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.fs

from data_platform.lake import chain
from data_platform.lake.chain import LOG, is_entry
from data_platform.lake.writer import filesystem

if TYPE_CHECKING:
    from data_platform.lake.lake import Lake

LINKED = " is a link"
"""What a link is listed as, beside what it leads to."""


@dataclass(frozen=True)
class Looks:
    """How the first entries of a log look.

    Attributes:
        away: how many of them, from version 0 on, are archived.
        there: how those look that follow on these, in the folder of the log.
    """

    away: int = 0
    there: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.away + len(self.there)

    @property
    def last(self) -> str:
        """How the last one looks; empty if it is archived, or there is none."""
        return self.there[-1] if self.there else ""

    def look(self, version: int) -> str:
        """How the entry of a version looks; empty if it is archived, or not among them."""
        return self.there[version - self.away] if self.away <= version < len(self) else ""

    def and_then(self, more: Sequence[str]) -> Looks:
        """These, and how those look that follow."""
        return Looks(self.away, (*self.there, *more))

    def but_the_last(self, count: int) -> Looks:
        """These without so many of the last."""
        return Looks(self.away, self.there[:-count])

    def go_on_from(self, before: Looks) -> bool:
        """Whether the log had looked like `before`, and has only been carried on, or archived, since."""
        if before.away > self.away:
            return False  # what was archived was put back, and how that looked is not known
        now, then = self.there[: max(0, len(before) - self.away)], before.there[self.away - before.away:]
        return len(self) >= len(before) and now == then


@dataclass(frozen=True)
class Listing:
    """The folder of a log.

    Attributes:
        away: how many versions, from the first on, are archived.
        entries: how every other entry looks, by version.
        others: how every other file looks, by name.
    """

    away: int
    entries: Mapping[int, str]
    others: Mapping[str, str]

    @property
    def versions(self) -> int:
        """How many versions there are, archived ones among them, if none is missing."""
        return max(self.entries, default=self.away - 1) + 1

    @property
    def gap(self) -> int | None:
        """The first version that is missing; None if none is."""
        if self.away + len(self.entries) == self.versions:
            return None
        return next(version for version in range(self.away, self.versions) if version not in self.entries)

    @property
    def looks(self) -> Looks:
        """How the entries look, where none is missing."""
        return Looks(self.away, tuple(map(self.entries.__getitem__, range(self.away, self.versions))))


def list_log(lake: Lake, name: str, believed: Looks | None = None) -> Listing:
    """The folder of the log of a table: one listing, and nothing is opened.

    Args:
        believed: how the first entries looked. On a disk those of the same inode are said to look so still, which takes
            a fifth of the time: whether somebody wrote into one since is not looked at.
    """
    entries: dict[int, str] = {}
    others: dict[str, str] = {}
    if "://" not in lake.uri:
        _list_local(os.path.join(lake.table_uri(name), LOG), "", entries, others, believed or Looks())
    else:
        _list_store(lake, name, entries, others)
    away = chain.archived(lake, name, sorted(entries), others)
    return Listing(away, {version: look for version, look in entries.items() if version >= away}, others)


def _list_store(lake: Lake, name: str, entries: dict[int, str], others: dict[str, str]) -> None:
    system = filesystem(lake.table_uri(name), lake.storage_options)
    for info in system.get_file_info(pyarrow.fs.FileSelector(LOG, allow_not_found=True, recursive=True)):
        if info.type == pyarrow.fs.FileType.File:
            file, look = info.path.lstrip("/").removeprefix(f"{LOG}/"), f"{info.size} {info.mtime_ns}"
            if is_entry(file):
                entries[int(file[:20])] = look
            else:
                others[file] = look


def _list_local(
    folder: str, within: str, entries: dict[int, str], others: dict[str, str], believed: Looks
) -> None:
    try:
        found = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    with found:
        for entry in found:
            name = entry.name
            # As `is_entry` and `_look` say, without calling them for every one of many thousands.
            if not within and len(name) == 25 and name.endswith(".json") and (digits := name[:20]).isdecimal():
                number = int(digits)
                if (look := believed.look(number)) and look.endswith(f" {entry.inode()}"):
                    entries[number] = look
                    continue
                state = entry.stat(follow_symlinks=False)
                entries[number] = f"{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns} {state.st_ino}"
            elif entry.is_dir(follow_symlinks=False):
                _list_local(entry.path, f"{within}{name}/", entries, others, believed)
            else:
                others[f"{within}{name}"] = _look(entry.stat(follow_symlinks=False))
            if entry.is_symlink():
                others[f"{within}{name}{LINKED}"] = ""  # which no log has, so that custody looks closely


def _look(status: os.stat_result) -> str:
    """What of a local file nobody can keep who changes it."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def entry_of(version: int) -> str:
    """The file of an entry in the folder of its log."""
    return f"{version:020d}.json"


def look_at(lake: Lake, name: str, file: str) -> str | None:
    """How a file in the folder of a log looks; None if there is none."""
    path = f"{LOG}/{file}"
    if "://" not in lake.uri:
        try:
            return _look(os.lstat(os.path.join(lake.table_uri(name), path)))
        except (FileNotFoundError, NotADirectoryError):
            return None
    info = filesystem(lake.table_uri(name), lake.storage_options).get_file_info(path)
    return f"{info.size} {info.mtime_ns}" if info.type == pyarrow.fs.FileType.File else None
