"""The stage that makes of every document what its copies are known by: hashes and MinHash."""

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
from data_platform.stages.shared.pairers import copy_entries

_SETTINGS = frozenset({"ngram", "bands", "rows", "seed", "hashes"})


def _write(work: Work) -> Files:
    from daft import col

    declared, kernels = table("document_signatures"), []
    for entry in _signing(work.recipe):
        kernel = engine.batch_udf(
            partial(sign_batch, entry=entry),
            {column.name: declared[column.name].type for column in entry.method.gives},
            batch_rows=entry.method.batch_rows,
        )
        kernels.append(kernel(col(entry.method.reads)))
    frame = engine.read(work.lake, work.pin("filtered_documents"), ["doc_id", "snapshot", "url", "text"])
    return engine.write(work.lake, frame.select("doc_id", "snapshot", *kernels), [engine.Output(declared.name)])


def sign_batch(values: pa.Array, *, entry: Entry) -> pa.StructArray:
    """What a pairer knows the documents of a batch by."""
    made = entry.made().sign(values)
    names = [column.name for column in entry.method.gives]
    return pa.StructArray.from_arrays([made[name] for name in names], names)


def _signing(recipe: Recipe) -> list[Entry]:
    """The pairers that sign, whatever of it the recipe compares; the hash of exact copies comes with the bands."""
    entries = copy_entries(recipe)
    return [entries["url"], entries["minhash"]]


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return workspace.recipe.deduplication.model_dump(mode="json", include=set(_SETTINGS))


def signature_stage(recipe: Recipe) -> Stage:
    """The stage as the recipe needs it: with its pairers."""
    return Stage(
        name="document_signatures", group="deduplication", inputs=("filtered_documents",), run=_write, config=_config,
        phase="filter", methods=tuple(entry.method for entry in _signing(recipe)),
    )
