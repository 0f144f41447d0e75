"""Clean text: known answers, and the laws that it holds."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_platform.extract.clean import clean_text, clean_title


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\r\nb\rc\x85d\u2028e\x0bf", "a\nb\nc\nd\ne\nf"),
        ("e\u0301", "\u00e9"),
        ("\ufeffa\0b\x1b[0m\x7f\x9bc", "ab[0mc"),
        ("a \t\n  b", "a\n  b"),  # indentation stays, space at line ends goes
        ("a\n\n\n \n\nb", "a\n\nb"),
        ("  \n x \n ", "x"),
        ("a\ud800b\ufffeb", "abb"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),  # joiners carry meaning
        ("", ""),
    ],
)
def test_known_answers(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@given(st.text(alphabet=st.characters(), max_size=200))
def test_laws(text: str) -> None:
    clean = clean_text(text)
    assert clean_text(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert clean == clean.strip()
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in clean if character not in "\t\n")
    clean.encode("utf-8")


def test_titles_are_one_line_or_none() -> None:
    assert clean_title(" A \n\t title ") == "A title"
    assert clean_title(" \n ") is None
    assert clean_title(None) is None
