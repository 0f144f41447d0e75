"""What several commands share: how they print, and which lake they mean when nobody says."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from data_platform.cli.grid import Grid
from data_platform.core.printing import on_one_line
from data_platform.core.settings import RecipeError
from data_platform.core.tables import PUBLISHED, kind_of, table, table_name
from data_platform.lake.lake import Lake
from data_platform.lake.place import LakeUnreachable, shown
from data_platform.run.known import known_recipes
from data_platform.run.recipe import load_recipe
from data_platform.run.shipped import recipe_file
from data_platform.run.workspace import Workspace

if TYPE_CHECKING:
    from data_platform.reports.identity import Known

# A pipe has no width: unless $COLUMNS gives it one, tables are then as wide as they need to be, and lines as long.
_HAS_WIDTH = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
out = Console(highlight=False, soft_wrap=not _HAS_WIDTH, width=None if _HAS_WIDTH else 200)
WIDTH = min(out.width, 120)
"""How wide lines of words are, in columns of the terminal."""


class RecipePath(click.Path):
    """Path of a recipe, which may be named by the word for one that comes with the platform."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path of the file that is meant."""
        return super().convert(recipe_file(value), param, ctx)


RECIPE = click.option(
    "--recipe", "recipe_path", metavar="RECIPE", type=RecipePath(dir_okay=False), default=None,
    help="Recipe file, or one that comes with the platform, as demo. Default: the recipes that were run from here.",
)
RECIPE_ARGUMENT = click.argument("recipe", metavar="[RECIPE]", type=RecipePath(dir_okay=False), required=False)
"""The same without `--recipe`, for commands that are about nothing but a recipe."""
KEY = click.option(
    "--key", "key_path", type=click.Path(dir_okay=False, path_type=Path), default=None,
    help="Private Ed25519 key (PEM or OpenSSH) that signs the attestation; its passphrase, if it has one, is in "
         "$DATA_PLATFORM_KEY_PASSPHRASE.",
)
SELECT = click.option(
    "--select", multiple=True, metavar="STAGE", help="This table alone, or all of a phase, such as filter; what it is "
    "made of has to be there. May be repeated.",
)
UNTIL = click.option(
    "--until", multiple=True, metavar="STAGE", help="This table, or all of a phase, and all that it is made of. May be "
    "repeated.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def columns(left: Sequence[str], right: Sequence[str]) -> Grid:
    """A table without lines, with columns that are aligned left and right."""
    grid = Grid()
    for name in left:
        grid.add_column(name)
    for name in right:
        grid.add_column(name, justify="right")
    return grid


def pairs(rows: Iterable[tuple[str, str]], indent: str = "  ") -> list[str]:
    """Names and what they hold as lines, the latter wrapped and below each other, or below names that are long; what
    steers a terminal is written out. Empty ones are left out."""
    told = [(name, on_one_line(value)) for name, value in rows if value]
    left = max((len(name) for name, _ in told), default=0)
    lines = []
    for name, value in told:
        if left > WIDTH // 2:
            lines += [f"{indent}{name}", *_wrapped(value, f"{indent}    ")]
        else:
            lines += _wrapped(value, f"{indent}{name:<{left}}  ")
    return lines


def _wrapped(value: str, head: str) -> list[str]:
    return textwrap.wrap(value, WIDTH, initial_indent=head, subsequent_indent=" " * len(head),
                         break_on_hyphens=False) or [head.rstrip()]


def first_of(found: Sequence[str]) -> str:
    """The sentence that a command ends with which has printed all that it found wrong: the first, and how many more."""
    return found[0] + (f" (and {len(found) - 1:,} more)" if len(found) > 1 else "")


def write_file(path: Path, content: str) -> None:
    """Write what a command was asked to leave in a file; that it cannot be written is told in one line."""
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from None


def the_recipe(argument: str | None, option: str | None) -> str | None:
    """The recipe that a command was given, as an argument or as an option; None if it was given none."""
    if argument and option and argument != option:
        raise click.UsageError(f"two recipes, {argument} and {option}; give one")
    return argument or option


def workspaces_of(recipe_path: str | None, having: str | None = None, complete: bool = False) -> list[Workspace]:
    """The workspace of the recipe that is named, or of all that were run from here: those whose lake has the table
    `having`, if it is given and any has it. Of all, a recipe that cannot be read is told and left out.

    Raises:
        RecipeError: if the recipe that is named cannot be read, or of all none can, or one cannot where the answer must
            be `complete`.
    """
    if recipe_path:
        return [Workspace(load_recipe(recipe_path))]
    known = known_recipes().values()
    paths = [path for path in known if Path(path).is_file()]
    for path in known:
        if path not in paths:
            click.echo(f"left out: {shown(path)}: the recipe is not there any more", err=True)
    if not paths:
        raise click.ClickException("no recipe was run from here yet; run one, or give --recipe")
    workspaces, faults = [], []
    for path in paths:
        try:
            workspaces.append(Workspace(load_recipe(path)))
        except (RecipeError, LakeUnreachable) as error:
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


def document_of(asked: str, recipe_path: str | None) -> tuple[Workspace, Known]:
    """The one document, among all lakes, that `asked` names: a doc_id, a row's own id, or a URL.

    Raises:
        NoDocument: if none has it.
        TakenDown: if what had it was taken down.
        SeveralDocuments: if several documents of one lake have it.
    """
    from data_platform.proof.trace import unless_taken_down
    from data_platform.reports.identity import find, the_one

    workspaces = workspaces_of(recipe_path)
    having = [(workspace, found) for workspace in workspaces if (found := find(workspace.lake, asked))]
    if len(having) > 1:
        places = ", ".join(f"{workspace.lake.uri} (recipe {workspace.recipe.name})" for workspace, _ in having)
        raise click.ClickException(f"document {on_one_line(asked)!r} is in {places}; give --recipe")
    if not having:
        for workspace in workspaces:
            unless_taken_down(workspace.lake, asked)
        return workspaces[0], the_one([], asked, ", ".join(workspace.lake.uri for workspace in workspaces))
    workspace, found = having[0]
    return workspace, the_one(found, asked, workspace.lake.uri)
