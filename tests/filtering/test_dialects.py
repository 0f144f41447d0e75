"""Golden cases of the four readings of Gopher: one text, what each dialect measures, worked out by hand from the code
that it names, and published cases of the dialects' own tests."""

from __future__ import annotations

import pyarrow as pa
import pytest

from data_platform.filtering.rules import verdicts
from data_platform.filtering.signals import quality_signals

PREFIXES = {"datatrove": "", "dolma": "gopher_dolma_", "curator": "gopher_curator_", "dclm": "gopher_dclm_"}
SUFFIXES = {"datatrove": "datatrove-0.10", "dolma": "dolma-1.2", "curator": "curator-1", "dclm": "dclm"}

# Text, signal, and its value for datatrove, dolma, curator, dclm; None where a dialect has no such signal.
GOLDEN = [
    # Copies after the first, or all copies.
    ("A\nA\nB", "duplicate_line_fraction", (1 / 3, 2 / 3, 1 / 3, 2 / 3)),
    # DCLM, tests/baselines/mappers/filters/test_content_filters.py
    ("Hello, World.\nHello, World.\nHello", "duplicate_line_fraction", (1 / 3, 2 / 3, 1 / 3, 2 / 3)),
    # Over all characters, over those in words, over those in lines.
    ("AAAA\nAAAA\nB", "duplicate_line_character_fraction", (4 / 11, 8 / 9, 4 / 9, 8 / 9)),
    ("A B\nA B\nC", "duplicate_line_character_fraction", (3 / 9, 6 / 5, 3 / 7, 6 / 7)),
    ("A\n\n\nB\n\nA", "duplicate_line_fraction", (1 / 3, 2 / 3, 1 / 3, 2 / 3)),
    ("A\n\n\nB\n\nA", "duplicate_paragraph_fraction", (1 / 3, None, 1 / 3, 2 / 3)),
    ("AA\n\nB\n\nAA", "duplicate_paragraph_character_fraction", (2 / 9, None, 2 / 5, 4 / 5)),
    # Dolma splits at runs of line feeds, so that one at the end leaves an empty line.
    ("A\nA\n", "duplicate_line_fraction", (1 / 3, 2 / 3, 1 / 2, 1)),
    # A single line is never repeated.
    ("one line", "duplicate_line_fraction", (0, 0, 0, 0)),
    # Dolma, tests/python/test_gopher.py: .5, .58333, 1.0. An n-gram that occurs once counts, but not for DCLM.
    ("This is a test.", "top_2gram_character_fraction", (7 / 15, 6 / 12, 7 / 15, 0)),
    ("This is a test.", "top_3gram_character_fraction", (9 / 15, 7 / 12, 9 / 15, 0)),
    ("This is a test.", "top_4gram_character_fraction", (14 / 15, 12 / 12, 15 / 15, 0)),
    # Too few words for an n-gram: nothing, but for Curator everything. spaCy makes the full stop a word, the fifth.
    ("This is a test.", "duplicate_5gram_character_fraction", (0, 0, 1, 0)),
    ("x y x y x y z w", "top_2gram_character_fraction", (9 / 15, 6 / 8, 9 / 15, 6 / 8)),
    # Curator removes the n-gram as a string: also from longer words.
    ("an apple an apple cat an apples", "top_2gram_character_fraction", (16 / 31, 14 / 25, 24 / 31, 14 / 25)),
    # Of equally frequent n-grams DCLM takes the longest, the others the first.
    ("a b a b long words long words", "top_2gram_character_fraction", (6 / 29, 4 / 22, 6 / 29, 18 / 22)),
    ("a b c d e a b c d e", "duplicate_5gram_character_fraction", (5 / 19, 1 / 3, 9 / 19, 1)),
    # Overlapping repetitions: skipped, counted each, counted once with spaces, counted once.
    ("a a a a a a a", "duplicate_5gram_character_fraction", (5 / 13, 1, 11 / 13, 1)),
    # Bullets: • and -; * and - without white space before; round ones; ● • * -
    ("* one\n- two\n• three\n  - four", "bullet_line_fraction", (3 / 4, 2 / 4, 1 / 4, 4 / 4)),
    ("wait...\nwait…\nwait. . .\nread more", "ellipsis_line_fraction", (2 / 4, 1 / 4, 3 / 4, 3 / 4)),
]

