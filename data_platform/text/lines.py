"""The compiled scans over characters, lines and paragraphs, and over words where a rule asks for more than n-grams.

Here belongs what is counted per text for the published rule sets. Not here: how texts are cut into words (`tokens.py`),
n-grams (`repetition.py`), and the formulas of the signals, which say what each count is for (`filtering/signals.py`).

Lines are cut in two ways: at line feeds, and as `str.splitlines` does. Every count says which. Lines and paragraphs are
compared by the 64-bit hashes that `decode.py` leaves.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.arrays import at as _at
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import GOLDEN
from data_platform.text.bits import DIGIT, LETTER, LINE_END, NUMBER, NUMERIC, SPACE, TERMINAL, TRIGGER, WORD
from data_platform.text.tokens import ALL_PUNCTUATION, ENDS_SENTENCE
from data_platform.text.word_counts import ENDS, HAS_WORD, OPENS, TRIGGERS

JAVASCRIPT, LOREM_IPSUM, CURLY_BRACKET, POLICY, ITEMS_IN_CART, SQUARE_BRACKET = 1, 2, 3, 4, 5, 6
"""What phrases and brackets stand for."""

LIMITS = {
    "fineweb_short_line": 30, "culturax_short_line": 100, "c4_long_word": 1000, "c4_line_words": 3,
    "refinedweb_phrase_words": 10,
}  # fmt: skip
"""The published limits that lines are counted with, in the order in which the scans take them:

fineweb_short_line: code points of a line that FineWeb calls short (arXiv:2406.17557, section 3.6).
culturax_short_line: code points of a line that CulturaX calls short (arXiv:2309.09400, section 3.2).
c4_long_word: code points beyond which a word drops its line (C4 as in TensorFlow Datasets and datatrove).
c4_line_words: words that a line must have (C4, Raffel et al. 2020, section 2.2).
refinedweb_phrase_words: words up to which RefinedWeb looks for phrases in a line (arXiv:2306.01116, appendix G.2).
"""
_FINEWEB_SHORT, _CULTURAX_SHORT_LINE, _LONG_WORD, _LINE_WORDS, _PHRASE_WORDS = range(5)

NGRAM_CHARACTERS = 10
"""Characters of the n-grams of CulturaX's character repetition, as in ROOTS."""

_PHRASES = (
    "javascript", "privacy policy", "lorem ipsum", "terms of use", "items in cart", "cookie", " policy", "uses ",
    "use of ", "use ", "read more...", "sign-in",
    "likes", "shares", "comments", "retweets", "reposts", "quotes", "bookmarks", "upvotes", "downvotes", "downloads",
    "views", "followers",
)  # fmt: skip
_LETTERS = np.array([ord(letter) for phrase in _PHRASES for letter in phrase], np.int32)
_BEGINS = np.cumsum([0, *map(len, _PHRASES)]).astype(np.int64)
_COUNTERS_FROM, _PHRASE_COUNT = 12, len(_PHRASES)

CHARACTER_COUNTS = (
    "characters", "newlines", "hashes", "ellipses", "spaced_ellipses", "open_brackets", "brackets", "sentences",
)
"""Columns of `scan_signs`: code points, line feeds, '#', '…' and '...', '. . .', '{', '{' and '}', and sentences as
RedPajama-V2 counts them: what begins with a word character after none or one of ".!?"."""

LINE_COUNTS = (
    "split_lines", "bullet_split_lines", "ellipsis_split_lines",
    "c4_kept", "c4_sentences", "c4_lorem", "c4_curly",
    "c4_any_kept", "c4_any_sentences", "c4_any_lorem", "c4_any_curly",
    "lines", "punctuated", "short", "repeated_characters", "line_characters", "distinct_lines", "distinct_characters",
    "pieces", "later_pieces", "later_characters", "twin_pieces", "twin_characters",
    "dolma_bullets", "dolma_ellipses", "curator_bullets", "curator_ellipses", "dclm_bullets", "dclm_ellipses",
    "dclm_twins", "dclm_twin_characters", "dclm_characters",
    "culturax_short", "culturax_short_characters", "raw_lines", "raw_ellipses", "raw_terminals", "raw_bullets",
    "refined_words", "removed_words",
    "paragraphs", "later_paragraphs", "later_paragraph_characters",
    "parts", "later_parts", "part_characters", "later_part_characters",
    "dclm_parts", "twin_parts", "dclm_part_characters", "twin_part_characters",
)  # fmt: skip
"""Columns of `scan_lines`; `filtering/signals.py` says what each is for."""

