
"""What every code point is to the quality signals: a table of `bits`, and how it is written in normalised words.

Here belongs what is true of a single code point. Not here: what a run of them means (`tokens.py`, `lines.py`), and the
smaller table that hashing uses (`characters.py`).

General categories and cases come from the `unicodedata` of the running Python. Sets that a published rule names are
listed, with their source:

- ALPHA, LOWER, UPPER, PREFIX, SUFFIX, ICON, QUOTE and BEFORE_PERIOD are the character sets of the rules by which spaCy
  3.8 cuts English text (`lang/char_classes.py`, `lang/punctuation.py`), the words of datatrove 0.10;
- PUNCTUATION and TERMINAL are datatrove's (`utils/text.py`), SENTENCE_END is that of spaCy's sentencizer.
"""

from __future__ import annotations

import functools
import string
import unicodedata
from typing import NamedTuple

import numpy as np

from data_platform.text import bits
from data_platform.text.characters import TERMINAL, UNSPACED, character_table
from data_platform.text.pages import CODE_POINTS, members, paged, unpaged

_CASED_ALPHA = (
    "41-5A 61-7A C0-D6 D8-F6 F8-1BA 1BC-1BF 1C4-2AF 386 388-38A 38C 38E-38F 391-3A1 3A3-3A9 3AC-3AF 3B1-3C9 3CC-3CE "
    "400-401 403-40A 40C-40D 410-451 453-45A 45C-45D 490-491 496-497 4A2-4A3 4AE-4AF 4BA-4BB 4D8-4D9 4E8-4E9 1D00-1D25 "
    "1D6B-1D77 1D79-1D9A 1E00-1EFF 2C60-2C7B 2C7E-2C7F A722-A76F A771-A787 A78B-A78E A790-A7B9 A7FA AB30-AB5A "
    "AB60-AB64 FF21-FF3A FF41-FF5A"
)
_UNCASED_ALPHA = (
    "591-5F4 620-64A 66E-6D5 6E5-6FF 750-77F 8A0-8BD 900-9FF B80-CFF D80-DFF 1100-137F 2E80-2FDF 2FF0-30FF 31C0-31EF "
    "3200-4DBF 4E00-9FFF AC00-D7AF F900-FAFF FB1D-FBB1 FBD3-FD3D FD50-FDC7 FDF0-FDFB FE30-FE4F FE70-FEFC 1EE00-1EEBB "
    "1F200-1F2FF 20000-2A6DF 2A700-2EBEF 2F800-2FA1F"
)
_QUOTE = "22 27 2C 60 AB B4 BB 2018-201A 201C-201E 2329-232A 27E6-27E7 3008-3011 3014-3015 FF08-FF09"
_SUFFIX = (
    "21-23 26-2A 2C 3A-3C 3E-3F 5B 5D 5F-60 7B 7D A1 AB B4 B7 BB BF 60C 61B 61F 66A 6D4 964 2013-2014 2018-201A "
    "201C-201E 2026 2329-232A 27E6-27E7 3001-3002 3008-3011 3014-3015 FF01 FF08-FF09 FF0C FF1A-FF1B FF1F FF5E"
)
_PREFIX = _SUFFIX + " 24-25 3D A3 A5 A7 E3F 20A0-20BF FDFC"
_BEFORE_PERIOD = (
    "21-23 25-2D 30-3C 3E-3F 5B 5D 5F-60 7B-7D A1 AB B2 B4 B7 BB BF 60C 61B 61F 66A 2018-201A 201C-201E 2026 2329-232A "
    "27E6-27E7 FF01 FF08-FF09 FF0C FF1A-FF1B FF1F FF5E"
)
# Symbols (So) that Unicode got after version 11, which spaCy's list of icons ends with.
_NEWER_SYMBOLS = (
    "166D 2B97 2BC9 2BFF 2E50-2E51 2FFC-2FFF 31EF 32FF FD40-FD4F FDCF FDFE-FDFF 1019C 11FD5-11FF1 1CC00-1CFC3 "
    "1D1E9-1D1EA 1E14F 1ED2E 1F10D-1F10F 1F16C-1F16F 1F1AD 1F6D5-1F6DF 1F6FA-1F6FF 1F776-1F77F 1F7D9-1F7FF 1F8B0-1F8FF "
    "1F90C-1F90F 1F93F 1F971-1F972 1F977-1F979 1F97B 1F9A3-1F9AF 1F9BA-1F9BF 1F9C3-1F9CF 1FA00-1FA53 1FA6E-1FBFF"
)
# datatrove's PUNCTUATION without Sentence_Terminal: controls, brackets, quotes, full-width forms.
_PUNCTUATION = (
    "0-8 B-1F 21-2F 3A-40 5B-60 7B-9F AB B4 BB 2013-2014 2019 201C-201E 2026 2236 2501 25BA 3001-3002 3008-300D "
    "3010-3011 FF01 FF05 FF08-FF09 FF0C FF0E FF11 FF1A-FF1B FF1F FF5E"
)
# Of datatrove's and Unicode's Sentence_Terminal, those that spaCy 3.8's sentencizer does not know.
_NO_SENTENCE_END = (
    "61D-61E 837 839 83D-83E 17D4-17D6 17D9-17DA 1B4E-1B4F 1B7D-1B7F 2024 2CF9-2CFB 2E53-2E54 2E60-2E61 FE12 "
    "FE15-FE16 10F55-10F59 10F86-10F89 113D4-113D5 11944 11946 11EF7-11EF8 11F43-11F44 16D6E-16D6F 16E98"
)
_LINE_ENDS = "B-D 1C-1E 85 2028-2029"
# Word_Break of UAX #29, Unicode 16: MidNumLet and Single_Quote are in both lists.
_JOINS_LETTERS = "27 2E 3A B7 387 55F 5F4 2018-2019 2024 2027 FE13 FE52 FE55 FF07 FF0E FF1A"
_JOINS_DIGITS = "27 2C 2E 3B 37E 589 60C-60D 66C 7F8 2018-2019 2024 2044 FE10 FE14 FE50 FE52 FE54 FF07 FF0C FF0E FF1B"



