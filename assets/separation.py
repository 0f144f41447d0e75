"""Gates that keep corpora apart by licence, asked of the tables: a mixture or datastore holds only the classes of
licences that it names, and no document is in both. Not here: tiers (`gates.py`).
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.assets.expectations import Outcome
from data_platform.assets.gate import Gate, Question
from data_platform.lake.lake import Lake
from data_platform.lake.parents import parents_of
from data_platform.proof.uses import Policy, keeps_to
from data_platform.spdx.schemes import mask_of

_APART = ("mixture", "datastore")
"""Kinds of table of which no two have a document in common."""


def _classes(asked: Question) -> list[Outcome]:
    named = {"mixture": asked.recipe.mixtures, "datastore": asked.recipe.datastores}[asked.stage.kind]
    wanted = named[asked.stage.declared.entry].license_classes
    rows = asked.lake.read_table(asked.stage.name, ["license_spdx", "license_basis"])
    held = mask_of(wanted, rows["license_spdx"], rows["license_basis"])
    others = sorted(set(rows.filter(pc.invert(held))["license_spdx"].to_pylist()))
    missing = rows.num_rows - (pc.sum(held).as_py() or 0)
    detail = {"classes": list(wanted), "rows": rows.num_rows, "of_no_class": missing, "their_licenses": others[:20]}
    return [Outcome("license_classes", not others, "critical", detail)]


def _use(asked: Question) -> list[Outcome]:
    """Ask of every licence whether it keeps to what the recipe makes the mixture for."""
    mixture = asked.recipe.mixtures[asked.stage.declared.entry]
    policy = Policy(mixture.use, *mixture.for_use[1:])
    spdx = asked.lake.read_table(asked.stage.name, ["license_spdx"])["license_spdx"]
    others = sorted(one for one in pc.unique(spdx).to_pylist() if not keeps_to(policy, one))
    count = pc.sum(pc.is_in(spdx, pa.array(others, pa.string()))).as_py() or 0
    detail = {"use": list(mixture.use), "attribution": mixture.attribution, "share_alike": mixture.share_alike,
              "rows": len(spdx), "not_allowed": count, "their_licenses": others[:20]}
    return [Outcome("license_use", not others, "critical", detail)]


def _apart(asked: Question) -> list[Outcome]:
    own, common = _documents(asked.lake, asked.stage.name), {}
    for other in asked.lake.tables(*(kind for kind in _APART if kind != asked.stage.kind)):
        shared = pc.sum(pc.is_in(own, _documents(asked.lake, other))).as_py() or 0
        if shared:
            common[other] = shared
    detail = {"rows": asked.lake.count(asked.stage.name), "also_in": common}
    return [Outcome("apart_from_datastores", not common, "critical", detail)]


def _documents(lake: Lake, name: str) -> pa.ChunkedArray:
    """Ids of the rows of a table, and of all documents that any of them is made of."""
    ids = lake.read_table(name, ["doc_id"])["doc_id"]
    return pa.chunked_array([*ids.chunks, *parents_of(lake, ids).chunks], pa.string())


GATES = {
    "license_classes": Gate(
        {"license_classes": "Every row is of a class of licences that the recipe names, by its own licence and basis."},
        _classes,
    ),
    "license_use": Gate(
        {"license_use": "The licence of every row allows what the recipe makes the mixture for, and asks for nothing "
                        "that it refuses."},
        _use,
    ),
    "apart_from_datastores": Gate(
        {"apart_from_datastores": "No document, and no parent of one, is in a mixture and in a datastore."}, _apart
    ),
}
"""The gates by the names that stages know them by."""
