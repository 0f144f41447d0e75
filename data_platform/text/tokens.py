
"""The compiled scan that cuts text into words, by four rules at once.

Here belongs how a run of characters becomes words. Not here: what a character is (`kinds.py`), and what is counted over
words (`repetition.py`, `lines.py`). The rules, all over the same pieces between white space, which are called chunks:

chunks
    What `str.split` gives: the words of Dolma and Curator.
tokens
    The words of datatrove 0.10 for English, the tokens of spaCy 3.8's blank English pipeline that are not white space.
    A chunk that is an exception (`english.py`) is cut as listed. Else a prefix (opening or any other punctuation,
    currency, icons, two or more full stops) and a suffix (punctuation, "'s", a unit or currency or '+' after a digit, a
    full stop after a lower-case letter or two capitals) are cut off, again and again, until what remains is an
    exception or has no more of them. What remains is whole if it is a URL or an e-mail address; else it is cut at
    infixes (ellipses, icons, operators between digits, a full stop between lower and upper case, a comma, hyphen or
    one of ":<>=/" between letters). Last, neighbours that make up an exception are joined, such as ':' and ')'. One
    thing is left out: spaCy joins only neighbours that it cuts in the same places when they stand alone.
normal words
    The words of RedPajama-V2: ASCII punctuation is deleted from the chunk, the rest in lower case and canonical
    decomposition is one word; lengths are counted there.
segments
    The words of UAX #29 that begin with a letter or a number: letters, digits, '_' and marks in a run, with one joining
    character between two letters or two digits. DCLM counts these.

In scripts without spaces, tokens and segments are cut where `segment.py` has set BREAK; chunks and normal words not.

Every rule is applied once to every different chunk. `find_chunks` numbers chunks in a lexicon that outlives the block,
the rules give the words that they cut fresh chunks into the numbers of equal chunks, or new ones, and `spell` writes
texts as sequences of numbers, which is what everything else counts. What is counted asks only which words are equal, so
it does not matter what a lexicon has seen before. Words are hashed to 64 bits by the prefixes that `decode.py` leaves;
two words with one hash would count as one.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.arrays import at as _at
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hash_table import fill, find, slot_of
from data_platform.kernels.hashing import STAFFORD_1
from data_platform.text.bits import (
    ALPHA,
    ASCII_PUNCTUATION,
    BEFORE_PERIOD,
    BREAK,
    CASED,
    CATEGORY_P,
    DIGIT,
    ICON,
    JOINS_DIGITS,
    JOINS_LETTERS,
    LETTER,
    LOWER,
    LOWERCASE,
    MARK,
    NOT_ASCII,
    NUMBER,
    NUMERIC,
    PREFIX,
    PUNCTUATION,
    QUOTE,
    SENTENCE_END,
    SPACE,
    SPECIAL,
    SUFFIX,
    TRIGGER,
    UNSPACED,
    UPPER,
    UPPERCASE,
    WORD,
)  # fmt: skip

HAS_LETTER, NOT_SYMBOL, ALL_PUNCTUATION, ENDS_SENTENCE = 1, 2, 4, 8
"""Flags of a token: holds a letter; holds a character that is not PUNCTUATION; all of it is of general category P; is
one character that ends a sentence."""

NONE = np.uint32(0xFFFFFFFF)
"""The number of no word."""

BASE = int(STAFFORD_1)
"""The base of the polynomials that words and lines are hashed by; that of `decode.py`."""

# With a type of its own: numba compiles a function anew for every literal number that it is called with.
_BREAK = np.uint32(BREAK)
_LONGEST_EXCEPTION = 12
_LONGEST_UNIT = 5
_BEYOND_URL = 0xFFFF
_DEGREE = 0xB0


def hash_of(word: str) -> int:
    """The hash that the kernels give to `word`."""
    state = 0
    for character in word:
        state = (state * BASE + ord(character) + 1) & 0xFFFFFFFFFFFFFFFF
    return state


def hash_table(words: dict[str, int], size: int) -> tuple[np.ndarray, np.ndarray]:
    """`words` as a table with open addressing for the kernels: uint64 keys and uint32 values, `size` a power of two."""
    keys, values = np.zeros(size, np.uint64), np.zeros(size, np.uint32)
    fill(np.array([*map(hash_of, words)], np.uint64), np.array([*words.values()], np.uint32), keys, values)
    return keys, values


@part(inline=True)
def _hash(prefixes, powers, start, end):
    return prefixes[_at(end)] - prefixes[_at(start)] * powers[_at(end - start)]


@part(inline=True)
def _exception(prefixes, powers, start, end, keys):
    """The slot of the exception that `[start, end)` is, -1 if it is none."""
    if end - start > _LONGEST_EXCEPTION or end <= start:
        return np.int64(-1)
    return find(keys, _hash(prefixes, powers, start, end))


@part(inline=True)
def _is_digit(point):
    return 48 <= point <= 57


@part(inline=True)
def _prefix_length(points, kinds, start, end):
    """How many characters at `start` are a prefix; 0 if none."""
    first = points[_at(start)]
    if kinds[_at(start)] & (PREFIX | ICON):
        return 1
    if first == 46:  # two full stops or more
        position = start + 1
        while position < end and points[_at(position)] == 46:
            position += 1
        return position - start if position - start > 1 else 0
    if first == 43:  # '+' unless a digit follows
        return 0 if start + 1 < end and _is_digit(points[_at(start + 1)]) else 1
    if (first == 67 or first == 65) and start + 1 < end and points[_at(start + 1)] == 36:  # C$, A$
        return 2
    if first == 85 and start + 2 < end and points[_at(start + 1)] == 83 and points[_at(start + 2)] == 36:  # US$
        return 3
    return 0


@part(inline=True)
def _suffix_after_digit(points, prefixes, powers, start, end, unit_keys):
    """The length of a unit, a currency or a '+' at the end that stands right after a digit; 0 if there is none."""
    for length in range(1, min(_LONGEST_UNIT, end - start - 1) + 1):
        if _is_digit(points[_at(end - length - 1)]):
            return length if find(unit_keys, _hash(prefixes, powers, end - length, end)) >= 0 else 0
    return 0


@part(inline=True)
def _suffix_length(points, kinds, prefixes, powers, start, end, unit_keys):
    """How many characters before `end` are a suffix of `[start, end)`; 0 if none. The longest one wins."""
    if end <= start:
        return 0
    last = points[_at(end - 1)]
    kind = kinds[_at(end - 1)]
    if last == 46:
        position = end - 1
        while position > start and points[_at(position - 1)] == 46:
            position -= 1
        if end - position > 1:
            return end - position
        if end - start >= 2:
            if kinds[_at(end - 2)] & BEFORE_PERIOD:
                return 1
            if end - start >= 3 and kinds[_at(end - 2)] & kinds[_at(end - 3)] & UPPER:
                return 1
            if end - start >= 3 and points[_at(end - 3)] == 0xB0 and (points[_at(end - 2)] | 32) in (99, 102, 107):
                return 1
        return 0
    if (last == 115 or last == 83) and end - start >= 2 and points[_at(end - 2)] in (39, 0x2019):
        return 2
    length = 0
    if kind & (SUFFIX | ICON) or last == 0x2013 or last == 0x2014:
        length = 2 if last == 0x2026 and end - start >= 2 and points[_at(end - 2)] == 0x2026 else 1
    if not _is_digit(last):
        length = max(length, _suffix_after_digit(points, prefixes, powers, start, end, unit_keys))
    return length


@part(inline=True)
def _in_host(point):
    """Letters and digits of host names, in any script of the basic plane."""
    return 48 <= point <= 57 or 65 <= point <= 90 or 97 <= point <= 122 or 0xA1 <= point <= _BEYOND_URL


@part()
def _is_address_end(points, kinds, position, end):
    """Whether `[position, end)` is nothing, or a port of two to five digits and a path, or a path."""
    if position < end and points[_at(position)] == 58:
        digits = position + 1
        while digits < end and kinds[_at(digits)] & DIGIT:
            digits += 1
        if not 2 <= digits - position - 1 <= 5:
            return False
        position = digits
    return position == end or points[_at(position)] == 47 or points[_at(position)] == 63 or points[_at(position)] == 35


@part()
def _is_public_ip(points, kinds, start, end):
    """Whether an IPv4 address that is not private and a port or path fill `[start, end)`."""
    first = second = 0
    position = start
    for octet in range(4):
        value = digits = 0
        while position < end and _is_digit(points[_at(position)]) and digits < 3:
            value = 10 * value + points[_at(position)] - 48
            digits += 1
            position += 1
        if digits == 0 or value > 255:
            return False
        if octet == 0:
            first = value
        elif octet == 1:
            second = value
        elif octet == 3 and not 1 <= value <= 254:
            return False
        if octet < 3:
            if position == end or points[_at(position)] != 46:
                return False
            position += 1
    private = first == 10 or first == 127 or (first == 169 and second == 254) or (first == 192 and second == 168)
    if private or (first == 172 and 16 <= second <= 31) or not 1 <= first <= 223:
        return False
    return _is_address_end(points, kinds, position, end)


@part()
def _is_address(points, kinds, start, end):
    """Whether a host name with a top-level domain in lower case, and a port or path, fill `[start, end)`."""
    label = position = start
    labels = 0
    lower = True
    while position < end:
        point = points[_at(position)]
        if point == 46:
            length = position - label
            if not 1 <= length <= 64 or not _in_host(points[_at(label)]) or not _in_host(points[_at(position - 1)]):
                return False
            labels += 1
            label = position + 1
            lower = True
        elif _in_host(point) or point == 95 or point == 45:
            lower = lower and kinds[_at(position)] & LOWER != 0
        elif point == 58 or point == 47 or point == 63 or point == 35:
            break
        else:
            return False
        position += 1
    if labels and lower and 2 <= position - label <= 63:
        return _is_address_end(points, kinds, position, end)
    return False


@part()
def _is_url(points, kinds, start, end):
    """Whether `[start, end)` is a URL, a host name or an e-mail address as a whole."""
    dots = False
    for position in range(start + 1, end - 1):
        dots |= points[_at(position)] == 46
    if not dots:
        return False
    if _is_address(points, kinds, start, end) or _is_public_ip(points, kinds, start, end):
        return True
    scheme = start
    while scheme < end and (kinds[_at(scheme)] & WORD or points[_at(scheme)] in (43, 45, 46)):
        scheme += 1
    if scheme - start >= 2 and scheme + 3 < end and (
        points[_at(scheme)] == 58 and points[_at(scheme + 1)] == 47 and points[_at(scheme + 2)] == 47
    ):
        scheme += 3
        if _is_address(points, kinds, scheme, end) or _is_public_ip(points, kinds, scheme, end):
            return True
    for position in range(start + 1, end - 3):
        if points[_at(position)] == 64 and (
            _is_address(points, kinds, position + 1, end) or _is_public_ip(points, kinds, position + 1, end)
        ):
            return True
    return False


@part(inline=True)
def _infix_length(points, kinds, start, position, end):
    """How many characters at `position` are an infix of `[start, end)`; 0 if none."""
    point = points[_at(position)]
    kind = kinds[_at(position)]
    if kind & (LETTER | NUMBER) and not kind & ICON:
        return 0
    if point == 46 and position + 1 < end and points[_at(position + 1)] == 46:
        last = position + 2
        while last < end and points[_at(last)] == 46:
            last += 1
        return last - position
    if point == 0x2026 or kind & ICON:
        return 1
    if position == start or position + 1 >= end:
        return 0
    before, after = kinds[_at(position - 1)], kinds[_at(position + 1)]
    follows = points[_at(position + 1)]
    digit = _is_digit(points[_at(position - 1)])
    if (point == 43 or point == 45 or point == 42 or point == 94) and digit and (_is_digit(follows) or follows == 45):
        return 1
    if point == 46:
        return 1 if before & (LOWER | QUOTE) and after & (UPPER | QUOTE) else 0
    if point == 44:
        return 1 if before & after & ALPHA else 0
    if not (before & ALPHA or digit):
        return 0
    if point == 58 or 60 <= point <= 62 or point == 47:
        return 1 if after & ALPHA else 0
    if point == 45 or point == 0x2013 or point == 0x2014 or point == 126:
        if after & ALPHA:
            return 1
        if point == 45 or point == 0x2014:  # two or three hyphens, two dashes
            length = 1
            most = 3 if point == 45 else 2
            while length < most and position + length < end and points[_at(position + length)] == point:
                length += 1
                if position + length < end and kinds[_at(position + length)] & ALPHA:
                    return length
    return 0


@part(inline=True)
def _flags_of(seen, every, length):
    """The flags of a token, of whose kinds `seen` is the union and `every` what they have in common."""
    flag = 0
    if seen & LETTER:
        flag |= HAS_LETTER
    if not every & np.uint32(PUNCTUATION):
        flag |= NOT_SYMBOL
    if every & CATEGORY_P:
        flag |= ALL_PUNCTUATION
    if every & SENTENCE_END and length == 1:
        flag |= ENDS_SENTENCE
    return flag


@part()
def _put(kinds, prefixes, powers, start, end, breaks, count, starts, ends, hashes, flags):
    """Write the token `[start, end)`, or the pieces that `_BREAK` in `breaks` cuts it into; return the new count."""
    position = start
    while position < end:
        seen = np.uint32(0)
        every = np.uint32(0xFFFFFFFF)
        first = position
        while position < end and (position == first or not kinds[_at(position)] & breaks):
            kind = kinds[_at(position)]
            seen |= kind
            every &= kind
            position += 1
        starts[_at(count)], ends[_at(count)] = first, position
        flags[_at(count)] = _flags_of(seen, every, position - first)
        hashes[_at(count)] = _hash(prefixes, powers, first, position)
        count += 1
    return count


@part()
def _put_exception(kinds, prefixes, powers, start, pieces, count, starts, ends, hashes, flags):
    """Write the pieces of an exception that starts at `start`: their lengths are the bytes of `pieces`."""
    while pieces:
        length = np.int64(pieces & np.uint32(255))
        count = _put(kinds, prefixes, powers, start, start + length, np.uint32(0), count, starts, ends, hashes, flags)
        start += length
        pieces >>= np.uint32(8)
    return count


@part(inline=True)
def _put_core(points, kinds, prefixes, powers, start, end, count, starts, ends, hashes, flags):
    """Write what is left of a chunk without its affixes and is no exception: a URL, or what infixes cut."""
    position = start
    while position < end and kinds[_at(position)] & (LETTER | NUMBER) and not kinds[_at(position)] & ICON:
        position += 1
    if position == end or _is_url(points, kinds, start, end):
        return _put(kinds, prefixes, powers, start, end, _BREAK, count, starts, ends, hashes, flags)
    first = start
    while True:
        length = np.int64(0)
        while position < end:
            length = _infix_length(points, kinds, start, position, end)
            if length and position > start:
                break
            position += max(length, 1)
        if position > first:
            count = _put(kinds, prefixes, powers, first, position, _BREAK, count, starts, ends, hashes, flags)
        if position >= end:
            return count
        count = _put(kinds, prefixes, powers, position, position + length, _BREAK, count, starts, ends, hashes, flags)
        position += length
        first = position


@part()
def _join_exceptions(points, kinds, prefixes, powers, first, count, keys, pieces, starts, ends, hashes, flags):
    """Join neighbours among the tokens from `first` on that make up an exception; return the new count."""
    kept = position = first
    while position < count:
        start = np.int64(starts[_at(position)])
        found = np.int64(-1)
        last = joined = position
        while last + 1 < count and ends[_at(last + 1)] - start <= _LONGEST_EXCEPTION:
            last += 1
            slot = _exception(prefixes, powers, start, ends[_at(last)], keys)
            if slot >= 0:
                found, joined = slot, last
        parts = 0
        if found >= 0:
            rest = pieces[found]
            while rest:
                parts += 1
                rest >>= np.uint32(8)
        if found >= 0 and parts <= joined - position:
            kept = _put_exception(kinds, prefixes, powers, start, pieces[found], kept, starts, ends, hashes, flags)
            position = joined + 1
            continue
        # What makes up "°c." is taken: "c." is no exception there.
        taken = joined if found >= 0 and points[_at(start)] == _DEGREE else position
        while position <= taken:
            starts[_at(kept)], ends[_at(kept)] = starts[_at(position)], ends[_at(position)]
            hashes[_at(kept)], flags[_at(kept)] = hashes[_at(position)], flags[_at(position)]
            kept += 1
            position += 1
    return kept


@part(inline=True)
def _cut_chunk(
    points, kinds, prefixes, powers, start, end, keys, pieces, unit_keys, stack, count, starts, ends, hashes, flags
):
    """Write the tokens of the chunk `[start, end)`; return the new count."""
    begun = count
    depth = 0
    slot = _exception(prefixes, powers, start, end, keys)
    while slot < 0 and start < end and depth < stack.size:
        prefix = _prefix_length(points, kinds, start, end)
        if prefix:
            count = _put(kinds, prefixes, powers, start, start + prefix, _BREAK, count, starts, ends, hashes, flags)
            slot = _exception(prefixes, powers, start + prefix, end, keys)
            if slot >= 0:
                start += prefix
                break
        suffix = _suffix_length(points, kinds, prefixes, powers, start + prefix, end, unit_keys)
        if suffix:
            stack[depth] = end
            depth += 1
            # With a prefix before it, an exception without the suffix keeps the prefix.
            slot = _exception(prefixes, powers, start, end - suffix, keys)
            end -= suffix
            if slot >= 0:
                count -= prefix > 0
                break
        if prefix == 0 and suffix == 0:
            break
        start += prefix
        if prefix:
            slot = _exception(prefixes, powers, start, end, keys)
    if slot >= 0:
        count = _put_exception(kinds, prefixes, powers, start, pieces[slot], count, starts, ends, hashes, flags)
    elif start < end:
        count = _put_core(points, kinds, prefixes, powers, start, end, count, starts, ends, hashes, flags)
    while depth:
        depth -= 1
        count = _put(kinds, prefixes, powers, end, stack[depth], _BREAK, count, starts, ends, hashes, flags)
        end = stack[depth]
    if count - begun > 2:
        count = _join_exceptions(
            points, kinds, prefixes, powers, begun, count, keys, pieces, starts, ends, hashes, flags
        )
    return count


@part(inline=True)
def _number_of(table, slots, key, next_number):
    """The number of `key` in a table of keys and numbers; `next_number`, which is then put in, if it is new."""
    mask = np.uint64(slots - 1)
    key = max(key, np.uint64(1))
    slot = slot_of(key, mask) << np.uint64(1)
    while table[slot] != np.uint64(0):
        if table[slot] == key:
            return table[slot + np.uint64(1)]
        slot = (slot + np.uint64(2)) & (mask << np.uint64(1))
    table[slot] = key
    table[slot + np.uint64(1)] = next_number
    return next_number


@part()
def _grow(table, slots, hashes, words):
    """Make room in a table that holds `hashes[:words]`; return how many slots it has."""
    if 2 * words < slots:
        return slots
    table[: 4 * slots] = 0
    for word in range(words):
        _number_of(table, 2 * slots, hashes[_at(word)], np.uint64(word))
    return 2 * slots


@part()
def _find_edges(kinds, start, end, edges, feeds, feed):
    """Write where white space ends and begins, in turn, and where line feeds are; return how many of each."""
    feed_kind = np.uint32(SPACE | TRIGGER)
    found = np.uint64(0)
    feed = np.uint64(feed)
    before = np.uint32(SPACE)
    for position in range(np.uint64(start), np.uint64(end)):
        kind = kinds[_at(position)]
        edges[found] = position
        found += np.uint64((kind ^ before) & np.uint32(SPACE))
        before = kind
        feeds[feed] = position
        feed += np.uint64(kind & feed_kind == feed_kind)
    edges[found] = end
    return np.int64(found) + np.int64(before & np.uint32(SPACE) == 0), np.int64(feed)


@kernel()
def find_chunks(
    kinds, prefixes, powers, text_starts, first_text, last_text, edges, feeds, feed_offsets, offsets, starts, ends,
    chunks, fresh, words, hashes, lengths, chunk_flags, described, table, slots,
):  # fmt: skip
    """Write the pieces between white space of some texts of a block, and number them.

    Args:
        kinds, prefixes, powers, text_starts: the block.
        first_text, last_text: which texts; what is written for those before stays.
        edges: scratch, uint32 of the longest text's characters and two.
        feeds, feed_offsets: the line feeds of text i are `feeds[feed_offsets[i]:feed_offsets[i + 1]]`.
        offsets, starts, ends, chunks: where the chunks of each text begin in the others; their spans; their numbers.
        fresh: the chunks that have been found for the first time.
        words, hashes, lengths, table, slots: the lexicon: how many words it has, what is known of each, and how many
            slots of the table are in use.
        chunk_flags: of each word that is a chunk: the union of its kinds.
        described: of each word, whether it has been found as a chunk.

    Returns:
        How many chunks are fresh, how many words and slots there are now, and the union of the fresh chunks' kinds.
    """
    count = np.uint64(offsets[first_text])
    feed = feed_offsets[first_text]
    found = 0
    union = np.uint32(0)
    for text in range(first_text, last_text):
        edge, feed = _find_edges(kinds, text_starts[text], text_starts[text + 1], edges, feeds, feed)
        feed_offsets[text + 1] = feed
        for index in range(0, edge, 2):
            start, end = edges[index], edges[index + 1]
            key = prefixes[_at(end)] - prefixes[_at(start)] * powers[_at(end - start)]
            number = _number_of(table, slots, key, np.uint64(words))
            if number == np.uint64(words):
                hashes[_at(words)], lengths[words], described[words] = key, end - start, 0
                words += 1
                slots = _grow(table, slots, hashes, words)
            starts[_at(count)], ends[_at(count)], chunks[count] = start, end, number
            if not described[number]:
                described[number] = 1
                seen = np.uint32(0)
                for position in range(start, end):
                    seen |= kinds[np.uint64(position)]
                chunk_flags[number] = seen
                union |= seen
                fresh[found] = count
                found += 1
            count += np.uint64(1)
        offsets[text + 1] = count
    return found, words, slots, union


_LETTERS = LETTER | ALPHA | LOWER | UPPER | WORD | CASED | UPPERCASE | LOWERCASE | BEFORE_PERIOD | NOT_ASCII
"""The bits of letters with spaces between words: a chunk without any other is one word, but for exceptions."""
_DIGITS = NUMBER | DIGIT | NUMERIC | WORD | SPECIAL
"""The bits of ASCII digits: a chunk without any other is one word."""


@part(inline=True)
def _letters_before_sign(points, kinds, prefixes, powers, start, end, keys):
    """Whether `[start, end)` is letters and one sign that is cut off them, and neither is an exception."""
    not_letters = np.uint32(0xFFFFFFFF ^ _LETTERS)
    last = end - 1
    for position in range(start, last):
        if kinds[_at(position)] & not_letters or not kinds[_at(position)] & LETTER:
            return False
    stop = points[_at(last)] == 46 and kinds[_at(last - 1)] & BEFORE_PERIOD
    if last - start < 2 or not (kinds[_at(last)] & SUFFIX or stop):
        return False
    return _exception(prefixes, powers, start, end, keys) < 0 and _exception(prefixes, powers, start, last, keys) < 0


@kernel()
def find_tokens(
    points, kinds, prefixes, powers, chunk_starts, chunk_ends, chunks, fresh, exception_keys, exception_pieces,
    unit_keys, stack, starts, ends, piece_hashes, piece_flags, at, counts, pieces, used, words, hashes, lengths,
    chunk_flags, described, flags, table, slots,
):  # fmt: skip
    """Cut the fresh chunks into tokens.

    Args:
        chunk_starts, chunk_ends, chunks, fresh: of `find_chunks`.
        stack, starts, ends, piece_hashes, piece_flags: scratch.
        at, counts, pieces, used: the tokens of the chunk with number i are `pieces[at[i]:at[i] + counts[i]]`, numbers;
            how many pieces there are.
        words, hashes, lengths, chunk_flags, described, table, slots: the lexicon, which gets more.
        flags: of each word that is a token.

    Returns:
        How many pieces there are now, how many words, and how many slots the table uses.
    """
    not_letters = np.uint32(0xFFFFFFFF ^ _LETTERS)
    not_digits = np.uint32(0xFFFFFFFF ^ _DIGITS)
    for place in fresh:
        chunk = chunks[place]
        at[chunk] = used
        start, end = np.int64(chunk_starts[place]), np.int64(chunk_ends[place])
        letters = not chunk_flags[chunk] & not_letters and chunk_flags[chunk] & LETTER != 0
        if (letters and (end - start > _LONGEST_EXCEPTION or find(exception_keys, hashes[chunk]) < 0)) or (
            not chunk_flags[chunk] & not_digits
        ):
            pieces[used] = chunk
            counts[chunk] = 1
            flags[chunk] = HAS_LETTER | NOT_SYMBOL if letters else NOT_SYMBOL
            used += 1
            continue
        count = np.int64(0)
        if _letters_before_sign(points, kinds, prefixes, powers, start, end, exception_keys):
            last, kind = end - 1, kinds[_at(end - 1)]
            starts[0], ends[0], starts[1], ends[1] = start, last, last, end
            piece_hashes[0] = _hash(prefixes, powers, start, last)
            piece_hashes[1] = _hash(prefixes, powers, last, end)
            piece_flags[0], piece_flags[1] = HAS_LETTER | NOT_SYMBOL, _flags_of(kind, kind, np.int64(1))
            count = 2
        else:
            count = _cut_chunk(
                points, kinds, prefixes, powers, start, end, exception_keys, exception_pieces, unit_keys, stack, count,
                starts, ends, piece_hashes, piece_flags,
            )  # fmt: skip
        counts[chunk] = count
        for piece in range(count):
            number = _number_of(table, slots, piece_hashes[_at(piece)], np.uint64(words))
            pieces[used] = number
            used += 1
            flags[number] = piece_flags[_at(piece)]
            if number == np.uint64(words):
                hashes[words], described[words] = piece_hashes[piece], 0
                lengths[words] = ends[piece] - starts[piece]
                words += 1
                slots = _grow(table, slots, hashes, words)
    return used, words, slots


@part(inline=True)
def _normalize(points, start, end, pages, normal, spellings):
    """Hash of `[start, end)` without ASCII punctuation, in lower case and canonical decomposition.

    Returns:
        The hash, of how many code points it is, and how many there are if Hangul syllables count as their letters.
    """
    state = np.uint64(0)
    length = letters = 0
    for position in range(start, end):
        point = points[_at(position)]
        if point < 128:
            if 65 <= point <= 90:
                point += 32
            elif not (97 <= point <= 122 or 48 <= point <= 57 or point < 33 or point == 127):
                continue
        else:
            entry = normal[(np.int32(pages[point >> 8]) << 8) | (point & 0xFF)]
            if entry:
                first = entry >> 5
                for place in range(first, first + (entry & 31) - 1):
                    state = state * STAFFORD_1 + np.uint64(spellings[place] + 1)
                    length += 1
                point = spellings[first + (entry & 31) - 1]
            elif 0xAC00 <= point < 0xD7A4:  # Hangul syllables decompose by rule
                letters += 1 if (point - 0xAC00) % 28 == 0 else 2
        state = state * STAFFORD_1 + np.uint64(point + 1)
        length += 1
    return state, length, length + letters


@kernel()
def find_normal_words(
    points, pages, normal, spellings, chunk_starts, chunk_ends, chunks, fresh, normal_words, normal_lengths, words,
    hashes, lengths, chunk_flags, described, table, slots,
):  # fmt: skip
    """Number the normal words of the fresh chunks in `normal_words`, NONE where there is none.

    Their lengths go to `normal_lengths`: a Hangul syllable counts as its letters there, and as one elsewhere.

    Returns:
        How many words there are now, and how many slots the table uses.
    """
    for place in fresh:
        chunk = chunks[place]
        start, end = np.int64(chunk_starts[place]), np.int64(chunk_ends[place])
        if not chunk_flags[chunk] & (UPPERCASE | ASCII_PUNCTUATION | NOT_ASCII):
            normal_words[chunk] = chunk
            normal_lengths[chunk] = end - start
            continue
        state, length, letters = _normalize(points, start, end, pages, normal, spellings)
        normal_words[chunk] = NONE
        if length:
            number = _number_of(table, slots, state, np.uint64(words))
            normal_words[chunk] = number
            normal_lengths[number] = letters
            if number == np.uint64(words):
                hashes[_at(words)], lengths[words], described[words] = state, length, 0
                words += 1
                slots = _grow(table, slots, hashes, words)
    return words, slots


@part(inline=True)
def _segment_end(kinds, start, end):
    """Where the UAX #29 word that starts at `start`, a word character or mark, ends."""
    position = start + 1
    while position < end and not kinds[_at(position)] & BREAK:
        kind = kinds[_at(position)]
        if not kind & (WORD | MARK):
            if not kind & (JOINS_LETTERS | JOINS_DIGITS) or position + 1 == end:
                break
            before, after = kinds[_at(position - 1)], kinds[_at(position + 1)]
            letters = kind & JOINS_LETTERS and before & (LETTER | MARK) and after & LETTER
            digits = kind & JOINS_DIGITS and before & DIGIT and after & DIGIT
            if (not letters and not digits) or (before | after) & UNSPACED:
                break
        position += 1
    return position


