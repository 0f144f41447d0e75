"""What may be said of a failure. Messages of libraries quote the values that they fail on, and values are text of
documents; so what fails is told by kind and place, and by message only where the message is known to name files, tables
and settings. Not here: what is done about a failure.
"""

from __future__ import annotations

import traceback
from pathlib import Path


class PlainError(Exception):
    """Base of errors whose message is for people and never holds text of a document."""


class KernelError(PlainError, RuntimeError):
    """A function failed on a batch of rows. The message says of which kind, and where."""


def describe(error: BaseException) -> str:
    """The message of errors that name files, tables and settings; kind and place of all others."""
    if isinstance(error, PlainError | OSError | ImportError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames[-4:]))
    return f"{type(error).__name__} at {where}"
