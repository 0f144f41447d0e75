"""What the platform keeps beside the tables of stages, as assets that are observed: rejections, archives and other side
tables, lineage, check results, takedowns, and the runs themselves.

No run materialises them: each step that writes to one says what it left there, with numbers that keep their meaning
from one observation to the next. Not here: what a materialisation reports of its own table (`accounts.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow.compute as pc

from data_platform.assets.accounts import effort_metadata, table_value
from data_platform.assets.effort import Effort
from data_platform.assets.expectations import Outcome
from data_platform.assets.metadata import definition_metadata
from data_platform.assets.names import Names
from data_platform.core.tables import table
from data_platform.lake.lake import Commit, Lake
from data_platform.run.recipe import Recipe
from data_platform.run.stage import REJECTIONS, Stage

GROUP = "records"
RUNS = "runs"
ARCHIVES = "archives"
TAKEDOWNS = "takedowns"
LOGS = ("lineage", "check_results", TAKEDOWNS)
"""Logs of the platform that are observed."""
ROWS_TAG = "data_platform/rows"
SECONDS_TAG = "data_platform/seconds"
MEMORY_TAG = "data_platform/peak_memory_mb"
SPEED_TAG = "data_platform/rows_per_second"

_RUNS_DESCRIPTION = (
    "One observation per partition that a run wrote: rows, seconds, rows per second and peak memory. The sums of a run "
    "are among its tags."
)


def observed_of(flow: Mapping[str, Stage], names: Names, recipe: Recipe) -> list[dg.AssetSpec]:
    """The observed assets of a flow; those that stages write lie below them in the graph."""
    writers: dict[str, list[str]] = {name: [] for name in LOGS}
    for stage in flow.values():
        for side in stage.sides:
            writers.setdefault(side, []).append(stage.name)
    kinds, owners = {"deltalake"}, list(recipe.catalogue.owners)
    return [
        dg.AssetSpec(
            names.asset(name), deps=names.assets(above), description=table(name).description, group_name=GROUP,
            kinds=kinds, owners=owners, metadata=definition_metadata(table(name)),
        )
        for name, above in writers.items()
    ] + [dg.AssetSpec(names.asset(RUNS), description=_RUNS_DESCRIPTION, group_name=GROUP, owners=owners)]


def of_step(
    lake: Lake, stage: Stage, names: Names, snapshot: str | None, commit: Commit, effort: Effort
) -> Iterator[dg.AssetObservation]:
    """What a step that has written something left beside its own table."""
    place = {"stage": stage.name, **({"snapshot": snapshot} if stage.partitioned and snapshot else {})}
    for side in stage.sides:
        yield dg.AssetObservation(names.asset(side), metadata={**place, **_side(lake, stage, side, snapshot)})
    rows = lake.count(stage.name, snapshot if stage.partitioned else None, commit.version)
    yield dg.AssetObservation(
        names.asset("lineage"),
        metadata={**place, "version": commit.version, "rows": rows, "commits": lake.count("lineage")},
    )
    yield dg.AssetObservation(names.asset(RUNS), metadata={**place, "rows": rows, **effort_metadata(effort, rows)})
    if "taken_down" in stage.checks:
        yield from of_takedowns(lake, names)


def of_checks(
    names: Names, stage: Stage, snapshot: str | None, outcomes: Sequence[Outcome]
) -> dg.AssetObservation:
    """What was recorded of checks."""
    failed = [outcome for outcome in outcomes if not outcome.passed]
    metadata: dict[str, Any] = {
        "stage": stage.name, **({"snapshot": snapshot} if stage.partitioned and snapshot else {}),
        "checks": len(outcomes), "failed": len(failed),
        "blocking": sum(outcome.severity == "critical" for outcome in failed),
    }
    if failed:
        metadata["what failed"] = table_value([
            {"check": outcome.name, "found": outcome.description} for outcome in failed
        ])
    return dg.AssetObservation(names.asset("check_results"), metadata=metadata)


def of_takedowns(lake: Lake, names: Names) -> Iterator[dg.AssetObservation]:
    """Where takedowns stand; nothing where there was none."""
    if found := takedowns(lake):
        yield dg.AssetObservation(names.asset(TAKEDOWNS), metadata=found)


def takedowns(lake: Lake) -> dict[str, Any]:
    """Takedowns that were begun and done, what they removed, and what is kept out; nothing if there was none."""
    if not lake.exists(TAKEDOWNS):
        return {}
    rows = lake.read_table(TAKEDOWNS, ["takedown_id", "state", "documents"]).to_pylist()
    done = {row["takedown_id"]: row["documents"] for row in rows if row["state"] == "done"}
    begun = {row["takedown_id"] for row in rows}
    metadata: dict[str, Any] = {
        "takedowns": len(begun), "done": len(done), "unfinished": len(begun - done.keys()),
        "documents removed": sum(done.values()),
    }
    if lake.exists("takedown_list"):
        metadata |= {
            f"kept out/{kind}": count
            for kind, count in sorted(_counted(lake, "takedown_list", "kind").items())
        }
    return metadata


def tag_effort(instance: dg.DagsterInstance, run_id: str, effort: Effort, rows: int) -> None:
    """Add what a step took to the tags of its run, where lists of runs show it."""
    run = instance.get_run_by_id(run_id)
    if run is None:
        return
    every = int(run.tags.get(ROWS_TAG, 0)) + rows
    seconds = float(run.tags.get(SECONDS_TAG, 0)) + effort.seconds
    memory = max(float(run.tags.get(MEMORY_TAG, 0)), effort.peak_memory_mb)
    tags = {ROWS_TAG: str(every), SECONDS_TAG: f"{seconds:.1f}", MEMORY_TAG: f"{memory:.0f}"}
    if seconds:
        tags[SPEED_TAG] = f"{every / seconds:.1f}"
    instance.add_run_tags(run_id, tags)


def _side(lake: Lake, stage: Stage, side: str, snapshot: str | None) -> dict[str, Any]:
    """What a stage left in a side table: rows by reason, the books of archives, or the number of rows."""
    if not lake.exists(side):
        return {}
    place = str(stage.side_partition(side, snapshot)).partition("/")[0] or None
    if side == REJECTIONS:
        where = None if snapshot is None or not stage.partitioned else pc.field("snapshot") == snapshot
        reasons = _counted(lake, side, "reason", place, where)
        metadata: dict[str, Any] = {f"rejected/{stage.name}": sum(reasons.values())}
        if reasons:
            metadata["reasons"] = table_value([
                {"reason": reason, "rows": count} for reason, count in reasons.most_common()
            ])
        return metadata
    if side == ARCHIVES:
        rows = lake.read_table(side, ["bytes", "records", "captured", "rejected", "complete"], partition=place)
        sums = {name: pc.sum(rows[name]).as_py() or 0 for name in ("bytes", "records", "captured", "rejected")}
        incomplete = rows.num_rows - (pc.sum(rows["complete"]).as_py() or 0)
        return {"archives": rows.num_rows, **sums, "incomplete": incomplete}
    return {f"rows/{stage.name}": lake.count(side, place)}


def _counted(lake: Lake, name: str, column: str, partition: str | None = None, where: Any = None) -> Counter[str]:
    counts: Counter[str] = Counter()
    for batch in lake.read(name, [column], partition, where=where, batch_rows=65_536):
        counts.update({item["values"]: item["counts"] for item in pc.value_counts(batch.column(0)).to_pylist()})
    return counts

