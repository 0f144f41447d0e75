"""`data-platform schema`: what a recipe may say, for editors."""

from __future__ import annotations

import json

import click


@click.command()
def schema() -> None:
    """Print the JSON schema of recipes, with every method that is installed.

    An editor that reads it completes fields and marks misspelt ones: write it to a file, and name that in the first
    line of a recipe as `# yaml-language-server: $schema=FILE`.
    """
    from data_platform.run.recipe import recipe_schema

    print(json.dumps(recipe_schema(), indent=2))
