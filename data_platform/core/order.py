"""An order of ids that depends on a seed and each id alone: the same whatever else is there.

A larger set keeps the order of a smaller one, so that what a draw takes from the beginning stays as ids are added.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def hashed_order(ids: pa.Array, seed: int) -> np.ndarray:
    """Places of `ids` sorted by a 128-bit hash of seed and id.

    Raises:
        ValueError: if an id is not ASCII.
    """
    words = _words(ids)
    low, high = (_hash(words, seed, stream) for stream in (0, 1))
    return np.lexsort((low, high))


def _words(ids: pa.Array) -> np.ndarray:
    """Ids as rows of 64-bit words, padded with zero bytes."""
    if not len(ids):
        return np.zeros((0, 4), np.uint64)
    if not pc.all(pc.string_is_ascii(ids)).as_py():
        raise ValueError("ids must be ASCII")
    width = -(-max(pc.max(pc.binary_length(ids)).as_py(), 1) // 8) * 8
    padded = pc.utf8_rpad(ids, width=width, padding="\0").cast(pa.binary(width))
    start = padded.offset * width
    data = np.frombuffer(padded.buffers()[1], np.uint8)[start:start + len(padded) * width]
    return data.view("<u8").reshape(len(padded), width // 8)


def _hash(words: np.ndarray, seed: int, stream: int) -> np.ndarray:
    """64-bit hash of each row: splitmix64 (Steele, Lea, Flood 2014) folded over its words, trailing zeros left out."""
    state = np.full(len(words), (seed * 0x9E3779B97F4A7C15 + stream * 0xD1B54A32D192ED03 + 1) % 2**64, np.uint64)
    for column in words.T:
        mixed = (state ^ column) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        # A word of padding changes nothing, so that a longer id elsewhere does not move this one.
        state = np.where(column == 0, state, mixed ^ (mixed >> np.uint64(31)))
    return state
