"""Faults of the place where a lake lies (a full disk, a missing permission, a store that does not answer) as one line
with the path and the cause, wherever they come up.

delta-rs and Arrow tell them in many ways, on many lines, often without the path, and some without the cause. Where a
connection breaks off, or an answer does not come in time, what was asked is asked again first: delta-rs does so for
most requests that a store throttles or fails at, but neither for answers that come half nor for what must not be done
twice. Of the latter, whoever asks has to know whether it was done all the same (`settled`).

Not here: what else is done about a fault, and damage of the tables themselves (`lake.py`).
"""

from __future__ import annotations

import errno
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa
from deltalake.exceptions import DeltaError
from deltalake.fs import DeltaStorageHandler

from data_platform.core.errors import PlainError
from data_platform.lake.place import shown

_Answer = TypeVar("_Answer")
LONGEST_CAUSE = 240
_NUMBER = re.compile(r"\((?:os|OS) error (\d+)\)|\[[Ee]rrno (\d+)\]")
_STORE = re.compile(r"Generic (?:S3|GCS|MicrosoftAzure|HTTP|LocalFileSystem) error|HTTP error|error sending request"
                    r"|Object at location .* not found in bucket|InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied")
_BROKEN_OFF = re.compile(r"\((?:os|OS) error (?:104|32)\)|connection closed before|error decoding response body"
                         r"|end of file before message|IncompleteBody|response body error|error sending request"
                         r"|timed out")
_ASKED_ENOUGH = re.compile(r"after (?:[3-9]|\d\d+) retries")
"""How delta-rs says that it asked again and again itself."""
_PAUSES = (0.1, 0.4, 1.6, 5.0)
"""Seconds, about, before what was broken off is tried again."""
_AGAIN = {"delete_file", "get_file_info", "get_file_info_selector", "size"}
"""What is done to files and file systems that can be done again."""
_STATUS = re.compile(r"status code: (\d{3}[^:]*)")
_TAG = re.compile(r"<[^>]*>")


class StoreFault(PlainError, OSError):
    """The place where a lake lies does not do what it was asked. The message names the path and the cause, and nothing
    was lost: what was not committed is made again by the next run."""


class StoreUnanswered(StoreFault):
    """An object store does not do what it was asked, so that nothing is known of what it holds: no file is to be taken
    for gone or damaged because of it, as one on a disk that cannot be read is."""


@contextmanager
def faults_told(doing: str, where: str) -> Iterator[None]:
    """Turn faults of the place into `StoreFault`; leave all other errors as they are.

    Args:
        doing: what is done to `where`, such as "read" or "write".
    """
    try:
        yield
    except (PlainError, FileNotFoundError):
        raise
    except (OSError, DeltaError, pa.ArrowException) as error:
        if (cause := _cause(error, where)) is None:
            raise
        kind = StoreUnanswered if "://" in where else StoreFault
        raise kind(f"cannot {doing} {shown(where)}: {cause}") from error


def tried_again(do: Callable[[], _Answer], settled: Callable[[], _Answer | None] = lambda: None) -> _Answer:
    """What is read or done, tried again if the connection broke off or no answer came, after pauses that grow.

    Args:
        do: may be done however often, or `settled` has to tell.
        settled: asked after every failure: what came of it all the same, or None if nothing did and nothing stands
            against another try.
    """
    for pause in (*_PAUSES, None):
        try:
            return do()
        except (OSError, DeltaError, pa.ArrowException) as error:
            if (answer := settled()) is not None:
                return answer
            if pause is None or not _may_pass(error):
                raise
        time.sleep(pause * random.uniform(0.5, 1.5))
    raise AssertionError


def _may_pass(error: BaseException) -> bool:
    text = f"{error} {error.__cause__}"
    return bool(_BROKEN_OFF.search(text)) and not _ASKED_ENOUGH.search(text)


def _cause(error: BaseException, where: str) -> str | None:
    """What a place objected to; None if the error is about something else."""
    text = str(error)
    if number := _NUMBER.search(text):
        return os.strerror(int(number[1] or number[2]))
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if not isinstance(error, OSError) and not _STORE.search(text):
        return None
    if "://" not in where and (found := fault_of_disk(where)):
        return found
    line = " ".join(_TAG.sub(" ", text.splitlines()[0] if text else type(error).__name__).split())
    if status := _STATUS.search(text):
        return f"the store answers {status[1].strip()}: {line[:LONGEST_CAUSE]}"
    return line[:LONGEST_CAUSE]


def fault_of_disk(path: str) -> str | None:
    """What is wrong with the disk under a path, where an error does not say it."""
    folder = path
    while not os.path.isdir(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    state = os.statvfs(folder)
    if state.f_flag & os.ST_RDONLY:
        return os.strerror(errno.EROFS)
    if not state.f_bavail or (state.f_files and not state.f_favail):
        return os.strerror(errno.ENOSPC)
    if not os.access(folder, os.W_OK | os.X_OK):
        return os.strerror(errno.EACCES)
    return None


class TellingHandler(DeltaStorageHandler):
    """The file system of delta-rs under one URI, whose faults are told with path and cause."""

    def __init__(self, uri: str, options: dict[str, str]) -> None:
        with faults_told("reach", uri):
            super().__init__(uri, options)
        self._files, self._uri = self._handler, uri
        self._handler = _Telling(self._files, "reach", uri)

    def open_input_file(self, path: str) -> pa.PythonFile:
        """Open a file for reading from any offset."""
        return self._opened(self._files.open_input_file, path, "read")

    def open_input_stream(self, path: str) -> pa.PythonFile:
        """Open a file for reading from its beginning."""
        return self._opened(self._files.open_input_file, path, "read")

    def open_output_stream(self, path: str, metadata: dict[str, str] | None = None) -> pa.PythonFile:
        """Open a file for writing, in place of what is there."""
        return self._opened(partial(self._files.open_output_stream, metadata=metadata), path, "write")

    def _opened(self, open_: Callable[[str], Any], path: str, doing: str) -> pa.PythonFile:
        where = f"{self._uri}/{path}"
        with faults_told(doing, where):
            return pa.PythonFile(_Telling(tried_again(lambda: open_(path)), doing, where))


class _Telling:
    """A file or a file system whose faults are told."""

    def __init__(self, raw: Any, doing: str, where: str) -> None:
        self._raw, self._doing, self._where = raw, doing, where

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._raw, name)
        if not callable(value):
            return value

        def call(*arguments: Any, **named: Any) -> Any:
            with faults_told(self._doing, self._where):
                if name in _AGAIN:
                    return tried_again(lambda: value(*arguments, **named))
                return value(*arguments, **named)

        return call

    def read(self, *arguments: Any) -> bytes:
        """Read on from where the file stands, whatever a try that failed has moved that to."""
        with faults_told(self._doing, self._where):
            at = self._raw.tell()

            def read() -> bytes:
                if self._raw.tell() != at:
                    self._raw.seek(at)
                return self._raw.read(*arguments)

            return tried_again(read)
