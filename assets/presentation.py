"""How the asset of a stage presents itself: description, owners, kinds, tags, metadata and how fresh it is to be, all
of it from the stage's declaration and the recipe.

Not here: what an asset does (`graph.py`), and what a materialisation reports (`accounts.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster._check import CheckError

from data_platform.assets.descriptions import description_of
from data_platform.assets.metadata import definition_metadata
from data_platform.assets.references import code_references
from data_platform.core.errors import no_such
from data_platform.core.settings import RecipeError
from data_platform.run.recipe import Recipe
from data_platform.run.settings import Fresh, Shown
from data_platform.run.stage import Stage

_MOST_KINDS = 3


class Presentation:
    """How the assets of a recipe present themselves.

    Args:
        path: where the recipe lies.

    Raises:
        RecipeError: if the recipe speaks of a table or group that its flow does not have.
    """

    def __init__(self, recipe: Recipe, path: str, flow: Mapping[str, Stage]) -> None:
        self.recipe, self.path = recipe, path
        known = {*flow, *(stage.group for stage in flow.values())}
        for place, named in (("catalogue.of", recipe.catalogue.of), ("watch.freshness", recipe.watch.freshness)):
            for name in named:
                if name not in known:
                    raise RecipeError(f"{path}: {place}.{name}: {no_such('table or group', name, sorted(known))}")

    def of(self, stage: Stage) -> dict[str, Any]:
        """Arguments of `dg.asset` for the asset of a stage."""
        every = self.recipe.catalogue
        own = [every.of[name] for name in (stage.name, stage.group) if name in every.of]
        return {
            "description": description_of(stage, self.recipe),
            "group_name": stage.group,
            "owners": list(next((shown.owners for shown in own if shown.owners), every.owners)),
            "kinds": _kinds(stage, [*own, every]),
            "tags": {name: value for shown in (every, *reversed(own)) for name, value in shown.tags.items()},
            "metadata": {**definition_metadata(stage.declared), **code_references(stage, self.path)},
            "freshness_policy": self._freshness(stage),
        }

    def _freshness(self, stage: Stage) -> dg.FreshnessPolicy | None:
        named = self.recipe.watch.freshness
        wanted = named.get(stage.name) or named.get(stage.group)
        return _policy(wanted, f"{self.path}: watch.freshness") if wanted else None


def _kinds(stage: Stage, shown: list[Shown]) -> set[str]:
    """As many as Dagster shows: where the rows lie, what they need, what the recipe says, what it runs in."""
    wanted = ["deltalake", *(["torch"] if stage.pool else []), *(kind for one in shown for kind in one.kinds), "python"]
    return set(list(dict.fromkeys(wanted))[:_MOST_KINDS])


def _policy(wanted: Fresh, place: str) -> dg.FreshnessPolicy:
    fail = timedelta(hours=wanted.fail_hours)
    if wanted.deadline is None:
        warn = timedelta(hours=wanted.warn_hours) if wanted.warn_hours is not None else None
        return dg.FreshnessPolicy.time_window(fail_window=fail, warn_window=warn)
    try:
        return dg.FreshnessPolicy.cron(deadline_cron=wanted.deadline, lower_bound_delta=fail, timezone=wanted.timezone)
    except CheckError as error:
        raise RecipeError(f"{place}: {str(error).rpartition('Description: ')[2]}") from None
