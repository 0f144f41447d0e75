"""Rule sets: known answers hold, every document has a verdict, and the same whatever stands beside it."""

from __future__ import annotations

import math
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.rule_set import RuleSet
from data_platform.core.settings import IDENTIFIER
from data_platform.core.tables import table
from data_platform.filtering.rules import judge
from tests.contract.every import each, each_example

TABLES = ("quality_signals", "language_signals", "documents")


def signals(rows: list[dict[str, float]]) -> pa.Table:
    """Signals of documents; those that a row does not name are 0."""
    columns = {
        column.name: column.type for name in TABLES for column in table(name).columns
        if not column.long and not pa.types.is_nested(column.type) and not pa.types.is_timestamp(column.type)
    }
    zero = {name: "" if pa.types.is_string(type_) else 0 for name, type_ in columns.items()}
    return pa.table({
        name: pa.array([row.get(name, zero[name]) for row in rows], type_) for name, type_ in columns.items()
    })


def published(method: type[RuleSet]) -> dict[str, float]:
    """Numbers for thresholds that are learned: the contract asks of rules, not of what they learn."""
    return {name: 0.5 for dialect in method.names() for name in method.rules(dialect).learned}


@each_example(RuleSet)
def test_examples_hold(method: type[RuleSet], example: Example) -> None:
    learned = {name: value for name, value in published(method).items() if name in method.rules().thresholds}
    rules = method.rules(overrides={**learned, **example.settings})
    (verdict,) = judge(signals([example.given]), [rules]).to_pylist()
    assert verdict["reason"] == (example.gives and f"{method.name}.{example.gives}")


@each(RuleSet)
def test_rules_have_codes_and_bound_signals_that_there_are(method: type[RuleSet]) -> None:
    assert method.dialects and len({dialect.name for dialect in method.dialects}) == len(method.dialects)
    known = {column for name in TABLES for column in table(name).column_names}
    for dialect in method.dialects:
        names = [rule.name for rule in dialect.rules]
        assert names and len(set(names)) == len(names)
        for rule in dialect.rules:
            assert re.match(IDENTIFIER, rule.name)
            assert {bound.signal for bound in rule.bounds.values()} <= known
            assert all(value is None or not math.isnan(value) for value in rule.thresholds.values())


@each(RuleSet)
@settings(max_examples=10, deadline=None)
@given(values=st.lists(st.sampled_from([0.0, 0.05, 0.3, 1.0, 4.0, 60.0, 200_000.0]), min_size=2, max_size=6))
def test_a_verdict_is_the_same_in_any_company(method: type[RuleSet], values: list[float]) -> None:
    read = sorted({
        bound.signal for dialect in method.dialects for rule in dialect.rules for bound in rule.bounds.values()
    })
    rows = [{signal: value if at % 2 else 1.0 for at, signal in enumerate(read)} for value in values]
    for dialect in method.names():
        rules = method.rules(dialect)
        rules = method.rules(dialect, {name: 0.5 for name in rules.learned})
        together = judge(signals(rows), [rules])
        assert together.null_count == 0 and all(field.null_count == 0 for field in together.flatten())
        alone = [judge(signals([row]), [rules])[0].as_py() for row in rows]
        assert together.to_pylist() == alone == judge(signals(rows[::-1]), [rules]).to_pylist()[::-1]
        for verdict in alone:
            assert verdict["kept"] == (not verdict["failed"]) == (verdict["reason"] == "")


@each(RuleSet)
def test_what_is_learned_is_a_number_from_texts_alone(method: type[RuleSet]) -> None:
    learned = {name: bound for dialect in method.names() for name, bound in method.rules(dialect).learned.items()}
    if not learned:
        pytest.skip("all thresholds are published")
    made = method.rules(next(name for name in method.names() if method.rules(name).learned)).learning
    values = np.linspace(0, 1, 50)
    for name, bound in learned.items():
        found, told = made.derive(name, bound, values, values / 2)
        assert math.isfinite(found) and told
        backward, _ = made.derive(name, bound, values[::-1].copy(), values / 2)
        assert backward == pytest.approx(found, rel=1e-9), "the order of texts says nothing"
