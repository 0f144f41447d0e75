"""The compiled scans that count words by what they look like.

Here belongs what is counted over words one by one. Not here: what a word is (`tokens.py`), and words in sequence
(`repetition.py`).
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.arrays import at as _at
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hash_table import find
from data_platform.text.bits import ASCII_PUNCTUATION, LETTER, LOWERCASE, NOT_ASCII, SPECIAL, TRIGGER, UPPERCASE, WORD
from data_platform.text.tokens import ALL_PUNCTUATION, ENDS_SENTENCE, HAS_LETTER, NONE, NOT_SYMBOL

TRIGGERS, HAS_WORD, OPENS, ENDS = 1, 2, 4, 8
"""Marks of a chunk: holds a sign that `lines.scan_signs` looks at, or a word of its phrases; holds a word character;
has a token that begins a sentence after the end of another; has a token that ends a sentence."""

TRAITS = (
    "alphabetic", "stop_words", "lower_stop_words", "dolma_symbols", "curator_symbols", "special",
    "raw_words", "raw_alphabetic", "raw_capitals", "raw_stop_words",
    "tokens", "token_words", "token_characters", "alphabetic_tokens", "javascript", "lorem",
)  # fmt: skip
"""What is known of a chunk to be added up: whether it has a letter, is a stop word as written and in lower case, has
'#' or '…', is what Curator calls a symbol; its SPECIAL characters; of the runs of word characters and of other signs
that RedPajama-V2 cuts (NLTK's WordPunctTokenizer): all, those with a letter a to z, those all in capitals, and those in
the list of stop words; of its tokens: all, those that are no symbols, their characters, and those with a letter; and
whether its normal word is "javascript" or "lorem"."""

CHUNK_COUNTS = (*TRAITS, "words", "characters", "median_twice", "stop_tokens")
"""Columns of `count_chunks`: the traits; all chunks, their characters, twice the median length; different stop words
among the tokens."""

(_ALPHABETIC, _STOP_WORDS, _LOWER_STOP_WORDS, _DOLMA_SYMBOLS, _CURATOR_SYMBOLS, _SPECIAL, _RAW_WORDS, _RAW_ALPHABETIC,
 _RAW_CAPITALS, _RAW_STOP_WORDS, _TOKENS, _TOKEN_WORDS, _TOKEN_CHARACTERS, _ALPHABETIC_TOKENS, _JAVASCRIPT, _LOREM,
 _WORDS, _CHARACTERS, _MEDIAN_TWICE, _STOP_TOKENS) = range(20)  # fmt: skip
_TRAIT_COUNT = 16

_PHRASE_WORDS = ("javascript", "privacy", "lorem", "terms", "items", "cookie")
_LETTERS = np.array([ord(letter) for word in _PHRASE_WORDS for letter in word], np.int32)
_BEGINS = np.cumsum([0, *map(len, _PHRASE_WORDS)]).astype(np.int64)
_PHRASE_WORD_COUNT = len(_PHRASE_WORDS)
_INITIALS = np.uint32(sum({1 << ord(word[0]) - ord("a") for word in _PHRASE_WORDS}))



@part()
def _is_curator_symbol(points, start, end):
    """Whether a piece is an ellipsis as Curator lists them, or has more runs of '#' than half its characters."""
    length = end - start
    if length <= 5:
        first, last = points[_at(start)], points[_at(end - 1)]
        if length == 1:
            return first == 0x2026 or first == 35
        if length == 2:
            return first == 45 and last == 0xBB
        bracketed = (first == 91 and last == 93) or (first == 40 and last == 41)
        second = points[_at(start + 1)]
        if length == 3 and ((first == 46 and last == 46 and second == 46) or (bracketed and second == 0x2026)):
            return True
        dots = points[_at(start + 1)] == 46 and points[_at(start + 2)] == 46 and points[_at(end - 2)] == 46
        if length == 5 and bracketed and dots:
            return True
    runs = 0
    for position in range(start, end):
        runs += points[_at(position)] == 35 and (position == start or points[_at(position - 1)] != 35)
    return 2 * runs > length


@part()
def _count_raw_words(points, kinds, prefixes, powers, start, end, list_keys, row):
    """Count the runs of word characters and of other signs in a piece."""
    position = start
    while position < end:
        first = position
        word = kinds[_at(position)] & WORD
        seen = np.uint32(0)
        latin = False
        while position < end and kinds[_at(position)] & WORD == word:
            seen |= kinds[_at(position)]
            latin |= kinds[_at(position)] & (LETTER | NOT_ASCII) == LETTER
            position += 1
        row[_RAW_WORDS] += 1
        row[_RAW_ALPHABETIC] += latin
        row[_RAW_CAPITALS] += seen & (UPPERCASE | LOWERCASE) == UPPERCASE
        if word and position - first <= 12:
            key = prefixes[_at(position)] - prefixes[_at(first)] * powers[_at(position - first)]
            row[_RAW_STOP_WORDS] += find(list_keys, key) >= 0


@part(inline=True)
def _hash_in_lower_case(points, start, end, base):
    state = np.uint64(0)
    for position in range(start, end):
        point = points[_at(position)]
        if 65 <= point <= 90:
            point += 32
        state = state * base + np.uint64(point + 1)
    return state


@part()
def _says_phrase_word(points, start, end):
    """Whether `[start, end)` holds a word of the phrases that `lines.scan_signs` looks for, in any case."""
    for position in range(start, end - 4):
        letter = np.uint32(points[_at(position)] | 32) - np.uint32(97)
        if letter >= np.uint32(26) or not _INITIALS >> letter & np.uint32(1):
            continue
        for word in range(_PHRASE_WORD_COUNT):
            first, length = _BEGINS[word], _BEGINS[word + 1] - _BEGINS[word]
            index = np.int64(0)
            while (
                index < length and position + index < end
                and points[_at(position + index)] | 32 == _LETTERS[_at(first + index)]
            ):  # fmt: skip
                index += 1
            if index == length:
                return True
    return False


@part()
def _describe_tokens(tokens, hashes, lengths, flags, stop_keys, stop_numbers, row):
    """Describe the tokens of a chunk in its traits `row`; return its marks of sentences, and its stop words as bits."""
    marks = 0
    bits = np.uint64(0)
    for token in tokens:
        flag = np.int64(flags[token])
        row[_TOKENS] += 1
        row[_ALPHABETIC_TOKENS] += flag & HAS_LETTER
        if flag & NOT_SYMBOL:
            row[_TOKEN_WORDS] += 1
            row[_TOKEN_CHARACTERS] += lengths[_at(token)]
        if flag & ENDS_SENTENCE:
            marks |= ENDS
        elif not flag & ALL_PUNCTUATION:
            marks |= OPENS
        if lengths[_at(token)] <= 4:
            slot = find(stop_keys, hashes[_at(token)])
            if slot >= 0:
                bits |= np.uint64(1) << np.uint64(stop_numbers[slot])
    return marks, bits


@kernel()
def describe_chunks(
    points, kinds, prefixes, powers, base, starts, ends, chunks, fresh, chunk_flags, hashes, lengths, at, counts,
    pieces, flags, normal_words, stop_keys, stop_numbers, list_keys, javascript, lorem, traits, marks, stops,
):  # fmt: skip
    """Describe the fresh chunks of a block by `traits` (int32, words x TRAITS), `marks` and the `stops` they hold.

    The arguments up to `normal_words` are what `tokens.py` says of chunks and words. `stop_keys` and `stop_numbers` are
    the table of Gopher's stop words, `list_keys` that of RedPajama-V2's list, `javascript` and `lorem` are hashes.
    """
    signs = np.uint32(ASCII_PUNCTUATION | NOT_ASCII)
    for place in fresh:
        chunk = chunks[_at(place)]
        row = traits[chunk]
        row[:] = 0
        start, end = np.int64(starts[_at(place)]), np.int64(ends[_at(place)])
        flag = chunk_flags[chunk]
        length = end - start
        row[_ALPHABETIC] = flag & LETTER != 0
        if length <= 4:
            row[_STOP_WORDS] = find(stop_keys, hashes[chunk]) >= 0
            row[_LOWER_STOP_WORDS] = row[_STOP_WORDS]
            if flag & UPPERCASE:
                row[_LOWER_STOP_WORDS] = find(stop_keys, _hash_in_lower_case(points, start, end, base)) >= 0
        first = np.int64(at[chunk])
        mark, stops[chunk] = _describe_tokens(
            pieces[first : first + np.int64(counts[chunk])], hashes, lengths, flags, stop_keys, stop_numbers, row
        )
        if flag & TRIGGER or (flag & LETTER and _says_phrase_word(points, start, end)):
            mark |= TRIGGERS
        if flag & WORD:
            mark |= HAS_WORD
        marks[chunk] = mark
        word = normal_words[chunk]
        if word != NONE:
            row[_JAVASCRIPT] = hashes[_at(word)] == javascript
            row[_LOREM] = hashes[_at(word)] == lorem
        if not flag & signs and flag & WORD:
            row[_RAW_WORDS] = 1
            row[_RAW_ALPHABETIC] = flag & LETTER != 0
            row[_RAW_CAPITALS] = flag & (UPPERCASE | LOWERCASE) == UPPERCASE
            row[_RAW_STOP_WORDS] = length <= 12 and find(list_keys, hashes[chunk]) >= 0
        else:
            _count_raw_words(points, kinds, prefixes, powers, start, end, list_keys, row)
            row[_CURATOR_SYMBOLS] = _is_curator_symbol(points, start, end)
        if flag & SPECIAL:
            for position in range(start, end):
                row[_SPECIAL] += kinds[_at(position)] & SPECIAL != 0
                if points[_at(position)] == 35 or points[_at(position)] == 0x2026:
                    row[_DOLMA_SYMBOLS] = 1


@kernel()
def count_chunks(offsets, chunks, lengths, traits, stops, times, seen, histogram, sums, counts):
    """Count the chunks of every text by their traits into `counts` (int64, texts x CHUNK_COUNTS).

    Every different chunk is looked at once. `times` (int32 of all words) and `histogram` (int32, one more than the
    longest chunk) are zeros, and zeros again afterwards; `seen` is scratch for the chunks of the longest text and one,
    `sums` for the traits.
    """
    for text in range(counts.shape[0]):
        row = counts[text]
        first, last = offsets[text], offsets[text + 1]
        if last == first:
            continue
        found = np.uint64(0)
        for chunk in chunks[first:last]:
            seen[found] = chunk
            found += np.uint64(times[chunk] == 0)
            times[chunk] += 1
        sums[:_TRAIT_COUNT] = 0
        longest = characters = np.int64(0)
        bits = np.uint64(0)
        for chunk in seen[:found]:
            often = times[chunk]
            times[chunk] = 0
            for trait in range(_TRAIT_COUNT):
                sums[trait] += often * traits[chunk, trait]
            length = np.int64(lengths[chunk])
            longest = max(longest, length)
            characters += often * length
            histogram[np.uint64(length)] += often
            bits |= stops[chunk]
        for trait in range(_TRAIT_COUNT):
            row[trait] = sums[trait]
        row[_WORDS], row[_CHARACTERS] = last - first, characters
        row[_MEDIAN_TWICE] = _twice_the_median(histogram, longest, last - first)
        while bits:
            row[_STOP_TOKENS] += 1
            bits &= bits - np.uint64(1)
        for chunk in seen[:found]:
            histogram[lengths[chunk]] = 0


@part()
def _twice_the_median(histogram, longest, words):
    """Twice the median of the lengths in a histogram."""
    lower = np.int64(-1)
    seen = 0
    for length in range(longest + 1):
        seen += histogram[length]
        if lower < 0 and seen > (words - 1) // 2:
            lower = length
        if seen > words // 2:
            return lower + length
    return lower + longest


@kernel()
def count_pairs(offsets, words, hashes, first, second, counts):
    """Count where a word with the hash `first` stands before one with `second`."""
    for text in range(counts.size):
        after_first = False
        for word in range(offsets[text], offsets[text + 1]):
            counts[text] += after_first and hashes[_at(words[word])] == second
            after_first = hashes[_at(words[word])] == first


@kernel()
def count_curator_tops(points, starts, ends, offsets, chunks, measures, top_first, counts):
    """How often the most frequent 2-, 3- and 4-gram, joined with blanks, stands in the text as it is, without overlap.

    Args:
        starts, ends, offsets, chunks: of `tokens.find_chunks`.
        measures, top_first: of `repetition.measure_ngrams` over chunks, and its column.
        counts: int64 of shape (texts, 3, 2): the occurrences, and the characters of the joined n-gram.
    """
    for text in range(counts.shape[0]):
        first, last = offsets[text], offsets[text + 1]
        for ngram in range(2, 5):
            if last - first < ngram:
                continue
            word = first + measures[text, ngram, top_first]
            length = ngram - 1
            for index in range(word, word + ngram):
                length += ends[_at(index)] - starts[_at(index)]
            counts[text, ngram - 2, 0] = _count_joined(points, starts, ends, chunks, first, last, word, ngram, length)
            counts[text, ngram - 2, 1] = length


@part()
def _count_joined(points, starts, ends, chunks, first, last, word, ngram, length):
    """Occurrences of the words from `word` on joined with blanks.

    Blanks stand between chunks, so the first word must end a chunk, the last begin one, and the others be chunks.
    """
    found = 0
    free = starts[_at(first)]
    final = points[_at(ends[_at(word)] - 1)]
    second = chunks[_at(word + 1)]
    begin = points[_at(starts[_at(word + 1)])]
    for chunk in range(first, last - ngram + 1):
        if (chunks[_at(chunk + 1)] != second) if ngram > 2 else (points[_at(starts[_at(chunk + 1)])] != begin):
            continue
        if points[_at(ends[chunk] - 1)] == final and _is_joined_at(points, starts, ends, chunks, chunk, word, ngram):
            position = ends[chunk] - (ends[_at(word)] - starts[_at(word)])
            if position >= free:
                found += 1
                free = position + length
    return found


@part()
def _is_joined_at(points, starts, ends, chunks, chunk, word, ngram):
    """Whether the first word ends `chunk`, and the others follow after one blank each, the last as a beginning."""
    size = ends[_at(word)] - starts[_at(word)]
    if ends[chunk] - starts[chunk] < size:
        return False
    for place in range(1, size + 1):
        if points[_at(ends[chunk] - place)] != points[_at(ends[_at(word)] - place)]:
            return False
    for index in range(1, ngram):
        here, there = chunk + index, word + index
        if starts[_at(here)] != ends[_at(here - 1)] + 1 or points[_at(ends[_at(here - 1)])] != 32:
            return False
        if index < ngram - 1:
            if chunks[_at(here)] != chunks[_at(there)]:
                return False
            continue
        size = ends[_at(there)] - starts[_at(there)]
        if ends[_at(here)] - starts[_at(here)] < size:
            return False
        for place in range(size):
            if points[_at(starts[_at(here)] + place)] != points[_at(starts[_at(there)] + place)]:
                return False
    return True
