"""The compiled scans that hash text: normalised texts, and n-grams of folded words.

Here belongs machine code that reads `TextBuffers` with a `CharacterTable` and returns hashes. Not here: what these mean
(`text.words`, `text.identity`), words with their places (`words`), and the scans of the quality signals (`text.scan`).
Imported where it is called, not at the top of a module that the code location loads: it imports numba.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.arrays import longest
from data_platform.kernels.characters import DECIMAL, IGNORED, LETTER, MARK, NUMBER, SPACE, UNSPACED
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import GOLDEN, PCG, absorb, mix
from data_platform.kernels.utf8 import entry_of, read


@part()
def _decode(data, start, end, pages, classes, points, kinds):
    """Write the code points of `data[start:end]` and their classes; return how many."""
    count = 0
    position = start
    while position < end:
        point, position = read(data, position, end)
        points[count] = point
        kinds[count] = classes[entry_of(pages, point)]
        count += 1
    return count


@part(allocates=True)
def _room(offsets):
    """Room for the code points of the longest text, and for their classes."""
    most = longest(offsets)
    return np.empty(most, np.int32), np.empty(most, np.uint8)


@kernel(allocates=True)
def hash_ngrams(offsets, data, pages, classes, folded, ngram):
    """Hash every n-gram of folded words to 64 bits. The words are those of `words.word_ngram_hashes`.

    Args:
        offsets, data: a `TextBuffers`.
        pages, classes, folded: of a `CharacterTable`.
        ngram: words per n-gram, at least 1.

    Returns:
        int64 offsets, one more than texts, and uint64 hashes in the order of the text.
    """
    texts = offsets.size - 1
    ngram_offsets = np.zeros(texts + 1, np.int64)
    size = offsets[texts] - offsets[0]
    # Two words are at least two bytes apart, and pages that are never written to take no memory.
    hashes = np.empty((size + texts) // 2 + 1, np.uint64)
    points, kinds = _room(offsets)
    for text in range(texts):
        count = _decode(data, offsets[text], offsets[text + 1], pages, classes, points, kinds)
        first = ngram_offsets[text]
        ngram_offsets[text + 1] = first + _hash_ngrams(points, kinds, count, pages, folded, ngram, hashes[first:])
    return ngram_offsets, hashes[: ngram_offsets[texts]]


@kernel(allocates=True)
def hash_texts(offsets, data, pages, classes, folded, lower, ngram):
    """What `hash_ngrams` and `hash_normalized` return, decoding every text once."""
    texts = offsets.size - 1
    ngram_offsets = np.zeros(texts + 1, np.int64)
    hashes = np.empty((offsets[texts] - offsets[0] + texts) // 2 + 1, np.uint64)
    normalized = np.empty((texts, 2), np.uint64)
    points, kinds = _room(offsets)
    for text in range(texts):
        count = _decode(data, offsets[text], offsets[text + 1], pages, classes, points, kinds)
        normalized[text, 0], normalized[text, 1] = _hash_normalized(points, kinds, count, pages, lower)
        first = ngram_offsets[text]
        ngram_offsets[text + 1] = first + _hash_ngrams(points, kinds, count, pages, folded, ngram, hashes[first:])
    return ngram_offsets, hashes[: ngram_offsets[texts]], normalized


@part()
def _hash_ngrams(points, kinds, count, pages, folded, ngram, hashes):
    """Write the hash of every n-gram of folded words; return how many there are."""
    words = _hash_words(points, kinds, count, pages, folded, hashes)
    for position in range(words - ngram + 1):
        state = np.uint64(ngram)
        for word in range(ngram):
            state = state * GOLDEN + hashes[position + word]
        hashes[position] = mix(state)
    return max(words - ngram + 1, 0)


@part()
def _hash_words(points, kinds, count, pages, folded, hashes):
    """Write the hash of every folded word; return how many there are."""
    words = 0
    state = np.uint64(0)
    in_word = False
    single = False
    after_digit = False
    for position in range(count):
        kind = kinds[position]
        if kind & IGNORED:
            continue
        part = kind & (LETTER | NUMBER | MARK) != 0
        if in_word and (not part or kind & UNSPACED or (single and not kind & MARK)):
            hashes[words] = mix(state)
            words += 1
            in_word = False
        if not part:
            continue
        if not in_word:
            in_word = True
            single = kind & UNSPACED != 0
            state = np.uint64(0)
            after_digit = False
        if not (kind & DECIMAL and after_digit):
            point = points[position]
            point += folded[entry_of(pages, point)]
            state = absorb(state, point, GOLDEN)
        after_digit = kind & DECIMAL != 0
    if in_word:
        hashes[words] = mix(state)
        words += 1
    return words


@kernel(allocates=True)
def hash_normalized(offsets, data, pages, classes, lower):
    """Hash every text to 128 bits, normalised as `text/identity.py` says.

    Args:
        offsets, data: a `TextBuffers`.
        pages, classes, lower: of a `CharacterTable`.

    Returns:
        uint64 of shape (texts, 2).
    """
    texts = offsets.size - 1
    hashes = np.empty((texts, 2), np.uint64)
    points, kinds = _room(offsets)
    for text in range(texts):
        count = _decode(data, offsets[text], offsets[text + 1], pages, classes, points, kinds)
        hashes[text, 0], hashes[text, 1] = _hash_normalized(points, kinds, count, pages, lower)
    return hashes


@part()
def _hash_normalized(points, kinds, count, pages, lower):
    """The two halves of the hash of one normalised text."""
    one, two = np.uint64(0), np.uint64(1)
    length = 0
    space = False
    for position in range(count):
        if kinds[position] & SPACE:
            space = length > 0
            continue
        if space:
            one, two = absorb(one, 0x20, GOLDEN), absorb(two, 0x20, PCG)
            length += 1
            space = False
        point = points[position]
        point += lower[entry_of(pages, point)]
        one, two = absorb(one, point, GOLDEN), absorb(two, point, PCG)
        length += 1
    return mix(one ^ np.uint64(length)), mix(two ^ np.uint64(length))