class KindTable(NamedTuple):
    """Two-stage lookup: the entry of code point c is at `(pages[c >> 8] << 8) | (c & 255)` of the other arrays.

    Attributes:
        pages: uint16[4352]. Equal pages are stored once; ASCII is page 0.
        kinds: uint32, the bits of `bits`.
        normal: int32, where `spellings` has the lower case of the character in canonical decomposition (NFD):
            `(offset << 5) | length`, or 0 if that is the character itself.
        spellings: int32, code points.
    """

    pages: np.ndarray
    kinds: np.ndarray
    normal: np.ndarray
    spellings: np.ndarray


@functools.cache
def kind_table() -> KindTable:
    """The table, built on first use in about a second."""
    kinds = np.zeros(CODE_POINTS, np.uint32)
    normal = np.zeros(CODE_POINTS, np.int32)
    spellings = [0]
    by_category = {category: _bits_of_category(category) for category in _CATEGORIES}
    for point in (*range(0x33480), *range(0xE0000, 0xE0200)):
        character = chr(point)
        kinds[point] = by_category[unicodedata.category(character)]
        if character.isspace():
            kinds[point] |= bits.SPACE | bits.SPECIAL
        if character.isnumeric():
            kinds[point] |= bits.NUMERIC
        if character.isupper():
            kinds[point] |= bits.UPPERCASE | bits.CASED
        elif character.islower():
            kinds[point] |= bits.LOWERCASE | bits.CASED
        if point > 0x7F and not 0xD800 <= point < 0xE000:
            spelling = unicodedata.normalize("NFD", character.lower())
            if spelling != character and not 0xAC00 <= point < 0xD7A4:
                normal[point] = len(spellings) << 5 | len(spelling)
                spellings.extend(map(ord, spelling))
    kinds[0x200B] = bits.OTHER
    for point in range(ord("A"), ord("Z") + 1):
        normal[point] = len(spellings) << 5 | 1
        spellings.append(point + 32)
    kinds[[ord(character) for character in "\n#!.?[{}…"]] |= bits.TRIGGER
    kinds[0x80:] |= bits.NOT_ASCII
    kinds[ord("_")] |= bits.WORD
    for character in string.punctuation:
        kinds[ord(character)] |= bits.ASCII_PUNCTUATION
    _add_listed_sets(kinds)
    return KindTable(*paged(kinds, normal), np.array(spellings, np.int32))


_CATEGORIES = (
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
    "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
)  # fmt: skip


def _bits_of_category(category: str) -> int:
    group = category[0]
    found = 0
    if group == "L":
        found |= bits.LETTER | bits.WORD
    if group == "N":
        found |= bits.NUMBER | bits.WORD
    if category == "Nd":
        found |= bits.DIGIT | bits.SPECIAL
    if category == "So":
        found |= bits.ICON
    if group == "M" or category == "Cf":
        found |= bits.MARK
    if category in ("Cc", "Cs", "Co", "Cn"):
        found |= bits.OTHER
    if group == "P":
        found |= bits.CATEGORY_P
    if group in "PS" or category == "Zs":
        found |= bits.SPECIAL
    return found


def _add_listed_sets(kinds: np.ndarray) -> None:
    table = character_table()
    classes = unpaged(table.pages, table.classes)
    kinds[(classes & UNSPACED) != 0] |= bits.UNSPACED
    kinds[(classes & TERMINAL) != 0] |= bits.TERMINAL | bits.SENTENCE_END | bits.PUNCTUATION
    _clear(kinds, _NO_SENTENCE_END, bits.SENTENCE_END)
    _clear(kinds, _NEWER_SYMBOLS, bits.ICON)
    cased = np.array(members(_CASED_ALPHA))
    upper = np.array([unicodedata.category(chr(point)) == "Lu" for point in cased])
    lower = np.array([unicodedata.category(chr(point)) in ("Ll", "Lo") for point in cased])
    kinds[cased] |= bits.ALPHA
    kinds[cased[upper]] |= bits.UPPER
    kinds[cased[lower]] |= bits.LOWER | bits.BEFORE_PERIOD
    kinds[members(_UNCASED_ALPHA)] |= bits.ALPHA | bits.UPPER | bits.LOWER | bits.BEFORE_PERIOD
    kinds[[0x1BB, 0x1C5, 0x1C8, 0x1CB, 0x1F2]] |= bits.ALPHA
    for kind, ranges in (
        (bits.QUOTE, _QUOTE), (bits.SUFFIX, _SUFFIX), (bits.PREFIX, _PREFIX), (bits.BEFORE_PERIOD, _BEFORE_PERIOD),
        (bits.PUNCTUATION, _PUNCTUATION), (bits.LINE_END, _LINE_ENDS), (bits.JOINS_LETTERS, _JOINS_LETTERS),
        (bits.JOINS_DIGITS, _JOINS_DIGITS),
    ):  # fmt: skip
        kinds[members(ranges)] |= kind


def _clear(kinds: np.ndarray, ranges: str, kind: int) -> None:
    kinds[members(ranges)] &= np.uint32(~kind & 0xFFFFFFFF)
