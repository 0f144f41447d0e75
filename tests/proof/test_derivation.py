"""Derived rows of a mixture: followed back through their parents, held to their licences, named for what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks.audit_lake import MIXTURE, PAIRS, make_lake
from data_platform.lake.lake import Lake
from data_platform.proof.audit import audit
from data_platform.proof.gate import Proof, prove
from data_platform.proof.page import audit_page
from data_platform.proof.trace import trace
from tests.proof.test_examination import STRANGER, changed, without

NAME, MADE = f"mixture_{MIXTURE}", f"derived_{PAIRS}"
ROWS, SNAPSHOTS, TEXTS = 120, ("one", "two"), 200
Plant = Callable[[pa.Table], pa.Table]


def lake_with(folder: Path, **plants: Plant) -> Lake:
    return make_lake(str(folder), ROWS, SNAPSHOTS, plants=plants, pairs=TEXTS)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_with(tmp_path_factory.mktemp("sound"))


def apart(lake: Lake) -> Iterator[tuple[str, list[str]]]:
    """Derived rows of the mixture, above tier 0, with their parents, no two with a parent in common."""
    rows = lake.read_table("parents").sort_by("position")
    tiers = lake.read_table(NAME, ["doc_id", "license_tier"]).to_pylist()
    mixed = {row["doc_id"] for row in tiers if row["license_tier"] > 0}
    families: dict[str, list[str]] = {}
    for derived, parent in zip(rows["derived_id"].to_pylist(), rows["parent_id"].to_pylist(), strict=True):
        families.setdefault(derived, []).append(parent)
    taken: set[str] = set()
    for derived in sorted(mixed & families.keys()):
        if not taken & set(families[derived]):
            taken.update(families[derived])
            yield derived, families[derived]


def said_of(proof: Proof, doc_id: str) -> list[tuple[str, str, str]]:
    """Kind, table and words of all findings of a row."""
    place = proof.examination.rows["doc_id"].to_pylist().index(doc_id)
    return [(finding.kind, finding.table, finding.what) for finding in proof.examination.findings
            if place in finding.rows]


def of_parents(victim: str, /, **values: object) -> Plant:
    """Change rows of `parents` of one derived text."""
    def change(rows: pa.Table) -> pa.Table:
        own = pc.equal(rows["derived_id"], victim)
        for column, value in values.items():
            field = rows.schema.field(column)
            filled = pc.if_else(own, pa.scalar(value, field.type), rows[column])
            rows = rows.set_column(rows.column_names.index(column), field, filled)
        return rows

    return change


def test_derived_rows_are_proven_through_their_parents(sound: Lake) -> None:
    proof = prove(sound, NAME, texts=True)
    assert proof.complete, proof.reasons()
    derivation = proof.examination.derivation
    ids = proof.examination.rows["doc_id"].take(pa.array(derivation.rows)).to_pylist()
    assert set(ids) <= set(sound.read_table(MADE, ["doc_id"])["doc_id"].to_pylist()) and len(ids) > 10
    assert len(derivation.parent) == 2 * len(ids) and {"parents", MADE} <= set(proof.way.tables)


# What is planted of a derived row and its parents, and what has to be said of the row: table, and words.
PLANTS: dict[str, tuple[str, Callable[[str, list[str]], Plant], str, str]] = {
    "a parent was dropped": ("deduplicated_documents", lambda row, parents: without(parents[1]),
                             "deduplicated_documents", "of a parent: the document is not there"),
    "a parent is a copy": ("duplicates", lambda row, parents: changed(parents[0], kept=False), "duplicates",
                           "of a parent: it was dropped there as a copy"),
    "a parent has no record": ("raw_crawls", lambda row, parents: without(parents[1], "record_id"), "raw_crawls",
                               "of a parent: the record"),
    "a parent's evidence is gone": ("license_evidence", lambda row, parents: without(parents[0]), "license_evidence",
                                    "of a parent: there is more or less evidence"),
    "a parent reserved": ("license_evidence",
                          lambda row, parents: changed(parents[0], license_spdx="LicenseRef-tdm-opt-out"),
                          "license_evidence", "of a parent: the evidence does not bear the licence: a reservation"),
    "a parent's licence is stricter": ("document_terms",
                                       lambda row, parents: changed(parents[1], license_spdx="GPL-3.0-only",
                                                                    license_tier=2),
                                       MADE, "its licence is not that of all its parents"),
    "a parent opted out": ("document_terms", lambda row, parents: changed(parents[1], opt_out=True), MADE,
                           "the reservation of a parent is passed over"),
    "no parents are told": ("parents", lambda row, parents: lambda rows: rows.filter(
        pc.not_equal(rows["derived_id"], row)), "parents", "its parents are not told"),
    "a parent is kept back": ("parents", lambda row, parents: lambda rows: rows.filter(pc.invert(pc.and_(
        pc.equal(rows["derived_id"], row), pc.equal(rows["position"], 0)))), "parents", "not told once and in full"),
    "a parent is put in another's place": ("parents", lambda row, parents: of_parents(row, parent_id=STRANGER),
                                           "parents", "its id is not that of a text of these parents"),
    "made by another method": ("parents", lambda row, parents: of_parents(row, method="copying"), "parents",
                               "its id is not that of a text of these parents"),
    "made by a strange model": ("parents", lambda row, parents: of_parents(row, model="mine@1"), MADE,
                                "a model made it that is not on the way"),
    "freed when it was made": (MADE, lambda row, parents: changed(row, license_spdx="CC0-1.0", license_tier=0), MADE,
                               "its licence is not that of all its parents"),
    "freed in the mixture": (NAME, lambda row, parents: changed(row, license_spdx="CC0-1.0", license_tier=0), MADE,
                             "its license_spdx is another there"),
    "of another tier": (MADE, lambda row, parents: changed(row, license_tier=0), MADE,
                        "its tier is not the most restrictive of its parents"),
    "longer than it was": (NAME, lambda row, parents: changed(row, token_count=1), MADE, "its token_count is another"),
    "other words": (NAME, lambda row, parents: changed(row, text="other words"), MADE, "its text is another there"),
}


@pytest.fixture(scope="module")
def planted(sound: Lake, tmp_path_factory: pytest.TempPathFactory) -> tuple[Proof, dict[str, str]]:
    """One lake with everything planted, each in another row; and the row of each plant."""
    changes: dict[str, list[Plant]] = {}
    victims = {}
    for what, (row, parents) in zip(PLANTS, apart(sound), strict=False):
        table, plant, *_ = PLANTS[what]
        victims[what] = row
        changes.setdefault(table, []).append(plant(row, parents))
    assert len(victims) == len(PLANTS), "too few rows for one plant each"
    lake = lake_with(tmp_path_factory.mktemp("planted"), **{
        table: lambda rows, some=some: reduce(lambda rows, change: change(rows), some, rows)
        for table, some in changes.items()
    })
    return prove(lake, NAME, texts=True), victims


@pytest.mark.parametrize("what", PLANTS)
def test_a_planted_derived_row_is_named_for_what_is_wrong(planted: tuple[Proof, dict[str, str]], what: str) -> None:
    proof, victims = planted
    _, _, where, words = PLANTS[what]
    said = said_of(proof, victims[what])
    assert any(name == where and words in reason for _, name, reason in said), said


def test_what_is_wrong_with_a_document_is_wrong_with_all_that_was_made_of_it(
    planted: tuple[Proof, dict[str, str]],
) -> None:
    proof, victims = planted
    found = proof.examination
    broken = np.intersect1d(found.broken, found.derivation.rows)
    ids, told = set(found.rows["doc_id"].take(pa.array(broken)).to_pylist()), set(victims.values())
    assert told <= ids
    for doc_id in ids - told:
        assert all("parent" in reason for _, _, reason in said_of(proof, doc_id))


def test_parents_of_another_recipe_are_a_breach(sound: Lake, tmp_path: Path) -> None:
    lake = lake_with(tmp_path)
    shutil.rmtree(tmp_path / "parents")
    proof = prove(lake, NAME)
    assert not proof.complete and any("parents" in str(breach) for breach in proof.way.breaches)
    row, _ = next(apart(sound))
    assert ("chain", "parents", "its parents are not told") in said_of(proof, row)


def test_the_audit_tells_what_was_made_and_by_what(sound: Lake) -> None:
    report = audit(sound, MIXTURE)
    derived = report["derived"]
    assert report["proven"] and derived["documents"] > 10 and derived["parents"] > derived["documents"]
    assert [(maker["method"], maker["documents"]) for maker in derived["makers"]] == [
        ("pairing", derived["documents"])]
    assert "What was made of other texts" in audit_page(report)
    domains = {item["value"]: item for item in report["tokens_by"]["domain"]}
    assert domains["synthetic"]["documents"] == derived["documents"]


def test_a_derived_row_is_traced_to_the_records_of_its_parents(sound: Lake) -> None:
    row, parents = next(apart(sound))
    answer = trace(sound, MIXTURE, row)
    assert answer["derived"]["method"] == "pairing" and answer["derived"]["table"] == MADE
    assert [(parent["doc_id"], parent["position"]) for parent in answer["parents"]] == list(zip(parents, (0, 1),
                                                                                               strict=True))
    for parent in answer["parents"]:
        assert parent["record"]["record_id"] == parent["doc_id"] and parent["license"]["license_spdx"]
    own, parts = answer["derived"]["license_spdx"], [one["license"]["license_spdx"] for one in answer["parents"]]
    assert all(part in own for part in parts)


def test_lakes_from_before_scores_had_tables_are_examined(tmp_path: Path) -> None:
    lake = make_lake(str(tmp_path / "old"), 60, ("one",), old=True)
    report = audit(lake, MIXTURE)
    assert report["proven"] and report["derived"]["documents"] == 0
    rows = {model["role"]: model["rows"] for model in report["models"]}
    assert rows["perplexity"] == rows["quality score"] == report["mixture"]["rows"]
    strange = make_lake(str(tmp_path / "strange"), 60, ("one",), old=True, plants={
        "quality_annotations": lambda rows: rows.set_column(
            rows.column_names.index("quality_model"), "quality_model", pa.repeat("mine@1", rows.num_rows))})
    assert "quality_annotations: a model scored it that is not on the way" in prove(strange, NAME).counts("chain")
