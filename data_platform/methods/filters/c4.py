"""The document rules of C4."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow.compute as pc

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.rule_set import Bound, Dialect, Rule, RuleSet, Threshold

_SWITCH = "terminal_punctuation"


def _counted(name: str, thresholds: Mapping[str, Threshold]) -> pc.Expression:
    """The signal, with or without the rule of terminal punctuation."""
    return pc.field(f"c4_{name}" if thresholds[_SWITCH] else f"c4_unpunctuated_{name}")


def _at_most(name: str, signal: str, threshold: str, value: float) -> Rule:
    return Rule(
        name,
        {threshold: value, _SWITCH: 1},
        lambda thresholds: _counted(signal, thresholds) <= thresholds[threshold],
        {threshold: Bound(f"c4_{signal}", "max")},
    )


class C4(RuleSet, name="c4"):
    """The document rules of C4, over what its line rules leave.

    Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", JMLR 21
    (140), section 2.2, as in `C4QualityFilter` of datatrove 0.10: lines with a word of more than 1,000 characters,
    without terminal punctuation, with fewer than three words, with "javascript" or with one of six policy phrases are
    passed over; a document needs five sentences in the lines that are left, and no "lorem ipsum" and no "{" in the
    lines that reach those tests. Not here: removing the lines, which is an edit (`methods/edits/c4_lines.py`); and the
    paper's list of bad words, which is a list.

    The document rules depend on the order of the line rules: a "{" in a line without terminal punctuation is never
    seen. The signals are counted in that order, so each rule here is one comparison. datatrove stops at the first line
    that drops a document; here every broken rule is given, "lorem_ipsum" first.

    `terminal_punctuation` set to 0 leaves out the line rule of that name, as FineWeb does: menus, headings, code and
    verse stay then, and with the rule most pages that are not continuous prose are dropped for too few sentences.
    """

    dialects = (
        Dialect("datatrove-0.10", (
            _at_most("lorem_ipsum", "lorem_ipsum_line_count", "max_lorem_ipsum_lines", 0),
            _at_most("curly_bracket", "curly_bracket_line_count", "max_curly_bracket_lines", 0),
            Rule(
                "too_few_sentences",
                {"min_sentences": 5, _SWITCH: 1},
                lambda thresholds: _counted("sentence_count", thresholds) >= thresholds["min_sentences"],
                {"min_sentences": Bound("c4_sentence_count", "min")},
            ),
        )),
    )
    examples = (
        Example({"c4_sentence_count": 5}, "", {}, "five sentences are enough: section 2.2"),
        Example({"c4_sentence_count": 5, "c4_curly_bracket_line_count": 1}, "curly_bracket", {}, "section 2.2"),
        Example({"c4_sentence_count": 5, "c4_lorem_ipsum_line_count": 1}, "lorem_ipsum", {}, "section 2.2"),
        Example({"c4_sentence_count": 5, "c4_unpunctuated_sentence_count": 4}, "too_few_sentences",
                {_SWITCH: 0}, "the other lines count without the rule of terminal punctuation"),
    )
