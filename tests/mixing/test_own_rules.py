"""Rules of the recipe's own over scores are asked when mixtures admit documents, and can be swept."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from data_platform.core.kinds.rule_set import RuleSetError
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.pipeline.flow import stages
from data_platform.reports.filtering import admission_report
from data_platform.reports.sweep import threshold_sweep
from data_platform.run.recipe import Recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from tests.filtering.lakes import zero

RULES = {
    "plain": {"signal": "perplexity.bits_per_byte", "max": 3, "domains": ["web"], "why": "Odder pages are lists."},
    "good": {"signal": "quality_score", "min": 0.5},
}
BITS = [1.0, 3.0, 3.5, 3.5, 2.0]
QUALITY = [0.5, 0.9, 0.9, 0.9, 0.4]
DOMAINS = ["web", "web", "web", "books", "web"]


def _recipe(rules: dict[str, Any]) -> Recipe:
    return Recipe.model_validate({
        "name": "small", "rules": rules, "scores": {"perplexity": {}, "quality": {}},
        "sources": [{"name": name, "snapshot": "one", "domain": name, "paths": ["none"]} for name in ("web", "books")],
        "mixtures": {"all": {"tokens": 10_000, "weights": {"web": 1, "books": 1}}},
    })


@pytest.fixture
def opened(tmp_path: Path) -> Workspace:
    workspace = Workspace(_recipe(RULES), Lake(str(tmp_path / "lake")))
    flow = stages(workspace.recipe)
    ids = [f"{place:032x}" for place in range(len(BITS))]
    columns = {
        "deduplicated_documents": {"domain": DOMAINS, "token_count": [10, 20, 30, 40, 50]},
        "document_terms": {"license_spdx": ["CC0-1.0"] * 5, "license_basis": ["registry"] * 5,
                           "license_tier": [0] * 5, "claimed_spdx": ["CC0-1.0"] * 5, "claimed_tier": [0] * 5},
        "scores_perplexity": {"bits_per_byte": BITS}, "scores_quality": {"quality_score": QUALITY},
    }
    for name, given in columns.items():
        declared = flow[name].declared
        filled = {
            column.name: given.get(column.name, [zero(column.type)] * len(ids)) for column in declared.columns
        } | {"doc_id": ids, "snapshot": ["one"] * len(ids)}
        place = Partition.of(name, "one" if declared.partition_by else None)
        workspace.lake.write(declared, place, pa.table(filled, schema=declared.schema),
                             Provenance(name, "1", {}))
    return workspace


def test_who_breaks_a_rule_is_not_admitted_and_the_rule_is_the_reason(opened: Workspace) -> None:
    execute(stages(opened.recipe)["plan_all"], opened, None)
    planned = opened.lake.read_table("plan_all", ["doc_id"])["doc_id"].to_pylist()
    assert sorted(int(doc_id, 16) for doc_id in planned) == [0, 1, 3]
    rejected = opened.lake.read_table("rejections", ["id", "stage", "reason"]).to_pylist()
    assert {(int(row["id"], 16), row["stage"], row["reason"]) for row in rejected} == {
        (2, "plan_all", "rules.plain"), (4, "plan_all", "rules.good"),
    }
    assert admission_report(opened.lake, ["all"], ["one"]).to_pylist() == [
        {"mixture": "all", "rule": "rules.good", "documents": 1},
        {"mixture": "all", "rule": "rules.plain", "documents": 1},
    ]
    assert not admission_report(opened.lake, ["all"], ["two"]).num_rows
    assert not admission_report(opened.lake, ["other"], ["one"]).num_rows


def test_bounds_decide_what_is_stale_and_reasons_do_not(opened: Workspace) -> None:
    def config(**change: Any) -> str:
        recipe = _recipe({**RULES, "plain": {**RULES["plain"], **change}})
        return json.dumps(stages(recipe)["plan_all"].config(Workspace(recipe, opened.lake), None))

    assert config() == config(why="") != config(max=4)
    without = stages(_recipe({}))["plan_all"]
    assert "rules" not in without.config(Workspace(_recipe({}), opened.lake), None)
    assert not [name for name in without.inputs if name.startswith("scores_")]


def test_bounds_over_scores_can_be_swept(opened: Workspace) -> None:
    def kept(threshold: str, *values: float, alone: bool = False) -> list[int]:
        found = threshold_sweep(opened.lake, opened.recipe, "rules", threshold, values, alone)
        assert Counter((row["kept_documents"] + row["removed_documents"]) for row in found.to_pylist()) == {
            5: len(values)
        }
        return found["kept_documents"].to_pylist()

    assert kept("plain.max", 0, 1, 3, float("inf")) == [1, 2, 3, 4]
    assert kept("plain.max", 0, 3.5, alone=True) == [1, 5]
    assert kept("good.min", 0, 0.95) == [4, 0]
    means = threshold_sweep(opened.lake, opened.recipe, "rules", "good.min", [0.9], alone=True)["mean_quality"]
    assert means.to_pylist() == pytest.approx([0.9])
    with pytest.raises(RuleSetError, match=r"rules has no threshold 'plain.most'; it has plain.min, plain.max, good"):
        kept("plain.most", 1)
