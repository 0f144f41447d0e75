"""The quality rules of Gopher.

Rae et al. 2021, "Scaling Language Models: Methods, Analysis & Insights from Training Gopher", arXiv 2112.11446,
appendix A.1.1. Not here: its repetition rules (table A1), which are a set of their own.

"Gopher" is several dialects. This one takes the bounds of datatrove 0.10: every bound itself is still kept (50 words,
a mean length of 3.0 and of 10.0, a ratio of 0.1 are kept), stop words are counted distinct and in lower case as
written, bullets are '•' and '-'. Where the signals differ from datatrove's is said in `signals.py`. The words of the
stop word rule are English; for other languages set `min_stop_words` to 0.
"""

from __future__ import annotations

from data_platform.filters.rule_set import RuleSet, at_least, at_most, between

GOPHER_QUALITY = RuleSet(
    name="gopher_quality",
    paper="Rae et al. 2021, arXiv 2112.11446, appendix A.1.1",
    rules=(
        between("word_count", ("min_words", 50), ("max_words", 100_000)),
        between("mean_word_length", ("min_mean_word_length", 3), ("max_mean_word_length", 10)),
        at_most("hash_to_word_ratio", "max_hash_to_word_ratio", 0.1),
        at_most("ellipsis_to_word_ratio", "max_ellipsis_to_word_ratio", 0.1),
        at_most("bullet_line_fraction", "max_bullet_line_fraction", 0.9),
        at_most("ellipsis_line_fraction", "max_ellipsis_line_fraction", 0.3),
        at_least("alphabetic_word_fraction", "min_alphabetic_word_fraction", 0.8),
        at_least("stop_word_count", "min_stop_words", 2),
    ),
)
