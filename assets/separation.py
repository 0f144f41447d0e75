"""Checks that keep corpora apart by licence, asked of the tables: a mixture holds only the classes of licences that it
names, and no document of a datastore is in a mixture. Not here: tiers (`gates.py`).
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from assets.expectations import Outcome
from data_platform.lake.lake import Lake
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage
from data_platform.spdx.schemes import mask_of

CLASSES = "license_classes"
APART = "apart_from_datastores"
DESCRIPTIONS = {
    CLASSES: "Every row is of a class of licences that the recipe names, by its own licence and basis.",
    APART: "No document is in a mixture and in a datastore.",
}


def separations_of(stage: Stage) -> list[str]:
    """Names of the checks that apply to a stage."""
    if stage.name.startswith(("mixture_", "datastore_")):
        return [CLASSES, APART]
    return []


def pass_separations(lake: Lake, stage: Stage, recipe: Recipe) -> list[Outcome]:
    """The outcome of every check of `separations_of`."""
    return [_classes(lake, stage, recipe), _apart(lake, stage)] if separations_of(stage) else []


def _classes(lake: Lake, stage: Stage, recipe: Recipe) -> Outcome:
    kind, _, name = stage.name.partition("_")
    wanted = (recipe.mixtures if kind == "mixture" else recipe.datastores)[name].license_classes
    rows = lake.read_table(stage.name, ["license_spdx", "license_basis"])
    held = mask_of(wanted, rows["license_spdx"], rows["license_basis"])
    others = sorted(set(rows.filter(pc.invert(held))["license_spdx"].to_pylist()))
    missing = rows.num_rows - (pc.sum(held).as_py() or 0)
    detail = {"classes": list(wanted), "rows": rows.num_rows, "of_no_class": missing, "their_licenses": others[:20]}
    return Outcome(CLASSES, not others, "critical", detail)


def _apart(lake: Lake, stage: Stage) -> Outcome:
    prefix = "datastore_" if stage.name.startswith("mixture_") else "mixture_"
    mine: pa.ChunkedArray = lake.read_table(stage.name, ["doc_id"])["doc_id"]
    common = {}
    for other in (name for name in lake.tables() if name.startswith(prefix)):
        shared = pc.sum(pc.is_in(mine, lake.read_table(other, ["doc_id"])["doc_id"])).as_py() or 0
        if shared:
            common[other] = shared
    return Outcome(APART, not common, "critical", {"rows": len(mine), "also_in": common})
