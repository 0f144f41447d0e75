"""The part of a recipe that says which evaluation sets are looked for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from data_platform.core.settings import IDENTIFIER, Part


class EvaluationSet(Part):
    """One evaluation set: where its items are, and which of their fields a document may hold."""

    paths: tuple[str, ...] = Field(min_length=1, description="JSONL (plain, gz, zst) or Parquet files, a row per item.")
    fields: tuple[str, ...] = Field(
        min_length=1, description="Fields of an item that are looked for, in their order; dots reach into objects."
    )
    id_field: str | None = Field(default=None, description="Field that names an item; default: file and row number.")
    action: Literal["drop", "cut", "record"] | None = Field(
        default=None, description="What is done for this set, in place of the action for all."
    )

    @field_validator("paths", "fields", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class FuzzyOverlap(Part):
    """Items that were edited: a window of a document that holds a share of an item's runs of words."""

    ngram: int = Field(default=3, ge=1, description="Words per run.")
    share: float = Field(default=0.4, gt=0, le=1, description="Least share of the item's distinct runs.")
    slack: float = Field(default=0.25, ge=0, description="By which share the window is longer than the item.")
    min_words: int = Field(default=20, ge=1, description="Shorter items are looked for as they are only.")


class Decontamination(Part):
    """Evaluation sets that no model may have seen. What is found is recorded; the action says what is done about it."""

    sets: dict[Annotated[str, Field(pattern=IDENTIFIER, max_length=40)], EvaluationSet] = Field(min_length=1)
    ngram: int = Field(default=13, ge=1, description="Words per run; GPT-3 takes 13.")
    min_words: int = Field(
        default=8, ge=1, description="Least words of a field that is looked for by itself, and of an item that is "
        "acted upon; GPT-3 takes runs of 8 words and more."
    )
    fuzzy: FuzzyOverlap | None = Field(default_factory=FuzzyOverlap, description="Edited items; null: none.")
    action: Literal["drop", "cut", "record"] = Field(
        default="drop", description="drop: the document goes. cut: what was found goes, with a margin. record: nothing."
    )
    margin: int = Field(default=200, ge=0, description="Characters cut before and after what was found; as in GPT-3.")
    max_cuts: int = Field(
        default=10, ge=1, description="A document that would be cut in more places is dropped; as in GPT-3."
    )

    @model_validator(mode="after")
    def _short_is_short(self) -> Decontamination:
        if self.min_words > self.ngram:
            raise ValueError(f"min_words must not be more than ngram, but {self.min_words} is more than {self.ngram}")
        return self
