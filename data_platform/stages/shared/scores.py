"""Scores as columns of other rows: which tables they lie in, and how they come beside a doc_id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.columns import Column
from data_platform.core.kinds.scorer import ScoreColumn, score_column
from data_platform.core.tables import table
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Work


def carried(column: ScoreColumn, nullable: bool = False) -> Column:
    """The column of a table that holds a score of another; null where a row was never scored, if that can be."""
    return replace(
        column.declared, name=column.name, nullable=nullable,
        derived_from=(f"{column.table}.{column.declared.name}",),
    )


def score_tables(recipe: Recipe, columns: Iterable[str]) -> list[str]:
    """The tables of the scores among the columns that an entry reads, each once."""
    texts = table("deduplicated_documents")
    scores = [score_column(recipe.scores, name) for name in columns if name not in texts]
    return list(dict.fromkeys(column.table for column in scores))


def with_columns(work: Work, rows: pa.Table, columns: Iterable[str]) -> pa.Table:
    """Rows with a doc_id, with columns of documents and of scores, each under the name that it was asked for."""
    texts = table("deduplicated_documents")
    by_table: dict[str, dict[str, str]] = {}
    for name in columns:
        if name in rows.column_names:
            continue
        if name in texts:
            by_table.setdefault("deduplicated_documents", {})[name] = name
        else:
            found = score_column(work.recipe.scores, name)
            by_table.setdefault(found.table, {})[name] = found.declared.name
    for source, wanted in by_table.items():
        other = work.rows(source, ["doc_id", *dict.fromkeys(wanted.values())])
        place = pc.index_in(rows["doc_id"], other["doc_id"].combine_chunks())
        for name, column in wanted.items():
            rows = rows.append_column(name, other[column].take(place))
    return rows
