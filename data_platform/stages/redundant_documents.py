"""The stage that finds documents which are contained in others or say the same, over all snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.answers import pairs_of
from data_platform.core.kinds.method import Entry
from data_platform.core.tables import table
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.repetition import pair_entries, sketch_table
from data_platform.stages.shared.staying import staying, texts


def _write(work: Work) -> Files:
    ids, found = staying(work), []
    for entry in pair_entries(work.recipe):
        sketched = _sketched(work, entry, ids)
        pairs = entry.made().pairs(sketched, partial(texts, work))
        pairs = pairs_of(entry.method, pairs, sketched["doc_id"])
        place = pc.index_in(pairs["doc_id"], sketched["doc_id"].combine_chunks())
        columns = {
            "doc_id": pairs["doc_id"], "snapshot": sketched["snapshot"].take(place),
            "kind": pa.repeat(entry.name, pairs.num_rows), "matched_doc_id": pairs["matched_doc_id"],
            "similarity": pairs["similarity"],
        }
        found.append(pa.table(columns, schema=table("redundant_documents").schema))
        if entry.settings.drop:  # a document that goes keeps no other from staying
            ids = ids.filter(pc.invert(pc.is_in(ids, pairs["doc_id"].combine_chunks())))
    return work.files(pa.concat_tables(found))


def _sketched(work: Work, entry: Entry, ids: pa.Array) -> pa.Table:
    """What was made of the texts that are to be compared; which models made it, as `model`."""
    if not entry.method.gives:
        rows = work.rows("duplicates", ["doc_id", "snapshot"])
        return rows.filter(pc.is_in(rows["doc_id"], ids))
    rows = work.rows(sketch_table(entry).name)
    if entry.models:
        own = {"doc_id", "snapshot", *(column.name for column in entry.method.gives)}
        rows = rows.rename_columns([name if name in own else "model" for name in rows.column_names])
    return rows.filter(pc.is_in(rows["doc_id"], ids))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {"pairs": [[entry.name, entry.config()] for entry in pair_entries(workspace.recipe)]}


def redundant_stage(recipe: Recipe) -> Stage:
    """The stage as the recipe needs it: with what its pairers made of each text."""
    entries = pair_entries(recipe)
    return Stage(
        name="redundant_documents", group="deduplication",
        inputs=("filtered_documents", "duplicates",
                *(sketch_table(entry).name for entry in entries if entry.method.gives)),
        run=_write, config=_config, partitioned=False, phase="relate", books=None,
        methods=tuple(dict.fromkeys(entry.method for entry in entries)),
    )
