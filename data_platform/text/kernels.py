"""The compiled scans over text: every loop that looks at the bytes of documents.

Here belongs machine code that reads `TextBuffers` with a `CharacterTable` and returns plain counts or hashes. Not
here: what these mean (`filters/signals.py`, `dedup/`, `words.py`). This module imports numba; import it where a kernel
is called, not at the top of a module that the code location loads. The first call on a machine compiles for some
seconds; the result is cached beside the source or, if that cannot be written, in the user's cache folder, unless
$NUMBA_CACHE_DIR names another.

A document is decoded into code points and their classes once, then each family of counts is a loop over those. A new
family is one more function called by `count_signals`.

Kernels and what they call stay in one file, and call nothing compiled elsewhere: numba's on-disk cache is renewed when
the file of the called kernel changes, and would go on running old code if a helper changed in another file. Class bits
are passed through the constants below for the same reason, and checked against `characters` by the tests.
"""

from __future__ import annotations

import numpy as np
from numba import njit

SPACE, LETTER, NUMBER, MARK, UNSPACED, TERMINAL, IGNORED, DECIMAL = 1, 2, 4, 8, 16, 32, 64, 128
NEWLINE, HASH, FULL_STOP, HYPHEN, BULLET, ELLIPSIS, REPLACEMENT = 0x0A, 0x23, 0x2E, 0x2D, 0x2022, 0x2026, 0xFFFD

SHORT_LINE = 30
"""Code points of a line that FineWeb calls short (arXiv 2406.17557, section 3.6)."""

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
"""The English words of Gopher's stop word rule (arXiv 2112.11446, appendix A.1.1)."""

_PACKED_STOP_WORDS = tuple(int.from_bytes(word.encode(), "little") for word in STOP_WORDS)
_LONGEST_STOP_WORD = max(map(len, STOP_WORDS))

COUNTS = (
    "characters", "newlines", "hashes", "ellipses",
    "words", "word_characters", "alphabetic_words", "symbols", "stop_words",
    "lines", "bullet_lines", "ellipsis_lines", "punctuated_lines", "short_lines", "repeated_line_characters",
)  # fmt: skip
"""What `count_signals` counts, in the order of its columns."""

(_CHARACTERS, _NEWLINES, _HASHES, _ELLIPSES, _WORDS, _WORD_CHARACTERS, _ALPHABETIC_WORDS, _SYMBOLS, _STOP_WORDS,
 _LINES, _BULLET_LINES, _ELLIPSIS_LINES, _PUNCTUATED_LINES, _SHORT_LINES, _REPEATED_LINE_CHARACTERS) = range(15)

# Odd 64-bit constants with well spread bits: the golden ratio, and the multipliers of splitmix64's finaliser (Steele,
# Lea and Flood, OOPSLA 2014; Stafford's variant 13) and of PCG (O'Neill 2014).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SECOND = np.uint64(0x5851F42D4C957F2D)


@njit(nogil=True, cache=True)
def _mix(value):
    """splitmix64's finaliser: a bijection of 64 bits in which every input bit reaches every output bit."""
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


@njit(nogil=True, cache=True)
def _absorb(state, value, multiplier):
    """One step of a streaming hash over code points: exclusive or, multiply, fold. For each value a bijection."""
    state = (state ^ np.uint64(value)) * multiplier
    return state ^ (state >> np.uint64(32))


@njit(nogil=True, cache=True)
def _insert(table, key):
    """Put `key` into a hash set with open addressing and say whether it was new. `table` is a power of two long."""
    key = max(key, np.uint64(1))  # 0 marks a free slot
    mask = np.uint64(table.size - 1)
    slot = key & mask
    while table[slot] != np.uint64(0):
        if table[slot] == key:
            return False
        slot = (slot + np.uint64(1)) & mask
    table[slot] = key
    return True


@njit(nogil=True, cache=True)
def _hash_set(members):
    size = 4
    while size < 2 * members:
        size *= 2
    return np.zeros(size, np.uint64)


@njit(nogil=True, cache=True)
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


@njit(nogil=True, cache=True)
def _find_words(kinds, count, starts, ends):
    """Write the spans of the words; return how many words and symbols there are. `filters/signals.py` has the rule."""
    words = 0
    symbols = 0
    position = 0
    while position < count:
        start = position
        seen = 0
        while position < count and not kinds[position] & SPACE:
            seen |= kinds[position]
            position += 1
        if seen & UNSPACED:
            words = _cut_words(kinds, start, position, starts, ends, words)
        elif seen & (LETTER | NUMBER):
            end = position
            while not kinds[start] & (LETTER | NUMBER):
                start += 1
            while not kinds[end - 1] & (LETTER | NUMBER | MARK):
                end -= 1
            starts[words], ends[words] = start, end
            words += 1
        elif position > start:
            symbols += 1
        position += 1
    return words, symbols


@njit(nogil=True, cache=True)
def _cut_words(kinds, start, end, starts, ends, words):
    """Cut a run that holds a script without spaces: each of its letters is a word, with the marks after it."""
    open_word = single = False
    for position in range(start, end):
        kind = kinds[position]
        if kind & UNSPACED or (single and not kind & MARK):
            open_word = False
        if kind & (LETTER | NUMBER):
            if not open_word:
                starts[words] = position
                words += 1
                open_word, single = True, kind & UNSPACED != 0
            ends[words - 1] = position + 1
        elif open_word and kind & MARK:
            ends[words - 1] = position + 1
    return words