(_SPLIT_LINES, _BULLET_SPLIT, _ELLIPSIS_SPLIT, _C4_KEPT, _C4_SENTENCES, _C4_LOREM, _C4_CURLY, _C4_ANY_KEPT,
 _C4_ANY_SENTENCES, _C4_ANY_LOREM, _C4_ANY_CURLY, _LINES, _PUNCTUATED, _SHORT, _REPEATED_CHARACTERS, _LINE_CHARACTERS,
 _DISTINCT_LINES, _DISTINCT_CHARACTERS, _PIECES, _LATER_PIECES, _LATER_CHARACTERS, _TWIN_PIECES, _TWIN_CHARACTERS,
 _DOLMA_BULLETS, _DOLMA_ELLIPSES, _CURATOR_BULLETS, _CURATOR_ELLIPSES, _DCLM_BULLETS, _DCLM_ELLIPSES, _DCLM_TWINS,
 _DCLM_TWIN_CHARACTERS, _DCLM_CHARACTERS, _CULTURAX_SHORT, _CULTURAX_SHORT_CHARACTERS, _RAW_LINES, _RAW_ELLIPSES,
 _RAW_TERMINALS, _RAW_BULLETS, _REFINED_WORDS, _REMOVED_WORDS, _PARAGRAPHS, _LATER_PARAGRAPHS,
 _LATER_PARAGRAPH_CHARACTERS, _PARTS, _LATER_PARTS, _PART_CHARACTERS, _LATER_PART_CHARACTERS, _DCLM_PARTS, _TWIN_PARTS,
 _DCLM_PART_CHARACTERS, _TWIN_PART_CHARACTERS) = range(51)  # fmt: skip

_SHIFT = np.uint64(32)


@part()
def _says(points, position, end, phrase):
    """Whether `phrase`, a number in `_PHRASES`, stands at `position` in any case.

    The number is typed where this is called: numba would compile it anew for every literal one.
    """
    first, last = _BEGINS[phrase], _BEGINS[phrase + 1]
    if position < 0 or position + last - first > end:
        return False
    for index in range(first, last):
        point = points[_at(position)]
        if 65 <= point <= 90:
            point += 32
        if point != _LETTERS[index]:
            return False
        position += 1
    return True


@part(inline=True)
def _phrase_at(points, start, position, end):
    """What the phrase around `position` stands for, if that is a letter k, m or v; 0 if there is none."""
    letter = points[_at(position)] | 32
    if letter != 107 and letter != 109 and letter != 118:
        return 0
    if letter == 118:  # v
        if position - 2 >= start and _says(points, position - 2, end, np.int64(0)):
            return JAVASCRIPT
        return POLICY if position - 3 >= start and _says(points, position - 3, end, np.int64(1)) else 0
    if letter == 109:  # m
        if position - 4 >= start and _says(points, position - 4, end, np.int64(2)):
            return LOREM_IPSUM
        if position - 3 < start:
            return 0
        if _says(points, position - 3, end, np.int64(3)):
            return POLICY
        return ITEMS_IN_CART if _says(points, position - 3, end, np.int64(4)) else 0
    cookie = position - 3
    if cookie < start or not _says(points, cookie, end, np.int64(5)):
        return 0
    if _says(points, cookie + 6, end, np.int64(6)):
        return POLICY
    if cookie + 6 < end and points[_at(cookie + 6)] | 32 == 115:
        for phrase in range(7, 10):
            before = cookie - (_BEGINS[phrase + 1] - _BEGINS[phrase])
            if before >= start and _says(points, before, end, phrase):
                return POLICY
    return 0


@part(inline=True)
def _is_spaced_ellipsis(points, position):
    """Whether the full stop at `position` ends three of them with a blank between each."""
    blanks = points[_at(position - 1)] == 32 and points[_at(position - 3)] == 32
    return blanks and points[_at(position - 2)] == 46 and points[_at(position - 4)] == 46


