"""Runs that are stopped, by whoever terminates them or by a signal: shown as canceled, and holding nothing any more.

Dagster hands signals to steps between their Python instructions, and calls a run that a signal ended crashed. Here a
run learns of them at once, and its process ends in time wherever the step stands. Not here: how a process learns that
it is to stop (`core/stopping.py`), and what becomes of a step (`steps.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._core.events import DagsterEvent
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.in_process import InProcessExecutor

from data_platform.core import stopping
from data_platform.lake import unfinished


@contextmanager
def stoppable(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Let a signal end the run that is executed in this context, and its process if the run does not end in time."""
    with stopping.watching(lambda: show_canceling(instance, run_id), lambda: end_as_it_stands(instance, run_id)):
        try:
            yield
        finally:
            if stopping.asked():
                stopping.kill_descendants()  # workers that are in the middle of a batch nobody waits for


def show_canceling(instance: dg.DagsterInstance, run_id: str) -> None:
    """Show a run that is under way as being terminated: once it ends, Dagster shows it as canceled."""
    run = instance.get_run_by_id(run_id)
    if run and not run.is_finished and run.status != dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceling(run, "The process of the run was asked to stop by a signal.")


def end_as_it_stands(instance: dg.DagsterInstance, run_id: str) -> None:
    """For a process that did not stop in time: give up what it began, and show its run as canceled."""
    unfinished.give_up()
    show_canceled(instance, run_id, "The step did not come to its next batch in time; its process was ended.")


def show_canceled(instance: dg.DagsterInstance, run_id: str, why: str) -> None:
    """Show a run as canceled, if it is not at its end, and free what it holds of pools."""
    run = instance.get_run_by_id(run_id)
    if run and not run.is_finished:
        instance.report_run_canceled(run, why)
    instance.event_log_storage.free_concurrency_slots_for_run(run_id)


class StoppableExecutor(InProcessExecutor):
    """Dagster's executor of all steps in one process, whose runs can be stopped at any moment."""

    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        with stoppable(plan_context.instance, plan_context.run_id):
            yield from super().execute(plan_context, execution_plan)


@dg.executor(name="in_process", config_schema=dg.in_process_executor.config_schema)
def stoppable_in_process(init_context: dg.InitExecutorContext) -> StoppableExecutor:
    """One process per run: stages already use every core, and the models stay loaded from step to step."""
    return StoppableExecutor(retries=RetryMode.from_config(init_context.executor_config["retries"]))
