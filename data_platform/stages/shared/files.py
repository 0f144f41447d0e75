"""Files that a recipe names, as what decides rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def file_identity(path: str | None) -> list[Any] | None:
    """Name, size and time of a file, cheap to ask for at every plan; None of none."""
    if path is None:
        return None
    status = Path(path).stat()
    return [path, status.st_size, status.st_mtime_ns]
