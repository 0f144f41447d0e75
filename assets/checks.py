"""Asset checks: what the registry expects of every table, asked after each materialisation of a partition.

All checks of an asset run in one step over one read of the partition, at the version that it is pinned at, and are
written to `check_results`, where the flow finds which partitions may go on. Not here: what is expected of columns and
how it is asked (`expectations.py`), what looks beyond one table (`gates.py`).
"""

# Not `from __future__ import annotations`: Dagster reads the annotation of `context` as an object.

import json
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationPlanned,
    AssetCheckEvaluationTargetMaterializationData,
)
from dagster._core.definitions.partitions.subset import DefaultPartitionsSubset
from dagster._core.events import DagsterEvent, DagsterEventType

from data_platform.assets.arrivals import as_launched
from data_platform.assets.expectations import CHECKS, Outcome, Severity, checks_of, validate
from data_platform.assets.gates import UP_TO_DATE, descriptions_of, gates_of, pass_gates
from data_platform.assets.names import Names, tag_run
from data_platform.assets.observations import of_checks
from data_platform.assets.steps import step
from data_platform.core.columns import Table
from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Pin, TableMissing
from data_platform.resources.workspace import WorkspaceResource
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace

_SEVERITIES = {"critical": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}


def stage_checks(stage: Stage, names: Names) -> dg.AssetChecksDefinition:
    """The checks of a stage's table, partitioned as its asset is. Critical ones block what is downstream.

    They ask the table as it is stored: each can be executed alone, and all of them without a materialisation.
    """
    gates = {name: (gate.severity, words) for gate in gates_of(stage) for name, words in gate.checks.items()}
    about = {name: CHECKS[name] for name in checks_of(stage.declared)} | gates
    specs = [_spec(stage, names, name, *said) for name, said in about.items()]
    of_name = {spec.name: spec for spec in specs}

    @dg.multi_asset_check(name=f"{stage.name}_checks", specs=specs, can_subset=True)
    def checks(
        context: dg.AssetCheckExecutionContext, workspace: WorkspaceResource
    ) -> Iterator[dg.AssetCheckResult | dg.AssetCheckEvaluation | dg.Output]:
        """Read the partition once and ask everything, or those checks alone that were chosen."""
        chosen = {key.name for key in context.selected_asset_check_keys}
        tag_run(context.instance, context.run, names)
        opened = as_launched(context.instance, names, context.run, stage, workspace.open())
        named = context.op_execution_context.has_partition_key
        found: dict[str, list[Outcome]] = {}
        # What could not be checked is a failed step, not a failed check.
        with step(f"checks of {stage.name}"):
            for snapshot in _asked(stage, opened, context.partition_key if named else None):
                pin = pinned(opened.lake, stage.name, snapshot)
                outcomes = ask(opened, stage, snapshot, pin, chosen)
                record(opened.lake, pin, to_record(opened.lake, pin, outcomes, blocking_of(specs)), context.run.run_id)
                context.op_execution_context.log_event(of_checks(names, stage, snapshot, outcomes))
                found[snapshot or ""] = outcomes
        asset = names.asset(stage.name)
        if named or not stage.partitioned:
            for outcome in next(iter(found.values())):
                yield result_of(asset, outcome)
            return
        _plan(context, asset, chosen, found)
        for snapshot, outcomes in found.items():
            yield from (evaluation_of(context.instance, asset, outcome, snapshot) for outcome in outcomes)
        for each in zip(*found.values(), strict=True):
            # Of a result of a run without partition Dagster asks which partitions the run has, and fails: so the
            # evaluation and the output that it would make of one.
            whole = together(dict(zip(found, each, strict=True)))
            yield evaluation_of(context.instance, asset, whole)
            yield dg.Output(None, output_name=of_name[whole.name].get_python_identifier())

    return checks


def ask(workspace: Workspace, stage: Stage, snapshot: str | None, pin: Pin, chosen: Collection[str]) -> list[Outcome]:
    """The outcomes of the `chosen` checks of a partition, in the order in which a stage has them; of no others more is
    read than they need.
    """
    declared = stage.declared
    only = ("schema",) if set(chosen) & set(checks_of(declared)) <= {"schema"} else None
    outcomes = check_partition(workspace.lake, declared, pin, only)
    if outcomes[0].passed:
        outcomes += pass_gates(workspace, stage, snapshot, chosen)
    else:
        outcomes += [Outcome(name, False, "critical", {"not asked": "schema"}) for name in descriptions_of(stage)]
    return [outcome for outcome in outcomes if outcome.name in chosen]


def blocking_of(specs: Iterable[dg.AssetCheckSpec]) -> set[str]:
    """The names of those checks that block."""
    return {spec.name for spec in specs if spec.blocking}


def _asked(stage: Stage, workspace: Workspace, snapshot: str | None) -> Sequence[str | None]:
    """The partitions that are asked: the one that the run is of, or all that are stored where it is of none, as when a
    check is executed from its page.

    Raises:
        TableMissing: if none is stored.
    """
    if not stage.partitioned or snapshot is not None:
        return [snapshot]
    stored = [pin.partition for pin in workspace.lake.pins(stage.name, workspace.snapshots)]
    if not stored:
        raise TableMissing(f"no partition of {stage.name} was ever written: nothing to check")
    return stored


