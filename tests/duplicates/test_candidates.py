"""Pairs: which documents are connected, that splits into crawls do not change it, and that strangers never are."""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.tables import table
from data_platform.methods.duplicates.minhash import distinct_shingles
from tests.duplicates.corpora import clustered, found_pairs, members, numbered, pairs_in_turn, signed

SCHEMA = table("document_signatures").schema


def _documents(rows: dict[str, dict]) -> pa.Table:
    """Signatures by the letter of a document's id; unless told, no two are copies."""
    filled = [
        {"doc_id": letter * 32, "snapshot": "now", "url_hash": None, "exact_hash": f"{ord(letter):032x}",
         "shingle_count": 10, "minhash_bands": [], "minhash_sketch": bytes(row.get("minhash_bands", [])), **row}
        for letter, row in rows.items()
    ]
    return pa.Table.from_pylist(filled, SCHEMA)


def _listed(pairs: pa.Table) -> list[tuple[str, str, str]]:
    assert pairs.schema.equals(table("copy_pairs").schema)
    return [(row["doc_id"][0], row["matched_id"][0], row["kind"]) for row in pairs.to_pylist()]


def test_pairs_are_as_many_as_hold_clusters_together() -> None:
    documents = _documents({
        "a": {"exact_hash": "0" * 32, "minhash_bands": [1, 5]}, "b": {"minhash_bands": [2, 5]},
        "c": {"exact_hash": "0" * 32, "minhash_bands": [1, 7]}, "d": {"minhash_bands": [2, 9]}, "e": {},
    })
    assert _listed(found_pairs(documents, "now")) == [("b", "a", "minhash"), ("c", "a", "exact"),
                                                          ("d", "b", "minhash")]
    assert _listed(found_pairs(documents, "now", ["exact"])) == [("c", "a", "exact")]
    assert _listed(found_pairs(documents, "now", ["minhash"])) == [("b", "a", "minhash"), ("c", "a", "minhash"),
                                                                       ("d", "b", "minhash")]
    assert found_pairs(documents[:0], "now").num_rows == 0


def test_only_pairs_of_the_snapshot_are_found_and_the_older_document_is_what_was_matched() -> None:
    documents = _documents({
        "a": {"minhash_bands": [1, 2]}, "b": {"snapshot": "before", "minhash_bands": [1, 3]},
        "c": {"snapshot": "before", "minhash_bands": [4, 3]}, "d": {"minhash_bands": [4, 5]},
    })
    assert _listed(found_pairs(documents, "now")) == [("a", "b", "minhash"), ("d", "c", "minhash")]
    assert _listed(found_pairs(documents.filter(pa.compute.field("snapshot") == "before"), "before")) == [
        ("c", "b", "minhash")]


def test_addresses_make_copies_only_if_the_recipe_says_so() -> None:
    documents = _documents({"a": {"url_hash": "1" * 32}, "b": {"url_hash": "1" * 32}, "c": {}, "d": {}})
    assert _listed(found_pairs(documents, "now")) == []
    found = found_pairs(documents, "now", ["url"])
    assert _listed(found) == [("b", "a", "url")] and found["similarity"].to_pylist() == [None]


def test_equal_keys_with_different_minima_are_a_collision() -> None:
    # The keys are equal, the bytes of the minima are not: strangers that a hash has thrown together.
    rows = {letter: {"minhash_bands": [7, place], "minhash_sketch": bytes([place // 2, 0, place, 1])}
            for place, letter in enumerate("abcd")}
    assert _listed(found_pairs(_documents(rows), "now")) == [("b", "a", "minhash"), ("d", "c", "minhash")]
    halves = {"a": {"exact_hash": "a" * 16 + "1" * 16}, "b": {"exact_hash": "a" * 16 + "2" * 16}}
    assert _listed(found_pairs(_documents(halves), "now")) == []


def test_what_cannot_be_compared_is_refused() -> None:
    documents = _documents({"a": {"minhash_bands": [1, 2]}, "b": {"minhash_bands": [1, 2, 3]}})
    with pytest.raises(ValueError, match="different settings"):
        found_pairs(documents, "now")
    with pytest.raises(ValueError, match="1 rows repeat one"):
        found_pairs(pa.concat_tables([documents[:1], documents]), "now")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6).map(" ".join), max_size=8))
def test_short_texts_are_copies_only_of_the_same_words(texts: list[str]) -> None:
    rows = [{"doc_id": doc_id, "snapshot": "now", "text": text}
            for doc_id, text in zip(numbered(len(texts)), texts, strict=True)]
    documents = signed(rows)
    shingles = {row["doc_id"]: frozenset(own) for row, own in
                zip(rows, distinct_shingles(pa.array(texts, pa.string())).to_pylist(), strict=True)}
    words = {row["doc_id"]: row["text"] for row in rows}
    for row in found_pairs(documents, "now").to_pylist():
        one, two = row["doc_id"], row["matched_id"]
        if row["kind"] == "exact":
            assert words[one] == words[two] and row["similarity"] == 1
        else:
            assert shingles[one] & shingles[two], "without a common shingle there is no common minimum"


