"""What processes remember for one another, in JSON files that may be lost or overwritten at any time; and files that
several of them write, each whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_platform.core.errors import faults_of


def user_cache(name: str) -> Path:
    """The folder `name` among what is kept of the platform for this user: in $XDG_CACHE_HOME or ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "data-platform" / name


def recall(path: Path) -> dict[str, Any]:
    """What a file holds; nothing if it cannot be read or holds something else."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def remember(path: Path, known: Mapping[str, Any]) -> None:
    """Write a file, whole or not at all, whoever else writes it.

    Raises:
        OSError: if it cannot be written.
    """
    with faults_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(known, file)
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise


def write_whole(path: Path, text: str) -> None:
    """Write a text file that others can read as the process's other files, whole or not at all.

    Raises:
        OSError: if it cannot be written.
    """
    building = path.with_name(f".{path.name}.{os.getpid()}")
    with faults_of(path):
        try:
            building.write_text(text, encoding="utf-8")
            building.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                building.unlink()
            raise
