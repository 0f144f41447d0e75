"""Sensors that tell people of runs that failed, whoever launched them, and of checks that failed and stopped nothing.

There are none unless the recipe says who is told. Not here: how messages travel (`data_platform/publish/alerts.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from data_platform.assets.causes import first_cause
from data_platform.assets.names import RECIPE_TAG, Names, table_of
from data_platform.publish.alerts import tell
from data_platform.run.recipe import Recipe
from data_platform.run.settings import Alerts

_WILL_RETRY = "dagster/will_retry"
_LONGEST = 500
_SHOWN = 10


def alerts_of(recipe: Recipe, names: Names) -> list[dg.SensorDefinition]:
    """The sensors of a recipe; they are on, since whoever names an address wants to be told."""
    alerts = recipe.watch.alerts
    if not alerts.anybody:
        return []

    @dg.run_failure_sensor(
        name=names.of_recipe("alerts"), monitor_all_code_locations=True, minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING, description="Tell of runs of the recipe that failed.",
    )
    def failures(context: dg.RunFailureSensorContext) -> None:
        """One message per run; none for one that will be tried again."""
        run = context.dagster_run
        if is_of(names, run) and run.tags.get(_WILL_RETRY) != "true":
            reasons = list(_reasons(context.instance, run)) or [context.failure_event.message or ""]
            _tell(alerts, names, run, "failed", reasons)

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS, name=names.of_recipe("warnings"), monitor_all_code_locations=True,
        minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tell of checks that failed and stopped nothing.",
    )
    def warnings(context: dg.RunStatusSensorContext) -> None:
        """One message per run in which such checks failed."""
        run = context.dagster_run
        if is_of(names, run) and (found := list(_failed_checks(context.instance, run))):
            _tell(alerts, names, run, "has warnings", found)

    return [failures, *([warnings] if alerts.warnings else [])]


def is_of(names: Names, run: dg.DagsterRun) -> bool:
    """Whether a run is of the recipe: by its tag, or, where it failed before it had one, by its job or its assets."""
    if RECIPE_TAG in run.tags:
        return run.tags[RECIPE_TAG] == names.recipe
    keys = run.asset_selection or ()
    return run.job_name.startswith(names.of_recipe("")) or any(key.path[0] == names.recipe for key in keys)


def _reasons(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[str]:
    """What failed in a run: steps with the first cause, then checks."""
    for event in _events(instance, run, dg.DagsterEventType.STEP_FAILURE):
        error = event.step_failure_data.error
        if error is not None and error.cls_name != "DagsterAssetCheckFailedError":  # what the checks found is below
            yield first_cause(error)
    yield from _failed_checks(instance, run)


def _failed_checks(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[str]:
    for event in _events(instance, run, dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        evaluation = event.asset_check_evaluation_data
        if not evaluation.passed:
            yield (f"check {evaluation.check_name} of {table_of(evaluation.asset_key)} failed: "
                   f"{evaluation.description or 'see its page'}")


def _events(instance: dg.DagsterInstance, run: dg.DagsterRun, kind: dg.DagsterEventType) -> Iterator[dg.DagsterEvent]:
    for entry in instance.all_logs(run.run_id, of_type=kind):
        if entry.dagster_event is not None:
            yield entry.dagster_event


def _tell(alerts: Alerts, names: Names, run: dg.DagsterRun, what: str, reasons: list[str]) -> None:
    partition = run.tags.get("dagster/partition")
    job = "assets" if run.job_name.startswith("__") else run.job_name.removeprefix(names.of_recipe(""))
    of = f"{job}, snapshot {partition}" if partition else job
    lines = [reason[:_LONGEST] for reason in dict.fromkeys(reasons)]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    link = [f"{alerts.ui.rstrip('/')}/runs/{run.run_id}"] if alerts.ui else []
    tell(alerts, f"{names.recipe}: run {run.run_id[:8]} ({of}) {what}", "\n".join([*lines[:_SHOWN], *more, *link]))
