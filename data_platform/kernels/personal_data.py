"""The compiled scan that finds what could be personal data: where a rule then looks closer.

Not here: what personal data is (`methods/edits/personal_data.py`).
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part

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
