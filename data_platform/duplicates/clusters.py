"""Clusters of duplicates: what pairs connect, and what each document was matched with.

Here belongs what happens after pairs are known, up to the rows of table `duplicates`. Not here: where pairs come from
(`candidates.py`), and which copy is preferred (`policy.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError
from data_platform.core.tables import table
from data_platform.duplicates.candidates import similarities
from data_platform.duplicates.policy import alternative_licenses, survivors
from data_platform.methods.duplicates.minhash import sketches_of


class StalePairs(PlainError, ValueError):
    """Pairs name documents that are gone: they are to be made anew. The message counts them."""


def connected_components(left: np.ndarray, right: np.ndarray, count: int) -> np.ndarray:
    """Label every one of `count` rows with the smallest row that it is connected to by pairs of rows.

    The labels do not depend on the order of the pairs. Union-find with path halving, roots ordered by row.

    Returns:
        int64 of length `count`.
    """
    from data_platform.kernels.components import flatten, unite

    labels = np.arange(count, dtype=np.int64)
    unite(labels, left.astype(np.int64, copy=False), right.astype(np.int64, copy=False))
    flatten(labels)
    return labels


def find_duplicates(
    documents: pa.Table, pairs: pa.Table, keep: Sequence[str] = ("license_tier", "longest")
) -> pa.Table:
    """Cluster the documents that pairs connect, and choose the copy of each cluster that stays.

    Clusters are connected components: similarity is taken to be transitive, as in FineWeb. Who stays, and with it every
    cluster_id, is the same for any order and chunking of the rows.

    Args:
        documents: one row per document with `doc_id`, `snapshot`, `source`, `minhash_sketch`, `license_spdx`,
            `license_tier`, and the columns that `keep` compares (see `policy.preferences`).
        pairs: rows of table `copy_pairs`, of all snapshots.
        keep: what decides which copy stays. The first difference decides; the smallest doc_id if there is none.

    Returns:
        Table `duplicates`, sorted by doc_id.

    Raises:
        ValueError: if `keep` names no preference or a doc_id occurs twice.
        StalePairs: if a pair names a document that is not there.
    """
    # Sorted by doc_id, row numbers stand for ids: the smallest row is the smallest doc_id, whatever order they came in.
    documents = documents.sort_by("doc_id").combine_chunks()
    doc_id = documents["doc_id"].combine_chunks()
    count = len(doc_id)
    if repeated := count - len(doc_id.unique()):
        raise ValueError(f"doc_id must be unique, but {repeated} rows repeat one")
    pairs = pairs.sort_by([("doc_id", "ascending"), ("matched_id", "ascending")]).combine_chunks()
    left, right = (_rows(pairs[name], doc_id) for name in ("doc_id", "matched_id"))
    labels = connected_components(left, right, count)
    survivor = survivors(documents, labels, keep)
    stays = survivor == np.arange(count)
    matched, way = _ways_to(np.nonzero(stays)[0], left, right, count)
    dropped = np.nonzero(~stays)[0]
    taken = pa.array(way, mask=way < 0)
    columns = {
        "doc_id": doc_id,
        "snapshot": documents["snapshot"],
        "source": documents["source"],
        "cluster_id": doc_id.take(pa.array(survivor)),
        "cluster_size": np.bincount(labels, minlength=count)[labels],
        "kind": pc.fill_null(pairs["kind"].take(taken), "unique"),
        "kept": stays,
        "matched_id": doc_id.take(pa.array(matched, mask=matched < 0)),
        "similarity": pairs["similarity"].take(taken),
        "kept_similarity": _similarity_to(survivor, dropped, documents["minhash_sketch"]),
        "license_spdx": documents["license_spdx"],
        "license_tier": documents["license_tier"],
        "alternative_licenses": alternative_licenses(documents["license_spdx"].combine_chunks(), survivor),
    }
    return pa.table(columns, schema=table("duplicates").schema)


def _rows(ids: pa.ChunkedArray, doc_id: pa.Array) -> np.ndarray:
    places = pc.index_in(ids, doc_id)
    if places.null_count:
        raise StalePairs(f"{places.null_count} pairs name documents that are not there: bring copy_pairs up to date")
    return places.to_numpy().astype(np.int64)


def _ways_to(starts: np.ndarray, left: np.ndarray, right: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """For every row the next one on the shortest way to a row of `starts`, and the pair that leads there; or -1."""
    from data_platform.kernels.components import spread

    ends = np.concatenate((left, right))
    order = np.argsort(ends, kind="stable")
    offsets = np.concatenate(([0], np.cumsum(np.bincount(ends, minlength=count))))
    parents, ways = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    spread(starts, offsets, np.concatenate((right, left))[order], order % max(1, len(left)), parents, ways)
    return parents, ways


def _similarity_to(survivor: np.ndarray, dropped: np.ndarray, sketches: pa.ChunkedArray) -> pa.Array:
    """Estimated similarity of the rows `dropped` to their survivors; null for all others."""
    # Of most documents there is one copy: only the sketches of the others are laid out.
    rows = np.unique(np.concatenate((dropped, survivor[dropped])))
    laid_out, usable = sketches_of(sketches.take(pa.array(rows)))
    found = similarities(
        laid_out, usable, np.searchsorted(rows, dropped), np.searchsorted(rows, survivor[dropped])
    )
    result = np.full(len(survivor), np.nan)
    result[dropped] = found
    return pa.array(result, mask=np.isnan(result))
