"""The hash by which exact copies are found.

Here belongs what "the same text" means. Not here: near-duplicates (`methods/duplicates/minhash.py`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data_platform.text.buffers import text_buffers
from data_platform.text.characters import character_table

_HEX_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)


def exact_hash(text: pa.Array | pa.ChunkedArray) -> pa.StringArray:
    """A 128-bit hash of every normalised text, as 32 hexadecimal digits.

    Two texts get the same hash if they differ only in case and white space: every code point is replaced by its simple
    lower case, every run of white space by one space, and white space at either end is dropped. Texts are expected in
    NFC, as table `documents` holds them; nothing else is normalised, punctuation and digits count.

    The hash is two independent 64-bit streams over the code points, each ending in splitmix64's finaliser. It is made
    to tell texts apart by chance (n documents collide with probability below n^2 / 2^129), not to resist forgery.

    Args:
        text: strings of any Arrow layout; nulls count as empty.
    """
    from data_platform.kernels.text_hashes import hash_normalized

    table = character_table()
    return hexadecimal(hash_normalized(*text_buffers(text), table.pages, table.classes, table.lower))


def hexadecimal(hashes: np.ndarray) -> pa.StringArray:
    """Rows of two uint64 as strings of 32 hexadecimal digits."""
    octets = hashes.astype(">u8").view(np.uint8).reshape(len(hashes), 16)
    digits = _HEX_DIGITS[np.stack([octets >> 4, octets & 15], axis=2).reshape(-1)]
    offsets = np.arange(0, 32 * len(hashes) + 1, 32, dtype=np.int32)
    return pa.StringArray.from_buffers(len(hashes), pa.py_buffer(offsets), pa.py_buffer(digits))
