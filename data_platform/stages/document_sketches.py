"""The stage that sketches every document, for containment."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace

_IDENTITY = ("doc_id", "snapshot")


def _write(work: Work) -> Files:
    from daft import col

    from data_platform.methods.duplicates.containment import sketches

    wanted = work.recipe.repetition.containment
    fields = {name: table("document_sketches")[name].type for name in ("shingle_count", "sketch")}
    kernel = engine.batch_udf(partial(sketches, ngram=wanted.ngram, scale=wanted.scale), fields)
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    return engine.write(
        work.lake, frame.select(*_IDENTITY, kernel(col("text"))), [engine.Output("document_sketches")]
    )


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return workspace.recipe.repetition.containment.model_dump(mode="json", include={"ngram", "scale"})


DOCUMENT_SKETCHES = Stage(
    name="document_sketches", group="deduplication", inputs=("filtered_documents",), run=_write, config=_config,
    phase="filter",
)