@kernel()
def scan_signs(
    points, kinds, text_starts, first_text, last_text, chunk_starts, chunk_ends, chunk_offsets, chunks, marks,
    feed_offsets, counts, events, event_kinds, event_offsets,
):  # fmt: skip
    """Count signs of some texts into `counts` (int64, texts x CHARACTER_COUNTS), and note where some stand.

    Only chunks with the mark TRIGGERS are looked into. The phrases and opening square brackets of text i are
    `[event_offsets[i]:event_offsets[i + 1]]` of `events`, code points in order, and `event_kinds`. What the texts
    before `first_text` have stays.
    """
    found = event_offsets[first_text]
    for text in range(first_text, last_text):
        start, end = text_starts[text], text_starts[text + 1]
        hashes = ellipses = spaced = opened = closed = sentences = 0
        stops = 0
        last_spaced = start
        seen = False
        for place in range(chunk_offsets[text], chunk_offsets[text + 1]):
            mark = marks[_at(chunks[_at(place)])]
            if not mark & TRIGGERS:
                seen |= mark & HAS_WORD != 0
                continue
            for position in range(np.int64(chunk_starts[_at(place)]), np.int64(chunk_ends[_at(place)])):
                kind = kinds[_at(position)]
                point = points[_at(position)]
                seen |= kind & WORD != 0
                if kind & LETTER:
                    event = _phrase_at(points, start, position, end)
                    if event:
                        events[_at(found)], event_kinds[_at(found)] = position, event
                        found += 1
                elif not kind & TRIGGER:
                    continue
                elif point == 46 or point == 33 or point == 63:
                    sentences += seen
                    seen = False
                    if point != 46:
                        continue
                    if position > start and points[_at(position - 1)] == 46:
                        stops += 1
                        if stops == 2:
                            ellipses += 1
                            stops = -1
                    else:
                        stops = 0
                    if position - 4 >= last_spaced and _is_spaced_ellipsis(points, position):
                        spaced += 1
                        last_spaced = position + 1
                elif point == 35:
                    hashes += 1
                elif point == 0x2026:
                    ellipses += 1
                elif point == 125:
                    closed += 1
                else:
                    opened += point == 123
                    events[_at(found)] = position
                    event_kinds[_at(found)] = CURLY_BRACKET if point == 123 else SQUARE_BRACKET
                    found += 1
        row = counts[_at(text)]
        row[0], row[1], row[2], row[3] = end - start, feed_offsets[text + 1] - feed_offsets[text], hashes, ellipses
        row[4], row[5], row[6], row[7] = spaced, opened, opened + closed, sentences + seen
        event_offsets[text + 1] = found


@part()
def _citation_length(points, position, end):
    """The length of a mark at the '[' at `position`: a number or nothing, "edit", "citation needed"; else 0."""
    last = position + 1
    while last < end and 48 <= points[_at(last)] <= 57:
        last += 1
    if last < end and points[_at(last)] == 93:
        return last - position + 1
    if position + 5 < end and points[_at(position + 1)] == 101 and points[_at(position + 2)] == 100 and (
        points[_at(position + 3)] == 105 and points[_at(position + 4)] == 116 and points[_at(position + 5)] == 93
    ):
        return 6
    needed = (99, 105, 116, 97, 116, 105, 111, 110, 32, 110, 101, 101, 100, 101, 100, 93)
    if position + 16 < end:
        for index in range(16):
            if points[_at(position + 1 + index)] != needed[index]:
                return 0
        return 17
    return 0


@kernel()
def cut_citations(
    points, kinds, prefixes, text_starts, texts, events, event_kinds, event_offsets, base, room, line_starts
):
    """Write every line with citation marks once more without them, as texts of their own behind the block.

    Args:
        points, kinds, prefixes: the block, with as much room behind it.
        text_starts, texts: the block's; the ends of the new texts are written behind those of its texts.
        events, event_kinds, event_offsets: of `scan_signs`.
        base: the base of the hash.
        room: how many texts may be added.
        line_starts: int64; where each of these lines starts, white space excluded.

    Returns:
        How many lines there are.
    """
    count = text_starts[texts]
    lines = 0
    text = 0
    following = np.int64(0)
    for event in range(event_offsets[texts]):
        position = np.int64(events[_at(event)])
        if event_kinds[_at(event)] != SQUARE_BRACKET or position < following or lines == room:
            continue
        while event_offsets[text + 1] <= event:
            text += 1
        end = text_starts[text + 1]
        if _citation_length(points, position, end) == 0:
            continue
        first = position
        while first > text_starts[text] and not (points[_at(first - 1)] == 10 or kinds[_at(first - 1)] & LINE_END):
            first -= 1
        last = position
        while last < end and not (points[_at(last)] == 10 or kinds[_at(last)] & LINE_END):
            last += 1
        while kinds[_at(first)] & SPACE:
            first += 1
        following = last
        while kinds[_at(last - 1)] & SPACE:
            last -= 1
        line_starts[lines] = first
        state = prefixes[_at(count)]
        while first < last:
            length = _citation_length(points, first, last) if points[_at(first)] == 91 else 0
            if length:
                first += length
                continue
            points[_at(count)], kinds[_at(count)] = points[_at(first)], kinds[_at(first)]
            state = state * base + np.uint64(points[_at(first)] + 1)
            count += 1
            prefixes[_at(count)] = state
            first += 1
        lines += 1
        text_starts[texts + lines] = count
    return lines


