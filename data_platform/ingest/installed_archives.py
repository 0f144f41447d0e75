"""The archives of the demo's sources: written once per state of the environment. No network, no file from outside.

Not here: what is in them (`installed_records.py`).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from data_platform.core.code import code_digest
from data_platform.core.errors import faults_of
from data_platform.ingest import installed_records
from data_platform.ingest.installed import installed_state
from data_platform.ingest.installed_records import write_files, write_pages
from data_platform.ingest.records import Archive
from data_platform.ingest.settings import EnvironmentFiles, EnvironmentPages
from data_platform.ingest.sources import SourceError

_CHOOSING = {"kind", "name", "limit", "max_bytes"}
"""The settings of a source that decide what is in its archive: the name is written into it."""


def environment_archives(source: EnvironmentPages | EnvironmentFiles, folder: Path) -> list[Archive]:
    """The one archive of a source of the environment, written to `folder` unless it is there.

    Raises:
        SourceError: if nothing is installed that the source could hold.
    """
    write = write_pages if isinstance(source, EnvironmentPages) else write_files
    suffix, format_ = ("warc.gz", "warc") if isinstance(source, EnvironmentPages) else ("jsonl.gz", "jsonl")
    state = _state(source)
    path = folder / state / f"{source.name}.{suffix}"
    if not path.exists():
        _write_whole(path, lambda stream: write(source, stream))
    size = path.stat().st_size
    if not size:
        raise SourceError(f"source {source.name}: no installed distribution has what kind {source.kind} reads")
    return [Archive(source.name, path.name, str(path), size, f"environment:{state}", format_)]


def _state(source: EnvironmentPages | EnvironmentFiles) -> str:
    """Digest of what decides the bytes: settings, installed distributions and the code that writes them."""
    settings = source.model_dump(mode="json", include=_CHOOSING)
    text = json.dumps([code_digest(installed_records.__name__), settings, installed_state()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _write_whole(path: Path, write: Callable[[io.BufferedIOBase], None]) -> None:
    """The file appears complete or not at all."""
    with faults_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, building = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                write(stream)
            os.replace(building, path)
        finally:
            Path(building).unlink(missing_ok=True)
