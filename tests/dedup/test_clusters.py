"""Clusters and survivors: who is connected, who stays, and that no order of the rows changes either."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.columns import TIMESTAMP, table
from data_platform.dedup.candidates import Pairs, candidate_pairs, exact_pairs, minhash_pairs
from data_platform.dedup.clusters import connected_components, find_duplicates

SCHEMA = pa.schema(
    {
        "doc_id": pa.string(),
        "snapshot": pa.string(),
        "exact_hash": pa.string(),
        "minhash_bands": pa.list_(pa.int64()),
        "license_tier": pa.int32(),
        "byte_count": pa.int64(),
        "fetched_at": TIMESTAMP,
    }
)
UNLIKE = {"snapshot": "2024-10", "license_tier": 4, "byte_count": 100, "fetched_at": None}


def _id(letter: str) -> str:
    return letter * 32


def _documents(**documents: dict) -> pa.Table:
    """Documents by the letter of their id; unless told, no two are copies."""
    rows = [
        {"doc_id": _id(letter), "exact_hash": f"hash of {letter}", "minhash_bands": [], **UNLIKE, **columns}
        for letter, columns in documents.items()
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def _by_letter(found: pa.Table) -> dict[str, tuple[str, int, str, bool]]:
    assert found.schema.equals(table("duplicates").schema)
    return {
        row["doc_id"][0]: (row["cluster_id"][0], row["cluster_size"], row["kind"], row["kept"])
        for row in found.to_pylist()
    }


def test_documents_without_copies_stay() -> None:
    found = find_duplicates(_documents(a={}, b={"minhash_bands": [1, 2]}, c={"minhash_bands": [2, 1]}))
    assert _by_letter(found) == {letter: (letter, 1, "unique", True) for letter in "abc"}
    assert found["snapshot"].to_pylist() == ["2024-10"] * 3
    assert find_duplicates(_documents()).num_rows == 0


def test_exact_and_near_copies_are_told_apart_by_the_copy_that_stays() -> None:
    documents = _documents(
        a={"exact_hash": "one", "minhash_bands": [1, 2, 3]},
        b={"exact_hash": "one", "minhash_bands": [1, 2, 3], "byte_count": 90},
        c={"exact_hash": "two", "minhash_bands": [9, 2, 8], "byte_count": 80},
        d={"exact_hash": "two", "minhash_bands": [9, 2, 8], "byte_count": 120},
        e={"exact_hash": "short"},
        f={"exact_hash": "short"},
    )
    assert _by_letter(find_duplicates(documents)) == {
        "a": ("d", 4, "minhash", False),
        "b": ("d", 4, "minhash", False),
        "c": ("d", 4, "exact", False),
        "d": ("d", 4, "unique", True),
        "e": ("e", 2, "unique", True),
        "f": ("e", 2, "exact", False),
    }


def test_similarity_is_transitive() -> None:
    chain = _documents(a={"minhash_bands": [1, 2]}, b={"minhash_bands": [3, 2]}, c={"minhash_bands": [3, 4]})
    assert {row[0] for row in _by_letter(find_duplicates(chain)).values()} == {"a"}


DAY = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("keep", "survivor"),
    [
        (("license_tier", "longest"), "b"),
        (("license_tier", "earliest"), "c"),
        (("license_tier",), "b"),
        (("longest", "license_tier"), "d"),
        (("longest", "earliest"), "e"),
        (("earliest",), "e"),
        ((), "a"),
    ],
)
def test_the_first_difference_in_the_order_of_keep_decides(keep: tuple[str, ...], survivor: str) -> None:
    documents = _documents(
        a={"license_tier": 5, "byte_count": 10},
        b={"license_tier": 0, "byte_count": 30, "fetched_at": DAY.replace(month=9)},
        c={"license_tier": 0, "byte_count": 20, "fetched_at": DAY.replace(month=8)},
        d={"license_tier": 1, "byte_count": 99, "fetched_at": DAY.replace(month=7)},
        e={"license_tier": 2, "byte_count": 99, "fetched_at": DAY},
        f={"license_tier": None, "byte_count": 99, "fetched_at": None},
    )
    same = pa.array(["same"] * documents.num_rows)
    documents = documents.set_column(SCHEMA.get_field_index("exact_hash"), "exact_hash", same)
    assert {row[0] for row in _by_letter(find_duplicates(documents, keep)).values()} == {survivor}


def test_columns_that_nothing_compares_may_be_absent() -> None:
    documents = _documents(b={"exact_hash": "x"}, a={"exact_hash": "x"}).drop_columns(["byte_count", "license_tier"])
    assert find_duplicates(documents, ["earliest"])["cluster_id"].to_pylist() == [_id("a")] * 2


def test_what_cannot_be_compared_is_refused() -> None:
    documents = _documents(a={"minhash_bands": [1, 2]}, b={"minhash_bands": [1, 2, 3]})
    with pytest.raises(ValueError, match="bands 2, 3"):
        find_duplicates(documents)
    with pytest.raises(ValueError, match="cannot keep by newest; there are license_tier, longest, earliest"):
        find_duplicates(documents, ["newest"])
    with pytest.raises(ValueError, match="1 rows repeat one"):
        find_duplicates(pa.concat_tables([documents, documents.slice(1)]))


def test_candidate_pairs_chain_equal_keys() -> None:
    documents = _documents(
        a={"exact_hash": "x", "minhash_bands": [1, 5]},
        b={"minhash_bands": [2, 5]},
        c={"exact_hash": "x"},
        d={"exact_hash": "x", "minhash_bands": [1, 5]},
    )

    def listed(portions) -> list[list[tuple[int, int]]]:
        return [[(int(a), int(b)) for a, b in zip(left, right, strict=True)] for left, right in portions]

    assert listed(exact_pairs(documents)) == [[(0, 2), (2, 3)]]
    assert listed(minhash_pairs(documents)) == [[(0, 3)], [(0, 1), (1, 3)]]
    assert listed(candidate_pairs(documents)) == [[(0, 2), (2, 3)], [(0, 3)], [(0, 1), (1, 3)]]
    assert listed(candidate_pairs(documents, (minhash_pairs,))) == [[(0, 3)], [(0, 1), (1, 3)]]


def _pairs(edges: list[tuple[int, int]]) -> Pairs:
    array = np.array(edges, np.int64).reshape(-1, 2)
    return Pairs(array[:, 0], array[:, 1])


def test_components_are_labelled_by_their_smallest_member() -> None:
    for edges in permutations([(5, 4), (4, 1), (6, 2), (1, 5)]):
        assert connected_components([_pairs(list(edges))], 7).tolist() == [0, 1, 2, 3, 1, 1, 2]
    assert connected_components([], 3).tolist() == [0, 1, 2]
    assert connected_components([_pairs([])], 0).tolist() == []


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
    assert connected_components([_pairs(edges[:3]), _pairs(edges[3:])], count).tolist() == labels


DOCUMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "exact_hash": st.sampled_from("uvwxyz"),
            "minhash_bands": st.one_of(st.just([]), st.tuples(*[st.integers(0, 6)] * 3).map(list)),
            "snapshot": st.sampled_from(["2023-50", "2024-10"]),
            "license_tier": st.one_of(st.none(), st.integers(0, 2)),
            "byte_count": st.integers(1, 3),
            "fetched_at": st.one_of(st.none(), st.integers(1, 3).map(lambda day: DAY.replace(day=day))),
        }
    ),
    max_size=12,
)
KEEP = st.lists(st.sampled_from(["license_tier", "longest", "earliest"]), unique=True)


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS, KEEP, st.data())
def test_no_order_or_chunking_of_the_rows_changes_the_result(rows: list[dict], keep: list[str], data) -> None:
    documents = pa.Table.from_pylist([{"doc_id": f"{n:032x}", **row} for n, row in enumerate(rows)], SCHEMA)
    order = data.draw(st.permutations(range(len(rows))))
    cut = data.draw(st.integers(0, len(rows)))
    shuffled = documents.take(pa.array(order, pa.int64()))
    found = find_duplicates(documents, keep)
    assert find_duplicates(pa.concat_tables([shuffled[:cut], shuffled[cut:]]), keep).equals(found)

    # The laws of the table: one copy of each cluster stays, under its own id, and it is the one preferred.
    result = {row["doc_id"]: row for row in found.to_pylist()}
    assert list(result) == documents["doc_id"].to_pylist()

    def rank(doc_id: str) -> tuple:
        row = rows[int(doc_id, 16)]
        values = {
            "license_tier": (row["license_tier"] is None, row["license_tier"]),
            "longest": -row["byte_count"],
            "earliest": (row["fetched_at"] is None, row["fetched_at"]),
        }
        return (*((values[name][0], 0) if values[name] == (True, None) else values[name] for name in keep), doc_id)

    for doc_id, row in result.items():
        members = [other for other, found_row in result.items() if found_row["cluster_id"] == row["cluster_id"]]
        survivor, own = rows[int(row["cluster_id"], 16)], rows[int(doc_id, 16)]
        assert row["cluster_size"] == len(members) and row["cluster_id"] == min(members, key=rank)
        assert row["kept"] == (doc_id == row["cluster_id"]) == (row["kind"] == "unique")
        assert row["kept"] or (row["kind"] == "exact") == (own["exact_hash"] == survivor["exact_hash"])
