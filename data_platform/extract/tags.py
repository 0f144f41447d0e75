"""How tags are read, by the HTML standard's rules for tokens (section 13.2.5): names, attributes, comments, end tags.

Here belongs what is true of the characters of one tag. Not here: which elements a tag opens or closes (`guard`,
`scan`). This module imports numba.
"""

from __future__ import annotations

from data_platform.kernels.ascii import is_space, lower
from data_platform.kernels.compiled import part
from data_platform.kernels.hashing import FNV_OFFSET, fnv1a

VOID = "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr"
"""Names of elements that have no content."""

RAW = "script style textarea title xmp iframe noembed noframes"
"""Names of elements of which all up to their end tag is text."""


@part()
def tag_name(data, at):
    """Hash of the name that begins at `at`, in lower case, and the position after it."""
    name = FNV_OFFSET
    while at < data.size and not is_space(data[at]) and data[at] != 47 and data[at] != 62:
        name = fnv1a(name, lower(data[at]))
        at += 1
    return name, at


@part()
def attribute(data, at):
    """Hash of the name of the next attribute, where its value begins and ends (an empty one at its end), and the
    position after it. That is negative if there is none: what `~` makes of it is the position of the `>`.
    """
    while at < data.size and (is_space(data[at]) or data[at] == 47):
        at += 1
    if at >= data.size or data[at] == 62:
        return FNV_OFFSET, at, at, ~at
    name = fnv1a(FNV_OFFSET, lower(data[at]))
    at += 1  # an attribute name may begin with "="
    while at < data.size and not is_space(data[at]) and data[at] != 47 and data[at] != 62 and data[at] != 61:
        name = fnv1a(name, lower(data[at]))
        at += 1
    while at < data.size and is_space(data[at]):
        at += 1
    if at >= data.size or data[at] != 61:
        return name, at, at, at
    at += 1
    while at < data.size and is_space(data[at]):
        at += 1
    if at < data.size and (data[at] == 34 or data[at] == 39):
        quote = data[at]
        at += 1
        first = at
        while at < data.size and data[at] != quote:
            at += 1
        return name, first, at, min(at + 1, data.size)
    first = at
    while at < data.size and not is_space(data[at]) and data[at] != 62:
        at += 1
    return name, first, at, at


@part()
def end_tag(data, at, start, stop):
    """Position of the first end tag from `at` on whose name is `data[start:stop]`, or -1."""
    length = stop - start
    while at + 2 + length < data.size:
        if data[at] == 60 and data[at + 1] == 47:
            same = 0
            while same < length and lower(data[at + 2 + same]) == lower(data[start + same]):
                same += 1
            last = data[at + 2 + length]
            if same == length and (is_space(last) or last == 47 or last == 62):
                return at
        at += 1
    return -1


@part()
def after_comment(data, at):
    """Position after the comment whose `--` stands at `at`, ended by `-->` or `--!>`."""
    while at + 2 < data.size:
        if data[at] == 45 and data[at + 1] == 45:
            if data[at + 2] == 62:
                return at + 3
            if data[at + 2] == 33 and at + 3 < data.size and data[at + 3] == 62:
                return at + 4
        at += 1
    return data.size


@part()
def after_greater(data, at):
    """Position after the next ">"; the end if there is none."""
    while at < data.size and data[at] != 62:
        at += 1
    return min(at + 1, data.size)
