"""The part of a recipe that says which evaluation sets are looked for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from data_platform.core.settings import IDENTIFIER, OneOrMany, Part, Paths
from data_platform.methods.decontaminate.ngrams import NgramOverlap


class EvaluationSet(Part):
    """One evaluation set: where its items are, and which of their fields a document may hold."""

    paths: Paths = Field(description="JSONL (plain, gz, zst) or Parquet files, a row per item.")
    fields: OneOrMany = Field(
        description="Fields of an item that are looked for, in their order; dots reach into objects."
    )
    id_field: str | None = Field(default=None, description="Field that names an item; default: file and row number.")
    action: Literal["drop", "cut", "record"] | None = Field(
        default=None, description="What is done for this set, in place of the action for all."
    )


class Decontamination(NgramOverlap.Settings):
    """Evaluation sets that no model may have seen. What is found is recorded; the action says what is done about it."""

    sets: dict[Annotated[str, Field(pattern=IDENTIFIER, max_length=40)], EvaluationSet] = Field(min_length=1)
    action: Literal["drop", "cut", "record"] = Field(
        default="drop", description="drop: the document goes. cut: what was found goes, with a margin. record: nothing."
    )
    margin: int = Field(default=200, ge=0, description="Characters cut before and after what was found; as in GPT-3.")
    max_cuts: int = Field(
        default=10, ge=1, description="A document that would be cut in more places is dropped; as in GPT-3."
    )
