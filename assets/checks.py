"""Asset checks: what the registry expects of every table, asked after each materialisation of a partition.

All checks of an asset run in one step over one read of the partition, at the version that it is pinned at, and are
written to `check_results`, where the flow finds which partitions may go on. Not here: what is expected of columns and
how it is asked (`expectations.py`), what looks beyond one table (`gates.py`).
"""

# Not `from __future__ import annotations`: Dagster reads the annotation of `context` as an object.

import json
import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg
import pyarrow as pa

from assets.expectations import CHECKS, Outcome, Severity, checks_of, validate
from assets.gates import descriptions_of, pass_gates
from assets.names import Names, tag_run
from assets.steps import step
from data_platform.core.columns import Table
from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Pin, TableMissing
from data_platform.run.stage import Stage
from resources.workspace import WorkspaceResource

_SEVERITIES = {"critical": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}


def stage_checks(stage: Stage, names: Names) -> dg.AssetChecksDefinition:
    """The checks of a stage's table, partitioned as its asset is. Critical ones block what is downstream."""
    expected = {name: CHECKS[name] for name in checks_of(stage.declared)}
    gates = {name: ("critical", words) for name, words in descriptions_of(stage).items()}
    specs = [_spec(stage, names, name, *about) for name, about in (expected | gates).items()]

    @dg.multi_asset_check(name=f"{stage.name}_checks", specs=specs)
    def checks(
        context: dg.AssetCheckExecutionContext, workspace: WorkspaceResource
    ) -> Iterator[dg.AssetCheckResult]:
        """Read the partition once and ask everything."""
        tag_run(context.instance, context.run, names)
        opened = workspace.open()
        lake, snapshot = opened.lake, context.partition_key if stage.partitioned else None
        # What could not be checked is a failed step, not a failed check.
        with step(f"checks of {stage.name}"):
            pin = pinned(lake, stage.name, snapshot)
            outcomes = check_partition(lake, stage.declared, pin)
            if outcomes[0].passed:
                outcomes += pass_gates(lake, stage, snapshot, opened.recipe)
            else:
                outcomes += [Outcome(name, False, "critical", {"not asked": "schema"}) for name in gates]
            record(lake, pin, outcomes, context.run.run_id)
        for outcome in outcomes:
            yield result_of(names.asset(stage.name), outcome)

    return checks


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


def check_partition(lake: Lake, declared: Table, pin: Pin) -> list[Outcome]:
    """All checks of one partition of a table, or of all of it, at the pinned version."""
    partition = pin.partition or None
    return validate(
        declared,
        lambda columns: lake.read(pin.table, columns, partition, pin.version),
        lake.schema(pin.table, pin.version),
        committed_rows=lake.count(pin.table, partition, pin.version),
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


def record(lake: Lake, pin: Pin, outcomes: Sequence[Outcome], run_id: str) -> None:
    """Append the outcomes to `check_results`."""
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
