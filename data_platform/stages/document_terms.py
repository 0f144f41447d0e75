"""The stage that says on which terms each copy that stays is used, after what its copies and reservations say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.duplicates.terms import MEMBER_COLUMNS, terms_of_copies
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.repetition import pair_entries
from data_platform.takedown.held import held_config, held_terms
from data_platform.takedown.removal_list import standing

PAIRS = "redundant_documents"
CONTAINMENT = "containment"
"""The method whose pairs are of a document that is in another."""


def _write(work: Work) -> Files:
    # Narrow columns only: clusters span all snapshots, so their documents meet in one place.
    members = work.rows("duplicates", ["doc_id", "snapshot", "cluster_id", "kept", "alternative_licenses"])
    for name in ("document_licenses", "documents"):
        columns = [column for column in MEMBER_COLUMNS if column in table(name) and column not in members.column_names]
        rows = work.rows(name, ["doc_id", *columns])
        place = pc.index_in(members["doc_id"], rows["doc_id"].combine_chunks())
        for column in columns:
            members = members.append_column(column, rows[column].take(place))
    reserved = work.rows("reservations", ["doc_id"])["doc_id"].combine_chunks()
    marks: pa.ChunkedArray = pc.is_in(members["doc_id"], reserved)
    members = members.append_column("reserved", marks)
    pairs = work.rows(PAIRS, ["doc_id", "matched_doc_id", "kind"]) if work.pins_of(PAIRS) else None
    held = held_terms(standing(work.lake))
    contained = [entry.name for entry in pair_entries(work.recipe) if entry.method.name == CONTAINMENT]
    return work.files(
        terms_of_copies(members.select(MEMBER_COLUMNS), work.recipe.licenses.copies, pairs, held, contained)
    )


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    # What takedowns hold documents to is no setting, and makes the terms anew as one does.
    return {**workspace.recipe.licenses.copies.model_dump(mode="json"), **held_config(standing(workspace.lake))}


def terms_stage(recipe: Recipe) -> Stage:
    """The stage as the recipe needs it: with the documents that are contained in others, if it looks for some.

    No books: what comes in and does not come out are the copies that `duplicates` dropped and counted.
    """
    related = (PAIRS,) if pair_entries(recipe) else ()
    return Stage(
        name="document_terms", group="licenses",
        inputs=("duplicates", "document_licenses", "documents", "reservations", *related),
        run=_write, config=_config, partitioned=False, phase="relate" if related else "deduplicate", books=None,
        checks=("licenses_current",),
    )
