"""What is found to be wrong with rows of a mixture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STALE = "stale since takedown {}, which took what its terms were decided on: run the recipe again"
"""What is said of rows that wait for a run after takedowns."""
STALE_MODEL = "stale since takedown {}, which took a model that {} it: run the recipe again"
"""What is said of rows that a model scored or made which was trained on what went."""


@dataclass(frozen=True)
class Finding:
    """What is wrong with some rows of a mixture: at which table, what, and which rows, as places among them."""

    kind: str
    """chain: a link is missing or does not fit. license: the licence is not what the evidence says, or not admitted.
    pending: a takedown took what the licence was decided on, or a model, and no run was since; the licence is the one
    that was decided."""
    table: str
    what: str
    rows: np.ndarray
