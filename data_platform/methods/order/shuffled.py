"""Random order: the baseline that every other order has to beat."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pydantic import Field

from data_platform.core.kinds.method import Section
from data_platform.core.kinds.orderer import Orderer
from data_platform.core.order import hashed_order


class Shuffled(Orderer, name="shuffled"):
    """Every document at a random place, whatever its domain: what stochastic gradient descent assumes (Bottou 2012,
    "Stochastic Gradient Descent Tricks"). Added documents do not change the order of those before."""

    class Settings(Section):
        """The seed."""

        seed: int = Field(default=0, ge=0, description="Seed of the order.")

    def positions(self, plan: pa.Table) -> np.ndarray:
        """By a hash of seed and doc_id."""
        order = hashed_order(plan["doc_id"].combine_chunks(), self.settings.seed)
        positions = np.empty(len(order), np.int64)
        positions[order] = np.arange(len(order))
        return positions