KEYS = st.fixed_dictionaries({
    "exact_hash": st.integers(0, 9).map("{:032x}".format),
    "url_hash": st.one_of(st.none(), st.integers(0, 9).map("{:032x}".format)),
    "minhash_bands": st.one_of(st.just([]), st.tuples(*[st.integers(0, 9)] * 3).map(list)),
})


@settings(max_examples=60, deadline=None)
@given(st.lists(KEYS, max_size=16), st.data())
def test_any_split_into_crawls_gives_the_clusters_of_all_at_once(rows: list[dict], data: st.DataObject) -> None:
    count = data.draw(st.sampled_from([1, 2, 7]))
    names = [f"crawl-{number}" for number in range(count)]
    kinds = data.draw(st.lists(st.sampled_from(["url", "exact", "minhash"]), min_size=1, unique=True))

    def documents(of: list[str]) -> pa.Table:
        filled = [{"shingle_count": 9, **row, "doc_id": doc_id, "snapshot": snapshot,
                   "minhash_sketch": bytes(row["minhash_bands"])}
                  for row, doc_id, snapshot in zip(rows, numbered(len(rows)), of, strict=True)]
        order = data.draw(st.permutations(range(len(filled))))
        return pa.Table.from_pylist([filled[place] for place in order], SCHEMA)

    def clusters(of: pa.Table, snapshots: list[str]) -> dict[str, frozenset[str]]:
        return members(clustered(of, pairs_in_turn(of, snapshots, kinds)))

    split = documents([data.draw(st.sampled_from(names)) for _ in rows])
    together = documents(["all"] * len(rows))
    found = clusters(split, names)
    assert found == clusters(together, ["all"])
    # And they are the components of all pairs that have a key in common.
    expected = {doc_id: {doc_id} for doc_id in numbered(len(rows))}
    for (one, left), (two, right) in combinations(zip(numbered(len(rows)), rows, strict=True), 2):
        if any([
            "exact" in kinds and left["exact_hash"] == right["exact_hash"],
            "url" in kinds and left["url_hash"] is not None and left["url_hash"] == right["url_hash"],
            "minhash" in kinds and any(a == b for a, b in zip(left["minhash_bands"], right["minhash_bands"],
                                                              strict=False)),
        ]):
            joined = expected[one] | expected[two]
            for member in joined:
                expected[member] = joined
    assert found == {doc_id: frozenset(cluster) for doc_id, cluster in expected.items()}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=9).map(" ".join), max_size=10),
       st.sampled_from([0.2, 0.4, 0.6, 0.8, 1.0]), st.data())
def test_verified_clusters_are_the_components_of_all_pairs_that_are_alike(
    texts: list[str], least: float, data: st.DataObject
) -> None:
    """Every two texts with a common minimum are candidates; those below the threshold must not keep others apart."""
    names = ["first", "second", "third"]
    ids = numbered(len(texts))
    rows = [{"doc_id": doc_id, "snapshot": data.draw(st.sampled_from(names)), "text": text}
            for doc_id, text in zip(ids, texts, strict=True)]
    by_id = {row["doc_id"]: row["text"] for row in rows}
    documents = signed(rows, ngram=1, bands=6, rows=1)
    found = members(clustered(documents, pairs_in_turn(documents, names, verify=least, texts=by_id, ngram=1)))
    bands = {row["doc_id"]: row["minhash_bands"] for row in documents.to_pylist()}
    expected = {doc_id: {doc_id} for doc_id in ids}
    for one, two in combinations(ids, 2):
        left, right = set(by_id[one].split()), set(by_id[two].split())
        candidates = any(a == b for a, b in zip(bands[one], bands[two], strict=True))
        if by_id[one] == by_id[two] or (candidates and len(left & right) / len(left | right) >= least):
            joined = expected[one] | expected[two]
            for member in joined:
                expected[member] = joined
    assert found == {doc_id: frozenset(cluster) for doc_id, cluster in expected.items()}


def test_one_failed_comparison_keeps_nobody_apart() -> None:
    # The stranger in the middle of the bucket is the one that a chain of neighbours would compare with both.
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    texts = {"a" * 32: " ".join(words), "b" * 32: "one " + " ".join("pqrstuvwx"), "c" * 32: " ".join(words[:9])}
    documents = signed([{"doc_id": key, "snapshot": "now", "text": text} for key, text in texts.items()], ngram=1,
                       bands=200, rows=1)
    bands = np.array(documents["minhash_bands"].to_pylist())
    assert ((bands[0] == bands[1]) & (bands[1] == bands[2])).any(), "one bucket holds all three"
    pairs = pairs_in_turn(documents, ["now"], verify=0.8, texts=texts, ngram=1)
    assert _listed(pairs) == [("c", "a", "minhash")]
    assert pairs["similarity"].to_pylist() == [0.9] and pairs["verified"].to_pylist() == [True]


