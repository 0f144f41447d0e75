"""Takedowns in the flow: planned, executed, proved, killed on the way, and not undone by a later crawl."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_platform.core.tables import table
from data_platform.lake import writer
from data_platform.lake.lake import Lake, Partition, Provenance, VersionGone
from data_platform.pipeline.flow import stages
from data_platform.pipeline.staleness import LicenseChanges, NotPublishable
from data_platform.pipeline.status import plan as where_all_stands
from data_platform.pipeline.today import ensure_publishable
from data_platform.run.books import books
from data_platform.run.stage import execute as execute_stage
from data_platform.run.workspace import Workspace
from data_platform.takedown.execute import Order, Places, execute, plan_takedown, returned, takedowns, unfinished
from data_platform.takedown.inventory import stored_table
from data_platform.takedown.plan import Selectors, TakedownError, models_of_labels
from data_platform.takedown.receipt import verify
from tests.conftest import REPOSITORY
from tests.lake.test_lake import made_by, verdicts
from tests.publish.lakes import write
from tests.takedown.lakes import (
    NEAR,
    TEXTS,
    bring_up_to_date,
    core,
    corpus,
    essay,
    ids_of,
    rows_of,
    workspace_over,
    write_texts,
)

GONE = ("alpha", "again", "near")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small corpus through the core of the flow. Tests copy its lake."""
    folder = tmp_path_factory.mktemp("takedown")
    write_texts(folder / "texts")
    workspace = workspace_over(folder / "texts", folder / "lake")
    bring_up_to_date(workspace)
    return workspace


@pytest.fixture
def workspace(original: Workspace, tmp_path: Path) -> Workspace:
    """The small corpus with a lake of the test's own."""
    shutil.copytree(original.lake.uri, tmp_path / "lake")
    return Workspace(original.recipe, Lake(str(tmp_path / "lake")))


def _order(workspace: Workspace, **selectors) -> Order:
    named = selectors or {"documents": [ids_of(workspace.lake)["alpha"]]}
    return Order(Selectors.of(**named), "withdrawn by its author", "A. Uthor")


def _flow(workspace: Workspace) -> list[str]:
    return list(stages(workspace.recipe))


def _execute(workspace: Workspace, order: Order, **more) -> dict:
    return execute(workspace.lake, order, Places(), _flow(workspace), **more)


def test_the_plan_names_copies_and_changes_nothing(workspace: Workspace) -> None:
    ids, lake = ids_of(workspace.lake), workspace.lake
    before = {name: lake.open(name).version() for name in lake.tables()}
    made, _ = plan_takedown(lake, _order(workspace), Places())
    assert {document["id"]: document["why"] for document in made["documents"]} == {
        ids["alpha"]: "doc", ids["again"]: "same_text", ids["near"]: "near_copy"
    }
    rows = {(row["table"], row["partition"]): row["rows"] for row in made["tables"]}
    assert rows["documents", "one"] == 1 and rows["documents", "two"] == 2 and rows["raw_crawls", "two"] == 2
    assert [archive["records"] for archive in made["archives_out_of_reach"]] == [1, 1, 1]
    assert "In the harbour" not in json.dumps(made)
    assert {name: lake.open(name).version() for name in lake.tables()} == before
    kept = Order(_order(workspace).selectors, "", "", near_copies=False)
    made, _ = plan_takedown(lake, kept, Places())
    assert len(made["documents"]) == 2 and [copy["id"] for copy in made["near_copies_that_stay"]] == [ids["near"]]


@pytest.mark.parametrize(("selectors", "names"), [
    ({"sources": ["source-one"]}, {"alpha", "beta", "gamma", "delta", "again", "near"}),
    ({"urls": ["file:beta.txt"]}, {"beta"}),
    ({"text_hashes": ["of gamma"]}, {"gamma"}),
    ({"licenses": ["MIT"]}, {name for some in TEXTS.values() for name in some}),
])
def test_documents_are_chosen_by_what_names_them(workspace: Workspace, selectors: dict, names: set[str]) -> None:
    if "text_hashes" in selectors:
        rows = workspace.lake.read_table("documents", ["doc_id", "text_hash"]).to_pylist()
        gamma = ids_of(workspace.lake)["gamma"]
        selectors = {"text_hashes": [row["text_hash"] for row in rows if row["doc_id"] == gamma]}
    made, _ = plan_takedown(workspace.lake, _order(workspace, **selectors), Places())
    ids = {id_: name for name, id_ in ids_of(workspace.lake).items()}
    assert {ids[document["id"]] for document in made["documents"]} == names


