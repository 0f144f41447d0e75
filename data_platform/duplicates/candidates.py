"""Which pairs of documents are copies: the way from stored keys to the pairs that hold clusters together.

Here belongs the comparison of the documents of one snapshot with each other and with all documents before them. Not
here: how keys are computed (`methods/duplicates/`), and how pairs become clusters (`clusters.py`).

Documents with a key in common form a bucket. What is wanted is the connected components of all pairs of all buckets;
what is stored is a forest that has the same components, at most one pair per document of the snapshot and component
that it joins. Documents before the snapshot come first in every bucket:

- where a common key is enough, each document is paired with the first of its bucket, and the documents before the
  snapshot, which their own snapshots have paired already, are only joined;
- where pairs are verified, each new document is compared with every document before it in the bucket, unless the two
  are connected already. One comparison that fails does not keep the others from being made, so that the components are
  exactly those of all pairs that are alike; of m copies in a bucket only m - 1 are compared.

A bucket takes one look-up per document: time and memory grow with the number of documents, not with that of pairs. Only
where pairs are verified, documents of one bucket that are not alike are compared pair by pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.pairer import CopyPairer, Keys
from data_platform.core.tables import table
from data_platform.methods.duplicates.minhash import estimated_similarity, sketches_of

Shingles = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Of the documents of some rows, in their order: offsets and shingles as of `minhash.distinct_shingles`."""

SHINGLES_AT_ONCE = 40_000_000
"""Shingles that are held in memory to verify pairs: 320 MB."""
PARITY_WORDS = 16
"""64-bit words of the bitmap of a document by which most pairs that are not alike are told: 128 bytes."""


def copy_pairs(
    documents: pa.Table, snapshot: str, pairers: Sequence[CopyPairer], verify: float | None = None,
    shingles: Shingles | None = None,
) -> pa.Table:
    """The pairs that connect the copies of `snapshot` with each other and with the documents of other snapshots.

    Args:
        documents: one row per document of the snapshot and of those before it, with the columns of table
            `document_signatures`. Their order and chunks do not matter.
        pairers: what makes two documents copies; of what several find, the first tells it.
        verify: the least Jaccard similarity of documents that have a key in common, where it can be measured; None if
            the key is enough.
        shingles: what reads the documents again to verify them; called with rows of `documents` sorted by doc_id.

    Returns:
        Table `copy_pairs`, sorted by doc_id and matched_id.

    Raises:
        ValueError: if a doc_id occurs twice, or signatures were made with different settings.
    """
    # Sorted by doc_id, row numbers stand for ids: nothing depends on the order in which the rows came.
    documents = documents.sort_by("doc_id").combine_chunks()
    doc_id = documents["doc_id"].combine_chunks()
    if repeated := len(doc_id) - len(doc_id.unique()):
        raise ValueError(f"doc_id must be unique, but {repeated} rows repeat one")
    new = pc.equal(documents["snapshot"], snapshot).to_numpy()
    parents = np.arange(len(doc_id), dtype=np.int64)
    found = _Found(documents)
    for pairer in pairers:
        if verify is None or not pairer.measured:
            for keys in pairer.keys(documents):
                found.add(pairer, *_link(parents, keys, new))
            continue
        ways = list(pairer.keys(documents))
        for rows in _portions(parents, ways, new, documents["shingle_count"].to_numpy()):
            for left, right, similarity in _verified(parents, ways, rows, new, verify, shingles):
                found.add(pairer, left, right, similarity)
    return found.table(doc_id, snapshot)


