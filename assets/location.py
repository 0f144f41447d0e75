"""Everything of one recipe that Dagster is told: assets, checks, jobs, sensors and schedules, under the recipe's names.

Not here: which recipe it is (`data_platform/definitions.py`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import dagster as dg

from data_platform.assets.alerts import alerts_of
from data_platform.assets.executor import executor_of
from data_platform.assets.follow import follow_of
from data_platform.assets.graph import assets_of, checks_of
from data_platform.assets.jobs import jobs_of
from data_platform.assets.names import Names
from data_platform.assets.observations import observed_of
from data_platform.assets.origins import origins_of
from data_platform.assets.presentation import Presentation
from data_platform.assets.refresh import refresh_job, schedules_of
from data_platform.assets.sensors import sensors_of
from data_platform.assets.standing import standing_of
from data_platform.assets.vacuum import vacuum_job, vacuum_schedule
from data_platform.pipeline.flow import stages
from data_platform.resources.workspace import WorkspaceResource
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage


def definitions_of(
    recipe: Recipe, path: str, resource_overrides: Mapping[str, Any] | None = None,
    flow: Mapping[str, Stage] | None = None,
) -> dg.Definitions:
    """The code location of a recipe that stands at `path`.

    Args:
        resource_overrides: resources by name, instead of the usual ones.
        flow: stages in the order of the flow, instead of those of the recipe.
    """
    given, names = flow, Names.of(recipe)
    flow = flow or stages(recipe)
    said = {"recipe": dg.MetadataValue.path(os.path.abspath(path)), "lake": recipe.lake_uri}
    jobs, made = jobs_of(flow, names, said), assets_of(flow, names, Presentation(recipe, path, flow), recipe)
    graph = {
        "assets": [*origins_of(flow, names, recipe), *made, *observed_of(flow, names, recipe)],
        "asset_checks": checks_of(flow, names), "jobs": jobs, "executor": executor_of(names, path),
    }
    refresh = refresh_job(
        flow, names, lambda workspace: dg.Definitions(**graph, resources={"workspace": workspace}), said
    )
    vacuum = vacuum_job(names, said)
    return dg.Definitions(
        **graph | {"jobs": [*jobs, refresh, vacuum]},
        sensors=[
            *sensors_of(flow, names, jobs), standing_of(flow, names), *alerts_of(recipe, names),
            follow_of(recipe, path, names, lambda other: definitions_of(other, path, resource_overrides, given)),
        ],
        schedules=[*schedules_of(flow, names, refresh), vacuum_schedule(names, vacuum)],
        resources={"workspace": WorkspaceResource(recipe_path=path), **(resource_overrides or {})},
    )
