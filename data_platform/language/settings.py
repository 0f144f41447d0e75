"""The part of a recipe that says which languages go on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from data_platform.core.settings import Part


class Language(Part):
    """Which languages go on, and at which confidence."""

    languages: tuple[str, ...] = Field(default=(), description="ISO 639 codes that are kept; empty: all.")
    as_claimed: bool = Field(
        default=False, description="Drop documents whose page claims another language than the one that is detected."
    )
    min_confidence: float = Field(default=0.0, ge=0, le=1, description="Less sure documents are dropped.")
    cut_offs: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict, description="ISO 639 code to the least confidence in place of min_confidence."
    )
    model: str | None = Field(
        default=None, description="Path of a fastText model, such as GlotLID; default: lid.176 as shipped."
    )
