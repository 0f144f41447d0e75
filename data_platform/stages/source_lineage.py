"""The stage that follows known sources to all that they are made from, and what hosts state of each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from data_platform.core.errors import DAMAGED
from data_platform.core.settings import RecipeError
from data_platform.core.tables import table
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.sources import sources_of

if TYPE_CHECKING:
    from data_platform.licenses.known_sources import KnownSource
    from data_platform.licenses.lineage import Provenance


def is_known(recipe: Recipe) -> bool:
    """Whether any source of the recipe is one that the collection knows."""
    return any(source.known_as for source in recipe.sources)


def _write(work: Work) -> Files:
    return work.files(pa.Table.from_pylist(_rows(work.workspace, work.snapshot), table("source_lineage").schema))


def _rows(workspace: Workspace, snapshot: str | None) -> list[dict[str, Any]]:
    """The chains of the sources of a snapshot.

    Raises:
        RecipeError: if there is no such collection, or it does not know one of the sources.
    """
    from data_platform.licenses.lineage import lineage_rows

    wanted = {source.name: source.known_as for source in sources_of(workspace, snapshot).values() if source.known_as}
    if not wanted:
        return []
    path = Path(workspace.recipe.licenses.known_sources)
    entries, provenance = _collection(path, path.stat().st_mtime_ns if path.exists() else 0)
    if missing := sorted(set(wanted.values()) - entries.keys()):
        raise RecipeError(f"{path} knows no {', '.join(missing)}")
    return [
        row for name, identifier in sorted(wanted.items())
        for row in lineage_rows(name, str(snapshot), provenance.lineage(entries[identifier]))
    ]


@lru_cache(maxsize=2)
def _collection(path: Path, changed: int) -> tuple[dict[str, KnownSource], Provenance]:
    """The collection by identifier, and its chains: asked for at every plan, read again only if it changed."""
    from data_platform.licenses.known_sources import read_collection
    from data_platform.licenses.lineage import Provenance

    try:
        entries = read_collection(path)
    except (OSError, ValueError, *DAMAGED) as error:
        cause = " ".join(str(error).split())
        raise RecipeError(f"{path}: not the Data Provenance Collection, or damaged: {cause}") from error
    return {entry.identifier: entry for entry in entries}, Provenance(entries)


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    known: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(workspace, snapshot):
        known.setdefault(row["source"], []).append(row)
    return {"known_sources": known}


SOURCE_LINEAGE = Stage(
    name="source_lineage", group="licenses", inputs=(), run=_write, config=_config, phase="crawl", books=None,
    states_licenses=True,
)
