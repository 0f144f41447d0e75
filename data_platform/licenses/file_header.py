"""What the head of a source file says: SPDX tags, licence notices, and limits without either.

'Confidential property of X', 'non-commercial use only' and 'not to be used to train models' above a file hold for it,
whatever the LICENSE of its folder says, also where no licence is named beside them. Read for that are the comments
before the first line of code, and of these the sentences alone that can mean nothing else (`limits`).

Belongs here: the part of a file that is looked at, and SPDX-License-Identifier tags
(https://spdx.github.io/spdx-spec/v2.3/using-SPDX-short-identifiers-in-source-files/). Does not: recognising notices
(`license_text`).
"""

from __future__ import annotations

import re

from data_platform.licenses import license_text, limits
from data_platform.licenses.observation import Observation, observe
from data_platform.spdx.expressions import CHOSEN, UNKNOWN, UNREADABLE, Reading, conjunction
from data_platform.spdx.tiers import RESTRICTED, tier

DETECTOR = "file_header@2"

HEAD_BYTES = 4_096
"""How much of a file counts as its head. Further down, a tag is more often talked about than stated."""

TAG = re.compile(r"SPDX-License-Identifier:[ \t]*([^\r\n]{1,300})")
"""An SPDX tag, and what it states."""
_NOTICE = re.compile("licen[sc]e|permi(?:ssion|tted)", re.I)
_CLOSING = re.compile(r"(?:\*+/|--+>|\*\)|#\}|%>|[\"'`])?[\s*#;]*$")
_LINE_COMMENT = re.compile(r"[ \t]*(?:#|//+|;+|--(?!\[\[)|%+|!|\'|dnl\b|rem\b|@rem\b)[-#/*=!<>|: \t]*", re.I)
_BLOCKS = (("/*", "*/"), ("<!--", "-->"), ("(*", "*)"), ("{-", "-}"), ("--[[", "]]"), ("=begin", "=end"), ("#|", "|#"),
           ('"""', '"""'), ("'''", "'''"), ("<#", "#>"))
_BLOCK_LINE = re.compile(r"^[ \t]*[*|#]*[ \t]?", re.M)
_BEFORE_COMMENTS = re.compile(
    r"(?:<\?(?:php|xml)\b[^\n]*|<!doctype[^\n]*|[\'\"]use strict[\'\"];?|package [\w.]+;?|%YAML[^\n]*|---)$", re.I)
"""Lines that stand above the first comment."""

def observations(payload: bytes, notices: bool) -> list[Observation]:
    """SPDX tags in the head of a file, and with `notices` licence notices, too."""
    head = payload[:HEAD_BYTES].decode("utf-8", "replace")
    found = [
        observe("spdx_header", "file", statement, DETECTOR)
        for tag in TAG.findall(head)
        if (statement := _CLOSING.sub("", tag).strip())
    ]
    if not notices:
        return found
    untagged = TAG.sub("", head)
    known = license_text.recognize_notice(untagged) if _NOTICE.search(untagged) else UNREADABLE
    if known.spdx != UNKNOWN:
        # Beside a tag a notice adds nothing, unless it restricts.
        if not found or tier(known.spdx) >= RESTRICTED:
            found.append(observe("license_file", "file", f"notice: {known.spdx}", license_text.DETECTOR, known))
    elif (reading := restrictions(untagged)) is not None:
        found.append(observe("license_file", "file", f"head of the file: {reading.spdx}", DETECTOR, reading))
    return found


def restrictions(head: str) -> Reading | None:
    """What the comments before the first line of code restrict; None if they do not, or no more than a free licence."""
    comments = _comments(head)
    found = limits.limits_of(comments)
    if not found:
        return None
    whole = license_text.recognize(comments)
    if whole.confidence >= license_text.WHOLE:
        # A notice that is known to the last word says what its words mean: "may not be used without permission".
        return whole if tier(whole.spdx) >= RESTRICTED else None
    return Reading(conjunction(found), CHOSEN)


def _comments(head: str) -> str:
    """The text of the comments at the start of a file, up to its first line of code."""
    kept: list[str] = []
    rest = head.lstrip("\ufeff \t\r\n")
    while rest:
        line, _, after = rest.partition("\n")
        opening = line.strip()
        block = next((pair for pair in _BLOCKS if opening.startswith(pair[0])), None)
        if block:
            start = rest.index(block[0]) + len(block[0])
            end = rest.find(block[1], start)
            kept.append(_BLOCK_LINE.sub("", rest[start:end if end >= 0 else len(rest)]))
            rest = rest[end + len(block[1]):].lstrip() if end >= 0 else ""
        elif match := _LINE_COMMENT.match(line):
            kept.append(line[match.end():].rstrip())
            rest = after
        elif not opening or _BEFORE_COMMENTS.match(opening):
            kept.append("")
            rest = after
        else:
            break
    return "\n".join(kept)
