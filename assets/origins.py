"""What stages read from outside the lake, as assets that are observed: archives of snapshots, files of labels.

A stage without inputs lies below such an asset, whose data version is a digest of what the stage is configured with
(archives with their fingerprints, above all) and of the takedowns that rewrote what it made. Dagster compares no
versions but those of direct inputs, so every stage hangs on the origins of all that it is made of, too: its partition
is stale at once, and not only when what lies between was made anew. What is made of all snapshots hangs on one asset
more, whose version is that of all of them together, so that it also counts which there are.

Sensors observe what they list, steps what they read, takedowns what they rewrote, and people can from the asset's page.
Not here: whether something is out of date (`data_platform/pipeline/status.py`).
"""

# Not `from __future__ import annotations`: Dagster reads the annotations of assets as objects.

import hashlib
import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG, extract_data_version_from_entry
from dagster._core.events import DagsterEventType

from data_platform.assets.names import Names
from data_platform.core.errors import PlainError
from data_platform.resources.workspace import WorkspaceResource
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace
from data_platform.takedown.removal_list import TAKEDOWN

GROUP = "sources"
_MOST_AT_ONCE = 500
_EVER = 2**62
"""Above every number that Dagster gives an event."""

Versions = dict[str | None, str]
"""Data versions of what a stage reads from outside the lake, by snapshot; None if it has none."""


def origin_of(stage: Stage) -> str | None:
    """The name of the asset that a stage reads from outside the lake; None if it reads tables."""
    return None if stage.inputs else f"sources_of_{stage.name}"


def origin_of_all(stage: Stage) -> str | None:
    """The name of the asset for what a stage reads from outside the lake for all snapshots together; None as above."""
    origin = origin_of(stage)
    return f"all_{origin}" if origin and stage.partitioned else origin


def origins_under(flow: Mapping[str, Stage]) -> dict[str, list[str]]:
    """The names of the origins of all that each stage is made of."""
    of_all = {str(origin_of(stage)): str(origin_of_all(stage)) for stage in flow.values() if origin_of(stage)}
    under: dict[str, set[str]] = {}
    for stage in flow.values():
        found = {str(origin_of(stage))} if origin_of(stage) else set()
        found = found.union(*(under.get(name, ()) for name in stage.inputs))
        if not stage.partitioned:
            found = {of_all.get(name, name) for name in found}
        under[stage.name] = {name for name in found if name == of_all.get(name) or of_all.get(name) not in found}
    return {name: sorted(found) for name, found in under.items()}