@pytest.mark.parametrize(("selectors", "message"), [
    ({}, "say what"), ({"documents": ["x"]}, "no document id"), ({"hosts": ["https://a.org"]}, "no host"),
    ({"text_hashes": ["0"]}, "neither"), ({"licenses": ["My Own"]}, "no licence"),
])
def test_what_cannot_be_meant_is_refused(workspace: Workspace, selectors: dict, message: str) -> None:
    with pytest.raises(TakedownError, match=message):
        plan_takedown(workspace.lake, Order(Selectors.of(**selectors), "", ""), Places())


@pytest.mark.slow
def test_nothing_is_left_and_the_rest_is_as_if_it_had_never_been(workspace: Workspace, tmp_path: Path) -> None:
    """The law: after a takedown and a run, the tables are those of a run without these documents in the input."""
    lake, ids = workspace.lake, ids_of(workspace.lake)
    leftover = Path(lake.uri) / "documents" / "snapshot=one" / "leftover.parquet"
    pq.write_table(pa.table({"doc_id": [ids["alpha"]], "text": [essay("alpha")]}), leftover)
    broken = leftover.with_name("broken.parquet")
    broken.write_bytes(b"PAR1" + essay("alpha").encode())
    receipt = _execute(workspace, _order(workspace))
    assert receipt["absent"] and not receipt["found"] and not leftover.exists() and not broken.exists()
    assert essay("alpha").split("\n")[0] not in json.dumps(receipt) and len(receipt["searched_for"]["ids"]) == 3
    for name, versions in receipt["versions_that_cannot_be_read"].items():
        for version in versions:
            with pytest.raises((VersionGone, FileNotFoundError)):
                lake.read_table(name, version=version)
    stale = {status.stage.name: status.why for status in where_all_stands(workspace)
             if status.snapshot == "one" and status.state == "stale"}
    assert "td-" in stale["raw_crawls"] and "raw_crawls/one" in stale["documents"]

    assert "raw_crawls/one" in bring_up_to_date(workspace) and bring_up_to_date(workspace) == []
    _assert_books_balance(workspace)
    rejected = lake.read_table("rejections", ["id", "reason", "url"]).to_pylist()
    by = f"takedown:{receipt['takedown_id']}"
    assert {row["id"]: row["reason"] for row in rejected} == {ids[name]: by for name in GONE}
    assert verify(lake, receipt, Places())["absent"]

    write_texts(tmp_path / "others", without=GONE)
    others = workspace_over(tmp_path / "others", tmp_path / "never")
    bring_up_to_date(others)
    for name in corpus(others.lake):
        if name in ("archives", "rejections"):
            continue  # the counts
        left, right = rows_of(lake, name), rows_of(others.lake, name)
        assert left.equals(right), name


def _assert_books_balance(workspace: Workspace) -> None:
    flow = stages(workspace.recipe)
    for name in core(flow):
        for snapshot in workspace.snapshots if flow[name].partitioned else [None]:
            entry = books(workspace.lake, flow[name], snapshot)
            assert entry is None or entry.missing == 0, (name, snapshot)
    recorded = {(row["table"], row["version"]): row for row in workspace.lake.read_table("lineage").to_pylist()}
    committed = {(row["table"], row["version"]): row for name in workspace.lake.tables()
                 for row in workspace.lake.history(name)}
    assert recorded == committed


