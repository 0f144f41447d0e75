"""Small models for methods that read some, each trained once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from data_platform.core.kinds.method import Method
from data_platform.core.kinds.trainer import Trainer
from data_platform.core.settings import Part
from tests.contract.every import of

SMALL = {
    "language_model": {"layers": 1, "width": 32, "vocabulary": 300, "context": 32, "steps": 3, "batch": 4},
    "quality_classifier": {"buckets": 512},
}
"""Settings of trainers whose defaults take long."""


def labels(held_out: str = "held out") -> pa.Table:
    """Labelled texts, of which those that are not trained on say `held_out`."""
    rows = [
        {"text": text if split == "train" else f"{held_out} {text}", "label": label, "split": split}
        for at in range(12) for split in ("train" if at % 4 else "held_out",)
        for label, text in ((1, f"The {at}th cat sat on the mat, and slept."), (0, f"BUY {at} NOW!!! $$$ click here"))
    ]
    schema = pa.schema([("text", pa.large_string()), ("label", pa.int32()), ("split", pa.string())])
    return pa.Table.from_pylist(rows, schema)


def trainer(method: type[Trainer]) -> Trainer:
    """A trainer with settings that make it quick."""
    return method(method.Settings.model_validate(SMALL.get(method.name, {})))


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Name of a trainer to the folder of a model of it."""
    known = {method.name: method for method in of(Trainer)}

    @cache
    def trained(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        trainer(known[name]).train(labels().select(list(known[name].reads)), folder)
        return folder

    return trained


@pytest.fixture(scope="session")
def loaded(folder_of: Callable[[str], Path]) -> Callable[[type[Method], Part], Any]:
    """Makes methods that read models, with the models that they ask for."""

    def load(method: type[Method], settings: Part) -> Any:
        return method(settings, {name: folder_of(name) for name in method.models(settings)})

    return load
