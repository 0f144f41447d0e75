"""What stages read from outside the lake, as assets that are observed: archives of snapshots, files of labels.

A stage without inputs lies below such an asset, whose data version is a digest of what the stage is configured with:
archives with their fingerprints, above all. So Dagster calls a partition stale once something has observed that its
source is another than at its last materialisation. Sensors observe what they list, steps what they read, and people can
from the asset's page. Not here: whether something is out of date (`data_platform/pipeline/status.py`).
"""

# Not `from __future__ import annotations`: Dagster reads the annotations of assets as objects.

import hashlib
import json
import warnings
from collections.abc import Iterable, Mapping

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG, extract_data_version_from_entry
from dagster._core.events import DagsterEventType

from assets.names import Names
from data_platform.core.errors import PlainError
from data_platform.pipeline.status import Status
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace
from resources.workspace import WorkspaceResource

GROUP = "sources"
_MOST_AT_ONCE = 500


def origin_of(stage: Stage) -> str | None:
    """The name of the asset that a stage reads from outside the lake; None if it reads tables."""
    return None if stage.inputs else f"sources_of_{stage.name}"


def origins_of(flow: Mapping[str, Stage], names: Names, recipe: Recipe) -> list[dg.AssetsDefinition]:
    """One observable asset for every stage that reads from outside the lake."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # assets that are observed have been beta since long ago
        return [_origin(stage, names, recipe) for stage in flow.values() if origin_of(stage)]


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
        found = {}
        for snapshot in opened.snapshots if stage.partitioned else [None]:
            try:
                found[snapshot] = version_of(stage, opened, snapshot)
            except PlainError as error:
                if not stage.partitioned:
                    raise dg.Failure(str(error), allow_retries=False) from None
                context.log.warning(f"{snapshot}: {error}")
        return dg.DataVersionsByPartition(found) if stage.partitioned else dg.DataVersion(found[None])

    return observe


def version_of(stage: Stage, workspace: Workspace, snapshot: str | None) -> str:
    """A digest of what a stage reads from outside the lake, and of how: of what decides whether it is up to date.

    Raises:
        PlainError: if it cannot be listed.
    """
    text = json.dumps(stage.config(workspace, snapshot), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def observations(
    instance: dg.DagsterInstance, statuses: Iterable[Status], workspace: Workspace, names: Names
) -> list[dg.AssetObservation]:
    """Observations of what stages read from outside the lake where that is another than was observed last."""
    seen: dict[str, Mapping[str | None, str]] = {}
    events: list[dg.AssetObservation] = []
    for status in statuses:
        stage = status.stage
        if not origin_of(stage) or len(events) == _MOST_AT_ONCE:
            continue
        try:
            version = version_of(stage, workspace, status.snapshot)
        except PlainError:  # `status` says so of the stage; what is not known is no change
            continue
        if stage.name not in seen:
            seen[stage.name] = _observed(instance, stage, names)
        if seen[stage.name].get(status.snapshot) != version:
            events.append(_observation(stage, workspace, names, status.snapshot, version))
    return events


def _observed(instance: dg.DagsterInstance, stage: Stage, names: Names) -> dict[str | None, str]:
    """The version of every snapshot that was observed last."""
    key = names.asset(str(origin_of(stage)))
    if not stage.partitioned:
        last = instance.get_latest_data_version_record(key, is_source=True)
        return {None: extract_data_version_from_entry(last.event_log_entry).value} if last else {}
    tags = instance.event_log_storage.get_latest_tags_by_partition(
        key, DagsterEventType.ASSET_OBSERVATION, [DATA_VERSION_TAG]
    )
    return {snapshot: found[DATA_VERSION_TAG] for snapshot, found in tags.items() if DATA_VERSION_TAG in found}


def note_what_is_read(
    context: dg.AssetExecutionContext, stage: Stage, workspace: Workspace, names: Names, snapshot: str | None
) -> None:
    """Observe what a step is about to read, so that its materialisation is known to be of that."""
    if not origin_of(stage):
        return
    context.instance.report_runless_asset_event(
        _observation(stage, workspace, names, snapshot, version_of(stage, workspace, snapshot))
    )
    # Dagster noted the versions of inputs before the step began.
    context.get_step_execution_context().fetch_external_input_asset_version_info()


def _observation(
    stage: Stage, workspace: Workspace, names: Names, snapshot: str | None, version: str
) -> dg.AssetObservation:
    key, archives = names.asset(str(origin_of(stage))), workspace.archives(snapshot) if snapshot else []
    said = {"archives": len(archives), "bytes": sum(archive.size for archive in archives)} if snapshot else {}
    return dg.AssetObservation(key, partition=snapshot, metadata=said, tags={DATA_VERSION_TAG: version})
