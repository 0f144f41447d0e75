"""The compiled scans that find words, and runs of words, with the bytes of the text that they stand in.

Here belongs machine code that says where in a text something is. Not here: what it means
(`methods/decontaminate/ngrams.py`, `methods/duplicates/passages.py`), and hashes without places (`text_hashes`). This
module imports numba; import it where a kernel is called.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.arrays import head, head_of_rows, widened, widened_rows
from data_platform.kernels.ascii import is_blank
from data_platform.kernels.characters import DECIMAL, IGNORED, LETTER, MARK, NUMBER, UNSPACED
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import GOLDEN, absorb, mix
from data_platform.kernels.utf8 import entry_of, read


@kernel(allocates=True)
def scan_words(offsets, data, pages, classes, mapped, digits_as_one):
    """Find the words of every text: letters, marks and numbers; single letters in scripts without spaces.

    Args:
        offsets, data: a `TextBuffers`.
        pages, classes: of a `CharacterTable`.
        mapped: what is added to a code point before it is hashed: `lower` or `folded` of the table.
        digits_as_one: whether a run of digits counts as its first one.

    Returns:
        int64 offsets of the words of each text, one more than texts; int64 starts and ends of words in bytes of their
        text; and their uint64 hashes. Characters that are ignored (soft hyphens, marks) are inside words, not hashed.
    """
    texts = offsets.size - 1
    size = offsets[texts] - offsets[0]
    # Two words are at least two bytes apart, and pages that are never written to take no memory.
    room = (size + texts) // 2 + 1
    word_offsets = np.zeros(texts + 1, np.int64)
    starts = np.empty(room, np.int64)
    ends = np.empty(room, np.int64)
    hashes = np.empty(room, np.uint64)
    words = 0
    for text in range(texts):
        first, last = offsets[text], offsets[text + 1]
        position = first
        in_word, single, after_digit = False, False, False
        state = np.uint64(0)
        while position < last:
            here = position
            point, position = read(data, position, last)
            entry = entry_of(pages, point)
            kind = classes[entry]
            if kind & IGNORED:
                if in_word:
                    ends[words] = position - first
                continue
            part = kind & (LETTER | NUMBER | MARK) != 0
            if in_word and (not part or kind & UNSPACED or (single and not kind & MARK)):
                hashes[words] = mix(state)
                words += 1
                in_word = False
            if part:
                if not in_word:
                    in_word = True
                    single = kind & UNSPACED != 0
                    state = np.uint64(0)
                    after_digit = False
                    starts[words] = here - first
                if not (digits_as_one and kind & DECIMAL and after_digit):
                    state = absorb(state, point + mapped[entry], GOLDEN)
                ends[words] = position - first
            after_digit = kind & DECIMAL != 0
        if in_word:
            hashes[words] = mix(state)
            words += 1
        word_offsets[text + 1] = words
    return word_offsets, head(starts, words), head(ends, words), head(hashes, words)


@part()
def hash_runs(hashes, first, last, length, powers, out):
    """Write the hash of every run of `length` words of `hashes[first:last]`; return how many there are."""
    count = last - first - length + 1
    if count <= 0:
        return 0
    state = np.uint64(length)
    for word in range(first, first + length):
        state = state * GOLDEN + hashes[word]
    top = powers[length]
    shift = np.uint64(length) * (top - top * GOLDEN)
    for run in range(count):
        out[run] = mix(state)
        if run + 1 < count:
            # Take the oldest word out; the term of the length stays that of a fresh start.
            state = state * GOLDEN + hashes[first + run + length] - hashes[first + run] * top + shift
    return count


@part(allocates=True)
def _powers(longest):
    powers = np.ones(longest + 1, np.uint64)
    for power in range(1, longest + 1):
        powers[power] = powers[power - 1] * GOLDEN
    return powers


@kernel(allocates=True)
def run_hashes(word_offsets, hashes, length):
    """Hashes of all runs of `length` words: int64 offsets per text, one more than texts, and uint64 hashes."""
    texts = word_offsets.size - 1
    offsets = np.zeros(texts + 1, np.int64)
    for text in range(texts):
        offsets[text + 1] = offsets[text] + max(word_offsets[text + 1] - word_offsets[text] - length + 1, 0)
    found = np.empty(offsets[texts], np.uint64)
    powers = _powers(length)
    for text in range(texts):
        hash_runs(hashes, word_offsets[text], word_offsets[text + 1], length, powers, found[offsets[text] :])
    return offsets, found


@kernel()
def index_keys(keys, slots, sieve):
    """Fill `slots`, a power of two long and full of -1, with the places of the distinct `keys`.

    `sieve`, zeros of uint64 and a power of two long, gets one bit for every key, at the high bits of the key: it is
    small enough to stay near the processor, and most of what is asked for is not there.
    """
    mask = np.uint64(slots.size - 1)
    sieve_mask = np.uint64(sieve.size - 1)
    for place in range(keys.size):
        key = keys[place]
        sieve[(key >> np.uint64(40)) & sieve_mask] |= np.uint64(1) << ((key >> np.uint64(34)) & np.uint64(63))
        slot = key & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = place


@part()
def _place_of(key, keys, slots):
    mask = np.uint64(slots.size - 1)
    slot = key & mask
    while slots[slot] >= 0:
        if keys[slots[slot]] == key:
            return slots[slot]
        slot = (slot + np.uint64(1)) & mask
    return -1


@kernel(allocates=True)
def find_runs(word_offsets, hashes, lengths, keys, slots, sieve):
    """Every run of words whose hash is among `keys`.

    Args:
        word_offsets, hashes: of `scan_words`.
        lengths: int64, the lengths of runs that `keys` were made of.
        keys, slots, sieve: of `index_keys`.

    Returns:
        Four int64 arrays, one entry per match: the text, its first word in that text, the length, the place in `keys`.
        By text, then length, then word.
    """
    room = 1024
    matches = np.empty((4, room), np.int64)
    count = 0
    longest = 0
    for text in range(word_offsets.size - 1):
        longest = max(longest, word_offsets[text + 1] - word_offsets[text])
    runs = np.empty(longest, np.uint64)
    powers = _powers(lengths.max() if lengths.size else 0)
    sieve_mask = np.uint64(sieve.size - 1)
    for text in range(word_offsets.size - 1):
        for length in lengths:
            found = hash_runs(hashes, word_offsets[text], word_offsets[text + 1], length, powers, runs)
            for word in range(found):
                key = runs[word]
                bits = sieve[(key >> np.uint64(40)) & sieve_mask]
                if not (bits >> ((key >> np.uint64(34)) & np.uint64(63))) & np.uint64(1):
                    continue
                place = _place_of(key, keys, slots)
                if place < 0:
                    continue
                if count == room:
                    matches, room = widened_rows(matches), 2 * room
                matches[0, count] = text
                matches[1, count] = word
                matches[2, count] = length
                matches[3, count] = place
                count += 1
    return head_of_rows(matches, count)


@kernel(allocates=True)
def densest_windows(
    text_ends, words, places, posting_offsets, posting_items, posting_ordinals, item_runs, item_spans, share
):
    """Items of which enough runs lie within a window of one text.

    Args:
        text_ends: int64, for each text with matches, where its matches end.
        words, places: int64, matches by text and word: first word, and the run as a place in the index.
        posting_offsets, posting_items, posting_ordinals: int64; run r occurs in items `posting_items[a:b]` with a, b =
            `posting_offsets[r]`, `posting_offsets[r + 1]`, as the so-manieth of their distinct runs.
        item_runs: int64, distinct runs of each item.
        item_spans: int64, runs that a window of each item holds.
        share: share of an item's runs that must lie in one window.

    Returns:
        Five int64 arrays, one entry per text and item: text, item, distinct runs found, first word of the first run and
        of the last run in the best window.
    """
    items = item_runs.size
    seen = np.zeros(items, np.int64)  # matches of an item in the text
    begins = np.zeros(items, np.int64)
    room = 256
    found = np.empty((5, room), np.int64)
    count = 0
    longest = 0
    for item in range(items):
        longest = max(longest, item_runs[item])
    tally = np.zeros(longest + 1, np.int64)
    begin = 0
    for text in range(text_ends.size):
        end = text_ends[text]
        total = 0
        for match in range(begin, end):
            for posting in range(posting_offsets[places[match]], posting_offsets[places[match] + 1]):
                seen[posting_items[posting]] += 1
        # Only items with enough matches are looked at: their places are gathered, item by item.
        touched = np.empty(64, np.int64)
        candidates = 0
        for match in range(begin, end):
            for posting in range(posting_offsets[places[match]], posting_offsets[places[match] + 1]):
                item = posting_items[posting]
                if seen[item] > 0 and seen[item] >= share * item_runs[item]:
                    if candidates == touched.size:
                        touched = widened(touched)
                    touched[candidates] = item
                    candidates += 1
                    begins[item] = total
                    total += seen[item]
                seen[item] = -abs(seen[item])  # looked at, whether enough or not
        spots = np.empty(total, np.int64)
        ordinals = np.empty(total, np.int64)
        fill = np.zeros(candidates, np.int64)
        order = np.full(items if candidates else 0, -1, np.int64)
        for candidate in range(candidates):
            order[touched[candidate]] = candidate
        if candidates:
            for match in range(begin, end):
                for posting in range(posting_offsets[places[match]], posting_offsets[places[match] + 1]):
                    item = posting_items[posting]
                    candidate = order[item]
                    if candidate >= 0:
                        place = begins[item] + fill[candidate]
                        spots[place] = words[match]
                        ordinals[place] = posting_ordinals[posting]
                        fill[candidate] += 1
        for candidate in range(candidates):
            item = touched[candidate]
            low = begins[item]
            high = low + fill[candidate]
            best, best_low, best_high, distinct, left = 0, low, low, 0, low
            for right in range(low, high):
                tally[ordinals[right]] += 1
                if tally[ordinals[right]] == 1:
                    distinct += 1
                while spots[right] - spots[left] >= item_spans[item]:
                    tally[ordinals[left]] -= 1
                    if tally[ordinals[left]] == 0:
                        distinct -= 1
                    left += 1
                if distinct > best:
                    best, best_low, best_high = distinct, left, right
            for place in range(left, high):
                tally[ordinals[place]] = 0
            if best >= share * item_runs[item]:
                if count == room:
                    found, room = widened_rows(found), 2 * room
                found[0, count] = text
                found[1, count] = item
                found[2, count] = best
                found[3, count] = spots[best_low]
                found[4, count] = spots[best_high]
                count += 1
        for match in range(begin, end):
            for posting in range(posting_offsets[places[match]], posting_offsets[places[match] + 1]):
                seen[posting_items[posting]] = 0
        begin = end
    return head_of_rows(found, count)


@kernel(allocates=True)
def hash_units(offsets, data, word_offsets, word_starts, hashes, paragraphs, least_words):
    """Hash every line or paragraph of every text by its words.

    Args:
        offsets, data: a `TextBuffers`.
        word_offsets, word_starts, hashes: of `scan_words`.
        paragraphs: whether units are runs of lines that are not blank; else lines.
        least_words: units with fewer words are passed over, and with none in any case.

    Returns:
        int64 offsets of the units of each text, one more than texts; int64 starts and ends in bytes of their text; and
        uint64 hashes. A line ends behind its line feed, a paragraph where the next begins.
    """
    texts = offsets.size - 1
    room = 1024
    unit_offsets = np.zeros(texts + 1, np.int64)
    starts = np.empty(room, np.int64)
    ends = np.empty(room, np.int64)
    keys = np.empty(room, np.uint64)
    units = 0
    for text in range(texts):
        first, size = offsets[text], offsets[text + 1] - offsets[text]
        word, last_word = word_offsets[text], word_offsets[text + 1]
        start = 0
        while start < size:
            # The unit ends behind its line feed; of a paragraph, behind the blank lines that follow.
            end = start
            while end < size and data[first + end] != 10:
                end += 1
            end = min(end + 1, size)
            if paragraphs:
                blank = is_blank(data, first + start, first + end)
                while end < size:
                    following = end
                    while following < size and data[first + following] != 10:
                        following += 1
                    following = min(following + 1, size)
                    next_blank = is_blank(data, first + end, first + following)
                    if blank and not next_blank:
                        break
                    blank = next_blank
                    end = following
            state = np.uint64(0)
            words = 0
            while word < last_word and word_starts[word] < end:
                state = state * GOLDEN + hashes[word]
                words += 1
                word += 1
            if words >= max(least_words, 1):
                if units == room:
                    starts = widened(starts)
                    ends = widened(ends)
                    keys = widened(keys)
                    room = starts.size
                starts[units] = start
                ends[units] = end
                keys[units] = mix(state ^ np.uint64(words))
                units += 1
            start = end
        unit_offsets[text + 1] = units
    return unit_offsets, head(starts, units), head(ends, units), head(keys, units)
