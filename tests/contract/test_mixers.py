"""Mixers: weights that can be shared out, whatever the order of domains."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.mixer import Mixer
from tests.contract.every import each, each_example, settings_of


def domains(sizes: Sequence[int]) -> pa.Table:
    """Domains with so many tokens, by name."""
    return pa.table({
        "domain": pa.array([f"domain-{at}" for at in range(len(sizes))], pa.string()),
        "documents": pa.array([1 + size // 100 for size in sizes], pa.int64()), "tokens": pa.array(sizes, pa.int64()),
    })


@each_example(Mixer)
def test_examples_hold(method: type[Mixer], example: Example) -> None:
    found = method(settings_of(method, example)).weights(
        pa.table(example.given["domains"]), example.given["tokens"], example.given["max_epochs"]
    )
    assert dict(found) == pytest.approx(example.gives, rel=1e-9)


@each(Mixer)
@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(0, 10**9), max_size=6), data=st.data())
def test_weights_can_be_shared_out(method: type[Mixer], sizes: list[int], data: st.DataObject) -> None:
    mixer, rows = method(settings_of(method)), domains(sizes)
    found: Mapping[str, float] = mixer.weights(rows, 1_000, 2.0)
    assert set(found) <= {*rows["domain"].to_pylist(), *mixer.named()}
    assert all(math.isfinite(weight) and weight >= 0 for weight in found.values())
    assert not any(sizes) or sum(found.values()) > 0
    assert dict(mixer.weights(rows, 1_000, 2.0)) == dict(found)
    order = data.draw(st.permutations(range(len(sizes))))
    others = mixer.weights(rows.take(pa.array(order, pa.int64())), 1_000, 2.0)
    assert dict(others) == pytest.approx(dict(found), rel=1e-9)