def test_what_holds_a_removed_text_within_its_own_goes_too(tmp_path: Path) -> None:
    """No copy is compared with a part of a longer text; ingestion would keep such a record out, and so does this."""
    held = {"one": {"alpha": essay("alpha"), "beta": essay("beta")},
            "two": {"book": f"{essay('rho')}\n{essay('alpha')}"}}
    write_texts(tmp_path / "texts", held)
    workspace = workspace_over(tmp_path / "texts", tmp_path / "lake")
    bring_up_to_date(workspace)
    ids = ids_of(workspace.lake)
    receipt = _execute(workspace, _order(workspace))
    assert receipt["absent"] and receipt["searched_for"]["ids"] == sorted([ids["alpha"], ids["book"]])
    (row,) = takedowns(workspace.lake)
    (book,) = [one for one in row["plan"]["documents"] if one["id"] == ids["book"]]
    assert book["why"] == "holds" and book["similarity"] >= 0.5
    bring_up_to_date(workspace)
    assert bring_up_to_date(workspace) == [] and set(ids_of(workspace.lake)) == {"beta"}
    _assert_books_balance(workspace)


@pytest.mark.slow
def test_what_comes_back_in_a_later_crawl_stays_out(original: Workspace, workspace: Workspace, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    shutil.copytree(Path(original.recipe.sources[0].paths[0]).parent, texts)
    earlier = workspace_over(texts, Path(workspace.lake.uri))
    receipt = _execute(earlier, _order(earlier, urls=["file:beta.txt"]))
    back = {"same": essay("beta"), "louder": essay("beta").upper().replace("\n", "\n\n"), "other": essay("omega"),
            "nearly": essay("beta").replace("number 11 plus 0 people", "number 11 plus 0 visitors")}
    write_texts(texts, {"three": back})
    later = workspace_over(texts, Path(workspace.lake.uri))
    written = bring_up_to_date(later)
    # Nothing of beta was found in the second snapshot: only its pairs, which follow on the first's, are made anew.
    assert {"raw_crawls/one", "raw_crawls/three"} <= set(written) and "raw_crawls/two" not in written
    assert "documents/two" not in written
    rows = later.lake.read_table("documents", ["doc_id"], partition="three")["doc_id"].to_pylist()
    assert rows == [ids_of(later.lake)["other"]]
    # Its payload is in capitals: only the extracted text showed what it is. That can be seen to.
    louder = ids_of(later.lake)["louder"]
    assert returned(later.lake) == [louder] and set(ids_of(later.lake)) >= {"louder"}
    assert _execute(later, _order(later, documents=[louder]))["absent"] and returned(later.lake) == []
    bring_up_to_date(later)
    reasons = later.lake.read_table("rejections", ["stage", "snapshot", "reason"]).to_pylist()
    back = [row for row in reasons if row["snapshot"] == "three"]
    assert len(back) == 3 and all(row["reason"].startswith("takedown:") for row in back)
    assert f"takedown:{receipt['takedown_id']}" in {row["reason"] for row in back}
    _assert_books_balance(later)


def test_an_order_that_was_carried_out_finds_nothing_more(workspace: Workspace) -> None:
    order = _order(workspace)
    first = _execute(workspace, order)
    with pytest.raises(TakedownError, match=f"{first['takedown_id']} has taken that down"):
        _execute(workspace, order)
    assert [row["state"] for row in takedowns(workspace.lake)] == ["done"]


def test_a_receipt_that_was_changed_is_none(workspace: Workspace) -> None:
    receipt = _execute(workspace, _order(workspace))
    with pytest.raises(TakedownError, match="not as it was made"):
        verify(workspace.lake, {**receipt, "absent": False}, Places())


def test_a_text_that_is_planted_is_found(workspace: Workspace) -> None:
    receipt = _execute(workspace, _order(workspace))
    folder = Path(workspace.lake.uri)
    pq.write_table(pa.table({"other": ["before " + NEAR]}), folder / "documents" / "planted.parquet")
    (folder / "models").mkdir()
    (folder / "models" / "weights.bin").write_bytes(b"\0" * 100 + essay("alpha").encode())
    found = verify(workspace.lake, receipt, Places())
    assert not found["absent"]
    assert {(one["place"], one["what"]) for one in found["found"]} == {
        ("documents/planted.parquet", "a removed text in column other"),
        ("models/weights.bin", "a piece of a removed text"),
    }


def test_statistics_that_other_programs_left_in_the_log_go(workspace: Workspace) -> None:
    lake, alpha = workspace.lake, ids_of(workspace.lake)["alpha"]
    handle = lake.open("filtered_documents")
    before = lake.read_table("filtered_documents")
    handle.optimize.compact(partition_filters=[("snapshot", "=", "one")], target_size=2**40)
    one = before.filter(pa.compute.equal(before["snapshot"], "one"))
    deltalake.write_deltalake(handle, one, mode="overwrite", predicate="snapshot = 'one'")
    lake.open("filtered_documents").create_checkpoint()
    log = Path(lake.uri) / "filtered_documents" / "_delta_log"
    assert any("In the harbour of alpha" in path.read_text() for path in log.glob("*.json"))
    assert _execute(workspace, _order(workspace))["absent"]
    assert not any("of alpha" in path.read_text() for path in log.glob("*.json"))
    for path in log.glob("*.parquet"):
        assert b"of alpha" not in str(pq.read_table(path).to_pylist()).encode()
    assert alpha not in lake.read_table("filtered_documents")["doc_id"].to_pylist()


def test_a_partition_of_many_files_keeps_the_bytes_of_those_that_are_not_hit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "FILE_BYTES", 1)
    monkeypatch.setattr(writer, "ROW_GROUP_ROWS", 3)
    lake = Lake(str(tmp_path / "lake"))
    rows = verdicts("a", 12)
    batches = pa.RecordBatchReader.from_batches(rows.schema, rows.to_batches(max_chunksize=3))
    lake.write("filter_verdicts", Partition.of("filter_verdicts", "a"), batches, made_by("1"))
    lake.write("filter_verdicts", Partition.of("filter_verdicts", "b"), verdicts("b", 3, 20), made_by("1"))
    sizes = sorted(file.bytes for file in stored_table(lake, "filter_verdicts").files)
    gone = [f"{number:032x}" for number in (1, 9, 10, 11)]
    receipt = execute(lake, Order(Selectors.of(documents=gone), "asked", "A. Uthor"), Places())
    assert receipt["absent"] and len(receipt["files_deleted"]) == 2 and len(sizes) == 5
    assert sorted(lake.read_table("filter_verdicts", ["doc_id"], partition="a")["doc_id"].to_pylist()) == [
        f"{number:032x}" for number in range(12) if f"{number:032x}" not in gone
    ]
    assert lake.count("filter_verdicts", "b") == 3 and lake.count("filter_verdicts", "a") == 8
    # Of versions only those are gone that name a file with rows that went.
    assert lake.read_table("filter_verdicts", partition="b", version=2).num_rows == 3
    with pytest.raises(VersionGone, match="takedown"):
        lake.read_table("filter_verdicts", partition="a", version=1)


