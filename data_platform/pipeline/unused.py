"""What a vacuum finds of a table, or of a folder beside the tables: which files are needed, and which are not.

Not here: what is needed (`vacuum.py`, `vacuum_beside.py`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import pyarrow.fs

from data_platform.lake.lake import Lake
from data_platform.lake.vacuumed import Unneeded
from data_platform.lake.writer import filesystem

Reason = Literal["current", "lineage", "exports", "recent", "damaged"]
REASONS: tuple[Reason, ...] = ("current", "lineage", "exports", "recent", "damaged")
"""Why files are kept: the latest version has them; what is current was made from them; an export was; they were
replaced, written or set aside lately; the table is not what the platform wrote, or nothing has taken the place yet of
what was set aside."""


@dataclass
class Amount:
    """Files and their size in bytes."""

    files: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        """One more file."""
        self.files += 1
        self.bytes += size


@dataclass
class Unused:
    """What of a table, or of a folder beside the tables, is needed, and what is not.

    Attributes:
        kept: what is needed, by the first of the reasons.
        old: files that old versions alone name, or that were set aside, and that are not needed.
        left: files that no version names, and that are older than what is kept.
        fault: why the table is left alone; empty if it is not.
    """

    table: str
    table_id: str = ""
    version: int = 0
    kept: dict[Reason, Amount] = field(default_factory=lambda: {reason: Amount() for reason in REASONS})
    old: list[Unneeded] = field(default_factory=list)
    left: list[Unneeded] = field(default_factory=list)
    fault: str = ""

    @property
    def files(self) -> list[Unneeded]:
        """All that is not needed."""
        return [*self.old, *self.left]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        def amount(files: Sequence[Unneeded]) -> dict[str, int]:
            return {"files": len(files), "bytes": sum(file.bytes for file in files)}

        return {
            "table": self.table, "old_versions": amount(self.old), "left_by_writers": amount(self.left),
            "kept": {reason: vars(kept) for reason, kept in self.kept.items()}, "left_alone": self.fault,
        }


def stored(lake: Lake, name: str) -> Iterator[tuple[str, int, datetime | None]]:
    """Path, size and time of writing of every file in the folder of a table; no link is followed."""
    root = lake.table_uri(name)
    if "://" in root:
        system = filesystem(root, lake.storage_options)
        for info in system.get_file_info(pyarrow.fs.FileSelector("", allow_not_found=True, recursive=True)):
            if info.type == pyarrow.fs.FileType.File:
                yield info.path.lstrip("/"), info.size, info.mtime
        return
    # The library of tables does not list what stands beside a file until that is whole.
    for folder, _, names in os.walk(root):
        for file in names:
            path = os.path.join(folder, file)
            with suppress(FileNotFoundError):  # another vacuum was faster
                state = os.lstat(path)
                if stat.S_ISREG(state.st_mode):
                    yield os.path.relpath(path, root), state.st_size, datetime.fromtimestamp(state.st_mtime, UTC)
