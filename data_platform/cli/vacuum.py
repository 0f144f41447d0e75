"""`data-platform vacuum`: files that nothing needs any more, shown or deleted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click
from rich.markup import escape

from data_platform.cli.common import JSON, RECIPE, columns, first_of, out, workspaces_of
from data_platform.core.errors import PlainError, many


@click.command()
@click.argument("tables", metavar="[TABLE]...", nargs=-1)
@click.option("--retain", type=click.FloatRange(min=0), default=None, metavar="DAYS",
              help="What was replaced, set aside, or written and not committed, within so many days is kept. It has to "
                   "be longer than the longest run from another home; runs of this one are known, and what they may "
                   "read stays. Default: vacuum.retain_days of the recipe, 7 unless it says otherwise; the most, where "
                   "several have one lake.")
@click.option("--dry-run", "dry", is_flag=True, help="Show what would go, and delete nothing.")
@RECIPE
@JSON
def vacuum(tables: tuple[str, ...], retain: float | None, dry: bool, recipe_path: str | None, as_json: bool) -> None:
    """Delete the files of each TABLE, or of all of a lake, that nothing needs: those of old versions, and what killed
    writers left; of a whole lake also models that only old versions name, and what repairs set aside of tables that are
    whole again.

    Kept is whatever the latest versions have, what they were made from, directly or not, at the versions that were
    read, the same of every export, and what was replaced lately. So audits, traces, attestations, exports and repairs
    of these go on. Other old versions cannot be read any more; table vacuums says what went. The exit status is 1 if a
    table was left alone because it is not what the platform wrote.
    """
    from data_platform.definitions import at_work_since
    from data_platform.pipeline.vacuum import kept_since
    from data_platform.pipeline.vacuum import vacuum as clean

    lakes, days = {}, dict[str, float]()
    for workspace in workspaces_of(recipe_path):
        uri = workspace.lake.uri
        lakes[uri] = workspace.lake
        days[uri] = retain if retain is not None else max(days.get(uri, 0), workspace.recipe.vacuum.retain_days)
    running = at_work_since()
    report, alone = [], list[str]()
    for uri, lake in lakes.items():
        since = kept_since(days[uri], running)
        try:
            found = clean(lake, tables, since, dry)
        except PlainError as error:
            if len(lakes) == 1:
                raise
            click.echo(f"left out: {uri}: {error}", err=True)
            alone.append(f"lake {uri}: {error}")
            continue
        alone += [f"lake {uri}: {one.table}: left alone: {one.fault}" for one in found if one.fault]
        report.append({"lake": uri, "kept_since": since.isoformat(), "deleted": not dry,
                       "tables": [one.to_dict() for one in found]})
        if not as_json:
            out.print(f"lake {escape(uri)}: what was replaced or written since {since:%Y-%m-%d %H:%M} UTC is kept"
                      + (", when a run began that is under way" if running == since else ""))
            _print(report[-1]["tables"], dry)
    if as_json:
        print(json.dumps(report, indent=2))
    if alone:
        raise click.ClickException(first_of(alone))


def _print(tables: Sequence[dict[str, Any]], dry: bool) -> None:
    """Print, table by table, what goes and what is kept, and why."""
    reasons = {"current": "latest versions", "lineage": "what these are made from", "exports": "what was exported",
               "recent": "what is recent"}
    grid = columns(("table",), ("old files", "bytes", "left by writers", "bytes", "bytes kept"))
    for row in tables:
        if row["left_alone"]:
            continue
        grid.add_row(row["table"], *(
            f"{row[what][unit]:,}" for what in ("old_versions", "left_by_writers") for unit in ("files", "bytes")
        ), f"{sum(row['kept'][reason]['bytes'] for reason in reasons):,}")
    out.print(grid)
    for row in tables:
        if row["left_alone"]:
            out.print(f"[red]{escape(row['table'])}: left alone: {escape(row['left_alone'])}[/red]")
    goes = [row[what] for row in tables for what in ("old_versions", "left_by_writers")]
    files, size = sum(one["files"] for one in goes), sum(one["bytes"] for one in goes)
    kept = {words: sum(row["kept"][reason]["bytes"] for row in tables) for reason, words in reasons.items()}
    stays = ", ".join(f"{words} {size:,}" for words, size in kept.items() if size)
    verb = "would go" if dry else "went"
    out.print(f"{many(files, 'file')} with {size:,} bytes {verb}; {sum(kept.values()):,} bytes are kept"
              + (f" ({stays})" if stays else "") + (
        "; without --dry-run they go" if dry and files else ""))
