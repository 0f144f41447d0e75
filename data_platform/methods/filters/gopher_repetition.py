"""The repetition rules of Gopher."""

from __future__ import annotations

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.rule_set import Dialect, Rule, RuleSet, at_least, at_most

_FRACTIONS = {
    "duplicate_paragraph_fraction": 0.3,
    "duplicate_paragraph_character_fraction": 0.2,
    "duplicate_line_fraction": 0.3,
    "duplicate_line_character_fraction": 0.2,
    "top_2gram_character_fraction": 0.2,
    "top_3gram_character_fraction": 0.18,
    "top_4gram_character_fraction": 0.16,
    "duplicate_5gram_character_fraction": 0.15,
    "duplicate_6gram_character_fraction": 0.14,
    "duplicate_7gram_character_fraction": 0.13,
    "duplicate_8gram_character_fraction": 0.12,
    "duplicate_9gram_character_fraction": 0.11,
    "duplicate_10gram_character_fraction": 0.1,
}
_NOT_EMPTY = at_least("character_count", "min_characters", 1, "empty")


def _rules(prefix: str, fractions: dict[str, float]) -> tuple[Rule, ...]:
    return tuple(at_most(f"{prefix}{name}", f"max_{name}", value, name) for name, value in fractions.items())


class GopherRepetition(RuleSet, name="gopher_repetition"):
    """The repetition rules of Gopher, in the dialects in which they are used.

    Rae et al. 2021, "Scaling Language Models: Methods, Analysis & Insights from Training Gopher", arXiv:2112.11446,
    appendix A.1.1 and table A1: at most 30 % repeated lines and paragraphs with at most 20 % of the characters, at most
    20, 18 and 16 % of the characters in the most frequent 2-, 3- and 4-gram, at most 15 to 10 % in repeated 5- to
    10-grams. Not here: the quality rules of the same paper (`gopher_quality.py`), and how repetition is counted
    (`filtering/signals.py`).

    The table leaves open what a repeated line is, what its characters are compared with, and whether an n-gram that
    occurs once is repeated. For 'A', 'A', 'B' on three lines the share of repeated lines is 1/3 in two dialects, 2/3 in
    two:

    datatrove-0.10
        `GopherRepetitionFilter`. Copies after the first; characters over all characters of the text; repeated n-grams
        are counted from left to right without overlap; a top n-gram counts even if it occurs once.
    dolma-1.2
        Tagger `gopher_v2`. All copies with the first, over characters in words; overlapping n-grams count each; no
        rules for paragraphs. Configurations of Dolma's mixer bound the characters in duplicate lines by 0.3; the table
        has 0.2.
    curator-1
        NeMo Curator 1.4. Copies after the first, over the characters of the lines; spaces between the words of an
        n-gram count; a text with fewer words than an n-gram is dropped.
    dclm
        DCLM at 361714bd, `massive_web_repetition_filters`. All copies with the first; a word in several repeated
        n-grams counts once, over the characters in words; a top n-gram that occurs once does not count.

    A document at a bound is kept in all of them.
    """

    dialects = (
        Dialect("datatrove-0.10", (_NOT_EMPTY, *_rules("", _FRACTIONS))),
        Dialect("dolma-1.2", _rules(
            "gopher_dolma_",
            {name: value for name, value in _FRACTIONS.items() if "paragraph" not in name}
            | {"duplicate_line_character_fraction": 0.3},
        )),
        Dialect("curator-1", _rules("gopher_curator_", _FRACTIONS)),
        Dialect("dclm", (_NOT_EMPTY, *_rules("gopher_dclm_", _FRACTIONS))),
    )
    examples = (
        Example({"character_count": 1, **_FRACTIONS}, "", {}, "at the bounds of table A1"),
        Example({"character_count": 9, "duplicate_line_fraction": 2 / 3}, "duplicate_line_fraction", {}, "table A1"),
        Example({"character_count": 9, "top_2gram_character_fraction": 0.21}, "top_2gram_character_fraction", {},
                "table A1"),
        Example({"character_count": 9, "duplicate_10gram_character_fraction": 0.101},
                "duplicate_10gram_character_fraction", {}, "table A1"),
        Example({}, "empty", {}, "a text without a character"),
    )
