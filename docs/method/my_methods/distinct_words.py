"""How varied the words of a document are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from pydantic import Field

from data_platform.core.columns import Column
from data_platform.core.kinds.method import Example, Section, strings
from data_platform.core.kinds.scorer import Scorer


class DistinctWords(Scorer, name="distinct_words"):
    """Different words over words of a document: distinct-1 of Li et al. 2016, "A Diversity-Promoting Objective Function
    for Neural Conversation Models" (arXiv:1510.03055, section 5.2), here of a document and not of all answers."""

    class Settings(Section):
        """What counts as one word."""

        fold: bool = Field(default=False, description="Whether words that differ in case alone are one.")

    gives = (
        Column("distinct_words", pa.float64(), "Different words over words; 1 without any.", minimum=0, maximum=1),
    )
    examples = (
        Example(["a b a b", "A a", ""], {"distinct_words": [0.5, 1.0, 1.0]}, {}, "counted by hand"),
        Example(["A a"], {"distinct_words": [0.5]}, {"fold": True}, "counted by hand"),
    )

    def score(self, texts: pa.Array) -> Mapping[str, Any]:
        """The share of every text."""
        return {"distinct_words": [self._share(text) for text in strings(texts).to_pylist()]}

    def _share(self, text: str) -> float:
        words = (text.casefold() if self.settings.fold else text).split()
        return len(set(words)) / len(words) if words else 1.0
