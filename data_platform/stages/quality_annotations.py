"""The table of quality annotations: all scores of every document side by side. None if the recipe asks for none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from data_platform.core.columns import Column, Table
from data_platform.core.kinds.method import Entry
from data_platform.core.kinds.scorer import ScoreColumn, score_columns
from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.scores import carried


def annotation_stages(recipe: Recipe) -> list[Stage]:
    """The stage that joins all scores, if there are any."""
    if not recipe.scores:
        return []
    return [Stage(
        name="quality_annotations", table=_declared(recipe.scores), group="scores",
        inputs=("deduplicated_documents", *(entry.table for entry in recipe.scores.values())),
        run=partial(_write, scores=recipe.scores), config=_config, phase="annotate", distributions=True,
    )]


def _declared(scores: Mapping[str, Entry]) -> Table:
    columns: list[Column] = []
    for name, entry in scores.items():
        columns += [carried(column) for column in score_columns(scores) if column.entry == name]
        columns.append(Column(
            f"{name}_model", table(entry.table)["model"].type, f"model_id of the models that scored {name}; empty "
            "if it reads none.", derived_from=(f"{entry.table}.model",),
        ))
    base = table("quality_annotations")
    return replace(base, columns=(*base.columns, *columns))


def _write(work: Work, scores: Mapping[str, Entry]) -> Files:
    from daft import col

    frame = engine.read(work.lake, work.pin("deduplicated_documents"), ["doc_id", "snapshot"])
    for name, entry in scores.items():
        mine = [column for column in score_columns(scores) if column.entry == name]
        read = engine.read(work.lake, work.pin(entry.table), ["doc_id", *entry_columns(mine), "model"])
        read = read.select(
            "doc_id", *(col(column.declared.name).alias(column.name) for column in mine),
            col("model").alias(f"{name}_model"),
        )
        frame = frame.join(read, on="doc_id")
    frame = frame.select(*work.stage.declared.column_names)
    return engine.write(work.lake, frame, [engine.Output(work.stage.declared)])


def entry_columns(columns: list[ScoreColumn]) -> list[str]:
    """The names that columns have in the table of their scorer."""
    return [column.declared.name for column in columns]


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {}
