"""When snapshots came to be partitions, and which of them a run does not have to wait for.

A stage that reads all snapshots is made of those that were there when its run was launched. What arrives while a run or
a backfill is under way is not part of it yet: it has a run of its own, and what reads it is made anew after that. Not
here: how it is found (`sensors.py`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Mapping

import dagster as dg
from dagster._core.storage.tags import BACKFILL_ID_TAG

from data_platform.assets.names import PLANNED, Names
from data_platform.core.errors import PlainError, no_such
from data_platform.core.tables import table
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace


class UnknownSnapshot(PlainError, ValueError):
    """A partition was asked for that no source has. The message names those that there are."""


def register(instance: dg.DagsterInstance, names: Names, snapshots: Iterable[str]) -> list[str]:
    """Make partitions of snapshots that are none yet, and note when that was. Returns them.

    One that somebody else has made a partition, by a word that a source has by now, arrives now, too.
    """
    snapshots = list(snapshots)
    known, noted = set(instance.get_dynamic_partitions(names.snapshots.name)), _arrived(instance, names)
    if unnoted := [snapshot for snapshot in snapshots if snapshot not in known or snapshot not in noted]:
        _note(instance, names, noted | dict.fromkeys(unnoted, time.time()))
    if new := [snapshot for snapshot in snapshots if snapshot not in known]:
        instance.add_dynamic_partitions(names.snapshots.name, new)
    return new


def forget(instance: dg.DagsterInstance, names: Names, snapshots: Iterable[str]) -> None:
    """Remove partitions. What was made of them stays where it is; what Dagster knows of them, too."""
    snapshots = set(snapshots)
    for snapshot in snapshots:
        instance.delete_dynamic_partition(names.snapshots.name, snapshot)
    noted = _arrived(instance, names)
    if noted.keys() & snapshots:
        _note(instance, names, {one: when for one, when in noted.items() if one not in snapshots})


def as_launched(
    instance: dg.DagsterInstance, names: Names, run: dg.DagsterRun, stage: Stage, workspace: Workspace
) -> Workspace:
    """The workspace as a run has to see it: without what arrived after it was launched and is not made so far."""
    if stage.partitioned and not stage.earlier:
        return workspace
    known = set(instance.get_dynamic_partitions(names.snapshots.name))
    launched, arrived = _launched(instance, run), _arrived(instance, names)
    late = [one for one in workspace.snapshots if one not in known or arrived.get(one, 0.0) > launched]
    if not late:
        return workspace
    read = [name for name in stage.inputs if table(name).partition_by]
    unmade = {one for name in read for one in late if workspace.lake.pin(name, one) is None}
    return workspace.without(unmade) if unmade else workspace


def refuse_unknown(snapshot: str, workspace: Workspace) -> None:
    """Refuse to make a partition that no source has: it would be empty, and look as if it were made.

    Raises:
        UnknownSnapshot: if no source of the recipe has it.
    """
    if snapshot not in workspace.snapshots:
        raise UnknownSnapshot(f"no source has it: {no_such('snapshot', snapshot, workspace.snapshots)}")


def refuse_strange(instance: dg.DagsterInstance, names: Names, snapshot: str) -> None:
    """Refuse a partition that was not found in any source, be it that people made it one, without listing sources.

    Raises:
        UnknownSnapshot: if it is no partition, or none that the platform made.
    """
    known = set(instance.get_dynamic_partitions(names.snapshots.name)) & _arrived(instance, names).keys()
    if snapshot not in known:
        raise UnknownSnapshot(
            f"no source had it when they were last listed: {no_such('snapshot', snapshot, sorted(known))}; they are "
            f"listed by the sensor {names.of_recipe('new_snapshots')}, and when the code location is loaded"
        )


def gone(instance: dg.DagsterInstance, names: Names, snapshots: Collection[str]) -> list[str]:
    """Partitions that none of the `snapshots` of the sources is."""
    return [one for one in instance.get_dynamic_partitions(names.snapshots.name) if one not in set(snapshots)]


def _launched(instance: dg.DagsterInstance, run: dg.DagsterRun) -> float:
    """When it was decided what a run is for, in seconds since 1970."""
    if planned := run.tags.get(PLANNED):
        return float(planned)
    if (backfill_id := run.tags.get(BACKFILL_ID_TAG)) and (backfill := instance.get_backfill(backfill_id)):
        return backfill.backfill_timestamp
    record = instance.get_run_record_by_id(run.run_id)
    return record.create_timestamp.timestamp() if record else time.time()


def _key(names: Names) -> str:
    return f"data_platform/arrived/{names.recipe}"


def _arrived(instance: dg.DagsterInstance, names: Names) -> dict[str, float]:
    key = _key(names)
    return json.loads(instance.daemon_cursor_storage.get_cursor_values({key}).get(key, "{}"))


def _note(instance: dg.DagsterInstance, names: Names, noted: Mapping[str, float]) -> None:
    instance.daemon_cursor_storage.set_cursor_values({_key(names): json.dumps(noted)})
