"""The parts of a recipe that say what mixtures and datastores hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from data_platform.core.kinds.method import Entry
from data_platform.core.kinds.mixer import Mixer
from data_platform.core.kinds.orderer import Orderer
from data_platform.core.reading import Fault
from data_platform.core.registry import OneEntry, entry_of
from data_platform.core.settings import NAME, Part, as_many, refusal
from data_platform.spdx.schemes import LicenseClass
from data_platform.spdx.tiers import RESTRICTED, UNKNOWN
from data_platform.spdx.uses import Use

QUALITY = "quality_score"
"""The score that `min_quality` bounds."""
TERMS = {"refuse": ("license_spdx", "license_tier"), "admit": ("claimed_spdx", "claimed_tier")}
"""Licence and tier by which documents are admitted, by what becomes of contested ones: columns of `document_terms`."""
_LEAST_TIER = {"unspecified": UNKNOWN, "non-commercial": RESTRICTED, "academic": RESTRICTED}
"""The tier of licences that a use admits and commercial use does not."""


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
    """One mixture: which documents it admits, how much it takes of each domain, in which order."""

    tokens: int = Field(ge=1, description="Token budget.")
    tiers: tuple[int, ...] = Field(default=(0, 1), description="Admitted licence tiers, 0 to 5.")
    license_classes: tuple[LicenseClass, ...] = Field(
        default=(), description="Published classes of licences: every row is of one of them, and of an admitted tier. "
        "Empty: the tiers alone decide."
    )
    contested: Literal["refuse", "admit"] = Field(
        default="refuse", description="By which licence documents are admitted whose copies, or whose own farther "
        "evidence, state a stricter one than they claim. refuse: by the strictest that is stated, which they then have "
        "in the mixture. admit: by the one that they claim."
    )
    use: Annotated[tuple[Use, ...], BeforeValidator(as_many, json_schema_input_type=Use | tuple[Use, ...])] = Field(
        default=(), description="Uses that the mixture is made for: every licence of a row allows one of them. "
        "commercial: any purpose; unspecified: licences that are not known, too; non-commercial; academic. Empty: the "
        "tiers alone decide, which have to admit tier 5 for non-commercial and academic use, and 4 for unspecified."
    )
    attribution: Literal["admit", "refuse"] = Field(
        default="admit", description="What becomes of documents whose licence asks for attribution or a notice."
    )
    share_alike: Literal["admit", "refuse"] = Field(
        default="admit", description="What becomes of documents whose licence asks for the same terms, or may."
    )
    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict, description="Domain to weight; they are normalised. The same as the mixer `fixed`."
    )
    mixer: Annotated[Entry | None, OneEntry(Mixer)] = Field(
        default=None, description="Method that finds the weights of domains, instead of `weights`."
    )
    select: str | None = Field(
        default=None, description="Entry of `selections`: only what it selected is drawn from."
    )
    min_quality: float = Field(default=0.0, ge=0, le=1, description="Least quality_score.")
    scores: tuple[str, ...] = Field(
        default=(), description="Columns of scores that the mixture holds: column, or entry.column where two entries "
        "have one of that name."
    )
    max_epochs: float = Field(default=1.0, gt=0, description="How often a document may be seen at the most.")
    rehydrate: bool = Field(
        default=False, description="See a document so many times as often as its rehydration_weight says, which "
        "follows from the size of its cluster and deduplication.rehydration; max_epochs counts on top."
    )
    seed: int = Field(default=0, ge=0, description="Seed of the sample.")
    order: Annotated[Entry, OneEntry(Orderer)] = Field(
        default_factory=lambda: entry_of(Orderer, "shuffled"), description="Method that orders the documents."
    )
    phase: str = Field(default="pretrain", pattern=NAME, description="Training phase.")
    publish: bool = Field(
        default=True, description="Write a table with the texts, to be exported; false: the plan alone, for a proxy "
        "run that reads texts where they are."
    )

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "contradicted" in value:
            raise refusal([Fault(("contradicted",), "is now `contested`, which copies count for, too, and which is "
                                 "refuse if nothing is said")])
        return value

    @model_validator(mode="after")
    def _sane(self) -> Mixture:
        if any(tier not in range(6) for tier in self.tiers):
            raise ValueError(f"tiers are 0 to 5, not {sorted(self.tiers)}")
        if bool(self.weights) == (self.mixer is not None):
            raise ValueError("give weights or a mixer")
        if idle := [use for use in self.use if (level := _LEAST_TIER.get(use)) and level not in self.tiers]:
            raise ValueError(f"use {idle[0]} admits nothing more than commercial without tier {_LEAST_TIER[idle[0]]} "
                             f"among the tiers, which are {sorted(self.tiers)}")
        if any(not math.isfinite(weight) or weight < 0 for weight in self.weights.values()) or (
            self.weights and not sum(self.weights.values())
        ):
            raise ValueError("weights must be numbers that are not negative, and not all zero")
        return self

    @property
    def terms(self) -> tuple[str, str]:
        """The columns of `document_terms` with the licence, and the tier, by which it admits a document."""
        return TERMS[self.contested]

    @property
    def for_use(self) -> tuple[tuple[Use, ...], bool, bool]:
        """The uses, and whether attribution and share-alike may be asked for, as `spdx.uses` takes them."""
        return self.use, self.attribution == "admit", self.share_alike == "admit"

    @property
    def mixing(self) -> Entry:
        """The mixer with its settings."""
        return self.mixer or entry_of(Mixer, {"method": "fixed", "weights": self.weights})
