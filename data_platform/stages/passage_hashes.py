"""The stage that hashes the lines and paragraphs of every document, once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa

from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.repetition import passages

_IDENTITY = ("doc_id", "snapshot")


def _write(work: Work) -> Files:
    from daft import col

    from data_platform.methods.duplicates.passages import hash_passages

    wanted = {kind: one.min_words for kind, one in passages(work.recipe).items()}
    fields = {name: table("passage_hashes")[name].type for name in table("passage_hashes").column_names[2:]}
    kernel = engine.batch_udf(
        partial(hash_passages, min_words=wanted),
        {"found": pa.list_(pa.struct([pa.field(name, type_) for name, type_ in fields.items()]))},
    )
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    frame = frame.select(*_IDENTITY, kernel(col("text"))).explode("found")
    return engine.write(work.lake, frame.select(*_IDENTITY, col("found").unnest()), [engine.Output("passage_hashes")])


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {kind: one.min_words for kind, one in passages(workspace.recipe).items()}


PASSAGE_HASHES = Stage(
    name="passage_hashes", group="deduplication", inputs=("filtered_documents",), run=_write, config=_config,
    phase="filter", books=None,
)
