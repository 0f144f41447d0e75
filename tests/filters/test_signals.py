# ruff: noqa: RUF001 - characters that look alike are what these tests are about
"""Signals: values worked out by hand, and agreement with a plain reading of the definitions."""

from __future__ import annotations

import json
import math
import tarfile
import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.columns import table
from data_platform.filters.signals import quality_signals


def _signals(text: str) -> dict[str, float]:
    return quality_signals(pa.array([text]))[0].as_py()


def test_columns_are_those_of_the_table() -> None:
    declared = [field for field in table("quality_signals").schema if field.name not in ("doc_id", "snapshot")]
    assert list(quality_signals(pa.array(["a"])).type) == declared


def test_a_text_worked_out_by_hand() -> None:
    text = (
        "The # sign — and 3 more…\n"  # 24 characters; words The sign and 3 more; symbols # —
        "• Have a look...  \n"  # 18 characters; words Have a look; symbol •
        "\n"
        " \t\n"
        "To be, or not to be: that is the question.\n"  # 42 characters, 10 words
        "• Have a look...  \n"  # a repetition
        "- \"done\""  # 8 characters, one word, one symbol
    )
    found = _signals(text)
    words, symbols, lines = 5 + 3 + 10 + 3 + 1, 2 + 1 + 0 + 1 + 1, 5
    letters = (3 + 4 + 3 + 1 + 4) + 2 * (4 + 1 + 4) + (2 + 2 + 2 + 3 + 2 + 2 + 4 + 2 + 3 + 8) + 4
    assert found == {
        "character_count": 24 + 18 + 0 + 2 + 42 + 18 + 8 + 6,
        "word_count": words,
        "mean_word_length": pytest.approx(letters / words),
        "hash_to_word_ratio": pytest.approx(1 / words),
        "ellipsis_to_word_ratio": pytest.approx(3 / words),
        "bullet_line_fraction": pytest.approx(3 / lines),
        "ellipsis_line_fraction": pytest.approx(3 / lines),
        "alphabetic_word_fraction": pytest.approx((words - 1) / (words + symbols)),
        "stop_word_count": 5,  # and to be that the; not The, To, Have
        "line_count": lines,
        "line_punctuation_fraction": pytest.approx(1 / lines),  # neither "…" nor "...  " nor '"'
        "short_line_fraction": pytest.approx(4 / lines),
        "duplicate_line_character_fraction": pytest.approx(18 / (24 + 18 + 2 + 42 + 18 + 8)),
        "newline_to_word_ratio": pytest.approx(6 / words),
    }


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t \n\u3000", None])
def test_blank_texts_give_zeros(text: str | None) -> None:
    found = quality_signals(pa.array([text], pa.string()))[0].as_py()
    newlines = (text or "").count("\n")
    assert found.pop("character_count") == len(text or "")
    assert found.pop("newline_to_word_ratio") == newlines
    assert not any(found.values())


@pytest.mark.parametrize(
    ("text", "words", "mean_length"),
    [
        ("e-mail don't U.S.A. C++ (yes), _x_ 3.14", 7, (6 + 5 + 5 + 1 + 3 + 1 + 4) / 7),
        ("“Hello,” *world*!", 2, 5),
        ("*** -- | &", 0, 0),
        ("你好，世界。", 4, 1),
        ("Python3入門 2nd", 4, (7 + 1 + 1 + 3) / 4),
        ("ก็ดี", 2, 2),  # two letters, each with a mark
        ("हिन्दी भाषा", 2, (6 + 4) / 2),
        ("naïve nai\u0308ve", 2, (5 + 6) / 2),
        ("한국어 위키백과", 2, 3.5),
        ("½ Ⅳ ²", 3, 1),
    ],
)
def test_the_word_rule(text: str, words: int, mean_length: float) -> None:
    found = _signals(text)
    assert (found["word_count"], found["mean_word_length"]) == (words, pytest.approx(mean_length))