def origins_of(flow: Mapping[str, Stage], names: Names, recipe: Recipe) -> list[dg.AssetsDefinition]:
    """The observable assets of every stage that reads from outside the lake."""
    first = [stage for stage in flow.values() if origin_of(stage)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # assets that are observed have been beta since long ago
        return [*(_origin(stage, names, recipe) for stage in first),
                *(_origin_of_all(stage, names, recipe) for stage in first if stage.partitioned)]


def _origin_of_all(stage: Stage, names: Names, recipe: Recipe) -> dg.AssetsDefinition:
    @dg.observable_source_asset(
        key=names.asset(str(origin_of_all(stage))), group_name=GROUP, owners=list(recipe.catalogue.owners),
        description=f"What {stage.name} reads from outside the lake, of all snapshots together, as observed last.",
    )
    def observe(context: dg.AssetExecutionContext) -> dg.DataVersion:
        return dg.DataVersion(_together(context.instance, names, _observed(context.instance, stage, names)))

    return observe


def _origin(stage: Stage, names: Names, recipe: Recipe) -> dg.AssetsDefinition:
    @dg.observable_source_asset(
        key=names.asset(str(origin_of(stage))), group_name=GROUP, owners=list(recipe.catalogue.owners),
        partitions_def=names.snapshots if stage.partitioned else None,
        description=f"What {stage.name} reads from outside the lake. Observe it to learn what is another by now; "
                    "sensors do so by themselves.",
    )
    def observe(
        context: dg.AssetExecutionContext, workspace: WorkspaceResource
    ) -> dg.DataVersion | dg.DataVersionsByPartition:
        opened = workspace.anew()
        found: Versions = {}
        for snapshot in opened.snapshots if stage.partitioned else [None]:
            try:
                found[snapshot] = version_of(stage, opened, snapshot)
            except PlainError as error:
                if not stage.partitioned:
                    raise dg.Failure(str(error), allow_retries=False) from None
                context.log.warning(f"{snapshot}: {error}")
        if event := _of_all(context.instance, stage, names, _observed(context.instance, stage, names) | found):
            context.instance.report_runless_asset_event(event)
        return dg.DataVersionsByPartition(found) if stage.partitioned else dg.DataVersion(found[None])

    return observe


def version_of(stage: Stage, workspace: Workspace, snapshot: str | None) -> str:
    """A digest of what a stage reads from outside the lake, and of how, and of the takedowns that rewrote what it made.

    Raises:
        PlainError: if it cannot be listed, or the table's history cannot be read.
    """
    config, name, partition = stage.config(workspace, snapshot), stage.name, str(stage.partition(snapshot))
    takedowns = sorted({
        row["run_id"] for row in (workspace.lake.history(name) if workspace.lake.exists(name) else ())
        if row["asset_key"] == TAKEDOWN and row["partition"] == partition
    })
    text = json.dumps([config, takedowns] if takedowns else config, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def observations(
    instance: dg.DagsterInstance, workspace: Workspace, flow: Mapping[str, Stage], names: Names,
    snapshots: Iterable[str],
) -> list[dg.AssetObservation]:
    """Observations of what stages read from outside the lake where that is another than was observed last.

    Args:
        snapshots: which may have changed; what has no snapshots is asked in any case.
    """
    events: list[dg.AssetObservation] = []
    snapshots = list(snapshots)
    for stage in (stage for stage in flow.values() if origin_of(stage)):
        seen = _observed(instance, stage, names)
        for snapshot in snapshots if stage.partitioned else [None]:
            if len(events) == _MOST_AT_ONCE:
                break
            try:
                version = version_of(stage, workspace, snapshot)
            except PlainError:  # `status` says so of the stage; what is not known is no change
                continue
            if seen.get(snapshot) != version:
                events.append(_observation(stage, workspace, names, snapshot, version))
                seen[snapshot] = version
        if event := _of_all(instance, stage, names, seen):
            events.append(event)
    return events


def tell_what_changed(
    instance: dg.DagsterInstance, workspace: Workspace, flow: Mapping[str, Stage], names: Names,
    snapshots: Iterable[str],
) -> bool:
    """Record what `observations` gives, at once. Returns whether that was all there is, for now."""
    events = observations(instance, workspace, flow, names, snapshots)
    for event in events:
        instance.report_runless_asset_event(event)
    return len(events) < _MOST_AT_ONCE


def _of_all(instance: dg.DagsterInstance, stage: Stage, names: Names, seen: Versions) -> dg.AssetObservation | None:
    """The observation of all snapshots together, if that is another than was observed last."""
    key, version = names.asset(str(origin_of_all(stage))), _together(instance, names, seen)
    if not stage.partitioned or _last(instance, key) == version:
        return None
    return dg.AssetObservation(key, metadata={"snapshots": len(seen)}, tags={DATA_VERSION_TAG: version})


def _together(instance: dg.DagsterInstance, names: Names, seen: Versions) -> str:
    """A digest of the versions of all snapshots that are partitions now."""
    known = set(instance.get_dynamic_partitions(names.snapshots.name))
    text = json.dumps(sorted([snapshot, version] for snapshot, version in seen.items() if snapshot in known))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _last(instance: dg.DagsterInstance, key: dg.AssetKey) -> str | None:
    """The data version of an asset without partitions that was observed last."""
    last = instance.get_latest_data_version_record(key, is_source=True)
    version = extract_data_version_from_entry(last.event_log_entry) if last else None
    return version.value if version else None


def _observed(instance: dg.DagsterInstance, stage: Stage, names: Names) -> Versions:
    """The version of every snapshot that was observed last."""
    key = names.asset(str(origin_of(stage)))
    if not stage.partitioned:
        last = _last(instance, key)
        return {None: last} if last else {}
    tags = instance.event_log_storage.get_latest_tags_by_partition(
        key, DagsterEventType.ASSET_OBSERVATION, [DATA_VERSION_TAG]
    )
    return {snapshot: found[DATA_VERSION_TAG] for snapshot, found in tags.items() if DATA_VERSION_TAG in found}


def note_what_is_read(
    context: dg.AssetExecutionContext, stage: Stage, workspace: Workspace, flow: Mapping[str, Stage], names: Names,
    snapshot: str | None,
) -> None:
    """Observe what a step reads, and what it hangs on, so that its materialisation is known to be of that."""
    instance, step = context.instance, context.get_step_execution_context()
    if origin_of(stage):
        version = version_of(stage, workspace, snapshot)
        instance.report_runless_asset_event(_observation(stage, workspace, names, snapshot, version))
    under = origins_under(flow)[stage.name]
    for first in flow.values():
        if not first.partitioned or not (first is stage or origin_of_all(first) in under):
            continue
        # Crawls that ran at once may each have counted without the other.
        if event := _of_all(instance, first, names, _observed(instance, first, names)):
            instance.report_runless_asset_event(event)
    step.fetch_external_input_asset_version_info()  # Dagster noted the versions of inputs before the step began
    known = step.input_asset_records or {}
    for key in names.assets(stage.earlier):
        # Dagster knows no mapping to earlier partitions, and takes a later one that is made for a change of this one's
        # input. Whether those that are read changed, origins and versions of code say.
        if info := known.get(key):
            known[key] = replace(info, storage_id=_EVER)


def _observation(
    stage: Stage, workspace: Workspace, names: Names, snapshot: str | None, version: str
) -> dg.AssetObservation:
    key, archives = names.asset(str(origin_of(stage))), workspace.archives(snapshot) if snapshot else []
    said = {"archives": len(archives), "bytes": sum(archive.size for archive in archives)} if snapshot else {}
    return dg.AssetObservation(key, partition=snapshot, metadata=said, tags={DATA_VERSION_TAG: version})
