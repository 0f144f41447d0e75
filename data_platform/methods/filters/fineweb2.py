"""The rules of FineWeb2."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.rule_set import Bound, Dialect, Learning, RuleSet, at_least, at_most, between
from data_platform.methods.filters.gopher_quality import GopherQuality
from data_platform.methods.filters.gopher_repetition import GopherRepetition

_REPETITION = (
    "duplicate_line_fraction",
    *(f"top_{n}gram_character_fraction" for n in (2, 3, 4)),
    *(f"duplicate_{n}gram_character_fraction" for n in range(5, 11)),
)
_WORDS = ("mean_word_length", "alphabetic_word_fraction")
_ENGLISH = {**GopherQuality.rules().thresholds, **GopherRepetition.rules().thresholds}
"""The published thresholds, by the same names."""


class FineWeb2(RuleSet, name="fineweb2"):
    """The rules of FineWeb2: those of FineWeb and Gopher, with thresholds adapted to each language from reference text.

    Penedo et al. 2025, "FineWeb2: One Pipeline to Scale Them All", arXiv:2506.20920, section 4.4 and appendix A.7, and
    the configurations of its repository (huggingface/fineweb-2). Fixed for all languages: 50 to 100,000 words, symbols,
    bullets and ellipses as in Gopher, at most 10 % of characters in repeated lines (FineWeb has 1 %). Adapted: word
    length, words with letters, repetition, punctuation, line breaks. Left out, as there: rules for paragraphs, short
    lines and C4.

    How a threshold is derived from the reference texts of a language is, as in section 4.4.2, another matter for each
    group of rules; the authors compared ways of doing it by models trained on what each leaves:

    - punctuation and line breaks, "10Tail": the value beyond which the most extreme `tail` of the texts lie (10 %);
    - word length and words with letters, "Quantile": the value that drops the share of the texts that Gopher's English
      threshold drops of English ones;
    - repetition, "MeanStd": as many standard deviations from the mean as Gopher's English threshold is in English.

    The last two compare with English, and need reference texts of it. Without, or where English texts do not vary, they
    are replaced: repetition by the tail; mean word length by one standard deviation around the mean, rounded to a whole
    number, and words with letters by three standard deviations below it, which is what the authors' configurations look
    like.

    - stop words, of which a document needs two different ones: words that make up more than 0.8 % of the reference
      text, or 0.3 % if those are fewer than eight. The paper (appendix A.7.1) lowers its threshold in that case, too,
      and names neither figure.

    The authors derived repetition from pages of Common Crawl and the others from Wikipedia; here a language has one set
    of reference texts. Tails say what is extreme only among texts as they are filtered: of edited text, such as an
    encyclopaedia, the most repetitive tenth repeats nothing, and web pages are dropped for one repeated line (the
    authors gave up that combination, too, table 25). Reference texts should be web pages.
    """

    class Settings(Learning):
        """The figures of the derivation."""

        tail: float = Field(0.1, ge=0, le=1, description="Share of the texts that the most extreme are.")
        word_length_deviations: float = Field(
            1, description="Standard deviations around the mean word length, where there are no English texts."
        )
        alphabetic_deviations: float = Field(
            3, description="Standard deviations below the mean of words with letters, where there are no English texts."
        )
        min_documents: int = Field(20, ge=0, le=10**9, description="Texts below which a language has no thresholds.")
        stop_word_share: float = Field(
            0.008, ge=0, le=1, description="Share of all words of a text beyond which a word is a stop word."
        )
        rare_stop_word_share: float = Field(0.003, ge=0, le=1, description="The same where few words have that share.")
        fewest_stop_words: int = Field(8, description="Fewer stop words are few.")

    learns_from = "reference"
    base = "en"
    dialects = (
        Dialect("paper", (
            *(at_most(name, f"max_{name}", None) for name in _REPETITION),
            at_least("line_count", "min_lines", 1, "empty"),
            at_least("line_punctuation_fraction", "min_line_punctuation_fraction", None),
            at_most(
                "fineweb_duplicate_line_character_fraction", "max_duplicate_line_character_fraction", 0.1,
                "duplicate_line_character_fraction",
            ),
            at_most("newline_to_word_ratio", "max_newline_to_word_ratio", None),
            between("word_count", ("min_words", 50), ("max_words", 100_000)),
            between("mean_word_length", ("min_mean_word_length", None), ("max_mean_word_length", None)),
            at_most("hash_to_word_ratio", "max_hash_to_word_ratio", 0.1),
            at_most("ellipsis_to_word_ratio", "max_ellipsis_to_word_ratio", 0.1),
            at_most("bullet_line_fraction", "max_bullet_line_fraction", 0.9),
            at_most("ellipsis_line_fraction", "max_ellipsis_line_fraction", 0.3),
            at_least("alphabetic_word_fraction", "min_alphabetic_word_fraction", None),
            at_least("language_stop_word_count", "min_stop_words", 2, "stop_word_count"),
        )),
    )
    examples = (
        Example(
            {"line_count": 2, "word_count": 50, "mean_word_length": 5, "alphabetic_word_fraction": 0.9},
            "stop_word_count",
            {
                **{f"max_{name}": 0.2 for name in _REPETITION}, "min_line_punctuation_fraction": 0,
                "max_newline_to_word_ratio": 0.2, "min_mean_word_length": 3, "max_mean_word_length": 7,
                "min_alphabetic_word_fraction": 0.7,
            },
            "by hand: the thresholds as if learned, and two stop words that a document needs (section 4.4.1)",
        ),
    )

    def derive(self, threshold: str, bound: Bound, values: np.ndarray, base: np.ndarray | None) -> tuple[float, str]:
        """The threshold by the way of its group of rules; `base` are the values of English texts."""
        side = -1 if bound.side == "min" else 1
        if bound.signal in _REPETITION:
            if base is not None and base.std() > 0:
                deviations = float((_ENGLISH[threshold] - base.mean()) / base.std())
                return float(values.mean() + deviations * values.std()), f"mean {deviations:+.3g} sd, as English"
        elif bound.signal in _WORDS:
            if base is not None:
                dropped = float((side * base > side * _ENGLISH[threshold]).mean())
                return _tail(values, side, dropped), f"most extreme {dropped:.3%}, as English"
            return self._around_mean(bound, values)
        return _tail(values, side, self.settings.tail), f"most extreme {self.settings.tail:.0%}"

    def _around_mean(self, bound: Bound, values: np.ndarray) -> tuple[float, str]:
        side = -1 if bound.side == "min" else 1
        if bound.signal == "mean_word_length":
            deviations = side * self.settings.word_length_deviations
            # Half a character up, not to even: word lengths of 2.5 and 3.5 are to be treated alike.
            return float(np.floor(values.mean() + deviations * values.std() + 0.5)), f"mean {deviations:+g} sd, rounded"
        deviations = side * self.settings.alphabetic_deviations
        return max(0.0, float(values.mean() + deviations * values.std())), f"mean {deviations:+g} sd"


def _tail(values: np.ndarray, side: int, share: float) -> float:
    return float(np.quantile(values, share if side < 0 else 1 - share))
