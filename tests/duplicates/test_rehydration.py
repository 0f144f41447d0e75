"""Rehydration: how often a document is repeated for its copies."""

from __future__ import annotations

import numpy as np
import pytest

from data_platform.duplicates.rehydration import FINEWEB2, learned_weights, weights
from data_platform.duplicates.settings import Deduplication


def test_weights_of_the_data_card() -> None:
    # "no duplicates: 1; N = 2 or 3: N; 4: 3; from 5: 5; from 100: 8; from 1000: 1"
    sizes = np.array([1, 2, 3, 4, 5, 99, 100, 999, 1000, 10**6])
    assert weights(sizes, FINEWEB2).tolist() == [1, 2, 3, 3, 5, 5, 8, 8, 1, 1]
    assert weights(sizes, {}).tolist() == [1] * 10
    assert weights(sizes, {3: 7}).tolist() == [1, 1, *[7] * 8]


def test_the_size_that_filters_remove_least_is_repeated_most() -> None:
    # Without smoothing: linear between the overall rate (once) and the least (ten times).
    found = learned_weights([1, 2, 3, 4, 5], [0.5, 0.4, 0.2, 0.3, 0.6], overall_rate=0.5, window=1)
    assert found == {1: 1, 2: 4, 3: 10, 4: 7, 5: 1}
    # By hand: means of five values, rounded; the two sizes at either end keep theirs.
    rates = [0.6, 0.5, 0.4, 0.2, 0.2, 0.35, 0.5, 0.7]
    exact = [1, 1, 1 + 9 / 3, 10, 10, 1 + 9 / 2, 1, 1]
    smooth = [1, 1, *(round(sum(exact[at - 2 : at + 3]) / 5) for at in range(2, 6)), 1, 1]
    expected = {}
    for size, times in zip([1, 2, 3, 4, 6, 9, 20, 50], smooth, strict=True):
        if not expected or list(expected.values())[-1] != times:
            expected[size] = times
    assert learned_weights([1, 2, 3, 4, 6, 9, 20, 50], rates, 0.5) == expected
    assert learned_weights([1, 2], [0.5, 0.9], 0.4) == {1: 1}


def test_what_makes_no_sense_is_refused() -> None:
    for sizes, rates in (([], []), ([2, 1], [0.1, 0.2]), ([1, 2], [0.1])):
        with pytest.raises(ValueError, match="ascending cluster sizes and one removal rate"):
            learned_weights(sizes, rates, 0.5)
    with pytest.raises(ValueError, match="at least 1"):
        Deduplication(rehydration={0: 2})
    assert Deduplication(rehydration=dict(FINEWEB2)).rehydration[100] == 8
