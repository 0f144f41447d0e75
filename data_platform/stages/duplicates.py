"""The stage that joins pairs to clusters across all snapshots, and says which copy of each stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace

if TYPE_CHECKING:
    from data_platform.run.recipe import Recipe


def _write(work: Work) -> Files:
    from data_platform.duplicates.clusters import find_duplicates
    from data_platform.duplicates.policy import preferences

    # Narrow columns only: clusters span all snapshots, so their documents meet in one place.
    documents = work.rows("document_signatures", ["doc_id", "snapshot", "minhash_sketch"])
    keep = work.recipe.deduplication.keep
    compared = dict.fromkeys(column for column, _ in preferences(keep))
    wanted = {
        "filtered_documents": ["source", *(name for name in compared if name in table("filtered_documents"))],
        "document_licenses": ["license_spdx", "license_tier"],
        "quality_signals": [name for name in compared if name in table("quality_signals")],
    }
    for name, columns in wanted.items():
        if columns:
            other = work.rows(name, ["doc_id", *columns])
            place = pc.index_in(documents["doc_id"], other["doc_id"].combine_chunks())
            for column in columns:
                documents = documents.append_column(column, other[column].take(place))
    return work.files(find_duplicates(documents, work.rows("copy_pairs"), keep))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    # With the guards: what they stopped is to be made, and asked, again when they change.
    return workspace.recipe.deduplication.model_dump(mode="json", include={"keep", "guards"})


def duplicates_stage(recipe: Recipe) -> Stage:
    """The stage as the recipe needs it: with the signals, if copies are chosen by some.

    Raises:
        PreferenceError: if what the recipe keeps by is no preference.
    """
    from data_platform.duplicates.policy import preferences

    signals = any(column in table("quality_signals") for column, _ in preferences(recipe.deduplication.keep))
    return Stage(
        name="duplicates", group="deduplication",
        inputs=("document_signatures", "copy_pairs", "filtered_documents", "document_licenses",
                *(("quality_signals",) if signals else ())),
        run=_write, config=_config, partitioned=False, phase="deduplicate",
        checks=("licenses_current", "guards"),
    )
