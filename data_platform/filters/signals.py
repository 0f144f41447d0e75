"""Every heuristic signal of a text, measured in one scan.

Here belong the formulas of the columns of table `quality_signals`. Not here: thresholds (one module per rule set) and
the loops that count (`text/kernels.py`).

Characters are Unicode code points. The rules for lines and words, on which every formula rests:

Line
    What stands between line feeds (U+000A), unless it is blank. Lines are taken as written, white space included.
Word
    A text is cut at white space, as `str.split` does. Of each piece, what is left from its first letter or number to
    its last letter, number or combining mark is one word: `"(e-mail),"` gives `e-mail`, `"C++"` gives `C`. In a piece
    with letters of a script written without spaces (Han, kana, Thai, Lao, Tibetan, Khmer, Myanmar) each such letter is
    a word of its own, with the marks after it, and so is what stands between them.
Symbol
    A piece without any letter or number: `"—"`, `"***"`, `"|"`.

The formulas, with n = max(word_count, 1) and m = max(line_count, 1), so that a text without words or lines gives 0
where nothing was counted:

- character_count: characters.
- word_count: words.
- mean_word_length: characters in words / n.
- hash_to_word_ratio: '#' / n.
- ellipsis_to_word_ratio: ('…' and '...', counted from the left without overlap) / n.
- bullet_line_fraction: lines whose first character after white space is '•' or '-' / m.
- ellipsis_line_fraction: lines that end with '...' or '…' before trailing white space / m.
- alphabetic_word_fraction: words that hold a letter / max(words + symbols, 1).
- stop_word_count: how many of "the be to of and that have with" occur as words, in lower case as written; 0 to 8.
- line_count: lines.
- line_punctuation_fraction: lines whose last character is Sentence_Terminal (`text/characters.py`) / m. Trailing white
  space hides it, and quotation marks do not count.
- short_line_fraction: lines of at most 30 characters / m.
- duplicate_line_character_fraction: characters in lines that equal an earlier line / characters that are not line
  feeds. Lines are compared by a 64-bit hash.
- newline_to_word_ratio: line feeds / n.

Sources: Gopher (Rae et al. 2021, arXiv 2112.11446, appendix A.1.1) for the signals up to stop_word_count, FineWeb
(Penedo et al. 2024, arXiv 2406.17557, section 3.6) for the rest. The papers leave the formulas open; these follow
datatrove 0.10 but for two things. Its words are spaCy tokens, so that every comma is one of the symbols and of the
words that ratios are taken over. Its Gopher lines include blank ones, so that the fractions of bullets and ellipses
depend on the empty lines between paragraphs.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data_platform.columns import table
from data_platform.text.buffers import text_buffers
from data_platform.text.characters import character_table


def signal_fields() -> list[pa.Field]:
    """The signals: the fields of table `quality_signals` but for the document's id and snapshot."""
    return [field for field in table("quality_signals").schema if field.name not in ("doc_id", "snapshot")]


def quality_signals(text: pa.Array | pa.ChunkedArray) -> pa.StructArray:
    """All signals of every text, as the module describes them.

    Args:
        text: strings of any Arrow layout; nulls count as empty.

    Returns:
        One struct per text with `signal_fields()`; no nulls, no NaN.
    """
    from data_platform.text import kernels

    characters = character_table()
    counts = kernels.count_signals(*text_buffers(text), characters.pages, characters.classes)
    count = dict(zip(kernels.COUNTS, counts.T, strict=True))
    words, lines = count["words"], count["lines"]
    signals = {
        "character_count": count["characters"],
        "word_count": words,
        "mean_word_length": _ratio(count["word_characters"], words),
        "hash_to_word_ratio": _ratio(count["hashes"], words),
        "ellipsis_to_word_ratio": _ratio(count["ellipses"], words),
        "bullet_line_fraction": _ratio(count["bullet_lines"], lines),
        "ellipsis_line_fraction": _ratio(count["ellipsis_lines"], lines),
        "alphabetic_word_fraction": _ratio(count["alphabetic_words"], words + count["symbols"]),
        "stop_word_count": count["stop_words"],
        "line_count": lines,
        "line_punctuation_fraction": _ratio(count["punctuated_lines"], lines),
        "short_line_fraction": _ratio(count["short_lines"], lines),
        "duplicate_line_character_fraction": _ratio(
            count["repeated_line_characters"], count["characters"] - count["newlines"]
        ),
        "newline_to_word_ratio": _ratio(count["newlines"], words),
    }
    fields = signal_fields()
    return pa.StructArray.from_arrays([pa.array(signals[field.name], field.type) for field in fields], fields=fields)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.maximum(whole, 1)
