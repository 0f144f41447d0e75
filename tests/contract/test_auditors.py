"""Auditors: findings without a text, the same in whatever batches and order a mixture is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.auditor import Auditor
from data_platform.core.kinds.method import Example
from data_platform.core.tables import table
from tests.contract.every import TEXTS, each, each_example, filled, settings_of

Loaded = Callable[..., Any]


@dataclass(frozen=True)
class Rows:
    """A mixture in memory that is read in batches of so many rows."""

    table: pa.Table
    batch_rows: int = 3

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Columns of its rows, batch by batch."""
        return iter(self.table.select(list(columns)).combine_chunks().to_batches(self.batch_rows))


def findings(made: Auditor, rows: Rows) -> list[tuple[str, str, float]]:
    """What was found, sorted."""
    found = made.audit(rows).select(["subject", "measure", "value"])
    assert found.schema.field("value").type == pa.float64()
    told = sorted(zip(*(column.to_pylist() for column in found.columns), strict=True))
    assert len({(subject, measure) for subject, measure, _ in told}) == len(told)
    assert all(math.isfinite(value) for _, _, value in told)
    assert not {subject for subject, _, _ in told} & set(TEXTS)
    return told


@each_example(Auditor)
def test_examples_hold(method: type[Auditor], example: Example, loaded: Loaded) -> None:
    found = findings(loaded(method, settings_of(method, example)), Rows(pa.table(example.given)))
    assert [finding[:2] for finding in found] == [finding[:2] for finding in example.gives]
    assert [finding[2] for finding in found] == pytest.approx([finding[2] for finding in example.gives], rel=1e-9)


@each(Auditor)
@settings(max_examples=15, deadline=None)
@given(chosen=st.lists(st.sampled_from(TEXTS), max_size=7), data=st.data())
def test_findings_are_those_of_the_rows(
    method: type[Auditor], chosen: list[str], data: st.DataObject, loaded: Loaded
) -> None:
    made = loaded(method, settings_of(method))
    rows = filled(table("mixture_open"), {"text": chosen})
    found = findings(made, Rows(rows))
    order = pa.array(data.draw(st.permutations(range(len(chosen)))), pa.int64())
    others = findings(made, Rows(rows.take(order), batch_rows=data.draw(st.integers(1, 8))))
    assert [finding[:2] for finding in others] == [finding[:2] for finding in found]
    assert [finding[2] for finding in others] == pytest.approx([finding[2] for finding in found], rel=1e-9)
