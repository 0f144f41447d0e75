"""Synthesisers: families and texts that depend on nothing else that there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.synthesiser import Synthesiser
from tests.contract.every import TEXTS, documents, each, each_example, settings_of, with_scores

Loaded = Callable[..., Any]
FAMILIES = pa.list_(pa.large_string())


def families(made: Synthesiser, rows: pa.Table) -> list[tuple[str, ...]]:
    """The families of documents, sorted."""
    columns = made.columns(made.settings)
    rows = with_scores(rows, columns)
    rows = rows.select(list(dict.fromkeys(["doc_id", "domain", "language", "token_count", *columns])))
    return sorted(tuple(family) for family in made.families(rows).to_pylist())


def texts(made: Synthesiser, parents: list[list[str]]) -> list[list[str]]:
    """What is made of families."""
    found = made.derive(pa.array(parents, FAMILIES))
    assert len(found) == len(parents) and found.null_count == 0 and found.flatten().null_count == 0
    return found.to_pylist()


@each_example(Synthesiser)
def test_examples_hold(method: type[Synthesiser], example: Example, loaded: Loaded) -> None:
    assert texts(loaded(method, settings_of(method, example)), example.given) == example.gives


@each(Synthesiser)
@settings(max_examples=20, deadline=None)
@given(chosen=st.lists(st.sampled_from(TEXTS), max_size=7), data=st.data())
def test_families_are_of_documents_whatever_their_order(
    method: type[Synthesiser], chosen: list[str], data: st.DataObject, loaded: Loaded
) -> None:
    made, rows = loaded(method, settings_of(method)), documents(chosen)
    found = families(made, rows)
    assert all(found) and len(set(found)) == len(found)
    assert {doc_id for family in found for doc_id in family} <= set(rows["doc_id"].to_pylist())
    order = data.draw(st.permutations(range(len(chosen))))
    assert families(made, rows.take(pa.array(order, pa.int64()))) == found


@each(Synthesiser)
@settings(max_examples=15, deadline=None)
@given(chosen=st.lists(st.sampled_from(TEXTS), min_size=2, max_size=6))
def test_what_becomes_of_a_family_is_the_same_in_any_company(
    method: type[Synthesiser], chosen: list[str], loaded: Loaded
) -> None:
    made, rows = loaded(method, settings_of(method)), documents(chosen)
    by_id = dict(zip(rows["doc_id"].to_pylist(), chosen, strict=True))
    parents = [[by_id[doc_id] for doc_id in family] for family in families(made, rows)]
    together = texts(made, parents)
    assert together == [texts(made, [family])[0] for family in parents]
    assert together == texts(made, parents[::-1])[::-1] == texts(loaded(method, settings_of(method)), parents)
