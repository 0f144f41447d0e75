"""The job that deletes what nothing needs of a recipe's lake, and the schedule that launches it on Sundays.

How long files stay is said by `vacuum.retain_days` of the recipe; runs that are under way keep what they may read. The
schedule is off until somebody turns it on. Not here: what is needed (`data_platform/pipeline/vacuum.py`).
"""

# Not `from __future__ import annotations`: Dagster reads the annotations of ops as objects.

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from data_platform.assets.names import Names
from data_platform.assets.stopped_runs import stoppable_in_process
from data_platform.core.errors import many
from data_platform.pipeline.unused import Unused
from data_platform.pipeline.vacuum import kept_since, vacuum
from data_platform.resources.command_runs import since_when
from data_platform.resources.workspace import WorkspaceResource


def vacuum_job(names: Names, said: Mapping[str, Any]) -> dg.JobDefinition:
    """The job of a recipe; `said` is what its page says of the recipe."""

    @dg.op(name="delete_what_nothing_needs", description="Delete files of old versions, and what killed runs left.")
    def everything(context: dg.OpExecutionContext, workspace: WorkspaceResource) -> None:
        opened = workspace.anew()
        since = kept_since(opened.recipe.vacuum.retain_days, since_when(context.instance))
        found = vacuum(opened.lake, [], since)
        context.add_output_metadata({
            "kept since": since.isoformat(timespec="minutes"), "deleted": dg.MetadataValue.md(table_of(found)),
            "files": sum(len(one.files) for one in found),
            "bytes": sum(file.bytes for one in found for file in one.files),
        })
        if alone := [f"{one.table}: left alone: {one.fault}" for one in found if one.fault]:
            raise dg.Failure(f"{many(len(alone), 'table')} left alone: {'; '.join(alone)}", allow_retries=False)

    @dg.job(
        name=names.of_recipe("vacuum"), tags=names.tags("vacuum"), metadata=said,
        description="Deletes what nothing needs: files of old versions that neither what is current nor an export was "
                    "made from, what killed runs left, models that only old versions name, what repairs set aside.",
        executor_def=stoppable_in_process,
    )
    def clean() -> None:
        everything()

    return clean


def vacuum_schedule(names: Names, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """The schedule of a recipe."""
    return dg.ScheduleDefinition(
        name=names.of_recipe("vacuum"), cron_schedule="0 5 * * 0", job=job, tags=names.tags("vacuum"),
        description="On Sundays, delete what nothing needs, and has needed for as long as the recipe says.",
    )


def table_of(found: Sequence[Unused]) -> str:
    """What went, as Markdown."""
    rows = [f"| {one.table} | {len(one.files):,} | {sum(file.bytes for file in one.files):,} |"
            for one in found if one.files]
    return "\n".join(["| table | files | bytes |", "|---|---:|---:|", *rows]) if rows else "nothing"