@part()
def _count_sentences(chunks, marks, at, token_counts, pieces, flags, first, last):
    """Sentences of the chunks `[first, last)`: one begins after each end of a sentence with what is no punctuation."""
    sentences = 1
    ended = False
    for place in range(first, last):
        chunk = chunks[_at(place)]
        mark = marks[chunk]
        if not mark & ENDS:
            opens = ended and mark & OPENS != 0
            sentences += opens
            ended = ended and not opens
            continue
        for piece in range(np.int64(at[chunk]), np.int64(at[chunk]) + np.int64(token_counts[chunk])):
            flag = flags[_at(pieces[_at(piece)])]
            if ended and not flag & (ALL_PUNCTUATION | ENDS_SENTENCE):
                sentences += 1
                ended = False
            elif flag & ENDS_SENTENCE:
                ended = True
    return sentences, ended


@part()
def _judge_line(
    limits, points, kinds, start, end, events, event_kinds, event, last_event, words, chunks, marks, at, token_counts,
    pieces, flags, first_chunk, last_chunk, row,
):  # fmt: skip
    """Apply C4's line rules to `[start, end)`, twice: with the rule on terminal punctuation and without it."""
    last = points[_at(end - 1)] if end > start else 0
    punctuated = last == 46 or last == 63 or last == 33 or last == 34 or last == 39
    if last == 46 and end - start >= 3 and points[_at(end - 2)] == 46 and points[_at(end - 3)] == 46:
        punctuated = False
    if words < limits[_LINE_WORDS]:
        return
    seen = 0
    for index in range(event, last_event):
        if start <= events[_at(index)] < end:
            seen |= 1 << event_kinds[_at(index)]
    if seen & 1 << LOREM_IPSUM:
        row[_C4_ANY_LOREM] += 1
        row[_C4_LOREM] += punctuated
        return
    if seen & 1 << JAVASCRIPT:
        return
    if seen & 1 << CURLY_BRACKET:
        row[_C4_ANY_CURLY] += 1
        row[_C4_CURLY] += punctuated
        return
    if seen & 1 << POLICY:
        return
    sentences, ended = _count_sentences(chunks, marks, at, token_counts, pieces, flags, first_chunk, last_chunk)
    if ended and end - start >= 2 and kinds[_at(end - 1)] & kinds[_at(end - 2)] & SPACE:
        sentences += 1  # spaCy makes a token of white space beyond one blank, which starts a sentence
    row[_C4_ANY_KEPT] += 1
    row[_C4_ANY_SENTENCES] += sentences
    if punctuated:
        row[_C4_KEPT] += 1
        row[_C4_SENTENCES] += sentences


@part(inline=True)
def _is_ellipsis(points, start, end):
    """Whether `[start, end)` ends with three full stops."""
    return end - start >= 3 and points[_at(end - 1)] == 46 and points[_at(end - 2)] == 46 and points[_at(end - 3)] == 46


