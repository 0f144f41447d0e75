"""Compiled loops of refinement: edits become spans, spans become a new text.

Here belongs what reads or copies bytes: `resolve` and `splice` for the interpreter, and for the writers of programs the
scans that say where it is worth to look. Not here: what a program is (`programs/program.py`), and any decision.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.arrays import copy
from data_platform.kernels.ascii import is_blank, lower
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.sorting import last_at_most, stable_order

LINE_FEED = 0x0A

FINE, LINE_OUT_OF_RANGE, SPAN_OUT_OF_RANGE, INSIDE_CHARACTER, OVERLAP = range(5)
"""What `resolve` says of the edits of a text."""

LINES = 0
"""The kind of an edit that removes lines; every other kind is a span."""


@part(allocates=True)
def _line_starts(data, start, end):
    """Where the lines of `data[start:end]` begin, and one past the line feed that would end the last."""
    count = 1
    for position in range(start, end):
        count += data[position] == LINE_FEED
    starts = np.empty(count + 1, np.int64)
    starts[0] = start
    line = 1
    for position in range(start, end):
        if data[position] == LINE_FEED:
            starts[line] = position + 1
            line += 1
    starts[count] = end + 1
    return starts


@part(allocates=True)
def _permute(values, order):
    """Put `values` into an order, in place."""
    before = np.empty(values.size, values.dtype)
    copy(values, 0, values.size, before, 0)
    for place in range(order.size):
        values[place] = before[order[place]]


@part()
def _splits_character(data, position, end):
    return position < end and data[position] & 0xC0 == 0x80


@kernel(allocates=True)
def resolve(offsets, data, edit_offsets, kinds, firsts, lasts, sizes, edit_counts, edit_bytes):
    """Turn the edits of every text into spans that follow one another.

    Args:
        offsets, data: a `TextBuffers`.
        edit_offsets: int64, one more than texts; text i has the edits `edit_offsets[i]` to `edit_offsets[i + 1]`.
        kinds: int64 per edit: LINES, or any other number for spans.
        firsts, lasts: int64 per edit. Of LINES the first and last line, both included, -1 as last meaning the last
            line of the text; of spans the byte where they start and the one where they end, counted from the text's.
        sizes: int64 per edit: bytes that a span is replaced by.
        edit_counts, edit_bytes: int64 of shape (texts, kinds), written to: lines or spans that an edit of the kind
            changed, and bytes that it took away, net of what it put in.

    Returns:
        uint8 per text: FINE or what is wrong; int64 offsets, one more than texts; and of each span int64 its start
        and end as positions in `data`, and the edit that it comes from, -1 for removed lines. Texts at which
        something is wrong have no spans.
    """
    texts = offsets.size - 1
    faults = np.zeros(texts, np.uint8)
    span_offsets = np.zeros(texts + 1, np.int64)
    span_starts = np.empty(kinds.size, np.int64)
    span_ends = np.empty(kinds.size, np.int64)
    span_edits = np.empty(kinds.size, np.int64)
    filled = 0
    for text in range(texts):
        start, end = offsets[text], offsets[text + 1]
        first_edit, last_edit = edit_offsets[text], edit_offsets[text + 1]
        fault = FINE
        begun = filled
        has_lines = False
        for edit in range(first_edit, last_edit):
            has_lines = has_lines or kinds[edit] == LINES
        starts = _line_starts(data, start, end) if has_lines else np.empty(0, np.int64)
        lines = starts.size - 1
        removed = np.zeros(max(lines, 0), np.bool_)
        # 1. Lines: their union.
        for edit in range(first_edit, last_edit):
            if kinds[edit] == LINES:
                last = lasts[edit] if lasts[edit] >= 0 else lines - 1
                if firsts[edit] > last or last >= lines:
                    fault = LINE_OUT_OF_RANGE
                    break
                for line in range(firsts[edit], last + 1):
                    removed[line] = True
        # 2. Spans, in order, without those inside a removed line.
        if fault == FINE:
            order = stable_order(firsts[first_edit:last_edit])
            for place in range(order.size):
                edit = first_edit + order[place]
                if kinds[edit] == LINES:
                    continue
                from_, to = start + firsts[edit], start + lasts[edit]
                if firsts[edit] >= lasts[edit] or to > end:
                    fault = SPAN_OUT_OF_RANGE
                elif _splits_character(data, from_, end) or _splits_character(data, to, end):
                    fault = INSIDE_CHARACTER
                if fault != FINE:
                    break
                inside = outside = False
                if has_lines:
                    line = last_at_most(starts, from_)
                    while line < lines and starts[line] < to:
                        inside = inside or removed[line]
                        outside = outside or not removed[line]
                        line += 1
                if inside and outside:
                    fault = OVERLAP
                    break
                if inside:
                    continue
                span_starts[filled], span_ends[filled], span_edits[filled] = from_, to, edit
                filled += 1
        # 3. Runs of removed lines as spans, with the line feed after them, or the one before at the end of the text.
        line = 0
        while line < lines and fault == FINE:
            if not removed[line]:
                line += 1
                continue
            first = line
            while line < lines and removed[line]:
                line += 1
            from_, to = starts[first], starts[line]
            if line == lines:
                from_, to = max(from_ - 1, start), end
            span_starts[filled], span_ends[filled], span_edits[filled] = from_, to, -1
            filled += 1
        if has_lines:
            order = stable_order(span_starts[begun:filled])
            for spans in (span_starts, span_ends, span_edits):
                _permute(spans[begun:filled], order)
        for span in range(begun + 1, filled):
            if span_starts[span] < span_ends[span - 1]:
                fault = OVERLAP
        # 4. The account.
        if fault != FINE:
            filled = begun
            faults[text] = fault
        for line in range(lines):
            edit_counts[text, LINES] += removed[line] and fault == FINE
        for span in range(begun, filled):
            edit = span_edits[span]
            length = span_ends[span] - span_starts[span]
            if edit >= 0:
                edit_counts[text, kinds[edit]] += 1
                edit_bytes[text, kinds[edit]] += length - sizes[edit]
            else:
                edit_bytes[text, LINES] += length
        span_offsets[text + 1] = filled
    return faults, span_offsets, span_starts[:filled], span_ends[:filled], span_edits[:filled]


@kernel(allocates=True)
def splice(offsets, data, span_offsets, span_starts, span_ends, span_edits, part_offsets, parts):
    """Copy every text with its spans replaced.

    Args:
        offsets, data: a `TextBuffers`.
        span_offsets, span_starts, span_ends, span_edits: as `resolve` returns them.
        part_offsets, parts: what each edit puts in: `parts[part_offsets[edit]:part_offsets[edit + 1]]`.

    Returns:
        int64 offsets, one more than texts, and uint8 bytes.
    """
    texts = offsets.size - 1
    size = offsets[texts] - offsets[0]
    for span in range(span_starts.size):
        size -= span_ends[span] - span_starts[span]
        edit = span_edits[span]
        if edit >= 0:
            size += part_offsets[edit + 1] - part_offsets[edit]
    written = np.empty(size, np.uint8)
    new_offsets = np.zeros(texts + 1, np.int64)
    position = 0
    for text in range(texts):
        begun = offsets[text]
        for span in range(span_offsets[text], span_offsets[text + 1]):
            position = copy(data, begun, span_starts[span], written, position)
            edit = span_edits[span]
            if edit >= 0:
                position = copy(parts, part_offsets[edit], part_offsets[edit + 1], written, position)
            begun = span_ends[span]
        position = copy(data, begun, offsets[text + 1], written, position)
        new_offsets[text + 1] = position
    return new_offsets, written


@kernel(allocates=True)
def are_blank(offsets, data):
    """Whether each text holds nothing but ASCII white space: bool."""
    texts = offsets.size - 1
    blank = np.empty(texts, np.bool_)
    for text in range(texts):
        blank[text] = is_blank(data, offsets[text], offsets[text + 1])
    return blank


def collect(columns: int, kernel, offsets, data, *arguments) -> np.ndarray:
    """All that a kernel that fills an array finds: int64 of shape (found, columns)."""
    room = 64 + data.size // 256
    found = np.empty((room, columns), np.int64)
    if (count := kernel(offsets, data, *arguments, found)) > room:
        found = np.empty((count, columns), np.int64)
        kernel(offsets, data, *arguments, found)
    return found[:count]


# -- where personal data could be -------------------------------------------------------------------------------------

NUMBER, ADDRESS, SPELLED_ADDRESS, COLONS, ACCOUNT, WORDED_ADDRESS = range(6)
"""What a candidate looks like: a run of digits, an address with @, one with (at), an IPv6 address, an IBAN, an
address with AT and DOT."""

_DIGIT, _LETTER, _HEX, _LOCAL, _DOMAIN, _JOINT, _TRIGGER = 1, 2, 4, 8, 16, 32, 64


def _byte_classes() -> np.ndarray:
    classes = np.zeros(256, np.uint8)
    for byte in range(128):
        character = chr(byte)
        classes[byte] = (
            character.isdigit() * (_DIGIT | _HEX | _LOCAL | _DOMAIN | _TRIGGER)
            | character.isalpha() * (_LETTER | _LOCAL | _DOMAIN)
            | (character in "abcdefABCDEF") * _HEX
            | (character in "._%+'~-") * _LOCAL
            | (character in ".-") * _DOMAIN
            | (character in " -.()/+") * _JOINT
            | (character in "@+([{<:dD") * _TRIGGER
        )
    classes[128:] = _LOCAL | _DOMAIN  # which letters they are is for the rule to say
    classes[0xEF] |= _TRIGGER
    classes.flags.writeable = False
    return classes


CLASSES = _byte_classes()
"""What a byte can be part of. Kernels take it as an argument: to a constant array, numba reads half as fast."""

_AT, _PLUS, _COLON, _DOT = 0x40, 0x2B, 0x3A, 0x2E
_MOST_JOINTS = 4
_LONGEST_LOCAL, _LONGEST_DOMAIN, _LONGEST_ACCOUNT, _LONGEST_COLONS = 64, 255, 64, 46


@part()
def _joint_width(data, position, end, table):
    """Bytes of the character that may stand between the digits of one number at `position`, 0 if it may not."""
    byte = data[position]
    if table[byte] & _JOINT:
        return 1
    if byte == 0xC2 and position + 1 < end and data[position + 1] == 0xA0:  # no-break space
        return 2
    if byte == 0xE2 and position + 2 < end and data[position + 1] == 0x80:
        last = data[position + 2]
        if 0x90 <= last <= 0x94 or last == 0xAF:  # hyphens and dashes, narrow no-break space
            return 3
    return 0


@part()
def _number_end(data, position, end, table):
    """Where the run of digits that begins at `position` ends, how many digits it has, and how many dots."""
    digits = dots = joints = 0
    last = position
    while position < end:
        byte = data[position]
        if table[byte] & _DIGIT:
            digits += 1
            joints = 0
            position += 1
            last = position
            continue
        width = _joint_width(data, position, end, table)
        joints += 1
        if width == 0 or joints > _MOST_JOINTS:
            break
        dots += byte == _DOT and joints == 1
        position += width
    return last, digits, dots


@part()
def _address(data, at, start, end, table):
    """What could be an address around an @; empty if there is none."""
    # A space on either side is allowed.
    spaced = at - 1 > start and data[at - 1] == 0x20 and at + 2 < end and data[at + 1] == 0x20
    first, last, dots = at - spaced, at + 1 + spaced, 0
    while first > start and at - first < _LONGEST_LOCAL and table[data[first - 1]] & _LOCAL:
        first -= 1
    while last < end and last - at < _LONGEST_DOMAIN and table[data[last]] & _DOMAIN:
        dots += data[last] == _DOT
        last += 1
    return (first, last) if first < at - spaced and dots else (at, at)


@part()
def _is_wide_at(data, position, end):
    """Whether U+FF20 begins at `position`, as Japanese pages write it against harvesters."""
    return position + 2 < end and data[position + 1] == 0xBC and data[position + 2] == 0xA0


@part()
def _spelled_address(data, bracket, start, end, table):
    """The surroundings of an "at" in brackets; empty if there is none."""
    first = bracket + 1
    if first < end and data[first] == 0x20:
        first += 1
    # at, arobase, arroba, chiocciola, the sign itself, an umlaut
    if first < end and data[first] in (0x61, 0x41, 0x63, 0x43, 0x40, 0xC3):
        for close in range(first + 1, min(end, first + 12)):
            if data[close] in (0x29, 0x5D, 0x7D, 0x3E):
                first, last = max(start, bracket - 70), min(end, close + 130)
                while data[first] & 0xC0 == 0x80:
                    first += 1
                return first, last
            if not (table[data[close]] & _LETTER or data[close] == 0x20 or data[close] >= 0x80):
                break
    return bracket, bracket


@part()
def _worded_address(data, d, start, end):
    """The surroundings of a word "dot" that begins at `d`; empty if there is none."""
    if (
        d > start and data[d - 1] == 0x20 and d + 3 < end and data[d + 1] | 0x20 == 0x6F and data[d + 2] | 0x20 == 0x74
        and data[d + 3] == 0x20
    ):
        return max(start, d - 140), min(end, d + 100)
    return d, d


@part()
def _colons(data, colon, start, end, table):
    """The hexadecimal digits and colons around a colon, how many colons there are from there on."""
    first, last, colons = colon, colon + 1, 1
    while first > start and colon - first < _LONGEST_COLONS and table[data[first - 1]] & _HEX:
        first -= 1
    while last < end and last - first < _LONGEST_COLONS and (
        table[data[last]] & _HEX or data[last] == _COLON or data[last] == _DOT
    ):
        colons += data[last] == _COLON
        last += 1
    return first, last, colons


@part()
def _account(data, digit, start, end, table):
    """What could be an IBAN of which the first digit is at `digit`; empty if there is none."""
    first = digit - 2
    if (
        first < start or digit + 12 >= end or not table[data[first]] & _LETTER or not table[data[first + 1]] & _LETTER
        or not table[data[digit + 1]] & _DIGIT or (first > start and table[data[first - 1]] & (_LETTER | _DIGIT))
    ):
        return digit, digit
    last = digit
    while last < end and last - first < _LONGEST_ACCOUNT:
        width = 1 if table[data[last]] & (_DIGIT | _LETTER) else _joint_width(data, last, end, table)
        if width == 0:
            break
        last += width
    return first, last


@kernel()
def find_candidates(offsets, data, wanted, table, found):
    """Find what could be personal data. All that is some is found; most of what is found is none.

    Args:
        offsets, data: a `TextBuffers`.
        wanted: bool per kind of candidate, NUMBER to WORDED_ADDRESS.
        table: CLASSES.
        found: int64 of shape (room, 4), written to: text, kind, start and end as positions in `data`; in order of text.

    Returns:
        How many candidates there are. Those for which there was no room are counted and not written. (An array that
        grows inside this loop would make it five times slower.)
    """
    count = 0
    for text in range(offsets.size - 1):
        start, end = offsets[text], offsets[text + 1]
        position = number_end = colons_end = start
        while position < end:
            byte = data[position]
            of = table[byte]
            if not of & _TRIGGER:
                position += 1
                continue
            kind = -1
            first = last = position
            if byte == _AT or byte == 0xEF:
                if wanted[ADDRESS] and (byte == _AT or _is_wide_at(data, position, end)):
                    kind = ADDRESS
                    first, last = _address(data, position, start, end, table)
            elif byte == _COLON:
                if wanted[COLONS] and position >= colons_end:
                    first, colons_end, colons = _colons(data, position, start, end, table)
                    if colons >= 3:
                        kind, last = COLONS, colons_end
            elif byte | 0x20 == 0x64:  # d
                if wanted[WORDED_ADDRESS]:
                    kind = WORDED_ADDRESS
                    first, last = _worded_address(data, position, start, end)
            elif not of & _DIGIT and wanted[SPELLED_ADDRESS]:
                kind = SPELLED_ADDRESS
                first, last = _spelled_address(data, position, start, end, table)
            if kind >= 0 and first < last:
                if count < len(found):
                    found[count, 0], found[count, 1], found[count, 2], found[count, 3] = text, kind, first, last
                count += 1
            if of & _DIGIT and wanted[ACCOUNT]:
                first, last = _account(data, position, start, end, table)
                if first < last:
                    if count < len(found):
                        found[count, 0], found[count, 1], found[count, 2], found[count, 3] = text, ACCOUNT, first, last
                    count += 1
            if wanted[NUMBER] and position >= number_end and (
                of & _DIGIT or (of & (_JOINT | _LOCAL) and position + 1 < end
                                and (table[data[position + 1]] & _DIGIT or data[position + 1] == _PLUS))
            ):
                last, digits, dots = _number_end(data, position + (of & _DIGIT == 0), end, table)
                number_end = last
                if digits >= 7 or (dots >= 3 and digits >= 4):
                    if count < len(found):
                        found[count, 0], found[count, 1] = text, NUMBER
                        found[count, 2], found[count, 3] = position, last
                    count += 1
            position += 1
    return count


# -- where Unicode could be broken ------------------------------------------------------------------------------------

SUSPICIOUS, COMMON, TELLING, CONTROL = 1, 2, 4, 8
"""Classes of code points below U+10000: perhaps broken; perhaps, beside a TELLING one; perhaps, beside a COMMON or
TELLING one; to be removed."""


@part()
def _entity_follows(data, position, end, table):
    """Whether `data` goes on after an ampersand as an HTML entity does."""
    stop = min(end, position + 27)
    position += 1
    if position < stop and data[position] == 0x23:
        position += 1
    first = position
    while position < stop and table[data[position]] & (_DIGIT | _LETTER):
        position += 1
    return first < position < stop and data[position] == 0x3B


@kernel()
def find_suspicious_lines(offsets, data, classes, table, found):
    """Find the lines in which Unicode may be broken; in all others it is not.

    Args:
        offsets, data: a `TextBuffers`.
        classes: uint8 of 65,536 code points: SUSPICIOUS, COMMON, TELLING, CONTROL or 0.
        table: CLASSES.
        found: int64 of shape (room, 6), written to: text; start and end in `data` with the line feed; whether the text
            has no '<' up to there, so that entities in it are none of a page's markup; and the first and last position
            of what is suspicious, -1 and -1 if there is a control character or such an entity.

    Returns:
        How many lines there are, as `find_candidates` counts.
    """
    count = 0
    for text in range(offsets.size - 1):
        end = offsets[text + 1]
        line = offsets[text]
        plain = True
        while line < end:
            position = line
            first, last = end, -1
            entity = control = False
            previous = 0
            while position < end:
                byte = data[position]
                if byte < 0x80:
                    previous = 0
                    if byte == LINE_FEED:
                        position += 1
                        break
                    if byte == 0x3C:
                        plain = False
                    elif byte == 0x26:
                        entity = entity or _entity_follows(data, position, end, table)
                    elif byte < 0x20 or byte == 0x7F:
                        control = control or classes[byte] & CONTROL
                    position += 1
                    continue
                if byte < 0xE0:
                    point = (np.int32(byte) & 0x1F) << 6
                    width = 2
                elif byte < 0xF0:
                    point = (np.int32(byte) & 0x0F) << 12
                    width = 3
                else:
                    previous = 0
                    position += 4
                    continue
                if position + width > end:
                    break
                if width == 3:
                    point |= (np.int32(data[position + 1]) & 0x3F) << 6
                point |= np.int32(data[position + width - 1]) & 0x3F
                kind = classes[point]
                if kind & SUSPICIOUS or (previous and kind and (previous | kind) & TELLING):
                    first, last = min(first, position), position
                control = control or kind & CONTROL
                previous = kind & (COMMON | TELLING)
                position += width
            if control or (entity and plain):
                first = last = -1
            if control or last >= 0 or (entity and plain):
                if count < len(found):
                    found[count, 0], found[count, 1], found[count, 2], found[count, 3] = text, line, position, plain
                    found[count, 4], found[count, 5] = first, last
                count += 1
            line = position
    return count


# -- lines ------------------------------------------------------------------------------------------------------------


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
                if stop - 3 >= begun and data[stop - 1] == data[stop - 2] == data[stop - 3] == _DOT:
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
