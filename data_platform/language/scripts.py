"""The script of every letter, and the script of a text.

Here belongs what Unicode knows of scripts (UAX #24) and how a text of several is named. Scripts are those of the
`regex` library, whose version is pinned, by their ISO 15924 codes.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import regex

from data_platform.text.pages import CODE_POINTS, paged

SPACE = 255
"""Class of white space as `str.split` sees it."""

UNDETERMINED = "Zyyy"
"""ISO 15924 code of texts without a letter of one script."""

JAPANESE = "Jpan"
"""ISO 15924 code of Han with Hiragana and Katakana."""

LEAST_KANA = 0.1
"""A text in Han and kana is Japanese if so many of these letters are kana. In running Japanese about half are, in
Chinese that quotes a Japanese name a few in a hundred."""

# Every script of Unicode 17 that has letters, by ISO 15924 code, in the order of the alphabet.
_CODES = (
    "Adlm Aghb Ahom Arab Armi Armn Avst Bali Bamu Bass Batk Beng Berf Bhks Bopo Brah Bugi Buhd Cakm Cans Cari Cham "
    "Cher Chrs Copt Cpmn Cprt Cyrl Deva Diak Dogr Dsrt Dupl Egyp Elba Elym Ethi Gara Geor Glag Gong Gonm Goth Gran "
    "Grek Gujr Gukh Guru Hang Hani Hano Hatr Hebr Hira Hluw Hmng Hmnp Hung Ital Java Kali Kana Kawi Khar Khmr Khoj "
    "Kits Knda Krai Kthi Lana Laoo Latn Lepc Limb Lina Linb Lisu Lyci Lydi Mahj Maka Mand Mani Marc Medf Mend Merc "
    "Mero Mlym Modi Mong Mroo Mtei Mult Mymr Nagm Nand Narb Nbat Newa Nkoo Nshu Ogam Olck Onao Orkh Orya Osge Osma "
    "Ougr Palm Pauc Perm Phag Phli Phlp Phnx Plrd Prti Rjng Rohg Runr Samr Sarb Saur Shaw Shrd Sidd Sidt Sind Sinh "
    "Sogd Sogo Sora Soyo Sund Sunu Sylo Syrc Tagb Takr Tale Talu Taml Tang Tavt Tayo Telu Tfng Tglg Thaa Thai Tibt "
    "Tirh Tnsa Todr Tols Toto Tutg Ugar Vaii Vith Wara Wcho Xpeo Xsux Yezi Yiii Zanb"
)

NAMES = ("", UNDETERMINED, *_CODES.split(), JAPANESE)
"""Name of each class of the table: 0 is no letter, 1 a letter of no one script."""


class ScriptTable(NamedTuple):
    """Two-stage lookup: the class of code point c is at `(pages[c >> 8] << 8) | (c & 255)` of `scripts`.

    Attributes:
        pages: uint16[4352], the page of every 256 code points.
        scripts: uint8, an index into `NAMES`, or `SPACE`.
    """

    pages: np.ndarray
    scripts: np.ndarray


@functools.cache
def script_table() -> ScriptTable:
    """The table, built on first use in about 0.3 s."""
    scripts = np.zeros(CODE_POINTS, np.uint8)
    characters = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
    letters = "".join(regex.findall(r"\p{L}+", characters))
    scripts[_code_points(letters)] = NAMES.index(UNDETERMINED)
    for code in ("Hani", "Hang", *_CODES.split()):  # the two largest first, so that the rest is searched quickly
        belongs = regex.compile(rf"\p{{Script={code}}}+")
        scripts[_code_points("".join(belongs.findall(letters)))] = NAMES.index(code)
        letters = belongs.sub("", letters)
    scripts[[ord(character) for character in characters if character.isspace()]] = SPACE
    table = ScriptTable(*paged(scripts))
    for array in table:
        array.flags.writeable = False
    return table


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def dominant_script(counts: np.ndarray) -> pa.Array:
    """ISO 15924 code of the script with the most letters; Han and kana together may be Japanese (`LEAST_KANA`).

    Args:
        counts: int32[texts, classes], letters by class of `NAMES`.

    Returns:
        One code per text, `Zyyy` without letters. Of equally many, the first in the alphabet.
    """
    han, hiragana, katakana, japanese = (NAMES.index(code) for code in ("Hani", "Hira", "Kana", JAPANESE))
    counts = counts.copy()
    kana = counts[:, hiragana] + counts[:, katakana]
    together = kana + counts[:, han]
    is_japanese = (kana > 0) & (kana >= LEAST_KANA * together)
    counts[is_japanese, japanese] = together[is_japanese]
    counts[np.ix_(is_japanese, [han, hiragana, katakana])] = 0
    # Letters of no one script decide nothing as long as there is another.
    counts[:, NAMES.index(UNDETERMINED)] = 0
    best = np.where(counts.any(axis=1), counts.argmax(axis=1), NAMES.index(UNDETERMINED))
    return pa.array(NAMES).take(pa.array(best))