@pytest.mark.parametrize(
    ("text", "fraction"),
    [("a 1 b 2", 0.5), ("a - b *", 0.5), ("a, b.", 1), ("x2 ... ! ...", 0.25), ("中国 3", 2 / 3), ("1", 0), ("#", 0)],
)
def test_alphabetic_words_are_of_all_words_and_symbols(text: str, fraction: float) -> None:
    assert _signals(text)["alphabetic_word_fraction"] == pytest.approx(fraction)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("the be to of and that have with", 8),
        ("the the (the) \"the\" the,", 1),
        ("The THE that's then othe be-", 1),
        ("thе wіth", 0),  # Cyrillic letters
        ("t\u0000he withÿ", 0),
    ],
)
def test_stop_words_are_counted_distinct_and_as_written(text: str, count: int) -> None:
    assert _signals(text)["stop_word_count"] == count


@pytest.mark.parametrize(
    ("text", "ellipses"),
    [("a..", 0), ("a...", 1), ("a.....", 1), ("a......", 2), ("a…", 1), ("a.. .", 0), ("a…...", 2)],
)
def test_ellipses_are_counted_without_overlap(text: str, ellipses: int) -> None:
    assert _signals(f"{text} b c d")["ellipsis_to_word_ratio"] == ellipses / 4


@pytest.mark.parametrize(
    ("line", "ends"), [("a...", 1), ("a … ", 1), ("a..", 0), ("a. ..", 0), ("...", 1), ("....", 1), ("a...b", 0)]
)
def test_lines_that_end_with_an_ellipsis(line: str, ends: int) -> None:
    assert _signals(f"x y z\n{line}")["ellipsis_line_fraction"] == ends / 2


@pytest.mark.parametrize(("line", "bullet"), [("•a", 1), ("  - a", 1), ("* a", 0), ("a - b", 0), ("–", 0), ("--", 1)])
def test_lines_that_start_with_a_bullet(line: str, bullet: int) -> None:
    assert _signals(f"x y z\n{line}")["bullet_line_fraction"] == bullet / 2


@pytest.mark.parametrize(
    ("line", "ends"),
    [("a.", 1), ("a!", 1), ("a?", 1), ("a。", 1), ("a؟", 1), ("a।", 1), ("a. ", 0), ("a.\"", 0), ("a:", 0), ("a…", 0)],
)
def test_lines_that_end_with_terminal_punctuation(line: str, ends: int) -> None:
    assert _signals(f"x y z\n{line}")["line_punctuation_fraction"] == ends / 2


@pytest.mark.parametrize(("line", "short"), [("é" * 30, 1), ("é" * 31, 0), (" " * 29 + "é ", 0), (" " * 29 + "é", 1)])
def test_short_lines_have_at_most_30_characters(line: str, short: int) -> None:
    assert _signals(line)["short_line_fraction"] == short


def test_repeated_lines_count_after_the_first() -> None:
    assert _signals("A\nA\nB")["duplicate_line_character_fraction"] == pytest.approx(1 / 3)
    assert _signals("A\nA\nA \nA")["duplicate_line_character_fraction"] == pytest.approx(2 / 5)
    assert _signals("A\n\n\nB\n \n ")["duplicate_line_character_fraction"] == 0


TERMINAL = ".!?。？！؟۔।։።"  # of Sentence_Terminal, what occurs in the texts here


def _is_unspaced(character: str) -> bool:
    name = unicodedata.name(character, "")
    scripts = ("CJK UNIFIED", "CJK COMPAT", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA", "THAI", "LAO", "MYANMAR",
               "KHMER LETTER", "TIBETAN LETTER", "IDEOGRAPHIC ITERATION")  # fmt: skip
    return unicodedata.category(character)[0] == "L" and name.startswith(scripts)


