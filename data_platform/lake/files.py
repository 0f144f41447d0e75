"""What changes when a file does, wherever it lies: cheap to ask for at every plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from data_platform.core.fingerprints import Fingerprints


def files_state(paths: Iterable[str]) -> list[list[Any]]:
    """Name, size and content of files, of patterns those that match: of local ones the digest of their bytes, which are
    read again only where something changed; of others what their store says of them (etag, or time).

    Raises:
        FileNotFoundError: if one is missing.
    """
    import fsspec
    from fsspec.implementations.local import LocalFileSystem

    state = []
    with Fingerprints() as fingerprints:
        for path in paths:
            system, name = fsspec.core.url_to_fs(path)
            for match in sorted(system.glob(name)) if "*" in path else [name]:
                info = system.info(match)
                if isinstance(system, LocalFileSystem) and info["type"] == "file":
                    stamp = fingerprints.of(match)
                else:
                    stamp = str(info.get("ETag") or info.get("mtime") or info.get("LastModified"))
                state.append([match if "*" in path else path, info["size"], stamp])
    return state
