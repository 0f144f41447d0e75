"""Pairers of documents: what is made of a text is its own, and the pairs are the same in whatever order it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.pairer import PAIRS, DocumentPairer
from tests.contract.every import TEXTS, doc_ids, each, each_example, settings_of

Loaded = Callable[..., Any]
COPIED = (*TEXTS, f"{TEXTS[0]} And more was to come.", f"{TEXTS[0]} ")


def sketched(pairer: DocumentPairer, ids: list[str], texts: list[str]) -> pa.Table:
    """What a pairer makes of texts, as it is handed back to it."""
    made = pairer.sketch(pa.array(texts, pa.large_string())) if pairer.gives else {}
    columns = {column.name: pa.array(made[column.name], column.type) for column in pairer.gives}
    assert all(len(values) == len(texts) and not values.null_count for values in columns.values())
    return pa.table({"doc_id": pa.array(ids, pa.string()), **columns, "model": pa.repeat("model", len(ids))})


def pairs(pairer: DocumentPairer, rows: pa.Table, texts: dict[str, str]) -> list[tuple[str, str, float]]:
    """The pairs among documents."""
    def read(wanted: pa.Array) -> Iterator[pa.Table]:
        for doc_id in reversed(wanted.to_pylist()):
            text = pa.array([texts[doc_id]], pa.large_string())
            yield pa.table({"doc_id": [doc_id], "snapshot": ["a"], "text": text})

    found = pairer.pairs(rows, read)
    assert found.schema.equals(PAIRS)
    gone = found["doc_id"].to_pylist()
    assert gone == sorted(set(gone)) and set(gone) <= set(texts)
    assert not set(found["matched_doc_id"].to_pylist()) & set(gone), "what a document goes for stays"
    assert set(found["matched_doc_id"].to_pylist()) <= set(texts)
    assert pc.all(pc.less_equal(pc.abs(found["similarity"]), 1.0)).as_py() in (True, None)
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True))


@each_example(DocumentPairer)
def test_examples_hold(method: type[DocumentPairer], example: Example) -> None:
    pairer = method(settings_of(method, example))
    if isinstance(example.given, list):
        ids = [f"{at:032x}" for at in range(len(example.given))]
        rows, texts = sketched(pairer, ids, example.given), dict(zip(ids, example.given, strict=True))
    else:
        made = {column.name: pa.array(example.given[column.name], column.type) for column in method.gives}
        ids = [f"{at:032x}" for at in range(len(next(iter(made.values()))))]
        rows = pa.table({"doc_id": ids, **made, "model": pa.repeat("model", len(ids))})
        texts = dict.fromkeys(ids, "")
    found = pairs(pairer, rows, texts)
    assert [(ids.index(gone), ids.index(other)) for gone, other, _ in found] == list(example.gives)


@each(DocumentPairer)
@settings(max_examples=8, deadline=None)
@given(texts=st.lists(st.sampled_from(COPIED), min_size=1, max_size=6))
def test_what_is_made_of_a_text_is_its_own(method: type[DocumentPairer], texts: list[str], loaded: Loaded) -> None:
    if not method.gives:
        pytest.skip("only texts are compared")
    pairer, ids = loaded(method, settings_of(method)), doc_ids(len(texts))
    together = sketched(pairer, ids, texts)
    alone = pa.concat_tables(
        sketched(pairer, [id_], [text]) for id_, text in zip(ids, texts, strict=True)
    )
    for column in method.gives:
        if method.pool == "gpu":  # sums are rounded as the other texts of a batch have it
            np.testing.assert_allclose(
                np.vstack(together[column.name].to_pylist()), np.vstack(alone[column.name].to_pylist()), atol=1e-4
            )
        else:
            assert together[column.name].to_pylist() == alone[column.name].to_pylist()


@each(DocumentPairer)
@settings(max_examples=8, deadline=None)
@given(texts=st.lists(st.sampled_from(COPIED), max_size=7), data=st.data())
def test_pairs_do_not_depend_on_order(
    method: type[DocumentPairer], texts: list[str], data: st.DataObject, loaded: Loaded
) -> None:
    pairer, ids = loaded(method, settings_of(method)), doc_ids(len(texts))
    rows = sketched(pairer, ids, texts)
    by_id = dict(zip(ids, texts, strict=True))
    found = pairs(pairer, rows, by_id)
    order = data.draw(st.permutations(range(len(texts))))
    cut = data.draw(st.integers(0, len(texts)))
    shuffled = rows.take(pa.array(order, pa.int64()))
    parts = pa.concat_tables([shuffled.slice(0, cut), shuffled.slice(cut)])
    assert pairs(pairer, parts, by_id) == found
