"""What other runs and backfills of a recipe are at, so that nothing is asked for twice.

Not here: which runs are those of killed commands (`resources/command_runs.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import dagster as dg
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus, PartitionBackfill
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_START_TAG, PARTITION_NAME_TAG

from data_platform.assets.names import REFRESH, Names, table_of
from data_platform.resources.command_runs import open_runs

_BACKFILLS = (BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING)
EVERY = "*"
"""Stands for all partitions of a table: no snapshot is called so."""


@dataclass
class Busy:
    """Partitions that runs under way, or backfills that are not done, will write.

    Attributes:
        places: snapshots by table; None is a table without partitions, `EVERY` all that it has.
        refreshing: id of a run that brings everything up to date by itself, if there is one.
    """

    places: dict[str, set[str | None]] = field(default_factory=dict)
    refreshing: str | None = None

    def at(self, table: str, snapshot: str | None) -> bool:
        """Whether a partition of a table will be written."""
        return bool(self.places.get(table, set()) & {snapshot, EVERY})

    def at_snapshot(self, snapshot: str) -> bool:
        """Whether any table will be written for a snapshot."""
        return any(snapshots & {snapshot, EVERY} for snapshots in self.places.values())

    def add(self, tables: Iterable[str], snapshots: Collection[str | None]) -> None:
        """Note that partitions of tables will be written."""
        for table in tables:
            self.places.setdefault(table, set()).update(snapshots)


def busy(
    instance: dg.DagsterInstance, names: Names, tables: Mapping[str, Collection[str]], besides: str | None = None,
    statuses: Collection[dg.DagsterRunStatus] | None = None,
) -> Busy:
    """What is under way for a recipe.

    Args:
        tables: of every job, by its name.
        besides: id of a run that does not count, nor do those that it started.
        statuses: of the runs that count; by default all that are not at their end.
    """
    found = Busy()
    for run in open_runs(instance, *([statuses] if statuses else [])):
        if besides and besides in (run.run_id, run.tags.get(REFRESH)):
            continue
        if run.job_name == names.of_recipe("refresh"):
            found.refreshing = run.run_id
            continue
        keys = run.asset_selection or ()
        own = [table_of(key) for key in keys if key.path[0] == names.recipe] or tables.get(run.job_name, ())
        found.add(own, {_snapshot(run)})
    if statuses is None:
        for backfill in instance.get_backfills(filters=BulkActionsFilter(statuses=list(_BACKFILLS))):
            _add_backfill(found, names, backfill)
    return found


def _snapshot(run: dg.DagsterRun) -> str | None:
    if PARTITION_NAME_TAG in run.tags:
        return run.tags[PARTITION_NAME_TAG]
    return EVERY if ASSET_PARTITION_RANGE_START_TAG in run.tags else None


def _add_backfill(found: Busy, names: Names, backfill: PartitionBackfill) -> None:
    keys = [key for key in backfill.asset_selection or () if key.path[0] == names.recipe]
    data = backfill.asset_backfill_data
    if data is None:
        found.add(map(table_of, keys), {None, EVERY})
        return
    left = data.get_targeted_partitions_without_materialization_status()
    for key in keys:
        if key in left.non_partitioned_asset_keys:
            found.add([table_of(key)], {None})
        elif key in left.partitions_subsets_by_asset_key:
            found.add([table_of(key)], set(left.get_partitions_subset(key).get_partition_keys()))
