"""Pairers of items: what a text holds of evaluation sets is its own, whatever else is looked at and looked for."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.pairer import OVERLAP, ItemPairer, Items
from tests.contract.every import TEXTS, each, each_example, settings_of

ITEM = "Which of the two towers was built before the bridge over the river was, and by whom was it built?"
HOLDING = (*TEXTS, ITEM, f"Question 12. {ITEM.lower()}\nAnswer: nobody knows.", ITEM.replace("towers", "houses"))


def items(texts: Sequence[str], name: str = "set") -> Items:
    """A set of items of one field each."""
    return Items(name, [f"{at}" for at in range(len(texts))], [(text,) for text in texts])


def found(pairer: ItemPairer, sets: Sequence[Items], texts: Sequence[str]) -> list[list[dict]]:
    """What is found in every text."""
    told = pairer.find(pa.array(texts, pa.large_string()), pairer.index(sets))
    assert len(told) == len(texts) and told.type.value_type == OVERLAP
    for text, rows in zip(texts, told.to_pylist(), strict=True):
        assert [(row["evaluation_set"], row["item_id"]) for row in rows] == sorted(
            {(row["evaluation_set"], row["item_id"]) for row in rows}
        )
        for row in rows:
            assert 0 <= row["overlap"] <= 1
            bounds = [bound for span in row["spans"] for bound in (span["start"], span["end"])]
            assert bounds == sorted(bounds) and all(0 <= bound <= len(text.encode()) for bound in bounds)
    return told.to_pylist()


@each_example(ItemPairer)
def test_examples_hold(method: type[ItemPairer], example: Example) -> None:
    told = found(method(settings_of(method, example)), [items(example.given["items"])], example.given["texts"])
    assert [(at, int(row["item_id"])) for at, rows in enumerate(told) for row in rows] == list(example.gives)


@each(ItemPairer)
@settings(max_examples=8, deadline=None)
@given(texts=st.lists(st.sampled_from(HOLDING), min_size=1, max_size=5))
def test_what_a_text_holds_is_its_own(method: type[ItemPairer], texts: list[str]) -> None:
    pairer = method(settings_of(method))
    sets = [items([ITEM, "Something else that nobody has ever asked of anybody who was there at that time?"])]
    together = found(pairer, sets, texts)
    assert together == [found(pairer, sets, [text])[0] for text in texts]
    assert together == found(pairer, sets, texts[::-1])[::-1]
    other = items(["What is it that the first of all the others has in common with the last of them?"], "another")
    assert together == found(pairer, [other, *sets], texts) == found(pairer, [*sets, other], texts)
    assert all(rows for text, rows in zip(texts, together, strict=True) if ITEM in text)
