"""The stage that hashes the lines and paragraphs of every document, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    entries = passage_entries(work.recipe, "passage_hashes")
    fields = {name: table("passage_hashes")[name].type for name in table("passage_hashes").column_names[2:]}
    kernel = engine.batch_udf(
        partial(hash_passages, entries=entries),
        {"found": pa.list_(pa.struct([pa.field(name, type_) for name, type_ in fields.items()]))},
    )
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    frame = frame.select(*_IDENTITY, kernel(col("text"))).explode("found")
    return engine.write(work.lake, frame.select(*_IDENTITY, col("found").unnest()), [engine.Output("passage_hashes")])


def hash_passages(text: pa.Array, *, entries: Sequence[Entry]) -> pa.StructArray:
    """The passages of every text of a batch, one struct per pairer in a list per text."""
    by_kind = [entry.made().sign(text) for entry in entries]
    kinds, count = len(by_kind), len(text)
    # From kind by kind to text by text.
    order = pa.array([kind * count + row for row in range(count) for kind in range(kinds)], pa.int64())
    rows = pa.concat_arrays(by_kind).take(order)
    offsets = pa.array(range(0, kinds * count + 1, kinds), pa.int32())
    return pa.StructArray.from_arrays([pa.ListArray.from_arrays(offsets, rows)], ["found"])


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    entries = passage_entries(workspace.recipe, "passage_hashes")
    return {entry.method.passage: entry.settings.min_words for entry in entries}


def passage_stage(recipe: Recipe) -> Stage:
    """The stage as the recipe needs it: with its pairers."""
    return Stage(
        name="passage_hashes", group="deduplication", inputs=("filtered_documents",), run=_write, config=_config,
        phase="filter", books=None,
        methods=tuple(entry.method for entry in passage_entries(recipe, "passage_hashes")),
    )
