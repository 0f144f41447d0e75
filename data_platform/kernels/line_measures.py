"""The compiled scan that measures lines, for rules that remove some of them.

Not here: any rule (`methods/edits/`).
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.ascii import LINE_FEED, lower
from data_platform.kernels.compiled import kernel, part

_FULL_STOP = 0x2E


@part()
def _space_width(data, position, end):
    """Bytes of the white space character beyond ASCII (as `str.isspace` has it) at `position`, 0 if it is none."""
    byte = data[position]
    if byte == 0xC2:
        return 2 if position + 1 < end and (data[position + 1] == 0xA0 or data[position + 1] == 0x85) else 0
    if 0xE1 <= byte <= 0xE3 and position + 2 < end:
        second, third = data[position + 1], data[position + 2]
        if byte == 0xE1 and second == 0x9A and third == 0x80:
            return 3
        if byte == 0xE2 and second == 0x80 and (third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF):
            return 3
        if byte == 0xE2 and second == 0x81 and third == 0x9F:
            return 3
        if byte == 0xE3 and second == 0x80 and third == 0x80:
            return 3
    return 0


@part()
def _matches(data, position, end, phrase):
    if position + phrase.size > end:
        return False
    place = 0
    while place < phrase.size and lower(data[position + place]) == phrase[place]:
        place += 1
    return place == phrase.size


@part()
def _without_citations(data, start, end, part_offsets, parts):
    """Where the line ends if the citations at its end are left out: '[', digits or one of `parts`, ']'."""
    while end > start and data[end - 1] == 0x5D:
        position = end - 2
        while position >= start and 0x30 <= data[position] <= 0x39:
            position -= 1
        if position < start or data[position] != 0x5B:
            position = -1
            for part in range(part_offsets.size - 1):
                phrase = parts[part_offsets[part] : part_offsets[part + 1]]
                place = end - 1 - phrase.size
                if place - 1 >= start and data[place - 1] == 0x5B and _matches(data, place, end, phrase):
                    position = place - 1
            if position < 0:
                break
        end = position
    return end


@kernel(allocates=True)
def measure_lines(offsets, data, phrase_offsets, phrases, mark_offsets, marks, citation_offsets, citations):
    """Measure every line, blank ones included.

    Args:
        offsets, data: a `TextBuffers`.
        phrase_offsets, phrases: at most 64 phrases in lower case, looked for without regard to ASCII case.
        mark_offsets, marks: what may stand at the end of a finished line.
        citation_offsets, citations: words in square brackets that are passed over at the end of a line, as numbers are.

    Returns:
        int64 of shape (lines, 5): text, words, code points of the longest word, code points of the line without white
        space around it, and 1 if it is finished: it ends with a mark and not with three full stops; and uint64 per
        line: one bit per phrase that occurs.
    """
    # Which phrases have a byte as their first, and as their second.
    leading, following = np.zeros(256, np.uint64), np.zeros(256, np.uint64)
    for phrase in range(phrase_offsets.size - 1):
        bit = np.uint64(1) << np.uint64(phrase)
        first = phrase_offsets[phrase]
        for byte in range(256):
            if lower(byte) == phrases[first]:
                leading[byte] |= bit
            if phrase_offsets[phrase + 1] - first == 1 or lower(byte) == phrases[first + 1]:
                following[byte] |= bit
    total = offsets.size - 1
    for position in range(offsets[0], offsets[offsets.size - 1]):
        total += data[position] == LINE_FEED
    measures = np.zeros((total, 5), np.int64)
    occurring = np.zeros(total, np.uint64)
    line = 0
    for text in range(offsets.size - 1):
        end = offsets[text + 1]
        begun = offsets[text]
        while begun <= end:
            words = longest = length = characters = held = 0
            bits = np.uint64(0)
            position = begun
            last = begun  # after the last character that is no white space
            while position < end and data[position] != LINE_FEED:
                byte = data[position]
                width = 0
                if byte >= 0x80:
                    width = _space_width(data, position, end)
                elif byte == 0x20 or 0x09 <= byte <= 0x0D or 0x1C <= byte <= 0x1F:
                    width = 1
                if width:
                    length = 0
                    held += characters > 0
                    position += width
                    continue
                if length == 0:
                    words += 1
                length += 1
                longest = max(longest, length)
                characters += held + 1
                held = 0
                candidates = leading[byte]
                if position + 1 < end:
                    candidates &= following[data[position + 1]]
                phrase = 0
                while candidates:
                    if candidates & np.uint64(1) and _matches(
                        data, position, end, phrases[phrase_offsets[phrase] : phrase_offsets[phrase + 1]]
                    ):
                        bits |= np.uint64(1) << np.uint64(phrase)
                    candidates >>= np.uint64(1)
                    phrase += 1
                position += 1
                while position < end and data[position] & 0xC0 == 0x80:
                    position += 1
                last = position
            finished = False
            if words:
                stop = _without_citations(data, begun, last, citation_offsets, citations)
                for mark in range(mark_offsets.size - 1):
                    size = mark_offsets[mark + 1] - mark_offsets[mark]
                    if stop - size >= begun:
                        same = True
                        for place in range(size):
                            same = same and data[stop - size + place] == marks[mark_offsets[mark] + place]
                        finished = finished or same
                if stop - 3 >= begun and data[stop - 1] == data[stop - 2] == data[stop - 3] == _FULL_STOP:
                    finished = False
            measures[line, 0], measures[line, 1], measures[line, 2] = text, words, longest
            measures[line, 3], measures[line, 4] = characters, finished
            occurring[line] = bits
            line += 1
            begun = position + 1
    return measures, occurring


@kernel()
def remove_orphans(texts, words, removed):
    """Remove, in texts that lose lines, the blank lines that would then be first, last or beside another.

    Args:
        texts, words: int64 per line: its text, in order, and its words.
        removed: bool per line, changed in place.
    """
    first = 0
    while first < texts.size:
        last = first
        loses = False
        while last < texts.size and texts[last] == texts[first]:
            loses = loses or removed[last]
            last += 1
        if loses:
            blank = -1
            begun = False
            for line in range(first, last):
                if removed[line]:
                    continue
                if words[line]:
                    begun, blank = True, -1
                elif not begun or blank >= 0:
                    removed[line] = True
                else:
                    blank = line
            if blank >= 0:
                removed[blank] = True
        first = last
