"""What every mixer takes and gives.

Belongs here: the protocol and its two tables. Does not: any method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from data_platform.mixing.settings import Mixture

CANDIDATES = pa.schema([
    ("doc_id", pa.string()),
    ("domain", pa.string()),
    ("token_count", pa.int64()),
    ("license_tier", pa.int32()),
    ("quality_score", pa.float64()),
])
"""A narrow table, one row per document that may enter a mixture; doc_id is unique, quality_score may be null."""

REPETITIONS = pa.field("rehydration_weight", pa.int64())
"""One more column, for mixtures with `rehydrate`: how many documents each one stands for, at least 1."""

CHOSEN = pa.schema([("doc_id", pa.string()), ("weight", pa.float64()), ("epochs", pa.float64())])
"""weight: share of the mixture's tokens that the document's domain was given; epochs: how often it is seen."""

REJECTED = pa.schema([("doc_id", pa.string()), ("reason", pa.string())])

REASONS = ("license_tier", "domain_without_weight", "min_quality", "token_budget")
"""Reasons of rejection, in the order in which they are asked: the first that holds is given."""


@dataclass(frozen=True)
class Selection:
    """The documents of a mixture and those left out: every candidate is in exactly one of the two tables."""

    chosen: pa.Table
    rejected: pa.Table


class Mixer(Protocol):
    """A method of choosing. The same candidates and mixture always give the same selection, in whatever order."""

    def __call__(self, candidates: pa.Table, mixture: Mixture, name: str) -> Selection:
        """Choose from `candidates` (columns of `CANDIDATES`) for the mixture called `name`."""
        ...