@kernel()
def scan_split_lines(
    limits, points, kinds, seen, text_starts, texts, events, event_kinds, event_offsets, feeds, feed_offsets,
    chunk_starts, chunk_ends, chunk_offsets, chunks, marks, at, token_counts, pieces, flags, line_starts, rewritten,
    counts,
):  # fmt: skip
    """Count what rules ask of the lines of `str.splitlines`: Gopher's in datatrove, and C4's.

    `limits` are the values of `LIMITS`, int64. `seen` is the union of the kinds of each text, `at`, `token_counts`,
    `pieces` and `flags` are those of `tokens.find_tokens`, `marks` those of `word_counts.describe_chunks`,
    `line_starts` and the `rewritten` texts behind the block are those of `cut_citations`.
    """
    line = 0
    for text in range(texts):
        row = counts[_at(text)]
        chunk, last_chunk = chunk_offsets[text], chunk_offsets[text + 1]
        event, last_event = event_offsets[text], event_offsets[text + 1]
        position, text_end = text_starts[text], text_starts[text + 1]
        feed, last_feed = feed_offsets[text], feed_offsets[text + 1]
        only_feeds = not seen[text] & LINE_END
        while position < text_end:
            start = position
            if only_feeds:
                position = np.int64(feeds[_at(feed)]) if feed < last_feed else text_end
                feed += 1
            else:
                while position < text_end and not (points[_at(position)] == 10 or kinds[_at(position)] & LINE_END):
                    position += 1
            end = position
            if position + 1 < text_end and points[_at(position)] == 13 and points[_at(position + 1)] == 10:
                position += 1
            position += 1
            row[_SPLIT_LINES] += 1
            words = 0
            long = False
            first_chunk = chunk
            while chunk < last_chunk and chunk_starts[chunk] < end:
                long |= chunk_ends[chunk] - chunk_starts[chunk] > limits[_LONG_WORD]
                words += 1
                chunk += 1
            if words == 0:
                continue
            start, end = np.int64(chunk_starts[_at(first_chunk)]), np.int64(chunk_ends[_at(chunk - 1)])
            if points[_at(start)] == 0x2022 or points[_at(start)] == 45:
                row[_BULLET_SPLIT] += 1
            if points[_at(end - 1)] == 0x2026 or _is_ellipsis(points, start, end):
                row[_ELLIPSIS_SPLIT] += 1
            cited = line < rewritten and line_starts[line] == start
            if not long:
                if cited:
                    other = texts + line
                    _judge_line(
                        limits, points, kinds, text_starts[other], text_starts[other + 1], events, event_kinds,
                        event_offsets[other], event_offsets[other + 1], words, chunks, marks, at, token_counts, pieces,
                        flags, chunk_offsets[other], chunk_offsets[other + 1], row,
                    )  # fmt: skip
                else:
                    while event < last_event and events[_at(event)] < start:
                        event += 1
                    after = event
                    while after < last_event and events[_at(after)] < end:
                        after += 1
                    _judge_line(
                        limits, points, kinds, start, end, events, event_kinds, event, after, words, chunks, marks, at,
                        token_counts, pieces, flags, first_chunk, chunk, row,
                    )  # fmt: skip
            line += cited


@part(inline=True)
def _number_of(keys, numbers, mask, key, next_number):
    """The number of `key` in a table with open addressing, which gets `next_number` if it is new."""
    key = max(key, np.uint64(1))
    slot = (key ^ (key >> _SHIFT)) * GOLDEN
    slot = (slot ^ (slot >> _SHIFT)) & mask
    while keys[slot] != np.uint64(0):
        if keys[slot] == key:
            return numbers[slot]
        slot = (slot + np.uint64(1)) & mask
    keys[slot] = key
    numbers[slot] = next_number
    return next_number


@part(inline=True)
def _count_span(prefixes, powers, start, end, keys, numbers, mask, counts, lengths, different):
    """Count `[start, end)` among the spans of its kind; return how many different ones there are."""
    key = prefixes[_at(end)] - prefixes[_at(start)] * powers[_at(end - start)]
    number = _number_of(keys, numbers, mask, key, different)
    if number == different:
        counts[number] = 0
        lengths[number] = end - start
        different += 1
    counts[number] += 1
    return different


@part(inline=True)
def _mask_for(members, keys):
    size = 16
    while size < 2 * members:
        size *= 2
    keys[:size] = 0
    return np.uint64(size - 1)


@part()
def _strip(kinds, start, end):
    """`[start, end)` without the white space around it."""
    while start < end and kinds[_at(start)] & SPACE:
        start += 1
    while end > start and kinds[_at(end - 1)] & SPACE:
        end -= 1
    return start, end


@part()
def _sum_twins(different, counts, lengths):
    """How many spans have a twin, and their characters."""
    twins = characters = np.int64(0)
    for number in range(different):
        if counts[number] > 1:
            twins += counts[number]
            characters += np.int64(counts[number]) * lengths[number]
    return twins, characters


@part()
def _is_counter(points, kinds, start, end):
    """Whether the line is a number with the name of a counter, such as "3.5K likes", and nothing else but signs."""
    while start < end and not kinds[_at(start)] & WORD:
        start += 1
    if start == end or not kinds[_at(start)] & DIGIT:
        return False
    while start < end and (kinds[_at(start)] & DIGIT or points[_at(start)] == 44 or points[_at(start)] == 46):
        start += 1
    if start < end and (points[_at(start)] | 32) in (107, 109, 98):
        start += 1
    if start == end or not kinds[_at(start)] & SPACE:
        return False
    while start < end and kinds[_at(start)] & SPACE:
        start += 1
    for phrase in range(_COUNTERS_FROM, _PHRASE_COUNT):
        if _says(points, start, end, phrase):
            after = start + _BEGINS[phrase + 1] - _BEGINS[phrase]
            while after < end and not kinds[_at(after)] & WORD:
                after += 1
            if after == end:
                return True
    return False