@njit(nogil=True, cache=True)
def _find_lines(points, kinds, count, starts, ends):
    """Write the spans between line feeds that are not blank; return how many."""
    lines = 0
    start = 0
    blank = True
    for position in range(count + 1):
        if position == count or points[position] == NEWLINE:
            if not blank:
                starts[lines] = start
                ends[lines] = position
                lines += 1
            start = position + 1
            blank = True
        elif not kinds[position] & SPACE:
            blank = False
    return lines


@njit(nogil=True, cache=True)
def _count_characters(points, count, row):
    newlines = hashes = ellipses = 0
    for position in range(count):
        point = points[position]
        newlines += point == NEWLINE
        hashes += point == HASH
        ellipses += point == ELLIPSIS
    full_stops = 0
    for position in range(count):
        full_stops = full_stops + 1 if points[position] == FULL_STOP else 0
        if full_stops == 3:
            ellipses += 1
            full_stops = 0
    row[_CHARACTERS], row[_NEWLINES], row[_HASHES], row[_ELLIPSES] = count, newlines, hashes, ellipses


@njit(nogil=True, cache=True)
def _count_words(points, kinds, starts, ends, words, row):
    found = 0
    for word in range(words):
        start, end = starts[word], ends[word]
        row[_WORD_CHARACTERS] += end - start
        for position in range(start, end):
            if kinds[position] & LETTER:
                row[_ALPHABETIC_WORDS] += 1
                break
        if end - start <= _LONGEST_STOP_WORD:
            packed = 0
            for position in range(start, end):
                # A code point above 127 is no part of any stop word; 255 keeps it from looking like one.
                packed |= min(points[position], 255) << (8 * (position - start))
            for index in range(len(_PACKED_STOP_WORDS)):
                if packed == _PACKED_STOP_WORDS[index]:
                    found |= 1 << index
    row[_WORDS] = words
    while found:
        row[_STOP_WORDS] += found & 1
        found >>= 1


@njit(nogil=True, cache=True)
def _count_lines(points, kinds, starts, ends, lines, row):
    seen = _hash_set(lines)
    for line in range(lines):
        start, end = starts[line], ends[line]
        if kinds[end - 1] & TERMINAL:
            row[_PUNCTUATED_LINES] += 1
        if end - start <= SHORT_LINE:
            row[_SHORT_LINES] += 1
        state = np.uint64(0)
        for position in range(start, end):
            state = _absorb(state, points[position], _GOLDEN)
        if not _insert(seen, _mix(state ^ np.uint64(end - start))):
            row[_REPEATED_LINE_CHARACTERS] += end - start
        first, last = start, end - 1
        while kinds[first] & SPACE:
            first += 1
        while kinds[last] & SPACE:
            last -= 1
        if points[first] == BULLET or points[first] == HYPHEN:
            row[_BULLET_LINES] += 1
        if points[last] == ELLIPSIS or (
            last - first >= 2 and points[last] == points[last - 1] == points[last - 2] == FULL_STOP
        ):
            row[_ELLIPSIS_LINES] += 1
    row[_LINES] = lines


@njit(nogil=True, cache=True)
def count_signals(offsets, data, pages, classes):
    """Count what `COUNTS` names in every text.

    Args:
        offsets, data: a `TextBuffers`.
        pages, classes: of a `CharacterTable`.

    Returns:
        int64 of shape (texts, len(COUNTS)).
    """
    texts = offsets.size - 1
    counts = np.zeros((texts, 15), np.int64)
    longest = 0
    for text in range(texts):
        longest = max(longest, offsets[text + 1] - offsets[text])
    points = np.empty(longest, np.int32)
    kinds = np.empty(longest, np.uint8)
    starts = np.empty(longest, np.int32)
    ends = np.empty(longest, np.int32)
    for text in range(texts):
        row = counts[text]
        count = _decode(data, offsets[text], offsets[text + 1], pages, classes, points, kinds)
        _count_characters(points, count, row)
        words, row[_SYMBOLS] = _find_words(kinds, count, starts, ends)
        _count_words(points, kinds, starts, ends, words, row)
        lines = _find_lines(points, kinds, count, starts, ends)
        _count_lines(points, kinds, starts, ends, lines, row)
    return counts


@njit(nogil=True, cache=True)
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
        words = _hash_words(points, kinds, count, pages, folded, hashes[first:])
        for position in range(first, first + words - ngram + 1):
            state = np.uint64(ngram)
            for word in range(ngram):
                state = state * _GOLDEN + hashes[position + word]
            hashes[position] = _mix(state)
        ngram_offsets[text + 1] = first + max(words - ngram + 1, 0)
    return ngram_offsets, hashes[: ngram_offsets[texts]]


@njit(nogil=True, cache=True)
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


@njit(nogil=True, cache=True)
def hash_normalized(offsets, data, pages, classes, lower):
    """Hash every text to 128 bits, normalised as `dedup/exact.py` says.

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
        hashes[text, 0] = _mix(one ^ np.uint64(length))
        hashes[text, 1] = _mix(two ^ np.uint64(length))
    return hashes
