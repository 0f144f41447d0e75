"""The stage that finds pairs of copies: those of a snapshot, with all that comes before it in the recipe.

A new snapshot is compared with the stored keys of those before it, whose texts are not read again but to verify pairs
that the recipe wants verified. A change of a snapshot makes its pairs anew, and those of the snapshots after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.method import Entry
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.pairers import copy_entries

if TYPE_CHECKING:
    from data_platform.run.recipe import Recipe


def _write(work: Work) -> Files:
    from data_platform.duplicates.candidates import copy_pairs

    settings = work.recipe.deduplication
    # Narrow columns only: those of the snapshots before this one are read, and not made.
    documents = work.rows("document_signatures")
    ids = documents["doc_id"].combine_chunks().sort() if settings.verify is not None else None
    pairers = [entry.made() for entry in _matching(work.recipe)]
    pairs = copy_pairs(documents, work.snapshot, pairers, settings.verify, partial(_shingles, work, ids))
    return work.files(pairs)


def _shingles(work: Work, ids: pa.Array, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read the documents that stand at `rows` of `ids` again, and shingle them, in the order of `rows`."""
    pairer = copy_entries(work.recipe)["minhash"].made()
    wanted = ids.take(pa.array(rows))
    found = []
    for pin in work.pins_of("filtered_documents"):
        for batch in work.lake.read_documents(pin, ["doc_id", "text"], wanted):
            shingles = pairer.shingles(batch["text"])
            found.append(pa.table({"doc_id": batch["doc_id"], "shingles": shingles}))
    documents = pa.concat_tables(found).combine_chunks()
    order = pc.index_in(wanted, documents["doc_id"].combine_chunks())
    shingles = documents["shingles"].combine_chunks().take(order)
    values = shingles.flatten().to_numpy(zero_copy_only=False)
    offsets = np.concatenate(([0], np.cumsum(shingles.value_lengths().to_numpy(zero_copy_only=False))))
    return offsets, values


def _matching(recipe: Recipe) -> list[Entry]:
    """The pairers by which the recipe finds copies."""
    return [entry for copies, entry in copy_entries(recipe).items() if copies in recipe.deduplication.kinds]


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return workspace.recipe.deduplication.model_dump(mode="json", include={"kinds", "verify"})


def copy_pairs_stage(recipe: Recipe) -> Stage:
    """The stage as the recipe needs it: with the texts, if pairs are to be verified."""
    texts = ("filtered_documents",) if recipe.deduplication.verify is not None else ()
    return Stage(
        name="copy_pairs", group="deduplication", inputs=("document_signatures", *texts), run=_write, config=_config,
        earlier=("document_signatures", *texts), phase="match", books=None,
        methods=tuple(entry.method for entry in _matching(recipe)),
    )
