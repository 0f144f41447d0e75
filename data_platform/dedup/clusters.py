"""Clusters of duplicates, and which copy of each stays.

Here belongs what happens after pairs are known: connecting them, choosing the survivor, and the rows of table
`duplicates`. Not here: where pairs come from (`candidates.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.columns import table
from data_platform.dedup.candidates import Pairs, candidate_pairs

PREFERENCES: dict[str, tuple[str, str]] = {
    "license_tier": ("license_tier", "ascending"),
    "longest": ("byte_count", "descending"),
    "earliest": ("fetched_at", "ascending"),
}
"""What may decide which copy stays: the column that is compared, and which end of it is preferred."""


def connected_components(pairs: Iterable[Pairs], count: int) -> np.ndarray:
    """Label every one of `count` rows with the smallest row that it is connected to by `pairs`.

    The labels do not depend on the order of the pairs. Union-find with path halving, roots ordered by row.

    Returns:
        int64 of length `count`.
    """
    from data_platform.dedup import kernels

    labels = np.arange(count, dtype=np.int64)
    for left, right in pairs:
        kernels.unite(labels, left.astype(np.int64, copy=False), right.astype(np.int64, copy=False))
    kernels.flatten(labels)
    return labels


def find_duplicates(documents: pa.Table, keep: Sequence[str] = ("license_tier", "longest")) -> pa.Table:
    """Cluster documents that are copies of each other, and choose the copy of each cluster that stays.

    Two documents are connected if their exact hashes or the keys of any band are equal; clusters are the connected
    components, as in FineWeb: band matches are not verified, and similarity is taken to be transitive. The result is
    the same for any order and chunking of the rows.

    Args:
        documents: one row per document with `doc_id`, `snapshot`, `exact_hash`, `minhash_bands`, and the columns that
            `keep` compares (see `PREFERENCES`). A null in those loses against any value.
        keep: what decides which copy stays. The first difference decides; the smallest doc_id if there is none.

    Returns:
        Table `duplicates`, sorted by doc_id. `cluster_id` is the doc_id of the copy that stays, alone or not. `kind`
        says how the row duplicates that copy: 'exact' if the exact hash is the same, else 'minhash'; 'unique' for the
        copies that stay.

    Raises:
        ValueError: if `keep` names no preference, a doc_id occurs twice, or signatures have different settings.
    """
    if unknown := [name for name in keep if name not in PREFERENCES]:
        raise ValueError(f"cannot keep by {', '.join(unknown)}; there are {', '.join(PREFERENCES)}")
    wanted = dict.fromkeys(["doc_id", "snapshot", "exact_hash", "minhash_bands", *(PREFERENCES[k][0] for k in keep)])
    # Sorted by doc_id, row numbers stand for ids: the smallest row is the smallest doc_id, whatever order they came in.
    documents = documents.select(list(wanted)).sort_by("doc_id").combine_chunks()
    doc_id = documents["doc_id"].combine_chunks()
    if repeated := len(doc_id) - len(doc_id.unique()):
        raise ValueError(f"doc_id must be unique, but {repeated} rows repeat one")
    labels = connected_components(candidate_pairs(documents), len(doc_id))
    survivors = _survivors(documents, labels, keep)[labels]
    stays = survivors == np.arange(len(labels))
    exact = documents["exact_hash"].combine_chunks().dictionary_encode().indices.to_numpy()
    kinds = pa.array(["unique", "exact", "minhash"])
    columns = {
        "doc_id": doc_id,
        "snapshot": documents["snapshot"],
        "cluster_id": doc_id.take(pa.array(survivors)),
        "cluster_size": np.bincount(labels, minlength=len(labels))[labels],
        "kind": kinds.take(pa.array(np.where(stays, 0, np.where(exact == exact[survivors], 1, 2)))),
        "kept": stays,
    }
    return pa.table(columns, schema=table("duplicates").schema)


def _survivors(documents: pa.Table, labels: np.ndarray, keep: Sequence[str]) -> np.ndarray:
    """For every label in use, the row that stays; undefined for other indices."""
    # Only clusters of several documents need sorting.
    rows = np.nonzero(np.bincount(labels, minlength=len(labels))[labels] > 1)[0]
    compared = {name: documents[PREFERENCES[name][0]].take(pa.array(rows)) for name in keep}
    ranked = pa.table({"cluster": labels[rows], **compared, "row": rows})
    order = pc.sort_indices(
        ranked,
        sort_keys=[("cluster", "ascending"), *((name, PREFERENCES[name][1]) for name in keep), ("row", "ascending")],
    ).to_numpy()
    clusters, first = np.unique(labels[rows][order], return_index=True)
    survivors = np.arange(len(labels))
    survivors[clusters] = rows[order[first]]
    return survivors
