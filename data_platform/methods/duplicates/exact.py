"""Exact copies: the same text but for case and white space."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from data_platform.core.columns import ID_HEX, Column
from data_platform.core.kinds.method import Example
from data_platform.core.kinds.pairer import CopyPairer, Keys
from data_platform.text.buffers import text_buffers
from data_platform.text.identity import exact_hash

EXACT_HASH = Column("exact_hash", pa.string(), "128-bit hash of the normalised text.", pattern=ID_HEX)


class ExactCopies(CopyPairer, name="exact"):
    """Exact copies: the same text but for case and white space.

    By a hash of 128 bits (`text/identity.py`), whose finaliser is that of splitmix64 (Steele, Lea and Flood 2014,
    doi:10.1145/2660193.2660195). It is made to tell texts apart by chance, not to resist forgery.
    """

    gives = (EXACT_HASH,)
    copies = "exact"
    same = True
    examples = (
        Example(["A  text\n", "a text", "a text."], [(0, 1)], {}, "by hand: case and white space do not count"),
    )

    def sign(self, values: pa.Array) -> dict[str, pa.Array]:
        """The hash of every text."""
        return {"exact_hash": exact_hash(values)}

    def keys(self, signed: pa.Table) -> Iterator[Keys]:
        """The hashes."""
        yield hash_keys(signed["exact_hash"])


def hash_keys(hashes: pa.ChunkedArray) -> Keys:
    """Hashes of 128 bits, as 32 hexadecimal digits, as keys: one half is the key, the other proves it."""
    from data_platform.kernels.ids import parse_ids

    array = hashes.combine_chunks()
    rows = np.nonzero(array.is_valid().to_numpy(zero_copy_only=False))[0]
    offsets, data = text_buffers(array.drop_null())
    parsed = np.empty((len(offsets) - 1, 2), np.uint64)
    parse_ids(data, offsets, parsed, np.zeros(len(parsed), np.bool_))
    halves = np.zeros((len(array), 2), np.uint64)
    halves[rows] = parsed
    return Keys(halves[:, 0].view(np.int64), halves[:, 1:].copy().view(np.uint8), rows)
