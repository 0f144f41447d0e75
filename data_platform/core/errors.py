"""What may be said of a failure. Messages of libraries quote the values that they fail on, and values are text of
documents; so what fails is told by kind and place, and by message only where the message is known to name files, tables
and settings. Not here: what is done about a failure.
"""

from __future__ import annotations

import difflib
import lzma
import os
import re
import tarfile
import traceback
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

_READERS = {"daft", "pyarrow", "deltalake"}
_FILE = re.compile(r"(?:[a-z0-9]+://|/)[^\n:]{1,4000}?\.parquet\b")
_NUMBER = re.compile(r"\(os error (\d+)\)")
_CUT = re.compile(r"Corrupt footer|file too small|Invalid Parquet|Parquet magic bytes|[Cc]ouldn't deserialize thrift")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
DAMAGED = (EOFError, zlib.error, lzma.LZMAError, tarfile.TarError)
"""What the standard library raises on packed data that is cut or changed, besides OSError and ValueError."""

MOST_NAMES = 20
LONGEST_NAME = 200
"""How many names a message lists, and of which length what is near is looked for: it takes time with the square."""


class PlainError(Exception):
    """Base of errors whose message is for people and never holds text of a document."""


class KernelError(PlainError, RuntimeError):
    """A function failed on a batch of rows. The message says of which kind, and where."""


class FileFault(PlainError, OSError):
    """A file or folder on a disk does not do what it was asked. The message names it and the cause."""


@contextmanager
def faults_of(path: str | os.PathLike[str], doing: str = "write") -> Iterator[None]:
    """Name what is written, or else done to it, in faults of the disk: of a full one, Python tells no path."""
    try:
        yield
    except OSError as error:
        if isinstance(error, PlainError) or not error.errno:
            raise
        # Of a copy, Python names the source first, and the disk of the other is full.
        where = os.fspath(path) if error.filename is None or error.filename2 is not None else error.filename
        raise FileFault(f"cannot {doing} {where}: {os.strerror(error.errno)}") from error


def no_such(kind: str, name: str, known: Collection[str]) -> str:
    """That there is nothing of a kind by this name, and what is near, or else what there is."""
    if len(name) < LONGEST_NAME and (near := difflib.get_close_matches(name, known, 2)):
        return f"there is no {kind} {name}; {' and '.join(near)} {'is' if len(near) == 1 else 'are'} near"
    some = sorted(known)[:MOST_NAMES]
    more = f" and {len(known) - len(some):,} more" if len(known) > len(some) else ""
    return f"there is no {kind} {name}{', only ' if some else ''}{', '.join(some)}{more}"


def many(count: int, noun: str) -> str:
    """A count with its noun, in the plural where it must be."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def describe(error: BaseException) -> str:
    """The message of errors that name files, tables and settings; kind and place of all others."""
    if isinstance(error, PlainError):
        return str(error)
    readers = isinstance(error, OSError) or type(error).__module__.partition(".")[0] in _READERS
    if readers and (fault := _of_file(str(error))):
        return fault
    if isinstance(error, OSError | ImportError):
        return " ".join(_COLOUR.sub("", str(error)).split())
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames[-4:]))
    return f"{type(error).__name__} at {where}"


def _of_file(message: str) -> str:
    """What is wrong with a table's file, if a message is about one: its path and the cause, and nothing else of it."""
    if not (file := _FILE.search(message)):
        return ""
    if number := _NUMBER.search(message):
        return f"cannot read {file[0]}: {os.strerror(int(number[1]))}"
    if _CUT.search(message):
        return f"cannot read {file[0]}: it is damaged or cut; what to do: data-platform repair"
    return ""
