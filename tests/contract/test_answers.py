"""Answers of methods that their kinds do not allow are refused, by the name of the method and without a value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from data_platform.core.columns import Column
from data_platform.core.kinds.answers import (
    WrongAnswer,
    calls_of,
    choice_of,
    findings_of,
    pairs_of,
    positions_of,
    texts_of,
    values_of,
    weights_of,
)
from data_platform.core.kinds.auditor import Auditor
from data_platform.core.kinds.editor import Editor, RemoveLines
from data_platform.core.kinds.mixer import Mixer
from data_platform.core.kinds.orderer import Orderer
from data_platform.core.kinds.pairer import PAIRS, DocumentPairer
from data_platform.core.kinds.scorer import Scorer
from data_platform.core.kinds.selector import Choice, Selector
from data_platform.core.kinds.synthesiser import Synthesiser
from data_platform.core.tables import audit_table

SHARE = Column("share", pa.float64(), "A share.", minimum=0, maximum=1)
NAME = Column("name", pa.string(), "A name.")
DOMAINS = pa.table({"domain": ["web"], "documents": [2], "tokens": [9]})
FINDINGS = audit_table("any").schema


@pytest.mark.parametrize(("given", "said"), [
    (None, "no mapping"), ({}, "no column share"), ({"share": [0.5]}, "1 values of share for 2 rows"),
    ({"share": [0.5, None]}, "1 nulls"), ({"share": [0.5, float("nan")]}, "NaN or infinite"),
    ({"share": [0.5, float("inf")]}, "NaN or infinite"), ({"share": [0.5, 7.0]}, "beyond the bounds"),
    ({"share": ["secret", "text"]}, "not of double"), ({"share": 0.5}, "not of double"),
])
def test_values(given: Any, said: str) -> None:
    with pytest.raises(WrongAnswer, match=said) as told:
        values_of(Scorer, given, [SHARE], 2)
    assert "secret" not in str(told.value)


def test_values_come_in_the_types_that_are_declared() -> None:
    share, name = values_of(Scorer, {"name": ["a", "b"], "share": np.array([0, 1])}, [SHARE, NAME], 2)
    assert share.equals(pa.array([0.0, 1.0])) and name.equals(pa.array(["a", "b"]))
    assert values_of(Scorer, {"share": []}, [SHARE], 0) == [pa.array([], pa.float64())]


@pytest.mark.parametrize(("given", "said"), [
    (None, "no choice"), (Choice([0.0], [True, True]), "1 values of utility"),
    (Choice([0.0, float("nan")], [True, True]), "1 utilities"), (Choice([0.0, 1.0], [True]), "each of 2"),
    (Choice([0.0, 1.0], [1.0, 1.0]), "each of 2"), (Choice([0.0, 1.0], pa.array([True, None])), "each of 2"),
    (Choice(["secret", "text"], [True, True]), "more than numbers"),
])
def test_choices(given: Any, said: str) -> None:
    with pytest.raises(WrongAnswer, match=said) as told:
        choice_of(Selector, given, 2)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("given", [
    [1.0], {"web": -1.0}, {"web": float("nan")}, {"web": float("inf")}, {"web": "much"}, {"web": 0.0}, {},
])
def test_weights(given: Any) -> None:
    with pytest.raises(WrongAnswer, match="mixer"):
        weights_of(Mixer, given, DOMAINS)


def test_nothing_needs_no_weight() -> None:
    assert weights_of(Mixer, {}, DOMAINS.slice(0, 0)) == {}
    assert weights_of(Mixer, {"web": 1, "none": 0}, DOMAINS) == {"web": 1.0}


@pytest.mark.parametrize("given", [[0], [0, 0], [1, 2], [0.0, 0.5], [[0, 1]], None])
def test_positions(given: Any) -> None:
    with pytest.raises(WrongAnswer, match="each of 2 documents"):
        positions_of(Orderer, given, 2)


@pytest.mark.parametrize(("given", "said"), [
    ([], "no table"), (pa.table({"subject": ["a"], "value": [1.0]}), "no column measure"),
    (pa.table({"subject": ["a"], "measure": ["m"], "value": [float("nan")]}), "no numbers"),
    (pa.table({"subject": ["a", "a"], "measure": ["m", "m"], "value": [1.0, 2.0]}), "twice"),
    (pa.table({"subject": ["a"], "measure": pa.array([None], pa.string()), "value": [1.0]}), "nulls as measure"),
    (pa.table({"subject": ["a"], "measure": ["m"], "value": ["secret"]}), "other types"),
])
def test_findings(given: Any, said: str) -> None:
    with pytest.raises(WrongAnswer, match=said) as told:
        findings_of(Auditor, given, FINDINGS)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(("rows", "said"), [
    ([("a", "z", 1.0)], "was not given"), ([("z", "a", 1.0)], "was not given"), ([("a", "a", 1.0)], "for itself"),
    ([("a", "b", 1.0), ("a", "b", 0.5)], "twice"), ([("a", "b", 40.0)], "-1 to 1"),
    ([("a", "b", float("nan"))], "-1 to 1"), ([("a", None, 1.0)], "nulls as matched_doc_id"),
])
def test_pairs(rows: list[tuple[Any, ...]], said: str) -> None:
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    given = pa.table(columns, names=PAIRS.names)
    with pytest.raises(WrongAnswer, match=said):
        pairs_of(DocumentPairer, given, pa.chunked_array([["a", "b", "c"]]))


@pytest.mark.parametrize("given", [[], {2: []}, {-1: []}, {"0": []}, {0: ["drop_doc()"]}])
def test_calls(given: Any) -> None:
    with pytest.raises(WrongAnswer, match="editor"):
        calls_of(Editor, given, 2)


def test_calls_come_as_they_are_given() -> None:
    given = {np.int64(1): [RemoveLines(0, None)]}
    assert calls_of(Editor, given, 2) is given


@pytest.mark.parametrize("given", [None, ["a", "b"], [["a"]], [["a"], [1.5]], [["a"], ["\ud800"]]])
def test_texts(given: Any) -> None:
    with pytest.raises(WrongAnswer, match=r"lists? of texts for"):
        texts_of(Synthesiser, given, 2)


def test_texts_come_as_they_are_given() -> None:
    for given in ([["a", None], []], pa.chunked_array([[["a", None]], [[]]])):
        assert texts_of(Synthesiser, given, 2).to_pylist() == [["a", None], []]
    assert texts_of(Synthesiser, [], 0).to_pylist() == []


def test_no_pairs_at_all() -> None:
    assert pairs_of(DocumentPairer, PAIRS.empty_table(), pa.chunked_array([["a"]])).num_rows == 0
