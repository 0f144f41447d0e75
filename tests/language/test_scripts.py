"""Scripts of known texts, and the table beside Unicode's names."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pytest

from data_platform.kernels import fasttext as kernels
from data_platform.language.identify import identify
from data_platform.language.scripts import NAMES, SPACE, script_table


def scripts(*texts: str) -> list[str]:
    return identify(pa.array(texts)).field("script").to_pylist()


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Grüße aus Köln, 2024!", "Latn"), ("Привет, мир", "Cyrl"), ("Ἐν ἀρχῇ ἦν", "Grek"), ("שלום עולם", "Hebr"),
        ("مرحبا بالعالم", "Arab"), ("नमस्ते दुनिया", "Deva"), ("สวัสดีชาวโลก", "Thai"), ("გამარჯობა", "Geor"),
        ("你好,世界", "Hani"), ("ひらがなとカタカナと漢字", "Jpan"), ("カタカナ", "Jpan"), ("안녕 세계 世", "Hang"),
        ("中文文章提到日本歌手的の字", "Hani"), ("", "Zyyy"), ("1234 !?", "Zyyy"), ("ªʰabc", "Latn"),
        ("Rus и русский текст", "Cyrl"), ("𐐀𐐁𐐂", "Dsrt"),
    ],
)  # fmt: skip
def test_the_script_of_most_letters(text: str, script: str) -> None:
    assert scripts(text) == [script]


def test_the_table_agrees_with_the_names_of_letters() -> None:
    """Of scripts whose letters are named after them."""
    table = script_table()
    named = {"LATIN": "Latn", "CYRILLIC": "Cyrl", "GREEK": "Grek", "HANGUL": "Hang", "THAI": "Thai", "ETHIOPIC": "Ethi"}
    checked = 0
    for code_point in range(0x20000):
        character = chr(code_point)
        first = unicodedata.name(character, "").partition(" ")[0]
        found = int(table.scripts[int(table.pages[code_point >> 8]) << 8 | code_point & 255])
        assert (found == SPACE) == character.isspace()
        if first in named and unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lo"):
            assert NAMES[found] == named[first], hex(code_point)
            checked += 1
        elif found not in (0, SPACE) and unicodedata.category(character) != "Cn":
            assert unicodedata.category(character)[0] == "L"
    assert checked > 13_000


def test_the_codes_are_iso_15924_and_the_kernel_knows_white_space() -> None:
    assert all(re.fullmatch("[A-Z][a-z]{3}", name) for name in NAMES[1:])
    assert len(set(NAMES)) == len(NAMES) < SPACE == kernels.SPACE
