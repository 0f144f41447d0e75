"""The metric rules of CulturaX."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.rule_set import Bound, Dialect, Learning, RuleSet, at_least, at_most


class CulturaX(RuleSet, name="culturax"):
    """The metric rules of CulturaX, with thresholds learned per language from the documents themselves.

    Nguyen et al. 2023, "CulturaX: A Cleaned, Enormous, and Multilingual Dataset for Large Language Models in 167
    Languages", arXiv:2309.09400, section 2 (metric-based cleaning), after the filters of BigScience ROOTS (Laurençon et
    al. 2022, arXiv:2303.03915). No threshold is published: of every metric the distribution over the documents of a
    language is taken, the 10th percentile bounds metrics that should be high from below, the 90th those that should be
    low from above (the authors chose (10, 90) among five pairs; a variant of the interquartile range).

    Of the paper's twelve metrics, ten are here. The flagged word ratio needs a list of words per language, and
    perplexity a language model per language, which scores documents after they were filtered. Not here: the URL lists,
    the refinement of documents (`methods/edits/culturax_lines.py`) and the deduplication of the same paper; and the
    rule that drops documents whose claimed and detected languages differ, which is `language.as_claimed` of the recipe.

    The authors took a quarter of the documents of large languages for a sample.
    """

    class Settings(Learning):
        """Which percentiles bound a metric."""

        lower_percentile: float = Field(10, ge=0, le=50, description="Bounds metrics that should be high from below.")
        upper_percentile: float = Field(90, ge=50, le=100, description="Bounds metrics that should be low from above.")

    learns_from = "documents"
    dialects = (
        Dialect("paper", (
            at_least("word_count", "min_words", None),
            at_least("character_count", "min_characters", None),
            at_least("line_count", "min_lines", None),
            at_most("culturax_character_repetition_ratio", "max_character_repetition_ratio", None,
                    "character_repetition_ratio"),
            at_most("culturax_word_repetition_ratio", "max_word_repetition_ratio", None, "word_repetition_ratio"),
            at_most("culturax_special_character_ratio", "max_special_character_ratio", None,
                    "special_character_ratio"),
            at_least("culturax_stop_word_ratio", "min_stop_word_ratio", None, "stop_word_ratio"),
            at_least("language_confidence", "min_language_confidence", None),
            at_most("culturax_short_line_ratio", "max_short_line_ratio", None, "short_line_ratio"),
            at_most("culturax_short_line_character_ratio", "max_short_line_character_ratio", None,
                    "short_line_character_ratio"),
        )),
    )
    examples = (
        Example(
            {"word_count": 9, "character_count": 60, "culturax_short_line_ratio": 0.5}, "short_line_ratio",
            {
                "min_words": 9, "min_characters": 60, "min_lines": 0, "max_character_repetition_ratio": 0.1,
                "max_word_repetition_ratio": 0.1, "max_special_character_ratio": 0.2, "min_stop_word_ratio": 0,
                "min_language_confidence": 0, "max_short_line_ratio": 0.4, "max_short_line_character_ratio": 1,
            },
            "by hand: the thresholds as if learned, at two of which the document is and one of which it passes",
        ),
    )

    def derive(self, threshold: str, bound: Bound, values: np.ndarray, base: np.ndarray | None) -> tuple[float, str]:
        """The lower percentile for a bound from below, the upper one for a bound from above."""
        settings = self.settings
        percentile = settings.lower_percentile if bound.side == "min" else settings.upper_percentile
        return float(np.percentile(values, percentile)), f"percentile {percentile:g}"
