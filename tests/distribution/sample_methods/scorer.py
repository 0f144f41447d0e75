"""How much more a document is like wanted texts than like others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import Field

from data_platform.core.columns import Column
from data_platform.core.kinds.method import Section, strings
from data_platform.core.kinds.scorer import Scorer
from data_platform.core.settings import Part
from sample_methods.trainer import FILE, profile


class Nearness(Scorer, name="sample_nearness"):
    """Out-of-place distances of a document's letter n-grams to two profiles (Cavnar and Trenkle 1994, "N-Gram-Based
    Text Categorization", SDAIR-94): that to other texts over the sum of both. Half if it is as far from one as from
    the other."""

    class Settings(Section):
        """The profiles."""

        model: str = Field(default="sample_profiles", description="Entry of `models`: profiles of letter n-grams.")

    gives = (
        Column("nearness", pa.float64(), "1: its n-grams rank as in wanted texts; 0: as in others.", minimum=0,
               maximum=1),
    )

    def __init__(self, settings: Part, models: Mapping[str, Path] | None = None) -> None:
        """Read the profiles."""
        super().__init__(settings, models)
        self.model = json.loads((self.folders[settings.model] / FILE).read_text(encoding="utf-8"))
        self.ranks = [
            {gram: rank for rank, gram in enumerate(self.model[name])} for name in ("wanted", "other")
        ]

    @classmethod
    def models(cls, settings: Part) -> tuple[str, ...]:
        """The profiles."""
        return (settings.model,)

    def score(self, texts: pa.Array) -> Mapping[str, Any]:
        """The share of every text."""
        return {"nearness": [self._nearness(text) for text in strings(texts).to_pylist()]}

    def _nearness(self, text: str) -> float:
        grams = profile([text], self.model["longest"], self.model["size"])
        to_wanted, to_other = (self._distance(grams, ranks) for ranks in self.ranks)
        return to_other / (to_wanted + to_other) if to_wanted + to_other else 0.5

    def _distance(self, grams: Sequence[str], ranks: Mapping[str, int]) -> int:
        absent = self.model["size"]
        return sum(abs(ranks[gram] - rank) if gram in ranks else absent for rank, gram in enumerate(grams))
