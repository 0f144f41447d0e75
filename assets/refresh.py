"""The job that brings a whole recipe up to date in one run, and the schedule that launches it at night.

The run makes a plan, launches the jobs of the phase that is due, and makes the plan anew, until nothing is left that it
can do: so all phases are done in one night, whoever's turn it is. Its end names what it could not do. Not here: how one
phase is run (`launch.py`).
"""

# Not `from __future__ import annotations`: Dagster reads the annotations of ops and schedules as objects.

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from data_platform.assets.asked import DUE
from data_platform.assets.busy import busy
from data_platform.assets.jobs import tables_of_jobs
from data_platform.assets.launch import Within, bring_up_to_date
from data_platform.assets.names import Names
from data_platform.assets.stopped_runs import stoppable_in_process
from data_platform.core.errors import PlainError, many
from data_platform.pipeline.status import Status, plan
from data_platform.resources.workspace import WorkspaceResource
from data_platform.run.stage import Stage

_MOST_NAMED = 20


def refresh_job(
    flow: Mapping[str, Stage], names: Names, located: Callable[[WorkspaceResource], dg.Definitions],
    said: Mapping[str, Any],
) -> dg.JobDefinition:
    """The job of a recipe.

    Args:
        located: gives the jobs of the phases, which run on a workspace.
        said: what the job's page says of the recipe.
    """

    @dg.op(name="bring_up_to_date", description="Run phase after phase what is out of date, and name what is left.")
    def everything(context: dg.OpExecutionContext, workspace: WorkspaceResource) -> None:
        tables = tables_of_jobs(flow, names)
        if other := busy(context.instance, names, tables, besides=context.run_id).refreshing:
            raise dg.Failure(f"run {other} is bringing everything up to date already", allow_retries=False)
        opened = workspace.anew()
        for line in opened.passed_over:
            context.log.warning(line)
        within = Within(context.instance, context.run_id, names, tables)
        failures, runs = [], []
        for outcome in bring_up_to_date(located(workspace), opened, context.log.info, DUE, within, flow):
            runs.append(outcome.run_id)
            failures.extend(outcome.failures)
        left = [status for status in plan(opened, flow) if status.state != "fresh"]
        told = {"runs": len(runs), "left": dg.MetadataValue.md(table_of_left(left))}
        context.add_output_metadata(told)
        for failure in failures:
            context.log.error(failure)
        if failures or left:
            raise dg.Failure(in_words(failures, left), told, allow_retries=False)

    @dg.job(
        name=names.of_recipe("refresh"), tags=names.tags("refresh"), metadata=said,
        description="All that is out of date, phase after phase, in one run that launches those of the phases.",
        executor_def=stoppable_in_process,
    )
    def refresh() -> None:
        everything()

    return refresh


def schedules_of(
    flow: Mapping[str, Stage], names: Names, job: dg.JobDefinition
) -> list[dg.ScheduleDefinition]:
    """The schedules of a recipe."""

    @dg.schedule(
        name=names.of_recipe("refresh"), cron_schedule="0 3 * * *", job=job, tags=names.tags("refresh"),
        description="Every night, bring everything up to date that is out of date.",
    )
    def nightly(
        context: dg.ScheduleEvaluationContext, workspace: WorkspaceResource
    ) -> dg.SkipReason | dg.RunRequest:
        """One run, unless there is nothing that it could do."""
        if other := busy(context.instance, names, tables_of_jobs(flow, names)).refreshing:
            return dg.SkipReason(f"run {other} is bringing everything up to date already")
        try:
            statuses = plan(workspace.anew(), flow)
        except PlainError as error:
            return dg.SkipReason(str(error))
        left = [status for status in statuses if status.state != "fresh"]
        if not left:
            return dg.SkipReason("everything is up to date")
        if not any(status.state in DUE for status in left):
            return dg.SkipReason(f"nothing can be done: {in_words([], left)}")
        return dg.RunRequest()

    return [nightly]


def in_words(failures: Sequence[str], left: Sequence[Status]) -> str:
    """What could not be brought up to date, and why."""
    named = [*failures, *(f"{status.place}: {status.why}" for status in left if status.state == "blocked")]
    named += [f"{status.place}: {status.why}" for status in left if status.state != "blocked"]
    named = list(dict.fromkeys(named))
    more = f"; and {len(named) - _MOST_NAMED:,} more" if len(named) > _MOST_NAMED else ""
    return f"{many(len(left), 'partition')} not up to date: {'; '.join(named[:_MOST_NAMED])}{more}"


def table_of_left(left: Sequence[Status]) -> str:
    """What is not up to date, as Markdown."""
    if not left:
        return "everything is up to date"
    rows = [f"| {status.stage.name} | {status.snapshot or ''} | {status.state} | {status.why.replace('|', '/')} |"
            for status in left]
    return "\n".join(["| table | snapshot | state | why |", "|---|---|---|---|", *rows])
