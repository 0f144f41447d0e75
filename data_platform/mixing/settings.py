"""The parts of a recipe that say what mixtures and datastores hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from data_platform.core.settings import NAME, Part
from data_platform.spdx.schemes import LicenseClass


class Datastore(Part):
    """A table of its own for texts that no mixture of the recipe may hold, whatever its budget: asked when a model
    answers, never trained on, and removed whenever somebody wishes. After SILO (Min et al. 2023), arXiv:2308.04430."""

    tiers: tuple[int, ...] = Field(default=(2, 3, 4, 5), description="Licence tiers that are taken, 0 to 5.")
    license_classes: tuple[LicenseClass, ...] = Field(
        default=(), description="Published classes of licences that are taken; empty: all."
    )
    domains: tuple[str, ...] = Field(default=(), description="Domains that are taken; empty: all.")
    opt_outs: bool = Field(default=False, description="Take texts, too, whose rights holders reserved them.")

    @field_validator("tiers")
    @classmethod
    def _known(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(tier not in range(6) for tier in value):
            raise ValueError(f"tiers are 0 to 5, not {sorted(value)}")
        return value


class Mixture(Part):
    """One mixture: weights per domain, admitted licence tiers, a token budget."""

    tokens: int = Field(ge=1, description="Token budget.")
    tiers: tuple[int, ...] = Field(default=(0, 1), description="Admitted licence tiers, 0 to 5.")
    license_classes: tuple[LicenseClass, ...] = Field(
        default=(), description="Published classes of licences: every row is of one of them, and of an admitted tier. "
        "Empty: the tiers alone decide."
    )
    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        min_length=1, description="Domain to weight; they are normalised."
    )
    min_quality: float = Field(default=0.0, ge=0, le=1, description="Least quality score.")
    max_epochs: float = Field(default=1.0, gt=0, description="How often a document may be seen at the most.")
    rehydrate: bool = Field(
        default=False, description="See a document so many times as often as its rehydration_weight says, which "
        "follows from the size of its cluster and deduplication.rehydration; max_epochs counts on top."
    )
    seed: int = Field(default=0, ge=0, description="Seed of the sample.")
    phase: str = Field(default="pretrain", pattern=NAME, description="Training phase.")

    @model_validator(mode="after")
    def _sane(self) -> Mixture:
        if any(tier not in range(6) for tier in self.tiers):
            raise ValueError(f"tiers are 0 to 5, not {sorted(self.tiers)}")
        if any(weight < 0 for weight in self.weights.values()) or not sum(self.weights.values()):
            raise ValueError("weights must not be negative, and not all zero")
        return self
