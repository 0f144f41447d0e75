"""Documents that say the same in other words: SemDeDup."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from data_platform.core.columns import Column
from data_platform.core.kinds.method import Example
from data_platform.core.kinds.pairer import PAIRS, DocumentPairer, Pairing, Texts

BLOCK = 2_048
"""Documents that are compared with others at once: bounds the memory of a large cluster."""


class DifferentModels(ValueError):
    """Embeddings of different models or widths cannot be compared."""


class Semantic(DocumentPairer, name="semantic"):
    """Documents that say the same in other words: SemDeDup.

    Abbas et al. 2023 ("SemDeDup", arXiv:2303.09540): embeddings of all documents are clustered by k-means, so that only
    documents of one cluster need be compared; of documents whose cosine is at least 1 - epsilon one stays, by default
    the one that is farthest from the centroid of the cluster (their "hard" examples). Two deviations. A document goes
    only if it is like one that stays, never for being like one that goes, so that no chain of small steps removes what
    is like nothing that is left. And centroids are scaled to length 1 after every round, since nearness is the cosine.

    The first centroids are documents at equal distances in the order of doc_ids, which are hashes; the seed shifts
    them. Documents are taken in this order throughout, so the result does not depend on the order of rows. Not here:
    how a text becomes an embedding (`models/embeddings.py`), and what is done about a document
    (`duplicates/cutting.py`).
    """

    class Settings(Pairing):
        """Documents whose embeddings are alike: SemDeDup."""

        model: str = Field(default="language_model", description="Entry of `models`: a causal language model.")
        max_tokens: int = Field(default=512, ge=2, description="Tokens of a document that the language model reads.")
        batch_tokens: int = Field(default=2_048, ge=2, description="Tokens per forward pass, padding included.")
        documents_per_cluster: int = Field(
            default=1_000, ge=1, description="Documents per cluster of k-means, on average."
        )
        iterations: int = Field(default=20, ge=1, description="Most iterations of k-means.")
        threshold: float = Field(
            default=0.95, gt=0, le=1, description="Cosine from which two documents are alike, 1 - epsilon of the "
            "paper. It belongs to a model: of a small language model's embeddings nearly all have a cosine above 0.95."
        )
        keep: Literal["hard", "easy"] = Field(
            default="hard",
            description="Which of two stays: the one farther from its centroid, or the one nearer to it.",
        )
        seed: int = Field(default=0, ge=0, description="Seed of the first centroids.")

    gives = (
        Column("embedding", pa.list_(pa.float32()), "Mean of the last hidden states over its first tokens, scaled to "
               "length 1."),
    )
    pool = "gpu"
    examples = (
        Example({"embedding": [[1, 0], [1, 0], [0, 1], [2, 0]]}, [(1, 0), (3, 0)], {}, "by hand: equal directions"),
        Example({"embedding": [[1, 0], [0.6, 0.8]]}, [], {}, "by hand: a cosine of 0.6"),
    )

    @classmethod
    def models(cls, settings: Settings) -> tuple[str, ...]:
        """The language model."""
        return (settings.model,)

    @classmethod
    def sketched_by(cls, settings: Settings) -> dict[str, int]:
        """What the language model reads."""
        return settings.model_dump(include={"max_tokens", "batch_tokens"})

    def __init__(self, settings: Settings, models: Mapping[str, Path] | None = None) -> None:
        """Load the language model, if its folder is given."""
        super().__init__(settings, models)
        if self.folders:
            from data_platform.models.embeddings import Embedder

            self._embedder = Embedder(self.folders[settings.model], settings.max_tokens, settings.batch_tokens)

    def sketch(self, texts: pa.LargeStringArray) -> dict[str, pa.Array]:
        """The embedding of every text."""
        return {"embedding": self._embedder.embed(texts)}

    def pairs(self, sketched: pa.Table, texts: Texts) -> pa.Table:
        """Every document that is like another one that stays, with the one it is most like."""
        settings = self.settings
        return semantic_duplicates(
            sketched, settings.threshold, settings.documents_per_cluster, settings.iterations, settings.keep,
            settings.seed,
        )


def semantic_duplicates(
    embedded: pa.Table, threshold: float = 0.95, documents_per_cluster: int = 1_000, iterations: int = 20,
    keep: str = "hard", seed: int = 0,
) -> pa.Table:
    """Every document that is like another one that stays, with the one it is most like: `PAIRS`.

    Args:
        embedded: `doc_id`, `embedding` and `model`, which made it.
        threshold: cosine from which two documents are alike.
        documents_per_cluster: documents per cluster, on average.
        iterations: most rounds of k-means.
        keep: 'hard': the document farther from its centroid stays; 'easy': the nearer one.
        seed: which documents are the first centroids.

    Raises:
        DifferentModels: if embeddings are of different models or widths.
    """
    from data_platform.kernels.pairs import first_alike

    embedded = embedded.sort_by("doc_id").combine_chunks()
    vectors = _vectors(embedded)
    clusters = max(1, -(-len(vectors) // documents_per_cluster))
    labels, nearness = cluster(vectors, clusters, iterations, seed)
    # By cluster, then farthest first or last, then doc_id.
    order = np.lexsort((np.arange(len(vectors)), nearness if keep == "hard" else -nearness, labels))
    bounds = np.searchsorted(labels[order], np.arange(clusters + 1))
    rows, others, similarity = [], [], []
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        members = order[begin:end]
        own = vectors[members]
        kept, matches, best = np.ones(len(own), bool), np.full(len(own), -1), np.zeros(len(own))
        for start in range(0, len(own), BLOCK):
            # Those that go are compared with nothing more: copies take time by their number, not by its square.
            stay = np.flatnonzero(kept[:start])
            places = np.concatenate((stay, np.arange(start, min(start + BLOCK, len(own)))))
            cosines = own[start : start + BLOCK] @ own[places].T
            still, match, most = np.ones(len(places), bool), np.full(len(places), -1), np.zeros(len(places))
            first_alike(cosines, still, len(stay), threshold, match, most)
            gone = np.flatnonzero(~still)
            kept[places[gone]], matches[places[gone]], best[places[gone]] = False, places[match[gone]], most[gone]
        gone = np.flatnonzero(~kept)
        rows.append(members[gone])
        others.append(members[matches[gone]])
        similarity.append(np.clip(best[gone], -1, 1))
    row, other = (np.concatenate([*parts, np.empty(0, np.int64)]).astype(np.int64) for parts in (rows, others))
    place = np.argsort(row)
    doc_id = embedded["doc_id"].combine_chunks()
    columns = {
        "doc_id": doc_id.take(pa.array(row[place])),
        "matched_doc_id": doc_id.take(pa.array(other[place])),
        "similarity": np.concatenate([*similarity, np.empty(0)])[place],
    }
    return pa.table(columns, schema=PAIRS)


def _vectors(embedded: pa.Table) -> np.ndarray:
    """The embeddings as a matrix of float32, each of length 1."""
    lists = embedded["embedding"].combine_chunks()
    widths = np.unique(lists.value_lengths().to_numpy(zero_copy_only=False))
    if len(widths) > 1 or len(embedded["model"].unique()) > 1:
        raise DifferentModels("embeddings of different models or widths cannot be compared; make them again")
    if not len(lists):
        return np.empty((0, 1), np.float32)
    vectors = lists.flatten().to_numpy().reshape(len(lists), -1)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def cluster(vectors: np.ndarray, clusters: int, iterations: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Spherical k-means: the cluster of every vector, and its cosine with the centroid.

    Products are made by torch, on the accelerator if there is one; sums on the processor, in a fixed order.

    Args:
        vectors: float32, of length 1.
        clusters: how many.
        iterations: most rounds; it ends as soon as no vector changes its cluster.
        seed: which vectors are the first centroids.
    """
    import torch

    from data_platform.models.placement import device

    count = len(vectors)
    clusters = min(clusters, max(count, 1))
    if not count:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    place = device()
    points = torch.from_numpy(np.ascontiguousarray(vectors)).to(place)
    centroids = vectors[(np.arange(clusters) * count // clusters + seed) % count].astype(np.float64)
    labels = np.full(count, -1)
    for _ in range(iterations):
        found, nearness = _nearest(points, torch.from_numpy(centroids.astype(np.float32)).to(place))
        if (found == labels).all():
            break
        labels = found
        order = np.argsort(labels, kind="stable")
        used, first = np.unique(labels[order], return_index=True)
        sums = np.add.reduceat(vectors[order].astype(np.float64), first, axis=0)
        # A centroid that no vector is nearest to, or whose vectors cancel out, stays where it was.
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        moved = lengths[:, 0] > 1e-9
        centroids[used[moved]] = sums[moved] / lengths[moved]
    return labels, nearness


def _nearest(points, centroids) -> tuple[np.ndarray, np.ndarray]:
    labels, nearness = [], []
    for start in range(0, len(points), BLOCK):
        found = (points[start : start + BLOCK] @ centroids.T).max(dim=1)
        labels.append(found.indices.cpu().numpy())
        nearness.append(found.values.cpu().numpy())
    return np.concatenate(labels), np.concatenate(nearness)
