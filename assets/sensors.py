"""Sensors: new archives become snapshots and runs; automation conditions are evaluated."""

from __future__ import annotations

import hashlib
import json

import dagster as dg

from assets.names import Names
from resources.workspace import WorkspaceResource


def sensors_of(names: Names) -> list[dg.SensorDefinition]:
    """The sensors of a recipe."""

    @dg.sensor(
        name=names.of_recipe("new_snapshots"), job_name=names.of_recipe("crawl"), minimum_interval_seconds=60,
        description="List the sources; a snapshot that is new, or whose archives changed, becomes a partition and a "
                    "run.",
    )
    def new_snapshots(context: dg.SensorEvaluationContext, workspace: WorkspaceResource) -> dg.SensorResult:
        """Runs of what arrived or changed."""
        return arrivals(context, workspace, names)

    automation = dg.AutomationConditionSensorDefinition(
        names.of_recipe("automation"), target=dg.AssetSelection.all(), default_status=dg.DefaultSensorStatus.STOPPED,
        run_tags=names.tags(),
    )
    return [new_snapshots, automation]


def arrivals(context: dg.SensorEvaluationContext, workspace: WorkspaceResource, names: Names) -> dg.SensorResult:
    """The cursor holds a digest of the archives of every snapshot, so that each state of a snapshot runs once."""
    seen = json.loads(context.cursor or "{}")
    opened = workspace.open().relisted()
    now = {snapshot: _digest(opened.archives(snapshot)) for snapshot in opened.snapshots}
    changed = [snapshot for snapshot, digest in now.items() if seen.get(snapshot) != digest]
    if not changed:
        return dg.SensorResult(skip_reason=dg.SkipReason("no new archives"), cursor=json.dumps(now))
    new = [key for key in changed if not context.instance.has_dynamic_partition(names.snapshots.name, key)]
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(run_key=f"{snapshot}:{now[snapshot]}", partition_key=snapshot) for snapshot in changed
        ],
        dynamic_partitions_requests=[names.snapshots.build_add_request(new)] if new else [],
        cursor=json.dumps(now),
    )


def _digest(archives: list) -> str:
    lines = sorted(f"{archive.source} {archive.name} {archive.fingerprint}" for archive in archives)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