def test_portions_that_fit_into_memory_give_the_same_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    rows = [{"doc_id": doc_id, "snapshot": "now", "text": " ".join(letters[start : start + 9])}
            for start, doc_id in enumerate(numbered(18))]
    documents = signed(rows, ngram=1, bands=20, rows=2)
    texts = {row["doc_id"]: row["text"] for row in rows}
    whole = pairs_in_turn(documents, ["now"], verify=0.7, texts=texts, ngram=1)
    monkeypatch.setattr("data_platform.duplicates.candidates.SHINGLES_AT_ONCE", 1)
    assert pairs_in_turn(documents, ["now"], verify=0.7, texts=texts, ngram=1).equals(whole) and whole.num_rows


def test_estimates_are_near_the_truth() -> None:
    shared = [f"w{number}" for number in range(300)]
    texts = {}
    for number, common in enumerate(range(30, 300, 15)):
        for side in "xy":
            own = [f"{side}{number}v{word}".translate(str.maketrans("0123456789", "abcdefghij"))
                   for word in range(300 - common)]
            base = [f"p{number}{word}".translate(str.maketrans("0123456789", "abcdefghij")) for word in shared[:common]]
            texts[f"{number:031x}{'12'['xy'.index(side)]}"] = " ".join(base + own)
    rows = [{"doc_id": key, "snapshot": "now", "text": text} for key, text in texts.items()]
    documents = signed(rows, ngram=1, bands=112, rows=1)
    found = found_pairs(documents, "now", ["minhash"])
    assert found.num_rows == len(texts) // 2 and not any(found["verified"].to_pylist())
    for row in found.to_pylist():
        left, right = set(texts[row["doc_id"]].split()), set(texts[row["matched_id"]].split())
        exact = len(left & right) / len(left | right)
        assert abs(row["similarity"] - exact) < 4 * (exact * (1 - exact) / 112) ** 0.5 + 0.02


@pytest.mark.parametrize("verify", [None, 0.8])
def test_a_bucket_of_copies_is_no_matter_of_pairs(verify: float | None) -> None:
    """Twenty thousand identical documents, half of them of an older crawl: one step each, not one for every pair."""
    rows = [{"doc_id": doc_id, "snapshot": "ab"[place % 2], "text": "one two three four five six seven"}
            for place, doc_id in enumerate(numbered(20_000))]
    documents = signed(rows)
    texts = {row["doc_id"]: row["text"] for row in rows}
    pairs = pairs_in_turn(documents, ["a", "b"], ["minhash"], verify, texts)
    # Verified, what comes first of the new ones is paired with each old one: their pairs are not read again.
    assert pairs.num_rows == len(rows) - 1 + (len(rows) // 2 - 1 if verify else 0)
    found = clustered(documents, pairs)
    assert set(found["cluster_size"].to_pylist()) == {len(rows)} and len(found["cluster_id"].unique()) == 1
    assert sum(found["kept"].to_pylist()) == 1


@pytest.mark.parametrize("least", [0.7, 0.85, 0.95])
def test_pages_of_one_template_are_copies_only_if_the_rest_is_alike(least: float) -> None:
    """All are candidates: most pairs are told by their bitmaps, and none wrongly."""
    chance = random.Random(6)
    template = [f"t{number}" for number in range(300)]
    tails = [[f"{kind}x{chance.randrange(9) * place}" for place in range(kind * 8)] for kind in range(10)]
    texts = []
    for tail in tails:
        changed = [word if chance.random() > 0.04 else f"y{chance.random()}" for word in tail]
        texts += [" ".join(template + tail), " ".join(template + changed), " ".join(template + tail + ["end"])]
    ids = numbered(len(texts))
    by_id = dict(zip(ids, texts, strict=True))
    documents = signed([{"doc_id": name, "snapshot": "now", "text": text} for name, text in by_id.items()], bands=40,
                       rows=1)
    found = members(clustered(documents, pairs_in_turn(documents, ["now"], ["minhash"], least, by_id)))
    sets = dict(zip(ids, map(set, distinct_shingles(pa.array(texts)).to_pylist()), strict=True))
    expected = {doc_id: {doc_id} for doc_id in ids}
    for one, two in combinations(ids, 2):
        if len(sets[one] & sets[two]) / len(sets[one] | sets[two]) >= least:
            joined = expected[one] | expected[two]
            for member in joined:
                expected[member] = joined
    assert found == {doc_id: frozenset(cluster) for doc_id, cluster in expected.items()}
    assert 1 < len(set(found.values())) < len(ids)
