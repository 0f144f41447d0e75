"""The bits that say of a code point what it is to the quality signals, from the lowest on.

SPACE: `str.isspace`. LINE_END: `str.splitlines` ends a line here, and it is no line feed. LETTER: `str.isalpha`.
NUMBER: general category N. MARK: M, and format characters (Cf) but the zero width space, which UAX #29 treats alike.
WORD: `\\w`. CASED, UPPERCASE, LOWERCASE: has case, `str.isupper`, `str.islower`. NUMERIC: `str.isnumeric`.
CATEGORY_P: general category P.
ASCII_PUNCTUATION: `string.punctuation`. UNSPACED: a letter of a script written without spaces between words.
BREAK: never in the table; `segment.py` sets it where a word begins in such a script. DIGIT: general category Nd.
SPECIAL: CulturaX's special characters: digits, punctuation, symbols and white space.
JOINS_LETTERS, JOINS_DIGITS: make one word of the letters or digits around them (UAX #29: MidLetter, MidNum, MidNumLet,
Single_Quote).
NOT_ASCII: beyond U+007F. TRIGGER: where `lines.py` looks twice: "\\n#!.?[{}…".
OTHER: neither letter, number, punctuation, symbol, white space nor MARK.

Here belong numbers alone. Not here: which code points have which (`kinds`, which names the sources of ALPHA to
BEFORE_PERIOD, PUNCTUATION, TERMINAL and SENTENCE_END), and the classes that hashing asks for (`kernels.characters`).
"""

from __future__ import annotations

(SPACE, LINE_END, LETTER, NUMBER, MARK, WORD, CASED, UPPERCASE, LOWERCASE, NUMERIC, ALPHA, LOWER, UPPER, PREFIX,
 SUFFIX, ICON, QUOTE, BEFORE_PERIOD, CATEGORY_P, PUNCTUATION, ASCII_PUNCTUATION, TERMINAL, SENTENCE_END, UNSPACED,
 BREAK, DIGIT, SPECIAL, JOINS_LETTERS, JOINS_DIGITS, NOT_ASCII, TRIGGER, OTHER) = (
    1 << place for place in range(32)
)  # fmt: skip
