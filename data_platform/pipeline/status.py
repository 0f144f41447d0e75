"""Where every stage of a flow stands, snapshot by snapshot, and why: what of it has to be done.

Not here: which stages there are (`flow.py`), and what licences and takedowns make stale (`staleness.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import pyarrow as pa

from data_platform.core.fingerprints import Fingerprints
from data_platform.ingest.places import SourceError
from data_platform.lake.custody import Breach, Custody, CustodyBroken
from data_platform.lake.lake import Lake, LogDamaged, Partition, Pin, Provenance, TableMissing
from data_platform.models.published import faults_of_models
from data_platform.pipeline.flow import stages
from data_platform.pipeline.staleness import LicenseChanges
from data_platform.run.stage import InputMissing, Stage, lacking, pin_inputs, provenance
from data_platform.run.workspace import Workspace
from data_platform.takedown.removal_list import TAKEDOWN

State = Literal["fresh", "missing", "stale", "unchecked", "blocked"]


_OF_CHECK = ("table", "partition", "recipe", "check")


@dataclass(frozen=True)
class Status:
    """Where one stage stands for one snapshot: its state, why, and the version that holds its rows.

    `license_changes` are changes of licences since what is there was built, in words.
    """

    stage: Stage
    snapshot: str | None
    state: State
    why: str = ""
    version: int | None = None
    license_changes: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Table and partition as people write them."""
        return f"{self.stage.name}/{self.snapshot}" if self.snapshot else self.stage.name


def plan(workspace: Workspace, flow: Mapping[str, Stage] | None = None) -> list[Status]:
    """Where every stage stands for every snapshot, in the order of the flow.

    Reads what came to logs since they were last read, and of every table one listing of its folder; no rows but those
    of `check_results`. What is lost of the files is stale, and is built again; what others changed is blocked.
    """
    flow = flow or stages(workspace.recipe)
    workspace = workspace.at_rest()
    checks, changes = latest_checks(workspace), LicenseChanges(workspace)
    custody = Custody(workspace.lake, ledgers=True)
    result: list[Status] = []
    unsettled: dict[str, dict[str | None, Status]] = {}
    places = [(stage, snapshot) for stage in flow.values()
              for snapshot in (workspace.snapshots if stage.partitioned else [None])]
    with Fingerprints():
        for stage, snapshot in places:
            above = [
                found[read]
                for name in stage.inputs if (found := unsettled.get(name))
                for read in (None, *stage.snapshots_read(name, snapshot, workspace)) if read in found
            ]
            status = _with_changes(_status(stage, workspace, snapshot, above, checks, custody), changes)
            result.append(status)
            if status.state != "fresh":
                unsettled.setdefault(stage.name, {})[status.snapshot] = status
    return result


def status_of(workspace: Workspace, stage: Stage, snapshot: str | None) -> Status:
    """Where one stage stands for one snapshot, whatever is above it, and whether it was checked or not."""
    workspace = workspace.at_rest()
    return _status(stage, workspace, snapshot, [], {}, Custody(workspace.lake, ledgers=True))


def _with_changes(status: Status, changes: LicenseChanges) -> Status:
    """The status of what is stale, with the changes of licences that are among its reasons."""
    if status.state != "stale" or not (found := changes.of(status.stage.name, str(status.stage.partition(
            status.snapshot)))):
        return status
    return replace(status, license_changes=tuple(found), why="; ".join([*found, status.why]))


def _status(
    stage: Stage, workspace: Workspace, snapshot: str | None, above: list[Status],
    checks: dict[tuple[str, str, str], list[dict[str, Any]]], custody: Custody,
) -> Status:
    """Where a stage stands; what cannot be read of its own table, or of one beside it, blocks it alone."""
    try:
        return _read_status(stage, workspace, snapshot, above, checks, custody)
    except (CustodyBroken, LogDamaged, TableMissing) as error:
        return Status(stage, snapshot, "blocked", str(error))


