"""An embargo that ends after its evidence was taken: the audit finds it no more, and holds it against nobody."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from benchmarks.tampering import MIXTURE, _essay, bring_up_to_date
from data_platform.lake.lake import Lake
from data_platform.licenses import told
from data_platform.proof.audit import audit
from data_platform.proof.gate import refuse_unproven
from data_platform.run.recipe import Recipe
from data_platform.run.workspace import Workspace

ROWS = (
    {"text": _essay("alpha"), "url": "https://a.example/1", "license": "CC-BY-4.0", "embargo_until": "2998-05-01"},
    {"text": _essay("beta"), "url": "https://a.example/2", "license": "CC-BY-4.0"},
)


def said(workspace: Workspace) -> list[str]:
    """What an audit that detects all evidence again has against the mixture."""
    report = audit(workspace.lake, MIXTURE, workspace=workspace)
    assert report["records"]["evidence"] == len(ROWS) and not report["records"]["unasked"]
    return report["reasons"]


def test_an_embargo_that_has_ended_since_is_no_tampering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    recipe = Recipe.model_validate({
        "name": "embargoed", "filters": {"rule_sets": {}}, "deduplication": {"guards": {"max_cluster_share": 1.0}},
        "sources": [{"name": "rows", "kind": "files", "snapshot": "one", "paths": [str(tmp_path / "rows.jsonl")]}],
        "mixtures": {MIXTURE: {"tokens": 100_000, "tiers": [0, 1, 2, 3, 4, 5], "weights": {"web": 1}}},
    })
    workspace = Workspace(recipe, Lake(str(tmp_path / "lake")))
    bring_up_to_date(workspace)
    lake = workspace.lake
    raw = set(lake.read_table("license_evidence")["raw_value"].to_pylist())
    assert f"{told.EMBARGO}2998-05-01" in raw
    assert said(workspace) == []
    monkeypatch.setattr(told, "today", lambda: date(2998, 4, 30))
    assert said(workspace) == []
    monkeypatch.setattr(told, "today", lambda: date(2998, 5, 1))
    assert said(workspace) == []
    refuse_unproven(lake, f"mixture_{MIXTURE}")
    monkeypatch.setattr(told, "lapsed", lambda raw: False)
    assert any("detected again, the evidence is another" in one for one in said(workspace))
