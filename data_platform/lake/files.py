"""What changes when a file does, wherever it lies: cheap to ask for at every plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def files_state(paths: Iterable[str]) -> list[list[Any]]:
    """Name, size and time (or etag) of files, of patterns those that match.

    Raises:
        FileNotFoundError: if one is missing.
    """
    import fsspec

    state = []
    for path in paths:
        system, name = fsspec.core.url_to_fs(path)
        for match in sorted(system.glob(name)) if "*" in path else [name]:
            info = system.info(match)
            stamp = str(info.get("ETag") or info.get("mtime") or info.get("LastModified"))
            state.append([match if "*" in path else path, info["size"], stamp])
    return state
