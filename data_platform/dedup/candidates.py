"""Which pairs of documents may be duplicates.

Here belongs the way from stored keys to pairs of rows: a `Matcher` proposes pairs, `MATCHERS` are those in use. Not
here: how keys are computed, and how pairs become clusters.

Pairs come in portions, each of which takes memory in proportion to the number of documents: of the documents with one
key, every one is paired with the next, not each with each. That is enough to connect them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa


class Pairs(NamedTuple):
    """Pairs of row numbers: row `left[i]` and row `right[i]` may be duplicates. Both int64."""

    left: np.ndarray
    right: np.ndarray


class Matcher(Protocol):
    """A way to propose pairs."""

    def __call__(self, signatures: pa.Table) -> Iterator[Pairs]:
        """Pairs of rows of `signatures`, in portions that can be worked off one by one."""
        ...


def exact_pairs(signatures: pa.Table) -> Iterator[Pairs]:
    """Rows with the same `exact_hash`."""
    codes = signatures["exact_hash"].combine_chunks().dictionary_encode()
    yield _neighbours(np.arange(len(codes)), codes.indices.to_numpy())


def minhash_pairs(signatures: pa.Table) -> Iterator[Pairs]:
    """Rows that share a key of `minhash_bands`, band by band.

    Raises:
        ValueError: if documents have different numbers of bands: they were made with different settings.
    """
    lists = signatures["minhash_bands"].combine_chunks()
    lengths = lists.value_lengths().to_numpy()
    rows = np.nonzero(lengths)[0]
    bands = np.unique(lengths[rows])
    if len(bands) > 1:
        raise ValueError(f"signatures of different settings cannot be compared: bands {', '.join(map(str, bands))}")
    if not len(rows):
        return
    keys = lists.flatten().to_numpy().reshape(len(rows), -1)
    for band in range(keys.shape[1]):
        yield _neighbours(rows, np.ascontiguousarray(keys[:, band]))


MATCHERS: tuple[Matcher, ...] = (exact_pairs, minhash_pairs)


def candidate_pairs(signatures: pa.Table, matchers: tuple[Matcher, ...] = MATCHERS) -> Iterator[Pairs]:
    """All pairs that any of `matchers` proposes, in portions."""
    for matcher in matchers:
        yield from matcher(signatures)


def _neighbours(rows: np.ndarray, keys: np.ndarray) -> Pairs:
    """Each of `rows` with the next that has the same key."""
    order = np.argsort(keys, kind="stable")
    same = np.nonzero(keys[order[1:]] == keys[order[:-1]])[0]
    return Pairs(rows[order[same]], rows[order[same + 1]])
