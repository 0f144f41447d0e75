"""The stages in a lake: what grows, what is left alone, and that no way of getting there changes the outcome."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from data_platform.core.tables import declaration
from data_platform.lake.lake import Lake, Pin
from data_platform.pipeline.flow import stages
from data_platform.run.stage import InputMissing, execute
from tests.duplicates.corpora import STAGES, fill, members, numbered, rows_of, run, workspace

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"]
LICENSES = ["CC0-1.0", "MIT", "GPL-2.0-only", "LicenseRef-unknown"]
CLUSTERS = ("doc_id", "cluster_id", "cluster_size", "kept")


def corpus(snapshots: Sequence[str], families: int = 12, copies: int = 5) -> list[dict[str, Any]]:
    """Families of texts: copies with one to four words exchanged, spread over the snapshots."""
    chance = random.Random(7)
    rows = []
    ids = iter(numbered(families * copies))
    for family in range(families):
        text = chance.choices(WORDS, k=80)
        for copy in range(copies):
            words = list(text)
            for place in chance.sample(range(80), copy if family % 3 else 0):
                words[place] = f"{WORDS[copy]}x"
            rows.append({"doc_id": next(ids), "snapshot": snapshots[(family + copy) % len(snapshots)],
                         "text": " ".join(words), "url": f"https://e.com/{family}?c={copy}",
                         "license_tier": family * copy % 4, "license_spdx": LICENSES[family * copy % 4]})
    return rows


def _outcome(lake: Lake) -> pa.Table:
    return rows_of(lake, "duplicates").select(CLUSTERS)


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    work = workspace(tmp_path_factory.mktemp("once"), ["all"])
    fill(work.lake, [{**row, "snapshot": "all"} for row in corpus(["all"])])
    run(work)
    found = _outcome(work.lake)
    assert 12 < pc.sum(found["kept"]).as_py() < 40 and pc.max(found["cluster_size"]).as_py() == 5
    return found


@pytest.mark.parametrize("settings", [{}, {"verify": 0.5}, {"verify": 0.5, "hashes": "datatrove-0.10"}])
def test_a_new_crawl_is_compared_with_those_before_it_and_these_are_left_alone(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    rows = corpus(["a", "b"])
    first = workspace(tmp_path, ["a"], **settings)
    fill(first.lake, rows)
    run(first)
    lake = first.lake
    before = {name: lake.pin(name, "a") for name in STAGES[:2]}
    both = workspace(tmp_path, ["a", "b"], **settings)
    commits = run(both)
    assert [[commit.written for commit in commits[name]] for name in STAGES[:2]] == [[False, True], [False, True]]
    for name, pin in before.items():
        assert lake.pin(name, "a").recipe == pin.recipe
    matches = lake.read_table("copy_pairs", partition="b").to_pylist()
    old = set(lake.read_table("document_signatures", ["doc_id"], partition="a")["doc_id"].to_pylist())
    assert any(row["matched_id"] in old for row in matches), "a duplicate names what it matched, old crawl or new"
    # In one go, from nothing.
    other = workspace(tmp_path / "other", ["a", "b"], **settings)
    fill(other.lake, rows)
    run(other)
    for name in STAGES:
        assert rows_of(other.lake, name).equals(rows_of(lake, name)), name
    # And again: nothing is written.
    assert not any(commit.written for some in run(both).values() for commit in some)
    assert all(row["verified"] for row in matches) == ("verify" in settings)


@pytest.mark.parametrize(("count", "files"), [(1, 1), (2, 3), (7, 1)])
def test_any_partitioning_and_order_of_rows_keeps_the_same_documents(
    tmp_path: Path, at_once: pa.Table, count: int, files: int
) -> None:
    names = [f"crawl-{number}" for number in range(count)]
    work = workspace(tmp_path, names)
    rows = corpus(names)
    random.Random(count).shuffle(rows)
    fill(work.lake, rows, files)
    run(work)
    assert _outcome(work.lake).equals(at_once)
    kept = {row["doc_id"] for row in at_once.to_pylist() if row["kept"]}
    assert set(work.lake.read_table("deduplicated_documents", ["doc_id"])["doc_id"].to_pylist()) == kept


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_killed_between_writing_and_committing_is_taken_up(
    tmp_path: Path, at_once: pa.Table, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = workspace(tmp_path, ["a", "b"])
    fill(work.lake, corpus(["a", "b"]))
    replace = Lake.replace

    def killed(self: Lake, name: Any, *arguments: Any) -> Any:
        if declaration(name).name == stage:
            raise KeyboardInterrupt
        return replace(self, name, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Lake, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            run(work)
    run(work)
    assert _outcome(work.lake).equals(at_once)


def test_removing_a_document_updates_its_cluster(tmp_path: Path) -> None:
    rows = corpus(["a", "b"])
    work = workspace(tmp_path, ["a", "b"])
    fill(work.lake, rows)
    run(work)
    before = members(rows_of(work.lake, "duplicates"))
    largest = max(before.values(), key=lambda cluster: (len(cluster), min(cluster)))
    kept = next(row["cluster_id"] for row in rows_of(work.lake, "duplicates").to_pylist() if row["doc_id"] in largest)
    rest = [row for row in rows if row["doc_id"] != kept]
    fill(work.lake, rest)
    run(work)
    found = rows_of(work.lake, "duplicates")
    clean = workspace(tmp_path / "clean", ["a", "b"])
    fill(clean.lake, rest)
    run(clean)
    assert _outcome(work.lake).equals(_outcome(clean.lake))
    after = members(found)
    assert kept not in after and all(after[doc_id] == largest - {kept} for doc_id in largest - {kept})
    assert kept not in found["cluster_id"].to_pylist() and kept not in found["matched_id"].to_pylist()


def test_pairs_wait_for_the_snapshots_before_theirs(tmp_path: Path) -> None:
    work = workspace(tmp_path, ["a", "b"])
    fill(work.lake, corpus(["a", "b"]))
    flow = stages(work.recipe)
    execute(flow["document_signatures"], work, "b")
    with pytest.raises(InputMissing, match="copy_pairs needs document_signatures first: a"):
        execute(flow["copy_pairs"], work, "b")
    execute(flow["document_signatures"], work, "a")
    execute(flow["copy_pairs"], work, "b")
    execute(flow["copy_pairs"], work, "a")
    # A change of the second snapshot leaves the pairs of the first alone; one of the first concerns both.
    for changed, concerned in (("b", [False, True]), ("a", [True, True])):
        fill(work.lake, [row for row in corpus(["a", "b"]) if row["snapshot"] == changed][1:])
        execute(flow["document_signatures"], work, changed)
        assert [execute(flow["copy_pairs"], work, name).written for name in "ab"] == concerned


def test_the_policy_of_the_recipe_reads_what_it_compares(tmp_path: Path) -> None:
    text = " ".join(WORDS)
    rows = [{"doc_id": doc_id, "snapshot": "a", "text": text, "word_count": count, "license_tier": tier}
            for doc_id, count, tier in zip(numbered(3), [5, 9, 7], [1, 1, 0], strict=True)]
    by_quality = workspace(tmp_path, ["a"], keep=["highest:word_count"], rehydration={2: 2, 3: 5})
    fill(by_quality.lake, rows)
    run(by_quality)
    assert "quality_signals" in stages(by_quality.recipe)["duplicates"].inputs
    (kept,) = by_quality.lake.read_table("deduplicated_documents").to_pylist()
    assert kept["doc_id"] == rows[1]["doc_id"] and (kept["cluster_size"], kept["rehydration_weight"]) == (3, 5)
    by_license = workspace(tmp_path, ["a"])
    assert "quality_signals" not in stages(by_license.recipe)["duplicates"].inputs
    run(by_license)
    (kept,) = by_license.lake.read_table("deduplicated_documents").to_pylist()
    assert kept["doc_id"] == rows[2]["doc_id"] and kept["rehydration_weight"] == 1


def test_pages_of_one_address_are_copies_if_the_recipe_says_so(tmp_path: Path) -> None:
    ids = numbered(3)
    texts = [" ".join(WORDS), " ".join(reversed(WORDS)), "short"]
    urls = ["http://www.e.com/x?utm_source=y", "https://e.com/x/", "https://e.com/y"]
    rows = [{"doc_id": doc_id, "snapshot": "a", "text": text, "url": url}
            for doc_id, text, url in zip(ids, texts, urls, strict=True)]
    work = workspace(tmp_path, ["a"], kinds=["url", "exact", "minhash"])
    fill(work.lake, rows)
    run(work)
    found = {row["doc_id"]: row for row in rows_of(work.lake, "duplicates").to_pylist()}
    assert found[ids[1]]["kind"] == "url" and found[ids[1]]["matched_id"] == ids[0] and found[ids[2]]["kept"]
    assert found[ids[1]]["similarity"] < 0.1


def test_row_groups_without_a_wanted_document_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_platform.lake.writer.ROW_GROUP_ROWS", 10)
    work = workspace(tmp_path, ["a"])
    rows = corpus(["a"])
    fill(work.lake, rows)
    pin = work.lake.pin("filtered_documents", "a")
    assert isinstance(pin, Pin)
    wanted = [rows[3]["doc_id"], rows[5]["doc_id"], rows[31]["doc_id"]]
    found = list(work.lake.read_documents(pin, ["doc_id", "text"], pa.array(wanted)))
    assert sorted(doc_id for part in found for doc_id in part["doc_id"].to_pylist()) == sorted(wanted)
    assert [part.num_rows for part in found] in ([2, 1], [3])
    assert list(work.lake.read_documents(pin, ["doc_id"], pa.array(["f" * 32]))) == []
