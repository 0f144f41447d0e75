"""The stage that finds passages and substrings which repeat among the documents that stay, over all snapshots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.repetition import dropping, passage_entries
from data_platform.stages.shared.staying import staying, texts


def _write(work: Work) -> Files:
    ids, found = staying(work), []
    for entry in passage_entries(work.recipe):
        signed = work.rows(entry.method.stored)
        if "kind" in signed.column_names:
            signed = signed.filter(pc.equal(signed["kind"], entry.method.passage))
        signed = signed.filter(pc.is_in(signed["doc_id"], ids))
        if entry.columns:
            more = work.rows("filtered_documents", ["doc_id", *entry.columns])
            place = pc.index_in(signed["doc_id"], more["doc_id"].combine_chunks())
            for name in entry.columns:
                signed = signed.append_column(name, more[name].take(place))
        found.append(entry.made().spans(signed, partial(texts, work)))
    return work.files(pa.concat_tables(found))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    recipe = workspace.recipe
    return {
        "dropping": dropping(recipe),
        # What is cut is another stage's matter.
        "passages": {entry.name: entry.settings.model_dump(exclude={"cut"}) for entry in passage_entries(recipe)},
    }


def spans_stage(recipe: Recipe, found: Sequence[str]) -> Stage:
    """The stage as the recipe needs it: with what its pairers made of each text, and the tables `found`, for which
    documents go."""
    entries = passage_entries(recipe)
    return Stage(
        name="duplicate_spans", group="deduplication",
        inputs=("filtered_documents", "duplicates", *dict.fromkeys(entry.method.stored for entry in entries), *found),
        run=_write, config=_config, partitioned=False, phase="relate", books=None,
        methods=tuple(entry.method for entry in entries),
    )