def _words(piece: str) -> list[str]:
    words, pending, joins = [], "", ""
    for character in piece:
        category = unicodedata.category(character)[0]
        alone = _is_unspaced(character)
        if alone or (joins == "M" and category != "M"):
            pending, joins = "", ""
        if category in "LN" and not joins:
            words.append(character)
            pending, joins = "", "M" if alone else "LNM"
        elif joins and category in joins:
            words[-1] += pending + character
            pending = ""
        elif joins:
            pending += character
    return words


def _reference(text: str) -> dict[str, float]:
    """The definitions of `signals.py`, read off in plain Python."""
    pieces = [_words(piece) for piece in text.split()]
    words = [word for piece in pieces for word in piece]
    symbols = sum(not piece for piece in pieces)
    lines = [line for line in text.split("\n") if line.strip()]
    n, m = max(len(words), 1), max(len(lines), 1)
    repeated = [line for position, line in enumerate(lines) if line in lines[:position]]
    return {
        "character_count": len(text),
        "word_count": len(words),
        "mean_word_length": sum(map(len, words)) / n,
        "hash_to_word_ratio": text.count("#") / n,
        "ellipsis_to_word_ratio": (text.count("...") + text.count("…")) / n,
        "bullet_line_fraction": sum(line.lstrip().startswith(("•", "-")) for line in lines) / m,
        "ellipsis_line_fraction": sum(line.rstrip().endswith(("...", "…")) for line in lines) / m,
        "alphabetic_word_fraction": sum(any(map(str.isalpha, word)) for word in words) / max(len(words) + symbols, 1),
        "stop_word_count": len(set(words) & {"the", "be", "to", "of", "and", "that", "have", "with"}),
        "line_count": len(lines),
        "line_punctuation_fraction": sum(line[-1] in TERMINAL for line in lines) / m,
        "short_line_fraction": sum(len(line) <= 30 for line in lines) / m,
        "duplicate_line_character_fraction": sum(map(len, repeated)) / max(len(text.replace("\n", "")), 1),
        "newline_to_word_ratio": text.count("\n") / n,
    }


def _assert_agreement(texts: list[str]) -> None:
    for text, found in zip(texts, quality_signals(pa.array(texts, pa.large_string())).to_pylist(), strict=True):
        for name, value in _reference(text).items():
            assert math.isclose(found[name], value, abs_tol=1e-12), name


ALPHABET = "aäthe beof#.…•-—|\"'!?,;12٣½ßЖ한中文かカไทก็ขि\u0301\u0903\u200b \t\u00a0\u3000\n\n。？"
PIECES = st.sampled_from(["the ", "with", "...", "…\n", "• ", "- ", "\n", "\n\n", " ", "a line\n", "中文。", "x" * 31])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.text(ALPHABET, max_size=60), st.lists(PIECES).map("".join)), max_size=4))
def test_signals_agree_with_the_definitions(texts: list[str]) -> None:
    _assert_agreement(texts)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=4), st.data())
def test_a_texts_signals_depend_on_that_text_alone(texts: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(texts) - 1))
    together = quality_signals(pa.chunked_array([texts, texts[::-1]], pa.string()))
    alone = quality_signals(pa.array(texts).slice(place, 1))[0]
    assert together[place] == together[2 * len(texts) - 1 - place] == alone


def test_real_texts_agree_with_the_definitions(shared_data: Path) -> None:
    with tarfile.open(shared_data / "langid" / "lingua-testdata.tar.xz") as archive:
        sentences = {
            Path(member.name).stem: archive.extractfile(member).read().decode().split("\n", 100)[:100]
            for member in archive
            if member.isfile() and member.name.startswith("sentences/")
        }
    languages = ["\n".join(lines) for lines in sentences.values()]
    assert len(languages) == 79
    samples = [
        json.loads(line)["text"]
        for name in ("redpajama-c4-refined", "redpajama-cc-2023-06-refined", "stack_exchange")
        for line in (shared_data / "domains" / "mixed-samples" / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    _assert_agreement([*languages, *samples])
