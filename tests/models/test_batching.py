"""Windows and batches: arithmetic that can be checked by hand, and laws that hold for all lengths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_platform.models.batching import Window, batches, windows

LENGTHS = st.lists(st.integers(1, 60), max_size=30)


def test_a_long_sequence_is_read_in_steps_of_half_a_context():
    assert windows([3, 10], 4) == [
        Window(0, 0, 3, 1), Window(1, 0, 4, 1), Window(1, 2, 6, 4), Window(1, 4, 8, 6), Window(1, 6, 10, 8)
    ]  # fmt: skip


def test_without_a_context_every_sequence_is_one_window():
    assert windows([3, 1, 7], None) == [Window(0, 0, 3, 1), Window(2, 0, 7, 1)]


def test_a_context_of_one_position_is_refused():
    with pytest.raises(ValueError, match="2 or more"):
        windows([3], 1)


@given(LENGTHS, st.integers(2, 20))
def test_every_position_but_the_first_is_predicted_once_from_half_a_context(lengths, context):
    predicted = []
    for window in windows(lengths, context):
        assert window.stop - window.start <= context
        assert window.start == 0 or window.first_target - window.start >= context // 2
        predicted += [(window.sequence, position) for position in range(window.first_target, window.stop)]
    assert predicted == [(index, position) for index, length in enumerate(lengths) for position in range(1, length)]


def test_batches_are_filled_from_the_longest_on():
    assert [batch.tolist() for batch in batches([2, 5, 3, 1, 9], 6)] == [[4], [1], [2, 0], [3]]


@given(LENGTHS, st.integers(1, 100))
def test_batches_hold_every_index_once_within_the_budget(lengths, budget):
    found = list(batches(lengths, budget))
    assert sorted(np.concatenate([*found, []]).tolist()) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or max(lengths[index] for index in batch) * len(batch) <= budget
