"""`data-platform repair`: what to do about tables that are not what the platform wrote."""

from __future__ import annotations

import click
from rich.markup import escape

from data_platform.cli.common import RECIPE, out, workspaces_of


@click.command()
@click.argument("tables", metavar="[TABLE]...", nargs=-1)
@RECIPE
def repair(tables: tuple[str, ...], recipe_path: str | None) -> None:
    """Mend each TABLE that is not what the platform wrote, or all of them, so that the next run ends clean.

    A version that is as it was committed is put back. Where there is none, the table is set aside within the lake, and
    the next run builds it anew. Nothing is deleted, and what was done is noted in table removed_tables.
    """
    from data_platform.pipeline.repair import repair as mend

    done = 0
    for lake in {workspace.lake.uri: workspace.lake for workspace in workspaces_of(recipe_path)}.values():
        for one in mend(lake, [name for name in tables]):
            done += 1
            for what in one.found:
                out.print(f"[red]{escape(what)}[/red]")
            out.print(f"[bold]{escape(one.table)}[/bold]: {escape(one.done)}")
    out.print("run the recipe again" if done else "[green]every table is what the platform wrote[/green]")
