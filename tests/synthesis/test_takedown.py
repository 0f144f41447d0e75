"""Takedowns and derived texts: they go with their parents, their parents do not go with them, and none comes back."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.pipeline.staleness import NotPublishable
from data_platform.pipeline.today import ensure_publishable
from data_platform.proof.gate import prove, refuse_unproven
from data_platform.proof.trace import TakenDown, trace
from data_platform.publish.accompany import accompany_again
from data_platform.publish.check_export import check_export
from data_platform.publish.export import export_mixture
from data_platform.run.books import books
from data_platform.run.workspace import Workspace
from data_platform.takedown.execute import Order, Places, execute, plan_takedown
from data_platform.takedown.plan import Selectors
from data_platform.takedown.receipt import verify
from tests.synthesis.lakes import families, names_of, run, synthesis, workspace_over, write_texts
from tests.takedown.lakes import corpus, essay, rows_of

SHORT = "One line alone, of some words that nobody else has written down, and that is not short of other words either."
TEXTS: Mapping[str, Mapping[str, str]] = {
    "free": {"alpha": essay("alpha"), "beta": essay("beta"), "gamma": essay("gamma")},
    "code": {"zeta": essay("zeta"), "short": SHORT, "quoting": f"{SHORT}\n{essay('eta')}"},
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The corpus with all that was made of it. Tests copy its lake."""
    folder = tmp_path_factory.mktemp("takedown")
    write_texts(folder / "texts", TEXTS)
    workspace = workspace_over(folder / "texts", folder / "lake", synthesis())
    run(workspace)
    return workspace


@pytest.fixture
def workspace(original: Workspace, tmp_path: Path) -> Workspace:
    """The corpus with a lake of the test's own."""
    shutil.copytree(original.lake.uri, tmp_path / "lake")
    return Workspace(original.recipe, Lake(str(tmp_path / "lake")))


def order(*ids: str, **selectors: list[str]) -> Order:
    return Order(Selectors.of(**({"documents": list(ids)} if ids else selectors)), "withdrawn", "A. Uthor")


def carried_out(workspace: Workspace, what: Order) -> dict:
    return execute(workspace.lake, what, Places(), list(stages(workspace.recipe)))


def ids_of(lake: Lake) -> dict[str, str]:
    return {name: id_ for id_, name in names_of(lake).items()}


def made_of(lake: Lake, name: str) -> dict[str, str]:
    """Ids of the texts that were made of a document, each with the stage that made it."""
    return {id_: stage for stage in ("derived_couples", "derived_lines")
            for id_, parents in families(lake, stage).items() if name in parents}


def everywhere(lake: Lake) -> str:
    """Everything that the latest versions of the corpus's tables hold, but for rows that report a takedown."""
    rows = [row for name in corpus(lake) for row in lake.read_table(name).to_pylist()
            if not str(row.get("reason", "")).startswith("takedown:")]
    return json.dumps(rows, default=str)


def test_the_plan_names_what_was_made_of_a_document(workspace: Workspace) -> None:
    lake, alpha = workspace.lake, ids_of(workspace.lake)["alpha"]
    made, _ = plan_takedown(lake, order(alpha), Places())
    below = made_of(lake, "alpha")
    assert set(below.values()) == {"derived_couples", "derived_lines"}
    assert {document["id"]: document["why"] for document in made["documents"]} == {
        alpha: "doc", **dict.fromkeys(below, "derived")}
    assert {document.get("copy_of", alpha) for document in made["documents"]} == {alpha}
    assert {"parents", "derived_couples", "derived_lines", "plan_all", "mixture_all"} <= {
        table["table"] for table in made["tables"]}
    (mixture,) = made["mixtures"]
    assert mixture["rows"] == 1 + len(below)


def test_what_was_made_goes_with_its_parent_and_the_rest_stays_proven(workspace: Workspace, tmp_path: Path) -> None:
    lake, ids = workspace.lake, ids_of(workspace.lake)
    below = made_of(lake, "alpha")
    others = {name for parents in families(lake, "derived_couples").values() if "alpha" in parents for name in parents}
    before = lake.read_table("mixture_all").num_rows
    receipt = carried_out(workspace, order(ids["alpha"]))
    assert receipt["absent"] and set(receipt["searched_for"]["ids"]) == {ids["alpha"], *below}
    assert not any(id_ in everywhere(lake) for id_ in below)
    assert lake.read_table("mixture_all").num_rows == before - 1 - len(below)
    assert others - {"alpha"} <= set(ids_of(lake)), "who was made into one with it stays"
    proof = prove(lake, "mixture_all", texts=True)
    # Tables without a row that went are not written again, and were made from what was there before.
    assert not proof.examination.findings and not {breach.table for breach in proof.way.breaches} & {
        "parents", "derived_couples", "derived_lines"}
    with pytest.raises(TakenDown, match="was taken down"):
        trace(lake, "all", next(iter(below)))

    run(workspace)
    assert run(workspace) == [] and verify(lake, receipt, Places())["absent"]
    for name, stage in stages(workspace.recipe).items():
        entry = books(lake, stage, "one" if stage.partitioned else None)
        assert entry is None or entry.missing == 0, name
    assert prove(lake, "mixture_all", texts=True).complete
    texts = {source: {name: text for name, text in some.items() if name != "alpha"} for source, some in TEXTS.items()}
    write_texts(tmp_path / "others", texts)
    never = workspace_over(tmp_path / "others", tmp_path / "never", synthesis())
    run(never)
    for name in corpus(never.lake):
        if name not in ("archives", "rejections"):
            assert rows_of(lake, name).equals(rows_of(never.lake, name)), name


