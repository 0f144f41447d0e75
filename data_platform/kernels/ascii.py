"""ASCII in compiled loops: case, letters and white space."""

from __future__ import annotations

from data_platform.kernels.compiled import part

LINE_FEED = 0x0A


@part()
def lower(byte):
    """A byte or code point with ASCII's capitals made small."""
    return byte + 32 if 65 <= byte <= 90 else byte


@part()
def is_space(byte):
    """Whether a byte is ASCII white space as HTML has it: space, tab, line feed, form feed, carriage return."""
    return byte == 32 or (9 <= byte <= 13 and byte != 11)


@part()
def is_alphanumeric(byte):
    """Whether a byte is a letter or a digit of ASCII."""
    return 48 <= byte <= 57 or 97 <= lower(byte) <= 122


@part()
def is_blank(data, start, end):
    """Whether `data[start:end]` is all white space of ASCII, the vertical tab included."""
    for position in range(start, end):
        byte = data[position]
        if byte != 32 and not 9 <= byte <= 13:
            return False
    return True
