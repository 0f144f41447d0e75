"""The compiled loops that find runs of tokens that occur more than once.

Here belongs machine code over bytes, tokens and hashes of runs. Not here: what a repeated run means
(`methods/duplicates/substrings.py`). This module imports numba; import it where a kernel is called.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.arrays import head, head_of_rows, longest, widened, widened_rows
from data_platform.kernels.characters import IGNORED, LETTER, MARK, NUMBER, SPACE, UNSPACED
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import GOLDEN, PCG, absorb, mix
from data_platform.kernels.utf8 import entry_of, read


@part()
def _scan_tokens(data, first, last, pages, classes, starts, ends, hashes):
    """Write where the tokens of `data[first:last]` stand, relative to `first`, and their hashes; return how many.

    A token is a run of letters, marks and numbers; one letter of a script without spaces, with its marks; or a run of
    one and the same other sign. White space and format characters between tokens do not count.
    """
    tokens = 0
    position = first
    in_word, single = False, False
    sign = np.int32(-1)  # the sign that the token before consists of, if it ends here
    state = np.uint64(0)
    while position < last:
        here = position
        point, position = read(data, position, last)
        kind = classes[entry_of(pages, point)]
        part = kind & (LETTER | NUMBER | MARK | IGNORED) != 0
        if in_word and (not part or kind & UNSPACED or (single and not kind & (MARK | IGNORED))):
            hashes[tokens] = mix(state)
            tokens += 1
            in_word = False
        if part:
            if not in_word:
                if not kind & (LETTER | NUMBER | MARK):
                    continue
                sign = np.int32(-1)
                in_word = True
                single = kind & UNSPACED != 0
                state = np.uint64(0)
                starts[tokens] = here - first
            state = absorb(state, point, GOLDEN)
            ends[tokens] = position - first
        elif kind & SPACE:
            sign = np.int32(-1)
        elif point == sign:
            # One more of the same: the token before grows.
            ends[tokens - 1] = position - first
            hashes[tokens - 1] = mix(hashes[tokens - 1] + PCG)
        else:
            sign = point
            starts[tokens] = here - first
            ends[tokens] = position - first
            hashes[tokens] = mix((np.uint64(point) + np.uint64(1)) * PCG)
            tokens += 1
    if in_word:
        hashes[tokens] = mix(state)
        tokens += 1
    return tokens


@part()
def _hash_runs(hashes, tokens, length, one, two):
    """Write two independent hashes of every run of `length` tokens; return how many there are."""
    count = max(tokens - length + 1, 0)
    if not count:
        return 0
    top_1, top_2 = np.uint64(1), np.uint64(1)
    for _ in range(length):
        top_1 *= GOLDEN
        top_2 *= PCG
    state_1, state_2 = np.uint64(0), np.uint64(0)
    for token in range(length - 1):
        state_1 = state_1 * GOLDEN + hashes[token]
        state_2 = state_2 * PCG + hashes[token]
    for run in range(count):
        state_1 = state_1 * GOLDEN + hashes[run + length - 1]
        state_2 = state_2 * PCG + hashes[run + length - 1]
        if run:
            state_1 -= hashes[run - 1] * top_1
            state_2 -= hashes[run - 1] * top_2
        one[run] = mix(state_1)
        two[run] = mix(state_2)
    return count


@kernel(allocates=True)
def count_runs(offsets, data, pages, classes, length, counters, shift):
    """Count the runs of every text in `counters`, four of two bits per byte, which stop at 2. Returns the tokens.

    Args:
        offsets, data: a `TextBuffers`.
        pages, classes: of a `CharacterTable`.
        length: tokens per run.
        counters: uint8; a run has the counter of the high bits of its hash.
        shift: 64 less the number of these bits.
    """
    room = longest(offsets)
    starts, ends = np.empty(room, np.int32), np.empty(room, np.int32)
    hashes, one, two = np.empty(room, np.uint64), np.empty(room, np.uint64), np.empty(room, np.uint64)
    total = 0
    for text in range(offsets.size - 1):
        tokens = _scan_tokens(data, offsets[text], offsets[text + 1], pages, classes, starts, ends, hashes)
        total += tokens
        for run in range(_hash_runs(hashes, tokens, length, one, two)):
            place = one[run] >> np.uint64(shift)
            byte = place >> np.uint64(2)
            bits = (place & np.uint64(3)) << np.uint64(1)
            value = (np.uint64(counters[byte]) >> bits) & np.uint64(3)
            if value < 2:
                counters[byte] += np.uint8(np.uint64(1) << bits)
    return total


@kernel(allocates=True)
def collect_runs(offsets, data, pages, classes, length, counters, shift):
    """The runs whose counter stands at 2: those that occur twice, and some that share a counter with another.

    Returns:
        uint64 and uint32 hashes of the runs; int32 text and first token. By text and token.
    """
    room = longest(offsets)
    starts, ends = np.empty(room, np.int32), np.empty(room, np.int32)
    hashes, one, two = np.empty(room, np.uint64), np.empty(room, np.uint64), np.empty(room, np.uint64)
    size = 1024
    keys, checks, places = np.empty(size, np.uint64), np.empty(size, np.uint32), np.empty((2, size), np.int32)
    count = 0
    for text in range(offsets.size - 1):
        tokens = _scan_tokens(data, offsets[text], offsets[text + 1], pages, classes, starts, ends, hashes)
        for run in range(_hash_runs(hashes, tokens, length, one, two)):
            place = one[run] >> np.uint64(shift)
            bits = (place & np.uint64(3)) << np.uint64(1)
            if (np.uint64(counters[place >> np.uint64(2)]) >> bits) & np.uint64(3) < 2:
                continue
            if count == size:
                keys, checks, places, size = widened(keys), widened(checks), widened_rows(places), 2 * size
            keys[count] = one[run]
            checks[count] = np.uint32(two[run] >> np.uint64(32))
            places[0, count] = text
            places[1, count] = run
            count += 1
    return head(keys, count), head(checks, count), head_of_rows(places, count)


@kernel(allocates=True)
def bytes_of_runs(offsets, data, pages, classes, length, texts, runs):
    """Where runs stand: int32, first byte and byte behind the last token, within the text.

    Args:
        texts, runs: int32, text and first token of each, in ascending order.
    """
    room = longest(offsets)
    starts, ends, hashes = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.uint64)
    places = np.empty((2, texts.size), np.int32)
    before = -1
    for place in range(texts.size):
        text = texts[place]
        if text != before:
            _scan_tokens(data, offsets[text], offsets[text + 1], pages, classes, starts, ends, hashes)
            before = text
        places[0, place] = starts[runs[place]]
        places[1, place] = ends[runs[place] + length - 1]
    return places


@kernel(allocates=True)
def winnow(offsets, data, pages, classes, length, window):
    """The fingerprints of every text: of every `window` runs of `length` tokens that follow each other the least hash,
    the last one of equals. One that is chosen by several windows is written once.

    Returns:
        int64 offsets, one more than texts, and uint64 hashes.
    """
    room = longest(offsets)
    starts, ends = np.empty(room, np.int32), np.empty(room, np.int32)
    hashes, one, two = np.empty(room, np.uint64), np.empty(room, np.uint64), np.empty(room, np.uint64)
    found_offsets = np.zeros(offsets.size, np.int64)
    size = 1024
    found = np.empty(size, np.uint64)
    count = 0
    for text in range(offsets.size - 1):
        tokens = _scan_tokens(data, offsets[text], offsets[text + 1], pages, classes, starts, ends, hashes)
        runs = _hash_runs(hashes, tokens, length, one, two)
        least = -1
        for last in range(window - 1, runs):
            chosen = least
            if least <= last - window:
                chosen = last - window + 1
                for run in range(chosen + 1, last + 1):
                    if one[run] <= one[chosen]:
                        chosen = run
            elif one[last] <= one[least]:
                chosen = last
            if chosen == least:
                continue
            least = chosen
            if count == size:
                found, size = widened(found), 2 * size
            found[count] = one[chosen]
            count += 1
        found_offsets[text + 1] = count
    return found_offsets, head(found, count)


@kernel()
def first_occurrences(order, keys, checks, texts, runs, ranks, firsts):
    """For every run, the first of its equals and how many there are.

    Args:
        order: int64, runs sorted by their key: all, or all of some keys.
        keys, checks: hashes of the runs; runs are equal if both are. At the first of several equals, its check gives
            place to how many there are.
        texts, runs: int32, text and first token of each.
        ranks: int64, the place of each text in the order that decides which is first.
        firsts: integers, to be filled: for each run, the first of its equals.
    """
    begin = 0
    while begin < order.size:
        end = begin + 1
        while end < order.size and keys[order[end]] == keys[order[begin]]:
            end += 1
        # Equal keys are equal runs but for chance, so one round is the rule.
        for place in range(begin, end):
            firsts[order[place]] = -1
        for place in range(begin, end):
            this = order[place]
            if firsts[this] >= 0:
                continue
            best, count, check = this, 0, checks[this]
            for other in range(place, end):
                that = order[other]
                if firsts[that] >= 0 or checks[that] != check:
                    continue
                count += 1
                if ranks[texts[that]] < ranks[texts[best]] or (texts[that] == texts[best] and runs[that] < runs[best]):
                    best = that
            for other in range(place, end):
                if firsts[order[other]] < 0 and checks[order[other]] == check:
                    firsts[order[other]] = best
            checks[best] = count
        begin = end


@kernel(allocates=True)
def join_runs(firsts, texts, runs):
    """Join repeated runs that follow each other, as their first occurrences do. Returns the first and the last run of
    every span, int64.

    Args:
        firsts: of `first_occurrences`; a run that is its own first occurrence is not repeated.
        texts, runs: int32, text and first token of each, in ascending order.
    """
    size = 1024
    heads, tails = np.empty(size, np.int64), np.empty(size, np.int64)
    count, before = 0, -1
    for run in range(firsts.size):
        first = firsts[run]
        if first == run:
            continue
        if (
            before >= 0 and texts[run] == texts[before] and runs[run] == runs[before] + 1
            and texts[first] == texts[firsts[before]] and runs[first] == runs[firsts[before]] + 1
        ):
            tails[count - 1] = run
        else:
            if count == size:
                heads, tails, size = widened(heads), widened(tails), 2 * size
            heads[count] = tails[count] = run
            count += 1
        before = run
    return head(heads, count), head(tails, count)
