"""Word n-grams of normalised text, as hashes.

Here belongs the rule by which a text becomes the words that near-duplicates, features and overlaps are counted in. Not
here: the words that quality filters count (`filtering/signals.py`), which are words as written.
"""

from __future__ import annotations

import pyarrow as pa

from data_platform.text.buffers import text_buffers
from data_platform.text.characters import character_table


def word_ngram_hashes(text: pa.Array | pa.ChunkedArray, ngram: int) -> pa.LargeListArray:
    """A 64-bit hash of every word n-gram of every text, in order and with repetitions.

    Texts are normalised as for MinHash in datatrove (`simplify_text`, 0.10), so that copies which differ in case,
    punctuation, diacritics, digits or white space give the same words:

    - simple lower case; nonspacing marks (Mn) and format characters (Cf) are dropped, letters lose their diacritics;
    - a run of decimal digits of any script becomes one '0';
    - letters, marks and numbers make words; everything else separates them;
    - every letter of a script written without spaces (Han, kana, Thai, Lao, Tibetan, Khmer, Myanmar) is a word of its
      own, with the spacing marks after it.

    Words are hashed code point by code point, n-grams by a polynomial over the word hashes; both end in splitmix64's
    finaliser. Hashes depend on nothing but the text, `ngram` and the Unicode version of the running Python.

    Args:
        text: strings of any Arrow layout; nulls count as empty.
        ngram: words per n-gram, at least 1.

    Returns:
        One list of uint64 per text; empty if the text has fewer than `ngram` words.

    Raises:
        ValueError: if `ngram` is less than 1.
    """
    if ngram < 1:
        raise ValueError(f"ngram must be at least 1, not {ngram}")
    from data_platform.kernels.text_hashes import hash_ngrams

    table = character_table()
    offsets, hashes = hash_ngrams(*text_buffers(text), table.pages, table.classes, table.folded, ngram)
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(hashes))
