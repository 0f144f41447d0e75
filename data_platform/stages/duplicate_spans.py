"""The stage that finds passages and substrings which repeat among the documents that stay, over all snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.repetition import dropping, passages
from data_platform.stages.shared.staying import staying, texts


def _write(work: Work) -> Files:
    from data_platform.methods.duplicates.passages import repeated_passages
    from data_platform.methods.duplicates.substrings import repeated_substrings, sharing_documents

    ids, found = staying(work), []
    if least := {kind: one.min_occurrences for kind, one in passages(work.recipe).items()}:
        hashes = work.rows("passage_hashes")
        found.append(repeated_passages(hashes.filter(pc.is_in(hashes["doc_id"], ids)), least))
    if substrings := work.recipe.repetition.substrings:
        prints = work.rows("substring_fingerprints", ["doc_id", "hashes"])
        prints = prints.filter(pc.is_in(prints["doc_id"], ids))
        some = sharing_documents(prints["doc_id"], prints["hashes"])
        del prints
        sizes = work.rows("filtered_documents", ["doc_id", "byte_count"])
        size = pc.sum(sizes.filter(pc.is_in(sizes["doc_id"], some))["byte_count"]).as_py() or 0
        found.append(repeated_substrings(partial(texts, work, some), size, substrings.min_tokens))
    return work.files(pa.concat_tables(found))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    recipe = workspace.recipe
    return {
        "dropping": dropping(recipe),
        "min_occurrences": {kind: one.min_occurrences for kind, one in passages(recipe).items()},
        "min_tokens": recipe.repetition.substrings.min_tokens if recipe.repetition.substrings else None,
    }


DUPLICATE_SPANS = Stage(
    name="duplicate_spans", group="deduplication", inputs=("filtered_documents", "duplicates"),
    run=_write, config=_config, partitioned=False, phase="relate", books=None,
)
