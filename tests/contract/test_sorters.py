"""Sorters: the same files for the same labelled texts, and a text is judged by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.sorter import Judged, Labelled, Sorter
from data_platform.core.kinds.trainer import Trained
from data_platform.models.store import model_digest
from tests.contract.every import TEXTS, each, each_example, settings_of

Text = tuple[str, int, str, bool]


def labelled(rows: Sequence[Text]) -> Labelled:
    """Labelled texts without evidence."""
    texts, labels, hosts, held_out = zip(*rows, strict=True)
    return Labelled(pa.array(texts, pa.large_string()), labels, hosts, held_out, [False] * len(rows),
                    np.zeros((len(rows), 0)))


def example_of(method: type[Sorter]) -> Example:
    """The example that small texts are taken from: labelled texts with hosts are not made up for any method."""
    assert method.examples, f"{method.name}: a sorter needs an example that it can be trained on"
    return method.examples[0]


def trained(method: type[Sorter], rows: Sequence[Text], folder: Path) -> tuple[Any, Trained]:
    """A sorter with an example's settings that learned from these texts, and what was said of it."""
    folder.mkdir()
    sorter = method(settings_of(method, example_of(method)))
    said = sorter.train(labelled(rows), folder)
    return sorter.loaded(folder), said


def judged(judge: Any, texts: Sequence[str]) -> Judged:
    """What is said of texts without evidence."""
    return judge.judge(pa.array(texts, pa.large_string()), None, np.zeros((len(texts), 0)))


@each_example(Sorter)
def test_examples_hold(method: type[Sorter], example: Example, tmp_path: Path) -> None:
    sorter = method(settings_of(method, example))
    sorter.train(labelled(example.given), tmp_path)
    told = judged(sorter.loaded(tmp_path), [text for text, _, _, held_out in example.given if held_out])
    assert list(told.taken) == list(example.gives)


@each(Sorter)
def test_what_is_learned_is_the_same_twice(method: type[Sorter], tmp_path: Path) -> None:
    rows = example_of(method).given
    _, said = trained(method, rows, tmp_path / "a")
    assert trained(method, rows, tmp_path / "b")[1] == said
    assert model_digest(tmp_path / "a") == model_digest(tmp_path / "b")
    assert said.parameters >= 1 and said.training_texts <= sum(not held_out for *_, held_out in rows)
    assert json.loads(json.dumps(said.metrics, allow_nan=False)) == said.metrics


@each(Sorter)
def test_a_text_is_judged_by_itself(method: type[Sorter], tmp_path: Path) -> None:
    rows = example_of(method).given
    judge, _ = trained(method, rows, tmp_path / "a")
    texts = [*TEXTS, *(text for text, *_ in rows)]
    together, backward = judged(judge, texts), judged(judge, texts[::-1])
    for name in Judged._fields:
        values = np.asarray(getattr(together, name))
        alone = np.concatenate([np.asarray(getattr(judged(judge, [text]), name)) for text in texts])
        assert values == pytest.approx(alone, rel=1e-9, nan_ok=True)
        assert np.asarray(getattr(backward, name))[::-1] == pytest.approx(values, rel=1e-9, nan_ok=True)
    assert together.taken.dtype == bool and np.isfinite(together.first).all()
    assert not np.isnan(together.second[together.taken]).any(), "what is taken was decided on"
