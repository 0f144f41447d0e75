"""Sensors: archives that arrive become partitions and runs, and what is out of date is made again.

Both ask for what `data_platform/pipeline/status.py` says is out of date, and leave alone what a run or a backfill under
way will make. Not here: how a plan becomes runs (`asked.py`).
"""

# Not `from __future__ import annotations`: Dagster reads the annotations of sensors as objects.

import hashlib
import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.storage.tags import PARTITION_NAME_TAG

from data_platform.assets.arrivals import forget, gone, register
from data_platform.assets.asked import Asked, number_of, read_by, runs_for
from data_platform.assets.busy import Busy, busy
from data_platform.assets.gates import up_to_date
from data_platform.assets.jobs import job_of_stage, tables_of_jobs
from data_platform.assets.loaded_code import outdated
from data_platform.assets.names import PLANNED, Names
from data_platform.assets.origins import observations, tell_what_changed
from data_platform.assets.standing import agree
from data_platform.assets.switched_on import is_on
from data_platform.core.errors import PlainError
from data_platform.core.fingerprints import Fingerprints
from data_platform.ingest.places import SourceError
from data_platform.pipeline.overtaken import OURS
from data_platform.pipeline.status import Status, plan
from data_platform.resources.workspace import WorkspaceResource
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace

SECONDS = 30
_GONE = "no source has it any more"
_MOST_NAMED = 5
_MOST_TOLD = 500


def sensors_of(
    flow: Mapping[str, Stage], names: Names, jobs: Sequence[UnresolvedAssetJobDefinition]
) -> list[dg.SensorDefinition]:
    """The sensors of a recipe."""

    @dg.sensor(
        name=names.of_recipe("new_snapshots"), jobs=jobs, minimum_interval_seconds=SECONDS,
        description="List the sources. A snapshot that is new, or whose archives changed, becomes a partition and a "
                    "run; one that no source has any more is no partition any more.",
    )
    def new_snapshots(context: dg.SensorEvaluationContext, workspace: WorkspaceResource) -> dg.SensorResult:
        """Runs of what arrived or changed."""
        return arrivals(context, workspace, flow, names)

    @dg.sensor(
        name=names.of_recipe("automation"), jobs=jobs, minimum_interval_seconds=SECONDS,
        description="Make again what is out of date, as `status` says: since its inputs, the code or the recipe "
                    "changed. What failed is not tried again before something changes.",
    )
    def automation(context: dg.SensorEvaluationContext, workspace: WorkspaceResource) -> dg.SensorResult:
        """Runs of what is out of date and has all its inputs."""
        return due(context, workspace, flow, names)

    return [new_snapshots, automation]


def arrivals(
    context: dg.SensorEvaluationContext, workspace: WorkspaceResource, flow: Mapping[str, Stage], names: Names
) -> dg.SensorResult:
    """The cursor holds a digest of the archives of every snapshot, as it was when its run was asked for."""
    if old := outdated():
        return dg.SensorResult(skip_reason=old, cursor=context.cursor)
    seen, instance = json.loads(context.cursor or "{}"), context.instance
    try:
        opened = workspace.anew()
        snapshots = opened.snapshots
    except PlainError as error:
        return dg.SensorResult(skip_reason=str(error), cursor=context.cursor)
    at_work = busy(instance, names, tables_of_jobs(flow, names))
    register(instance, names, snapshots)
    planned = time.time()
    left = [one for one in gone(instance, names, snapshots) if not at_work.at_snapshot(one) and not at_work.refreshing]
    marks = []
    if opened.recipe.watch.vanished == "remove":
        forget(instance, names, left)
    else:
        left = [one for one in left if one in seen]  # the others were marked, or never had a run
        marks = [dg.AssetObservation(names.asset(stage.name), partition=one, metadata={"source": _GONE})
                 for one in left for stage in flow.values() if stage.partitioned and not stage.inputs]
    told = [*opened.passed_over, *(f"{one}: {_GONE}" for one in left)]
    now: dict[str, str] = {}
    with Fingerprints():
        for snapshot in snapshots:
            try:
                now[snapshot] = _digest(opened.archives(snapshot))
            except SourceError as error:
                told.append(f"{snapshot}: {error}")
    changed = {snapshot for snapshot, digest in now.items() if seen.get(snapshot) != digest}
    if at_work.refreshing:
        return dg.SensorResult(skip_reason=_refreshing(at_work), cursor=context.cursor)
    statuses = plan(opened, flow) if changed else []
    marks += observations(instance, opened, flow, names, sorted(changed))
    asked = _asked(opened, flow, statuses)
    mine = [one for one in asked if one.reads_sources and one.snapshot in changed]
    now_asked = {one.snapshot for one in mine}
    waiting = {one.snapshot for one in mine if _is_at(at_work, one) or _follows(one, opened, at_work, now_asked)}
    requests = _requests((one for one in mine if one.snapshot not in waiting), opened, names, planned)
    later = {*waiting, *(one for one in snapshots if one not in now)}
    cursor = {one: digest for one, digest in seen.items() if one in later}
    cursor |= {one: digest for one, digest in now.items() if one not in later}
    told += [f"{one}: a run of it, or of one that it reads, is under way" for one in sorted(waiting)]
    return _result(requests, told, "no new archives", cursor, marks)


