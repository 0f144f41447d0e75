"""What Dagster knows a recipe's things by: every name carries the recipe, so that two recipes share none.

Not here: the word that stands for a recipe (`data_platform/run/identity.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import dagster as dg
from dagster._core.storage.tags import HIDDEN_TAG_PREFIX

from data_platform.core.checkout import git_commit
from data_platform.run.identity import recipe_key
from data_platform.run.recipe import Recipe

RECIPE_TAG = "data_platform/recipe"
COMMIT_TAG = "data_platform/git_commit"
PHASE_TAG = "data_platform/phase"
REFRESH = "data_platform/refresh"
"""Tag of the runs that a run of `refresh` started: its id."""
PLANNED = f"{HIDDEN_TAG_PREFIX}data_platform/planned_at"
"""Tag, not shown in lists, of runs that were planned: when, in seconds since 1970. What arrived since is not theirs."""


@dataclass(frozen=True)
class Names:
    """The names of one recipe's things.

    Attributes:
        recipe: the word that stands for the recipe; the first part of every key.
    """

    recipe: str

    @classmethod
    def of(cls, recipe: Recipe) -> Names:
        """The names of a recipe's things."""
        return cls(recipe_key(recipe))

    def asset(self, table: str) -> dg.AssetKey:
        """The asset of a table."""
        return dg.AssetKey([self.recipe, table])

    def assets(self, tables: Iterable[str]) -> list[dg.AssetKey]:
        """The assets of tables."""
        return [self.asset(table) for table in tables]

    @cached_property
    def snapshots(self) -> dg.DynamicPartitionsDefinition:
        """The partitions: one per crawl or snapshot, never one per file. Runs and the sensor add and remove keys."""
        return dg.DynamicPartitionsDefinition(name=f"snapshots/{self.recipe}")

    def of_recipe(self, word: str) -> str:
        """The name of a job, schedule or sensor of the recipe."""
        return f"{self.recipe}_{word}"

    def tags(self, phase: str | None = None) -> dict[str, str]:
        """What every run says of itself: the recipe, the code, and the phase where it makes one."""
        tags = {RECIPE_TAG: self.recipe}
        if commit := git_commit():
            tags[COMMIT_TAG] = commit
        return tags | ({PHASE_TAG: phase} if phase else {})


def table_of(key: dg.AssetKey) -> str:
    """The table of an asset."""
    return key.path[-1]


def tag_run(instance: dg.DagsterInstance, run: dg.DagsterRun, names: Names) -> None:
    """Say of a run whose it is, whoever launched it: what is started from the page of an asset has no job's tags."""
    if missing := {name: value for name, value in names.tags().items() if name not in run.tags}:
        instance.add_run_tags(run.run_id, missing)
