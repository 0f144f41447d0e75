"""Fingerprints of local files: SHA-256 of their bytes, remembered so that a second look does not read them again.

The memory is a JSON file in the platform's home. It may be lost or overwritten by another process at any time: then
files are read again.
"""

from __future__ import annotations

import hashlib
import os
import threading
from typing import BinaryIO

from data_platform.core.memory import recall, remember
from data_platform.core.settings import home

FILE_NAME = "fingerprints.json"


def sha256_of(raw: BinaryIO) -> str:
    """`sha256:` and the hex digest of what is left of a file."""
    return f"sha256:{hashlib.file_digest(raw, 'sha256').hexdigest()}"


class Fingerprints:
    """A context in which fingerprints are looked up; what is new is remembered at its end. One within another, in the
    same thread, shares what that knows, so that of many lookups the memory is read and written once.

    A file is taken for unchanged while its path, size, time of writing and time of change (ns) are the same. Who
    replaces a file may set the time of writing, as `cp -p`, `rsync -t` and `tar` do; the time of change nobody sets.
    """

    _open = threading.local()

    def __init__(self) -> None:
        self._path = home() / FILE_NAME
        self._around: Fingerprints | None = getattr(self._open, "context", None)
        if self._around is not None and self._around._path == self._path:
            self._known, self._new = self._around._known, self._around._new
        else:
            self._around, self._known, self._new = None, recall(self._path), dict[str, list]()

    def __enter__(self) -> Fingerprints:
        if self._around is None:
            self._open.context = self
        return self

    def __exit__(self, *_: object) -> None:
        if self._around is not None:
            return
        self._open.context = None
        if self._new:
            # What other processes have written meanwhile is kept; if two write at once, one loses, and reads again.
            remember(self._path, {**recall(self._path), **self._new})

    def of(self, path: str) -> str:
        """The fingerprint of a local file. Raises OSError if it cannot be read."""
        with open(path, "rb") as raw:
            status = os.fstat(raw.fileno())
            state = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
            known = self._new.get(path) or self._known.get(path)
            if isinstance(known, list) and known[:-1] == state:
                return known[-1]
            fingerprint = sha256_of(raw)
        self._new[path] = [*state, fingerprint]
        return fingerprint