@part()
def _removed_words(phrase_words, points, kinds, start, end, first, last, uppercase, digits, words, pieces, in_cart):
    """How many of its `words` RefinedWeb removes from the line `[start, end)`, whose text is `[first, last)`."""
    length = end - start
    if pieces < 2 or uppercase > 0.5 * length or digits > 0.999999 * length:
        return words
    if digits and _is_counter(points, kinds, start, end):
        return words
    if pieces > phrase_words:
        return 0
    removed = 3 * in_cart
    if _is_ellipsis(points, first, last) and last - first >= 12 and _says(points, last - 12, last, np.int64(10)):
        removed += 2
    if _says(points, first, last, np.int64(11)):
        removed += 1
    return min(removed, words)


@part()
def _is_curator_ellipsis(points, start, end):
    """Whether a stripped line ends as Curator says: an ellipsis, also in brackets, "-»", "read more"."""
    last = points[_at(end - 1)]
    if last == 0x2026 or _is_ellipsis(points, start, end):
        return True
    if last == 0xBB:
        return end - start >= 2 and points[_at(end - 2)] == 45
    if last == 93 or last == 41:
        opening = 91 if last == 93 else 40
        if end - start >= 3 and points[_at(end - 2)] == 0x2026 and points[_at(end - 3)] == opening:
            return True
        return end - start >= 5 and _is_ellipsis(points, start, end - 1) and points[_at(end - 5)] == opening
    while end - start > 9 and points[_at(end - 1)] == 46 and points[_at(end - 2)] == 46:
        end -= 2
    return end - start >= 9 and points[_at(end - 1)] | 32 == 101 and _says_read_more(points, end - 9, end)


@part()
def _says_read_more(points, position, end):
    first = _BEGINS[10]
    for index in range(first, first + 9):
        point = points[_at(position)]
        if 65 <= point <= 90:
            point += 32
        if point != _LETTERS[index]:
            return False
        position += 1
    return True


@part()
def _is_curator_bullet(point):
    return point == 0x2022 or (
        point > 0x2022 and (
            point in (0x2023, 0x2043, 0x204C, 0x204D, 0x2219, 0x25CB, 0x25CF, 0x25D8, 0x25E6, 0x29BE, 0x29BF)
        )
    )  # fmt: skip


@part()
def _is_redpajama_bullet(point):
    return point >= 0x2013 and (
        point in (0x2022, 0x2023, 0x25B6, 0x25C0, 0x25E6, 0x25A0, 0x25A1, 0x25AA, 0x25AB, 0x2013)
    )


@part(inline=True)
def _count_line_shape(points, start, end, first, last, row):
    """Count how the line `[start, end)`, with the text `[first, last)`, begins and ends, for each rule set."""
    begin, final = points[_at(first)], points[_at(last - 1)]
    dots = _is_ellipsis(points, first, last)
    spaced = (
        last - first >= 5 and final == 46 and points[_at(last - 2)] == 32 and points[_at(last - 3)] == 46
        and points[_at(last - 4)] == 32 and points[_at(last - 5)] == 46
    )  # fmt: skip
    row[_DOLMA_BULLETS] += points[_at(start)] == 42 or points[_at(start)] == 45
    row[_DOLMA_ELLIPSES] += points[_at(end - 1)] == 0x2026
    row[_CURATOR_BULLETS] += _is_curator_bullet(begin)
    row[_CURATOR_ELLIPSES] += _is_curator_ellipsis(points, first, last)
    row[_DCLM_BULLETS] += begin == 0x25CF or begin == 0x2022 or begin == 42 or begin == 45
    row[_DCLM_ELLIPSES] += dots or spaced or final == 0x2026
    row[_RAW_ELLIPSES] += dots or final == 0x2026
    row[_RAW_TERMINALS] += final == 46 or final == 33 or final == 63 or final == 0x201D
    row[_RAW_BULLETS] += _is_redpajama_bullet(begin)


@part()
def _count_kinds(kinds):
    """How many characters are upper-case, numeric, and decimal digits."""
    uppercase = numeric = digits = np.uint32(0)
    for kind in kinds:
        uppercase += kind >> np.uint32(7) & np.uint32(1)
        numeric += kind >> np.uint32(9) & np.uint32(1)
        digits += kind >> np.uint32(25) & np.uint32(1)
    return np.int64(uppercase), np.int64(numeric), np.int64(digits)


