"""Pairers of copies: the keys of a document are its own, and documents share them in whatever order they come."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.pairer import CopyPairer
from tests.contract.every import TEXTS, each, each_example, settings_of

URLS = ("http://www.Example.com:80/a/./b?b=2&a=1#top", "https://example.com/a/b?a=1&b=2", "page.txt", "", "x://y/z")


def signed(pairer: CopyPairer, values: Sequence[str]) -> pa.Table:
    """What is stored of documents."""
    made = pairer.sign(pa.array(values, pa.large_string()))
    assert set(made) == {column.name for column in pairer.gives}
    table = pa.table({column.name: pa.array(made[column.name], column.type) for column in pairer.gives})
    assert table.num_rows == len(values)
    assert all(column.nullable or not table[column.name].null_count for column in pairer.gives)
    return table


def pairs(pairer: CopyPairer, rows: pa.Table) -> set[tuple[int, int]]:
    """Places of documents that have a key in common."""
    found: set[tuple[int, int]] = set()
    for keys in pairer.keys(rows):
        assert len(keys.keys) == len(keys.proofs) == rows.num_rows
        assert np.array_equal(keys.rows, np.unique(keys.rows))
        for one, other in combinations(keys.rows.tolist(), 2):
            if keys.keys[one] == keys.keys[other] and np.array_equal(keys.proofs[one], keys.proofs[other]):
                found.add((one, other))
    return found


@each_example(CopyPairer)
def test_examples_hold(method: type[CopyPairer], example: Example) -> None:
    pairer = method(settings_of(method, example))
    assert sorted(pairs(pairer, signed(pairer, example.given))) == sorted(example.gives)


@each(CopyPairer)
@settings(max_examples=10, deadline=None)
@given(data=st.data(), count=st.integers(1, 6))
def test_keys_are_those_of_each_document(method: type[CopyPairer], data: st.DataObject, count: int) -> None:
    known = URLS if method.reads == "url" else (*TEXTS, f"{TEXTS[0]} ", TEXTS[0].upper())
    values = data.draw(st.lists(st.sampled_from(known), min_size=count, max_size=count))
    pairer = method(settings_of(method))
    together = signed(pairer, values)
    assert together.equals(pa.concat_tables(signed(pairer, [value]) for value in values).combine_chunks())
    order = data.draw(st.permutations(range(count)))
    there = {place: at for at, place in enumerate(order)}
    moved = {tuple(sorted((there[one], there[other]))) for one, other in pairs(pairer, together)}
    assert pairs(pairer, together.take(pa.array(order, pa.int64()))) == moved
