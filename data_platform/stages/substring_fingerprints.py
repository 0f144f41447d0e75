"""The stage that makes the fingerprints by which documents with a substring in common find each other."""

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

    from data_platform.methods.duplicates.substrings import fingerprints

    kernel = engine.batch_udf(
        partial(fingerprints, min_tokens=work.recipe.repetition.substrings.min_tokens),
        {"hashes": table("substring_fingerprints")["hashes"].type},
    )
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    return engine.write(
        work.lake, frame.select(*_IDENTITY, kernel(col("text"))), [engine.Output("substring_fingerprints")]
    )


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {"min_tokens": workspace.recipe.repetition.substrings.min_tokens}


SUBSTRING_FINGERPRINTS = Stage(
    name="substring_fingerprints", group="deduplication", inputs=("filtered_documents",), run=_write, config=_config,
    phase="filter",
)
