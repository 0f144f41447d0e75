"""The tables of what pairers of documents make of each text: one per pairer, so that one more makes no other anew."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa

from data_platform.core.kinds.answers import values_of
from data_platform.core.kinds.method import Entry, strings
from data_platform.core.kinds.trainer import model_tables
from data_platform.run import engine
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.models import IDENTITY, loaded, method_udf
from data_platform.stages.shared.repetition import sketch_table


def sketch_stage(entry: Entry) -> Stage:
    """The stage of one pairer."""
    declared = sketch_table(entry)
    return Stage(
        name=declared.name, table=declared, group="deduplication",
        inputs=("filtered_documents", *model_tables(entry.models)),
        run=partial(_write, entry=entry), config=partial(_config, entry=entry),
        pool=entry.method.pool, phase="embed" if entry.models else "filter", methods=(entry.method,),
    )


def _write(work: Work, entry: Entry) -> Files:
    from daft import col

    kernel = method_udf(work, entry, sketch_batch)
    # Copies too: which of them stays may change with every crawl, and nothing shall be made twice for that.
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*IDENTITY, "text"])
    return engine.write(
        work.lake, frame.select(*IDENTITY, kernel(col("text"))), [engine.Output(work.stage.declared)]
    )


def sketch_batch(texts: pa.Array, *, entry: Entry, folders: Mapping[str, str], model: str) -> pa.StructArray:
    """What a pairer makes of a batch of texts, and, if it reads models, which made it."""
    declared = sketch_table(entry)
    given = loaded(entry, folders).sketch(strings(texts))
    gives = entry.method.gives
    made = dict(zip((column.name for column in gives), values_of(entry.method, given, gives, len(texts)), strict=True))
    for name in declared.column_names:
        if name not in (*IDENTITY, *made):
            made[name] = pa.repeat(model, len(texts))
    names = [name for name in declared.column_names if name not in IDENTITY]
    return pa.StructArray.from_arrays([pa.array(made[name]).cast(declared[name].type) for name in names], names)


def _config(workspace: Workspace, snapshot: str | None, entry: Entry) -> Mapping[str, Any]:
    return entry.method.sketched_by(entry.settings)
