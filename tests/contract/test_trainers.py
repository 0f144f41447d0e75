"""Trainers: the same files for the same labelled texts, and nothing of those that are held out."""

from __future__ import annotations

import json
from pathlib import Path

from data_platform.core.kinds.trainer import Trained, Trainer
from data_platform.models.store import model_digest
from tests.contract.conftest import labels, trainer
from tests.contract.every import each, settings_of


def trained(method: type[Trainer], folder: Path, held_out: str = "held out") -> tuple[str, Trained]:
    """Digest of a model's files, and what was said of it."""
    folder.mkdir()
    said = trainer(method).train(labels(held_out).select(list(method.reads)), folder)
    return model_digest(folder), said


@each(Trainer)
def test_a_model_is_the_same_twice_and_holds_nothing_that_was_held_out(method: type[Trainer], tmp_path: Path) -> None:
    first, said = trained(method, tmp_path / "a")
    assert (first, said) == trained(method, tmp_path / "b")
    assert trained(method, tmp_path / "c", "Something else!")[0] == first
    assert said.parameters >= 1 and 1 <= said.training_texts <= 18
    assert json.loads(json.dumps(said.metrics, allow_nan=False)) == said.metrics and said.license


@each(Trainer)
def test_by_default_a_model_is_trained(method: type[Trainer]) -> None:
    assert method.given(settings_of(method)) is None