def _read_status(
    stage: Stage, workspace: Workspace, snapshot: str | None, above: list[Status],
    checks: dict[tuple[str, str, str], list[dict[str, Any]]], custody: Custody,
) -> Status:
    partition = stage.partition(snapshot)
    pin = workspace.lake.pin(stage.name, snapshot if stage.partitioned else None)
    version = pin.version if pin else None
    changing = [status for status in above if status.state in ("missing", "stale")]
    if absent := _absent(stage, workspace, snapshot):
        return Status(stage, snapshot, "blocked", absent, version)
    breaches = breaches_of(workspace.lake, stage, snapshot, custody)
    if others := [breach for breach in breaches if not breach.damage]:
        return Status(stage, snapshot, "blocked", f"{others[0]}; {custody.remedy(others[0].table)}", version)
    if blocked := [status for status in above if status.state == "blocked"]:
        return Status(stage, snapshot, "blocked", f"{blocked[0].place} is blocked", version)
    if pin is None:
        return Status(stage, snapshot, "missing", "never written")
    if breaches:
        return Status(stage, snapshot, "stale", str(breaches[0]), version)
    if changing:
        return Status(stage, snapshot, "stale", f"{changing[0].place} is {changing[0].state}", version)
    try:
        now = provenance(stage, workspace, snapshot, pin_inputs(stage, workspace, snapshot))
    except InputMissing as error:
        return Status(stage, snapshot, "stale", str(error), version)
    except SourceError as error:
        return Status(stage, snapshot, "blocked", str(error), version)
    if not workspace.lake.carries(stage.name, partition, now):
        return Status(stage, snapshot, "stale", _difference(workspace, stage, partition, now), version)
    if gone := lacking(stage, workspace.lake, snapshot):
        return Status(stage, snapshot, "stale", f"{', '.join(gone)} of it is missing", version)
    results = checks.get((stage.name, str(partition), pin.recipe), [])
    if failed := [result["check"] for result in results if result["blocking"] and not result["passed"]]:
        return Status(stage, snapshot, "blocked", f"check failed: {', '.join(failed)}", version)
    if not results:
        return Status(stage, snapshot, "unchecked", "not checked yet", version)
    return Status(stage, snapshot, "fresh", "", version)


def _absent(stage: Stage, workspace: Workspace, snapshot: str | None) -> str:
    """Why the archives of a snapshot cannot be listed, for the stage that reads them; empty if they can."""
    if stage.inputs or snapshot is None:
        return ""
    try:
        workspace.archives(snapshot)
    except SourceError as error:
        return str(error)
    return ""


def breaches_of(lake: Lake, stage: Stage, snapshot: str | None, custody: Custody) -> list[Breach]:
    """Where the stage's table, the models that it names, and the tables beside it are not what the platform wrote."""
    places = [(side, stage.side_partition(side, snapshot)) for side in stage.sides]
    places.append((stage.name, stage.partition(snapshot)))
    found = [
        breach for name, place in places
        for breach in (*custody.breaches(name, str(place)), *custody.altered_files(name, str(place)))
    ]
    return found or [Breach(stage.name, "", fault, damage=True) for fault in faults_of_models(lake, stage.name)]


def latest_checks(workspace: Workspace) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    """The latest result of every check, by table, partition and recipe number: the one that was committed last, since
    a clock may have been wrong."""
    if not workspace.lake.exists("check_results"):
        return {}
    rows = workspace.lake.read_in_order("check_results", [*_OF_CHECK, "passed", "blocking"])
    rows = rows.append_column("place", pa.array(range(rows.num_rows), pa.int64()))
    places = rows.group_by(list(_OF_CHECK)).aggregate([("place", "max")])["place_max"]
    grouped: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows.take(places).drop_columns("place").to_pylist():
        grouped.setdefault((row["table"], row["partition"], row["recipe"]), []).append(row)
    return grouped


def last_commit(workspace: Workspace, name: str, partition: str) -> dict[str, Any] | None:
    """The lineage row of the commit that last wrote a partition."""
    return workspace.lake.last_commit(name, partition)


def _difference(workspace: Workspace, stage: Stage, partition: Partition, now: Provenance) -> str:
    before = last_commit(workspace, stage.name, str(partition))
    if before is None:
        return "its last commit is not in the log"
    if before["asset_key"] == TAKEDOWN:
        return f"rows were taken down ({before['run_id']})"
    reasons = []
    if before["code_version"] != now.code_version:
        reasons.append(f"code changed ({before['code_version']} to {now.code_version})")
    if changes := list(setting_changes(json.loads(before["config"]), dict(now.config))):
        shown = ", ".join(changes[:3]) + (f" and {len(changes) - 3} more" if len(changes) > 3 else "")
        reasons.append(f"configuration changed: {shown}")
    old = {(pin["table"], pin["partition"]): Pin(**pin) for pin in json.loads(before["inputs"])}
    new = {(pin.table, pin.partition): pin for pin in now.inputs}
    for key in sorted(old.keys() | new.keys()):
        if key not in old or key not in new or (old[key].recipe, old[key].table_id) != (new[key].recipe,
                                                                                        new[key].table_id):
            reasons.append(f"input changed: {'/'.join(part for part in key if part)}")
    return "; ".join(reasons)


def setting_changes(old: Any, new: Any, longest: int = 60, path: str = "") -> Iterator[str]:
    """Paths of the leaves of two configurations that differ, with both values where these have few characters."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from setting_changes(old.get(key), new.get(key), longest, f"{path}.{key}" if path else key)
    elif old != new:
        values = f" {json.dumps(old)} to {json.dumps(new)}"
        yield path + (values if len(values) < longest else "")
