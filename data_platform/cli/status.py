"""`data-platform status`: tables, versions, rows, and what is out of date and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from data_platform.cli.common import JSON, RECIPE, RECIPE_ARGUMENT, out, the_recipe, workspaces_of
from data_platform.cli.grid import Grid
from data_platform.core.errors import PlainError, many
from data_platform.lake.place import shown
from data_platform.run.workspace import Workspace

if TYPE_CHECKING:
    from data_platform.lake.lake import Lake


@click.command()
@RECIPE_ARGUMENT
@click.option("--snapshots", "apart", is_flag=True, help="One row for every snapshot of a table, not one for all.")
@RECIPE
@JSON
def status(recipe: str | None, apart: bool, recipe_path: str | None, as_json: bool) -> None:
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
        out.print(_grid(part["tables"], apart))
        for line in _reasons(part["tables"]):
            out.print(line)
        if part["returned"]:
            out.print(f"{many(part['returned'], 'record')} came back after a takedown and were rejected by their text; "
                      f"their payloads are there: data-platform takedown --returned", style="red")
        for row in part["takedowns"]:
            left = "" if row["state"] == "done" else f", not done: data-platform takedown --resume {row['takedown_id']}"
            out.print(f"takedown {row['takedown_id']} of {row['begun_at'][:10]}: {many(row['documents'], 'document')}, "
                      f"{escape(row['reason'])}{left}", style=None if row["state"] == "done" else "red")


_COLORS = {"fresh": "green", "blocked": "red"}
_MOST_PLACES = 3


def _grid(rows: Sequence[Mapping[str, Any]], apart: bool) -> Grid:
    """Tables with their rows, tokens and states; of those with several snapshots the sums, unless they are `apart`."""
    grid = Grid()
    for name, justify in (("table", "left"), ("snapshot", "left"), ("version", "right"), ("rows", "right"),
                          ("tokens", "right"), ("state", "left")):
        grid.add_column(name, justify=justify)
    for table, some in groupby(rows, key=lambda row: row["table"]):
        of_table = list(some)
        for together in [[row] for row in of_table] if apart else [of_table]:
            states = Counter(row["state"] for row in together)
            counts = {state: "" if len(together) == 1 else f"{count:,} " for state, count in states.items()}
            snapshots = (escape(together[0]["snapshot"] or "") if len(together) == 1
                         else many(len(together), "snapshot"))
            grid.add_row(
                table, snapshots, _number(together[0]["version"] if len(together) == 1 else None),
                *(_number(sum(found) if (found := [row[name] for row in together if row[name] is not None]) else None)
                  for name in ("rows", "tokens")),
                ", ".join(f"[{(color := _COLORS.get(state, 'yellow'))}]{count}{state}[/{color}]"
                          for state, count in counts.items()),
            )
    return grid


def _reasons(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Why tables are not up to date, each reason once; of those that wait for another table, the other is told."""
    places = {f"{row['table']}/{row['snapshot']}" if row["snapshot"] else row["table"]: row for row in rows}
    inherited = {f"{place} is {row['state']}" for place, row in places.items()}
    causes: dict[tuple[str, str], list[str]] = {}
    for place, row in places.items():
        if row["why"] and row["why"] not in inherited:
            causes.setdefault((row["state"], row["why"]), []).append(place)
    for (state, why), found in causes.items():
        color = _COLORS.get(state, "yellow")
        more = f" and {len(found) - _MOST_PLACES:,} more" if len(found) > _MOST_PLACES else ""
        where = escape(", ".join(found[:_MOST_PLACES]) + more)
        yield f"[{color}]{state}[/{color}] {where}: {escape(why)}"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _tokens(lake: Lake, name: str, partition: str | None, fresh: bool) -> int | None:
    """Tokens of a table; None if it is not `fresh` and files of it are gone or damaged, of which its state says why."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from data_platform.lake.lake import VersionGone

    try:
        batches = lake.read(name, ["token_count"], partition=partition, batch_rows=65_536)
        return sum(pc.sum(batch.column(0)).as_py() or 0 for batch in batches)
    except (VersionGone, OSError, pa.ArrowException):
        if fresh:
            raise
        return None


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
                tokens = _tokens(workspace.lake, name, partition, fresh=item.state == "fresh")
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
