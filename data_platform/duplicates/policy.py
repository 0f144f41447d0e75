"""Which copy of a cluster stays.

Here belongs the order of preference of a recipe, and what it makes of a cluster. Not here: which documents form one
(`clusters.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError
from data_platform.core.tables import table


class PreferenceError(PlainError, ValueError):
    """A recipe prefers a copy by something that does not exist. The message names what there is."""


PREFERENCES: dict[str, tuple[str, str]] = {
    "license_tier": ("license_tier", "ascending"),
    "longest": ("byte_count", "descending"),
    "shortest": ("byte_count", "ascending"),
    "earliest": ("fetched_at", "ascending"),
    "latest": ("fetched_at", "descending"),
}
"""What may decide which copy stays: the column that is compared, and which end of it is preferred."""

_ENDS = {"highest": "descending", "lowest": "ascending"}


def preferences(keep: Sequence[str]) -> list[tuple[str, str]]:
    """Column and preferred end of every entry of `keep`: a name of `PREFERENCES`, or highest:x or lowest:x of a
    column x of table `quality_signals`. What models say is not among them: they score the copies that stay.

    Raises:
        PreferenceError: if an entry is neither.
    """
    result = []
    for entry in keep:
        end, _, column = entry.partition(":")
        if entry in PREFERENCES:
            found = PREFERENCES[entry]
        elif end in _ENDS and column in table("quality_signals"):
            found = (column, _ENDS[end])
        else:
            raise PreferenceError(f"cannot keep by {entry}; there are {', '.join(PREFERENCES)}, and highest:x and "
                                  "lowest:x of a column x of quality_signals")
        if found[0] not in dict(result):  # what a column leaves undecided it does not decide the other way round
            result.append(found)
    return result


def survivors(documents: pa.Table, labels: np.ndarray, keep: Sequence[str]) -> np.ndarray:
    """The row that stays, for every row.

    Args:
        documents: sorted by doc_id, with the columns that `keep` compares. A null loses against any value.
        labels: int64, the cluster of every row, named by one of its rows.
        keep: see `preferences`. The first difference decides; the smallest doc_id if there is none.
    """
    # Only clusters of several documents need sorting.
    rows = np.nonzero(np.bincount(labels, minlength=len(labels))[labels] > 1)[0]
    compared = dict(preferences(keep))
    values = {name: documents[name].take(pa.array(rows)) for name in compared}
    ranked = pa.table({"cluster": labels[rows], **values, "row": rows})
    order = pc.sort_indices(
        ranked, sort_keys=[("cluster", "ascending"), *compared.items(), ("row", "ascending")]
    ).to_numpy()
    clusters, first = np.unique(labels[rows][order], return_index=True)
    result = np.arange(len(labels))
    result[clusters] = rows[order[first]]
    return result[labels]


def alternative_licenses(licenses: pa.Array, survivor: np.ndarray) -> pa.ListArray:
    """For every row that stays the other licences of its cluster, each once and in order; empty for all other rows.

    Args:
        licenses: strings, one per row.
        survivor: as of `survivors`.
    """
    codes = licenses.dictionary_encode()
    code = codes.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    different = np.nonzero(code != code[survivor])[0]
    found = np.unique(survivor[different] * len(codes.dictionary) + code[different])
    rows, values = np.divmod(found, max(1, len(codes.dictionary)))
    listed = pa.table({"row": rows, "license": codes.dictionary.take(pa.array(values))})
    listed = listed.sort_by([("row", "ascending"), ("license", "ascending")])
    counts = np.bincount(rows, minlength=len(survivor))
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), listed["license"].combine_chunks())
