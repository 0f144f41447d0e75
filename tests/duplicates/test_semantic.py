"""Semantic duplicates: known answers, laws, and embeddings of a model that is made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.methods.duplicates.semantic import DifferentModels, cluster, semantic_duplicates
from data_platform.models.settings import LanguageModel


def _embedded(vectors: list[list[float]] | np.ndarray, model: str = "m@1") -> pa.Table:
    count = len(vectors)
    return pa.table({
        "doc_id": pa.array([f"{number:032x}" for number in range(count)], pa.string()),
        "snapshot": pa.array(["one"] * count, pa.string()),
        "embedding": pa.array([list(map(float, vector)) for vector in vectors], pa.list_(pa.float32())),
        "model": pa.array([model] * count, pa.string()),
    })


def _found(embedded: pa.Table, **settings_: object) -> list[tuple[int, int, float]]:
    rows = semantic_duplicates(embedded, **settings_).to_pylist()
    return [(int(row["doc_id"], 16), int(row["matched_doc_id"], 16), row["similarity"]) for row in rows]


def _at(degrees: float) -> list[float]:
    return [np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]


def test_what_is_nearer_to_the_centroid_goes() -> None:
    # The centroid is at 5 degrees; 0 is farthest, then 9 and 6. Cosines: 9 degrees 0.988, 3 degrees 0.9986.
    vectors = [_at(6), _at(0), _at(9)]
    assert _found(_embedded(vectors), threshold=0.995) == [(0, 2, pytest.approx(np.cos(np.radians(3))))]
    assert _found(_embedded(vectors), threshold=0.98) == [
        (0, 1, pytest.approx(np.cos(np.radians(6)))), (2, 1, pytest.approx(np.cos(np.radians(9))))
    ]
    assert _found(_embedded(vectors), threshold=0.98, keep="easy") == [
        (1, 0, pytest.approx(np.cos(np.radians(6)))), (2, 0, pytest.approx(np.cos(np.radians(3))))
    ]


def test_no_chain_removes_what_is_like_nothing_that_stays() -> None:
    vectors = [_at(degrees) for degrees in range(0, 60, 4)]  # each is like the next, the ends are not alike
    gone = {row: other for row, other, _ in _found(_embedded(vectors), threshold=np.cos(np.radians(5)))}
    assert gone and not set(gone.values()) & gone.keys()
    assert all(abs(row - other) == 1 for row, other in gone.items())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 50), st.sampled_from([0.5, 0.8, 0.95]), st.sampled_from(["hard", "easy"]))
def test_what_goes_would_go_by_the_code_of_the_paper(seed: int, count: int, threshold: float, keep: str) -> None:
    """There, in the order of keeping, a document goes if its largest cosine with any before it is above 1 - eps."""
    vectors = np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels, nearness = cluster(vectors, 1, 20, 0)
    order = np.lexsort((np.arange(count), nearness if keep == "hard" else -nearness))
    cosines = vectors[order] @ vectors[order].T
    most = np.triu(cosines, 1).max(axis=0, initial=-1)
    paper = set(order[most > threshold - 1e-6].tolist())
    gone = {row: (other, cosine) for row, other, cosine in _found(_embedded(vectors), threshold=threshold, keep=keep)}
    stays = set(range(count)) - gone.keys()
    assert gone.keys() <= paper and (labels == 0).all()
    assert all(other in stays and cosine >= threshold for other, cosine in gone.values())
    left = sorted(stays)
    assert (np.triu(vectors[left] @ vectors[left].T, 1) < threshold + 1e-6).all(), "of two that are alike one goes"
    # Where no document is like one that goes alone, there is no chain, and both say the same.
    if all(any(cosines[one, two] > threshold for two in range(one) if order[two] in stays)
           for one in range(count) if order[one] in paper):
        assert gone.keys() == paper


def test_equal_ones_keep_the_first_id() -> None:
    assert _found(_embedded([[1, 0], [1, 0], [0, 1], [2, 0]])) == [(1, 0, 1.0), (3, 0, 1.0)]
    assert _found(_embedded([])) == []


def test_embeddings_of_two_models_are_refused() -> None:
    two = pa.concat_tables([_embedded([[1, 0]]), _embedded([[1, 0]], "m@2")])
    with pytest.raises(DifferentModels):
        semantic_duplicates(two)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 20))
def test_the_result_does_not_depend_on_the_order_of_rows(seed: int, count: int, per_cluster: int) -> None:
    random = np.random.default_rng(seed)
    embedded = _embedded(random.normal(size=(count, 3)))
    shuffled = embedded.take(pa.array(random.permutation(count)))
    settings_ = {"threshold": 0.9, "documents_per_cluster": per_cluster}
    assert semantic_duplicates(shuffled, **settings_).equals(semantic_duplicates(embedded, **settings_))


def test_clusters_are_those_of_the_data_whatever_the_threads() -> None:
    import torch

    random = np.random.default_rng(3)
    centers = np.eye(8, dtype=np.float32)
    vectors = (centers[np.arange(400) % 8] + random.normal(scale=0.05, size=(400, 8))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    threads = torch.get_num_threads()
    try:
        labels = []
        for number in (1, 2):
            torch.set_num_threads(number)
            labels.append(cluster(vectors, 8, 20, seed=0)[0])
    finally:
        torch.set_num_threads(threads)
    assert (labels[0] == labels[1]).all()
    for center in range(8):
        assert len(set(labels[0][center::8].tolist())) == 1


def test_embeddings_of_a_model_made_here(tmp_path: Path) -> None:
    from data_platform.models.embeddings import Embedder
    from data_platform.models.language_model import train_language_model

    texts = [f"the mill by the river bakes bread number {number}" for number in range(20)]
    settings_ = LanguageModel(layers=1, width=32, vocabulary=300, context=32, steps=1, batch=2)
    train_language_model(pa.chunked_array([texts]), settings_, 0, tmp_path, pa.chunked_array([texts]))
    embedder = Embedder(tmp_path, max_tokens=16)
    vectors = np.array(embedder.embed(pa.array([texts[0], texts[0], texts[1], "", "x " * 500])).to_pylist())
    assert vectors.shape == (5, 32) and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors[0], vectors[1], atol=1e-6)
    alone = np.array(embedder.embed(pa.array([texts[1]])).to_pylist())
    assert np.allclose(alone[0], vectors[2], atol=1e-4), "the other texts of a batch do not matter"
