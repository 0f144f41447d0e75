"""The stage that makes the fingerprints by which documents with a substring in common find each other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa

from data_platform.core.kinds.method import Entry
from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.repetition import passage_entries

_IDENTITY = ("doc_id", "snapshot")


def _write(work: Work) -> Files:
    from daft import col

    (entry,) = passage_entries(work.recipe, "substring_fingerprints")
    kernel = engine.batch_udf(
        partial(_sign, entry=entry), {"hashes": table("substring_fingerprints")["hashes"].type}
    )
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    return engine.write(
        work.lake, frame.select(*_IDENTITY, kernel(col("text"))), [engine.Output("substring_fingerprints")]
    )


def _sign(text: pa.Array, *, entry: Entry) -> pa.StructArray:
    return entry.made().sign(text)


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {"min_tokens": workspace.recipe.repetition.substrings.min_tokens}


def fingerprint_stage(recipe: Recipe) -> Stage:
    """The stage as the recipe needs it: with its pairer."""
    return Stage(
        name="substring_fingerprints", group="deduplication", inputs=("filtered_documents",), run=_write,
        config=_config, phase="filter",
        methods=tuple(entry.method for entry in passage_entries(recipe, "substring_fingerprints")),
    )
