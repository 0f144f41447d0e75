"""The stage that embeds every document, by the language model of the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

import pyarrow as pa

from data_platform.core.tables import model_table, table
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.models import LOADING, models_of

_IDENTITY = ("doc_id", "snapshot")


def _write(work: Work) -> Files:
    from daft import col

    wanted = work.recipe.repetition.semantic
    model_id, folder = models_of(work, [wanted.model])[wanted.model]
    fields = {name: table("document_embeddings")[name].type for name in ("embedding", "embedding_model")}
    kernel = engine.batch_udf(
        partial(
            embed_documents, model_id=model_id, folder=folder, max_tokens=wanted.max_tokens,
            batch_tokens=wanted.batch_tokens,
        ),
        fields,
    )
    # Copies too: which of them stays may change with every crawl, and no text shall be embedded twice for that.
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    return engine.write(
        work.lake, frame.select(*_IDENTITY, kernel(col("text"))), [engine.Output("document_embeddings")]
    )


def embed_documents(
    texts: pa.Array, *, model_id: str, folder: str, max_tokens: int, batch_tokens: int
) -> pa.StructArray:
    """The embedding of every text of a batch, and which model made it."""
    with LOADING:
        embedder = _embedder(folder, max_tokens, batch_tokens)
    return pa.StructArray.from_arrays(
        [embedder.embed(texts), pa.repeat(model_id, len(texts))], ["embedding", "embedding_model"]
    )


@lru_cache(maxsize=1)
def _embedder(folder: str, max_tokens: int, batch_tokens: int):
    from data_platform.models.embeddings import Embedder

    return Embedder(folder, max_tokens, batch_tokens)


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    wanted = workspace.recipe.repetition.semantic
    return {"max_tokens": wanted.max_tokens, "batch_tokens": wanted.batch_tokens}


def embedding_stage(recipe: Recipe) -> Stage:
    """The stage, which reads the model that the recipe names."""
    return Stage(
        name="document_embeddings", group="deduplication",
        inputs=("filtered_documents", model_table(recipe.repetition.semantic.model).name), run=_write, config=_config,
        pool="gpu", phase="embed",
    )
