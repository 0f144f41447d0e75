"""Scorers: numbers within their bounds for every text, and the same whatever stands beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.scorer import Scorer
from tests.contract.every import TEXTS, documents, each, each_example, settings_of

Loaded = Callable[..., Any]


def scores(scorer: Scorer, rows: pa.Table) -> pa.Table:
    """Scores of documents as their table holds them."""
    found = scorer.score(*(rows[name].combine_chunks() for name in scorer.reads))
    assert set(found) == {column.name for column in scorer.gives}
    return pa.table({column.name: pa.array(found[column.name], column.type) for column in scorer.gives})


def assert_same(scorer: Scorer, found: pa.Table, expected: pa.Table) -> None:
    """Equal, or on a device as good as equal: there the other texts of a batch decide how sums are rounded."""
    for name in expected.column_names:
        if scorer.pool == "gpu":
            np.testing.assert_allclose(found[name].to_numpy(), expected[name].to_numpy(), rtol=1e-4)
        else:
            assert found[name].equals(expected[name]), name


@each_example(Scorer)
def test_examples_hold(method: type[Scorer], example: Example, loaded: Loaded) -> None:
    found = scores(loaded(method, settings_of(method, example)), documents(example.given))
    for name, values in example.gives.items():
        assert found[name].to_pylist() == pytest.approx(values, rel=1e-9, abs=1e-9)


@each(Scorer)
def test_scores_are_numbers_within_their_bounds(method: type[Scorer], loaded: Loaded) -> None:
    found = scores(loaded(method, settings_of(method)), documents(TEXTS))
    assert found.num_rows == len(TEXTS)
    for column in method.gives:
        values = found[column.name]
        assert values.null_count == 0
        numbers = values.to_numpy().astype(np.float64)
        assert np.isfinite(numbers).all()
        assert column.minimum is None or numbers.min() >= column.minimum
        assert column.maximum is None or numbers.max() <= column.maximum


@each(Scorer)
@settings(max_examples=8, deadline=None)
@given(texts=st.lists(st.sampled_from(TEXTS) | st.text(min_size=1, max_size=40), min_size=2, max_size=6))
def test_a_score_is_the_same_in_any_company(method: type[Scorer], texts: Sequence[str], loaded: Loaded) -> None:
    scorer = _once(method, loaded)
    rows = documents(text.encode("utf-8", "replace").decode() for text in texts)
    together = scores(scorer, rows)
    alone = pa.concat_tables(scores(scorer, rows.slice(at, 1)) for at in range(rows.num_rows))
    halves = pa.concat_tables([scores(scorer, rows.slice(0, 1)), scores(scorer, rows.slice(1))])
    backward = scores(scorer, rows.take(list(range(rows.num_rows))[::-1]))
    for other in (alone, halves, backward.take(list(range(rows.num_rows))[::-1])):
        assert_same(scorer, other, together)
    assert scores(scorer, rows).equals(together)


@each(Scorer)
def test_loaded_again_it_says_the_same(method: type[Scorer], loaded: Loaded) -> None:
    first, second = (scores(loaded(method, settings_of(method)), documents(TEXTS)) for _ in range(2))
    assert first.equals(second)


@each(Scorer)
def test_a_null_is_refused(method: type[Scorer], loaded: Loaded) -> None:
    columns = [pa.nulls(2, documents(["a"]).schema.field(name).type) for name in method.reads]
    with pytest.raises(ValueError, match="null"):
        _once(method, loaded).score(*columns)


_SCORERS: dict[type[Scorer], Scorer] = {}


def _once(method: type[Scorer], loaded: Loaded) -> Scorer:
    """A scorer, loaded once for all tests."""
    if method not in _SCORERS:
        _SCORERS[method] = loaded(method, settings_of(method))
    return _SCORERS[method]