# The same for signals that some dialects share or name otherwise.
NAMED = [
    ("# ## ... … read more #a# a#b", {
        "gopher_dolma_symbol_word_fraction": 5 / 8, "gopher_curator_symbol_word_fraction": 4 / 8,
        "gopher_dclm_symbol_to_word_ratio": 8 / 8, "whitespace_word_count": 8,
        "whitespace_alphabetic_word_fraction": 4 / 8,
    }),
    ("The the THE and", {
        "stop_word_count": 2, "whitespace_stop_word_occurrences": 2, "gopher_dclm_stop_word_occurrences": 4,
    }),
    ("the the the", {
        "stop_word_count": 1, "whitespace_stop_word_occurrences": 3, "gopher_dclm_stop_word_occurrences": 3,
    }),
    ("(a) bb -c dddd", {
        "gopher_dclm_word_count": 2, "whitespace_word_count": 4, "whitespace_mean_word_length": 11 / 4,
        "gopher_dolma_median_word_length": 2.5,
    }),
    ("This is a test.", {"gopher_dolma_median_word_length": 3.0, "whitespace_word_count": 4}),
]

REFINEDWEB = [
    ("THE WHOLE LINE SHOUTS\nand this one does not", 4 / 9),
    ("three words here\n12345\n3 likes\nsingle", 4 / 7),
    ("Sign-in to see the page\nRead more...", 3 / 7),
    ("the words of a text that nobody would take offence at", 0.0),
]


@pytest.mark.parametrize("dialect", PREFIXES)
@pytest.mark.parametrize(("text", "signal", "values"), GOLDEN)
def test_golden_cases_of_every_dialect(
    text: str, signal: str, values: tuple[float | None, ...], dialect: str
) -> None:
    expected = values[list(PREFIXES).index(dialect)]
    if expected is None:
        assert f"{PREFIXES[dialect]}{signal}" not in _signals(text)
    else:
        assert _signals(text)[f"{PREFIXES[dialect]}{signal}"] == pytest.approx(expected)


@pytest.mark.parametrize(("text", "values"), NAMED)
def test_golden_cases_of_named_signals(text: str, values: dict[str, float]) -> None:
    found = _signals(text)
    assert {name: found[name] for name in values} == pytest.approx(values)


@pytest.mark.parametrize(("text", "removed"), REFINEDWEB)
def test_golden_cases_of_refinedweb(text: str, removed: float) -> None:
    assert _signals(text)["refinedweb_removed_word_fraction"] == pytest.approx(removed)


@pytest.mark.parametrize(("dialect", "kept"), [("datatrove", True), ("dolma", False), ("curator", True),
                                               ("dclm", False)])
def test_dialects_decide_otherwise_on_the_same_text(dialect: str, kept: bool) -> None:
    """One of five lines is repeated: a fifth of the lines are copies, or two fifths are."""
    name = f"gopher_repetition@{SUFFIXES[dialect]}"
    broken = _judge("first line\nfirst line\nsecond\nthird one\nand a fourth", name)
    assert (f"{name}.duplicate_line_fraction" not in broken) == kept


def test_a_text_too_short_for_an_n_gram_is_dropped_by_curator_alone() -> None:
    broken = {dialect: _judge("One two.", f"gopher_repetition@{suffix}") for dialect, suffix in SUFFIXES.items()}
    assert [f"duplicate_{n}gram_character_fraction" for n in range(5, 11)] == [
        rule.rpartition(".")[2] for rule in broken["curator"] if ".duplicate_" in rule and "gram" in rule
    ]
    assert not any(".duplicate_" in rule for dialect in ("datatrove", "dolma", "dclm") for rule in broken[dialect])


def _signals(text: str) -> dict[str, float]:
    return quality_signals(pa.array([text], pa.large_string()))[0].as_py()


def _judge(text: str, name: str) -> list[str]:
    signals = pa.Table.from_struct_array(quality_signals(pa.array([text], pa.large_string())))
    return verdicts(signals, {name: {}})[0]["failed"].as_py()
