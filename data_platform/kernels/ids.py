"""Compiled kernels of the joins by id: hexadecimal to numbers, a hash table of ids, and what is looked up in it;
and digests of texts, by which two tables are compared.

Imported where it is called. Not here: Arrow.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel
from data_platform.kernels.hashing import GOLDEN, STAFFORD_1

_EMPTY = -1
_VALUES = np.full(256, 16, np.uint64)
"""What each digit is worth; 16 if it is none."""
_VALUES[ord("0"):ord("9") + 1] = np.arange(10)
_VALUES[ord("a"):ord("f") + 1] = np.arange(10, 16)


@kernel()
def parse_ids(data: np.ndarray, offsets: np.ndarray, numbers: np.ndarray, malformed: np.ndarray) -> int:
    """Read 32 hexadecimal digits per string into two 64-bit numbers; mark and count the strings that are no such."""
    bad = 0
    for row in range(len(offsets) - 1):
        start = offsets[row]
        fine = offsets[row + 1] - start == 32
        if fine:
            for half in range(2):
                number = np.uint64(0)
                wrong = np.uint64(0)
                for place in range(16):
                    value = _VALUES[data[start + half * 16 + place]]
                    wrong |= value
                    number = (number << np.uint64(4)) | value
                fine = fine and wrong < 16
                numbers[row, half] = number
        if not fine:
            malformed[row] = True
            bad += 1
    return bad


@kernel()
def digest_texts(data: np.ndarray, offsets: np.ndarray, digests: np.ndarray) -> None:
    """Two 64-bit digests of every string, eight bytes at a time. They tell changes, not forgers who aim at them."""
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        one, other = np.uint64(end - start), GOLDEN
        for place in range(start, end, 8):
            word = np.uint64(0)
            for byte in range(place, min(place + 8, end)):
                word = (word << np.uint64(8)) | np.uint64(data[byte])
            one = (one ^ word) * GOLDEN
            one ^= one >> np.uint64(32)
            other = (other + word) * STAFFORD_1
            other ^= other >> np.uint64(29)
        digests[row, 0] = one * STAFFORD_1
        digests[row, 1] = other * GOLDEN


@kernel()
def build_table(numbers: np.ndarray, slots: np.ndarray, repeated: np.ndarray) -> None:
    """Fill `slots`, a power of two of them and -1 at first, with the places of ids; mark ids that came before."""
    mask = np.uint64(len(slots) - 1)
    for row in range(len(numbers)):
        slot = ((numbers[row, 0] ^ (numbers[row, 1] * GOLDEN)) * GOLDEN >> np.uint64(20)) & mask
        while True:
            at = slots[slot]
            if at == _EMPTY:
                slots[slot] = row
                break
            if numbers[at, 0] == numbers[row, 0] and numbers[at, 1] == numbers[row, 1]:
                repeated[row] = True
                break
            slot = (slot + np.uint64(1)) & mask


@kernel()
def look_up(numbers: np.ndarray, slots: np.ndarray, wanted: np.ndarray, places: np.ndarray) -> None:
    """The place of every wanted id among `numbers`, of which `slots` is the table; -1 of those that are not there."""
    mask = np.uint64(len(slots) - 1)
    for row in range(len(wanted)):
        high, low = wanted[row, 0], wanted[row, 1]
        slot = ((high ^ (low * GOLDEN)) * GOLDEN >> np.uint64(20)) & mask
        found = _EMPTY
        while True:
            at = slots[slot]
            if at == _EMPTY:
                break
            if numbers[at, 0] == high and numbers[at, 1] == low:
                found = at
                break
            slot = (slot + np.uint64(1)) & mask
        places[row] = found


@kernel()
def tally(places: np.ndarray, counts: np.ndarray) -> None:
    """Count every place that is not negative."""
    for row in range(len(places)):
        if places[row] >= 0:
            counts[places[row]] += 1
