"""`data-platform report`: distributions of a table, or what the filters kept and removed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import click
from rich.markup import escape

from data_platform.cli.common import JSON, RECIPE, out, the_one_with, workspaces_of
from data_platform.cli.grid import Grid, bar
from data_platform.core import tables as columns
from data_platform.core.errors import many
from data_platform.lake.lake import Lake
from data_platform.run.workspace import Workspace


@click.command()
@click.argument("table", required=False)
@click.option("--snapshot", default=None, help="Snapshot of the table. Default: all of them.")
@click.option("--version", type=click.IntRange(min=0), default=None, help="Version of the table. Default: the latest.")
@click.option("--top", default=10, show_default=True, help="How many categories to list for each column.")
@click.option("--stages", is_flag=True, help="Without TABLE: what each stage left of each language, over all crawls.")
@RECIPE
@JSON
def report(
    table: str | None, snapshot: str | None, version: int | None, top: int, stages: bool, recipe_path: str | None,
    as_json: bool,
) -> None:
    """Show how the values of TABLE are distributed: crawl dates, domains, languages, licences, scores, signals.

    Without TABLE, show what the filters kept and removed, per crawl and language, by rule, in documents and tokens.
    """
    from data_platform.lake.distributions import distributions
    from data_platform.pipeline.flow import stages as flow_stages

    if table and stages:
        raise click.UsageError("--stages counts stages, not a table: leave TABLE out")
    if table is None:
        for workspace in workspaces_of(recipe_path, "filter_verdicts"):
            _check_snapshot(workspace, "filter_verdicts", snapshot)
            show = _report_stages if stages else partial(_report_filters, top=top)
            show(workspace, [snapshot] if snapshot else workspace.snapshots, as_json=as_json)
        return
    workspace = the_one_with("table", table, Lake.tables, recipe_path)
    _check_snapshot(workspace, table, snapshot)
    lake = workspace.lake
    stage = flow_stages(workspace.recipe).get(table)
    found = distributions(lake, stage.declared if stage else table, snapshot, version)
    if as_json:
        print(json.dumps([distribution.to_dict() for distribution in found], indent=2))
        return
    counted = "tokens" if any(item.tokens is not None for each in found for item in each.bins) else "documents"
    grid = Grid()
    for name, justify in (("column", "left"), ("value", "left"), ("rows", "right"), (counted, "right"),
                          ("share", "right")):
        grid.add_column(name, justify=justify)
    grid.add_column(bars=True)
    for distribution in found:
        _grow_bars(grid, distribution, counted, top)
    version = lake.open(table, version).version()
    out.print(f"[bold]{table}[/bold]{f'/{snapshot}' if snapshot else ''} version {version}, lake {lake.uri}")
    out.print(grid)


def _check_snapshot(workspace: Workspace, table: str, snapshot: str | None) -> None:
    """A name that is misspelt would look like a crawl without documents."""
    if snapshot and "snapshot" not in columns.table(table).partition_by:
        raise click.UsageError(f"{table} is one table over all snapshots: leave --snapshot out")
    if snapshot and snapshot not in workspace.snapshots and not workspace.lake.pins(table, [snapshot]):
        known = ", ".join(workspace.snapshots)
        raise click.ClickException(f"no snapshot {snapshot!r} in recipe {workspace.recipe.name}; there are {known}")


def _report_stages(workspace: Workspace, snapshots: Sequence[str], as_json: bool) -> None:
    from data_platform.reports.filtering import stage_report

    rows = stage_report(workspace.lake, snapshots).to_pylist()
    if as_json:
        print(json.dumps({"recipe": workspace.recipe.name, "rows": rows}, indent=2))
        return
    out.print(f"recipe [bold]{workspace.recipe.name}[/bold], lake {workspace.lake.uri}")
    grid = Grid()
    for name in ("language", "after", "documents", "removed", "tokens", "removed"):
        grid.add_column(name, justify="left" if name in ("language", "after") else "right")
    before: dict[str, Any] = {}
    for row in rows:
        first = row["language"] != before.get("language")
        grid.add_row(row["language"] if first else "", row["stage"], *(
            said for what in ("documents", "tokens")
            for said in (f"{row[what]:,}", "" if first else f"{before[what] - row[what]:,}")
        ))  # fmt: skip
        before = row
    out.print(grid)


def _report_filters(workspace: Workspace, snapshots: Sequence[str], top: int, as_json: bool) -> None:
    from data_platform.filtering.own import NAME as OWN
    from data_platform.filtering.url_lists import unreadable_lines
    from data_platform.reports.filtering import admission_report, filter_report

    found = filter_report(workspace.lake, snapshots)
    unreadable = unreadable_lines(workspace.recipe.filters.urls)
    totals, rules = found.totals.to_pylist(), found.rules.to_pylist()
    admission = admission_report(workspace.lake, workspace.recipe.mixtures, snapshots).to_pylist()
    why = {f"{OWN}.{name}": rule.why for name, rule in workspace.recipe.rules.items() if rule.why}
    if as_json:
        lines = {"totals": totals, "rules": rules, "admission": admission, "why": why,
                 "unreadable_list_lines": unreadable}
        print(json.dumps({"recipe": workspace.recipe.name, **lines}, indent=2))
        return
    out.print(f"recipe [bold]{workspace.recipe.name}[/bold], lake {workspace.lake.uri}")
    grid = Grid()
    for name, justify in (("rule", "left"), ("documents", "right"),
                          ("tokens", "right"), ("share", "right"), ("by any rule", "right"), ("by it alone", "right")):
        grid.add_column(name, justify=justify)
    for total in totals:
        tokens = total["tokens"] or 1
        grid.add_row(f"[bold]{escape(total['snapshot'])}, {escape(total['language'])}[/bold]")
        for what in ("kept", "removed"):
            amount = total[f"{what}_tokens"]
            grid.add_row(
                f"  {what}",
                f"{total[f'{what}_documents']:,}", f"{amount:,}", f"{amount / tokens:.1%}", "", "",
            )
        broken = [
            rule for rule in rules if (rule["snapshot"], rule["language"]) == (total["snapshot"], total["language"])
        ]
        for rule in broken[:top]:
            grid.add_row(
                f"    {rule['rule']}", f"{rule['first_documents']:,}", f"{rule['first_tokens']:,}",
                f"{rule['first_tokens'] / tokens:.1%}", f"{rule['any_documents']:,}", f"{rule['only_documents']:,}",
            )
        if len(broken) > top:
            grid.add_row(f"    and {len(broken) - top} more")
    counted = {total["snapshot"] for total in totals}
    for pin in workspace.lake.pins("filter_verdicts", snapshots):
        if pin.partition not in counted:
            grid.add_row(f"[bold]{escape(pin.partition)}[/bold]: no documents", "0", "0")
    out.print(grid)
    for row in admission:
        out.print(f"mixture {row['mixture']}: {many(row['documents'], 'document')} not admitted for {row['rule']}")
    removing = {row["rule"] for row in (*rules, *admission)}
    for name, reason in why.items():
        if name in removing:
            out.print(f"{name}: {escape(reason)}")
    for name, count in unreadable.items():
        out.print(f"URL list {name}: {many(count, 'line')} without a host that can be read, which match nothing")


def _grow_bars(grid: Grid, distribution: Any, counted: str, top: int) -> None:
    """One row per bin, with a bar for its share of what is counted; of categories the first `top`."""
    bins = distribution.bins if distribution.kind != "category" else distribution.bins[:top]
    total = sum(getattr(item, counted) for item in distribution.bins) or 1
    for at, item in enumerate(bins):
        amount = getattr(item, counted)
        grid.add_row(
            "" if at else f"[bold]{distribution.column}[/bold]", escape(item.label) or "(empty)",
            f"{item.documents:,}", f"{amount:,}", f"{amount / total:.1%}", bar(amount / total),
        )
    if more := len(distribution.bins) - len(bins):
        grid.add_row("", f"and {more:,} more", "", "", "", "")
