"""What several commands share: how they print, and which lake they mean when nobody says."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table as Grid

from data_platform.core.settings import RecipeError, home
from data_platform.core.tables import PUBLISHED, kind_of, table, table_name
from data_platform.lake.lake import Lake
from data_platform.run.recipe import load_recipe
from data_platform.run.workspace import Workspace

# A pipe has no width: tables are then as wide as they need to be.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
RECIPE = click.option(
    "--recipe", "recipe_path", type=click.Path(dir_okay=False), default=None,
    help="Recipe file. Default: the recipes that were run from here.",
)
KEY = click.option(
    "--key", "key_path", type=click.Path(dir_okay=False, path_type=Path), default=None,
    help="Private Ed25519 key (PEM or OpenSSH) that signs the attestation; its passphrase, if it has one, is in "
         "$DATA_PLATFORM_KEY_PASSPHRASE.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def columns(left: Sequence[str], right: Sequence[str]) -> Grid:
    """A table without lines, with columns that are aligned left and right."""
    grid = Grid(box=None, pad_edge=False)
    for name in left:
        grid.add_column(name, no_wrap=True)
    for name in right:
        grid.add_column(name, justify="right", no_wrap=True)
    return grid


def write_file(path: Path, content: str) -> None:
    """Write what a command was asked to leave in a file; that it cannot be written is told in one line."""
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from None


def remember(recipe_path: str, workspace: Workspace) -> None:
    """Note the recipe in the platform's home, so that later commands find its lake by themselves."""
    known = known_recipes()
    known[workspace.recipe.name] = str(Path(recipe_path).absolute())
    path = home() / "recipes.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_suffix(f".{os.getpid()}")
    building.write_text(json.dumps(known, indent=2), encoding="utf-8")
    building.replace(path)


def known_recipes() -> dict[str, str]:
    """Paths of the recipes that were run from here, by name."""
    path = home() / "recipes.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def workspaces_of(recipe_path: str | None, having: str | None = None, complete: bool = False) -> list[Workspace]:
    """The workspace of the recipe that is named, or of all that were run from here: those whose lake has the table
    `having`, if it is given and any has it. Of all, a recipe that cannot be read is told and left out.

    Raises:
        RecipeError: if the recipe that is named cannot be read, or of all none can, or one cannot where the answer must
            be `complete`.
    """
    if recipe_path:
        return [Workspace(load_recipe(recipe_path))]
    paths = [path for path in known_recipes().values() if Path(path).is_file()]
    if not paths:
        raise click.ClickException("no recipe was run from here yet; run one, or give --recipe")
    workspaces, faults = [], []
    for path in paths:
        try:
            workspaces.append(Workspace(load_recipe(path)))
        except RecipeError as error:
            faults.append(str(error))
    if faults and (complete or not workspaces):
        raise RecipeError("\n".join(faults))
    for fault in faults:
        click.echo(f"left out: {fault}", err=True)
    return [workspace for workspace in workspaces if having and workspace.lake.exists(having)] or workspaces


def workspace_of(mixture: str, recipe_path: str | None) -> Workspace:
    """The workspace whose lake holds a mixture, or the table of a branch or datastore."""
    from data_platform.proof.trace import mixtures

    if kind_of(mixture) in PUBLISHED and kind_of(mixture) != "mixture":
        return the_one_with("table", mixture, Lake.tables, recipe_path)
    return the_one_with("mixture", table(table_name("mixture", mixture)).entry, mixtures, recipe_path)


def the_one_with(
    kind: str, name: str, names: Callable[[Lake], Collection[str]], recipe_path: str | None
) -> Workspace:
    """The one workspace among whose `names` of a kind of thing is `name`."""
    from data_platform.proof.trace import NotFound

    workspaces = workspaces_of(recipe_path)
    having = [workspace for workspace in workspaces if name in names(workspace.lake)]
    if len(having) > 1:
        places = ", ".join(f"{workspace.lake.uri} (recipe {workspace.recipe.name})" for workspace in having)
        raise click.ClickException(f"{kind} {name!r} exists in {places}; give --recipe")
    if not having:
        if kind == "mixture" and any(workspace.lake.exists(table_name("plan", name)) for workspace in workspaces):
            raise NotFound(f"{name} is a plan alone, without texts: its mixture says `publish: false`")
        existing = {found for workspace in workspaces for found in names(workspace.lake)}
        raise NotFound(f"no {kind} {name!r}; {kind}s: {', '.join(sorted(existing)) or 'none yet'}")
    return having[0]
