"""The sources of a snapshot, and what the recipe claims of their licences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data_platform.ingest.settings import Source
from data_platform.run.workspace import Workspace


def sources_of(workspace: Workspace, snapshot: str | None) -> dict[str, Source]:
    """The sources of the recipe that fill a snapshot, by name."""
    return {name: source for name, source in workspace.sources.items() if source.snapshot == snapshot}


def registry(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    """What the recipe claims of the licence of each source of a snapshot, as configuration."""
    return {
        "registry": {
            name: source.license.model_dump(mode="json") if source.license else None
            for name, source in sources_of(workspace, snapshot).items()
        }
    }
