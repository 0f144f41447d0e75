"""What every Unicode code point is to the kernels: a table of classes and of case and diacritic folding.

Here belongs what is true of a single code point. Not here: what a run of them means (`kernels/`).

Classes come from the general category in the `unicodedata` of the running Python, so a character that its Unicode
version does not know yet counts as no letter. Where no category says it, ranges are listed: scripts written without
spaces, and Sentence_Terminal.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import NamedTuple

import numpy as np

from data_platform.kernels.characters import DECIMAL, IGNORED, LETTER, MARK, NUMBER, SPACE, TERMINAL, UNSPACED
from data_platform.text.pages import CODE_POINTS, members, paged

# Blocks of the scripts that are written without spaces between words, from Unicode's Blocks.txt: Thai, Lao, Tibetan,
# Myanmar, Khmer, ideographic marks and zero, Hiragana and Katakana with their extensions, Han with its extensions.
_UNSPACED_RANGES = (
    (0x0E00, 0x0E7F), (0x0E80, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007),
    (0x3031, 0x3035), (0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x1AFF0, 0x1B16F), (0x20000, 0x3FFFF),
)  # fmt: skip

# Sentence_Terminal of Unicode's PropList.txt, version 17.0, and the Khmer signs U+17D6, U+17D9 and U+17DA, which
# datatrove 0.10 counts with them: with these it is the set that FineWeb's line rule uses there.
_TERMINAL_RANGES = (
    "21 2E 3F 589 61D-61F 6D4 700-702 7F9 837 839 83D-83E 964-965 104A-104B 1362 1367-1368 166E 1735-1736 17D4-17D6 "
    "17D9-17DA 1803 1809 1944-1945 1AA8-1AAB 1B4E-1B4F 1B5A-1B5B 1B5E-1B5F 1B7D-1B7F 1C3B-1C3C 1C7E-1C7F 2024 "
    "203C-203D 2047-2049 2CF9-2CFB 2E2E 2E3C 2E53-2E54 2E60-2E61 3002 A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF "
    "A92F A9C8-A9C9 AA5D-AA5F AAF0-AAF1 ABEB FE12 FE15-FE16 FE52 FE56-FE57 FF01 FF0E FF1F FF61 10A56-10A57 "
    "10F55-10F59 10F86-10F89 11047-11048 110BE-110C1 11141-11143 111C5-111C6 111CD 111DE-111DF 11238-11239 "
    "1123B-1123C 112A9 113D4-113D5 1144B-1144C 115C2-115C3 115C9-115D7 11641-11642 1173C-1173E 11944 11946 "
    "11A42-11A43 11A9B-11A9C 11C41-11C42 11EF7-11EF8 11F43-11F44 16A6E-16A6F 16AF5 16B37-16B38 16B44 16D6E-16D6F "
    "16E98 1BC9F 1DA88"
)

# Everything outside is unassigned or for private use, up to Unicode 17.
_ASSIGNED = (*range(0x33480), *range(0xE0000, 0xE0200))


class CharacterTable(NamedTuple):
    """Two-stage lookup: the entry of code point c is at `(pages[c >> 8] << 8) | (c & 255)` of each other array.

    Attributes:
        pages: uint16[4352], the page of every 256 code points. Equal pages are stored once.
        classes: uint8, the bits of `kernels.characters`.
        lower: int32, what to add for the simple lower case.
        folded: int32, what to add for lower case without diacritics, and '0' for every decimal digit. A letter that
            does not decompose into one base letter, such as a Hangul syllable, keeps its simple lower case.
    """

    pages: np.ndarray
    classes: np.ndarray
    lower: np.ndarray
    folded: np.ndarray


@functools.cache
def character_table() -> CharacterTable:
    """The table, built on first use in about 0.3 s."""
    classes = np.zeros(CODE_POINTS, np.uint8)
    lower = np.zeros(CODE_POINTS, np.int32)
    folded = np.zeros(CODE_POINTS, np.int32)
    for code_point in _ASSIGNED:
        character = chr(code_point)
        classes[code_point] = class_ = _CLASS_OF_CATEGORY.get(unicodedata.category(character), 0)
        if class_ & DECIMAL:
            folded[code_point] = ord("0") - code_point
        elif character.lower() != character or (class_ & LETTER and unicodedata.decomposition(character)):
            small = _single(character.lower(), code_point)
            lower[code_point] = small - code_point
            folded[code_point] = _single(_without_diacritics(character).lower(), small) - code_point
    classes[[code_point for code_point in _ASSIGNED if chr(code_point).isspace()]] |= SPACE
    for first, last in _UNSPACED_RANGES:
        script = classes[first : last + 1]
        script[(script & (LETTER | NUMBER) != 0) & (script & DECIMAL == 0)] |= UNSPACED
    classes[members(_TERMINAL_RANGES)] |= TERMINAL
    return CharacterTable(*paged(classes, lower, folded))


_CLASS_OF_CATEGORY = {
    **dict.fromkeys(("Lu", "Ll", "Lt", "Lm", "Lo"), LETTER),
    **dict.fromkeys(("Nl", "No"), NUMBER),
    "Nd": NUMBER | DECIMAL,
    **dict.fromkeys(("Mc", "Me"), MARK),
    "Mn": MARK | IGNORED,
    "Cf": IGNORED,
}


def _single(text: str, otherwise: int) -> int:
    return ord(text) if len(text) == 1 else otherwise


def _without_diacritics(character: str) -> str:
    return "".join(part for part in unicodedata.normalize("NFD", character) if unicodedata.category(part) != "Mn")
