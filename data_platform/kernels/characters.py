"""The classes of code points that kernels ask for, as bits.

Here belong numbers alone, so that tables can be declared without numba. Not here: which code point has which class
(`text.characters`).
"""

from __future__ import annotations

SPACE = 1
"""White space as `str.isspace` and `str.split` see it."""
LETTER = 2
"""General category L, as `str.isalpha` sees it."""
NUMBER = 4
"""General category N: decimal digits, letter-like and other numbers."""
MARK = 8
"""General category M: combining marks, which belong to the letter before them."""
UNSPACED = 16
"""Letters of scripts written without spaces between words; each is a word of its own."""
TERMINAL = 32
"""Sentence_Terminal: full stops, question and exclamation marks of all scripts. Quotation marks are not."""
IGNORED = 64
"""Nonspacing marks (Mn) and format characters (Cf), which folding drops."""
DECIMAL = 128
"""Decimal digits (Nd) of any script, which folding makes '0'."""
