"""The stage that keeps the documents which break no rule, with the texts that their programs make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.programs.replay import replay
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Dropped, Files, Passing, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.domains import with_domain


def _write(work: Work) -> Files:
    from daft import col

    # There is a program for every document that breaks no rule.
    columns = ["doc_id", "program", "bytes_after", "tokens_after"]
    programs = engine.read(work.lake, work.pin("refinement_programs"), [*columns, "outcome"])
    programs = programs.where(col("outcome") != "dropped").select(*columns)
    made = ("text", "byte_count", "token_count")
    carried = [name for name in table("filtered_documents").column_names if name not in made]
    documents = engine.read(work.lake, work.pin("documents"), [*carried, "text"])
    documents = with_domain(work.lake, work.pin_of_table, documents)
    kernel = engine.batch_udf(replay, {"text": pa.large_string(), "byte_count": pa.int64()})
    frame = documents.join(programs, on="doc_id").select(
        *carried, kernel(col("text"), col("program"), col("bytes_after")), col("tokens_after").alias("token_count")
    )
    return engine.write(work.lake, frame, [engine.Output("filtered_documents")])


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {}


FILTERED_DOCUMENTS = Stage(
    name="filtered_documents", group="filtering", inputs=("documents", "filter_verdicts", "refinement_programs"),
    run=_write, config=_config, phase="filter",
    books=Passing((
        Dropped("filter_verdicts", "reason", lambda snapshot: ~pc.field("kept")),
        Dropped("refinement_programs", "reason", lambda snapshot: pc.field("outcome") == "dropped", "refinement."),
    )),
)


def filtered_stage(recipe: Recipe) -> Stage:
    """The stage as the recipe needs it: with the domains that documents were sorted into, if it has branches."""
    branches = ("document_branches",) if recipe.branches else ()
    return replace(FILTERED_DOCUMENTS, inputs=(*FILTERED_DOCUMENTS.inputs, *branches))
