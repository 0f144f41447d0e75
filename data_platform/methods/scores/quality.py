"""How likely a document is one of those that were labelled as wanted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import Field

from data_platform.core.columns import Column
from data_platform.core.kinds.method import Section, strings
from data_platform.core.kinds.scorer import Scorer
from data_platform.core.settings import Part


class Quality(Scorer, name="quality"):
    """Probability of "wanted" under a linear classifier over hashed word n-grams: how GPT-3's web text was chosen, by
    single words there (Brown et al. 2020, arXiv:2005.14165, appendix A). A text without words has the probability that
    the classifier's intercept alone gives."""

    class Settings(Section):
        """The classifier."""

        model: str = Field(default="quality_classifier", description="Entry of `models`: a linear classifier.")

    gives = (
        Column("quality_score", pa.float64(), "Probability of 'wanted' under the quality classifier.", minimum=0,
               maximum=1),
    )

    def __init__(self, settings: Part, models: Mapping[str, Path] | None = None) -> None:
        """Load the classifier.

        Raises:
            ClassifierError: if its folder is missing or holds none.
        """
        from data_platform.models.linear_classifier import load_classifier

        super().__init__(settings, models)
        self.ngram, self.weights, self.intercept = load_classifier(Path(self.folders[settings.model]))

    @classmethod
    def models(cls, settings: Part) -> tuple[str, ...]:
        """The classifier."""
        return (settings.model,)

    def score(self, texts: pa.Array) -> Mapping[str, Any]:
        """The probability of "wanted" of every text.

        Raises:
            ValueError: if a text is null.
        """
        from data_platform.kernels.ngrams import score_ngrams
        from data_platform.models.linear_classifier import text_words

        return {"quality_score": score_ngrams(*text_words(strings(texts)), self.ngram, self.weights, self.intercept)}
