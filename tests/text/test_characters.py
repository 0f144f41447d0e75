# ruff: noqa: RUF001 - characters that look alike are what these tests are about
"""The character table against `unicodedata`, and against hand-picked characters."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.kernels import characters
from data_platform.text.characters import character_table


def _entry(character: str, column: str) -> int:
    table = character_table()
    code_point = ord(character)
    return int(getattr(table, column)[(int(table.pages[code_point >> 8]) << 8) | (code_point & 255)])


def _is(character: str, class_: int) -> bool:
    return bool(_entry(character, "classes") & class_)


@settings(deadline=None)  # the first example builds the table
@given(st.characters())
def test_classes_are_those_of_unicodedata(character: str) -> None:
    category = unicodedata.category(character)
    assert _is(character, characters.SPACE) == character.isspace()
    assert _is(character, characters.LETTER) == character.isalpha()
    assert _is(character, characters.NUMBER) == (category[0] == "N")
    assert _is(character, characters.MARK) == (category[0] == "M")
    assert _is(character, characters.DECIMAL) == character.isdecimal()
    assert _is(character, characters.IGNORED) == (category in ("Mn", "Cf"))


@settings(deadline=None)  # the first example builds the table
@given(st.characters())
def test_lower_case_is_pythons_where_it_is_one_code_point(character: str) -> None:
    lower = character.lower()
    assert chr(ord(character) + _entry(character, "lower")) == (lower if len(lower) == 1 else character)


@pytest.mark.parametrize(
    ("character", "folded"),
    [("A", "a"), ("é", "e"), ("É", "e"), ("ồ", "o"), ("İ", "i"), ("ß", "ß"), ("Σ", "σ"), ("й", "и"), ("が", "か"),
     ("한", "한"), ("7", "0"), ("٣", "0"), ("Ⅳ", "ⅳ"), ("ø", "ø"), ("-", "-"), ("中", "中")],
)  # fmt: skip
def test_folding(character: str, folded: str) -> None:
    assert chr(ord(character) + _entry(character, "folded")) == folded


@pytest.mark.parametrize("character", "中々〇かカｶกກམမខ𠀀")
def test_letters_of_scripts_without_spaces(character: str) -> None:
    assert _is(character, characters.UNSPACED) and _is(character, characters.LETTER | characters.NUMBER)


@pytest.mark.parametrize("character", "aяא한अ。、๑٣ ")
def test_other_characters_do_not_stand_alone(character: str) -> None:
    assert not _is(character, characters.UNSPACED)


def test_terminal_marks() -> None:
    assert all(_is(character, characters.TERMINAL) for character in ".!?。？！؟।။።‽")
    assert not any(_is(character, characters.TERMINAL) for character in "\"'”’…:;,)a\n")


def test_ascii_is_on_the_page_where_kernels_look_for_it() -> None:
    assert character_table().pages[0] == 0
    assert np.unique(character_table().pages).tolist() == list(range(len(character_table().classes) // 256))
