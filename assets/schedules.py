"""Schedules: the nightly refresh, which asks for what is out of date and for nothing else."""

from __future__ import annotations

import dagster as dg

from assets.jobs import job_of_stage
from assets.names import Names
from data_platform.pipeline.flow import stages
from data_platform.pipeline.status import plan
from resources.workspace import WorkspaceResource


def schedules_of(names: Names) -> list[dg.ScheduleDefinition]:
    """The schedules of a recipe."""

    @dg.schedule(
        name=names.of_recipe("refresh"), cron_schedule="0 3 * * *", target=dg.AssetSelection.all(), tags=names.tags(),
        description="Request runs for the snapshots and tables that are out of date.",
    )
    def refresh(
        context: dg.ScheduleEvaluationContext, workspace: WorkspaceResource
    ) -> dg.SkipReason | list[dg.RunRequest]:
        """Runs of the first phase that is out of date."""
        return requests(context, workspace, names)

    return [refresh]


def requests(
    context: dg.ScheduleEvaluationContext, workspace: WorkspaceResource, names: Names
) -> dg.SkipReason | list[dg.RunRequest]:
    """Runs of the first phase that is out of date: one per snapshot, or one for the whole.

    Later phases follow by automation, or the next night: their inputs are not there yet.
    """
    opened = workspace.open().relisted()
    flow = stages(opened.recipe)
    job_of = job_of_stage(flow)
    due = [status for status in plan(opened, flow) if status.state in ("missing", "stale", "unchecked")]
    if not due:
        return dg.SkipReason("everything is up to date")
    first = job_of[due[0].stage.name]  # the plan is in the order of the flow
    due = [status for status in due if job_of[status.stage.name] == first]
    keys = list(dict.fromkeys(status.snapshot for status in due))
    context.instance.add_dynamic_partitions(names.snapshots.name, [key for key in keys if key])
    return [
        dg.RunRequest(
            run_key=f"{context.scheduled_execution_time}:{first}:{key or ''}",
            partition_key=key,
            asset_selection=names.assets(status.stage.name for status in due if status.snapshot == key),
        )
        for key in keys
    ]
