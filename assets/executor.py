"""How a run goes through its steps: in one process, stopped at any moment, and of partitions that a source has.

Runs of `dagster job execute` come into no queue that could refuse them (`admission.py`). So the executor asks before
the first step, and lists the sources where a partition is not known. Not here: how runs are stopped
(`stopped_runs.py`), and runs that Python executes in its own process, which have no executor of ours and which their
first step refuses (`arrivals.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
from dagster._core.events import DagsterEvent
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode

from data_platform.assets.admission import asked_for
from data_platform.assets.arrivals import UnknownSnapshot, refuse_strange, refuse_unknown
from data_platform.assets.names import Names
from data_platform.assets.stopped_runs import StoppableExecutor
from data_platform.resources.workspace import WorkspaceResource


class _AdmittingExecutor(StoppableExecutor):
    """All steps in one process, of partitions that a source has."""

    def __init__(self, retries: RetryMode, names: Names, recipe: str) -> None:
        super().__init__(retries)
        self._names, self._recipe = names, recipe

    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        """Run all steps.

        Raises:
            UnknownSnapshot: if they are of a partition that no source has; Dagster shows the run as failed with that.
        """
        for snapshot in asked_for(plan_context.dagster_run.tags):
            try:
                refuse_strange(plan_context.instance, self._names, snapshot)
            except UnknownSnapshot:
                refuse_unknown(snapshot, WorkspaceResource(recipe_path=self._recipe).anew())
                if not plan_context.instance.has_dynamic_partition(self._names.snapshots.name, snapshot):
                    raise  # it has arrived since, and Dagster takes it once it was listed
        yield from super().execute(plan_context, execution_plan)


def executor_of(names: Names, recipe: str) -> dg.ExecutorDefinition:
    """The executor of the jobs of the recipe at path `recipe`."""

    @dg.executor(name="in_process", config_schema=dg.in_process_executor.config_schema)
    def admitting(init_context: dg.InitExecutorContext) -> _AdmittingExecutor:
        """One process per run: stages already use every core, and the models stay loaded from step to step."""
        return _AdmittingExecutor(RetryMode.from_config(init_context.executor_config["retries"]), names, recipe)

    return admitting
