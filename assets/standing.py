"""What is out of date for reasons that Dagster does not compare, told to it: the UI says what `status` says.

Dagster looks at the code of an asset and at the versions of its direct inputs. That a file was lost, or that an earlier
snapshot which is read as well has changed, it cannot know, nor that something far above is out of date for that. Then
the last materialisation of a partition is recorded once more, with its run, its time and its numbers, and with a
version of the code that no asset has: Dagster calls it stale. If it comes to be up to date without being made anew, its
last materialisation is recorded once more, as one of what its inputs are now. What Dagster sees by itself is left to
it. Not here: what is out of date (`data_platform/pipeline/status.py`), and what takedowns rewrote (`taken_out.py`).
"""

# Not `from __future__ import annotations`: Dagster reads the annotations of sensors as objects.

import hashlib
import json
import time
from collections.abc import Mapping, Sequence

import dagster as dg
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    CachingStaleStatusResolver,
    StaleStatus,
    extract_data_version_from_entry,
    get_input_data_version_tag,
    get_input_event_pointer_tag,
)
from dagster._core.events import DagsterEventType, StepMaterializationData
from dagster._core.loader import LoadingContext

from data_platform.assets.busy import Busy, busy
from data_platform.assets.jobs import tables_of_jobs
from data_platform.assets.loaded_code import outdated
from data_platform.assets.names import Names
from data_platform.assets.origins import tell_what_changed
from data_platform.assets.switched_on import is_on
from data_platform.assets.versions import versions_of
from data_platform.core.errors import PlainError
from data_platform.pipeline.overtaken import OURS
from data_platform.pipeline.status import Status, plan
from data_platform.resources.workspace import WorkspaceResource
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage

OUT_OF_DATE = "out of date"
"""The version of the code of what is out of date for a reason that Dagster does not see."""
_LOOK_SECONDS = 30
_REST = 20
"""So many times as long as a look took, nothing is looked at: at most a twentieth of a core is spent on it."""
_LONGEST_SECONDS = 10.0
_MOST_NOTED = 20_000
_BATCH = 10


