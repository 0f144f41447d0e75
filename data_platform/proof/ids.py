"""Documents and records by their 128-bit ids: read from hexadecimal and joined as pairs of 64-bit numbers.

A join of a million ids as strings takes half a second, of numbers in a hash table that is made once a tenth of that,
and a table of any length is joined batch by batch. Ids that are not 32 hexadecimal digits are told apart all the same,
by a digest of them, so that a planted row finds only itself. Here belongs the join. Not here: what is joined.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def numbers_of(ids: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Ids as rows of two 64-bit numbers. A null is the empty id."""
    from data_platform.kernels.ids import parse_ids

    if isinstance(ids, pa.ChunkedArray):
        ids = ids.combine_chunks()
    ids = pc.fill_null(ids.cast(pa.string()), "")
    numbers = np.zeros((len(ids), 2), np.uint64)
    if not len(ids):
        return numbers
    offsets = np.frombuffer(ids.buffers()[1], np.int32)[ids.offset:ids.offset + len(ids) + 1]
    data = np.frombuffer(ids.buffers()[2] or b"", np.uint8)
    malformed = np.zeros(len(ids), bool)
    if parse_ids(data, offsets, numbers, malformed):
        known: dict[str, np.ndarray] = {}
        for place in np.flatnonzero(malformed).tolist():
            text = ids[place].as_py()
            if text not in known:
                known[text] = _digest(text)
            numbers[place] = known[text]
    return numbers


def _digest(text: str) -> np.ndarray:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, person=b"not hexadecimal").digest()
    return np.frombuffer(digest, ">u8").astype(np.uint64)


class IdIndex:
    """Finds ids among those that it was made of."""

    def __init__(self, numbers: np.ndarray) -> None:
        from data_platform.kernels.ids import build_table

        self._numbers = np.ascontiguousarray(numbers)
        self._slots = np.full(1 << max(4, (2 * len(numbers)).bit_length()), -1, np.int64)
        self._repeated = np.zeros(len(numbers), bool)
        build_table(self._numbers, self._slots, self._repeated)

    def __len__(self) -> int:
        return len(self._numbers)

    def repeated(self) -> np.ndarray:
        """Places of ids that stand at an earlier place too."""
        return np.flatnonzero(self._repeated)

    def find(self, numbers: np.ndarray) -> np.ndarray:
        """The first place of every id, -1 of those that are not there."""
        from data_platform.kernels.ids import look_up

        places = np.empty(len(numbers), np.int64)
        look_up(self._numbers, self._slots, np.ascontiguousarray(numbers), places)
        return places


def distinct(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct ids, and which of them each one is."""
    index = IdIndex(numbers)
    first = np.ones(len(numbers), bool)
    first[index.repeated()] = False
    rank = np.cumsum(first) - 1
    return numbers[first], rank[index.find(numbers)] if len(numbers) else rank
