"""The stage that finds documents which are contained in others or say the same, over all snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.staying import staying, texts


def _write(work: Work) -> Files:
    from data_platform.methods.duplicates.containment import contained_documents
    from data_platform.methods.duplicates.semantic import semantic_duplicates

    wanted, ids, found = work.recipe.repetition, staying(work), []
    if wanted.containment:
        sketched = work.rows("document_sketches")
        found.append(contained_documents(
            sketched.filter(pc.is_in(sketched["doc_id"], ids)), partial(texts, work),
            wanted.containment.share, wanted.containment.ngram, wanted.containment.max_documents,
        ))
        if wanted.containment.drop:  # a document that goes keeps no other from staying
            ids = ids.filter(pc.invert(pc.is_in(ids, found[0]["doc_id"].combine_chunks())))
    if wanted.semantic:
        embedded = work.rows("document_embeddings")
        found.append(semantic_duplicates(
            embedded.filter(pc.is_in(embedded["doc_id"], ids)), wanted.semantic.threshold,
            wanted.semantic.documents_per_cluster, wanted.semantic.iterations, wanted.semantic.keep,
            wanted.semantic.seed,
        ))
    return work.files(pa.concat_tables(found))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return workspace.recipe.repetition.model_dump(mode="json", include={"containment", "semantic"})


REDUNDANT_DOCUMENTS = Stage(
    name="redundant_documents", group="deduplication", inputs=("filtered_documents", "duplicates"),
    run=_write, config=_config, partitioned=False, phase="relate", books=None,
)
