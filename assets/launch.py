"""Launching runs from the command line: the same assets, checks and instance as in the UI, one run per phase.

Not here: what is out of date (`data_platform/pipeline/status.py`), what is printed (`data_platform/cli/run.py`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.storage.tags import REPOSITORY_LABEL_TAG
from dagster._core.utils import make_new_run_id

from data_platform.assets.arrivals import register
from data_platform.assets.asked import DUE, Asked, Place, runs_for
from data_platform.assets.busy import busy
from data_platform.assets.causes import first_cause
from data_platform.assets.jobs import job_of_stage
from data_platform.assets.names import PLANNED, REFRESH, Names, table_of
from data_platform.assets.stopped_runs import show_canceled, stoppable
from data_platform.core import stopping
from data_platform.pipeline.flow import stages
from data_platform.pipeline.overtaken import OURS
from data_platform.pipeline.status import Status, plan
from data_platform.publish.openlineage import emitter_of
from data_platform.resources.command_runs import alive, end_killed_runs
from data_platform.resources.instance import open_instance
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace

_LAST_EVENTS_SECONDS = 5.0
_LAST_EVENTS_OF_STOPPED_SECONDS = 1.0
_LOOK_SECONDS = 2.0
_AT_WORK = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Outcome:
    """How one run ended: the tables it was for, and what went wrong, if anything."""

    snapshot: str | None
    stages: tuple[str, ...]
    run_id: str
    failures: tuple[str, ...]


@dataclass(frozen=True)
class Within:
    """The run that other runs are part of, one after the other, while Dagster may have launched some beside it.

    Attributes:
        tables: of every job, by its name.
    """

    instance: dg.DagsterInstance
    run_id: str
    names: Names
    tables: Mapping[str, Collection[str]]

    def left_to_others(self, asked: Asked, report: Callable[[str], None]) -> bool:
        """Whether another run is at what is asked for; if so, wait until it has ended."""
        waited = False
        while True:
            others = busy(self.instance, self.names, self.tables, self.run_id, _AT_WORK)
            if not any(others.at(table, asked.snapshot) for table in asked.tables):
                return waited
            if not waited:
                report(f"{asked.phase}{f' {asked.snapshot}' if asked.snapshot else ''}: waiting for another run of it")
            waited = True
            stopping.check()
            time.sleep(_LOOK_SECONDS)


def bring_up_to_date(
    definitions: dg.Definitions, workspace: Workspace, report: Callable[[str], None],
    states: Collection[str] = (*DUE, "blocked"), within: Within | None = None,
    flow: Mapping[str, Stage] | None = None, only: Collection[str] | None = None,
) -> Iterator[Outcome]:
    """Run phase by phase what is out of date, until all is done that can be, or another run undid what was done.

    The plan is made anew after each phase: only then are the inputs of the next one known. What failed is not tried
    again, and holds back what reads it and nothing else.

    Args:
        definitions: the code location of the workspace's recipe, on its lake.
        report: is told what is run and why.
        states: what is tried. That a check failed may be mended by another look; a schedule does not try.
        within: the run that this is part of, if it is.
        flow: stages in the order of the flow, instead of those of the recipe.
        only: the tables that are made; what they read has to be up to date, or one of them. Default: all.
    """
    flow = flow or stages(workspace.recipe)
    jobs, names = job_of_stage(flow), Names.of(workspace.recipe)
    with (nullcontext(within.instance) if within else open_instance()) as instance, alive() as tags, \
            _last_words(workspace, report):
        for run_id in end_killed_runs(instance):
            report(f"run {run_id} was killed before its end; its work is taken up")
        register(instance, names, workspace.snapshots)
        # What Dagster notes of the runs that it launches: without it the pages of jobs show no run.
        tags |= {PLANNED: str(time.time()), REPOSITORY_LABEL_TAG: f"{SINGLETON_REPOSITORY_NAME}@{names.recipe}"}
        tags |= {REFRESH: within.run_id} if within else {}
        made: set[Place] = set()
        failed: set[Place] = set()
        while True:
            statuses = plan(workspace, flow)
            if any((status.stage.name, status.snapshot) in made and status.state not in OURS for status in statuses):
                return  # another run wrote it with other settings, and would be overwritten in turn
            left_out = {(status.stage.name, status.snapshot) for status in statuses
                        if only is not None and status.stage.name not in only}
            asked = runs_for(statuses, jobs, workspace, states, failed | made | left_out)
            if not asked:
                return
            for one in (one for one in asked if one.phase == asked[0].phase):
                if within and within.left_to_others(one, report):
                    continue
                report(f"{one.phase}{f' {one.snapshot}' if one.snapshot else ''}: {_why(one.statuses)}")
                outcome = _run(definitions, names, instance, tags, one.phase, one.snapshot, one.statuses)
                places = [(table, one.snapshot) for table in one.tables]
                (failed if outcome.failures else made).update(places)
                yield outcome


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
                    return stopping.ask_to_stop(f"because run {run_id} was terminated")

    looking = threading.Thread(target=look, name="terminated", daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()


def _why(due: Sequence[Status]) -> str:
    first = due[0]
    more = f" (and {len(due) - 1} more)" if len(due) > 1 else ""
    return f"{first.stage.name} {first.why}{more}"


def _run(
    definitions: dg.Definitions, names: Names, instance: dg.DagsterInstance, tags: dict[str, str], phase: str,
    snapshot: str | None, due: Sequence[Status],
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
        # What a check that blocks found is told below.
        and event.event_specific_data.error.cls_name != "DagsterAssetCheckFailedError"
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
