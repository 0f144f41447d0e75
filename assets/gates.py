"""The checks that look beyond one table or one row: the books of a stage, the guards of deduplication, the licence
tiers of a mixture, what was taken down, and licences that changed. All block.

They ask the tables, not the code that made them. Not here: what is expected of single columns (`expectations.py`).
"""

from __future__ import annotations

import json
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from assets.expectations import Outcome
from data_platform.books import WITHOUT_BOOKS, books
from data_platform.dedup.guards import COLUMNS, GUARDS
from data_platform.lake import Lake
from data_platform.recipe import Recipe
from data_platform.stage import Stage, Workspace
from data_platform.staleness import LicenseChanges
from data_platform.takedown.removal_list import standing

BOOKS = "books"
TIERS = "license_tiers"
TAKEN_DOWN = "taken_down"
CURRENT = "licenses_current"
DESCRIPTIONS = {
    BOOKS: "Rows in = rows kept + rows dropped by reason.",
    TIERS: "No row is of a licence tier that the mixture does not admit, and every tier is that of the document.",
    TAKEN_DOWN: "No row is of a document, URL, host or source that was taken down.",
    CURRENT: "No source and no ruling has changed its licence since the table was built.",
    **{name: str(guard.__doc__).splitlines()[0] for name, guard in GUARDS.items()},
}


def gates_of(stage: Stage) -> list[str]:
    """Names of the checks that apply to a stage."""
    names = [] if stage.name in WITHOUT_BOOKS else [BOOKS]
    if stage.name in ("document_licenses", "deduplicated_documents") or stage.name.startswith("branch_"):
        return [*names, CURRENT]
    if stage.name == "duplicates":
        return [*names, CURRENT, *GUARDS]
    return [*names, TIERS, TAKEN_DOWN, CURRENT] if stage.name.startswith("mixture_") else names


def pass_gates(lake: Lake, stage: Stage, snapshot: str | None, recipe: Recipe) -> list[Outcome]:
    """The outcome of every check of `gates_of`."""
    outcomes = []
    for name in gates_of(stage):
        if name == BOOKS:
            outcomes.append(_balance(lake, stage, snapshot))
        elif name == TIERS:
            outcomes.append(_tiers(lake, stage, recipe))
        elif name == TAKEN_DOWN:
            outcomes.append(_taken_down(lake, stage))
        elif name == CURRENT:
            outcomes.append(_current(lake, stage, snapshot, recipe))
    return outcomes + (_guards(lake, recipe) if stage.name == "duplicates" else [])


def _guards(lake: Lake, recipe: Recipe) -> list[Outcome]:
    rows = lake.read_table("duplicates", COLUMNS, version=lake.pin("duplicates").version)
    settings = recipe.deduplication.guards
    found = {name: guard(rows, settings) for name, guard in GUARDS.items()}
    return [Outcome(name, finding.passed, "critical", dict(finding.detail)) for name, finding in found.items()]


def _balance(lake: Lake, stage: Stage, snapshot: str | None) -> Outcome:
    entry = books(lake, stage, snapshot)
    detail = {"incoming": entry.incoming, "kept": entry.kept, "unaccounted": entry.missing, "dropped": entry.dropped}
    return Outcome(BOOKS, entry.missing == 0, "critical", detail)


def _taken_down(lake: Lake, stage: Stage) -> Outcome:
    """Ask the standing list for every row, whatever kept it out on the way."""
    columns = ["doc_id", "source", "url", "host"]
    rows = lake.read_table(stage.name, columns, version=lake.pin(stage.name).version)
    found = standing(lake).of_documents(rows)
    return Outcome(TAKEN_DOWN, not found, "critical", {"rows": rows.num_rows, "taken_down": found})


def _current(lake: Lake, stage: Stage, snapshot: str | None, recipe: Recipe) -> Outcome:
    changes = LicenseChanges(Workspace(recipe, lake)).of(stage.name, str(stage.partition(snapshot)))
    return Outcome(CURRENT, not changes, "critical", {"changes": changes})


def _tiers(lake: Lake, stage: Stage, recipe: Recipe) -> Outcome:
    """Compare the tiers of a mixture with what it admits and with `document_licenses` as the mixture read it."""
    admitted = recipe.mixtures[stage.name.removeprefix("mixture_")].tiers
    commit = lake.history(stage.name)[0]
    rows = lake.read_table(stage.name, ["doc_id", "license_spdx", "license_tier"], version=commit["version"])
    above = rows.filter(pc.invert(pc.is_in(rows["license_tier"], pa.array(admitted, pa.int32()))))
    agreeing = 0
    for pin in json.loads(commit["inputs"]):
        if pin["table"] != "document_licenses":
            continue
        stated = lake.read_table(
            "document_licenses", ["doc_id", "license_spdx", "license_tier"], partition=pin["partition"],
            version=pin["version"],
        )
        place = pc.index_in(rows["doc_id"], stated["doc_id"].combine_chunks())
        mine, theirs = rows.filter(pc.is_valid(place)), stated.take(place.drop_null())
        same = pc.and_(pc.equal(mine["license_tier"], theirs["license_tier"]),
                       pc.equal(mine["license_spdx"], theirs["license_spdx"]))
        agreeing += pc.sum(same).as_py() or 0
    detail = {
        "admitted": list(admitted),
        "rows": rows.num_rows,
        "not_admitted": above.num_rows,
        "not_as_resolved": rows.num_rows - agreeing,
        "rows_by_tier": {str(tier): count for tier, count in sorted(Counter(rows["license_tier"].to_pylist()).items())},
    }
    return Outcome(TIERS, not above.num_rows and agreeing == rows.num_rows, "critical", detail)
