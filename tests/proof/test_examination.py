"""Planted rows: whatever is wrong in any table on the way of a mixture, the row is found and named for that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks.audit_lake import ADMITTED, MIXTURE, make_lake
from data_platform.lake.lake import Lake
from data_platform.proof.gate import Proof, Unproven, prove, refuse_unproven
from data_platform.proof.ids import IdIndex, distinct, numbers_of

NAME = f"mixture_{MIXTURE}"
ROWS, SNAPSHOTS = 120, ("one", "two")
STRANGER = "f" * 32


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_lake(str(tmp_path_factory.mktemp("sound")), ROWS, SNAPSHOTS)


def without(doc_id: str, key: str = "doc_id") -> Callable[[pa.Table], pa.Table]:
    return lambda rows: rows.filter(pc.not_equal(rows[key], doc_id))


def twice(doc_id: str) -> Callable[[pa.Table], pa.Table]:
    return lambda rows: pa.concat_tables([rows, rows.filter(pc.equal(rows["doc_id"], doc_id))])


def changed(victim: str, /, **values: object) -> Callable[[pa.Table], pa.Table]:
    def change(rows: pa.Table) -> pa.Table:
        own = pc.equal(rows["doc_id"], victim)
        for column, value in values.items():
            type_ = rows.schema.field(column).type
            place = rows.column_names.index(column)
            rows = rows.set_column(place, rows.schema.field(column),
                                   pc.if_else(own, pa.scalar(value, type_), rows[column]))
        return rows

    return change


# What is planted, and what has to be said of the row: table, change, and table and words of the finding.
PLANTS = {
    "no record": ("raw_crawls", lambda id_: without(id_, "record_id"), "raw_crawls", "the record"),
    "no document": ("documents", without, "documents", "is not there"),
    "of another source": ("documents", lambda id_: changed(id_, source="elsewhere"), "documents", "its source"),
    "of another record": ("documents", lambda id_: changed(id_, record_id=STRANGER), "raw_crawls", "the record"),
    "evidence taken away": ("license_evidence", without, "license_evidence", "more or less evidence"),
    "evidence doubled": ("license_evidence", twice, "license_evidence", "more or less evidence"),
    "evidence stricter": ("license_evidence", lambda id_: changed(id_, license_spdx="CC-BY-NC-4.0"), "license_evidence",
                          "the evidence does not bear"),
    "evidence of a reservation": ("license_evidence", lambda id_: changed(id_, license_spdx="LicenseRef-tdm-opt-out"),
                                  "license_evidence", "a reservation against mining"),
    "evidence seen in no record": ("license_evidence", lambda id_: changed(id_, record_id=STRANGER), "raw_crawls",
                                   "in which evidence was seen"),
    "no licence": ("document_licenses", without, "document_licenses", "is not there"),
    "another licence decided": ("document_licenses", lambda id_: changed(id_, license_spdx="0BSD"), "license_evidence",
                                "amounts to another licence"),
    "another tier decided": ("document_licenses", lambda id_: changed(id_, license_tier=5), "license_evidence",
                             "it is no licence, or its tier"),
    "no terms": ("document_terms", without, "document_terms", "is not there"),
    "freer terms": ("document_terms", lambda id_: changed(id_, license_spdx="0BSD"), "document_terms",
                    "its license_spdx"),
    "other terms than the tier": ("document_terms", lambda id_: changed(id_, license_tier=0), "document_terms",
                                  "its license_tier"),
    "decided by nobody": ("document_licenses", lambda id_: changed(id_, resolver="me@1"), "document_licenses",
                          "no known rules"),
    "filtered away": ("filtered_documents", without, "filtered_documents", "is not there"),
    "broke a rule": ("filter_verdicts", lambda id_: changed(id_, kept=False), "filter_verdicts", "dropped there by a"),
    "dropped by its program": ("refinement_programs", lambda id_: changed(id_, outcome="dropped"),
                               "refinement_programs", "dropped there"),
    "dropped as a copy": ("duplicates", lambda id_: changed(id_, kept=False), "duplicates", "a copy of another"),
    "not compared": ("duplicates", without, "duplicates", "is not there"),
    "not deduplicated": ("deduplicated_documents", without, "deduplicated_documents", "is not there"),
    "longer than it was": ("deduplicated_documents", lambda id_: changed(id_, token_count=9), "deduplicated_documents",
                           "its token_count"),
    "scored by a stranger": ("scores_quality", lambda id_: changed(id_, model="mine@1"), "scores_quality",
                             "a model scored it"),
    "freed in the mixture": (NAME, lambda id_: changed(id_, license_spdx="CC0-1.0", license_tier=0), "document_terms",
                             "its license_spdx"),
    "above the tiers": (NAME, lambda id_: changed(id_, license_spdx="CC-BY-NC-4.0", license_tier=5), NAME,
                        "tier 5 is not admitted"),
    "tier and licence apart": (NAME, lambda id_: changed(id_, license_tier=0), "duplicates", "other terms"),
    "no expression at all": (NAME, lambda id_: changed(id_, license_spdx="free for all"), "duplicates", "other terms"),
    "another host": (NAME, lambda id_: changed(id_, host="free.example"), "deduplicated_documents", "its host"),
    "other words": (NAME, lambda id_: changed(id_, text="other words"), "deduplicated_documents", "its text"),
    "twice in the mixture": (NAME, twice, NAME, "more than once"),
}


@pytest.fixture(scope="module")
def planted(sound: Lake, tmp_path_factory: pytest.TempPathFactory) -> tuple[Proof, dict[str, str]]:
    """One lake with everything planted, each in another row; and the row of each plant."""
    rows = sound.read_table(NAME, ["doc_id", "license_spdx"])
    stated = rows.filter(pc.equal(rows["license_spdx"], "CC-BY-4.0"))["doc_id"].to_pylist()
    victims = dict(zip(PLANTS, stated, strict=False))
    assert len(victims) == len(PLANTS), "too few rows for one plant each"
    changes: dict[str, list[Callable[[pa.Table], pa.Table]]] = {}
    for what, (table, plant, *_) in PLANTS.items():
        changes.setdefault(table, []).append(plant(victims[what]))

    def all_of(some: list[Callable[[pa.Table], pa.Table]]) -> Callable[[pa.Table], pa.Table]:
        def change(rows: pa.Table) -> pa.Table:
            for one in some:
                rows = one(rows)
            return rows

        return change

    lake = make_lake(str(tmp_path_factory.mktemp("planted")), ROWS, SNAPSHOTS,
                     plants={table: all_of(some) for table, some in changes.items()})
    return prove(lake, NAME, texts=True), victims


def test_a_sound_mixture_is_proven(sound: Lake) -> None:
    proof = prove(sound, NAME, texts=True)
    assert proof.complete and proof.admitted == ADMITTED and proof.examination.rows.num_rows == ROWS
    assert proof.examination.evidence_rows > ROWS
    refuse_unproven(sound, NAME)


def test_less_is_admitted_than_is_in_it(sound: Lake) -> None:
    proof = prove(sound, NAME, admitted=(0, 1))
    tiers = sound.read_table(NAME, ["license_tier"])["license_tier"].to_pylist()
    assert proof.reasons() == [f"{tiers.count(2)} rows: {NAME}: tier 2 is not admitted"]


@pytest.mark.parametrize("what", PLANTS)
def test_a_planted_row_is_named_for_what_is_wrong(planted: tuple[Proof, dict[str, str]], what: str) -> None:
    proof, victims = planted
    _, _, table, words = PLANTS[what]
    ids = proof.examination.rows["doc_id"].to_pylist()
    said = [(finding.table, finding.what) for finding in proof.examination.findings
            if victims[what] in {ids[place] for place in finding.rows}]
    assert any(name == table and words in reason for name, reason in said), said


def test_nothing_is_said_of_rows_that_are_sound(planted: tuple[Proof, dict[str, str]]) -> None:
    proof, victims = planted
    ids = np.array(proof.examination.rows["doc_id"].to_pylist())
    assert set(ids[proof.examination.broken]) == set(victims.values())


def test_a_row_without_any_parent_fails_every_link(tmp_path: Path) -> None:
    def smuggle(rows: pa.Table) -> pa.Table:
        return pa.concat_tables([rows, changed(rows["doc_id"][0].as_py(), doc_id="smuggled")(rows.slice(0, 1))])

    proof = prove(make_lake(str(tmp_path), 30, ("one",), plants={NAME: smuggle}), NAME)
    missing = {finding.table for finding in proof.examination.findings if finding.what == "the document is not there"}
    assert missing == {"deduplicated_documents", "scores_perplexity", "scores_quality", "document_licenses",
                       "document_terms", "filtered_documents", "duplicates", "documents", "filter_verdicts",
                       "refinement_programs"}
    assert {len(finding.rows) for finding in proof.examination.findings} == {1}
    with pytest.raises(Unproven, match="1 row: "):
        refuse_unproven(Lake(str(tmp_path)), NAME)


def test_an_empty_mixture_is_proven(tmp_path: Path) -> None:
    lake = make_lake(str(tmp_path), 20, ("one",), plants={NAME: lambda rows: rows.slice(0, 0)})
    assert prove(lake, NAME).complete


def test_ids_are_found_whatever_they_are() -> None:
    odd = ["0" * 32, "f" * 32, "F" * 32, "", "x", "0" * 31, "é" * 16, "0" * 33, None, "00" * 15 + "0g"]
    numbers = numbers_of(pa.array(["1" * 32, *odd]).slice(1))
    found, which = distinct(numbers)
    assert len(found) == len(odd) - 1 and which[3] == which[8], "only null and the empty id are the same"
    index = IdIndex(numbers)
    assert index.find(numbers_of(pa.array(["x", "y", "f" * 32]))).tolist() == [4, -1, 1]
    assert index.repeated().tolist() == [8]
    assert numbers[1].tolist() == [2**64 - 1, 2**64 - 1] and numbers[0].tolist() == [0, 0]
    assert IdIndex(numbers_of(pa.array([], pa.string()))).find(numbers).tolist() == [-1] * len(odd)
