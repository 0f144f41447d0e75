"""The quality rules of Gopher."""

from __future__ import annotations

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.rule_set import Dialect, RuleSet, at_least, at_most, between

_WORDS = (("min_words", 50), ("max_words", 100_000))
_GOOD = {"word_count": 50, "mean_word_length": 3, "alphabetic_word_fraction": 0.8, "stop_word_count": 2}


class GopherQuality(RuleSet, name="gopher_quality"):
    """The quality rules of Gopher, in the dialects in which they are used.

    Rae et al. 2021, "Scaling Language Models: Methods, Analysis & Insights from Training Gopher", arXiv:2112.11446,
    appendix A.1.1: 50 to 100,000 words, a mean word length of 3 to 10 characters, at most 0.1 hashes or ellipses per
    word, at most 90 % of lines that start with a bullet and 30 % that end with an ellipsis, 80 % of words with a
    letter, and two of eight English stop words. Not here: its repetition rules (table A1, `gopher_repetition.py`), and
    how the signals are counted (`filtering/signals.py`), which is where the dialects differ most.

    The thresholds of all dialects are the paper's, and every bound itself is kept. What differs:

    datatrove-0.10
        `GopherQualityFilter`. Words are spaCy tokens; symbols are characters; stop words are distinct and in lower case
        as written; bullets are '•' and '-'.
    dolma-1.2
        Tagger `gopher_v2`, thresholds as of Dolma's mixer configurations. Words are what white space separates; the
        median of their lengths is bounded, not the mean; symbols are words that hold '#' or '…'; stop words are
        occurrences; bullets are '*' and '-' at the very start of a line.
    curator-1
        NeMo Curator 1.4, the filters of its English heuristic pipeline that come from Gopher. Words by white space; a
        symbol is a word of hashes or an ellipsis; occurrences of stop words; bullets are twelve round signs, without
        '-'.
    dclm
        DCLM at 361714bd, `dclm_baseline_refinedweb.yaml`. The number of words leaves out pieces that do not begin with
        a letter or digit; symbols are characters, '. . .' among them; occurrences of stop words in any case.
    redpajama-v2
        The example on the card of RedPajama-Data-V2 (Weber et al. 2024, arXiv:2411.12372): five rules over its own
        signals, among them the share of the most frequent 2-gram; no rule for stop words, letters or ellipses.

    The words of the stop word rule are English; for other languages set `min_stop_words` to 0.
    """

    dialects = (
        Dialect("datatrove-0.10", (
            between("word_count", *_WORDS),
            between("mean_word_length", ("min_mean_word_length", 3), ("max_mean_word_length", 10)),
            at_most("hash_to_word_ratio", "max_hash_to_word_ratio", 0.1),
            at_most("ellipsis_to_word_ratio", "max_ellipsis_to_word_ratio", 0.1),
            at_most("bullet_line_fraction", "max_bullet_line_fraction", 0.9),
            at_most("ellipsis_line_fraction", "max_ellipsis_line_fraction", 0.3),
            at_least("alphabetic_word_fraction", "min_alphabetic_word_fraction", 0.8),
            at_least("stop_word_count", "min_stop_words", 2),
        )),
        Dialect("dolma-1.2", (
            between("whitespace_word_count", *_WORDS, "word_count"),
            between(
                "gopher_dolma_median_word_length", ("min_median_word_length", 3), ("max_median_word_length", 10),
                "median_word_length",
            ),
            at_most("gopher_dolma_symbol_word_fraction", "max_symbol_word_fraction", 0.1, "symbol_word_fraction"),
            at_least(
                "whitespace_alphabetic_word_fraction", "min_alphabetic_word_fraction", 0.8, "alphabetic_word_fraction"
            ),
            at_least("whitespace_stop_word_occurrences", "min_stop_words", 2, "stop_word_occurrences"),
            at_most("gopher_dolma_bullet_line_fraction", "max_bullet_line_fraction", 0.9, "bullet_line_fraction"),
            at_most("gopher_dolma_ellipsis_line_fraction", "max_ellipsis_line_fraction", 0.3, "ellipsis_line_fraction"),
        )),
        Dialect("curator-1", (
            between("whitespace_word_count", *_WORDS, "word_count"),
            between(
                "whitespace_mean_word_length", ("min_mean_word_length", 3), ("max_mean_word_length", 10),
                "mean_word_length",
            ),
            at_most("gopher_curator_symbol_word_fraction", "max_symbol_word_fraction", 0.1, "symbol_word_fraction"),
            at_most("gopher_curator_bullet_line_fraction", "max_bullet_line_fraction", 0.9, "bullet_line_fraction"),
            at_most(
                "gopher_curator_ellipsis_line_fraction", "max_ellipsis_line_fraction", 0.3, "ellipsis_line_fraction"
            ),
            at_least(
                "whitespace_alphabetic_word_fraction", "min_alphabetic_word_fraction", 0.8, "alphabetic_word_fraction"
            ),
            at_least("whitespace_stop_word_occurrences", "min_stop_words", 2, "stop_word_occurrences"),
        )),
        Dialect("dclm", (
            between("gopher_dclm_word_count", *_WORDS, "word_count"),
            between(
                "whitespace_mean_word_length", ("min_mean_word_length", 3), ("max_mean_word_length", 10),
                "mean_word_length",
            ),
            at_most("gopher_dclm_symbol_to_word_ratio", "max_symbol_to_word_ratio", 0.1, "symbol_to_word_ratio"),
            at_most("gopher_dclm_bullet_line_fraction", "max_bullet_line_fraction", 0.9, "bullet_line_fraction"),
            at_most("gopher_dclm_ellipsis_line_fraction", "max_ellipsis_line_fraction", 0.3, "ellipsis_line_fraction"),
            at_least(
                "whitespace_alphabetic_word_fraction", "min_alphabetic_word_fraction", 0.8, "alphabetic_word_fraction"
            ),
            at_least("gopher_dclm_stop_word_occurrences", "min_stop_words", 2, "stop_word_occurrences"),
        )),
        Dialect("redpajama-v2", (
            between("rps_doc_word_count", *_WORDS, "word_count"),
            between(
                "rps_doc_mean_word_length", ("min_mean_word_length", 3), ("max_mean_word_length", 10),
                "mean_word_length",
            ),
            at_most("rps_doc_symbol_to_word_ratio", "max_symbol_to_word_ratio", 0.1, "symbol_to_word_ratio"),
            at_most("rps_lines_start_with_bulletpoint", "max_bullet_line_fraction", 0.9, "bullet_line_fraction"),
            at_most(
                "rps_doc_frac_chars_top_2gram", "max_top_2gram_character_fraction", 0.2, "top_2gram_character_fraction"
            ),
        )),
    )
    examples = (
        Example(_GOOD, "", {}, "at the bounds of appendix A.1.1"),
        Example({**_GOOD, "word_count": 49}, "word_count", {}, "appendix A.1.1"),
        Example({**_GOOD, "mean_word_length": 10.5, "stop_word_count": 1}, "mean_word_length", {},
                "appendix A.1.1: two rules, of which the first is told"),
        Example({**_GOOD, "bullet_line_fraction": 0.91}, "bullet_line_fraction", {}, "appendix A.1.1"),
        Example({**_GOOD, "word_count": 49}, "", {"min_words": 40}, "a threshold of one's own"),
    )
