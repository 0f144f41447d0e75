"""Documents that are contained in others."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from data_platform.core.columns import Column
from data_platform.core.kinds.method import Example
from data_platform.core.kinds.pairer import PAIRS, DocumentPairer, Pairing, Texts
from data_platform.methods.duplicates.minhash import distinct_shingles

CANDIDATES = 16
"""How many documents are compared with each, at the most: those with which it shares most of its sketch."""


class Containment(DocumentPairer, name="containment"):
    """Documents that are contained in others: most of their word n-grams are in a larger document.

    Broder 1997, "On the resemblance and containment of documents": with S the set of n-grams, the containment of A in B
    is |S(A) & S(B)| / |S(A)|. A chapter in a book, or an article on a page with all its comments, has a containment
    near 1 and a resemblance near 0, and MinHash misses it. Candidates come from sketches that hold the hashes below a
    fixed limit (Broder's MOD sketch; FracMinHash in Irber et al. 2022): one of `scale`, the same ones in every
    document. They are then compared by all their n-grams, so that a wrong pair is never told.

    A document of n n-grams has no sketch with a probability of (1 - 1 / scale)^n: 0.1 % for 50 n-grams at a scale of 8.
    It is then not found. Of two documents of the same size, that with the smaller doc_id counts as the larger one.

    Sketches are stored by snapshot, and made once. Not here: what is done about a contained document
    (`duplicates/cutting.py`).
    """

    class Settings(Pairing):
        """Documents most of whose word n-grams are in a larger document."""

        share: float = Field(
            default=0.8, gt=0, le=1, description="Share of the n-grams that are in the other document."
        )
        ngram: int = Field(default=5, ge=1, description="Words per n-gram.")
        scale: int = Field(
            default=8, ge=1,
            description="One of so many n-grams proposes pairs, which are then compared by all; 1: each.",
        )
        max_documents: int = Field(
            default=1_000, ge=2,
            description="n-grams in more documents than this are boilerplate: they propose no pairs.",
        )

    gives = (
        Column("shingle_count", pa.int64(), "Distinct word n-grams.", minimum=0),
        Column("sketch", pa.list_(pa.int64()), "Those of their hashes that are below a limit, ascending."),
    )
    examples = (
        Example(["a b c d e", "x y a b c d e z", "q r s t u v"], [(0, 1)], {"ngram": 2, "scale": 1}, "the definition"),
        Example(["a b c d e f", "x y a b c d e z"], [], {"ngram": 2, "scale": 1, "share": 0.81},
                "by hand: 4 of 5 pairs of words"),
    )

    @classmethod
    def sketched_by(cls, settings: Settings) -> dict[str, int]:
        """The n-grams, and how many of them."""
        return settings.model_dump(include={"ngram", "scale"})

    def sketch(self, texts: pa.LargeStringArray) -> dict[str, pa.Array]:
        """The sketch of every text."""
        made = sketches(texts, self.settings.ngram, self.settings.scale)
        return {column.name: made.field(column.name) for column in self.gives}

    def pairs(self, sketched: pa.Table, texts: Texts) -> pa.Table:
        """Every document that is contained in a larger one, with each that contains it."""
        settings = self.settings
        return contained_documents(sketched, texts, settings.share, settings.ngram, settings.max_documents)


def sketches(text: pa.Array | pa.ChunkedArray, ngram: int = 5, scale: int = 8) -> pa.StructArray:
    """The sketch of every text: `shingle_count` and `sketch`.

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
    return pa.StructArray.from_arrays(
        [pa.array(np.diff(offsets)), pa.ListArray.from_arrays(pa.array(below), hashes)], ["shingle_count", "sketch"]
    )


def _sets(text: pa.Array | pa.ChunkedArray, ngram: int) -> tuple[np.ndarray, np.ndarray]:
    shingles = distinct_shingles(text, ngram)
    return shingles.offsets.to_numpy(), shingles.values.to_numpy()


def contained_documents(
    sketched: pa.Table, texts: Texts, share: float = 0.8, ngram: int = 5, max_documents: int = 1_000,
) -> pa.Table:
    """Every document that is contained in a larger one, with each of up to `CANDIDATES` that contain it, the one that
    contains most of it first: `PAIRS`. All of them use its text, and are used on its terms.

    The result is the same for any order and chunking of the rows.

    Args:
        sketched: `doc_id` and sketch of the documents that are to be compared.
        texts: gives the documents of some doc_ids.
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
        return PAIRS.empty_table()
    containment = _compare(np.concatenate(ids), np.concatenate(sizes), np.concatenate(hashes), left, right)
    enough = containment >= share
    left, right, containment = left[enough], right[enough], containment[enough]
    count = sketched["shingle_count"].to_numpy()
    # The best of each: most contained, then largest, then smallest doc_id.
    order = np.lexsort((right, -count[right], -containment, left))
    columns = {
        "doc_id": doc_id.take(pa.array(left[order])),
        "matched_doc_id": doc_id.take(pa.array(right[order])),
        "similarity": containment[order],
    }
    return pa.table(columns, schema=PAIRS)


def _candidates(sketched: pa.Table, share: float, max_documents: int) -> tuple[np.ndarray, np.ndarray]:
    from data_platform.kernels.pairs import propose

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
    return propose(
        offsets, postings, documents[order], numbers, sketched["shingle_count"].to_numpy(),
        np.arange(len(lists)), share, max_documents, CANDIDATES,
    )


def _compare(
    rows: np.ndarray, sizes: np.ndarray, hashes: np.ndarray, left: np.ndarray, right: np.ndarray
) -> np.ndarray:
    """The containment of the documents `left` in `right`; the sets belong to `rows` in their order."""
    from data_platform.kernels.pairs import shared_counts

    place = np.full(int(max(rows.max(), left.max(), right.max())) + 1, -1)
    place[rows] = np.arange(len(rows))
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    shared = shared_counts(offsets, hashes, place[left], place[right])
    return shared / np.maximum(sizes[place[left]], 1)
