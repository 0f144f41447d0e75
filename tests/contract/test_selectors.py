"""Selectors: a choice and a utility for every candidate, whatever their order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.selector import Selector
from tests.contract.every import documents, each, each_example, settings_of, with_scores


def candidates(method: type[Selector], sizes: Sequence[int]) -> pa.Table:
    """Documents of these lengths with what a selector reads."""
    columns = method.columns(settings_of(method))
    rows = with_scores(documents("word " * size for size in sizes), columns)
    return rows.select(list(dict.fromkeys(["doc_id", "domain", "token_count", *columns])))


def chosen(method: type[Selector], rows: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Utilities, and whether each candidate is selected."""
    choice = method(settings_of(method)).select(rows)
    utility, selected = np.asarray(choice.utility), np.asarray(choice.selected)
    assert utility.dtype == np.float64 and selected.dtype == bool
    assert len(utility) == len(selected) == rows.num_rows and not np.isnan(utility).any()
    return utility, selected


@each_example(Selector)
def test_examples_hold(method: type[Selector], example: Example) -> None:
    choice = method(settings_of(method, example)).select(pa.table(example.given))
    for name, values in example.gives.items():
        assert list(getattr(choice, name)) == pytest.approx(values, rel=1e-9)


@each(Selector)
@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(1, 40), max_size=9), data=st.data())
def test_a_choice_does_not_depend_on_order(method: type[Selector], sizes: list[int], data: st.DataObject) -> None:
    rows = candidates(method, sizes)
    utility, selected = chosen(method, rows)
    again = chosen(method, rows)
    assert np.array_equal(again[0], utility) and np.array_equal(again[1], selected)
    order = data.draw(st.permutations(range(len(sizes))))
    others = chosen(method, rows.take(pa.array(order, pa.int64())))
    np.testing.assert_allclose(others[0], utility[list(order)], rtol=1e-9)
    assert np.array_equal(others[1], selected[list(order)])
