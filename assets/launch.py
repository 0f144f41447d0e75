"""Launching runs from the command line: the same assets, checks and instance as in the UI, one run per phase.

Not here: what is out of date (`data_platform/pipeline/status.py`), what is printed (`data_platform/cli/run.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg
from dagster._core.utils import make_new_run_id

from assets.causes import first_cause
from assets.command_runs import alive, end_killed_runs
from assets.jobs import job_of_stage
from assets.names import Names, table_of
from assets.stopped_runs import show_canceled, stoppable
from data_platform.core import stopping
from data_platform.pipeline.flow import stages
from data_platform.pipeline.overtaken import OURS
from data_platform.pipeline.status import Status, plan
from data_platform.publish.openlineage import emitter_of
from data_platform.run.workspace import Workspace
from resources.instance import open_instance

_LAST_EVENTS_SECONDS = 5.0
_LAST_EVENTS_OF_STOPPED_SECONDS = 1.0
_LOOK_SECONDS = 2.0
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Outcome:
    """How one run ended: the tables it was for, and what went wrong, if anything."""

    snapshot: str | None
    stages: tuple[str, ...]
    run_id: str
    failures: tuple[str, ...]


def bring_up_to_date(
    definitions: dg.Definitions, workspace: Workspace, report: Callable[[str], None]
) -> Iterator[Outcome]:
    """Run phase by phase what is out of date, and stop after the first phase that fails, or that another run undid.

    The plan is made anew before each phase: only then are the inputs of the next one known.

    Args:
        definitions: the code location of the workspace's recipe, on its lake.
        report: is told what is run and why.
    """
    flow = stages(workspace.recipe)
    jobs, names = job_of_stage(flow), Names.of(workspace.recipe)
    with open_instance() as instance, alive() as tags, _last_words(workspace, report):
        for run_id in end_killed_runs(instance):
            report(f"run {run_id} was killed before its end; its work is taken up")
        instance.add_dynamic_partitions(names.snapshots.name, workspace.snapshots)
        done: set[str] = set()
        for phase in dict.fromkeys(jobs.values()):
            states = plan(workspace, flow)
            if any(status.place in done and status.state not in OURS for status in states):
                return  # another run wrote it with other settings, and would be overwritten in turn
            due = [status for status in states if jobs[status.stage.name] == phase and status.state != "fresh"]
            failed = False
            for snapshot in dict.fromkeys(status.snapshot for status in due):
                some = [status for status in due if status.snapshot == snapshot]
                report(f"{phase}{f' {snapshot}' if snapshot else ''}: {_why(some)}")
                outcome = _run(definitions, names, instance, tags, phase, snapshot, some)
                failed = failed or bool(outcome.failures)
                yield outcome
            if failed:
                return
            done |= {status.place for status in states if jobs[status.stage.name] == phase}


@contextmanager
def _last_words(workspace: Workspace, report: Callable[[str], None]) -> Iterator[None]:
    """Say at the end whether events about the run were delivered, if any were to be sent."""
    try:
        yield
    finally:
        if emitter := emitter_of(workspace.recipe):
            seconds = _LAST_EVENTS_OF_STOPPED_SECONDS if stopping.asked() else _LAST_EVENTS_SECONDS
            report(str(emitter.settle(seconds)))


@contextmanager
def _terminable(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Stop this process once its run is terminated in the UI, which cannot reach it: it launched the run by itself."""
    ended = threading.Event()

    def look() -> None:
        with dg.DagsterInstance.from_ref(instance.get_ref()) as own:
            while not ended.wait(_LOOK_SECONDS):
                run = own.get_run_by_id(run_id)
                if run and run.status in (dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED):
                    return stopping.ask_to_stop()

    looking = threading.Thread(target=look, name="terminated", daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()


def _why(due: list[Status]) -> str:
    first = due[0]
    more = f" (and {len(due) - 1} more)" if len(due) > 1 else ""
    return f"{first.stage.name} {first.why}{more}"


def _run(
    definitions: dg.Definitions, names: Names, instance: dg.DagsterInstance, tags: dict[str, str], phase: str,
    snapshot: str | None, due: list[Status],
) -> Outcome:
    tables = tuple(status.stage.name for status in due)
    run_id = make_new_run_id()
    try:
        with stoppable(instance, run_id), _terminable(instance, run_id):
            result = definitions.resolve_job_def(names.of_recipe(phase)).execute_in_process(
                instance=instance, partition_key=snapshot, asset_selection=names.assets(tables),
                raise_on_error=False, run_config=_QUIET, tags=tags, run_id=run_id,
            )
        stopping.check()
    finally:
        if stopping.asked():  # before Dagster took the signal for one of its own, perhaps
            show_canceled(instance, run_id, "The command was asked to stop by a signal.")
    failures = [
        first_cause(event.event_specific_data.error)
        for event in result.all_events if event.event_type_value == "STEP_FAILURE"
    ]
    failures += [
        f"check {evaluation.check_name} of {table_of(evaluation.asset_key)} failed: "
        f"{evaluation.description or ''}"
        for evaluation in result.get_asset_check_evaluations()
        if not evaluation.passed and evaluation.blocking
    ]
    if not result.success and not failures:
        failures.append(f"run {result.run_id} failed; see it in the UI")
    return Outcome(snapshot, tables, result.run_id, tuple(failures))
