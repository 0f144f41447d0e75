"""`data-platform ui`: the Dagster UI on recipes, each as a code location of its own."""

from __future__ import annotations

import os
import sys

import click

from data_platform.cli.common import RECIPE, RECIPE_ARGUMENT, the_recipe
from data_platform.core.settings import HOME_VARIABLE, RecipeError, home
from data_platform.run.identity import recipe_key
from data_platform.run.known import known_recipes
from data_platform.run.recipe import load_recipe
from data_platform.run.shipped import recipe_file


@click.command()
@RECIPE_ARGUMENT
@click.option("--port", default=3000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@RECIPE
def ui(recipe: str | None, port: int, host: str, recipe_path: str | None) -> None:
    """Open the Dagster UI on RECIPE, or on all recipes that were run from here, the last first (else the demo)."""
    from data_platform.definitions import DEFAULT_RECIPE, carry_over, dagster_home, prepare_instance, write_locations

    if given := the_recipe(recipe, recipe_path):
        locations = {recipe_key(load_recipe(given)): os.path.abspath(os.path.expanduser(given))}
    else:
        locations = _last_first() or {recipe_key(load_recipe(demo := recipe_file(DEFAULT_RECIPE))): demo}
    prepare_instance()
    for line in carry_over():
        click.echo(line)
    workspace = write_locations(locations)
    click.echo(f"recipes, each a code location: {', '.join(locations)}\n"
               f"the page of a job says what to do first: http://{host}:{port}/jobs")
    # Before the folder changes, from which a home of the usual name is counted.
    homes = {HOME_VARIABLE: str(home()), "DAGSTER_HOME": str(dagster_home())}
    # `dg dev` is `dagster dev` without the warning that there is `dg dev`. Where a dagster.yaml lies that is not read,
    # as in the checkout, both warn of it; code locations go back to where this command was typed.
    os.chdir(workspace.parent)
    command = [sys.executable, "-m", "dagster_dg_cli.cli", "dev", "-w", str(workspace), "-h", host, "-p", str(port)]
    os.execve(command[0], command, {**os.environ, **homes})


def _last_first() -> dict[str, str]:
    """The recipes that were run from here, by the names of their code locations. One that cannot be read has a
    location, too, which says why; so does a line here."""
    locations = {}
    for name, path in reversed(known_recipes().items()):
        try:
            name = recipe_key(load_recipe(path))
        except RecipeError as error:
            click.echo(f"cannot be read: {error}", err=True)
        locations.setdefault(name, path)
    return locations