@kernel()
def find_segments(
    kinds, prefixes, powers, chunk_starts, chunk_ends, chunks, fresh, at, counts, pieces, used, words, hashes, lengths,
    chunk_flags, described, table, slots,
):  # fmt: skip
    """Cut the fresh chunks into segments, as `find_tokens` does into tokens."""
    not_letters = np.uint32(0xFFFFFFFF ^ (_LETTERS | _DIGITS))
    for place in fresh:
        chunk = chunks[place]
        at[chunk] = used
        if not chunk_flags[chunk] & not_letters and chunk_flags[chunk] & WORD:
            pieces[used] = chunk
            counts[chunk] = 1
            used += 1
            continue
        position, end = np.int64(chunk_starts[place]), np.int64(chunk_ends[place])
        count = 0
        while position < end:
            if not kinds[_at(position)] & (WORD | MARK):
                position += 1
                continue
            start = position
            position = _segment_end(kinds, start, end)
            if kinds[_at(start)] & (LETTER | NUMBER):
                key = _hash(prefixes, powers, start, position)
                number = _number_of(table, slots, key, np.uint64(words))
                pieces[used] = number
                used += 1
                count += 1
                if number == np.uint64(words):
                    hashes[_at(words)], lengths[words], described[words] = key, position - start, 0
                    words += 1
                    slots = _grow(table, slots, hashes, words)
        counts[chunk] = count
    return used, words, slots


