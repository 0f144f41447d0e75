"""The flow: every stage in the order in which data passes, and what of it has to be done.

Not here: what a stage does (`stages/`) and how a run is launched (`assets/`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from data_platform.lake.custody import Breach, Custody
from data_platform.lake.lake import Partition, Pin, Provenance
from data_platform.pipeline.staleness import LicenseChanges
from data_platform.run.recipe import Recipe
from data_platform.run.stage import InputMissing, Stage, pin_inputs, provenance
from data_platform.run.workspace import Workspace
from data_platform.takedown.removal_list import TAKEDOWN

State = Literal["fresh", "missing", "stale", "unchecked", "blocked"]


def stages(recipe: Recipe) -> dict[str, Stage]:
    """All stages of a recipe by table, inputs before what is made of them."""
    from data_platform.pipeline.filtering import judging_stages
    from data_platform.pipeline.repetition import repetition_stages
    from data_platform.stages.audits import audit_stages
    from data_platform.stages.branch_tables import branch_stage
    from data_platform.stages.copy_pairs import copy_pairs_stage
    from data_platform.stages.datastores import datastore_stage
    from data_platform.stages.document_branches import branches_stage
    from data_platform.stages.document_licenses import DOCUMENT_LICENSES
    from data_platform.stages.document_signatures import DOCUMENT_SIGNATURES
    from data_platform.stages.documents import DOCUMENTS
    from data_platform.stages.domain_classifiers import DOMAIN_CLASSIFIERS
    from data_platform.stages.domain_labels import DOMAIN_LABELS
    from data_platform.stages.duplicates import duplicates_stage
    from data_platform.stages.filtered_documents import filtered_stage
    from data_platform.stages.license_evidence import LICENSE_EVIDENCE
    from data_platform.stages.mixtures import mixture_stages
    from data_platform.stages.models import model_names, model_stages
    from data_platform.stages.quality_annotations import annotation_stages
    from data_platform.stages.quality_labels import QUALITY_LABELS
    from data_platform.stages.raw_crawls import RAW_CRAWLS
    from data_platform.stages.refinement import refinement_stage
    from data_platform.stages.scores import score_stages
    from data_platform.stages.selections import selection_stages

    trained = any(branch.cascade for branch in recipe.branches.values())
    repetition = repetition_stages(recipe)
    readers = [*recipe.scores.values(), *recipe.synthesis.values(), *recipe.audits.values()]
    embedded = [recipe.repetition.semantic.model] if recipe.repetition.semantic else []
    models = model_stages(recipe, [*embedded, *model_names(readers)])
    labels = [QUALITY_LABELS] if any(QUALITY_LABELS.name in stage.inputs for stage in models) else []
    ordered = (
        *([DOMAIN_LABELS, DOMAIN_CLASSIFIERS] if trained else []), RAW_CRAWLS, DOCUMENTS, LICENSE_EVIDENCE,
        DOCUMENT_LICENSES, *([branches_stage(recipe)] if recipe.branches else []), *judging_stages(recipe),
        refinement_stage(recipe), filtered_stage(recipe), *repetition.hashing, DOCUMENT_SIGNATURES,
        copy_pairs_stage(recipe), duplicates_stage(recipe), *repetition.comparing, *labels, *models,
        *repetition.embedding, *repetition.keeping,
        *(branch_stage(name) for name in recipe.branches), *score_stages(recipe), *annotation_stages(recipe),
        *(datastore_stage(name) for name in recipe.datastores), *selection_stages(recipe), *mixture_stages(recipe),
        *audit_stages(recipe),
    )
    return {stage.name: stage for stage in ordered}


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


def phases(flow: dict[str, Stage]) -> list[list[Stage]]:
    """The stages in runs of equal partitioning: what can be materialised in one Dagster run per snapshot.

    A stage that reads snapshots before its own begins a new one: they must be there first, in whatever order runs come.
    """
    grouped: list[list[Stage]] = []
    for stage in flow.values():
        if grouped and grouped[-1][0].partitioned == stage.partitioned and not stage.earlier:
            grouped[-1].append(stage)
        else:
            grouped.append([stage])
    return grouped


def plan(workspace: Workspace, flow: dict[str, Stage] | None = None) -> list[Status]:
    """Where every stage stands for every snapshot, in the order of the flow. Reads logs, no rows."""
    flow = flow or stages(workspace.recipe)
    checks, custody, changes = latest_checks(workspace), Custody(workspace.lake), LicenseChanges(workspace)
    result: list[Status] = []
    unsettled: dict[str, list[Status]] = {}
    for stage in flow.values():
        for snapshot in workspace.snapshots if stage.partitioned else [None]:
            above = [
                status
                for name in stage.inputs
                for status in unsettled.get(name, [])
                if status.snapshot is None or status.snapshot in stage.snapshots_read(name, snapshot, workspace)
            ]
            status = _with_changes(_status(stage, workspace, snapshot, above, checks, custody), changes)
            result.append(status)
            if status.state != "fresh":
                unsettled.setdefault(stage.name, []).append(status)
    return result


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
    partition = stage.partition(snapshot)
    pin = workspace.lake.pin(stage.name, snapshot if stage.partitioned else None)
    version = pin.version if pin else None
    changing = [status for status in above if status.state in ("missing", "stale")]
    if breaches := breaches_of(stage, snapshot, custody):
        return Status(stage, snapshot, "blocked", str(breaches[0]), version)
    if blocked := [status for status in above if status.state == "blocked"]:
        return Status(stage, snapshot, "blocked", f"{blocked[0].place} is blocked", version)
    if pin is None:
        return Status(stage, snapshot, "missing", "never written")
    if changing:
        return Status(stage, snapshot, "stale", f"{changing[0].place} is {changing[0].state}", version)
    try:
        now = provenance(stage, workspace, snapshot, pin_inputs(stage, workspace, snapshot))
    except InputMissing as error:
        return Status(stage, snapshot, "stale", str(error), version)
    if not workspace.lake.carries(stage.name, partition, now):
        return Status(stage, snapshot, "stale", _difference(workspace, stage, partition, now), version)
    results = checks.get((stage.name, str(partition), pin.recipe), [])
    if failed := [result["check"] for result in results if result["blocking"] and not result["passed"]]:
        return Status(stage, snapshot, "blocked", f"check failed: {', '.join(failed)}", version)
    if not results:
        return Status(stage, snapshot, "unchecked", "not checked yet", version)
    return Status(stage, snapshot, "fresh", "", version)


def breaches_of(stage: Stage, snapshot: str | None, custody: Custody) -> list[Breach]:
    """Where the stage's table and those beside it are not what the platform wrote."""
    places = [(side, stage.side_partition(side, snapshot)) for side in stage.sides]
    places.append((stage.name, stage.partition(snapshot)))
    return [breach for name, place in places for breach in custody.breaches(name, str(place))]


