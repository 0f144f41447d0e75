# ruff: noqa: RUF001 - characters that look alike are among those that matter
"""MinHash as datatrove makes it, hash by hash."""

from __future__ import annotations

import functools
import unicodedata
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from data_platform.core.kinds.method import Example
from data_platform.methods.duplicates.minhash import MinHash, as_columns, check_shape
from data_platform.text import bits
from data_platform.text.buffers import text_buffers
from data_platform.text.english import UNITS, exceptions
from data_platform.text.identity import exact_hash
from data_platform.text.kinds import kind_table
from data_platform.text.pages import CODE_POINTS, members, paged, unpaged

_MERSENNE_PRIME = 2**61 - 1
# PUNCTUATION of datatrove's utils/text.py, whose members become spaces.
_PUNCTUATION = (
    "0-8 B-1F 21-2F 3A-40 5B-60 7B-9F AB B4 BB 2013-2014 2019 201C-201E 2026 2236 2501 25BA 3001-3002 3008-300D "
    "3010-3011 FF01 FF05 FF08-FF09 FF0C FF0E FF11 FF1A-FF1B FF1F FF5E"
)
# Decimal digits of Unicode 15 to 17: datatrove asks the `regex` package, which knows them where Python does not yet.
_NEWER_DIGITS = (
    "10D40-10D49 116D0-116E3 11BF0-11BF9 11DE0-11DE9 11F50-11F59 16130-16139 16D70-16D79 1CCF0-1CCF9 1E4F0-1E4F9 "
    "1E5F1-1E5FA"
)
_SEPARATORS = ".,،٫⎖⎗⎘"
_SLOTS = 1024


class Tables(NamedTuple):
    """What the kernels look up. The entry of code point c is at `(pages[c >> 8] << 8) | (c & 255)`.

    Attributes:
        pages: uint16[4352]. Equal pages are stored once.
        kinds: uint16, the bits of this module.
        spelled: int32, where `spellings` has what an other character becomes: `(offset << 4) | length`.
        spellings: int32, code points.
        growth: how many times as many bytes of UTF-8 a simplified text may have.
        contraction_keys, contraction_cuts: words with two parts or three, as hashed by the kernels in a table with open
            addressing; the lengths of their first two parts, one byte each.
        unit_keys: the same for what is cut off behind a digit.
    """

    pages: np.ndarray
    kinds: np.ndarray
    spelled: np.ndarray
    spellings: np.ndarray
    growth: int
    contraction_keys: np.ndarray
    contraction_cuts: np.ndarray
    unit_keys: np.ndarray


class DatatroveMinHash(MinHash, name="minhash_datatrove"):
    """MinHash as datatrove 0.10 makes it, hash by hash: the same n-grams, the same permutations, the same signatures.

    Here belongs everything that a signature of datatrove depends on, for English with the settings that it has by
    default: how a text is simplified (`utils/text.py`), which words spaCy 3.8's blank English pipeline cuts the
    simplified text into (`utils/word_tokenizers.py`), how an n-gram is hashed (xxHash64 of its words with spaces
    between them), and which permutations follow from a seed (`pipeline/dedup/minhash.py`). Not here: our own hashes,
    which take a fifth of the time (`minhash.py`), and the rules by which spaCy cuts texts that are as they were written
    (`text/tokens.py`).

    Documents of one signature in a band of datatrove's are those of one here, so that both find the same pairs: a
    corpus that was deduplicated by datatrove can be gone on with, and what differs between the two is no matter of
    luck. datatrove is under Apache-2.0; its code is not used here, but its list of signs is.

    What is left of the tokenizer's rules once punctuation is gone: contractions without their apostrophe ("dont",
    "im"), signs that are cut off a word at either end or, as symbols, within it, and units behind a digit. Letters and
    marks are those of the running Python's Unicode, as in datatrove.

    MinHash as of Penedo et al. 2024 ("FineWeb", arXiv:2406.17557, section 3.4), for whose corpus it was used.
    """

    examples = (
        Example(["a b c d e f", "A, b c; d e f!", "g h i j k l"], [(0, 1)], {}, "by hand: the same words"),
        Example(["a b", "a b"], [], {}, "by hand: fewer words than a shingle has"),
    )

    def sign(self, values: pa.Array) -> dict[str, pa.Array]:
        """The hashes by which copies of every text are found."""
        settings = self.settings
        made = signatures(values, settings.ngram, settings.bands, settings.rows, settings.seed)
        return {column.name: made.field(column.name) for column in self.gives}

    def shingles(self, texts: pa.Array) -> pa.LargeListArray:
        """The set of shingles of every text."""
        return distinct_shingles(texts, self.settings.ngram)


def signatures(
    text: pa.Array | pa.ChunkedArray, ngram: int = 5, bands: int = 14, rows: int = 8, seed: int = 1
) -> pa.StructArray:
    """Signatures as `minhash.signatures` gives them, of the hashes of datatrove."""
    from data_platform.kernels.minhash import band_keys

    check_shape(ngram, bands, rows)
    offsets, shingles = ngram_hashes(text, ngram)
    least = minima(offsets, shingles, bands * rows, seed)
    return as_columns(exact_hash(text), *band_keys(offsets, shingles, least, bands))


