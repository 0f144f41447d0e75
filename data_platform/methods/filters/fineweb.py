"""The rules that FineWeb adds to those of Gopher and C4."""

from __future__ import annotations

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.rule_set import Dialect, RuleSet, at_least, at_most

_GOOD = {"line_count": 1, "line_punctuation_fraction": 0.12, "short_line_fraction": 0.67}


class FineWeb(RuleSet, name="fineweb"):
    """The rules that FineWeb adds to those of Gopher and C4.

    Penedo et al. 2024, "The FineWeb Datasets: Decanting the Web for the Finest Text Data at Scale", arXiv:2406.17557,
    section 3.6. Thresholds and bounds are those of the authors' code, `FineWebQualityFilter` in datatrove 0.10: a
    document at a bound is kept. The paper's text drops it at the bound (<= 0.12, >= 0.67) and gives 0.1 for the
    duplicated characters, where the code has 0.01; the last rule, line breaks over words, is in the code alone.
    """

    dialects = (
        Dialect("datatrove-0.10", (
            at_least("line_count", "min_lines", 1, "empty"),
            at_least("line_punctuation_fraction", "min_line_punctuation_fraction", 0.12),
            at_most("short_line_fraction", "max_short_line_fraction", 0.67),
            at_most(
                "fineweb_duplicate_line_character_fraction", "max_duplicate_line_character_fraction", 0.01,
                "duplicate_line_character_fraction",
            ),
            at_most("newline_to_word_ratio", "max_newline_to_word_ratio", 0.3),
        )),
    )
    examples = (
        Example({}, "empty", {}, "a text without a line"),
        Example(_GOOD, "", {}, "at the bounds of section 3.6, which datatrove keeps"),
        Example({**_GOOD, "line_punctuation_fraction": 0.11}, "line_punctuation_fraction", {}, "section 3.6"),
        Example({**_GOOD, "short_line_fraction": 0.68}, "short_line_fraction", {}, "section 3.6"),
    )
