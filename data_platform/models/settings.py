"""The parts of a recipe that say which models are made, and of which labelled texts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from data_platform.core.settings import LocalPath, Part


class Labels(Part):
    """Labelled texts that models are trained on: JSONL paths, or texts of the environment."""

    kind: Literal["files", "environment"] = "environment"
    paths: tuple[LocalPath, ...] = Field(default=(), description="JSONL files, for kind 'files'.")
    text_field: str = Field(default="text", description="Field that holds the text.")
    label_field: str = Field(default="label", description="Field that holds the label.")
    positive: tuple[str | int | bool, ...] = Field(default=(1, True, "keep"), description="Values that mean 'wanted'.")
    limit: int = Field(default=2_000, ge=2, description="At most so many texts per label.")
    held_out: float = Field(default=0.2, gt=0, lt=1, description="Share that is not trained on.")


class QualityClassifier(Part):
    """A linear classifier over hashed word n-grams."""

    ngram: int = Field(default=2, ge=1, le=5, description="Longest word n-gram.")
    buckets: int = Field(default=2**18, ge=2, description="Number of hash buckets.")
    regularization: float = Field(default=1.0, gt=0, description="Inverse strength of the L2 penalty.")


class LanguageModel(Part):
    """A causal language model from a local directory, or a small one trained here on the wanted labelled texts."""

    path: LocalPath | None = Field(default=None, description="Directory as written by save_pretrained.")
    license: str = Field(default="LicenseRef-unknown", description="Licence of the model at `path`.")
    layers: int = Field(default=2, ge=1, description="Transformer blocks.")
    width: int = Field(default=96, ge=8, description="Hidden size.")
    vocabulary: int = Field(default=2048, ge=300, description="Byte-level BPE tokens.")
    context: int = Field(default=256, ge=16, description="Tokens per sequence.")
    steps: int = Field(default=250, ge=1, description="Training steps.")
    batch: int = Field(default=4, ge=1, description="Sequences per step.")
    seed: int = Field(default=0, ge=0, description="Seed of weights and order.")
