"""The part of a recipe that says how HTML becomes text."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from data_platform.core.settings import Part


class Extraction(Part):
    """How HTML becomes text."""

    engine: Literal["auto", "trafilatura", "resiliparse"] = Field(default="auto", description="HTML engine.")
    options: dict[str, bool | int | str] = Field(default_factory=dict, description="Options of the engine.")
    max_html_bytes: int = Field(default=8 * 2**20, ge=1, description="Larger pages are rejected.")
    max_tree_depth: int = Field(default=2_000, ge=1, description="Deeper pages are rejected.")
