"""Documents as sequences: every domain has its share, to the token, at every moment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_platform.proxy.packing import pack


def _shuffled(count: int):
    return lambda number: np.random.default_rng(number).permutation(count)


def test_a_stream_is_that_laid_by_hand() -> None:
    """Two documents of 2 and 3 tokens, which 0 precedes: 7 tokens, read once and 2 more; sequences overlap by one."""
    tokens = [np.array([1, 2]), np.array([3, 4, 5])]
    found = pack(["a", "b"], tokens, ["x", "x"], {"x": 1}, 2, 4, lambda number: np.array([0, 1]))
    assert found.sequences.tolist() == [[0, 1, 2, 0, 3], [3, 4, 5, 0, 1]]
    assert found.seen.tolist() == [5, 4] and found.epochs == {"x": 9 / 7}


def test_the_digest_is_of_the_order() -> None:
    tokens = [np.array([1, 2]), np.array([1, 2])]
    orders = ([0, 1], [1, 0])
    first, second = (
        pack(["a", "b"], tokens, ["x", "x"], {"x": 1}, 1, 5, lambda _, order=order: np.array(order)) for order in orders
    )
    assert np.array_equal(first.sequences, second.sequences) and first.digest != second.digest


def test_domains_are_read_evenly_all_along() -> None:
    """Of three tokens two are of x, whose tokens are 1, in every tenth of the run."""
    chance = np.random.default_rng(0)
    tokens = [np.full(chance.integers(5, 15), 1 + place % 2) for place in range(400)]
    domains = ["xy"[place % 2] for place in range(400)]
    found = pack([str(place) for place in range(400)], tokens, domains, {"x": 2, "y": 1}, 100, 30, _shuffled(400))
    for tenth in np.array_split(found.sequences[:, 1:].ravel(), 10):
        assert (tenth == 1).sum() / (tenth > 0).sum() == pytest.approx(2 / 3, abs=0.05)


def test_what_is_repeated_is_read_so_often() -> None:
    tokens = [np.full(9, place + 1) for place in range(50)]
    repeats = np.where(np.arange(50) < 5, 3, 1)
    found = pack([str(place) for place in range(50)], tokens, ["x"] * 50, {"x": 1}, 60, 20, _shuffled(50), repeats)
    assert found.seen[:5].mean() == pytest.approx(60, abs=6) and found.seen[5:].mean() == pytest.approx(20, abs=2)


@given(st.data())
def test_shares_are_kept_to_the_token(data: st.DataObject) -> None:
    """Whatever lengths, domains and shares: the stream is full, domains have what they are granted, and no document of
    a domain is seen twice as often as another before all were seen."""
    count = data.draw(st.integers(1, 12))
    lengths = data.draw(st.lists(st.integers(0, 40), min_size=count, max_size=count))
    domains = data.draw(st.lists(st.sampled_from("xyz"), min_size=count, max_size=count))
    shares = {domain: data.draw(st.floats(0.01, 1)) for domain in "xyz"}
    sequences, context = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 30))
    tokens = [np.arange(1, length + 1) for length in lengths]
    found = pack([str(place) for place in range(count)], tokens, domains, shares, sequences, context, _shuffled(count))
    assert found.sequences.shape == (sequences, context + 1)
    total = sequences * context + 1
    assert found.seen.sum() == total
    assert np.array_equal(found.sequences[1:, 0], found.sequences[:-1, -1])
    whole = sum(shares[domain] for domain in set(domains))
    for domain in set(domains):
        own = np.array([name == domain for name in domains])
        assert abs(found.seen[own].sum() - total * shares[domain] / whole) <= 3
        passes = found.seen[own] / (np.array(lengths)[own] + 1)
        assert passes.max() - passes.min() <= 1
