"""MinHash signatures: what is in them, the theory they must follow, and recall on real near-duplicates."""

from __future__ import annotations

import math
import tarfile
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.tables import table
from data_platform.methods.duplicates.minhash import distinct_shingles, estimated_similarity, recall, signatures
from data_platform.text.words import word_ngram_hashes
from tests.duplicates.corpora import found_pairs


def _bands(texts: list[str], **settings: int) -> np.ndarray:
    return np.array(signatures(pa.array(texts, pa.large_string()), **settings).field("minhash_bands").to_pylist())


def test_columns_are_those_of_the_table() -> None:
    schema = table("document_signatures").schema
    found = signatures(pa.array(["a b c d e f", "a", "", None]))
    names = ["exact_hash", "shingle_count", "minhash_bands", "minhash_sketch"]
    assert [field.name for field in found.type] == names
    assert all(field.equals(schema.field(field.name)) for field in found.type)


def test_short_texts_have_no_bands() -> None:
    texts = ["one two three four five six", "one two three four five", "one two three four", None]
    found = signatures(pa.array(texts))
    assert found.field("shingle_count").to_pylist() == [2, 1, 0, 0]
    assert [len(bands) for bands in found.field("minhash_bands").to_pylist()] == [14, 14, 0, 0]
    assert [len(sketch) for sketch in found.field("minhash_sketch").to_pylist()] == [112, 112, 0, 0]
    assert signatures(pa.array([], pa.string())).to_pylist() == []


def test_shingles_are_distinct_ngrams() -> None:
    found = signatures(pa.array(["a b a b a b", "A, b! a b - a b", "a a a a", "a b c"]), ngram=2)
    assert found.field("shingle_count").to_pylist() == [2, 2, 1, 2]


def test_bands_depend_on_the_set_of_shingles_alone() -> None:
    one, other, third = _bands(["x y x y x y x", "Y; X; y (x)", "x y z"], ngram=2)
    assert (one == other).all() and not (one == third).any()


def test_bands_of_one_text_differ() -> None:
    # One shingle is the minimum of every permutation, and rows=1 makes a band of each.
    bands = _bands(["only five words are here"], bands=50, rows=1)
    assert len(set(bands[0])) == 50


def test_settings_matter() -> None:
    text = ["some text of more than five words"]
    usual = set(_bands(text)[0])
    for changed in ({"seed": 2}, {"rows": 7}, {"ngram": 4}):
        assert usual.isdisjoint(_bands(text, **changed)[0])
    assert _bands(text, seed=0).shape == (1, 14) and _bands(text, seed=2**64).shape == (1, 14)
    for wrong in ({"ngram": 0}, {"bands": 0}, {"rows": 0}):
        with pytest.raises(ValueError, match="at least 1"):
            signatures(pa.array(text), **wrong)


def test_signatures_do_not_change_between_versions() -> None:
    # Stored signatures are compared with those of later runs: whoever changes these must say so there.
    assert _bands(["The quick brown fox jumps over the lazy dog"], bands=3).tolist() == [
        [5053100910397975754, 231317756753022970, 3322546887439320527]
    ]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcde"), max_size=12).map(" ".join), max_size=6), st.data())
def test_a_texts_signature_depends_on_that_text_alone(texts: list[str], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(texts))))
    together = signatures(pa.array(texts, pa.string()), ngram=3).to_pylist()
    shuffled = signatures(pa.array([texts[place] for place in order], pa.large_string()), ngram=3).to_pylist()
    assert shuffled == [together[place] for place in order]
    assert together == [signatures(pa.array([text]), ngram=3)[0].as_py() for text in texts]


def test_threads_give_the_same_signatures() -> None:
    texts = pa.array([f"document number {'one two three four five '[: 4 * n % 25]} has {n} words" for n in range(400)])
    slices = [texts.slice(start, 50) for start in range(0, 400, 50)]
    with ThreadPoolExecutor(4) as pool:
        assert pa.concat_arrays(list(pool.map(signatures, slices))).equals(signatures(texts))


def _pairs_of_similarity(similarity: float, count: int, size: int) -> tuple[list[str], float]:
    """`count` pairs of texts, each pair over `size` distinct words of its own; and their exact Jaccard similarity."""
    shared = round(similarity * size)
    own = (size - shared) // 2
    letters = str.maketrans("0123456789", "abcdefghij")
    texts = []
    for pair in range(count):
        words = [f"{pair}x{word}".translate(letters) for word in range(shared + 2 * own)]
        texts += [" ".join(words[: shared + own]), " ".join(words[:shared] + words[shared + own :])]
    return texts, shared / (shared + 2 * own)


