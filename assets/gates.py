"""The checks that look beyond one table or one row: custody and books of a stage, the guards of deduplication, the
proof of a mixture, what was taken down, and licences that changed. All block.

They ask the tables, not the code that made them. Not here: what is expected of single columns (`expectations.py`).
"""

from __future__ import annotations

import json
from collections import Counter

import pyarrow.compute as pc

from assets import separation
from assets.expectations import Outcome
from data_platform.duplicates.guards import COLUMNS, GUARDS, sources_stay
from data_platform.lake.custody import Custody
from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import breaches_of
from data_platform.pipeline.staleness import LicenseChanges
from data_platform.proof.gate import prove
from data_platform.run.books import WITHOUT_BOOKS, books
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace
from data_platform.takedown.removal_list import standing

CUSTODY = "custody"
BOOKS = "books"
TIERS = "license_tiers"
CHAIN = "chain_of_evidence"
SOURCES = "sources_stay"
TAKEN_DOWN = "taken_down"
CURRENT = "licenses_current"
DESCRIPTIONS = {
    CUSTODY: "The partition holds what the commit whose recipe it carries left there, and nothing that others wrote.",
    BOOKS: "Rows in = rows kept + rows dropped by reason.",
    TIERS: "No row is above the tiers that the mixture admits, and every licence is what the evidence amounts to, "
           "derived anew from the tables.",
    CHAIN: "Every row leads through every table, at the versions that were read, back to its record and its evidence.",
    SOURCES: str(sources_stay.__doc__).splitlines()[0],
    TAKEN_DOWN: "No row is of a document, URL, host or source that was taken down.",
    CURRENT: "No source and no ruling has changed its licence since the table was built.",
    **{name: str(guard.__doc__).splitlines()[0] for name, guard in GUARDS.items()},
    **separation.DESCRIPTIONS,
}


def gates_of(stage: Stage) -> list[str]:
    """Names of the checks that apply to a stage."""
    name = stage.name
    without = name in WITHOUT_BOOKS or stage.kind in ("trainer", "auditor")
    names = [CUSTODY, *([] if without else [BOOKS]), *separation.separations_of(stage)]
    if name in ("document_licenses", "duplicates", "deduplicated_documents") or name.startswith("branch_"):
        names.append(CURRENT)
    if name == "duplicates":
        names += GUARDS
    if name == "deduplicated_documents" and "cut_programs" in stage.inputs:
        names.append(SOURCES)
    if name.startswith("mixture_"):
        names += [TIERS, CHAIN]
    if name.startswith(("mixture_", "datastore_")):
        names += [TAKEN_DOWN, CURRENT]
    return names


def pass_gates(lake: Lake, stage: Stage, snapshot: str | None, recipe: Recipe) -> list[Outcome]:
    """The outcome of every check of `gates_of`."""
    outcomes = []
    for name in gates_of(stage):
        if name == CUSTODY:
            breaches = [str(breach) for breach in breaches_of(stage, snapshot, Custody(lake))]
            outcomes.append(Outcome(CUSTODY, not breaches, "critical", {"breaches": breaches}))
        elif name == BOOKS:
            outcomes.append(_balance(lake, stage, snapshot))
        elif name == SOURCES:
            outcomes.append(_sources(lake, stage, snapshot, recipe))
        elif name == TAKEN_DOWN:
            outcomes.append(_taken_down(lake, stage, snapshot))
        elif name == CURRENT:
            outcomes.append(_current(lake, stage, snapshot, recipe))
    if TIERS in gates_of(stage):
        outcomes += _proofs(lake, stage, recipe)
    outcomes += separation.pass_separations(lake, stage, recipe)
    return outcomes + (_guards(lake, recipe) if stage.name == "duplicates" else [])


def _guards(lake: Lake, recipe: Recipe) -> list[Outcome]:
    rows = lake.read_table("duplicates", COLUMNS, version=lake.pin("duplicates").version)
    settings = recipe.deduplication.guards
    found = {name: guard(rows, settings) for name, guard in GUARDS.items()}
    return [Outcome(name, finding.passed, "critical", dict(finding.detail)) for name, finding in found.items()]


def _sources(lake: Lake, stage: Stage, snapshot: str | None, recipe: Recipe) -> Outcome:
    commit = next(row for row in lake.history(stage.name) if row["partition"] == str(stage.partition(snapshot)))
    pin = next(pin for pin in json.loads(commit["inputs"]) if pin["table"] == "duplicates")
    before = lake.read_table("duplicates", ["source"], version=pin["version"],
                             where=pc.field("kept") & (pc.field("snapshot") == snapshot))
    after = lake.read_table(stage.name, ["source"], partition=snapshot, version=commit["version"])
    finding = sources_stay(before, after, recipe.deduplication.guards)
    return Outcome(SOURCES, finding.passed, "critical", dict(finding.detail))


def _balance(lake: Lake, stage: Stage, snapshot: str | None) -> Outcome:
    entry = books(lake, stage, snapshot)
    detail = {"incoming": entry.incoming, "kept": entry.kept, "unaccounted": entry.missing, "dropped": entry.dropped}
    return Outcome(BOOKS, entry.missing == 0, "critical", detail)


def _taken_down(lake: Lake, stage: Stage, snapshot: str | None) -> Outcome:
    """Ask the standing list for every row, whatever kept it out on the way."""
    columns = ["doc_id", "source", "url", "host"]
    rows = lake.read_table(stage.name, columns, partition=snapshot if stage.partitioned else None)
    found = standing(lake).of_documents(rows)
    return Outcome(TAKEN_DOWN, not found, "critical", {"rows": rows.num_rows, "taken_down": found})


def _current(lake: Lake, stage: Stage, snapshot: str | None, recipe: Recipe) -> Outcome:
    changes = LicenseChanges(Workspace(recipe, lake)).of(stage.name, str(stage.partition(snapshot)))
    return Outcome(CURRENT, not changes, "critical", {"changes": changes})


def _proofs(lake: Lake, stage: Stage, recipe: Recipe) -> list[Outcome]:
    """Prove the mixture from the tables on its way, as they were read."""
    admitted = recipe.mixtures[stage.name.removeprefix("mixture_")].tiers
    proof = prove(lake, stage.name, admitted=admitted, texts=True)
    rows = proof.examination.rows
    counted = Counter(rows["license_tier"].to_pylist())
    shared = {"version": proof.version, "rows": rows.num_rows}
    against, broken = proof.counts("license"), proof.counts("chain")
    breaches = [str(breach) for breach in proof.way.breaches]
    tiers = {str(tier): count for tier, count in sorted(counted.items(), key=str)}
    return [
        Outcome(TIERS, not against, "critical",
                {**shared, "admitted": list(admitted), "rows_by_tier": tiers, "findings": against}),
        Outcome(CHAIN, not broken and not breaches, "critical",
                {**shared, "tables": len(proof.way.tables), "findings": broken, "breaches": breaches}),
    ]
