"""Guards: signs that a wrong setting, and not the data, removes documents.

n-grams of characters where words were meant made one cluster of 859,091 of 859,092 documents of a source
(marin-community/marin#6854); a Bloom filter that was updated twice removed more than 90 % (mlfoundations/dclm#83). Both
passed unseen. Here belongs what is asked of table `duplicates` before anything may be made of it, and of what is left
once repetition is cut. Not here: how the answer stops the line (`assets/gates.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.duplicates.settings import DuplicateGuards

COLUMNS = ("source", "kept", "kind", "cluster_id", "cluster_size", "kept_similarity")
"""The columns of table `duplicates` that guards read."""
SHOWN = 5


class Finding(NamedTuple):
    """The answer of one guard, with the counts and ids that explain it."""

    passed: bool
    detail: Mapping[str, Any]


def removal_rate(duplicates: pa.Table, settings: DuplicateGuards) -> Finding:
    """Of no source of some size more than a share of the documents is dropped."""
    counted = duplicates.group_by("source").aggregate([("kept", "count"), ("kept", "sum")]).to_pylist()
    rates = {row["source"]: 1 - row["kept_sum"] / row["kept_count"] for row in counted
             if row["kept_count"] >= settings.min_documents}
    over = {source: rate for source, rate in rates.items() if rate > settings.max_removal_rate}
    return Finding(not over, {
        "sources": len(counted), "large_enough": len(rates), "over": _first(over), "largest": _first(rates, 1),
        "allowed": settings.max_removal_rate,
    })


def largest_cluster(duplicates: pa.Table, settings: DuplicateGuards) -> Finding:
    """No cluster holds more than a share of all documents."""
    count = duplicates.num_rows
    if not count:
        return Finding(True, {"documents": 0})
    place = int(np.argmax(duplicates["cluster_size"].to_numpy()))
    size = duplicates["cluster_size"][place].as_py()
    passed = count < settings.min_documents or size / count <= settings.max_cluster_share
    return Finding(passed, {"documents": count, "largest": size, "cluster_id": duplicates["cluster_id"][place].as_py(),
                            "allowed_share": settings.max_cluster_share})


def documents_stay(duplicates: pa.Table, settings: DuplicateGuards) -> Finding:
    """Some documents stay."""
    kept = pc.sum(duplicates["kept"]).as_py() or 0
    return Finding(kept > 0, {"documents": duplicates.num_rows, "kept": kept})


def alike(duplicates: pa.Table, settings: DuplicateGuards) -> Finding:
    """The members of every cluster of some size are like the copy that stays, on average.

    Chains make clusters whose ends have nothing in common. All members are asked, by their sketches; those without one,
    and pages that have only their address in common, say nothing.
    """
    rows = duplicates.filter(
        (pc.field("cluster_size") >= settings.min_alike_members) & ~pc.field("kept") & (pc.field("kind") != "url")
        & pc.field("kept_similarity").is_valid()
    )
    means = rows.group_by("cluster_id").aggregate([("kept_similarity", "mean")])
    unlike = means.filter(pc.field("kept_similarity_mean") < settings.min_alike).to_pylist()
    found = {row["cluster_id"]: 1 - row["kept_similarity_mean"] for row in unlike}
    return Finding(not unlike, {
        "clusters": means.num_rows, "unlike": len(unlike), "allowed": settings.min_alike,
        "least_alike": {cluster: 1 - distance for cluster, distance in _first(found).items()},
    })


def sources_stay(copies: pa.Table, deduplicated: pa.Table, settings: DuplicateGuards) -> Finding:
    """Of the copies that stay, no source of some size loses more than a share to evaluation items and repetition.

    What copies remove is asked before, over all snapshots: a crawl that only brings what is there already is no fault.
    """
    counted = (pc.value_counts(rows["source"]).to_pylist() for rows in (copies, deduplicated))
    before, after = ({row["values"]: row["counts"] for row in counts} for counts in counted)
    rates = {source: 1 - after.get(source, 0) / count for source, count in before.items()
             if count >= settings.min_documents}
    over = {source: rate for source, rate in rates.items() if rate > settings.max_removal_rate}
    return Finding(not over, {
        "sources": len(before), "large_enough": len(rates), "over": _first(over), "largest": _first(rates, 1),
        "allowed": settings.max_removal_rate,
    })


def _first(values: Mapping[str, float], count: int = SHOWN) -> dict[str, float]:
    """The largest values, ties by name."""
    return dict(sorted(values.items(), key=lambda item: (-item[1], item[0]))[:count])


GUARDS: Mapping[str, Callable[[pa.Table, DuplicateGuards], Finding]] = {
    "removal_rate": removal_rate, "largest_cluster": largest_cluster, "documents_stay": documents_stay, "alike": alike,
}
"""All guards by name."""
