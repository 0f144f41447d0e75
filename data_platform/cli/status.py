"""`data-platform status`: tables, versions, rows, and what is out of date and why."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click
from rich.markup import escape
from rich.table import Table as Grid

from data_platform.cli.common import JSON, RECIPE, RECIPE_ARGUMENT, out, the_recipe, workspaces_of
from data_platform.core.errors import PlainError, many
from data_platform.lake.place import shown
from data_platform.run.workspace import Workspace


@click.command()
@RECIPE_ARGUMENT
@RECIPE
@JSON
def status(recipe: str | None, recipe_path: str | None, as_json: bool) -> None:
    """Show tables, versions, rows, tokens, and what is out of date and why: of RECIPE, or of all that were run here."""
    workspaces, report = workspaces_of(the_recipe(recipe, recipe_path)), []
    for workspace in workspaces:
        try:
            report.append(_status_of(workspace))
        except PlainError as error:
            if len(workspaces) == 1:
                raise
            click.echo(f"left out: recipe {workspace.recipe.name}: {error}", err=True)
    if as_json:
        print(json.dumps(report, indent=2))
        return
    for part in report:
        out.print(f"recipe [bold]{part['recipe']}[/bold], lake {escape(shown(part['lake']))}")
        for line in part["passed_over"]:
            out.print(escape(line), style="yellow")
        for line in part["upgrade"]["lines"]:
            out.print(line, style="yellow")
        grid = Grid(box=None, pad_edge=False)
        for name, justify in (("table", "left"), ("snapshot", "left"), ("version", "right"), ("rows", "right"),
                              ("tokens", "right"), ("state", "left"), ("why", "left")):
            grid.add_column(name, justify=justify, no_wrap=name not in ("why",))
        for row in part["tables"]:
            color = {"fresh": "green", "blocked": "red"}.get(row["state"], "yellow")
            grid.add_row(
                row["table"], row["snapshot"] or "", _number(row["version"]), _number(row["rows"]),
                _number(row["tokens"]), f"[{color}]{row['state']}[/{color}]", escape(row["why"]),
            )
        out.print(grid)
        if part["returned"]:
            out.print(f"{many(part['returned'], 'record')} came back after a takedown and were rejected by their text; "
                      f"their payloads are there: data-platform takedown --returned", style="red")
        for row in part["takedowns"]:
            left = "" if row["state"] == "done" else f", not done: data-platform takedown --resume {row['takedown_id']}"
            out.print(f"takedown {row['takedown_id']} of {row['begun_at'][:10]}: {many(row['documents'], 'document')}, "
                      f"{escape(row['reason'])}{left}", style=None if row["state"] == "done" else "red")


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _status_of(workspace: Workspace) -> dict[str, Any]:
    from data_platform.pipeline.status import plan
    from data_platform.pipeline.upgrade import upgrade_of
    from data_platform.takedown.execute import returned, takedowns

    rows, states = [], plan(workspace)
    upgrade = upgrade_of(workspace.lake, states)
    for item in states:
        name, count, tokens = item.stage.name, None, None
        if item.version is not None:
            partition = item.snapshot if item.stage.partitioned else None
            count = workspace.lake.count(name, partition)
            if "token_count" in item.stage.declared:
                batches = workspace.lake.read(name, ["token_count"], partition=partition, batch_rows=65_536)
                tokens = sum(sum(batch.column(0).to_pylist()) for batch in batches)
        rows.append({
            "table": name, "snapshot": item.snapshot, "version": item.version, "rows": count, "tokens": tokens,
            "state": item.state, "why": item.why, "license_changes": list(item.license_changes),
        })
    removed = [
        {"takedown_id": row["takedown_id"], "state": row["state"], "begun_at": row["begun_at"].isoformat(),
         "documents": row["documents"], "requested_by": row["requested_by"], "reason": row["reason"]}
        for row in takedowns(workspace.lake)
    ]
    return {"recipe": workspace.recipe.name, "lake": workspace.lake.uri,
            "passed_over": workspace.passed_over, "tables": rows, "takedowns": removed,
            "upgrade": {**asdict(upgrade), "lines": upgrade.lines},
            "returned": len(returned(workspace.lake)) if removed else 0}
