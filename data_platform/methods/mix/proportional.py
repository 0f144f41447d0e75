"""Domains in proportion to what is there: the baseline that every other mixer has to beat."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from pydantic import Field

from data_platform.core.kinds.method import Example, Section
from data_platform.core.kinds.mixer import Mixer


class Proportional(Mixer, name="proportional"):
    """Domains in proportion to a power of their tokens: p ~ n ** (1 / T) (Conneau and Lample 2019, arXiv:1901.07291,
    section 3.1, where the power is 0.5; with a temperature as in Arivazhagan et al. 2019, arXiv:1907.05019). T = 1
    takes domains as they are, a large T all alike.
    """

    class Settings(Section):
        """The temperature."""

        temperature: float = Field(
            default=1.0, ge=1, le=1e6, allow_inf_nan=False, description="1: as much as there is; more: flatter."
        )

    examples = (
        Example(
            given={"domains": {"domain": ["books", "web"], "documents": [1, 9], "tokens": [100, 900]},
                   "tokens": 500, "max_epochs": 1},
            gives={"books": 0.1, "web": 0.9}, settings={}, source="by hand: 100 and 900 of 1,000 tokens",
        ),
        Example(
            given={"domains": {"domain": ["books", "web"], "documents": [1, 9], "tokens": [100, 900]},
                   "tokens": 500, "max_epochs": 1},
            gives={"books": 0.25, "web": 0.75}, settings={"temperature": 2}, source="by hand: 10 to 30",
        ),
    )

    def weights(self, domains: pa.Table, tokens: int, max_epochs: float) -> Mapping[str, float]:
        """Weights that sum to 1; a domain without tokens has none."""
        sizes = domains["tokens"].to_numpy().astype(np.float64)
        powers = np.where(sizes > 0, sizes ** (1 / self.settings.temperature), 0.0)
        total = powers.sum() or 1.0
        names = domains["domain"].to_pylist()
        return {name: float(power / total) for name, power in zip(names, powers, strict=True) if power}