def together(found: Mapping[str, Outcome]) -> Outcome:
    """The outcomes of one check for several partitions as one."""
    first = next(iter(found.values()))
    if len(found) == 1:
        return first
    failed = [partition for partition, outcome in found.items() if not outcome.passed]
    shown = failed[0] if failed else next(iter(found))
    return Outcome(first.name, not failed, first.severity, {
        "partitions": len(found), "failed": failed, "of": shown, "found": found[shown].description,
    })


def _plan(
    context: dg.AssetCheckExecutionContext, asset: dg.AssetKey, checks: Iterable[str], partitions: Iterable[str]
) -> None:
    """Say that the run evaluates checks for partitions: Dagster takes evaluations only where it has been told of them,
    and has told itself of none for a run without partition.
    """
    subset = DefaultPartitionsSubset(set(partitions))
    for name in checks:
        context.instance.report_dagster_event(
            DagsterEvent(
                event_type_value=DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED.value,
                job_name=context.op_execution_context.job_name,
                message=f"Every partition of {asset.to_user_string()} is checked for {name}",
                event_specific_data=AssetCheckEvaluationPlanned(
                    asset_key=asset, check_name=name, partitions_subset=subset
                ),
                step_key=str(context.op_execution_context.op_handle),
            ),
            context.run.run_id,
        )


def evaluation_of(
    instance: dg.DagsterInstance, asset: dg.AssetKey, outcome: Outcome, snapshot: str | None = None
) -> dg.AssetCheckEvaluation:
    """The outcome as the event that a run of a partition would have left, so that its state is shown and known; or as
    one of all partitions.
    """
    latest = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[snapshot] if snapshot else None), limit=1
    ).records
    target = AssetCheckEvaluationTargetMaterializationData(
        run_id=latest[0].run_id, storage_id=latest[0].storage_id, timestamp=latest[0].timestamp
    ) if latest else None
    result = result_of(asset, outcome)
    return dg.AssetCheckEvaluation(
        asset_key=asset, check_name=outcome.name, passed=outcome.passed, metadata=result.metadata,
        target_materialization_data=target, severity=result.severity, description=result.description,
        blocking=outcome.severity == "critical", partition=snapshot,
    )


def _spec(stage: Stage, names: Names, name: str, severity: Severity, description: str) -> dg.AssetCheckSpec:
    partitions = names.snapshots if stage.partitioned else None
    with warnings.catch_warnings():
        # Partitioned checks are in preview, and what keeps one bad crawl from blocking the others.
        warnings.filterwarnings("ignore", "Specifying a partitions_def on an AssetCheckSpec", dg.PreviewWarning)
        return dg.AssetCheckSpec(
            name, asset=names.asset(stage.name), description=description, blocking=severity == "critical",
            partitions_def=partitions,
        )


def pinned(lake: Lake, name: str, partition: str | None) -> Pin:
    """The version of a partition that is to be checked.

    Raises:
        TableMissing: if the partition was never written.
    """
    pin = lake.pin(name, partition)
    if pin is None:
        raise TableMissing(f"{name}{f'/{partition}' if partition else ''} was never written: nothing to check")
    return pin


def check_partition(
    lake: Lake, declared: Table, pin: Pin, only: Collection[str] | None = None
) -> list[Outcome]:
    """All checks of one partition of a table, or of all of it, at the pinned version; `only` the schema, if it says so.
    """
    partition = pin.partition or None
    return validate(
        declared,
        lambda columns: lake.read(pin.table, columns, partition, pin.version),
        lake.schema(pin.table, pin.version),
        committed_rows=lake.count(pin.table, partition, pin.version),
        only=only,
    )


def result_of(asset: dg.AssetKey, outcome: Outcome) -> dg.AssetCheckResult:
    """The outcome as Dagster takes it."""
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=outcome.name,
        passed=outcome.passed,
        severity=_SEVERITIES[outcome.severity],
        description=outcome.description or None,
        metadata=dict(outcome.metadata),
    )


def to_record(lake: Lake, pin: Pin, outcomes: Sequence[Outcome], blocking: Collection[str]) -> list[Outcome]:
    """Those of the outcomes that may stand in `check_results`.

    A partition with a result counts as checked. Where some checks were asked alone, and others that block have not been
    asked of what the partition carries, what holds proves nothing yet: only what failed is recorded.
    """
    missing = set(blocking) - {outcome.name for outcome in outcomes}
    if missing and lake.exists("check_results"):
        of_partition = (
            (pc.field("table") == pin.table) & (pc.field("partition") == pin.partition)
            & (pc.field("recipe") == pin.recipe)
        )
        missing -= set(lake.read_table("check_results", ["check"], where=of_partition)["check"].to_pylist())
    kept = [outcome for outcome in outcomes if outcome.name != UP_TO_DATE]  # which is of now, and not of the table
    return [outcome for outcome in kept if not missing or not outcome.passed]


def record(lake: Lake, pin: Pin, outcomes: Sequence[Outcome], run_id: str) -> None:
    """Append the outcomes to `check_results`; nothing if there are none."""
    if not outcomes:
        return
    now = datetime.now(UTC)
    rows = [
        {
            "table": pin.table,
            "partition": pin.partition,
            "recipe": pin.recipe,
            "version": pin.version,
            "check": outcome.name,
            "passed": outcome.passed,
            "blocking": outcome.severity == "critical",
            "detail": json.dumps(outcome.metadata, sort_keys=True),
            "run_id": run_id,
            "checked_at": now,
        }
        for outcome in outcomes
    ]
    lake.append("check_results", pa.Table.from_pylist(rows, schema=table("check_results").schema))
