"""Selectors: which of the deduplicated documents a mixture may draw from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from data_platform.core.kinds.method import Kind, Method

SELECTOR = Kind(
    name="selector", section="selections", folder="select", family="selection",
    rows="one per deduplicated document, chosen or not, with its utility", partitioned=False, phase="mix",
    licence="none: a choice is no text", takedown="rows go with their documents, by doc_id",
)


@dataclass(frozen=True)
class Choice:
    """What a selector says of every candidate, in their order.

    Attributes:
        utility: float64, the higher the more wanted; never NaN.
        selected: bool.
    """

    utility: Any
    selected: Any


class Selector(Method):
    """Chooses among documents. The same candidates give the same choice, in whatever order they come.

    `columns(settings)` names what is read beside `doc_id`: columns of `deduplicated_documents`, and scores by the name
    of their column, or as entry.column where two entries have one of that name.

    Of an example, `given` has the candidates by column, and `gives` what is chosen: `selected`, `utility` or both.
    """

    kind: ClassVar[Kind] = SELECTOR

    def select(self, candidates: pa.Table) -> Choice:
        """Choose from `candidates`: `doc_id`, `domain`, `token_count` and the columns that were asked for."""
        raise NotImplementedError