def latest_checks(workspace: Workspace) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    """The latest result of every check, by table, partition and recipe number."""
    if not workspace.lake.exists("check_results"):
        return {}
    rows = workspace.lake.read_table("check_results").sort_by("checked_at").to_pylist()
    latest = {(row["table"], row["partition"], row["recipe"], row["check"]): row for row in rows}
    grouped: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for (name, partition, recipe, _), row in latest.items():
        grouped.setdefault((name, partition, recipe), []).append(row)
    return grouped


def last_commit(workspace: Workspace, name: str, partition: str) -> dict[str, Any] | None:
    """The lineage row of the commit that last wrote a partition."""
    return next((row for row in workspace.lake.history(name) if row["partition"] == partition), None)


def _difference(workspace: Workspace, stage: Stage, partition: Partition, now: Provenance) -> str:
    before = last_commit(workspace, stage.name, str(partition))
    if before is None:
        return "its last commit is not in the log"
    if before["asset_key"] == TAKEDOWN:
        return f"rows were taken down ({before['run_id']})"
    reasons = []
    if before["code_version"] != now.code_version:
        reasons.append(f"code changed ({before['code_version']} to {now.code_version})")
    if changes := list(_changes(json.loads(before["config"]), dict(now.config))):
        shown = ", ".join(changes[:3]) + (f" and {len(changes) - 3} more" if len(changes) > 3 else "")
        reasons.append(f"configuration changed: {shown}")
    old = {(pin["table"], pin["partition"]): Pin(**pin) for pin in json.loads(before["inputs"])}
    new = {(pin.table, pin.partition): pin for pin in now.inputs}
    for key in sorted(old.keys() | new.keys()):
        if key not in old or key not in new or (old[key].recipe, old[key].table_id) != (new[key].recipe,
                                                                                        new[key].table_id):
            reasons.append(f"input changed: {'/'.join(part for part in key if part)}")
    return "; ".join(reasons)


def _changes(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Paths of the leaves that differ, with both values where they are short."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _changes(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif old != new:
        values = f" {json.dumps(old)} to {json.dumps(new)}"
        yield path + (values if len(values) < 60 else "")
