"""The compiled scan that finds repeated words and word n-grams.

Here belongs what is counted over a sequence of words. Not here: what a word is (`tokens.py`), and which count makes
which signal (`filtering/signals.py`).

Words come as numbers, equal words with the same one, and so do repeated n-grams, in the order in which they are first
seen. A bit map finds the places whose bigram may have a twin; an n-gram has a twin only if both (n-1)-grams in it have,
and is looked up by their two numbers. So every length looks only at what was repeated at the length before: ordinary
prose has few places left after bigrams.

What indexes arrays is unsigned where it can be: numba would check a signed index for Python's negative ones.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import GOLDEN

LONGEST = 10
"""Words of the longest n-gram."""

LONGEST_TOP = 4
"""Words of the longest n-gram whose most frequent one is measured; of longer ones, what repeats is measured."""

MEASURES = (
    "top_count", "top_characters", "top_first", "top_most_characters", "later_characters", "repeated_characters",
    "fresh_characters", "covered_characters", "repeated", "total_characters",
)  # fmt: skip
"""What `measure_ngrams` measures for every n:

top_count: occurrences of the most frequent n-gram. top_characters, top_first: the characters of that n-gram and its
first word; of several, the first one seen. top_most_characters: the characters of the one with most of them.
later_characters: left to right, an n-gram seen before counts with its characters and is jumped over; one that has been
jumped over is not seen (datatrove). repeated_characters: all occurrences of n-grams that occur twice or more (Dolma).
fresh_characters: of n-grams seen before, what no such n-gram before has counted, with a space between words (Curator).
covered_characters: of words within any n-gram that occurs twice or more (RedPajama-V2, DCLM). repeated: how many
n-grams have a twin. total_characters: of all n-grams. The first four are measured for n up to `LONGEST_TOP`, the last
for all, the others for longer n-grams.
"""

(_TOP_COUNT, _TOP_CHARACTERS, _TOP_FIRST, _TOP_MOST, _LATER, _REPEATED_CHARACTERS, _FRESH, _COVERED, _REPEATED,
 _TOTAL) = range(10)  # fmt: skip

_LOGARITHMS = np.log(np.maximum(np.arange(1024), 1))
_HALF = np.uint64(32)


@part(inline=True)
def _shift_for(members):
    """How far to shift a 32-bit hash so that `members` leave most of the cells of a bit map empty."""
    bits = 6
    while 1 << bits < 4 * members:
        bits += 1
    return np.uint32(32 - min(bits, 32))


@part()
def _find_twins(cells, places, shift, maps):
    """Write the places whose cell another place shares to `places`; return how many. `maps` has two bits a cell."""
    maps[: np.int64(1) << max(np.int64(27) - np.int64(shift), 0)] = 0
    one = np.uint64(1)
    met = np.uint64(0)
    for place in range(cells.size):
        word = cells[place] >> np.uint32(5)
        offset = np.uint64((cells[place] & np.uint32(31)) << np.uint32(1))
        before = maps[word]
        taken = before >> offset & one
        met += taken
        maps[word] = before | (one | taken << one) << offset
    kept = np.uint64(0)
    if met:
        for place in range(cells.size):
            places[kept] = place
            offset = np.uint64((cells[place] & np.uint32(31)) << np.uint32(1)) + one
            kept += maps[cells[place] >> np.uint32(5)] >> offset & one
    return np.int64(kept)


@part()
def _place_bigrams(words, followers, shift, cells):
    """Which cell of the bit map each bigram has."""
    for place in range(followers.size):
        mixed = np.uint32(words[place] * np.uint32(0x9E3779B1)) + np.uint32(followers[place] * np.uint32(0x85EBCA77))
        cells[place] = np.uint32(mixed) >> shift


@part()
def _key_bigrams(numbers, places, candidates, grams):
    """Write what tells apart the bigrams at the candidates."""
    for index in range(candidates):
        place = np.uint64(places[index])
        grams[index] = (np.uint64(numbers[place]) << _HALF | np.uint64(numbers[place + np.uint64(1)])) + np.uint64(1)


@part()
def _key_longer(places, numbers, active, grams):
    """Write what tells apart the n-grams made of two repeated (n-1)-grams, and their places; return how many."""
    candidates = np.uint64(0)
    for index in range(active - 1):
        place = places[index]
        following = places[index + 1]
        grams[candidates] = (np.uint64(numbers[index]) << _HALF | np.uint64(numbers[index + 1])) + np.uint64(1)
        places[candidates] = place
        candidates += np.uint64(following == place + np.uint32(1))
    return np.int64(candidates)


@part()
def _number_grams(grams, candidates, known, slots, tallies, firsts, numbers):
    """Number the different `grams`, none of them 0, in the order in which they are first seen.

    `tallies` says how often each occurs, `firsts` where first. Without a branch but for collisions: whether an n-gram
    has been seen before is what a processor cannot predict.

    Returns:
        How many different ones there are.
    """
    size = 16
    while size < 2 * candidates:
        size *= 2
    mask = np.uint64(size - 1)
    slots[:size] = 0  # the number after that of the n-gram, 0 if there is none
    tallies[:candidates] = 0
    different = np.uint64(0)
    one = np.uint64(1)
    for index in range(candidates):
        gram = grams[index]
        slot = (gram ^ (gram >> _HALF)) * GOLDEN
        slot = (slot >> _HALF) & mask
        known[0] = gram  # so that a free slot ends the search as well
        number = np.uint64(slots[slot])
        while known[number] != gram:
            slot = (slot + one) & mask
            number = np.uint64(slots[slot])
        new = number == np.uint64(0)
        number = different if new else number - one
        slots[slot] = number + one
        known[number + one] = gram
        firsts[different] = index
        different += np.uint64(new)
        tallies[number] += np.uint32(1)
        numbers[index] = number
    return np.int64(different)


@part()
def _keep_repeated(places, candidates, tallies, numbers):
    """Drop the places whose n-gram occurs once; return how many are left."""
    kept = np.uint64(0)
    for index in range(candidates):
        number = numbers[index]
        places[kept], numbers[kept] = places[index], number
        kept += np.uint64(tallies[number] > 1)
    return np.int64(kept)


@part()
def _measure_top(ngram, different, tallies, firsts, sums, row):
    """The most frequent n-gram: the first one seen, and the one with most characters."""
    top, first, most = np.int64(1), np.int64(0), np.int64(0)
    for gram in range(different):
        count = np.int64(tallies[gram])
        if count < max(top, 2):
            continue
        characters = np.int64(sums[np.uint64(firsts[gram]) + np.uint64(ngram)]) - sums[firsts[gram]]
        if count > top:
            top, first, most = count, np.int64(firsts[gram]), characters
        else:
            most = max(most, characters)
    row[_TOP_COUNT], row[_TOP_FIRST], row[_TOP_MOST] = top, first, most
    row[_TOP_CHARACTERS] = np.int64(sums[first + ngram]) - sums[first]


@part()
def _measure_repeated(ngram, places, active, numbers, firsts, different, used, sums, row):
    """What repeated n-grams cover, in the ways of `MEASURES`."""
    used[:different] = 0
    jump = covered = later = repeated = cover = new = np.int64(0)
    fresh = np.int64(-ngram)
    for index in range(active):
        place = np.int64(places[index])
        end = place + ngram
        gram = numbers[index]
        characters = np.int64(sums[end]) - sums[place]
        repeated += characters
        cover += np.int64(sums[end]) - sums[max(place, covered)]
        covered = end
        if place >= jump:
            if used[gram]:
                later += characters
                jump = end
            else:
                used[gram] = 1
        if place > np.int64(firsts[gram]):
            counted = max(ngram - (place - fresh), 0)
            new += np.int64(sums[end]) - sums[place + counted] + min(ngram - counted, ngram - 1)
            fresh = place
    row[_LATER], row[_REPEATED_CHARACTERS], row[_FRESH], row[_COVERED] = later, repeated, new, cover
    row[_REPEATED] = active


@part()
def _measure_text(words, cells, maps, places, grams, numbers, firsts, known, slots, tallies, used, sums, rows):
    """Measure one text, whose words have `sums` of lengths."""
    shift = _shift_for(words.size)
    _place_bigrams(words, words[1:], shift, cells)
    active = _find_twins(cells[: words.size - 1], places, shift, maps)
    different = 0
    for ngram in range(2, min(words.size, LONGEST) + 1):
        if active:
            if ngram == 2:
                _key_bigrams(words, places, active, grams)
            else:
                active = _key_longer(places, numbers, active, grams)
            different = _number_grams(grams, active, known, slots, tallies, firsts, numbers)
            for gram in range(different):
                firsts[gram] = places[firsts[gram]]
            active = _keep_repeated(places, active, tallies, numbers)
        if ngram <= LONGEST_TOP:
            _measure_top(ngram, different if active else 0, tallies, firsts, sums, rows[ngram])
        elif active:
            _measure_repeated(ngram, places, active, numbers, firsts, different, used, sums, rows[ngram])
        total = np.int64(0)
        for word in range(ngram):
            total += sums[words.size - word] - sums[word]
        rows[ngram, _TOTAL] = total


@kernel()
def measure_ngrams(
    offsets, words, lengths, cells, maps, places, grams, numbers, firsts, known, slots, tallies, used, sums, measures
):
    """Measure the n-grams of every text.

    Args:
        offsets, words: of `tokens.spell`: the words of text i are `words[offsets[i]:offsets[i + 1]]`.
        lengths: code points of every word.
        cells, maps, places, grams, numbers, firsts, known, slots, tallies, used, sums: scratch for the words of the
            longest text and one: uint32, four times as many and 16 `slots`; uint64 maps (a quarter of the words and
            16), grams and known; uint8 used, int32 sums.
        measures: int64 of shape (texts, LONGEST + 1, len(MEASURES)), zeros; `measures[text, n]` is filled for every n
            from 2, of n = 1 total_characters. All measures of n-grams that a text is too short for stay 0.
    """
    for text in range(offsets.size - 1):
        own = words[offsets[text] : offsets[text + 1]]
        total = np.int32(0)
        sums[0] = 0
        for word in range(own.size):
            total += lengths[own[word]]
            sums[np.uint64(word) + np.uint64(1)] = total
        measures[text, 1, _TOTAL] = total
        if own.size > 1:
            _measure_text(
                own, cells, maps, places, grams, numbers, firsts, known, slots, tallies, used, sums, measures[text]
            )


@kernel()
def measure_words(offsets, numbers, counts, seen, different, entropies):
    """Count the different words of every text, and the entropy of their distribution, in nats; 0 of no words.

    `counts` is int32 for every number, zeros, and zeros again afterwards; `seen` is scratch for all words and one.
    """
    for text in range(offsets.size - 1):
        first, words = offsets[text], offsets[text + 1] - offsets[text]
        found = np.uint64(0)
        for number in numbers[first : first + words]:
            seen[found] = number
            found += np.uint64(counts[number] == 0)
            counts[number] += 1
        logarithms = 0.0
        for number in seen[:found]:
            count = counts[number]
            logarithms += count * (_LOGARITHMS[np.uint32(count)] if count < 1024 else np.log(count))
            counts[number] = 0
        different[text] = found
        entropies[text] = np.log(words) - logarithms / words if words else 0.0


@kernel()
def measure_characters(
    text_starts, texts, prefixes, power, ngram, cells, maps, places, grams, numbers, firsts, known, slots, counts,
    ratios,
):  # fmt: skip
    """The share of the most frequent character n-grams in all of them, as ROOTS and CulturaX define repetition.

    With D different n-grams of which R occur twice or more, it is the share of the min(floor(sqrt(D)), R) most frequent
    ones. A first pass over a bit map finds where an n-gram may have a twin, so that few are looked up in a table.

    Args:
        text_starts, texts, prefixes: a block.
        power: the base of the hash to the power of `ngram`.
        ngram: characters per n-gram.
        cells, maps, places, grams, numbers, firsts, known, slots, counts: scratch for the longest text's characters:
            uint32, four times as many and 16 `slots`; uint64 maps (a quarter of them and 16), grams and known.
        ratios: float64; 0 for texts that are too short.
    """
    for text in range(texts):
        start = text_starts[text]
        total = text_starts[text + 1] - start - ngram + 1
        ratios[text] = 0.0
        if total < 1:
            continue
        own = prefixes[start : start + total + ngram]
        shift = _shift_for(total)
        _place_characters(own[:total], own[ngram:], np.uint32(power), shift, cells)
        candidates = _find_twins(cells[:total], places, shift, maps)
        if candidates:
            _key_characters(own, candidates, places, power, ngram, grams)
            different = _number_grams(grams, candidates, known, slots, counts, firsts, numbers)
            ratios[text] = _share_of_top(total, different, counts, slots)


@part()
def _place_characters(before, behind, power, shift, cells):
    """Which cell of the bit map each n-gram has. In 32 bits, which processors multiply many at a time."""
    for position in range(before.size):
        skipped = np.uint32(np.uint32(before[position]) * power)
        key = np.uint32(np.uint32(behind[position]) - skipped)
        cells[position] = np.uint32(key * np.uint32(0x9E3779B1)) >> shift


@part()
def _key_characters(prefixes, candidates, places, power, ngram, grams):
    """Write the hashes of the n-grams at the candidates."""
    for index in range(candidates):
        place = np.uint64(places[index])
        grams[index] = max(prefixes[place + np.uint64(ngram)] - prefixes[place] * power, np.uint64(1))


@part()
def _share_of_top(total, different, counts, frequencies):
    """The share of the most frequent n-grams among `total`, of which all that are repeated are counted in `counts`."""
    repeated = extra = most = np.int64(0)
    for number in range(different):
        count = np.int64(counts[number])
        repeated += count > 1
        extra += count - 1
        most = max(most, count)
    kept = min(np.int64(np.sqrt(np.float64(total - extra))), repeated)
    frequencies[: most + 1] = 0  # how many n-grams occur so often
    for number in range(different):
        frequencies[counts[number]] += np.uint32(1)
    occurrences = np.int64(0)
    count = most
    while kept > 0:
        taken = min(kept, np.int64(frequencies[count]))
        occurrences += taken * count
        kept -= taken
        count -= 1
    return occurrences / total
