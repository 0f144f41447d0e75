"""`data-platform repair`: what to do about tables and exports that are not what the platform wrote."""

from __future__ import annotations

import click
from rich.markup import escape

from data_platform.cli.common import RECIPE, out, workspaces_of


@click.command()
@click.argument("tables", metavar="[TABLE]...", nargs=-1)
@click.option("--exports", "gone", is_flag=True,
              help="Write exports again, too, whose folder is gone as a whole. Damaged ones are in any case.")
@RECIPE
def repair(tables: tuple[str, ...], gone: bool, recipe_path: str | None) -> None:
    """Mend each TABLE that is not what the platform wrote, or all of them and all exports, so that the next run ends
    clean.

    What logs lost is put back from copies, and a version that is as it was committed. Files that are lost, the next run
    makes again from what they were made of. Where nothing else helps, the table is set aside within the lake, and the
    next run builds it anew. Nothing is deleted, and what was done is noted in table removed_tables.
    """
    from data_platform.pipeline.exports import repair_exports
    from data_platform.pipeline.repair import repair as mend

    workspaces = {workspace.lake.uri: workspace for workspace in workspaces_of(recipe_path)}.values()
    done = 0
    for workspace in workspaces:
        mended = mend(workspace.lake, list(tables))
        again = [] if tables else repair_exports(workspace, gone)
        for one in (*mended, *again):
            for what in one.found:
                out.print(f"[red]{escape(what)}[/red]")
            out.print(f"[bold]{escape(one.table)}[/bold]: {escape(one.done)}")
        done += len(mended)
    if done:
        out.print("run the recipe again")
    elif not gone:
        out.print("[green]every table is what the platform wrote[/green]")
