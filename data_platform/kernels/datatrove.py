# ruff: noqa: RUF002, RUF003 - the quotation mark that they name is meant
"""The compiled loops of `datatrove.py`: simplified texts, their words, hashes of n-grams, and minima.

Here belongs machine code that says what datatrove 0.10 and spaCy 3.8 say. Not here: the tables. This module imports
numba; import it where a kernel is called.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.arrays import copy, head, longest
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import STAFFORD_1
from data_platform.kernels.utf8 import entry_of, read, write

SPACE, DIGIT, SEPARATOR, CASED, IGNORABLE, SPELLED, PREFIX, SUFFIX, ICON, ALPHA = (1 << place for place in range(10))
"""What a character is: turned into a space; a decimal digit; what may stand between the digits of one number; cased,
and passed over, where the form of a sigma is decided; spelled otherwise than itself; and as in `text/bits.py`."""

LONGEST_WORD = 12
"""Longest contraction or unit."""

_SIGMA, _FINAL_SIGMA, _SMALL_SIGMA = 0x3A3, 0x3C2, 0x3C3
_OPENING = 0x2018  # "‘s" is a word of its own, wherever it stands
_MERSENNE_PRIME = np.uint64(2**61 - 1)
# The primes of xxHash64 (Yann Collet, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
_PRIME_1 = np.uint64(0x9E3779B185EBCA87)
_PRIME_2 = np.uint64(0xC2B2AE3D27D4EB4F)
_PRIME_3 = np.uint64(0x165667B19E3779F9)
_PRIME_4 = np.uint64(0x85EBCA77C2B2AE63)
_PRIME_5 = np.uint64(0x27D4EB2F165667C5)


def hash_word(word: str) -> int:
    """The hash by which the kernels look up `word`."""
    state = 0
    for character in word:
        state = (state * int(STAFFORD_1) + ord(character) + 1) & 0xFFFFFFFFFFFFFFFF
    return state ^ (state >> 32)


@part()
def _find(points, start, end, keys):
    """The slot of the word `[start, end)` in a table with open addressing, -1 if it is not there."""
    if end - start > LONGEST_WORD:
        return -1
    state = np.uint64(0)
    for position in range(start, end):
        state = state * STAFFORD_1 + np.uint64(points[position] + 1)
    key = state ^ (state >> np.uint64(32))
    slot = np.int64(key & np.uint64(keys.size - 1))
    while keys[slot] != np.uint64(0):
        if keys[slot] == key:
            return slot
        slot = (slot + 1) & (keys.size - 1)
    return -1


@part()
def _decode(data, start, end, points):
    """Write the code points of `data[start:end]`; return how many."""
    count = 0
    position = start
    while position < end:
        points[count], position = read(data, position, end)
        count += 1
    return count


@part()
def _ends_word(points, position, count, pages, kinds):
    """Whether the capital sigma at `position` is written as at the end of a word (Unicode, Final_Sigma)."""
    before = position - 1
    while before >= 0 and kinds[entry_of(pages, points[before])] & IGNORABLE:
        before -= 1
    if before < 0 or not kinds[entry_of(pages, points[before])] & CASED:
        return False
    after = position + 1
    while after < count and kinds[entry_of(pages, points[after])] & IGNORABLE:
        after += 1
    return after == count or not kinds[entry_of(pages, points[after])] & CASED


@part()
def _simplify(points, count, pages, kinds, spelled, spellings, result):
    """Write the simplified text, with a space for everything that becomes one; return how many code points it has."""
    written = 0
    position = 0
    while position < count:
        point = points[position]
        place = entry_of(pages, point)
        kind = kinds[place]
        if kind & DIGIT:
            position += 1
            while position < count and kinds[entry_of(pages, points[position])] & DIGIT:
                position += 1
            if (
                position + 1 < count
                and kinds[entry_of(pages, points[position])] & SEPARATOR
                and kinds[entry_of(pages, points[position + 1])] & DIGIT
            ):
                position += 2
                while position < count and kinds[entry_of(pages, points[position])] & DIGIT:
                    position += 1
            result[written] = 48
            written += 1
            continue
        if kind & SPACE:
            result[written] = 32
            written += 1
        elif point == _SIGMA:
            result[written] = _FINAL_SIGMA if _ends_word(points, position, count, pages, kinds) else _SMALL_SIGMA
            written += 1
        elif kind & SPELLED:
            first = spelled[place] >> 4
            for part in range(first, first + (spelled[place] & 15)):
                result[written] = spellings[part]
                written += 1
        elif 0xAC00 <= point < 0xD7A4:
            index = point - 0xAC00
            result[written] = 0x1100 + index // 588
            result[written + 1] = 0x1161 + index % 588 // 28
            written += 2
            if index % 28:
                result[written] = 0x11A7 + index % 28
                written += 1
        else:
            result[written] = point
            written += 1
        position += 1
    return written


@part()
def _suffix_length(points, start, end, pages, kinds, unit_keys):
    """How many characters before `end` are a suffix of `[start, end)`; 0 if none. A unit has no digits."""
    if end <= start:
        return 0
    for length in range(1, min(LONGEST_WORD, end - start - 1) + 1):
        if points[end - length - 1] == 48:
            if _find(points, end - length, end, unit_keys) >= 0:
                return length
            break
    return 1 if kinds[entry_of(pages, points[end - 1])] & (SUFFIX | ICON) else 0


@part()
def _cut_contraction(slot, start, end, cuts, ends, count):
    """Write where the parts of a contraction end; return the new count."""
    first, second = cuts[slot] & 255, cuts[slot] >> 8
    ends[count] = start + first
    count += 1
    if second:
        ends[count] = start + first + second
        count += 1
    ends[count] = end
    return count + 1


@part()
def _cut_infixes(points, start, end, pages, kinds, ends, count):
    """Write where the pieces end that symbols, and "<", "=" or ">" before a letter, cut; return the new count."""
    first = start
    for position in range(start, end):
        point = points[position]
        kind = kinds[entry_of(pages, point)]
        sign = kind & ICON != 0
        if 60 <= point <= 62 and start < position < end - 1:
            before = points[position - 1]
            sign = (kinds[entry_of(pages, before)] & ALPHA != 0 or before == 48) and (
                kinds[entry_of(pages, points[position + 1])] & ALPHA != 0
            )
        if sign and position > start:
            if position > first:
                ends[count] = position
                count += 1
            ends[count] = position + 1
            count += 1
            first = position + 1
    if first < end:
        ends[count] = end
        count += 1
    return count


@part()
def _cut(points, start, end, pages, kinds, contraction_keys, contraction_cuts, unit_keys, ends, stack):
    """Write where the words of a chunk `[start, end)` end; return how many there are."""
    begin = start
    signs = 0
    zero = False
    for position in range(start, end):
        signs |= kinds[entry_of(pages, points[position])]
        zero |= points[position] == 48
    slot = _find(points, start, end, contraction_keys)
    if slot >= 0:
        return _cut_contraction(slot, start, end, contraction_cuts, ends, 0)
    if not signs & (PREFIX | SUFFIX | ICON) and not zero:
        ends[0] = end
        return 1
    count, depth = 0, 0
    whole = False
    while start < end:
        slot = _find(points, start, end, contraction_keys)
        whole = _is_quoted_s(points, start, end)
        if slot >= 0 or whole:
            break
        prefix = 1 if kinds[entry_of(pages, points[start])] & (PREFIX | ICON) else 0
        if prefix:
            slot = _find(points, start + 1, end, contraction_keys)
            whole = _is_quoted_s(points, start + 1, end)
            if slot >= 0 or whole:
                ends[count] = start + 1
                count += 1
                start += 1
                break
        suffix = _suffix_length(points, start + prefix, end, pages, kinds, unit_keys)
        if suffix:
            slot = _find(points, start, end - suffix, contraction_keys)
            whole = _is_quoted_s(points, start, end - suffix)
            if slot >= 0 or whole:
                stack[depth] = end
                depth += 1
                end -= suffix
                break
        if not prefix and not suffix:
            break
        if prefix:
            ends[count] = start + 1
            count += 1
            start += 1
        if suffix:
            stack[depth] = end
            depth += 1
            end -= suffix
    if slot >= 0:
        count = _cut_contraction(slot, start, end, contraction_cuts, ends, count)
    elif whole:
        ends[count] = end
        count += 1
    elif start < end:
        count = _cut_infixes(points, start, end, pages, kinds, ends, count)
    while depth:
        depth -= 1
        ends[count] = stack[depth]
        count += 1
    return _join_quoted_s(points, begin, ends, count)


@part()
def _is_quoted_s(points, start, end):
    return end - start == 2 and points[start] == _OPENING and points[start + 1] == 115


@part()
def _join_quoted_s(points, start, ends, count):
    """Join "‘" and "s" that stand beside each other; return the new count."""
    kept = 0
    begin = start
    for piece in range(count):
        if kept and _is_quoted_s(points, begin, ends[piece]) and ends[kept - 1] == begin + 1:
            ends[kept - 1] = ends[piece]
        else:
            begin = ends[kept - 1] if kept else start
            ends[kept] = ends[piece]
            kept += 1
    return kept


@part()
def _encode(points, start, end, result, written):
    """Write `[start, end)` as UTF-8; return where the next byte goes."""
    for position in range(start, end):
        written = write(result, written, points[position])
    return written


@part()
def _turn(value, bits):
    return (value << np.uint64(bits)) | (value >> np.uint64(64 - bits))


@part()
def _read(data, position, width):
    value = np.uint64(0)
    for offset in range(width):
        value |= np.uint64(data[position + offset]) << np.uint64(8 * offset)
    return value


@part()
def _round(state, value):
    return _turn(state + value * _PRIME_2, 31) * _PRIME_1


@part()
def _merge(state, value):
    return (state ^ _round(np.uint64(0), value)) * _PRIME_1 + _PRIME_4


@part()
def _xxhash64(data, start, end):
    """xxHash64 of `data[start:end]` with seed 0."""
    position = start
    if end - start >= 32:
        one, two, three, four = _PRIME_1 + _PRIME_2, _PRIME_2, np.uint64(0), np.uint64(0) - _PRIME_1
        while position + 32 <= end:
            one = _round(one, _read(data, position, 8))
            two = _round(two, _read(data, position + 8, 8))
            three = _round(three, _read(data, position + 16, 8))
            four = _round(four, _read(data, position + 24, 8))
            position += 32
        state = _turn(one, 1) + _turn(two, 7) + _turn(three, 12) + _turn(four, 18)
        state = _merge(_merge(_merge(_merge(state, one), two), three), four)
    else:
        state = _PRIME_5
    state += np.uint64(end - start)
    while position + 8 <= end:
        state = _turn(state ^ _round(np.uint64(0), _read(data, position, 8)), 27) * _PRIME_1 + _PRIME_4
        position += 8
    if position + 4 <= end:
        state = _turn(state ^ (_read(data, position, 4) * _PRIME_1), 23) * _PRIME_2 + _PRIME_3
        position += 4
    while position < end:
        state = _turn(state ^ (np.uint64(data[position]) * _PRIME_5), 11) * _PRIME_1
        position += 1
    state = (state ^ (state >> np.uint64(33))) * _PRIME_2
    state = (state ^ (state >> np.uint64(29))) * _PRIME_3
    return state ^ (state >> np.uint64(32))


@kernel(allocates=True)
def hash_ngrams(
    offsets, data, pages, kinds, spelled, spellings, growth, contraction_keys, contraction_cuts, unit_keys, ngram
):
    """Hash every n-gram of the words of every text.

    Args:
        offsets, data: a `TextBuffers`.
        pages to unit_keys: a `datatrove.Tables`.
        ngram: words per n-gram, at least 1.

    Returns:
        int64 offsets, one more than texts, and uint64 hashes in the order of the text.
    """
    texts = offsets.size - 1
    most = longest(offsets)
    points = np.empty(most, np.int32)
    simple = np.empty(growth * most, np.int32)
    stack = np.empty(most * growth + 1, np.int64)
    ends = np.empty(most * growth + 1, np.int64)
    # A word has one byte at least, and there is a space between two.
    octets = np.empty(2 * growth * most + 1, np.uint8)
    word_starts = np.empty(growth * most + 1, np.int64)
    word_ends = np.empty(growth * most + 1, np.int64)
    ngram_offsets = np.zeros(texts + 1, np.int64)
    room = max((offsets[texts] - offsets[0]) // 4, 1024)
    hashes = np.empty(room, np.uint64)
    total = 0
    for text in range(texts):
        count = _decode(data, offsets[text], offsets[text + 1], points)
        count = _simplify(points, count, pages, kinds, spelled, spellings, simple)
        words, written = 0, 0
        start = 0
        while start < count:
            if simple[start] == 32:
                start += 1
                continue
            end = start + 1
            while end < count and simple[end] != 32:
                end += 1
            pieces = _cut(
                simple, start, end, pages, kinds, contraction_keys, contraction_cuts, unit_keys, ends, stack
            )
            for piece in range(pieces):
                if written:
                    octets[written] = 32
                    written += 1
                word_starts[words] = written
                written = _encode(simple, start, ends[piece], octets, written)
                word_ends[words] = written
                words += 1
                start = ends[piece]
            start = end
        found = max(words - ngram + 1, 0)
        if total + found > room:
            while total + found > room:
                room *= 2
            wider = np.empty(room, np.uint64)
            copy(hashes, 0, total, wider, 0)
            hashes = wider
        for first in range(found):
            hashes[total + first] = _xxhash64(octets, word_starts[first], word_ends[first + ngram - 1])
        total += found
        ngram_offsets[text + 1] = total
    return ngram_offsets, head(hashes, total)


@kernel(allocates=True)
def minima(offsets, ngrams, multipliers, increments):
    """The least value of every permutation a x + b modulo 2^64, modulo 2^61 - 1, over the n-grams of every document.

    Returns:
        uint64 of shape (documents, permutations); undefined for a document without n-grams.
    """
    documents = offsets.size - 1
    result = np.empty((documents, multipliers.size), np.uint64)
    least = np.empty(multipliers.size, np.int64)
    for document in range(documents):
        least[:] = np.int64(0x7FFFFFFFFFFFFFFF)
        for place in range(offsets[document], offsets[document + 1]):
            value = ngrams[place]
            for permutation in range(multipliers.size):
                image = value * multipliers[permutation] + increments[permutation]
                image = (image & _MERSENNE_PRIME) + (image >> np.uint64(61))
                signed = np.int64(image)
                signed -= np.int64(_MERSENNE_PRIME) if signed >= np.int64(_MERSENNE_PRIME) else np.int64(0)
                least[permutation] = min(least[permutation], signed)
        for permutation in range(multipliers.size):
            result[document, permutation] = np.uint64(least[permutation])
    return result