@kernel()
def scan_lines(
    limits, points, kinds, prefixes, powers, text_starts, texts, events, event_kinds, event_offsets, feeds,
    feed_offsets, chunk_starts, chunk_ends, chunk_offsets, keys, numbers, line_counts, lengths, counts, fractions,
):  # fmt: skip
    """Count what rules ask of the lines between line feeds.

    `limits` are the values of `LIMITS`, int64. `fractions` (float64, texts x 2) gets the sums over lines of the
    fractions of upper-case and numeric characters.
    """
    for text in range(texts):
        row = counts[_at(text)]
        text_start, text_end = text_starts[text], text_starts[text + 1]
        chunk, last_chunk = chunk_offsets[text], chunk_offsets[text + 1]
        event, last_event = event_offsets[text], event_offsets[text + 1]
        mask = _mask_for(feed_offsets[text + 1] - feed_offsets[text] + 2, keys)
        different = np.int64(0)
        uppercase_sum = numeric_sum = 0.0
        start = text_start
        for feed in range(feed_offsets[text], feed_offsets[text + 1] + 1):
            end = np.int64(feeds[_at(feed)]) if feed < feed_offsets[text + 1] else text_end
            uppercase, numeric, digits = _count_kinds(kinds[start:end])
            if end < text_end or end > start:
                row[_RAW_LINES] += 1
                size = end - start + (end < text_end)
                uppercase_sum += uppercase / size
                numeric_sum += numeric / size
            pieces = words = 0
            first_chunk = chunk
            while chunk < last_chunk and chunk_starts[chunk] < end:
                at = chunk_starts[chunk]
                before = points[_at(at - 1)] if at > text_start else 32
                pieces += 1
                words += (before == 32 or 9 <= before <= 13 or before == 0) and (
                    kinds[_at(at)] & (LETTER | NUMBER | NUMERIC) != 0
                )
                chunk += 1
            if pieces:
                first, last = np.int64(chunk_starts[_at(first_chunk)]), np.int64(chunk_ends[_at(chunk - 1)])
                row[_LINES] += 1
                row[_PUNCTUATED] += kinds[_at(end - 1)] & TERMINAL != 0
                row[_SHORT] += end - start <= limits[_FINEWEB_SHORT]
                row[_LINE_CHARACTERS] += end - start
                if end - start <= limits[_CULTURAX_SHORT_LINE]:
                    row[_CULTURAX_SHORT] += 1
                    row[_CULTURAX_SHORT_CHARACTERS] += end - start
                _count_line_shape(points, start, end, first, last, row)
                in_cart = 0
                while event < last_event and events[_at(event)] < end:
                    in_cart |= event_kinds[_at(event)] == ITEMS_IN_CART
                    event += 1
                row[_REFINED_WORDS] += words
                row[_REMOVED_WORDS] += _removed_words(
                    limits[_PHRASE_WORDS], points, kinds, start, end, first, last, uppercase, digits, words, pieces,
                    in_cart,
                )
            if end > start:
                before = different
                different = _count_span(
                    prefixes, powers, start, end, keys, numbers, mask, line_counts, lengths, different
                )
                row[_PIECES] += 1
                if pieces:
                    if different > before:
                        row[_DISTINCT_LINES] += 1
                        row[_DISTINCT_CHARACTERS] += end - start
                    else:
                        row[_REPEATED_CHARACTERS] += end - start
                if different == before:
                    row[_LATER_PIECES] += 1
                    row[_LATER_CHARACTERS] += end - start
            start = end + 1
        row[_TWIN_PIECES], row[_TWIN_CHARACTERS] = _sum_twins(different, line_counts, lengths)
        # re.split at runs of line feeds leaves an empty piece before and behind them.
        empty = np.int64(1)
        if text_end > text_start:
            empty = np.int64(points[_at(text_start)] == 10) + np.int64(points[_at(text_end - 1)] == 10)
        row[_PIECES] += empty
        if empty == 2:
            row[_LATER_PIECES] += 1
            row[_TWIN_PIECES] += 2
        fractions[text, 0], fractions[text, 1] = uppercase_sum, numeric_sum


@part()
def _count_stripped_lines(kinds, prefixes, powers, start, text_end, feeds, keys, numbers, counts, lengths, row):
    """Count the lines of a text without the white space around them, as DCLM does."""
    mask = _mask_for(feeds.size + 2, keys)
    different = np.int64(0)
    for feed in range(feeds.size + 1):
        end = np.int64(feeds[_at(feed)]) if feed < feeds.size else text_end
        first, last = _strip(kinds, start, end)
        if last > first:
            different = _count_span(prefixes, powers, first, last, keys, numbers, mask, counts, lengths, different)
            row[_DCLM_CHARACTERS] += last - first
        start = end + 1
    row[_DCLM_TWINS], row[_DCLM_TWIN_CHARACTERS] = _sum_twins(different, counts, lengths)


