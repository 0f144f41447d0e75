"""Documents that hold the text of others, are held in others or say the same, and what reservations bind of them.

A reservation binds whoever has the text: all documents that pairs connect with a reserved one, or with one that has a
reserved copy, since each names but one of those that it is like. Worked out from the pairs and clusters that are on the
way, whatever `document_terms` says.

Not here: which documents are reserved themselves (`reserved`), and copies in clusters (`copies`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from data_platform.proof.ids import IdIndex, distinct, numbers_of
from data_platform.proof.reading import Reader
from data_platform.proof.way import Way


def bound_by_pairs(reader: Reader, way: Way, reserved: Callable[[np.ndarray], np.ndarray]) -> IdIndex:
    """The documents that a reservation binds because of pairs, those that are reserved themselves among them.

    Args:
        reserved: whether each of some ids is reserved itself.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = [np.zeros((0, 2), np.uint64)]
    for stop in way.of("redundant_documents"):
        for batch in reader.read(stop, ["doc_id", "matched_doc_id"]):
            ends += [numbers_of(batch["doc_id"]), numbers_of(batch["matched_doc_id"])]
    if len(ends) == 1:
        return IdIndex(ends[0])
    numbers, _ = distinct(np.concatenate(ends))
    index, marked = IdIndex(numbers), reserved(numbers)
    for stop in way.of("duplicates"):
        for batch in reader.read(stop, ["doc_id", "cluster_id"]):
            behind = index.find(numbers_of(batch["cluster_id"]))
            own = numbers_of(batch["doc_id"])[behind >= 0]
            marked[behind[behind >= 0][reserved(own)]] = True
    lower, upper = (index.find(np.concatenate(ends[first::2])) for first in (1, 2))
    pairs = coo_array((np.ones(len(lower), bool), (lower, upper)), shape=(len(numbers), len(numbers)))
    group = connected_components(pairs, directed=False)[1]
    return IdIndex(numbers[np.isin(group, group[marked])])
