"""What a file of text or code says of itself: copyright lines, the authors in its head, and a licence that it carries.

Belongs here: the file alone. Does not: what other files say of it (`trees`).
"""

from __future__ import annotations

import re

from data_platform.credits.copyright import copyright_lines
from data_platform.credits.credit import Credit, Notice, names, notice

HEAD_CHARACTERS = 16_384
"""How much of a file is searched for its authors and for a licence."""
MAX_CHARACTERS = 2**20
"""How much of it is searched for copyright lines."""
MAX_HEADER_LINES = 120

_AUTHOR = re.compile(
    r"^[\s/*#;%!\"'|:\-.]*(?:[@\\]authors?:?\s+|authors?\s*:\s*|__author__\s*=\s*[\"']|written by:?\s+|"
    r"original authors?:?\s+)(?P<who>[^\n]{2,200}?)[\"'\s*/]*$", re.I | re.M,
)
_CARRIES = re.compile(
    r"permission is hereby granted|redistribution and use in source and binary forms|permission to use, copy|"
    r"as-is|as is|licensed under|under the terms of|without warrant", re.I,
)
_LEAD = re.compile(r"^[ \t]*(?:/\*+!?|\*+/|\*+(?=\s|$)|//+!?|#+!?|;+|--+(?!>)|%+|\"\"\"|'''|<!--|-->|dnl\b|rem\b|"
               r"\.\.(?=\s|$)|\(\*|\*\))[ \t]?", re.I)
_CLOSES = re.compile(r"[ \t]*(?:\*+/|-->|\*\)|\"\"\"|''')[ \t]*$")
_WORDS = 40
"""A header of fewer words names a licence and is none, and is no notice either."""


def credit_of(text: str) -> Credit:
    """What a file credits: its copyright lines, its authors, and its header, if that carries a licence."""
    head = text[:HEAD_CHARACTERS]
    authors = names(match["who"] for match in _AUTHOR.finditer(head))
    return Credit(authors=authors, copyright=copyright_lines(text[:MAX_CHARACTERS]), notices=_header(head))


def _header(head: str) -> tuple[Notice, ...]:
    """The comment that a file begins with, if a licence or its notice stands in it, without the signs of comments."""
    if not _CARRIES.search(head):
        return ()
    lines: list[str] = []
    inside = ""
    for raw in head.splitlines()[:MAX_HEADER_LINES]:
        stripped = raw.strip()
        if not stripped:
            lines.append("")
            continue
        opened = next((mark for mark in ("/*", '"""', "'''", "<!--", "(*") if stripped.startswith(mark)), "")
        commented = inside or opened or re.match(r"//|#|;|--|%|dnl\b|rem\b|\.\.\s|\*", stripped, re.I)
        if not commented:
            break
        closing = {"/*": "*/", '"""': '"""', "'''": "'''", "<!--": "-->", "(*": "*)"}
        if opened in ('"""', "'''") and any(lines):
            # The docstring after the comment.
            break
        if opened and not inside:
            inside = "" if closing[opened] in stripped[len(opened):] else closing[opened]
        elif inside and inside in stripped:
            inside = ""
        if raw.startswith("#!"):
            continue
        lines.append(_CLOSES.sub("", _LEAD.sub("", raw)).rstrip())
    text = "\n".join(lines).strip()
    if len(text.split()) < _WORDS or not _CARRIES.search(text):
        return ()
    found = notice(text, "header of the file")
    return (found,) if found else ()