@pytest.mark.parametrize("similarity", [0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9])
def test_candidates_follow_the_curve_of_broder(similarity: float) -> None:
    pairs = 500
    texts, exact = _pairs_of_similarity(similarity, pairs, 100)
    bands = _bands(texts, ngram=1)
    found = (bands[::2] == bands[1::2]).any(axis=1).mean()
    expected = 1 - (1 - exact**8) ** 14
    assert abs(found - expected) < 4 * math.sqrt(expected * (1 - expected) / pairs) + 1 / pairs


def test_recall_is_that_of_the_published_curve() -> None:
    # FineWeb, arXiv:2406.17557: 14 bands of 8 find 56 %, 77 %, 92 % and 98.8 % of pairs of 0.7, 0.75, 0.8 and 0.85.
    assert [round(recall(s), 3) for s in (0.5, 0.7, 0.75, 0.8, 0.85)] == [0.053, 0.565, 0.772, 0.924, 0.988]


def test_distinct_shingles_are_sorted_sets() -> None:
    found = distinct_shingles(pa.array(["b a b a b", None, "a b", "a"]), 2).to_pylist()
    assert [len(own) for own in found] == [2, 0, 1, 0] and found[0] == sorted(set(found[0]))
    assert found[2][0] in found[0]


def test_estimated_similarity_of_sketches() -> None:
    sketches = np.zeros((3, 100), np.uint8)
    sketches[1, :50], sketches[2] = 1, 2
    one, two = np.array([0, 0, 0]), np.array([0, 1, 2])
    assert np.allclose(estimated_similarity(sketches, one, two), [1, (0.5 - 1 / 256) / (1 - 1 / 256), 0])


@pytest.mark.parametrize("similarity", [0.1, 0.5, 0.9])
def test_minima_agree_as_often_as_the_sets_are_similar(similarity: float) -> None:
    texts, exact = _pairs_of_similarity(similarity, 200, 100)
    minima = _bands(texts, ngram=1, bands=112, rows=1)
    found = (minima[::2] == minima[1::2]).mean()
    assert abs(found - exact) < 4 * math.sqrt(exact * (1 - exact) / (200 * 112))


def test_recall_on_snapshots_of_real_documents(shared_data: Path) -> None:
    """Five snapshots of one collection: most pages are close to an older self, at every degree of similarity."""
    names, texts = [], []
    for path in sorted((shared_data / "domains").glob("cc-by-sa-*/owasp-cheatsheets-*.tar.xz")):
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and member.name.endswith(".md"):
                    names.append(Path(member.name).name)
                    texts.append(archive.extractfile(member).read().decode())
    array = pa.array(texts, pa.large_string())
    shingles = [set(hashes) for hashes in word_ngram_hashes(array, 5).to_pylist()]
    signed = signatures(array)
    assert signed.field("shingle_count").to_pylist() == [len(own) for own in shingles]
    bands = np.array([own or [row] * 14 for row, own in enumerate(signed.field("minhash_bands").to_pylist())])

    pairs = [pair for pair in combinations(range(len(texts)), 2) if shingles[pair[0]] and shingles[pair[1]]]
    same_page = [(one, other) for one, other in pairs if names[one] == names[other]]
    similarity = {
        (one, other): len(shingles[one] & shingles[other]) / len(shingles[one] | shingles[other])
        for one, other in same_page
    }
    matched = {pair for pair in pairs if (bands[pair[0]] == bands[pair[1]]).any()}
    near = {pair for pair in same_page if similarity[pair] >= 0.9}
    far = {pair for pair in same_page if similarity[pair] < 0.4}
    assert len(same_page) == 682 and len(near) > 250 and len(far) > 100
    assert len(near & matched) / len(near) > 0.995  # P = 0.9996 at 0.9
    assert not far & matched
    # Over all degrees, as many as the theory expects; pages of several snapshots are not independent of each other.
    expected = sum(1 - (1 - value**8) ** 14 for value in similarity.values())
    assert abs(len(matched & set(same_page)) - expected) < 0.05 * expected
    # What matches under another name is a page that was renamed.
    for one, other in matched - set(same_page):
        assert len(shingles[one] & shingles[other]) / len(shingles[one] | shingles[other]) > 0.6
    # What is stored of them shares a band too, and is estimated as near as 112 bytes allow.
    count = len(texts)
    documents = pa.Table.from_struct_array(signed).append_column("doc_id", pa.array(f"{n:032x}" for n in range(count)))
    documents = documents.append_column("snapshot", pa.array(["now"] * count))
    proposed = found_pairs(documents, "now", ["minhash"]).to_pylist()
    stored = {(int(row["matched_id"], 16), int(row["doc_id"], 16)): row["similarity"] for row in proposed}
    assert {(min(pair), max(pair)) for pair in stored} <= matched
    errors = [value - len(shingles[one] & shingles[two]) / len(shingles[one] | shingles[two])
              for (one, two), value in stored.items()]
    assert len(errors) > 200 and abs(np.mean(errors)) < 0.01 and np.std(errors) < 0.05
