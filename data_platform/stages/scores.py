"""The tables of scores: one per scorer that the recipe names, so that one more rescores nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa

from data_platform.core.kinds.answers import values_of
from data_platform.core.kinds.method import Entry
from data_platform.core.kinds.scorer import SCORER
from data_platform.core.kinds.trainer import model_tables
from data_platform.core.tables import scores_table
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.models import IDENTITY, loaded, method_udf


def score_stages(recipe: Recipe) -> list[Stage]:
    """One stage per entry of the recipe's `scores`."""
    return [_score_stage(entry) for entry in recipe.scores.values()]


def _score_stage(entry: Entry) -> Stage:
    return Stage(
        name=entry.table, table=scores_table(entry.name, entry.method.gives, entry.models), group="scores",
        inputs=("deduplicated_documents", *model_tables(entry.models)),
        run=partial(_write, entry=entry), config=partial(_config, entry=entry), pool=entry.method.pool,
        methods=(entry.method,), partitioned=SCORER.partitioned, phase=SCORER.phase,
    )


def _write(work: Work, entry: Entry) -> Files:
    from daft import col

    kernel, reads = method_udf(work, entry, score_batch), entry.method.reads
    frame = engine.read(work.lake, work.pin("deduplicated_documents"), list(dict.fromkeys((*IDENTITY, *reads))))
    return engine.write(
        work.lake, frame.select(*IDENTITY, kernel(*(col(name) for name in reads))),
        [engine.Output(work.stage.declared)],
    )


def score_batch(*columns: pa.Array, entry: Entry, folders: Mapping[str, str], model: str) -> pa.StructArray:
    """The scores of a batch of documents: a struct array of the scorer's columns and the models that it read."""
    found = loaded(entry, folders).score(*columns)
    arrays = values_of(entry.method, found, entry.method.gives, len(columns[0]))
    names = [column.name for column in entry.method.gives]
    return pa.StructArray.from_arrays([*arrays, pa.repeat(model, len(columns[0]))], [*names, "model"])


def _config(workspace: Workspace, snapshot: str | None, entry: Entry) -> Mapping[str, Any]:
    return entry.config()
