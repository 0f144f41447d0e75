"""Files of tables that were begun and that no commit has named yet.

A process that fails or is stopped between two batches deletes what it began, and one that comes to its end what it
still writes; one that has to end as it stands at least names its files no more, and removes those on its own disk. What
a killed process leaves is no part of any table.

Here belongs what is known of such files, from their first byte to the commit that claims them. Not here: writing
(`writer.py`) and commits (`lake.py`).
"""

from __future__ import annotations

import atexit
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


class _Stream(_Closes, Protocol):
    @property
    def closed(self) -> bool: ...


@dataclass(frozen=True)
class _Begun:
    """A file under a table's root, on the file system of that root, what writes it, and where that writes its bytes."""

    table_uri: str
    path: str
    system: pyarrow.fs.FileSystem
    writer: _Closes
    stream: _Stream

    def delete(self) -> None:
        """End it and delete it, as far as that can be done: whoever asks has a failure of its own to tell of."""
        for open_ in (self.writer, self.stream):
            with suppress(OSError, ValueError):
                open_.close()
        with suppress(OSError):
            self.system.delete_file(self.path)


_begun: dict[tuple[str, str], _Begun] = {}
_given_up = False
_lock = threading.Lock()


def begin(table_uri: str, path: str, system: pyarrow.fs.FileSystem, writer: _Closes, stream: _Stream) -> None:
    """Note a file that is being written."""
    with _lock:
        _begun[table_uri, path] = _Begun(table_uri, path, system, writer, stream)


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
            file.delete()
        raise


@atexit.register
def _end_writers() -> None:
    """Delete what is still written when the interpreter ends: once its modules are gone, no writer can close itself.

    Files that were written to their ends stay, since another process may be about to name them in a commit.
    """
    with _lock:
        left = [_begun.pop(key) for key, file in list(_begun.items()) if not file.stream.closed]
    for file in left:
        file.delete()


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
