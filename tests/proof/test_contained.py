"""A free text that holds one which is not free, and the audit of what is made of both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.tampering import MIXTURE, _essay, bring_up_to_date, said_by_audit
from data_platform.lake.lake import Lake
from data_platform.proof.audit import audit
from data_platform.run.recipe import Recipe
from data_platform.run.workspace import Workspace


def over(folder: Path, drop: bool, holders: tuple[str, ...] = ()) -> Workspace:
    """A lake of three texts: one that is not free, one that holds it and claims to be free, and one of its own, or, in
    its place, others that hold it."""
    outer = {name: f"{_essay(name)}\n{_essay('alpha')}\n{_essay(f'{name}us')}" for name in ("beta", *holders)}
    if not holders:
        outer["delta"] = _essay("delta")
    texts = {"inner": {"alpha": _essay("alpha")}, "outer": outer}
    for source, files in texts.items():
        (folder / source).mkdir()
        for name, text in files.items():
            (folder / source / f"{name}.txt").write_text(text, encoding="utf-8")
    recipe = Recipe.model_validate({
        "name": "contained", "filters": {"rule_sets": {}},
        "sources": [
            {"name": name, "kind": "files", "snapshot": name, "paths": [str(folder / name)],
             "license": {"spdx": spdx, "basis": "by letter"}}
            for name, spdx in (("inner", "CC-BY-NC-4.0"), ("outer", "CC-BY-4.0"))
        ],
        "deduplication": {"guards": {"max_cluster_share": 1.0}}, "repetition": {"containment": {"drop": drop}},
        "mixtures": {MIXTURE: {"tokens": 100_000, "weights": {"web": 1}, "contested": "admit"}},
    })
    return Workspace(recipe, Lake(str(folder / "lake")))


@pytest.mark.parametrize("drop", [True, False])
def test_what_holds_a_text_is_used_on_its_terms(tmp_path: Path, drop: bool) -> None:
    workspace = over(tmp_path, drop)
    bring_up_to_date(workspace)
    terms = workspace.lake.read_table("document_terms").to_pylist()
    assert sorted(row["license_spdx"] for row in terms) == [
        "CC-BY-4.0", "CC-BY-4.0 AND CC-BY-NC-4.0", "CC-BY-NC-4.0"]
    assert [row["claimed_spdx"] for row in terms if row["contested"]] == ["CC-BY-4.0"]
    assert said_by_audit(workspace.lake, MIXTURE, None) == []
    assert audit(workspace.lake, MIXTURE)["contested"]["documents"] == 1


def test_all_that_hold_a_text_are_used_on_its_terms(tmp_path: Path) -> None:
    workspace = over(tmp_path, drop=True, holders=("delta", "zeta", "theta", "iota", "kappa"))
    bring_up_to_date(workspace)
    terms = workspace.lake.read_table("document_terms").to_pylist()
    assert sorted(row["license_spdx"] for row in terms) == [*["CC-BY-4.0 AND CC-BY-NC-4.0"] * 6, "CC-BY-NC-4.0"]
    assert len(terms) == len({row["doc_id"] for row in terms}) == 7
    cut = workspace.lake.read_table("cut_programs")["doc_id"].to_pylist()
    assert len(cut) == len(set(cut))
    assert said_by_audit(workspace.lake, MIXTURE, None) == []


def test_the_models_that_decide_licences_are_named(sound: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """In audits, with what is installed instead, and as materials of attestations."""
    from data_platform.licenses.weights import FILES, digests
    from data_platform.proof import models

    attested = json.loads((Path(sound.lake.uri).parent / "export" / "attestation.json").read_text())
    materials = {one["name"]: one for one in attested["predicate"]["resolvedDependencies"]}
    assert {name: materials[f"model {name}"]["digest"]["sha256"] for name in FILES} == digests()
    named = {one["model"]: one["role"] for one in audit(sound.lake, MIXTURE)["models"]}
    assert named[f"reader.npz@{digests()['reader.npz'][:12]}"] == "deciding licences"
    monkeypatch.setattr(models, "digests", lambda: {**digests(), "reader.npz": "0" * 64})
    named = {one["model"]: one["role"] for one in audit(sound.lake, MIXTURE)["models"]}
    assert named[f"reader.npz@{digests()['reader.npz'][:12]}"] == "deciding licences; installed is another file"
