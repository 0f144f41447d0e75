"""The tables of models: one per entry of the recipe's `models` that something reads.

A trained model is published beside the lake's tables, by the digest of its files; one that is there already is used
where it is. Not here: training (`methods/train/`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_platform.core.kinds.method import Entry
from data_platform.core.kinds.trainer import TRAINER
from data_platform.core.tables import model_table
from data_platform.lake.files import files_state
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.spdx.expressions import normalize


def model_stages(recipe: Recipe, names: Iterable[str]) -> list[Stage]:
    """The stages of the models called `names`."""
    return [_model_stage(recipe.model(name)) for name in dict.fromkeys(names)]


def model_names(entries: Iterable[Entry]) -> list[str]:
    """Entries of `models` that other entries read, each once."""
    return list(dict.fromkeys(name for entry in entries for name in entry.models))


def _model_stage(entry: Entry) -> Stage:
    given = entry.method.given(entry.settings)
    return Stage(
        name=entry.table, table=model_table(entry.name), group="models", inputs=() if given else ("quality_labels",),
        run=partial(_write, entry=entry), config=partial(_config, entry=entry), partitioned=TRAINER.partitioned,
        pool=entry.method.pool, methods=(entry.method,), phase=TRAINER.phase, books=None,
    )


def _write(work: Work, entry: Entry) -> Files:
    from data_platform.models.store import model_digest, publish

    if given := entry.method.given(entry.settings):
        folder, license_spdx = given
        digest = model_digest(folder)
        row = {
            "model_id": f"{entry.name}@{digest[:12]}", "uri": str(folder.absolute()), "sha256": digest,
            "license_spdx": normalize(license_spdx), "parameters": entry.method.parameters(folder), "training_texts": 0,
            "metrics": "{}",
        }
    else:
        labels = work.rows("quality_labels", ["label_id", *entry.method.reads]).sort_by("label_id")
        with tempfile.TemporaryDirectory() as place:
            trained = entry.made().train(labels.select(list(entry.method.reads)), Path(place))
            row = publish(
                Path(place), work.lake.uri, entry.name, license_spdx=normalize(trained.license),
                parameters=trained.parameters, training_texts=trained.training_texts, metrics=trained.metrics,
                storage_options=work.lake.storage_options,
            )
    return work.files(pa.Table.from_pylist([row], schema=work.stage.declared.schema))


def _config(workspace: Workspace, snapshot: str | None, entry: Entry) -> Mapping[str, Any]:
    given = entry.method.given(entry.settings)
    files = sorted(os.path.join(given[0], name) for name in os.listdir(given[0])) if given else []
    return {"settings": entry.config(), "files": files_state(files)}
