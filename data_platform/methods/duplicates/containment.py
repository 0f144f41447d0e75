"""Documents that are contained in others: most of their word n-grams are in a larger document.

Broder 1997, "On the resemblance and containment of documents": with S the set of n-grams, the containment of A in B is
|S(A) & S(B)| / |S(A)|. A chapter in a book, or an article on a page with all its comments, has a containment near 1
and a resemblance near 0, and MinHash misses it. Candidates come from sketches that hold the hashes below a fixed limit
(Broder's MOD sketch; FracMinHash in Irber et al. 2022): one of `scale`, the same ones in every document. They are then
compared by all their n-grams, so that a wrong pair is never told.

A document of n n-grams has no sketch with a probability of (1 - 1 / scale)^n: 0.1 % for 50 n-grams at a scale of 8. It
is then not found. Of two documents of the same size, that with the smaller doc_id counts as the larger one.

Sketches are stored by snapshot, and made once. Not here: what is done about a contained document
(`duplicates/cutting.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.methods.duplicates.minhash import distinct_shingles

CANDIDATES = 4
"""How many documents are compared with each, at the most: those with which it shares most of its sketch."""


def sketches(text: pa.Array | pa.ChunkedArray, ngram: int = 5, scale: int = 8) -> pa.StructArray:
    """The sketch of every text: columns `shingle_count` and `sketch` of table `document_sketches`.

    Args:
        text: strings of any Arrow layout; nulls count as empty.
        ngram: words per n-gram; words are those of `word_ngram_hashes`.
        scale: one hash of so many is in a sketch.
    """
    offsets, sets = _sets(text, ngram)
    low = sets <= np.uint64((2**64 - 1) // scale)
    below = np.concatenate(([0], np.cumsum(low)))[offsets].astype(np.int32)
    # Half of the range, so that they are positive as signed numbers and stay in order.
    hashes = pa.array((sets[low] >> np.uint64(1)).astype(np.int64))
    schema = table("document_sketches").schema
    return pa.StructArray.from_arrays(
        [pa.array(np.diff(offsets)), pa.ListArray.from_arrays(pa.array(below), hashes)],
        fields=[schema.field("shingle_count"), schema.field("sketch")],
    )


def _sets(text: pa.Array | pa.ChunkedArray, ngram: int) -> tuple[np.ndarray, np.ndarray]:
    shingles = distinct_shingles(text, ngram)
    return shingles.offsets.to_numpy(), shingles.values.to_numpy()


def contained_documents(
    sketched: pa.Table, texts: Callable[[pa.Array], Iterable[pa.RecordBatch | pa.Table]], share: float = 0.8,
    ngram: int = 5, max_documents: int = 1_000,
) -> pa.Table:
    """Every document that is contained in a larger one, with the one that contains most of it: rows of
    `redundant_documents`.

    The result is the same for any order and chunking of the rows.

    Args:
        sketched: rows of table `document_sketches`, of the documents that are to be compared.
        texts: gives the documents of some doc_ids: `doc_id` and `text`.
        share: share of a document's n-grams that must be in the other.
        ngram: as for the sketches.
        max_documents: hashes in the sketches of more documents propose nothing.
    """
    sketched = sketched.sort_by("doc_id").combine_chunks()
    doc_id = sketched["doc_id"].combine_chunks()
    left, right = _candidates(sketched, share, max_documents)
    wanted = np.unique(np.concatenate([left, right]))
    ids, sizes, hashes = [], [], []
    for batch in texts(doc_id.take(pa.array(wanted))):
        offsets, sets = _sets(batch["text"], ngram)
        ids.append(pc.index_in(batch["doc_id"].cast(pa.string()), doc_id).to_numpy(zero_copy_only=False))
        sizes.append(np.diff(offsets))
        hashes.append(sets)
    if not ids:
        return table("redundant_documents").schema.empty_table()
    containment = _compare(np.concatenate(ids), np.concatenate(sizes), np.concatenate(hashes), left, right)
    enough = containment >= share
    left, right, containment = left[enough], right[enough], containment[enough]
    count = sketched["shingle_count"].to_numpy()
    # The best of each: most contained, then largest, then smallest doc_id.
    order = np.lexsort((right, -count[right], -containment, left))
    _, best = np.unique(left[order], return_index=True)
    best = order[best]
    columns = {
        "doc_id": doc_id.take(pa.array(left[best])),
        "snapshot": sketched["snapshot"].take(pa.array(left[best])),
        "kind": pa.repeat("containment", len(best)),
        "matched_doc_id": doc_id.take(pa.array(right[best])),
        "similarity": containment[best],
    }
    return pa.table(columns, schema=table("redundant_documents").schema)


def _candidates(sketched: pa.Table, share: float, max_documents: int) -> tuple[np.ndarray, np.ndarray]:
    from data_platform.kernels import pairs as pair_kernels

    lists = sketched["sketch"].combine_chunks()
    offsets = np.concatenate(([0], np.cumsum(lists.value_lengths().to_numpy()))).astype(np.int64)
    hashes = lists.flatten().to_numpy()
    documents = np.repeat(np.arange(len(lists)), np.diff(offsets))
    order = np.argsort(hashes, kind="stable")
    new = np.ones(len(hashes), bool)
    new[1:] = hashes[order[1:]] != hashes[order[:-1]]
    numbers = np.empty(len(hashes), np.int64)
    numbers[order] = np.cumsum(new) - 1
    postings = np.append(np.flatnonzero(new), len(hashes))
    # Rows are sorted by doc_id: the row is the rank.
    return pair_kernels.propose(
        offsets, postings, documents[order], numbers, sketched["shingle_count"].to_numpy(),
        np.arange(len(lists)), share, max_documents, CANDIDATES,
    )


def _compare(
    rows: np.ndarray, sizes: np.ndarray, hashes: np.ndarray, left: np.ndarray, right: np.ndarray
) -> np.ndarray:
    """The containment of the documents `left` in `right`; the sets belong to `rows` in their order."""
    from data_platform.kernels import pairs as pair_kernels

    place = np.full(int(max(rows.max(), left.max(), right.max())) + 1, -1)
    place[rows] = np.arange(len(rows))
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    shared = pair_kernels.shared_counts(offsets, hashes, place[left], place[right])
    return shared / np.maximum(sizes[place[left]], 1)
