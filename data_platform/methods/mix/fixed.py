"""Weights that somebody has chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pyarrow as pa
from pydantic import Field, field_validator

from data_platform.core.kinds.method import Example, Section
from data_platform.core.kinds.mixer import Mixer


class Fixed(Mixer, name="fixed"):
    """Fixed weights per domain, as published for The Pile (Gao et al. 2020, arXiv:2101.00027, table 1) and LLaMA
    (Touvron et al. 2023, arXiv:2302.13971, table 1): shares of the token budget, small domains seen more than once."""

    class Settings(Section):
        """The weights."""

        weights: dict[str, float] = Field(min_length=1, description="Domain to weight; they are normalised.")

        @field_validator("weights")
        @classmethod
        def _sane(cls, value: dict[str, float]) -> dict[str, float]:
            if any(not math.isfinite(weight) or weight < 0 for weight in value.values()) or not sum(value.values()):
                raise ValueError("weights must be numbers that are not negative, and not all zero")
            return value

    examples = (
        Example(
            given={"domains": {"domain": ["books", "web"], "documents": [1, 9], "tokens": [100, 900]},
                   "tokens": 500, "max_epochs": 1},
            gives={"books": 2.0, "web": 3.0}, settings={"weights": {"books": 2, "web": 3}},
            source="the weights are what was given",
        ),
    )

    def weights(self, domains: pa.Table, tokens: int, max_epochs: float) -> Mapping[str, float]:
        """The weights of the settings."""
        return self.settings.weights

    def named(self) -> frozenset[str]:
        """The domains that have a weight."""
        return frozenset(self.settings.weights)
