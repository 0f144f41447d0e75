# ruff: noqa: RUF001 - characters that look alike are what these tests are about
"""Word n-gram hashes: which texts give the same words, and which n-grams there are."""

from __future__ import annotations

import re
import unicodedata
from itertools import chain

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.text.words import word_ngram_hashes

UNSPACED = re.compile("[\u0e00-\u109f\u1780-\u17ff\u3005-\u3007\u3031-\u3035\u3040-\u30ff\u4e00-\u9fff]")


def _hashes(text: str, ngram: int = 1) -> list[int]:
    return word_ngram_hashes(pa.array([text]), ngram)[0].as_py()


def _same(*texts: str) -> bool:
    return len({tuple(_hashes(text)) for text in texts}) == 1


def test_case_punctuation_diacritics_digits_and_spaces_do_not_count() -> None:
    assert _same("Über den 3 Bergen", "uber den 14 bergen!", "  ÜBER—den\n\n(7) “Bergen”")
    assert _same("cafe\u0301", "café", "cafe") and _same("soft\u00adhyphen", "softhyphen")
    assert _same("٣ كتب", "123 كتب") and _same("don't", "don t") and _same("1,234", "0 0")


def test_other_words_other_hashes() -> None:
    words = ["a", "b", "ab", "ba", "aa", "a1", "1a", "1", "x²", "x2", "ⅳ", "ß", "ss", "中", "国", "한국", "й", "и"]
    assert len({_hashes(word)[0] for word in words}) == len(words) - 1  # й and и are one
    assert len(_hashes(" ".join(words))) == len(words)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), (" \n", 0), ("...", 0), ("one", 1), ("one two", 2), ("e-mail", 2), ("snake_case", 2), ("3.14", 2),
     ("你好世界", 4), ("你好world世", 4), ("กำลัง", 4), ("ไทย", 3), ("한국어 위키", 2), ("हिन्दी", 1)],
)  # fmt: skip
def test_number_of_words(text: str, count: int) -> None:
    assert len(_hashes(text)) == count


def test_every_ngram_in_order_and_with_repetitions() -> None:
    found = _hashes("to be or not to be", 2)
    assert len(found) == 5
    assert found[0] == found[4] == _hashes("to be", 2)[0]
    assert found[1:4] == [_hashes(pair, 2)[0] for pair in ("be or", "or not", "not to")]
    assert _hashes("be to", 2) != _hashes("to be", 2)
    assert _hashes("to be or", 3) != _hashes("or be to", 3)


@pytest.mark.parametrize(("ngram", "count"), [(1, 3), (2, 2), (3, 1), (4, 0), (100, 0)])
def test_texts_shorter_than_one_ngram_have_none(ngram: int, count: int) -> None:
    lists = word_ngram_hashes(pa.array(["one two three", None, "one two three"]), ngram)
    assert [len(hashes) for hashes in lists.to_pylist()] == [count, 0, count]


def test_ngram_must_be_positive() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        word_ngram_hashes(pa.array(["a"]), 0)


def test_hashes_do_not_change_between_versions() -> None:
    # Signatures in the lake are compared with those of later runs: whoever changes these must say so there.
    assert [f"{value:016x}" for value in _hashes("Hello, Wörld 2024!", 1)] == [
        "cff190b788a471a2", "49047b1e15c5e2d4", "ced8bf8fa76f9c57",
    ]
    assert [f"{value:016x}" for value in _hashes("Hello, Wörld 2024!", 2)] == [
        "08909118e1d3e6cb", "01e353e9a2bd0dd5",
    ]


def _reference_words(text: str) -> list[str]:
    """The rule of `word_ngram_hashes` in plain Python, without the blocks beyond those of UNSPACED."""
    words = []
    joins = "nothing"  # what may be added to the last word: nothing, marks, or all that makes words
    for character in text:
        category = unicodedata.category(character)
        if category in ("Mn", "Cf"):
            continue
        if category[0] not in "LNM":
            joins = "nothing"
            continue
        unspaced = category != "Nd" and category[0] != "M" and bool(UNSPACED.match(character))
        if joins == "nothing" or unspaced or (joins == "marks" and category[0] != "M"):
            words.append("")
            joins = "marks" if unspaced else "all"
        lower = character.lower() if len(character.lower()) == 1 else character
        base = "".join(part for part in unicodedata.normalize("NFD", character) if unicodedata.category(part) != "Mn")
        words[-1] += "0" if category == "Nd" else base.lower() if len(base.lower()) == 1 else lower
    return [re.sub("0+", "0", word) for word in words]


LETTERS = "aAbB zZéÉüßøñяЯЖй אב\u05b0 한국 中文字 かなカナ ไทยก็กำ 0123٣٤²Ⅳ .,;!?'’-—_…#•\n\t\u00a0\u200b\u00ad\u0301"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(LETTERS, max_size=40), max_size=4))
def test_words_agree_with_a_plain_python_reference(texts: list[str]) -> None:
    lists = word_ngram_hashes(pa.array(texts, pa.string()), 1).to_pylist()
    words = [_reference_words(text) for text in texts]
    assert [len(hashes) for hashes in lists] == [len(own) for own in words]
    pairs = set(zip(chain.from_iterable(lists), chain.from_iterable(words), strict=True))
    assert len(pairs) == len({hash_ for hash_, _ in pairs}) == len({word for _, word in pairs})


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=5), st.integers(1, 3))
def test_a_texts_hashes_depend_on_that_text_alone(texts: list[str], ngram: int) -> None:
    together = word_ngram_hashes(pa.array(texts, pa.large_string()), ngram).to_pylist()
    assert together == [_hashes(text, ngram) for text in texts]
    for hashes, text in zip(together, texts, strict=True):
        assert len(hashes) == max(len(_hashes(text)) - ngram + 1, 0)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=12), st.sampled_from([b"\xf4", b"\xff" * 4, b"\xe0\x80"])), max_size=5))
def test_broken_utf8_is_read_within_its_bounds(texts: list[bytes]) -> None:
    # Arrow does not validate what comes from a buffer. Wrong words are no harm, words of a neighbour would be.
    array = pa.array(texts, pa.large_binary())
    broken = pa.LargeStringArray.from_buffers(len(array), *array.buffers()[1:]) if texts else pa.array([], pa.string())
    together = word_ngram_hashes(broken, 1).to_pylist()
    for row, text in enumerate(texts):
        alone = pa.LargeStringArray.from_buffers(1, *pa.array([text], pa.large_binary()).buffers()[1:])
        assert word_ngram_hashes(alone, 1)[0].as_py() == together[row]