def _link(parents: np.ndarray, keys: Keys, new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from data_platform.kernels.links import link

    members = np.concatenate((keys.rows[~new[keys.rows]], keys.rows[new[keys.rows]]))
    left, right = np.empty(len(members), np.int64), np.empty(len(members), np.int64)
    count = link(parents, keys.keys, keys.proofs, members, new, left, right)
    return left[:count], right[:count]


def _portions(
    parents: np.ndarray, bands: Sequence[Keys], new: np.ndarray, sizes: np.ndarray
) -> Iterator[np.ndarray]:
    """Documents that may be joined by bands, in portions whose shingles fit into memory; no bucket is divided."""
    from data_platform.kernels.components import flatten

    together = parents.copy()
    for keys in bands:
        _link(together, keys, new)
    flatten(together)
    members = np.bincount(together, minlength=len(together))
    fresh = np.zeros(len(together), np.bool_)
    fresh[together[new]] = True
    rows = np.nonzero((members[together] > 1) & fresh[together])[0]
    rows = rows[np.argsort(together[rows], kind="stable")]
    ends = np.nonzero(np.diff(together[rows], append=-1))[0] + 1
    start = 0
    weights = np.cumsum(sizes[rows])
    for place, end in enumerate(ends):
        following = ends[place + 1] if place + 1 < len(ends) else None
        done = weights[start - 1] if start else 0
        if following is None or weights[following - 1] - done > SHINGLES_AT_ONCE:
            yield np.sort(rows[start:end])
            start = end


def _verified(
    parents: np.ndarray, bands: Sequence[Keys], rows: np.ndarray, new: np.ndarray, least: float,
    shingles: Shingles,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Pairs of one portion that are alike, band by band."""
    from data_platform.kernels.components import flatten
    from data_platform.kernels.jaccard import parities
    from data_platform.kernels.links import link_alike

    offsets, hashes = shingles(rows)
    place = np.full(len(parents), -1, np.int64)
    place[rows] = np.arange(len(rows))
    # The portion's own numbers: a component is wholly inside it, so that its smallest row is too.
    flatten(parents)
    own = place[parents[rows]]
    mine = new[rows]
    left, right = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
    values = np.empty(len(rows), np.float64)
    bitmaps = np.zeros((len(rows), PARITY_WORDS), np.uint64)
    parities(offsets, hashes, bitmaps)
    for keys in bands:
        has = np.zeros(len(parents), np.bool_)
        has[keys.rows] = True
        usable = np.nonzero(has[rows])[0]
        members = np.concatenate((usable[~mine[usable]], usable[mine[usable]]))
        count = link_alike(
            own, keys.keys[rows], keys.proofs[rows], members, mine, left, right, values, offsets, hashes, bitmaps,
            least,
        )
        yield rows[left[:count]], rows[right[:count]], values[:count].copy()
    flatten(own)
    parents[rows] = rows[own]


class _Found:
    """The pairs found so far, as rows."""

    def __init__(self, documents: pa.Table) -> None:
        self._documents = documents
        self._left: list[np.ndarray] = [np.empty(0, np.int64)]
        self._right: list[np.ndarray] = [np.empty(0, np.int64)]
        self._similarity: list[np.ndarray] = [np.empty(0)]
        self._kinds: list[tuple[str, bool, int]] = []
        self._sketches: tuple[np.ndarray, np.ndarray] | None = None

    def add(
        self, pairer: CopyPairer, left: np.ndarray, right: np.ndarray, similarity: np.ndarray | None = None
    ) -> None:
        """Note pairs of one pairer; without `similarity` it is estimated, and 1 for what is the same."""
        if not len(left):
            return
        self._left.append(left.copy())
        self._right.append(right.copy())
        self._kinds.append((pairer.copies, pairer.same or similarity is not None, len(left)))
        if similarity is None:
            similarity = np.ones(len(left)) if pairer.same else self._estimate(left, right)
        self._similarity.append(similarity)

    def _estimate(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        if self._sketches is None:
            self._sketches = sketches_of(self._documents["minhash_sketch"])
        return similarities(*self._sketches, left, right)

    def table(self, doc_id: pa.StringArray, snapshot: str) -> pa.Table:
        """All pairs as table `copy_pairs`."""
        left, right, similarity = (np.concatenate(parts) for parts in (self._left, self._right, self._similarity))
        counts = np.array([count for *_, count in self._kinds], np.int64)
        portion = pa.array(np.repeat(np.arange(len(counts)), counts))
        columns = {
            "doc_id": doc_id.take(pa.array(left)),
            "snapshot": pa.repeat(snapshot, len(left)),
            "matched_id": doc_id.take(pa.array(right)),
            "kind": pa.array([kind for kind, *_ in self._kinds], pa.string()).take(portion),
            "similarity": pa.array(similarity, mask=np.isnan(similarity)),
            "verified": pa.array([sure for _, sure, _ in self._kinds], pa.bool_()).take(portion),
        }
        rows = pa.table(columns, schema=table("copy_pairs").schema)
        return rows.sort_by([("doc_id", "ascending"), ("matched_id", "ascending")])


def similarities(sketches: np.ndarray, usable: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Estimated similarity of the documents `left[i]` and `right[i]`; not a number where one has no sketch."""
    if not sketches.shape[1]:
        return np.full(len(left), np.nan)
    return np.where(usable[left] & usable[right], estimated_similarity(sketches, left, right), np.nan)