@part()
def _count_paragraphs(kinds, prefixes, powers, start, end, feeds, keys, numbers, counts, lengths, row):
    """Count the paragraphs of a text without the white space around it: pieces between two line feeds or more."""
    start, end = _strip(kinds, start, end)
    mask = _mask_for(feeds.size + 2, keys)
    different = np.int64(0)
    feed = 0
    while True:
        while feed < feeds.size and feeds[_at(feed)] < end:
            alone = feed + 1 == feeds.size or feeds[_at(feed + 1)] > feeds[_at(feed)] + 1
            if feeds[_at(feed)] >= start and not alone:
                break
            feed += 1
        last = min(np.int64(feeds[_at(feed)]), end) if feed < feeds.size else end
        before = different
        different = _count_span(prefixes, powers, start, last, keys, numbers, mask, counts, lengths, different)
        row[_PARAGRAPHS] += 1
        if different == before:
            row[_LATER_PARAGRAPHS] += 1
            row[_LATER_PARAGRAPH_CHARACTERS] += last - start
        if last == end:
            return
        while feed + 1 < feeds.size and feeds[_at(feed + 1)] == feeds[_at(feed)] + 1:
            feed += 1
        start = np.int64(feeds[_at(feed)]) + 1


@part(inline=True)
def _next_pair(feeds, feed):
    """The next line feed, from `feed` on, that another one follows; how many there are if none is."""
    while feed < feeds.size and (feed + 1 == feeds.size or feeds[_at(feed + 1)] > feeds[_at(feed)] + 1):
        feed += 1
    return feed


@part()
def _count_parts(kinds, prefixes, powers, start, text_end, feeds, keys, numbers, counts, lengths, row):
    """Count the pieces between pairs of line feeds, empty ones too, as Curator does."""
    mask = _mask_for(feeds.size + 2, keys)
    different = np.int64(0)
    feed = 0
    while start <= text_end:
        feed = _next_pair(feeds, feed)
        last = np.int64(feeds[_at(feed)]) if feed < feeds.size else text_end
        before = different
        different = _count_span(prefixes, powers, start, last, keys, numbers, mask, counts, lengths, different)
        row[_PARTS] += 1
        row[_PART_CHARACTERS] += last - start
        if different == before:
            row[_LATER_PARTS] += 1
            row[_LATER_PART_CHARACTERS] += last - start
        start = last + 2 if feed < feeds.size else text_end + 1
        feed += 2


@part()
def _count_stripped_parts(kinds, prefixes, powers, start, text_end, feeds, keys, numbers, counts, lengths, row):
    """Count the pieces between pairs of line feeds, stripped and without blank ones, as DCLM does."""
    mask = _mask_for(feeds.size + 2, keys)
    different = np.int64(0)
    feed = 0
    while start <= text_end:
        feed = _next_pair(feeds, feed)
        end = np.int64(feeds[_at(feed)]) if feed < feeds.size else text_end
        first, last = _strip(kinds, start, end)
        if last > first:
            different = _count_span(prefixes, powers, first, last, keys, numbers, mask, counts, lengths, different)
            row[_DCLM_PARTS] += 1
            row[_DCLM_PART_CHARACTERS] += last - first
        start = end + 2 if feed < feeds.size else text_end + 1
        feed += 2
    row[_TWIN_PARTS], row[_TWIN_PART_CHARACTERS] = _sum_twins(different, counts, lengths)


@kernel()
def scan_paragraphs(
    kinds, prefixes, powers, text_starts, texts, feeds, feed_offsets, keys, numbers, span_counts, lengths, counts
):
    """Count stripped lines and paragraphs."""
    for text in range(texts):
        start, end = text_starts[text], text_starts[text + 1]
        own = feeds[feed_offsets[text] : feed_offsets[text + 1]]
        row = counts[_at(text)]
        _count_stripped_lines(kinds, prefixes, powers, start, end, own, keys, numbers, span_counts, lengths, row)
        _count_paragraphs(kinds, prefixes, powers, start, end, own, keys, numbers, span_counts, lengths, row)
        _count_parts(kinds, prefixes, powers, start, end, own, keys, numbers, span_counts, lengths, row)
        _count_stripped_parts(kinds, prefixes, powers, start, end, own, keys, numbers, span_counts, lengths, row)
