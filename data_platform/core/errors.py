"""What may be said of a failure. Messages of libraries quote the values that they fail on, and values are text of
documents; so what fails is told by kind and place, and by message only where the message is known to name files, tables
and settings. Not here: what is done about a failure.
"""

from __future__ import annotations

import difflib
import re
import traceback
from collections.abc import Collection
from pathlib import Path

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
MOST_NAMES = 20
LONGEST_NAME = 200
"""How many names a message lists, and of which length what is near is looked for: it takes time with the square."""


class PlainError(Exception):
    """Base of errors whose message is for people and never holds text of a document."""


class KernelError(PlainError, RuntimeError):
    """A function failed on a batch of rows. The message says of which kind, and where."""


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
    if isinstance(error, OSError | ImportError):
        return " ".join(_COLOUR.sub("", str(error)).split())
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames[-4:]))
    return f"{type(error).__name__} at {where}"
