"""Guards: what a wrong setting does to a source is seen, and stops the line; what real copies do is let pass."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from data_platform.assets.checks import stage_checks
from data_platform.assets.gates import pass_gates
from data_platform.assets.names import Names
from data_platform.core.tables import table
from data_platform.duplicates.guards import COLUMNS, GUARDS, sources_stay
from data_platform.duplicates.settings import DuplicateGuards
from data_platform.pipeline.flow import stages
from data_platform.pipeline.status import latest_checks, plan
from data_platform.resources.workspace import WorkspaceResource
from data_platform.run.workspace import Workspace
from tests.duplicates.corpora import DAY, STAGES, fill, numbered, run, workspace
from tests.duplicates.test_repetition_stage import prose

NAMES = Names("small")
REPEATING = (*STAGES[:3], "passage_hashes", "duplicate_spans", "cut_programs", "deduplicated_documents")
SCHEMA = pa.schema([table("duplicates").schema.field(name) for name in COLUMNS])


def _rows(**sources: list[int]) -> list[dict[str, Any]]:
    """For every source clusters of these sizes; all members are alike."""
    rows = []
    for source, sizes in sources.items():
        for place, size in enumerate(sizes):
            cluster = f"{source}{place}"
            rows += [{"source": source, "kept": not member, "kind": "minhash" if member else "unique",
                      "cluster_id": cluster, "cluster_size": size, "kept_similarity": 0.9 if member else None}
                     for member in range(size)]
    return rows


def _ask(rows: list[dict[str, Any]], **settings: Any) -> dict[str, bool]:
    found = {name: guard(pa.Table.from_pylist(rows, SCHEMA), DuplicateGuards(**settings))
             for name, guard in GUARDS.items()}
    return {name: finding.passed for name, finding in found.items()}


def _failed(rows: list[dict[str, Any]], **settings: Any) -> set[str]:
    return {name for name, passed in _ask(rows, **settings).items() if not passed}


def test_usual_copies_pass() -> None:
    assert not _failed(_rows(web=[1] * 80 + [3] * 20, code=[2] * 60))
    assert not _failed(_rows(tiny=[12]), min_documents=13), "too few to speak of a rate"


def test_a_source_that_is_wiped_out_is_seen() -> None:
    wiped = _rows(web=[1] * 1000, books=[199, 1])
    assert _failed(wiped) == {"removal_rate"}
    assert not _failed(wiped, max_removal_rate=0.995)
    finding = GUARDS["removal_rate"](pa.Table.from_pylist(wiped, SCHEMA), DuplicateGuards())
    assert finding.detail["over"] == {"books": pytest.approx(0.99)}


def test_a_giant_cluster_is_seen() -> None:
    giant = _rows(web=[1] * 500 + [300])
    assert _failed(giant) == {"largest_cluster"}
    finding = GUARDS["largest_cluster"](pa.Table.from_pylist(giant, SCHEMA), DuplicateGuards())
    assert (finding.detail["largest"], finding.detail["cluster_id"]) == (300, "web500")


def test_an_empty_outcome_is_seen() -> None:
    assert _failed([]) == {"documents_stay"}


def test_a_cluster_of_strangers_is_seen() -> None:
    chain = _rows(web=[1] * 300 + [12])
    members = [row for row in chain if row["cluster_id"] == "web300" and not row["kept"]]
    for place, row in enumerate(members):
        row["kept_similarity"] = 0.7 * 0.6**place  # each is like the one before it
    assert _failed(chain) == {"alike"}
    finding = GUARDS["alike"](pa.Table.from_pylist(chain, SCHEMA), DuplicateGuards())
    assert list(finding.detail["least_alike"]) == ["web300"] and finding.detail["least_alike"]["web300"] < 0.2
    assert not _failed(chain, min_alike=0.1) and not _failed(chain, min_alike_members=13)
    for row in members:
        row["kind"] = "url"
    assert not _failed(chain), "pages of one address may change"


def test_a_source_that_repetition_wipes_out_is_seen() -> None:
    before, after = (pa.table({"source": ["web"] * web + ["books"] * books}) for web, books in ((200, 100), (150, 4)))
    finding = sources_stay(before, after, DuplicateGuards())
    assert not finding.passed and finding.detail["over"] == {"books": pytest.approx(0.96)}
    assert sources_stay(before, after, DuplicateGuards(max_removal_rate=0.97)).passed
    assert not sources_stay(before, before.slice(0, 0), DuplicateGuards()).passed
    assert sources_stay(before.slice(0, 0), before.slice(0, 0), DuplicateGuards()).passed


class Small(WorkspaceResource):
    """A workspace that is at hand."""

    def open(self) -> Workspace:
        """The one that was given."""
        return _OPEN[self.recipe_path]


_OPEN: dict[str, Workspace] = {}


def test_a_wrong_setting_stops_the_line(tmp_path: Path) -> None:
    """One word to a shingle and one hash to a band: whatever shares a word is one cluster."""
    words = [f"{one}{two}" for one in "abcdefghij" for two in "klmnopqrst"]
    chance = random.Random(3)
    rows = [{"doc_id": doc_id, "snapshot": "a", "text": " ".join(chance.sample(words, 10))} for doc_id in numbered(90)]
    outcomes = {}
    for name, settings in {"right": {}, "wrong": {"ngram": 1, "bands": 50, "rows": 1}}.items():
        work = workspace(tmp_path / name, ["a"], **settings, guards={"min_documents": 50})
        fill(work.lake, rows)
        run(work)
        _OPEN[name] = work

        @dg.asset(key=NAMES.asset("duplicates"))
        def made() -> None: ...

        @dg.asset(name="below", deps=[NAMES.asset("duplicates")])
        def below() -> None: ...

        with dg.DagsterInstance.ephemeral() as instance:
            outcomes[name] = dg.materialize(
                [made, below, stage_checks(stages(work.recipe)["duplicates"], NAMES)], instance=instance,
                resources={"workspace": Small(recipe_path=name)}, raise_on_error=False,
            )
    assert outcomes["right"].success
    assert not outcomes["wrong"].success
    failed = {check.check_name for check in outcomes["wrong"].get_asset_check_evaluations() if not check.passed}
    assert failed == {"removal_rate", "largest_cluster", "alike"}
    assert all(check.blocking for check in outcomes["wrong"].get_asset_check_evaluations() if not check.passed)
    made_of = {event.asset_key.to_user_string() for event in outcomes["wrong"].get_asset_materialization_events()}
    assert "below" not in made_of
    recorded = latest_checks(_OPEN["wrong"])
    blocking = [row["check"] for results in recorded.values() for row in results if not row["passed"]]
    assert sorted(blocking) == ["alike", "largest_cluster", "removal_rate"]
    details = _OPEN["wrong"].lake.read_table("check_results", ["detail"])["detail"].to_pylist()
    assert details and not any(words[0] in detail for detail in details)
    assert {status.place: status.state for status in plan(_OPEN["wrong"])}["deduplicated_documents/a"] != "fresh"


def test_repetition_that_leaves_next_to_nothing_stops_the_line(tmp_path: Path) -> None:
    """Documents with one line in common that are to have a thousand words after it is cut: all but the first go."""
    chance = random.Random(4)
    rows = [{"doc_id": doc_id, "snapshot": "a", "text": f"{prose(chance, 30)}\nhome news contact"}
            for doc_id in numbered(60)]
    outcomes = {}
    for name, min_words in {"stays": 0, "goes": 1000}.items():
        work = workspace(tmp_path / name, ["a"], repetition={"lines": {}, "min_words": min_words},
                         guards={"min_documents": 50})
        fill(work.lake, rows)
        run(work, REPEATING)
        stage = stages(work.recipe)["deduplicated_documents"]
        outcomes[name] = pass_gates(work, stage, "a")
    assert [one.name for one in outcomes["stays"] if not one.passed] == []
    assert [one.name for one in outcomes["goes"] if not one.passed] == ["sources_stay"]


def test_a_crawl_of_what_is_there_already_passes(tmp_path: Path) -> None:
    """The second crawl of a source brings one new page: the guard of copies counts both crawls, and so do all."""
    chance = random.Random(5)
    texts = [f"{prose(chance, 30)}\nhome news contact" for _ in range(61)]
    rows = [{"doc_id": doc_id, "snapshot": crawl, "source": "web", "text": text}
            for crawl, ids in (("a", numbered(120)[:60]), ("b", numbered(120)[60:]))
            for doc_id, text in zip(ids, texts[1:] if crawl == "b" else texts[:60], strict=True)]
    work = workspace(tmp_path, ["a", "b"], repetition={"lines": {}}, keep=("earliest",), guards={"min_documents": 50})
    fill(work.lake, [{**row, "fetched_at": DAY + timedelta(days=row["snapshot"] == "b")} for row in rows])
    run(work, REPEATING)
    assert work.lake.count("deduplicated_documents", "b") == 1
    flow = stages(work.recipe)
    for stage, crawl in ((flow["duplicates"], None), *((flow["deduplicated_documents"], crawl) for crawl in "ab")):
        assert [one.name for one in pass_gates(work, stage, crawl) if not one.passed] == []
