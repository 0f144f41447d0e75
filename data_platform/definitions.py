"""The code location: everything that Dagster sees of one recipe.

It is the one door from the platform to Dagster: the command line, too, reaches assets and resources through it.

Loaded as a module, as `dagster dev`, `dg` and code servers do, it is the location of the recipe that
`$DATA_PLATFORM_RECIPE` names, by its path or as one that comes with the platform: `demo` by default. `write_locations`
makes files that Dagster loads side by side, one per recipe.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import yaml

from data_platform.core.memory import write_whole
from data_platform.core.settings import RecipeError, home

if TYPE_CHECKING:
    from data_platform.assets.launch import Outcome
    from data_platform.run.workspace import Workspace

RECIPE_VARIABLE = "DATA_PLATFORM_RECIPE"
DEFAULT_RECIPE = "demo"


def recipe_path() -> str:
    """Path of the recipe that the code location is loaded with."""
    from data_platform.run.shipped import recipe_file

    return recipe_file(os.environ.get(RECIPE_VARIABLE) or DEFAULT_RECIPE)


def build_definitions(
    recipe: str | None = None, resource_overrides: Mapping[str, Any] | None = None
) -> dg.Definitions:
    """Assets, checks, jobs, sensors and schedules of the recipe at path `recipe`.

    Args:
        resource_overrides: resources by name, instead of the usual ones.

    Raises:
        RecipeError: if the recipe cannot be used.
    """
    from data_platform.assets.location import definitions_of
    from data_platform.run.recipe import load_recipe

    path = recipe or recipe_path()
    return definitions_of(load_recipe(path), path, resource_overrides)


def bring_up_to_date(
    recipe: str, workspace: Workspace, report: Callable[[str], None], only: Collection[str] | None = None
) -> Iterator[Outcome]:
    """Run what is out of date in a workspace, whose recipe is at path `recipe`, phase by phase.

    Args:
        report: is told what is run and why.
        only: the tables that are made. Default: all of the recipe.
    """
    from data_platform.assets import launch
    from data_platform.resources.instance import storage_faults_told
    from data_platform.resources.workspace import WorkspaceResource

    with storage_faults_told():
        for line in carry_over():
            report(line)
        resource = WorkspaceResource(recipe_path=recipe, lake_uri=workspace.lake.uri)
        definitions = build_definitions(recipe, {"workspace": resource})
        yield from launch.bring_up_to_date(definitions, workspace, report, only=only)


def carry_over() -> list[str]:
    """Carry over what the home recorded before recipes had names of their own in Dagster, and say in lines what was."""
    from data_platform.assets.migration import migrate
    from data_platform.resources.instance import open_instance
    from data_platform.run.known import known_recipes
    from data_platform.run.recipe import load_recipe

    recipes = {}
    for path in known_recipes().values():
        with suppress(RecipeError):  # whoever reads it by itself says so; what is its own stays until it can be read
            recipes[path] = load_recipe(path)
    with open_instance() as instance:
        return migrate(instance, recipes).lines


def observe_takedowns(workspace: Workspace) -> None:
    """Show on the page of takedowns where those of a workspace stand now, and on those of tables what they rewrote."""
    from data_platform.assets.names import Names
    from data_platform.assets.observations import of_takedowns
    from data_platform.assets.origins import observations
    from data_platform.assets.taken_out import rewritten
    from data_platform.pipeline.flow import stages
    from data_platform.resources.instance import open_instance

    names, flow = Names.of(workspace.recipe), stages(workspace.recipe)
    with open_instance() as instance:
        for event in (*of_takedowns(workspace.lake, names),
                      *rewritten(instance, workspace.lake, flow.values(), names),
                      *observations(instance, workspace, flow, names, workspace.snapshots)):
            instance.report_runless_asset_event(event)


def runs_at_work() -> list[str]:
    """Ids of runs that are under way, whoever launched them."""
    from data_platform.resources import command_runs

    return command_runs.runs_at_work()


def at_work_since() -> datetime | None:
    """When the oldest run that is under way was made; None if there are none."""
    from data_platform.resources import command_runs

    return command_runs.since_when()


def dagster_home() -> Path:
    """The folder for Dagster's state: $DAGSTER_HOME, else `dagster` in the platform's home."""
    from data_platform.resources import instance

    return instance.dagster_home()


def prepare_instance() -> None:
    """Make the storage of runs, events and schedules that the command line, the UI and the daemon share."""
    from data_platform.resources import instance

    instance.open_instance().dispose()


def location_of(recipe: str) -> dg.Definitions:
    """The code location of the recipe at path `recipe`, whose snapshots are partitions from now on.

    Raises:
        RecipeError: if the recipe cannot be used.
    """
    from data_platform.assets.first_contact import register
    from data_platform.run.recipe import load_recipe

    definitions = build_definitions(recipe)
    register(load_recipe(recipe))
    return definitions


def write_locations(recipes: Mapping[str, str]) -> Path:
    """Write a workspace of Dagster with one code location for each of `recipes`, paths by the names of the locations.

    A recipe that cannot be read is an error of its own location. Returns the workspace's file, in the platform's home;
    runs go on reading the locations' files beside it.
    """
    from data_platform.run.known import location_file

    folder = home() / "locations"
    folder.mkdir(parents=True, exist_ok=True)
    locations = []
    for name, recipe in recipes.items():
        write_whole(location_file(name), _LOCATION.format(folder=os.getcwd(), recipe=recipe))
        locations.append({"python_file": {"relative_path": f"{name}.py", "location_name": name}})
    path = folder / "workspace.yaml"
    write_whole(path, yaml.safe_dump({"load_from": locations}, sort_keys=False))
    return path


_LOCATION = """# Written by `data-platform ui`: the code location of one recipe.
import os

from data_platform.definitions import location_of

os.chdir({folder!r})  # where relative paths of the recipe begin
defs = location_of({recipe!r})
"""


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev` loads."""
    return location_of(recipe_path())