def test_a_source_that_changes_its_license_is_named_wherever_something_was_made_of_it(
    original: Workspace, workspace: Workspace
) -> None:
    lake = workspace.lake
    pins = tuple(lake.pins("document_licenses", ["one", "two"]))
    rows = pa.Table.from_pylist([], table("mixture_all").schema)
    lake.write("mixture_all", Partition(), rows, Provenance("mixture_all", "1", {}, pins))
    texts = Path(original.recipe.sources[0].paths[0]).parent
    changed = Workspace(workspace_over(texts, Path(lake.uri), "GPL-3.0-only").recipe, lake)
    words = [f"source source-{name}: licence MIT -> GPL-3.0-only" for name in ("one", "two")]
    found = {(status.stage.name, status.snapshot): status for status in where_all_stands(changed)}
    assert found["license_evidence", "one"].license_changes == (words[0],)
    assert set(found["duplicates", None].license_changes) == set(words)
    assert set(found["mixture_all", None].why.split("; ")) >= set(words)
    assert not any(found[name, "one"].license_changes for name in ("raw_crawls", "documents", "quality_signals"))
    with pytest.raises(NotPublishable, match=r"source-one: licence MIT -> GPL-3\.0-only.*run the recipe small again"):
        ensure_publishable(changed, "mixture_all")
    for name in ("license_evidence", "document_licenses"):  # what lies between is new, what was made of it is not
        execute_stage(stages(changed.recipe)[name], changed, "one")
    assert set(LicenseChanges(changed).of("mixture_all")) == set(words)
    assert LicenseChanges(changed).of("document_licenses", "one") == []


