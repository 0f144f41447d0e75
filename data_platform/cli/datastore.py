"""`data-platform datastore`: what is kept apart from all mixtures, and its removal."""

from __future__ import annotations

import json

import click

from data_platform.cli.common import JSON, RECIPE, columns, out, the_one_with
from data_platform.core.errors import many


@click.command()
@click.argument("name")
@click.option("--remove", "removing", is_flag=True, help="Delete it, with all of its versions.")
@RECIPE
@JSON
def datastore(name: str, removing: bool, recipe_path: str | None, as_json: bool) -> None:
    """Show what datastore NAME holds, by licence; with --remove, delete it and nothing else."""
    from data_platform.core.tables import table, table_name
    from data_platform.stages.datastores import datastores, holdings, remove

    entry = table(table_name("datastore", name)).entry
    workspace = the_one_with("datastore", entry, datastores, recipe_path)
    if removing:
        receipt = remove(workspace.lake, name)
        if as_json:
            print(json.dumps(receipt, indent=2, default=str))
            return
        out.print(f"removed {receipt['table']}: {many(receipt['rows'], 'document')}, {many(receipt['files'], 'file')}, "
                  f"{receipt['bytes']:,} bytes; none is left. It is noted in table removed_tables.")
        if entry in workspace.recipe.datastores:
            out.print("The recipe still asks for it: take it out of there, or the next run makes it again.")
        return
    found = holdings(workspace.lake, name)
    if as_json:
        print(json.dumps(found, indent=2))
        return
    out.print(f"[bold]{found['table']}[/bold] version {found['version']}: {many(found['rows'], 'document')}, "
              f"read by {', '.join(found['read_by']) or 'no table'}")
    grid = columns(("licence",), ("tier", "documents", "tokens"))
    for row in found["licenses"]:
        grid.add_row(row["spdx"], str(row["tier"]), f"{row['rows']:,}", f"{row['tokens']:,}")
    out.print(grid)