def test_a_derived_text_goes_alone_and_stays_out(workspace: Workspace) -> None:
    lake = workspace.lake
    victim = next(id_ for id_, parents in families(lake, "derived_couples").items())
    before = {name: lake.count(name) for name in ("documents", "derived_couples", "derived_lines")}
    receipt = carried_out(workspace, order(victim))
    assert receipt["absent"] and receipt["searched_for"]["ids"] == [victim]
    assert receipt["searched_for"]["hashes"] == [], "its parents say what it says"
    run(workspace)
    assert {name: lake.count(name) for name in before} == {**before, "derived_couples": before["derived_couples"] - 1}
    rejected = lake.read_table("rejections", partition="derived_couples", where=pc.field("id") == victim).to_pylist()
    assert [(row["reason"], row["record_type"]) for row in rejected] == [
        (f"takedown:{receipt['takedown_id']}", "derived")]
    parents = lake.read_table("rejections", ["reason"], partition="derived_couples",
                              where=pc.field("reason") == "taken_down")
    assert parents.num_rows == 2 and verify(lake, receipt, Places())["absent"]
    assert books(lake, stages(workspace.recipe)["derived_couples"], "one").missing == 0
    assert prove(lake, "mixture_all", texts=True).complete


def test_a_derived_text_that_says_what_a_document_says_goes_too(workspace: Workspace) -> None:
    lake, ids = workspace.lake, ids_of(workspace.lake)
    made, _ = plan_takedown(lake, order(ids["short"]), Places())
    why = {document["id"]: document["why"] for document in made["documents"]}
    quoted = {row["doc_id"] for row in lake.read_table("derived_lines", ["doc_id", "text"]).to_pylist()
              if row["text"] == SHORT}
    assert len(quoted) == 1, "of two equal lines one stays"
    assert why.keys() >= quoted and ids["quoting"] not in why
    receipt = carried_out(workspace, order(ids["short"]))
    assert receipt["absent"]
    run(workspace)
    texts = lake.read_table("derived_lines", ["text"])["text"].to_pylist()
    assert SHORT not in texts and "quoting" in ids_of(lake)
    reasons = lake.read_table("rejections", ["reason", "record_type"], partition="derived_lines").to_pylist()
    assert {row["reason"] for row in reasons if row["record_type"] == "derived"} == {
        f"takedown:{receipt['takedown_id']}"}
    assert verify(lake, receipt, Places())["absent"] and prove(lake, "mixture_all", texts=True).complete


def test_all_that_an_entry_made_can_be_taken_down(workspace: Workspace) -> None:
    lake = workspace.lake
    receipt = carried_out(workspace, order(sources=["couples"]))
    assert receipt["absent"] and lake.count("derived_couples") == 0 and lake.count("derived_lines") > 0
    run(workspace)
    assert lake.count("derived_couples") == 0
    assert "couples" not in lake.read_table("mixture_all", ["source"])["source"].to_pylist()
    assert prove(lake, "mixture_all", texts=True).complete


def test_an_export_carries_all_licences_and_loses_what_was_made_of_a_document(
    workspace: Workspace, tmp_path: Path
) -> None:
    lake, ids = workspace.lake, ids_of(workspace.lake)
    ensure_publishable(workspace, "mixture_all")
    refuse_unproven(lake, "mixture_all")
    folder, manifest = export_mixture(lake, "all", "parquet", None, tmp_path / "exports")
    below = made_of(lake, "alpha")
    rows = {row["doc_id"]: row for path in folder.glob("**/*.parquet") for row in pq.read_table(path).to_pylist()}
    assert len(rows) == manifest["rows"] and below.keys() <= rows.keys()
    both = next(row for row in rows.values() if " AND " in row["license_spdx"])
    assert both["source"] == "couples" and both["attribution"].count("file:") == 2
    notice = (folder / "NOTICE").read_text()
    assert "CC0-1.0 AND MIT" in notice
    assert all(re.search(rf"Source: [^.]*{re.escape(place)}", notice) for place in both["attribution"].split("; "))
    places = Places(exports=(tmp_path / "exports",), accompany=partial(accompany_again, lake))
    receipt = execute(lake, order(ids["alpha"]), places, list(stages(workspace.recipe)), exports="rewrite")
    assert receipt["absent"] and receipt["searched"]["exports"]["exports"] == 1
    assert check_export(folder).faults == []
    left = {id_ for path in folder.glob("**/*.parquet") for id_ in pq.read_table(path)["doc_id"].to_pylist()}
    assert left == rows.keys() - below.keys() - {ids["alpha"]}
    with pytest.raises(NotPublishable, match="taken down"):
        ensure_publishable(workspace, "mixture_all")
