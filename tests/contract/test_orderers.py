"""Orderers: every place once, and each document at the same place however the plan comes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.orderer import Orderer
from tests.contract.every import documents, each, each_example, settings_of, with_scores


def plan(method: type[Orderer], sizes: list[int]) -> pa.Table:
    """A plan of documents of these lengths, with what an orderer reads."""
    columns = method.columns(settings_of(method))
    rows = with_scores(documents("word " * size for size in sizes), columns)
    rows = rows.select(list(dict.fromkeys(["doc_id", "domain", "token_count", *columns])))
    return rows.append_column("epochs", pa.array([1.0 + at % 2 for at in range(len(sizes))], pa.float64()))


@each_example(Orderer)
def test_examples_hold(method: type[Orderer], example: Example) -> None:
    assert list(method(settings_of(method, example)).positions(pa.table(example.given))) == list(example.gives)


@each(Orderer)
@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(1, 40), max_size=9), data=st.data())
def test_every_place_is_given_once_whatever_the_order(
    method: type[Orderer], sizes: list[int], data: st.DataObject
) -> None:
    orderer, rows = method(settings_of(method)), plan(method, sizes)
    found = np.asarray(orderer.positions(rows))
    assert found.dtype == np.int64 and sorted(found) == list(range(len(sizes)))
    assert np.array_equal(orderer.positions(rows), found)
    order = data.draw(st.permutations(range(len(sizes))))
    assert np.array_equal(orderer.positions(rows.take(pa.array(order, pa.int64()))), found[list(order)])
