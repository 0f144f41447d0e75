"""`data-platform run`: materialise what is not there yet, and what came of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import click
import pyarrow.compute as pc
from rich.console import RenderableType
from rich.markup import escape
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from data_platform.cli.common import RECIPE, RECIPE_ARGUMENT, SELECT, UNTIL, out, the_recipe
from data_platform.cli.grid import Grid
from data_platform.cli.watch import shown as shown_at_work
from data_platform.core.errors import many
from data_platform.core.printing import on_one_line
from data_platform.core.tables import mixture_table, table_name
from data_platform.ingest.places import SourceError
from data_platform.lake.lake import Lake
from data_platform.lake.place import shown
from data_platform.pipeline.extras import need_extras
from data_platform.pipeline.flow import stages
from data_platform.pipeline.overtaken import OURS, Overtaken, carried, overtaken
from data_platform.pipeline.selection import selected
from data_platform.pipeline.status import Status, plan
from data_platform.run.known import remember
from data_platform.run.recipe import load_recipe
from data_platform.run.shipped import shipped
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace

if TYPE_CHECKING:
    from data_platform.assets.launch import Outcome

_MOST_OVERTAKEN = 3
_MOST_CUT = 10
_MOST_REASONS = 3


@click.command()
@RECIPE_ARGUMENT
@SELECT
@UNTIL
@RECIPE
def run(recipe: str | None, select: tuple[str, ...], until: tuple[str, ...], recipe_path: str | None) -> None:
    """Materialise everything that RECIPE asks for and that is not there yet.

    RECIPE is a file, or the name of one that comes with the platform: `data-platform run demo` works in any folder.
    """
    if not (path := the_recipe(recipe, recipe_path)):
        raise click.UsageError(
            f"which recipe? data-platform run RECIPE: a file, or one that comes along: {', '.join(shipped())}"
        )
    _run(path, select, until)


def _run(recipe_path: str, select: Sequence[str], until: Sequence[str]) -> None:
    started = time.monotonic()
    recipe = load_recipe(recipe_path)
    need_extras(recipe)
    workspace, flow = Workspace(recipe), stages(recipe)
    only = selected(flow, select, until) if select or until else list(flow)
    out.print(f"recipe [bold]{recipe.name}[/bold] from {escape(shown(recipe_path))}, lake {escape(workspace.lake.uri)}")
    absent: list[SourceError] = []
    for number, snapshot in enumerate(workspace.snapshots, start=1):
        try:
            found = workspace.archives(snapshot)
        except SourceError as error:
            absent.append(error)
            if len(absent) == number == len(workspace.snapshots):
                raise  # nothing is there, and nothing can be done
            out.print(f"  {snapshot}: [red]{escape(str(error))}[/red]")
            continue
        size = sum(archive.size for archive in found)
        out.print(f"  {snapshot}: {many(len(found), 'archive')}, {size / 1e6:,.1f} MB")
    for line in workspace.passed_over:
        out.print(f"  [yellow]{escape(line)}[/yellow]")
    remember(recipe_path, recipe)
    workspace.lake.repair_lineage()

    failures: list[str] = []
    runs: list[str] = []
    before = carried(workspace, flow)
    states = plan(workspace, flow)
    due = [status.stage for status in states if status.state != "fresh" and status.stage.name in only]
    if not due:
        what = "everything" if len(only) == len(flow) else "what was selected"
        out.print(f"[green]{what} is up to date: nothing was computed, nothing was written[/green]")
    else:
        from data_platform.definitions import bring_up_to_date
        from data_platform.pipeline.upgrade import upgrade_of
        from data_platform.pipeline.warm import cold

        for line in upgrade_of(workspace.lake, states).lines:
            out.print(line)
        if samples := cold(due):
            _compile(samples)
        for outcome in _watched(bring_up_to_date(recipe_path, workspace, out.print, only)):
            mark = "[red]failed[/red]" if outcome.failures else "[green]done[/green]"
            out.print(f"  {mark} {many(len(outcome.stages), 'table')}, run {outcome.run_id}")
            failures.extend(outcome.failures)
            runs.append(outcome.run_id)
    for failure in failures:
        out.print(f"[red]{escape(failure)}[/red]")
    now, lines = _figures(workspace, flow, only)
    others = overtaken(workspace, now, before, runs)
    out.print(*lines, sep="\n")
    if same := [one for one in others if one.same]:
        out.print(f"another run was first to write the same rows: {_some(same)}")
    out.print(f"{time.monotonic() - started:,.1f} s")
    if changed := [one for one in others if not one.same]:
        raise click.ClickException(f"overtaken: another run wrote to this lake with other settings: {_some(changed)}. "
                                   "Figures of what is not this recipe's are not shown; run again once it is done.")
    if failures:
        count = many(len(failures), "failure")
        raise click.ClickException(f"{count}; nothing that depends on them was run. Mend and run again.")
    if len(only) < len(flow) and (waiting := [status for status in now if status.state not in OURS]):
        raise click.ClickException(f"{many(len(waiting), 'table')} could not be made, {waiting[0].place} first: "
                                   f"{waiting[0].why}; --until makes what it is made of, too")
    published = (name for name, mixture in recipe.mixtures.items()
                 if mixture.publish and mixture_table(name).name in only)
    if first := next(published, None):
        rows = workspace.lake.read_table(mixture_table(first).name, ["doc_id"])
        if rows.num_rows:
            out.print(f"ask of any row: data-platform trace {first} {rows['doc_id'][0]}")
            out.print("of anything, dropped or kept: data-platform show ID")


def _watched(outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    """The outcomes of runs, with what is at work shown until each comes."""
    while True:
        with shown_at_work():
            outcome = next(outcomes, None)
        if outcome is None:
            return
        yield outcome


def _compile(samples: Sequence[str]) -> None:
    """Compile kernels before the stages wait for them, and show how far that is."""
    from data_platform.pipeline.warm import compile_kernels

    what = TextColumn("compiling kernels, once for this code: {task.completed} of {task.total},")
    with Progress(what, TimeElapsedColumn(), console=out) as progress:
        task = progress.add_task("", total=len(samples))
        for done in compile_kernels(samples):
            progress.update(task, completed=done)


def _some(overtaken: Sequence[Overtaken]) -> str:
    more = len(overtaken) - _MOST_OVERTAKEN
    return "; ".join(map(str, overtaken[:_MOST_OVERTAKEN])) + (f"; and {more} more" if more > 0 else "")


def _figures(
    workspace: Workspace, flow: Mapping[str, Stage], only: Collection[str]
) -> tuple[list[Status], list[RenderableType]]:
    """Where all that was asked for stands, and the figures of what is this recipe's: both of one moment, read again if
    another run wrote in between."""
    while True:
        before = carried(workspace, flow)
        now = [status for status in plan(workspace, flow) if status.stage.name in only]
        lines = [_grid(workspace, now), *_lost_sources(workspace, now), *_cut_archives(workspace, now),
                 *_mixtures(workspace, now)]
        if carried(workspace, flow) == before:
            return now, lines


def _grid(workspace: Workspace, now: Sequence[Status]) -> Grid:
    """The books of every table, over all its snapshots. Reasons that an earlier table told already are told of that."""
    from data_platform.run.books import books

    grid = Grid()
    for name, justify in (("table", "left"), ("snapshot", "left"), ("version", "right"), ("in", "right"),
                          ("kept", "right"), ("dropped", "right")):
        grid.add_column(name, justify=justify)
    grid.add_column("why", below=True)
    told: dict[str, str] = {}
    for name, some in groupby(now, key=lambda status: status.stage.name):
        of_table = list(some)
        for status in (status for status in of_table if status.version is None or status.state not in OURS):
            grid.add_row(name, escape(status.snapshot or ""), "-", "", "", "", escape(status.why))
        ours = [status for status in of_table if status.version is not None and status.state in OURS]
        if not ours:
            continue
        one = len(ours) == 1
        place = (name, escape(ours[0].snapshot or "") if one else many(len(ours), "snapshot"),
                 str(ours[0].version) if one else "")
        entries = [books(workspace.lake, status.stage, status.snapshot) for status in ours]
        found = [entry for entry in entries if entry is not None]
        if not found:
            grid.add_row(*place, "", f"{sum(workspace.lake.count(name, one.snapshot) for one in ours):,}")
            continue
        dropped, missing = Counter[str](), sum(entry.missing for entry in found)
        for entry in found:
            dropped.update(entry.dropped)
        grid.add_row(
            *place, f"{sum(entry.incoming for entry in found):,}", f"{sum(entry.kept for entry in found):,}",
            f"{dropped.total():,}", _why(name, dropped, told) + (f" [red]MISSING {missing}[/red]" if missing else ""),
        )
    return grid


def _why(name: str, dropped: Mapping[str, int], told: dict[str, str]) -> str:
    """The most frequent reasons with their counts; of all that an earlier table told with the same counts, its name."""
    reasons = [f"{reason} {count:,}" for reason, count in sorted(dropped.items(), key=lambda one: (-one[1], one[0]))]
    before = next((told[reason] for reason in reasons if reason in told), None)
    new = [reason for reason in reasons if reason not in told]
    told.update(dict.fromkeys(new, name))
    more = [f"{len(new) - _MOST_REASONS} more"] if len(new) > _MOST_REASONS else []
    listed = ", ".join(new[:_MOST_REASONS]) + (f" and {more[0]}" if more else "")
    return "; ".join(filter(None, (f"as {before}" if before else "", listed)))


def _lost_sources(workspace: Workspace, now: Sequence[Status]) -> Iterator[str]:
    """Of which sources nothing could be read, although there are records, and what is wrong with the first."""
    for status in now:
        if status.stage.name != "raw_crawls" or status.state not in OURS:
            continue
        archives = workspace.lake.read_table("archives", ["source", "captured", "rejected"], partition=status.snapshot)
        counted = archives.group_by("source").aggregate([("captured", "sum"), ("rejected", "sum")]).to_pylist()
        for row in sorted(counted, key=lambda row: row["source"]):
            if row["rejected_sum"] and not row["captured_sum"]:
                mine = ((pc.field("stage") == "raw_crawls") & (pc.field("snapshot") == status.snapshot)
                        & (pc.field("source") == row["source"]))
                first = workspace.lake.read_table("rejections", ["reason", "detail"], where=mine).slice(0, 1)
                why = "".join(f": {one['reason']}: {on_one_line(one['detail'])}" for one in first.to_pylist())
                yield (f"[red]nothing of source {escape(row['source'])} was read[/red], all "
                       f"{many(row['rejected_sum'], 'record')} rejected{escape(why)}")


def _cut_archives(workspace: Workspace, now: Sequence[Status]) -> Iterator[str]:
    """Which archives could not be read to their ends; what was whole of them is in the tables."""
    snapshots = [status.snapshot for status in now if status.stage.name == "raw_crawls" and status.state in OURS]
    cut = [
        row for snapshot in snapshots
        for row in workspace.lake.read_table("archives", ["archive_uri", "captured", "rejected"], partition=snapshot,
                                             where=~pc.field("complete")).to_pylist()
    ]
    for row in cut[:_MOST_CUT]:
        taken = f"{many(row['captured'], 'row')} of it taken, {row['rejected']:,} rejected"
        yield f"[red]{escape(shown(row['archive_uri']))} is damaged or cut[/red]: {taken}; fetch it again"
    if (more := len(cut) - _MOST_CUT) > 0:
        yield f"[red]and {many(more, 'archive')} more[/red]"


def _mixtures(workspace: Workspace, now: Sequence[Status]) -> Iterator[str]:
    ours = {status.stage.name for status in now if status.state in OURS}
    for name in workspace.recipe.mixtures:
        if mixture_table(name).name in ours:
            yield from _mixture(workspace.lake, name)


def _mixture(lake: Lake, name: str) -> Iterator[str]:
    table = mixture_table(name).name
    rows = lake.read_table(table, ["domain", "license_spdx", "license_tier", "token_count", "epochs"])
    total = sum(rows["token_count"].to_pylist())
    seen = round(pc.sum(pc.multiply(rows["token_count"], rows["epochs"])).as_py() or 0)
    repeated = f", {seen:,} with repetitions" if seen != total else ""
    if not rows.num_rows:
        yield (f"[yellow]mixture [bold]{name}[/bold]: nothing was admitted[/yellow]: data-platform rejected --stage "
               f"{table_name('plan', name)}")
        return
    yield f"mixture [bold]{name}[/bold]: {many(rows.num_rows, 'document')}, {many(total, 'token')}{repeated}"
    for column, what in (("domain", "domain"), ("license_spdx", "licence")):
        grouped = rows.group_by(column).aggregate([("token_count", "sum")]).sort_by(
            [("token_count_sum", "descending")]
        ).to_pylist()
        shares = [f"{item[column]} {item['token_count_sum'] / max(total, 1):.0%}" for item in grouped]
        yield (f"  by {what}: {', '.join(shares[:8])}" + (f" and {len(shares) - 8} more" if len(shares) > 8 else ""))