def due(
    context: dg.SensorEvaluationContext, workspace: WorkspaceResource, flow: Mapping[str, Stage], names: Names
) -> dg.SensorResult:
    """What `new_snapshots` may ask for at this moment is left to it for two ticks, if it is switched on: the cursor
    holds since when it is out of date, what of it was asked for, and what the UI was told of.
    """
    if old := outdated():
        return dg.SensorResult(skip_reason=old, cursor=context.cursor)
    before, instance = json.loads(context.cursor or "{}"), context.instance
    at_work = busy(instance, names, tables_of_jobs(flow, names))
    if at_work.refreshing:
        return dg.SensorResult(skip_reason=_refreshing(at_work), cursor=context.cursor)
    try:
        opened = workspace.anew()
        statuses = plan(opened, flow)
    except PlainError as error:
        return dg.SensorResult(skip_reason=str(error), cursor=context.cursor)
    register(instance, names, opened.snapshots)
    planned = time.time()
    told_before = before.get("stale", {})
    events, stale = _told_to_the_ui(names, statuses, told_before)
    changing = dict.fromkeys(status.snapshot for status in statuses if status.snapshot and (
        status.state != "fresh" or status.place in told_before))
    if tell_what_changed(instance, opened, flow, names, changing):
        agree(instance, context.repository_def.asset_graph, names, opened.recipe, statuses, at_work)
    beside = is_on(instance, names.of_recipe("new_snapshots"))
    told = [f"{status.place}: {status.why}" for status in statuses if status.state == "blocked"]
    wanted, since, tried, now_asked = [], {}, set(before.get("asked", ())), set()
    for one in _asked(opened, flow, statuses):
        if any(at_work.at(*place) for place in _read(one, opened)) or _is_at(at_work, one):
            told.append(f"{one.phase} {one.snapshot or ''}: a run of it, or of what it reads, is under way")
            continue
        if one.reads_sources:
            number = number_of(one, opened)
            since[number] = before.get("since", {}).get(number, planned)
            if beside and planned - since[number] < 2 * SECONDS:
                told.append(f"{one.phase} {one.snapshot}: left to {names.of_recipe('new_snapshots')} for a minute")
                continue
            if _follows(one, opened, at_work, now_asked):
                told.append(f"{one.phase} {one.snapshot}: a run of what it reads comes first")
                continue
            if number not in tried:  # else it has failed, and is not asked for again
                now_asked.add(one.snapshot)
                tried.add(number)
        wanted.append(one)
    return _result(_requests(wanted, opened, names, planned), told, "everything is up to date",
                   {"since": since, "asked": sorted(tried & since.keys()), "stale": stale}, events)


def _told_to_the_ui(
    names: Names, statuses: Sequence[Status], before: Mapping[str, str]
) -> tuple[list[dg.AssetObservation], dict[str, str]]:
    """Observations of what is there and has come to be out of date, or is so no longer, since the UI was told; and of
    what it is told now. Of very many the first are told: the others are out of date for the same reason.
    """
    events, stale = [], {}
    for status in statuses:
        state = status.state if status.version is not None and status.state not in OURS else ""
        if state and len(stale) < _MOST_TOLD:
            stale[status.place] = state
        if state == before.get(status.place, "") or (state and status.place not in stale):
            continue
        # Not as a result of the check: of one partition Dagster takes a single one that no run found.
        outcome = up_to_date(status)
        events.append(dg.AssetObservation(
            names.asset(status.stage.name), outcome.description, outcome.metadata, partition=status.snapshot
        ))
    return events, stale


def _asked(workspace: Workspace, flow: Mapping[str, Stage], statuses: Sequence[Status]) -> list[Asked]:
    return runs_for(statuses, job_of_stage(flow), workspace)


def _read(asked: Asked, workspace: Workspace) -> list[tuple[str, str | None]]:
    return [place for status in asked.statuses for place in read_by(status.stage, status.snapshot, workspace)]


def _is_at(at_work: Busy, asked: Asked) -> bool:
    return any(at_work.at(table, asked.snapshot) for table in asked.tables)


def _follows(asked: Asked, workspace: Workspace, at_work: Busy, now_asked: Collection[str | None]) -> bool:
    """Whether a run reads what another one makes that is under way, or that is asked for now, and comes after it."""
    return any(
        before in now_asked or at_work.at(status.stage.name, before)
        for status in asked.statuses if status.stage.follows
        for before in status.stage.follows(workspace, str(asked.snapshot))
    )


def _requests(some: Iterable[Asked], workspace: Workspace, names: Names, planned: float) -> list[dg.RunRequest]:
    return [
        dg.RunRequest(
            run_key=number_of(one, workspace), job_name=names.of_recipe(one.phase), partition_key=one.snapshot,
            asset_selection=names.assets(one.tables),
            # With its partition among the tags, Dagster does not look for it among those before this tick.
            tags={PLANNED: str(planned), **({PARTITION_NAME_TAG: one.snapshot} if one.snapshot else {})},
        )
        for one in some
    ]


def _result(
    requests: list[dg.RunRequest], told: Sequence[str], nothing: str, cursor: Mapping[str, Any],
    events: Sequence[dg.AssetObservation] = (),
) -> dg.SensorResult:
    more = f"; and {len(told) - _MOST_NAMED:,} more" if len(told) > _MOST_NAMED else ""
    reason = "; ".join(told[:_MOST_NAMED]) + more or nothing
    return dg.SensorResult(
        run_requests=requests, skip_reason=None if requests else dg.SkipReason(reason), cursor=json.dumps(cursor),
        asset_events=list(events),
    )


def _refreshing(at_work: Busy) -> dg.SkipReason:
    return dg.SkipReason(f"run {at_work.refreshing} is bringing everything up to date")


def _digest(archives: list) -> str:
    lines = sorted(f"{archive.source} {archive.name} {archive.fingerprint}" for archive in archives)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