class _Loading(LoadingContext):
    """What Dagster's resolver loads through, for one look."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance, self._loaders = instance, {}

    @property
    def instance(self) -> dg.DagsterInstance:
        """Where events are."""
        return self._instance

    @property
    def loaders(self) -> dict:
        """Those that were asked for."""
        return self._loaders


def standing_of(flow: Mapping[str, Stage], names: Names) -> dg.SensorDefinition:
    """The sensor that keeps the UI at what `status` says where no other does; it is on."""

    @dg.sensor(
        name=names.of_recipe("standing"), minimum_interval_seconds=_LOOK_SECONDS, target=None,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Show as stale what `data-platform status` calls out of date, whatever the reason. Launches "
                    "nothing; rests while `automation`, which does the same, is on.",
    )
    def standing(context: dg.SensorEvaluationContext, workspace: WorkspaceResource) -> dg.SensorResult:
        """Nothing is launched."""
        return _look(context, workspace, flow, names)

    return standing


def _look(
    context: dg.SensorEvaluationContext, workspace: WorkspaceResource, flow: Mapping[str, Stage], names: Names
) -> dg.SensorResult:
    """The cursor holds when was last looked, and how long that took, in seconds."""

    def nothing(why: str) -> dg.SensorResult:
        return dg.SensorResult(skip_reason=why, cursor=context.cursor)

    instance = context.instance
    if old := outdated():
        return nothing(old)
    if is_on(instance, names.of_recipe("automation")):
        return nothing(f"left to {names.of_recipe('automation')}")
    last, began = json.loads(context.cursor or '{"at": 0, "took": 0}'), time.time()
    if 0 <= began - last["at"] < _REST * last["took"]:
        return nothing(f"looked {began - last['at']:.0f} s ago, which took {last['took']:.1f} s")
    at_work = busy(instance, names, tables_of_jobs(flow, names))
    if at_work.refreshing:
        return nothing(f"run {at_work.refreshing} is bringing everything up to date")
    try:
        opened = workspace.anew()
        statuses = plan(opened, flow)
    except PlainError as error:
        return nothing(str(error))
    changing = dict.fromkeys(one.snapshot for one in statuses if one.snapshot and one.state not in OURS)
    if tell_what_changed(instance, opened, flow, names, changing):
        agree(instance, context.repository_def.asset_graph, names, opened.recipe, statuses, at_work)
    left = sum(one.state not in OURS for one in statuses)
    return dg.SensorResult(
        skip_reason=f"{left:,} of {len(statuses):,} partitions are not up to date" if left else "all is up to date",
        cursor=json.dumps({"at": began, "took": time.time() - began}),
    )


def agree(
    instance: dg.DagsterInstance, graph: BaseAssetGraph, names: Names, recipe: Recipe, statuses: Sequence[Status],
    at_work: Busy,
) -> None:
    """Have Dagster call stale what is out of date, and nothing that is not; what runs are at is left to them.

    What there is no time for is done the next time. What Dagster said of a partition is noted, and it is asked again
    only once that was made anew or is out of date for another reason.

    Args:
        graph: as the code location has loaded it.
        recipe: as it stands.
    """
    until, noted, kept = time.monotonic() + _LONGEST_SECONDS, _noted(instance, names), {}
    resolver = CachingStaleStatusResolver(instance, graph, _Loading(instance))
    versions = versions_of({status.stage.name: status.stage for status in statuses}, recipe)
    latest: dict[str, Mapping[str | None, int]] = {}
    for status in statuses:
        stage, snapshot, key = status.stage, status.snapshot, names.asset(status.stage.name)
        if stage.name not in latest:
            latest[stage.name] = _latest(instance, key, stage.partitioned)
        if (last := latest[stage.name].get(snapshot)) is None:
            continue  # Dagster says that it is missing
        before, reason = noted.get(status.place), f"{last} {_digest(status)}"
        if status.state in OURS:
            if before and before.split(" ")[0] == str(last):
                made = _last_of(instance, key, snapshot, marked=False).event_log_entry
                _record(instance, made, "", {CODE_VERSION_TAG: versions[stage.name],
                                             **_inputs_now(instance, graph, stage, snapshot, names)})
        elif before in (f"{last} {OUT_OF_DATE}", reason):
            kept[status.place] = before
        elif (
            len(kept) < _MOST_NOTED and time.monotonic() < until and not at_work.at(stage.name, snapshot)
            # Else the recipe has changed, and is about to be loaded: Dagster will see it.
            and graph.get(key).code_version == versions[stage.name]
        ):
            if resolver.get_status(key, snapshot) == StaleStatus.FRESH:
                entry = _last_of(instance, key, snapshot).event_log_entry
                _record(instance, entry, f"Out of date: {status.why}", {CODE_VERSION_TAG: OUT_OF_DATE})
                kept[status.place] = f"{_last_of(instance, key, snapshot).storage_id} {OUT_OF_DATE}"
            else:
                kept[status.place] = reason
    if kept != noted:
        instance.daemon_cursor_storage.set_cursor_values({_key(names): json.dumps(kept)})


def _latest(instance: dg.DagsterInstance, key: dg.AssetKey, partitioned: bool) -> Mapping[str | None, int]:
    """The number of the last materialisation of each partition."""
    if partitioned:
        return dict(instance.event_log_storage.get_latest_storage_id_by_partition(
            key, DagsterEventType.ASSET_MATERIALIZATION
        ))
    last = instance.get_latest_data_version_record(key, is_source=False)
    return {None: last.storage_id} if last else {}


def _last_of(
    instance: dg.DagsterInstance, key: dg.AssetKey, snapshot: str | None, marked: bool = True
) -> dg.EventLogRecord:
    """The last materialisation of a partition; if not `marked`, the last that is not one of what is out of date."""
    asked = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[snapshot] if snapshot else None)
    cursor = None
    while True:
        found = instance.fetch_materializations(asked, limit=_BATCH, cursor=cursor)
        for record in found.records:
            if marked or (record.event_log_entry.tags or {}).get(CODE_VERSION_TAG) != OUT_OF_DATE:
                return record
        if not found.has_more:
            raise LookupError(f"{key.to_user_string()} has no materialization")
        cursor = found.cursor


def _inputs_now(
    instance: dg.DagsterInstance, graph: BaseAssetGraph, stage: Stage, snapshot: str | None, names: Names
) -> dict[str, str]:
    """What Dagster would note of the inputs of a partition that was made now, but for those of earlier snapshots, whose
    changes it is told and does not see."""
    tags = {}
    for above in graph.get(names.asset(stage.name)).parent_keys - set(names.assets(stage.earlier)):
        asset = graph.get(above)
        last = instance.get_latest_data_version_record(
            above, is_source=asset.is_external, partition_key=snapshot if asset.is_partitioned else None
        )
        if last and (version := extract_data_version_from_entry(last.event_log_entry)):
            tags |= {get_input_data_version_tag(above): version.value,
                     get_input_event_pointer_tag(above): str(last.storage_id)}
    return tags


def _record(instance: dg.DagsterInstance, entry: dg.EventLogEntry, why: str, tags: Mapping[str, str]) -> None:
    """Record a materialisation again, of its run and its time, with other tags among its own."""
    old, event = entry.asset_materialization, entry.dagster_event
    assert old is not None and event is not None
    new = old._replace(description=why or old.description, tags={**(old.tags or {}), **tags})
    instance.store_event(entry._replace(dagster_event=event._replace(
        event_specific_data=StepMaterializationData(new, []), message=why or event.message
    )))


def _digest(status: Status) -> str:
    return hashlib.sha256(f"{status.state} {status.why}".encode()).hexdigest()[:8]


def _key(names: Names) -> str:
    return f"data_platform/standing/{names.recipe}"


def _noted(instance: dg.DagsterInstance, names: Names) -> dict[str, str]:
    """What was found of partitions that are out of date, by table and snapshot, as of their last materialisation."""
    key = _key(names)
    return json.loads(instance.daemon_cursor_storage.get_cursor_values({key}).get(key, "{}"))
