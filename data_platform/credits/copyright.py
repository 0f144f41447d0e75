"""Copyright lines: 'Copyright (c) 2014 Ada Author', wherever they stand in a text.

The conditions of MIT, BSD and ISC ask for 'the above copyright notice', so lines are kept as they were written. What
licences say about copyright ('the above copyright notice', 'copyright holders be liable') and what waits to be
filled in ('Copyright [yyyy] [name of copyright owner]') is no such line, nor is the line of a licence about itself.

Belongs here: lines in plain text. Does not: pages (`pages`), what else the head of a file says (`files`).
"""

from __future__ import annotations

import re

from data_platform.credits.credit import MAX_LINES, line

_SIGN = r"\(c\)|©|&copy;|&#169;|&#xa9;|\\\(co|\\copyright"
_LEAD = re.compile(r"^[\s/*#;%!\"'<>|:@~=+.,_\-\\{}\[\]]*(?:(?:dnl|rem|comment|c)\s+(?=\S))?", re.I)
_TAIL = re.compile(r"\s*(?:\*+/|-->|\*\)|#\}|%>|\*+|\"\"\"|''')\s*$")
_LINE = re.compile(
    rf"^(?P<before>(?:[\w ,']{{0,60}}\b)?(?:(?:are|is|and|by|code|work|files?|portions?|parts?|version|"
    rf"modifications?|software|material|text|documentation|content)\s*:?\s*))?"
    rf"(?:spdx-(?:file|snippet)copyrighttext:\s*(?:{_SIGN})?|"
    rf"(?:copyright(?:ed|s)?\b|copr\.)\s*(?:notice:|:|by\b|holder:)?\s*(?:{_SIGN})?|"
    rf"(?:{_SIGN})\s*(?:copyright\b)?)[\s:,]*(?P<who>.*)$", re.I,
)
HINT = re.compile(rf"copyright|copr\.|{_SIGN}", re.I)
"""What every copyright line has."""
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_TALK = re.compile(
    r"^(?:and|or|in|to|of|on|as|for|if|is|are|the|this|that|these|any|all rights of|with|under|which|from|holders?|"
    r"owners?|notices?|laws?|licen[sc]\w*|interests?|statements?|rights?|act|protect\w*|infring\w*|claims?|status|material|works?|"
    r"treat\w*|disclaim\w*|information|years?|assign\w*|headers?|lines?|does|may|shall|must|should|can|will|have|has|over|"
    r"page|policy|symbol|free|issues?|reasons?|clearance|permission|management|agency|collective)\b"
    r"(?!.*\b(?:19|20)\d\d\b)", re.I,
)
"""How sentences about copyright go on; a year makes a line of them nevertheless."""
_BLANK = re.compile(
    r"[<\[{(]\s*(?:yyyy|years?|dates?|(?:full ?)?names?|owners?|authors?|copyright|holders?|organi[sz]ation|company|"
    r"project|your)\b[^>\]})]*[>\]})]|\b(?:yyyy|year)\b[^\w]+(?:your|name|owner|author)|\{[{%]|\$\{|%s|<[%?]", re.I,
)
_OWN_LINE = re.compile(r"free software foundation|creative commons corporation|sil international|perl foundation", re.I)
"""Whose licences carry a line about the licence itself. It stays with the text of the licence."""
_OWN_TEXT = re.compile(
    r"everyone is permitted to copy\s+and distribute verbatim\s+copies|creative commons public license|"
    r"sil open font license\W+version", re.I,
)


def copyright_lines(text: str, most: int = MAX_LINES) -> tuple[str, ...]:
    """The copyright lines of a text in order, each once.

    A line that ends in ',' or 'and' goes on in the next. Signs of comments around a line are none of it.
    """
    if not HINT.search(text):
        return ()
    about_itself = bool(_OWN_TEXT.search(text))
    found: dict[str, None] = {}
    lines = text.splitlines()
    for place, raw in enumerate(lines):
        if len(raw) > 2_000 or not HINT.search(raw):
            continue
        stated = _stripped(raw)
        if not _is_line(stated):
            continue
        after = place + 1
        while re.search(r"(?:,|\band|\bby|&)$", stated) and after < min(len(lines), place + 4):
            more = _stripped(lines[after])
            if not more or _is_line(more):
                break
            stated, after = f"{stated} {more}", after + 1
        if not (about_itself and _OWN_LINE.search(stated)):
            found[line(stated)] = None
        if len(found) >= most:
            break
    return tuple(found)


def _stripped(raw: str) -> str:
    return line(_TAIL.sub("", _LEAD.sub("", raw)))


def _is_line(stated: str) -> bool:
    match = _LINE.match(stated)
    if match is None or len(stated) > 400:
        return False
    who = match["who"].strip(" .,:;-")
    if not re.search(r"\w", who) or _BLANK.search(stated):
        return False
    signed = bool(re.search(_SIGN, stated[: match.start("who")], re.I))
    if _TALK.match(who) and not (signed and "copyright" in stated.lower()) and not re.match(r"The [A-Z]", who):
        return False
    if re.match(r"\(c\)(?!\W*copyright)", stated, re.I) and not _YEAR.search(who[:60]):
        # The third point of a list.
        return False
    # 'copyright' followed by small letters is prose, unless a year or a sign says that it is a notice.
    named = bool(_YEAR.search(who)) or who[:1].isupper() or not who[:1].isascii() or who[:1].isdigit()
    if match["before"] and not _YEAR.search(who):
        return False
    return named or signed
