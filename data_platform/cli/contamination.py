"""`data-platform contamination`: what was found of the evaluation sets, by id."""

from __future__ import annotations

import json

import click
from rich.markup import escape

from data_platform.cli.common import JSON, RECIPE, columns, out, the_one_with, workspaces_of
from data_platform.core.errors import many
from data_platform.lake.lake import Lake
from data_platform.run.workspace import Workspace


@click.command()
@click.argument("table", required=False)
@click.option("--snapshot", default=None, help="Snapshot of the documents. Default: all of them.")
@click.option("--top", type=click.IntRange(min=0), default=20, show_default=True, help="How many findings to list.")
@RECIPE
@JSON
def contamination(table: str | None, snapshot: str | None, top: int, recipe_path: str | None, as_json: bool) -> None:
    """Show which items of the evaluation sets were found in which documents, and what is done about it, by id only.

    With TABLE, such as a mixture, look for them in its texts now; nothing is written.
    """
    from data_platform.reports.duplicates import contamination_report

    if table:
        _scan(the_one_with("table", table, Lake.tables, recipe_path), table, snapshot, top, as_json)
        return
    for workspace in workspaces_of(recipe_path):
        if workspace.recipe.decontamination is None and recipe_path is None:
            continue
        snapshots = [snapshot] if snapshot else workspace.snapshots
        accounts, found = contamination_report(workspace.lake, workspace.recipe, snapshots)
        if as_json:
            print(json.dumps(
                {"recipe": workspace.recipe.name, "sets": accounts, "found": found.to_pylist()}, indent=2
            ))
            continue
        out.print(f"recipe [bold]{workspace.recipe.name}[/bold], lake {workspace.lake.uri}")
        names = ("items", "found", "documents", "drop", "cut", "record", "short", "wordless")
        grid = columns(("evaluation set",), (*names, "mean overlap"))
        for row in accounts:
            overlap = "" if row["overlap"] is None else f"{row['overlap']:.2f}"
            grid.add_row(row["evaluation_set"], *(f"{row[name]:,}" for name in names), overlap)
        out.print(grid)
        grid = columns(("document", "snapshot", "evaluation set", "item", "method", "decision"), ("overlap",))
        for row in found.slice(0, top).to_pylist():
            grid.add_row(
                row["doc_id"], row["snapshot"], row["evaluation_set"], escape(row["item_id"]), row["method"],
                row["decision"], f"{row['overlap']:.2f}",
            )
        out.print(grid)
        if found.num_rows > top:
            out.print(f"and {found.num_rows - top:,} more")


def _scan(workspace: Workspace, name: str, snapshot: str | None, top: int, as_json: bool) -> None:
    from data_platform.reports.duplicates import scan_table

    found = scan_table(workspace.lake, workspace.recipe, name, snapshot)
    if as_json:
        print(json.dumps({"recipe": workspace.recipe.name, "table": name, "found": found.to_pylist()}, indent=2))
        return
    grid = columns(("row", "evaluation set", "item", "method"), ("overlap",))
    for row in found.slice(0, top).to_pylist():
        grid.add_row(
            row["id"], row["evaluation_set"], escape(row["item_id"]), row["method"], f"{row['overlap']:.2f}"
        )
    out.print(f"[bold]{name}[/bold], lake {workspace.lake.uri}: {many(found.num_rows, 'finding')}")
    out.print(grid)
