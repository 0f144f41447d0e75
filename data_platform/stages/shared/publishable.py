"""The texts that a mixture may take, each with its licence: deduplicated documents, and what was made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Work

if TYPE_CHECKING:
    from daft import DataFrame

DOCUMENTS, TERMS = "deduplicated_documents", "document_terms"


def text_tables(recipe: Recipe) -> list[str]:
    """The tables that have to be read for all texts and their licences."""
    return [DOCUMENTS, TERMS, *(entry.table for entry in recipe.synthesis.values())]


def all_texts(recipe: Recipe) -> tuple[str, ...]:
    """Those of them that hold texts."""
    return DOCUMENTS, *_derived(recipe)


def narrow_rows(work: Work, columns: Sequence[str], terms: Sequence[str]) -> pa.Table:
    """Columns of every text and of its licence, in memory, and whether it was `derived` from others."""
    documents = work.rows(DOCUMENTS, list(columns))
    licenses = work.rows(TERMS, ["doc_id", *terms])
    place = pc.index_in(documents["doc_id"], licenses["doc_id"].combine_chunks())
    for name in terms:
        documents = documents.append_column(name, licenses[name].take(place))
    parts = [documents.append_column("derived", pa.repeat(False, documents.num_rows))]
    for name in _derived(work.recipe):
        rows = work.rows(name, [*columns, *terms])
        parts.append(rows.append_column("derived", pa.repeat(True, rows.num_rows)))
    return pa.concat_tables(parts, promote_options="default")


def text_frame(work: Work, columns: Sequence[str], terms: Sequence[str]) -> DataFrame:
    """Columns of every text and of its licence, as a dataframe."""
    pins = work.pins_of(TERMS)
    frame = engine.read_all(work.lake, work.pins_of(DOCUMENTS), list(columns))
    frame = frame.join(engine.read_all(work.lake, pins, ["doc_id", *terms]), on="doc_id")
    for name in _derived(work.recipe):
        frame = frame.concat(engine.read_all(work.lake, work.pins_of(name), [*columns, *terms]))
    return frame


def _derived(recipe: Recipe) -> Iterator[str]:
    return (entry.table for entry in recipe.synthesis.values())


def term_columns(names: Sequence[str]) -> list[str]:
    """Those of the columns that speak of the licence."""
    return [name for name in names if name in table(TERMS) and name not in ("doc_id", "snapshot")]
