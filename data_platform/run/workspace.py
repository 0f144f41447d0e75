"""A workspace: a recipe, its lake, and what its sources hold right now.

Not here: what is done in it (`stage.py`).
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any

from data_platform.ingest.settings import Source
from data_platform.lake.lake import Lake
from data_platform.run.recipe import Recipe

if TYPE_CHECKING:
    from data_platform.ingest.discover import Listed


class Workspace:
    """A recipe, its lake, and what its sources hold right now. Listings are made once per workspace."""

    def __init__(self, recipe: Recipe, lake: Lake | None = None, left_out: Collection[str] = ()) -> None:
        self.recipe = recipe
        self.lake = lake or Lake(recipe.lake_uri, recipe.storage_options)
        self.left_out = frozenset(left_out)
        self._archives: dict[str, list[Any]] = {}

    def without(self, snapshots: Collection[str]) -> Workspace:
        """The same workspace, as if its sources had none of these snapshots."""
        return Workspace(self.recipe, self.lake, self.left_out | set(snapshots))

    def at_rest(self) -> Workspace:
        """The same workspace, with what its sources hold, over the lake as it is now."""
        self.sources  # noqa: B018 - listed once for both
        still = copy.copy(self)
        still.lake = self.lake.at_rest()
        return still

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Sources by name, each of one snapshot; patterns over snapshots are expanded by listing."""
        return {source.name: source for source in self._listed.sources if source.snapshot not in self.left_out}

    @property
    def passed_over(self) -> list[str]:
        """What was found where snapshots are listed and is called as none can be, in words."""
        return self._listed.passed_over

    @cached_property
    def _listed(self) -> Listed:
        from data_platform.ingest.discover import expand

        return expand(self.recipe.sources, self._known_snapshots)

    def _known_snapshots(self, source: str) -> set[str]:
        """The snapshots of which archives of a source were read."""
        if not self.lake.exists("archives"):
            return set()
        rows = self.lake.read_table("archives", ["source", "snapshot"]).to_pylist()
        return {row["snapshot"] for row in rows if row["source"] == f"{source}-{row['snapshot']}"}

    @property
    def snapshots(self) -> list[str]:
        """All snapshots, in the order of the recipe."""
        return list(self._by_snapshot)

    @cached_property
    def _by_snapshot(self) -> dict[str, list[Source]]:
        """The sources of every snapshot."""
        found: dict[str, list[Source]] = {}
        for source in self.sources.values():
            found.setdefault(source.snapshot, []).append(source)
        return found

    def archives(self, snapshot: str) -> list[Any]:
        """The archives of one snapshot.

        Raises:
            SourceError: if a source is missing or cannot be read; the message names it.
        """
        if snapshot not in self._archives:
            from data_platform.ingest.discover import archives_of

            sources = self._by_snapshot.get(snapshot, [])
            self._archives[snapshot] = [archive for source in sources for archive in archives_of(source)]
        return self._archives[snapshot]
