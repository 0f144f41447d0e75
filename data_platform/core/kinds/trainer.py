"""Trainers: models that other methods read, each in a table of one row that names its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import pyarrow as pa

from data_platform.core.kinds.method import Kind, Method
from data_platform.core.settings import Part

TRAINER = Kind(
    name="trainer", section="models", folder="train", family="model",
    rows="one: the model", partitioned=False, phase="train",
    licence="that of the model, as far as stated", takedown="deleted if a labelled text that it was trained on goes",
)


def model_tables(names: Iterable[str]) -> tuple[str, ...]:
    """The tables of entries of `models`."""
    return tuple(map(TRAINER.table, names))


@dataclass(frozen=True)
class Trained:
    """What training left in its folder.

    Attributes:
        parameters: their number.
        training_texts: how many texts it was trained on.
        metrics: what was measured, as JSON can hold it.
        license: SPDX expression of the model.
    """

    parameters: int
    training_texts: int
    metrics: Mapping[str, Any] = field(default_factory=dict)
    license: str = "LicenseRef-unknown"


class Trainer(Method):
    """Makes a model from labelled texts, and leaves its files in a folder. Same texts, settings, library versions and
    kind of machine give the same bytes in every file.

    Attributes:
        reads: columns of `quality_labels`; its rows come in the order of `label_id`.
        pool: "gpu" where one device is to serve one training at a time.
    """

    kind: ClassVar[Kind] = TRAINER
    reads: ClassVar[tuple[str, ...]] = ("text", "label", "split")
    pool: ClassVar[Literal["gpu"] | None] = None

    @classmethod
    def given(cls, settings: Part) -> tuple[Path, str] | None:
        """Folder and licence of a model that is there already and needs no training, if the settings name one."""
        return None

    @classmethod
    def parameters(cls, folder: Path) -> int:
        """Number of parameters of a model that is there already, in `folder`."""
        raise NotImplementedError

    def train(self, labels: pa.Table, folder: Path) -> Trained:
        """Train on the labelled texts whose `split` is "train", measure on the others, write files to `folder`."""
        raise NotImplementedError
