"""Nothing gets freer by a takedown: what stays keeps the terms that something stated which went."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from data_platform.lake.lake import Lake
from data_platform.proof.gate import Unproven, prove, refuse_unproven
from data_platform.proof.trace import trace
from data_platform.run.recipe import Recipe
from data_platform.run.workspace import Workspace
from data_platform.spdx.expressions import OPT_OUT
from data_platform.takedown.execute import Order, Places, execute
from data_platform.takedown.plan import Selectors
from tests.ingest.archives import members, response, warc
from tests.takedown import worlds
from tests.takedown.lakes import NEAR, essay

NAME = "mixture_all"
BOTH = "CC-BY-4.0 AND CC-BY-NC-4.0"


def _workspace(folder: Path, paths: Mapping[str, str], kind: str = "files") -> Workspace:
    recipe = Recipe.model_validate({
        "name": "held", "filters": {"rule_sets": {}},
        "sources": [{"name": name, "kind": kind, "snapshot": "one", "paths": [path]} for name, path in paths.items()],
        "deduplication": {"guards": {"max_cluster_share": 1.0, "max_removal_rate": 1.0}},
        "mixtures": {"all": {"tokens": 100_000, "tiers": [0, 1, 2, 3, 4, 5], "weights": {"web": 1}}},
    })
    made = Workspace(recipe, Lake(str(folder / "lake")))
    worlds.run(made)
    return made


def _rows(folder: Path, rows: list[dict[str, Any]]) -> Workspace:
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return _workspace(folder, {"rows": str(folder / "rows.jsonl")})


def _terms(workspace: Workspace) -> dict[str, str]:
    urls = {row["doc_id"]: row["url"] for row in workspace.lake.read_table("documents", ["doc_id", "url"]).to_pylist()}
    rows = workspace.lake.read_table("document_terms", ["doc_id", "license_spdx"]).to_pylist()
    return {urls[row["doc_id"]]: row["license_spdx"] for row in rows}


def _take_down(workspace: Workspace, **selectors: list[str]) -> None:
    order = Order(Selectors.of(**selectors), "asked for", "A. Uthor", near_copies=False)
    assert execute(workspace.lake, order, Places())["absent"]


MIRROR = {"text": NEAR, "url": "https://b.example/1", "license": "CC-BY-4.0"}


@pytest.mark.parametrize(("origin", "terms"), [
    ({"license": "CC-BY-NC-4.0"}, BOTH),
    ({"license": "CC-BY-4.0", "ai_training": False}, f"CC-BY-4.0 AND {OPT_OUT}"),
])
def test_a_copy_that_is_taken_down_frees_nothing(tmp_path: Path, origin: dict[str, Any], terms: str) -> None:
    workspace = _rows(tmp_path, [
        {"text": essay("alpha"), "url": "https://a.example/1", **origin}, MIRROR,
        {"text": essay("beta"), "url": "https://a.example/2", "license": "MIT"},
    ])
    assert _terms(workspace)[MIRROR["url"]] == terms
    _take_down(workspace, urls=["https://a.example/1"])
    for _ in range(2):
        proof = prove(workspace.lake, NAME, workspace=workspace)
        assert proof.reasons() == [] and proof.examination.rows.num_rows == 2
        assert _terms(workspace) == {MIRROR["url"]: terms, "https://a.example/2": "MIT"}
        worlds.run(workspace)
    stays = next(row for row in workspace.lake.read_table(NAME).to_pylist() if row["license_spdx"] == terms)
    (held,) = trace(workspace.lake, NAME, stays["doc_id"])["held_since_takedowns"]
    assert held["doc_id"] == stays["doc_id"] and held["takedowns"] and held["terms"]
    free = next(row for row in workspace.lake.read_table(NAME).to_pylist() if row["license_spdx"] == "MIT")
    assert "held_since_takedowns" not in trace(workspace.lake, NAME, free["doc_id"])
    assert list(worlds.faults(workspace)) == []
    # A copy of it that comes later is bound, too, and whoever writes other terms is found out.
    (tmp_path / "rows.jsonl").open("a").write(json.dumps({**MIRROR, "url": "https://c.example/1"}) + "\n")
    worlds.run(workspace)
    assert set(_terms(workspace).values()) == {terms, "MIT"}
    assert prove(workspace.lake, NAME, workspace=workspace).reasons() == []


def test_what_nothing_was_stated_of_leaves_evidence_that_can_be_detected_again(tmp_path: Path) -> None:
    workspace = _rows(tmp_path, [{"text": essay("alpha")}, {"text": essay("beta"), "license": "MIT"}])
    _take_down(workspace, urls=["file:rows.jsonl#0"])
    proof = prove(workspace.lake, NAME, workspace=workspace)
    assert proof.reasons() == [] and proof.records.evidence == 1


def test_what_was_decided_on_a_file_that_went_is_stale_and_not_free(tmp_path: Path) -> None:
    """The LICENSE that said so can be proven no more: nothing is exported before a run, and then it holds still."""
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "LICENSE").write_text("SPDX-License-Identifier: CC-BY-NC-4.0\n")
    (tree / "sub" / "text.txt").write_text(f"SPDX-License-Identifier: CC-BY-4.0\n{essay('alpha')}")
    (tree / "other.txt").write_text(essay("beta"))
    workspace = _workspace(tmp_path, {"tree": str(tree)})
    before = _terms(workspace)
    assert prove(workspace.lake, NAME).reasons() == [] and before["file:other.txt"] == "CC-BY-NC-4.0"
    _take_down(workspace, urls=["file:LICENSE"])
    reasons = prove(workspace.lake, NAME, workspace=workspace).reasons()
    assert reasons and all("stale since takedown td-" in reason for reason in reasons) and _terms(workspace) == before
    with pytest.raises(Unproven, match="stale since takedown"):
        refuse_unproven(workspace.lake, NAME, workspace=workspace)
    worlds.run(workspace)
    assert "CC-BY-NC-4.0" in _terms(workspace)["file:other.txt"] and _terms(workspace)["file:sub/text.txt"] == before[
        "file:sub/text.txt"]
    assert list(worlds.faults(workspace)) == [] and list(worlds.left_of(workspace)) == []


def _page(url: str, text: str, date: str) -> bytes:
    head = '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
    html = f"<html><head><title>t</title>{head}</head><body><article><p>{text}</p></article></body></html>"
    return warc(response(html.encode()), url=url, date=date)


def _robots(rules: bytes, date: str) -> bytes:
    return warc(response(rules, "Content-Type: text/plain"), url="https://site.example/robots.txt", date=date)


def test_a_robots_txt_that_is_taken_down_binds_what_is_crawled_later(tmp_path: Path) -> None:
    other = _page("https://other.example/1", essay("beta"), "2023-01-10T00:00:00Z")
    first = [_robots(b"User-agent: GPTBot\nDisallow: /\n", "2023-01-10T00:00:00Z"), other]
    (tmp_path / "one.warc.gz").write_bytes(members(first))
    later = _page("https://site.example/later", essay("gamma"), "2024-01-10T00:00:00Z")
    (tmp_path / "two.warc.gz").write_bytes(members([later]))

    def world(*crawls: str) -> Workspace:
        recipe = Recipe.model_validate({
            "name": "held", "filters": {"rule_sets": {}}, "extraction": {"engine": "resiliparse"},
            "sources": [{"name": name, "snapshot": name, "paths": [str(tmp_path / f"{name}.warc.gz")]}
                        for name in crawls],
            "deduplication": {"guards": {"max_cluster_share": 1.0, "max_removal_rate": 1.0}},
            "mixtures": {"all": {"tokens": 100_000, "tiers": [0, 1, 2], "weights": {"web": 1}}},
        })
        made = Workspace(recipe, Lake(str(tmp_path / "lake")))
        worlds.run(made)
        return made

    _take_down(world("one"), urls=["https://site.example/robots.txt"])
    workspace = world("one", "two")
    rows = workspace.lake.read_table(NAME, ["url"])["url"].to_pylist()
    assert rows == ["https://other.example/1"] and OPT_OUT in _terms(workspace)["https://site.example/later"]
    assert prove(workspace.lake, NAME, workspace=workspace).reasons() == []
    assert list(worlds.faults(workspace)) == [] and list(worlds.left_of(workspace)) == []
