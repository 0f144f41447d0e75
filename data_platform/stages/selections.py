"""The tables of selections: which documents each selector of the recipe chose."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa

from data_platform.core.kinds.answers import choice_of
from data_platform.core.kinds.method import Entry
from data_platform.core.kinds.selector import SELECTOR
from data_platform.core.tables import selection_table
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.scores import score_tables, with_columns

_CANDIDATES = ("doc_id", "snapshot", "domain", "token_count")


def selection_stages(recipe: Recipe) -> list[Stage]:
    """One stage per entry of the recipe's `selections`."""
    return [
        Stage(
            name=entry.table, table=selection_table(entry.name), group="selections",
            inputs=("deduplicated_documents", *score_tables(recipe, entry.columns)),
            run=partial(_write, entry=entry), config=partial(_config, entry=entry), partitioned=SELECTOR.partitioned,
            methods=(entry.method,), phase=SELECTOR.phase,
        )
        for entry in recipe.selections.values()
    ]


def _write(work: Work, entry: Entry) -> Files:
    # Narrow columns only: a selector compares documents of all snapshots.
    candidates = with_columns(work, work.rows("deduplicated_documents", list(_CANDIDATES)), entry.columns)
    candidates = candidates.sort_by("doc_id")
    choice = choice_of(entry.method, entry.made().select(candidates), candidates.num_rows)
    rows = pa.table({
        "doc_id": candidates["doc_id"], "snapshot": candidates["snapshot"],
        "utility": choice.utility, "selected": choice.selected,
    })
    return work.files(rows.cast(work.stage.declared.schema))


def _config(workspace: Workspace, snapshot: str | None, entry: Entry) -> Mapping[str, Any]:
    return entry.config()
