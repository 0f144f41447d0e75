"""`data-platform ui`: the Dagster UI on a recipe."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from data_platform.cli.common import RECIPE


@click.command()
@click.option("--port", default=3000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@RECIPE
def ui(port: int, host: str, recipe_path: str | None) -> None:
    """Open the Dagster UI on the runs and tables of a recipe (default: recipes/demo.yaml)."""
    from data_platform.definitions import RECIPE_VARIABLE, dagster_home, prepare_instance

    prepare_instance()
    environment = {**os.environ, "DAGSTER_HOME": str(dagster_home())}
    if recipe_path:
        environment[RECIPE_VARIABLE] = str(Path(recipe_path).absolute())
    dagster = Path(sys.executable).parent / "dagster"
    command = [str(dagster), "dev", "-m", "data_platform.definitions", "-h", host, "-p", str(port)]
    os.execve(command[0], command, environment)
