"""Scorers: a few numbers about every text, in a table of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from data_platform.core.columns import Column
from data_platform.core.kinds.method import Entry, Kind, ModelReader
from data_platform.core.tables import mixture_table, table

SCORER = Kind(
    name="scorer", section="scores", folder="scores", family="scores",
    rows="one per deduplicated document", partitioned=True, phase="annotate",
    licence="none: a score is no text", takedown="rows go with their documents, by doc_id",
)


class Scorer(ModelReader):
    """Says a few numbers about every document. A score depends on the document, the settings and the models, never on
    other documents: it is the same for any batch, order and partitioning.

    Of an example, `given` lists texts, and `gives` has their values by column.

    Attributes:
        reads: columns of `deduplicated_documents`, handed to `score` in this order.
        batch_rows: documents per call.
    """

    kind: ClassVar[Kind] = SCORER
    reads: ClassVar[tuple[str, ...]] = ("text",)
    batch_rows: ClassVar[int] = 128

    def score(self, *columns: pa.Array) -> Mapping[str, Any]:
        """The columns of `gives` by name, one value per document: never null, NaN or infinite.

        Raises:
            ValueError: if a text is null.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class ScoreColumn:
    """A column of a score: its name where scores stand side by side, its entry, and its declaration there."""

    name: str
    entry: str
    declared: Column

    @property
    def table(self) -> str:
        """The table of the score."""
        return SCORER.table(self.entry)


def score_columns(scores: Mapping[str, Entry]) -> list[ScoreColumn]:
    """The columns of all scores, in the order of the recipe.

    Side by side a column has its own name, or `<entry>_<column>` where another entry, or the documents of a mixture,
    have one of that name.
    """
    times = Counter(column.name for entry in scores.values() for column in entry.method.gives)
    times.update({*table("deduplicated_documents").column_names, *mixture_table("any").column_names})
    return [
        ScoreColumn(column.name if times[column.name] == 1 else f"{name}_{column.name}", name, column)
        for name, entry in scores.items() for column in entry.method.gives
    ]


def score_column(scores: Mapping[str, Entry], named: str) -> ScoreColumn:
    """The column that a recipe means by `named`: its name side by side, or entry.column.

    Raises:
        KeyError: if there is none.
    """
    for column in score_columns(scores):
        if named in (column.name, f"{column.entry}.{column.declared.name}"):
            return column
    raise KeyError(named)