def distinct_shingles(text: pa.Array | pa.ChunkedArray, ngram: int = 5) -> pa.LargeListArray:
    """The shingles of every text as the sorted set of their hashes: what Jaccard similarity is measured on."""
    from data_platform.kernels.jaccard import sort_distinct

    offsets, values = sort_distinct(*ngram_hashes(text, ngram))
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values))


def ngram_hashes(text: pa.Array | pa.ChunkedArray, ngram: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """The hashes of datatrove's word n-grams of every text, in order and with repetitions.

    Args:
        text: strings of any Arrow layout; nulls count as empty.
        ngram: words per n-gram, at least 1.

    Returns:
        int64 offsets, one more than texts, and uint64 hashes: `MinhashDedupSignature.get_shingles`.
    """
    from data_platform.kernels.datatrove import hash_ngrams

    return hash_ngrams(*text_buffers(text), *tables(), ngram)


def minima(offsets: np.ndarray, ngrams: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The signature of every document: uint64 of shape (documents, count), as of `MinhashDedupSignature`.

    Args:
        offsets, ngrams: of `ngram_hashes`. A document without n-grams has no signature; its row is undefined.
        count: number of permutations, which is buckets x hashes per bucket.
        seed: `MinhashConfig.seed`.
    """
    from data_platform.kernels import datatrove as datatrove_kernels

    return datatrove_kernels.minima(offsets, ngrams, *_permutations(count, seed))


def _permutations(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Multipliers and increments. NumPy keeps the streams of RandomState the same for good (NEP 19)."""
    generator = np.random.RandomState(seed)
    drawn = (generator.randint(low, _MERSENNE_PRIME, dtype=np.uint64, size=count) for low in (1, 0))
    return tuple(drawn)


@functools.cache
def tables() -> Tables:
    """The tables, built on first use in about a second."""
    from data_platform.kernels import datatrove as kernels

    kinds = np.zeros(CODE_POINTS, np.uint16)
    spelled = np.zeros(CODE_POINTS, np.int32)
    spellings: list[int] = []
    growth = 1.0
    for point in (*range(0xD800), *range(0xE000, 0x33480), *range(0xE0000, 0xE0200)):
        character = chr(point)
        kinds[point] = _case_context(character)
        if unicodedata.category(character) == "Nd":
            kinds[point] |= kernels.DIGIT
        if 0xAC00 <= point < 0xD7A4:  # Hangul syllables decompose by rule
            growth = max(growth, 3.0)
            continue
        spelling = _spelling(character)
        if spelling != character:
            kinds[point] |= kernels.SPELLED
            spelled[point] = len(spellings) << 4 | len(spelling)
            spellings.extend(map(ord, spelling))
            growth = max(growth, len(spelling.encode()) / len(character.encode()))
    known = kind_table()
    of_text = unpaged(known.pages, known.kinds)
    for name in ("PREFIX", "SUFFIX", "ICON", "ALPHA"):
        kinds[(of_text & getattr(bits, name)) != 0] |= getattr(kernels, name)
    punctuation = members(_PUNCTUATION)
    spaces = [point for point in range(0x3001) if chr(point).isspace()]
    kinds[[*punctuation, *spaces]] |= kernels.SPACE
    kinds[members(_NEWER_DIGITS)] |= kernels.DIGIT
    kinds[[ord(sign) for sign in _SEPARATORS]] |= kernels.SEPARATOR
    return Tables(
        *paged(kinds, spelled), np.array(spellings, np.int32), int(np.ceil(growth)), *_contractions(),
        _hash_table(dict.fromkeys(UNITS, 1))[0],
    )


def _spelling(character: str) -> str:
    """Lower case in canonical decomposition without nonspacing marks."""
    parts = unicodedata.normalize("NFD", character.lower())
    return "".join(part for part in parts if unicodedata.category(part) != "Mn")


def _case_context(character: str) -> int:
    """What `str.lower` takes a character for where it decides how a capital sigma is written."""
    from data_platform.kernels import datatrove as kernels

    if (character + "Σ").lower()[-1] == "ς":
        return kernels.CASED
    return kernels.IGNORABLE if ("A" + character + "Σ").lower()[-1] == "ς" else 0


def _contractions() -> tuple[np.ndarray, np.ndarray]:
    found = {
        chunk: len(parts[0]) | (len(parts[1]) << 8 if len(parts) > 2 else 0)
        for chunk, parts in exceptions().items()
        if len(parts) > 1 and chunk.isascii() and chunk.isalpha() and chunk.islower()
    }
    return _hash_table(found)


def _hash_table(words: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Words as a table with open addressing for the kernels: uint64 keys, and values."""
    from data_platform.kernels.datatrove import hash_word

    keys, values = np.zeros(_SLOTS, np.uint64), np.zeros(_SLOTS, np.int64)
    for word, value in words.items():
        key = hash_word(word)
        slot = key % _SLOTS
        while keys[slot]:
            slot = (slot + 1) % _SLOTS
        keys[slot], values[slot] = key, value
    return keys, values