def test_a_snapshot_that_vanished_holds_back_what_has_rows_of_it_and_no_run_of_others(workspace: Workspace) -> None:
    lake, both = workspace.lake, tuple(workspace.lake.pins("document_licenses", ["one", "two"]))
    for name, partition, pins in (("duplicates", Partition(), both),
                                  ("deduplicated_documents", Partition.of("deduplicated_documents", "one"), None)):
        made = Provenance(name, "1", {}, pins or (lake.pin("duplicates"), both[0]))
        lake.write(name, partition, table(name).schema.empty_table(), made)
    left, gone = Workspace(workspace.recipe, lake, ["two"]), ["source source-two: no longer in the recipe"]
    for name, partition, counted in (("deduplicated_documents", "one", []), ("duplicates", "", gone),
                                     ("document_licenses", "two", gone)):
        assert LicenseChanges(left).of(name, partition, vanished=False) == counted
    assert LicenseChanges(left).of("deduplicated_documents", "one") == gone


def test_a_source_that_left_or_was_renamed_is_no_longer_published(workspace: Workspace) -> None:
    lake = workspace.lake
    rows = pa.Table.from_pylist([], table("mixture_all").schema)
    pins = tuple(lake.pins("document_licenses", ["one", "two"]))
    lake.write("mixture_all", Partition(), rows, Provenance("mixture_all", "1", {}, pins))
    first, *others = workspace.recipe.sources
    for sources in (others, [first.model_copy(update={"name": "renamed"}), *others]):
        changed = Workspace(workspace.recipe.model_copy(update={"sources": sources}), workspace.lake)
        with pytest.raises(NotPublishable, match=f"source {first.name}: no longer in the recipe"):
            ensure_publishable(changed, "mixture_all")


# -- killed on the way ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_killed_before_any_step_the_next_one_finishes(workspace: Workspace, tmp_path: Path) -> None:
    """One process per step, in one lake: each goes on where the one before died."""
    order = _order(workspace)
    expected = Workspace(workspace.recipe, Lake(str(tmp_path / "undisturbed")))
    shutil.copytree(workspace.lake.uri, expected.lake.uri)
    whole = _execute(expected, order)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(json.dumps(workspace.recipe.model_dump(mode="json")))
    done = subprocess.run(
        [sys.executable, "-m", "tests.takedown.killed", workspace.lake.uri, str(recipe), *order.selectors.documents],
        capture_output=True, text=True, timeout=300, cwd=REPOSITORY,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) > 25 and unfinished(workspace.lake) == []
    for name in corpus(expected.lake):
        assert rows_of(workspace.lake, name).equals(rows_of(expected.lake, name)), name
    (mine,), (theirs,) = takedowns(workspace.lake), takedowns(expected.lake)
    assert (mine["takedown_id"], mine["state"]) == (theirs["takedown_id"], "done")
    entries = [rows_of(lake, "takedown_list") for lake in (workspace.lake, expected.lake)]
    assert entries[0].equals(entries[1])
    assert verify(workspace.lake, whole, Places())["absent"]


def test_models_go_with_the_labels_that_they_were_trained_on_whatever_they_are_called(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    for name in ("quality_labels", "domain_labels"):
        write(lake, name, [{"label_id": "0" * 32, "text": "a text"}])
    on_quality = (lake.pin("quality_labels"),)
    for name in ("model_mine", "language_model"):
        write(lake, name, [{"model_id": name, "sha256": "0" * 64}], inputs=on_quality)
    write(lake, "model_given", [{"model_id": "given", "sha256": "0" * 64}])
    write(lake, "domain_classifiers", [{"branch": "b", "sha256": "0" * 64}], inputs=(lake.pin("domain_labels"),))
    assert models_of_labels(lake, ["quality_labels"]) == ["language_model", "model_mine"]
    assert models_of_labels(lake, ["domain_labels"]) == ["domain_classifiers"]
    assert models_of_labels(lake, []) == []
