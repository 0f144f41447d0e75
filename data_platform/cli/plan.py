"""`data-platform plan`: what a run would do, and on how much."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from data_platform.cli.common import JSON, RECIPE, RECIPE_ARGUMENT, SELECT, UNTIL, out, the_recipe, workspaces_of
from data_platform.cli.grid import Grid
from data_platform.core.errors import many
from data_platform.lake.place import shown
from data_platform.run.workspace import Workspace

if TYPE_CHECKING:
    from data_platform.pipeline.forecast import Due

_MOST_SNAPSHOTS = 10


@click.command()
@RECIPE_ARGUMENT
@SELECT
@UNTIL
@RECIPE
@JSON
def plan(
    recipe: str | None, select: tuple[str, ...], until: tuple[str, ...], recipe_path: str | None, as_json: bool
) -> None:
    """Say what `run` would make of RECIPE, why, and how many bytes it would read. Nothing is changed.

    Without RECIPE, of all recipes that were run from here.
    """
    from data_platform.pipeline.extras import need_extras
    from data_platform.pipeline.flow import stages
    from data_platform.pipeline.forecast import forecast
    from data_platform.pipeline.selection import selected

    told = []
    for workspace in workspaces_of(the_recipe(recipe, recipe_path)):
        need_extras(workspace.recipe)
        flow = stages(workspace.recipe)
        only = selected(flow, select, until) if select or until else list(flow)
        due = forecast(workspace, flow, only)
        told.append({
            "recipe": workspace.recipe.name, "lake": workspace.lake.uri, "fresh": len(flow) - len(
                {one.status.stage.name for one in due} | (flow.keys() - set(only))),
            "due": [{"table": one.status.stage.name, "snapshot": one.status.snapshot, "phase": one.status.stage.phase,
                     "state": one.status.state, "why": one.status.why, "bytes_read": one.bytes_read,
                     "bytes_complete": one.complete} for one in due],
        })
        if not as_json:
            _print(workspace, due, told[-1]["fresh"])
    if as_json:
        print(json.dumps(told, indent=2))


def _print(workspace: Workspace, due: Sequence[Due], fresh: int) -> None:
    from data_platform.ingest.places import SourceError

    out.print(f"recipe [bold]{workspace.recipe.name}[/bold], lake {escape(shown(workspace.lake.uri))}")
    for snapshot in workspace.snapshots[:_MOST_SNAPSHOTS]:
        try:
            found = workspace.archives(snapshot)
            what = f"{many(len(found), 'archive')}, {size(sum(archive.size for archive in found))}"
        except SourceError as error:
            what = f"[red]{escape(str(error))}[/red]"
        out.print(f"  {escape(snapshot)}: {what}")
    if (more := len(workspace.snapshots) - _MOST_SNAPSHOTS) > 0:
        out.print(f"  and {many(more, 'snapshot')} more")
    if not due:
        out.print("[green]everything is up to date: a run would write nothing[/green]")
        return
    grid = Grid()
    for name, justify in (("phase", "left"), ("table", "left"), ("snapshots", "right"), ("state", "left"),
                          ("reads", "right")):
        grid.add_column(name, justify=justify)
    grid.add_column("why", below=True)
    places = {one.status.place for one in due}
    last = ""
    for name, some in groupby(due, key=lambda one: one.status.stage.name):
        of_table = list(some)
        phase, states = of_table[0].status.stage.phase, Counter(one.status.state for one in of_table)
        reads = sum(one.bytes_read for one in of_table)
        known = all(one.complete for one in of_table)
        # What waits for another table of this plan, or was never made, needs no words.
        why = dict.fromkeys(
            one.status.why for one in of_table
            if one.status.state != "missing" and not any(one.status.why.startswith(f"{place} is ") for place in places)
        )
        grid.add_row(
            "" if phase == last else phase, name, f"{len(of_table):,}" if of_table[0].status.snapshot else "",
            ", ".join(states), size(reads) if known else f"~ {size(reads)}" if reads else "?",
            escape("; ".join(list(why)[:2])),
        )
        last = phase
    out.print(grid)
    if not all(one.complete for one in due):
        out.print("~ and ?: by the size that it has now, or none, of what is made before it is read")
    out.print(f"{many(len({one.status.stage.name for one in due}), 'table')} to make, {fresh:,} up to date")


def size(count: int) -> str:
    """Bytes as people read them."""
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:,.1f} {unit}"
    return f"{count} B"