@kernel()
def spell(chunk_offsets, chunks, at, counts, pieces, offsets, words):
    """Write every text as the words that its chunks are cut into.

    Args:
        chunk_offsets, chunks: of `find_chunks`.
        at, counts, pieces: of `find_tokens` or `find_segments`.
        offsets, words: the words of text i are `words[offsets[i]:offsets[i + 1]]`, numbers.
    """
    one = np.uint64(1)
    count = np.uint64(0)
    texts = chunk_offsets.size - 1
    for text in range(texts):
        offsets[text] = count
        for chunk in chunks[chunk_offsets[text] : chunk_offsets[text + 1]]:
            first = np.uint64(at[chunk])
            # Most chunks are one word or two: without a branch.
            words[count], words[count + one] = pieces[first], pieces[first + one]
            for piece in range(np.uint64(2), np.uint64(counts[chunk])):
                words[count + piece] = pieces[first + piece]
            count += np.uint64(counts[chunk])
    offsets[texts] = count


@kernel()
def spell_normal(chunk_offsets, chunks, normal_words, offsets, words):
    """Write every text as its normal words, as `spell` does."""
    count = np.uint64(0)
    texts = chunk_offsets.size - 1
    for text in range(texts):
        offsets[text] = count
        for chunk in chunks[chunk_offsets[text] : chunk_offsets[text + 1]]:
            word = normal_words[chunk]
            words[count] = word
            count += np.uint64(word != NONE)
    offsets[texts] = count
