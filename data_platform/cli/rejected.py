"""`data-platform rejected`: what did not come through, why, and how far it was from coming through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click
from rich.markup import escape

from data_platform.cli.common import JSON, RECIPE, columns, out, pairs, workspaces_of
from data_platform.cli.rules import because_lines
from data_platform.core.errors import PlainError, many
from data_platform.core.printing import on_one_line, printable
from data_platform.lake.place import shown


@click.command()
@click.option("--reason", default="*", help="A reason, or what it begins with up to a full stop, such as fineweb; * "
              "and ? stand for anything. Of a rule, all that break it count, whether or not they break another before.")
@click.option("--source", default="", help="Source of the recipe. Default: all.")
@click.option("--stage", default="", help="Table that was not entered, or that decided. Default: all.")
@click.option("--snapshot", default="", help="Snapshot. Default: all of them.")
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True,
              help="How many to list, of every reason in turn.")
@click.option("--text", "with_text", is_flag=True, help="Print their texts, too, as far as the lake holds them.")
@RECIPE
@JSON
def rejected(
    reason: str, source: str, stage: str, snapshot: str, limit: int, with_text: bool, recipe_path: str | None,
    as_json: bool,
) -> None:
    """Count what did not come through, by stage and reason, and list some of it: what was measured of it beside the
    threshold that it missed.

    Each is told with the id that its row had in its own file, if it had one; `data-platform show ID` takes either.
    """
    from data_platform.reports.rejected import NothingSuch
    from data_platform.reports.rejected import rejected as drops

    workspaces, faults = workspaces_of(recipe_path), []
    for workspace in workspaces:
        try:
            found = drops(workspace.lake, reason=reason, source=source, stage=stage, snapshot=snapshot, limit=limit,
                          with_text=with_text)
        except NothingSuch as error:  # of several recipes, one may have the reason or source and another not
            faults.append(error)
            continue
        if as_json:
            counts = [{"stage": stage, "reason": reason, "count": count} for stage, reason, count in found.counts]
            told = [asdict(drop) for drop in found.drops]
            print(json.dumps({"recipe": workspace.recipe.name, "counts": counts, "rejected": told}, indent=2,
                             default=str))
            continue
        out.print(f"recipe [bold]{workspace.recipe.name}[/bold], lake {escape(shown(workspace.lake.uri))}")
        _print(found, with_text)
    if len(faults) == len(workspaces):
        raise PlainError("\n".join(map(str, faults)))


def _print(found: Any, with_text: bool) -> None:
    grid, last = columns(("did not enter", "reason"), ("count",)), None
    for stage, reason, count in found.counts:
        grid.add_row("" if stage == last else stage, reason, f"{count:,}")
        last = stage
    if not found.counts:
        out.print("nothing was rejected")
        return
    out.print(grid)
    last = None
    for drop in found.drops:
        if (drop.stage, drop.reason) != last:
            click.echo("\n" + click.style(f"{drop.stage}  {drop.reason}", bold=True))
            last = drop.stage, drop.reason
        for line in _lines(drop):
            click.echo(line)
        if with_text:
            click.echo("    " + ("(no text of it is in the lake)" if drop.text is None else
                                 printable(drop.text).replace("\n", "\n    ")))
    if (more := sum(count for *_, count in found.counts) - len(found.drops)) > 0:
        click.echo(f"\nand {many(more, 'other')}: --limit, --reason, --source, --stage")


def _lines(drop: Any) -> Iterator[str]:
    own = f"  {on_one_line(drop.own_id)}" if drop.own_id else ""
    yield f"  {drop.doc_id or '(no id)'}{own}"
    place = f"{drop.archive} at {drop.offset:,}" if drop.offset >= 0 else ""
    where = "  ".join(filter(None, (drop.snapshot, drop.source, place)))
    yield from pairs([("", where), ("", drop.url), ("", drop.detail)])
    yield from because_lines([asdict(rule) for rule in drop.because], drop.reason)
