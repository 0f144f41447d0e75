"""The part of a recipe that says into which domains documents are sorted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from data_platform.core.settings import IDENTIFIER, LocalPath, Part, Threshold
from data_platform.methods.branches.cascade import TwoClassifiers


class Evidence(Part):
    """What a pattern finds in a document: enough of it speaks for the branch. Patterns are RE2's, of linear time."""

    pattern: str = Field(min_length=1, description="Regular expression in the syntax of RE2.")
    where: Literal["text", "page"] = Field(
        default="text", description="Searched: the extracted text, or the record as it was captured."
    )
    at_least: int | None = Field(
        default=1, ge=1, description="Matches from which on it speaks for the branch; null: it never does, and is only "
        "a feature of the branch's second classifier."
    )
    share: float = Field(
        default=0.0, ge=0, le=1, description="Share of the bytes that must lie in matches, besides their number."
    )
    unless: str | None = Field(
        default=None, min_length=1, description="Regular expression of what it must not be confused with, in RE2."
    )
    unless_at_least: int = Field(default=1, ge=1, description="Matches of `unless` from which on it does not speak.")

    @field_validator("pattern", "unless")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        import pyarrow as pa
        import pyarrow.compute as pc

        try:
            pc.count_substring_regex(pa.array([""]), value or "")
        except pa.ArrowInvalid as error:
            # What follows the reason is a piece of the pattern.
            reason = str(error).removeprefix("Invalid regular expression: ").partition(": ")[0]
            raise ValueError(f"not a regular expression of RE2: {reason}") from None
        return value


class DomainLabels(Part):
    """Labelled texts from which the classifiers of a branch are trained; texts of one host stay together."""

    kind: Literal["files", "pages", "environment"] = Field(
        description="files: JSONL rows with text, label and URL. pages: records of archives, labelled by URL in a TSV "
        "file, extracted as the recipe says. environment: docstrings of installed distributions as pages, weakly "
        "labelled by their formulas."
    )
    paths: tuple[LocalPath, ...] = Field(default=(), description="JSONL files, or archives, globs and folders of them.")
    urls: LocalPath | None = Field(default=None, description="TSV with the columns url and label, for kind 'pages'.")
    positive: tuple[str | int | bool, ...] = Field(default=(1, True), description="Labels that mean the branch.")
    text_field: str = Field(default="text", description="Field of a JSONL row that holds the text.")
    label_field: str = Field(default="label", description="Field of a JSONL row that holds the label.")
    url_field: str = Field(default="url", description="Field of a JSONL row that holds the URL, if any.")
    limit: int = Field(default=2_000, ge=2, description="At most so many texts per label.")

    @model_validator(mode="after")
    def _complete(self) -> DomainLabels:
        if self.kind != "environment" and not self.paths:
            raise ValueError(f"labels of kind {self.kind!r} need paths")
        if (self.kind == "pages") != (self.urls is not None):
            raise ValueError("urls belongs to labels of kind 'pages', and they need it")
        return self


class Cascade(TwoClassifiers.Settings):
    """Two classifiers of a branch: a cheap one that misses little, and a precise one that judges what the first or the
    evidence let through. Their thresholds are learned from the labels; what they reach on held-out hosts is reported.
    """

    labels: tuple[DomainLabels, ...] = Field(min_length=1)
    held_out: float = Field(default=0.3, gt=0, lt=1, description="Share of the hosts that is not trained on.")


class Branch(Part):
    """One domain of the corpus: which documents belong to it, and the rules that they must satisfy.

    Without evidence and cascade it takes every document that no branch before it took.
    """

    domains: tuple[str, ...] = Field(default=(), description="Domains of sources it takes from; empty: all.")
    evidence: dict[Annotated[str, Field(pattern=IDENTIFIER)], Evidence] = Field(
        default_factory=dict, description="What speaks for the branch, by name; one is enough."
    )
    cascade: Cascade | None = Field(
        default=None, description="Classifiers: the first or the evidence proposes, the second decides."
    )
    rule_sets: dict[str, dict[str, Threshold]] | None = Field(
        default=None, description="Rule sets of the branch, as under `filters`; null: those under `filters`."
    )
