"""Clusters and survivors: who is connected, who stays, what is on record, and that no order of rows changes it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.columns import TIMESTAMP
from data_platform.core.tables import table
from data_platform.duplicates.clusters import StalePairs, connected_components, find_duplicates
from data_platform.duplicates.policy import PreferenceError, alternative_licenses, preferences

DAY = datetime(2024, 5, 1, tzinfo=UTC)
SCHEMA = pa.schema({
    "doc_id": pa.string(), "snapshot": pa.string(), "source": pa.string(), "minhash_sketch": pa.large_binary(),
    "license_spdx": pa.string(), "license_tier": pa.int32(), "byte_count": pa.int64(), "fetched_at": TIMESTAMP,
    "mean_word_length": pa.float64(),
})
USUAL = {"snapshot": "2024-10", "source": "web", "minhash_sketch": b"", "license_spdx": "MIT", "license_tier": 1,
         "byte_count": 100, "fetched_at": None, "mean_word_length": None}
PAIRS = table("copy_pairs").schema


def _id(letter: str) -> str:
    return letter * 32


def _documents(**documents: dict) -> pa.Table:
    """Documents by the letter of their id."""
    return pa.Table.from_pylist([{"doc_id": _id(letter), **USUAL, **row} for letter, row in documents.items()], SCHEMA)


def _pairs(*pairs: str) -> pa.Table:
    """Pairs as two letters and the first of their kind, as "abm"."""
    kinds = {"e": "exact", "m": "minhash", "u": "url"}
    rows = [{"doc_id": _id(one), "snapshot": "2024-10", "matched_id": _id(two), "kind": kinds[kind],
             "similarity": {"e": 1.0, "m": 0.8, "u": None}[kind], "verified": kind == "e"} for one, two, kind in pairs]
    return pa.Table.from_pylist(rows, PAIRS)


def _by_letter(found: pa.Table) -> dict[str, tuple]:
    assert found.schema.equals(table("duplicates").schema)
    return {
        row["doc_id"][0]: (row["cluster_id"][0], row["cluster_size"], row["kind"], (row["matched_id"] or "-")[0],
                           row["similarity"])
        for row in found.to_pylist()
    }


def test_documents_without_copies_stay() -> None:
    found = find_duplicates(_documents(a={}, b={}), _pairs())
    assert _by_letter(found) == {letter: (letter, 1, "unique", "-", None) for letter in "ab"}
    assert found["kept"].to_pylist() == [True, True] and found["kept_similarity"].to_pylist() == [None, None]
    assert find_duplicates(_documents(), _pairs()).num_rows == 0


def test_every_copy_names_what_it_was_matched_with_on_the_way_to_the_one_that_stays() -> None:
    documents = _documents(a={}, b={}, c={"byte_count": 120}, d={}, e={}, f={}, g={}, h={})
    found = find_duplicates(documents, _pairs("bae", "cbm", "dcm", "fem", "ghu"))
    assert _by_letter(found) == {
        "a": ("c", 4, "exact", "b", 1.0), "b": ("c", 4, "minhash", "c", 0.8), "c": ("c", 4, "unique", "-", None),
        "d": ("c", 4, "minhash", "c", 0.8), "e": ("e", 2, "unique", "-", None), "f": ("e", 2, "minhash", "e", 0.8),
        "g": ("g", 2, "unique", "-", None), "h": ("g", 2, "url", "g", None),
    }
    assert [letter for letter, kept in zip("abcdefgh", found["kept"].to_pylist(), strict=True) if kept] == list("ceg")


def test_similarity_to_the_copy_that_stays_is_estimated_for_every_other() -> None:
    sketches = {"a": bytes(8), "b": bytes([0, 0, 0, 0, 9, 9, 9, 9]), "c": bytes([9] * 8), "d": b"", "e": bytes(8)}
    documents = _documents(**{letter: {"minhash_sketch": sketch} for letter, sketch in sketches.items()})
    found = find_duplicates(documents, _pairs("bam", "cbm", "dce"), [])
    half = (0.5 - 1 / 256) / (1 - 1 / 256)
    assert found["kept_similarity"].to_pylist() == [None, pytest.approx(half), 0.0, None, None]


@pytest.mark.parametrize(
    ("keep", "survivor"),
    [
        (("license_tier", "longest"), "b"), (("license_tier", "earliest"), "c"), (("license_tier",), "b"),
        (("license_tier", "shortest"), "c"), (("license_tier", "latest"), "b"), (("longest", "license_tier"), "d"),
        (("longest", "earliest"), "e"), (("earliest",), "e"), (("latest",), "b"), (("shortest", "longest"), "a"),
        (("license_tier", "highest:mean_word_length"), "c"), (("lowest:mean_word_length",), "e"), ((), "a"),
    ],
)
def test_the_first_difference_in_the_order_of_keep_decides(keep: tuple[str, ...], survivor: str) -> None:
    documents = _documents(
        a={"license_tier": 5, "byte_count": 10},
        b={"license_tier": 0, "byte_count": 30, "fetched_at": DAY.replace(month=9), "mean_word_length": 4.5},
        c={"license_tier": 0, "byte_count": 20, "fetched_at": DAY.replace(month=8), "mean_word_length": 5.5},
        d={"license_tier": 1, "byte_count": 99, "fetched_at": DAY.replace(month=7)},
        e={"license_tier": 2, "byte_count": 99, "fetched_at": DAY, "mean_word_length": 3.0},
        f={"license_tier": 4, "byte_count": 99, "fetched_at": None},
    )
    pairs = _pairs("bae", "cbe", "dce", "ede", "fee")
    assert {row[0] for row in _by_letter(find_duplicates(documents, pairs, keep)).values()} == {survivor}


def test_what_decides_must_exist() -> None:
    expected = [("byte_count", "descending"), ("word_count", "descending")]
    assert preferences(["longest", "highest:word_count"]) == expected
    for wrong in ("newest", "highest:doc", "best:word_count", "highest"):
        with pytest.raises(PreferenceError, match=r"cannot keep by .*; there are license_tier, longest, "):
            preferences([wrong])


def test_the_free_copy_stays_and_the_others_are_on_record_with_their_licenses() -> None:
    documents = _documents(
        a={"license_spdx": "GPL-3.0-only", "license_tier": 2, "byte_count": 900},
        b={"license_spdx": "CC0-1.0", "license_tier": 0, "byte_count": 10},
        c={"license_spdx": "LicenseRef-unknown", "license_tier": 4, "byte_count": 500},
        d={"license_spdx": "CC0-1.0", "license_tier": 0, "byte_count": 9},
        e={"license_spdx": "GPL-3.0-only", "license_tier": 2},
        f={},
    )
    found = find_duplicates(documents, _pairs("bam", "cam", "dae", "eae"))
    rows = {row["doc_id"][0]: row for row in found.to_pylist()}
    assert [letter for letter, row in rows.items() if row["kept"]] == ["b", "f"]
    assert rows["b"]["alternative_licenses"] == ["GPL-3.0-only", "LicenseRef-unknown"]
    assert not any(row["alternative_licenses"] for letter, row in rows.items() if letter != "b")
    # Each alternative is a row of its own, with its licence: where the other copy is, is known.
    assert {letter: (row["license_spdx"], row["license_tier"]) for letter, row in rows.items()
            if row["cluster_id"] == _id("b") and not row["kept"]} == {
        "a": ("GPL-3.0-only", 2), "c": ("LicenseRef-unknown", 4), "d": ("CC0-1.0", 0), "e": ("GPL-3.0-only", 2)}
    assert alternative_licenses(pa.array([], pa.string()), np.array([], np.int64)).to_pylist() == []


def test_what_does_not_fit_together_is_refused() -> None:
    documents = _documents(a={}, b={})
    with pytest.raises(ValueError, match="1 rows repeat one"):
        find_duplicates(pa.concat_tables([documents, documents.slice(1)]), _pairs())
    with pytest.raises(StalePairs, match="1 pairs name documents that are not there"):
        find_duplicates(documents, _pairs("bae", "cae"))


def _components(edges: list[tuple[int, int]], count: int) -> list[int]:
    array = np.array(edges, np.int64).reshape(-1, 2)
    return connected_components(array[:, 0], array[:, 1], count).tolist()


def test_components_are_labelled_by_their_smallest_member() -> None:
    for edges in permutations([(5, 4), (4, 1), (6, 2), (1, 5)]):
        assert _components(list(edges), 7) == [0, 1, 2, 3, 1, 1, 2]
    assert _components([], 3) == [0, 1, 2] and _components([], 0) == []


@settings(deadline=None)
@given(st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_components_agree_with_a_search(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = graph
    labels = list(range(count))
    while True:
        lowered = [min([labels[n], *(labels[a + b - n] for a, b in edges if n in (a, b))]) for n in range(count)]
        if lowered == labels:
            break
        labels = lowered
    assert _components(edges, count) == labels


DOCUMENTS = st.lists(
    st.fixed_dictionaries({
        "snapshot": st.sampled_from(["2023-50", "2024-10"]),
        "license_tier": st.integers(0, 2),
        "byte_count": st.integers(1, 3),
        "fetched_at": st.one_of(st.none(), st.integers(1, 3).map(lambda day: DAY.replace(day=day))),
    }),
    min_size=1, max_size=12,
)
KEEP = st.lists(st.sampled_from(["license_tier", "longest", "earliest"]), unique=True)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, KEEP, st.data())
def test_no_order_or_chunking_of_the_rows_changes_the_result(rows: list[dict], keep: list[str], data) -> None:
    letters = "abcdefghijkl"[: len(rows)]
    documents = _documents(**dict(zip(letters, rows, strict=True)))
    edges = data.draw(st.lists(st.tuples(*[st.sampled_from(letters)] * 2), unique=True).map(
        lambda found: [f"{one}{two}m" for one, two in found if one != two]))
    order, edge_order = (data.draw(st.permutations(range(count))) for count in (len(rows), len(edges)))
    cut = data.draw(st.integers(0, len(rows)))
    shuffled = documents.take(pa.array(order, pa.int64()))
    found = find_duplicates(documents, _pairs(*edges), keep)
    again = find_duplicates(pa.concat_tables([shuffled[:cut], shuffled[cut:]]),
                            _pairs(*(edges[place] for place in edge_order)), keep)
    assert again.equals(found)

    # The laws of the table: one copy of each cluster stays, under its own id, and it is the one preferred.
    result = {row["doc_id"][0]: row for row in found.to_pylist()}
    assert list(result) == list(letters)

    def rank(letter: str) -> tuple:
        row = rows[letters.index(letter)]
        values = {"license_tier": (False, row["license_tier"]), "longest": (False, -row["byte_count"]),
                  "earliest": (row["fetched_at"] is None, row["fetched_at"] or 0)}
        return (*(values[name] for name in keep), letter)

    for letter, row in result.items():
        members = [other for other, one in result.items() if one["cluster_id"] == row["cluster_id"]]
        assert row["cluster_size"] == len(members) and row["cluster_id"][0] == min(members, key=rank)
        assert row["kept"] == (row["doc_id"] == row["cluster_id"]) == (row["kind"] == "unique")
        if not row["kept"]:
            one, two = letter, row["matched_id"][0]
            assert two in members and (f"{one}{two}m" in edges or f"{two}{one}m" in edges)
