"""The code location: everything that Dagster sees, for the recipe that the environment names.

`$DATA_PLATFORM_RECIPE` is the path of the recipe, recipes/demo.yaml of the checkout by default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

RECIPE_VARIABLE = "DATA_PLATFORM_RECIPE"
DEFAULT_RECIPE = Path(__file__).resolve().parents[1] / "recipes" / "demo.yaml"


def recipe_path() -> str:
    """Path of the recipe that the code location is loaded with."""
    return os.environ.get(RECIPE_VARIABLE) or str(DEFAULT_RECIPE)


def build_definitions(
    recipe: str | None = None, resource_overrides: Mapping[str, Any] | None = None
) -> dg.Definitions:
    """Assets, checks, jobs, sensors and schedules of the recipe at path `recipe`.

    Args:
        resource_overrides: resources by name, instead of the usual ones.

    Raises:
        RecipeError: if the recipe cannot be used.
    """
    from assets.definitions import assets_of, checks_of
    from assets.jobs import jobs_of
    from assets.schedules import refresh
    from assets.sensors import automation, new_snapshots
    from data_platform.run.recipe import load_recipe
    from resources.workspace import WorkspaceResource

    path = recipe or recipe_path()
    loaded = load_recipe(path)
    return dg.Definitions(
        assets=assets_of(loaded),
        asset_checks=checks_of(loaded),
        jobs=jobs_of(loaded),
        sensors=[new_snapshots, automation],
        schedules=[refresh],
        resources={"workspace": WorkspaceResource(recipe_path=path), **(resource_overrides or {})},
        # One process per run: stages already use every core, and the models stay loaded from step to step.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev` loads."""
    return build_definitions()
