"""The metric rules of CulturaX, with thresholds learned per language from the documents themselves.

Nguyen et al. 2023, "CulturaX: A Cleaned, Enormous, and Multilingual Dataset for Large Language Models in 167
Languages", arXiv 2309.09400, section 2 (metric-based cleaning), after the filters of BigScience ROOTS (Laurençon et al.
2022, arXiv 2303.03915). No threshold is published: of every metric the distribution over the documents of a language is
taken, the 10th percentile bounds metrics that should be high from below, the 90th those that should be low from above
(the authors chose (10, 90) among five pairs; a variant of the interquartile range).

Of the paper's twelve metrics, ten are here. The flagged word ratio needs a list of words per language, and perplexity a
language model per language, which scores documents after they were filtered. Not here: the URL lists, the refinement of
documents and the deduplication of the same paper; and the rule that drops documents whose claimed and detected
languages differ, which is `language.as_claimed` of the recipe.

Settings: `lower_percentile`, `upper_percentile`; `min_documents`, below which a language has no thresholds; and
`sample_documents`, above which the distribution is that of the documents with the smallest ids, which are hashes (the
authors took a quarter of the large languages).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from data_platform.core.kinds.rule_set import SAMPLE_LIMITS, Bound, Learning, RuleSet, at_least, at_most


def _percentile(
    threshold: str, bound: Bound, values: np.ndarray, base: None, settings: Mapping[str, float]
) -> tuple[float, str]:
    """The lower percentile for a bound from below, the upper one for a bound from above."""
    percentile = settings["lower_percentile" if bound.side == "min" else "upper_percentile"]
    return float(np.percentile(values, percentile)), f"percentile {percentile:g}"


CULTURAX = RuleSet(
    name="culturax",
    dialect="paper",
    paper="Nguyen et al. 2023, arXiv 2309.09400, section 2",
    rules=(
        at_least("word_count", "min_words", None),
        at_least("character_count", "min_characters", None),
        at_least("line_count", "min_lines", None),
        at_most("culturax_character_repetition_ratio", "max_character_repetition_ratio", None,
                "character_repetition_ratio"),
        at_most("culturax_word_repetition_ratio", "max_word_repetition_ratio", None, "word_repetition_ratio"),
        at_most("culturax_special_character_ratio", "max_special_character_ratio", None, "special_character_ratio"),
        at_least("culturax_stop_word_ratio", "min_stop_word_ratio", None, "stop_word_ratio"),
        at_least("language_confidence", "min_language_confidence", None),
        at_most("culturax_short_line_ratio", "max_short_line_ratio", None, "short_line_ratio"),
        at_most("culturax_short_line_character_ratio", "max_short_line_character_ratio", None,
                "short_line_character_ratio"),
    ),
    learning=Learning("documents", _percentile),
    settings={"lower_percentile": 10, "upper_percentile": 90, "min_documents": 100, "sample_documents": 50_000},
    limits={"lower_percentile": (0, 50), "upper_percentile": (50, 100), **SAMPLE_LIMITS},
)

DIALECTS = (CULTURAX,)
