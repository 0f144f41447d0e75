"""The compiled scans that hash text: normalised texts, and n-grams of folded words.

Here belongs machine code that reads `TextBuffers` with a `CharacterTable` and returns hashes. Not here: what these mean
(`methods/duplicates/`, `words.py`), and the scans of the quality signals (`text/scan.py`). This module imports numba;
import it where a kernel is called, not at the top of a module that the code location loads. The first call on a machine
compiles for some seconds; the result is kept (`cache.py`).
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part

SPACE, LETTER, NUMBER, MARK, UNSPACED, TERMINAL, IGNORED, DECIMAL = 1, 2, 4, 8, 16, 32, 64, 128
REPLACEMENT = 0xFFFD

# Odd 64-bit constants with well spread bits: the golden ratio, and the multipliers of splitmix64's finaliser (Steele,
# Lea and Flood, OOPSLA 2014; Stafford's variant 13) and of PCG (O'Neill 2014).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SECOND = np.uint64(0x5851F42D4C957F2D)


@part()
def _mix(value):
    """splitmix64's finaliser: a bijection of 64 bits in which every input bit reaches every output bit."""
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


@part()
def _absorb(state, value, multiplier):
    """One step of a streaming hash over code points: exclusive or, multiply, fold. For each value a bijection."""
    state = (state ^ np.uint64(value)) * multiplier
    return state ^ (state >> np.uint64(32))


@part()
def _decode(data, start, end, pages, classes, points, kinds):
    """Write the code points of `data[start:end]` and their classes; return how many.

    Arrow promises valid UTF-8. Bytes that break the promise give wrong characters, never a read out of bounds.
    """
    count = 0
    position = start
    while position < end:
        byte = np.int32(data[position])
        if byte < 0x80:
            points[count] = byte
            kinds[count] = classes[byte]  # page 0 is stored first
            count += 1
            position += 1
            continue
        width = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
        point = np.int32(REPLACEMENT)
        if position + width <= end:
            point = byte & (0x7F >> width)
            for offset in range(1, width):
                point = (point << 6) | (np.int32(data[position + offset]) & 0x3F)
            if point > 0x10FFFF:
                point = np.int32(REPLACEMENT)
        points[count] = point
        kinds[count] = classes[(np.int32(pages[point >> 8]) << 8) | (point & 0xFF)]
        count += 1
        position += width
    return count


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
    longest = 0
    for text in range(texts):
        longest = max(longest, offsets[text + 1] - offsets[text])
    points = np.empty(longest, np.int32)
    kinds = np.empty(longest, np.uint8)
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
    longest = 0
    for text in range(texts):
        longest = max(longest, offsets[text + 1] - offsets[text])
    points = np.empty(longest, np.int32)
    kinds = np.empty(longest, np.uint8)
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
            state = state * _GOLDEN + hashes[position + word]
        hashes[position] = _mix(state)
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
            hashes[words] = _mix(state)
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
            point += folded[(np.int32(pages[point >> 8]) << 8) | (point & 0xFF)]
            state = _absorb(state, point, _GOLDEN)
        after_digit = kind & DECIMAL != 0
    if in_word:
        hashes[words] = _mix(state)
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
    longest = 0
    for text in range(texts):
        longest = max(longest, offsets[text + 1] - offsets[text])
    points = np.empty(longest, np.int32)
    kinds = np.empty(longest, np.uint8)
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
            one, two = _absorb(one, 0x20, _GOLDEN), _absorb(two, 0x20, _SECOND)
            length += 1
            space = False
        point = points[position]
        point += lower[(np.int32(pages[point >> 8]) << 8) | (point & 0xFF)]
        one, two = _absorb(one, point, _GOLDEN), _absorb(two, point, _SECOND)
        length += 1
    return _mix(one ^ np.uint64(length)), _mix(two ^ np.uint64(length))
