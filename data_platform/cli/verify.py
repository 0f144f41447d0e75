"""`data-platform verify`: whether a lake is whole; exit status 1 if anything is damaged."""

from __future__ import annotations

import json

import click
from rich.markup import escape

from data_platform.cli.audit import share
from data_platform.cli.common import JSON, RECIPE, first_of, out, workspaces_of
from data_platform.core.errors import PlainError, many


@click.command()
@click.argument("tables", metavar="[TABLE]...", nargs=-1)
@click.option("--files", "files", default="200", show_default=True, metavar="all|N|none", callback=share,
              help="Of how many data files, drawn by chance, the bytes are compared with what was committed. Existence "
                   "and size are asked of all. With all, exports are read as a whole, too.")
@RECIPE
@JSON
def verify(tables: tuple[str, ...], files: int | None, recipe_path: str | None, as_json: bool) -> None:
    """Say what is damaged of each TABLE, or of all of a lake and its exports: one line each.

    Logs, checkpoints and what else stands for them, files, what table lineage tells, and the platform's own logs are
    looked at, and nothing is changed. The exit status is 1 if anything is damaged; `data-platform repair` mends it.
    """
    from data_platform.pipeline.verify import verify as look

    lakes = {workspace.lake.uri: workspace.lake for workspace in workspaces_of(recipe_path)}
    report, damaged = [], list[str]()
    for uri, lake in lakes.items():
        try:
            found = look(lake, tables, files)
        except PlainError as error:
            if len(lakes) == 1:
                raise
            click.echo(f"left out: {uri}: {error}", err=True)
            continue
        damaged += [f"lake {uri}: {one}" for one in found.damaged]
        report.append({"lake": uri, **found.to_dict()})
        if as_json:
            continue
        for one in found.damaged:
            out.print(f"[red]{escape(str(one))}[/red]")
        for note in found.notes:
            out.print(escape(note))
        read = found.files
        missed = "" if read.read == read.total else (
            f"; if one file in a hundred were altered, none of them would be among these with a probability of "
            f"{read.escapes:.2g}")
        out.print(f"lake {escape(uri)}: {many(found.tables, 'table')}, {many(read.total, 'file')} of their size, "
                  f"{read.read:,} read{missed}; {many(found.exports, 'export')}")
        if not found.damaged:
            out.print("[green]nothing is damaged[/green]")
    if as_json:
        print(json.dumps(report, indent=2))
    if damaged:
        raise click.ClickException(first_of(damaged))
