"""Files of tables that were begun and that no commit has named yet.

A process that fails or is stopped between two batches deletes what it began; one that has to end as it stands at least
names its files no more, and removes those on its own disk. What a killed process leaves is no part of any table.

Here belongs what is known of such files, from their first byte to the commit that claims them. Not here: writing
(`writer.py`) and commits (`lake.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow.fs

from data_platform.core.stopping import Stopped


class _Closes(Protocol):
    def close(self) -> None: ...


@dataclass(frozen=True)
class _Begun:
    """A file under a table's root, on the file system of that root, and what writes it, the outermost first."""

    table_uri: str
    path: str
    system: pyarrow.fs.FileSystem
    writers: tuple[_Closes, ...]


_begun: dict[tuple[str, str], _Begun] = {}
_given_up = False
_lock = threading.Lock()


def begin(table_uri: str, path: str, system: pyarrow.fs.FileSystem, writers: tuple[_Closes, ...]) -> None:
    """Note a file that is being written."""
    with _lock:
        _begun[table_uri, path] = _Begun(table_uri, path, system, writers)


def claim(table_uri: str, paths: Collection[str]) -> None:
    """Take files out of the books, since a commit is about to name them.

    Raises:
        Stopped: if this process has given up what it began: then nothing may name it any more.
    """
    with _lock:
        if _given_up:
            raise Stopped
        for path in paths:
            _begun.pop((table_uri, path), None)


@contextmanager
def deleted_on_failure() -> Iterator[None]:
    """If the context is left by an exception, delete the files that were begun in it and claimed by no commit.

    They are told apart by when they were begun: one process works on one stage at a time.
    """
    with _lock:
        before = set(_begun)
    try:
        yield
    except BaseException:
        with _lock:
            left = [_begun.pop(key) for key in set(_begun) - before]
        for file in left:
            # The failure itself is what people must hear of.
            for writer in file.writers:
                with suppress(OSError, ValueError):
                    writer.close()
            with suppress(OSError):
                file.system.delete_file(file.path)
        raise


def give_up() -> None:
    """Let no commit name what this process began, and remove what of it lies on a local disk, whoever still writes it.

    For a process that ends as it stands: what is under way in other threads goes on until then.
    """
    global _given_up
    with _lock:
        _given_up = True
        left = list(_begun.values())
    for file in left:
        if "://" not in file.table_uri:
            target = Path(file.table_uri, file.path)
            # Until a file is whole, its bytes lie beside it under its name with a number.
            for piece in [target, *target.parent.glob(f"{target.name}#*")]:
                piece.unlink(missing_ok=True)
