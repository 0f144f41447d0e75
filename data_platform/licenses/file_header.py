"""What the head of a source file says: SPDX tags, licence notices, and limits without either.

'Confidential property of X', 'non-commercial use only' and 'not to be used to train models' above a file hold for it,
whatever the LICENSE of its folder says, also where no licence is named beside them. Read for that are the comments
before the first line of code, and of these sentences alone that can mean nothing else: comments also say how code is to
be used.

Belongs here: the part of a file that is looked at, and SPDX-License-Identifier tags
(https://spdx.github.io/spdx-spec/v2.3/using-SPDX-short-identifiers-in-source-files/). Does not: recognising notices
(`license_text`).
"""

from __future__ import annotations

import re

from data_platform.licenses import leftovers, license_text
from data_platform.licenses.observation import Observation, observe
from data_platform.spdx.expressions import CHOSEN, RESTRICTED_USE, UNKNOWN, UNREADABLE, Reading, conjunction
from data_platform.spdx.tiers import RESTRICTED, tier

DETECTOR = "file_header@2"

HEAD_BYTES = 4_096
"""How much of a file counts as its head. Further down, a tag is more often talked about than stated."""

_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*([^\r\n]{1,300})")
_NOTICE = re.compile("licen[sc]e|permi(?:ssion|tted)", re.I)
_CLOSING = re.compile(r"(?:\*+/|--+>|\*\)|#\}|%>|[\"'`])?[\s*#;]*$")
_LINE_COMMENT = re.compile(r"[ \t]*(?:#|//+|;+|--(?!\[\[)|%+|!|\'|dnl\b|rem\b|@rem\b)[-#/*=!<>|: \t]*", re.I)
_BLOCKS = (("/*", "*/"), ("<!--", "-->"), ("(*", "*)"), ("{-", "-}"), ("--[[", "]]"), ("=begin", "=end"), ("#|", "|#"),
           ('"""', '"""'), ("'''", "'''"), ("<#", "#>"))
_BLOCK_LINE = re.compile(r"^[ \t]*[*|#]*[ \t]?", re.M)
_BEFORE_COMMENTS = re.compile(
    r"(?:<\?(?:php|xml)\b[^\n]*|<!doctype[^\n]*|[\'\"]use strict[\'\"];?|package [\w.]+;?|%YAML[^\n]*|---)$", re.I)
"""Lines that stand above the first comment."""
_SENTENCE = re.compile(r"(?:[^.;!?\n]|\n(?![ \t]*\n)|\.(?=\w))+[.;!?]?")
_LIMITED = re.compile(
    r"\b(?:strictly|highly|company|trade\s+secrets?|proprietary)\s+(?:and\s+)?confidential|"
    r"\bconfidential\s+(?:and\s+|&\s*|/\s*)?"
    r"(?:proprietary|information|property|material|source)|^\W*(?:confidential|proprietary)\b\W*(?:$|\n)|"
    r"\btrade\s+secrets?\b|"
    r"\b(?:proprietary|confidential)\s+(?:and\s+confidential\s+)?(?:property|rights|software|code|source|"
    r"information|to|of)\b|"
    r"\b(?:do|may|must|shall|should|is|are)\s+not\s+(?:to\s+)?(?:be\s+)?(?:re)?(?:distribut\w+|sold|sell|"
    r"publish\w*|disclos\w+|"
    r"shar\w+|cop(?:y|ied)|reproduc\w+)(?!\s+(?:it|them|the\s+(?:data|result|object|value)s?)\b)|"
    r"\bunauthori[sz]ed\s+(?:use|cop|reproduc|distrib|disclos|modif)|"
    r"\b(?:use|reproduction|disclosure|distribution|redistribution|modification|copying|duplication)s?\b[^.]{0,160}?"
    r"\b(?:(?:strictly|expressly)\s+)?(?:prohibited|forbidden)|"
    r"\bwithout\s+(?:(?:the|an?|our|my|express\w*|explicit|prior|written|specific)[\s,]+)*(?:permission|consent|"
    r"licen[sc]e|authori[sz]ation|"
    r"approval)\b|\bcommercial\s+(?:use|purposes?|redistribution|licen[sc]e)\b[^.]{0,60}?\b(?:requir|need|"
    r"prohibit|forbid|not|contact|"
    r"without|pay|purchas)|\bnon\W?commercial(?:ly)?\s+(?:\w+\s+){0,2}?(?:use|purposes?|only)|"
    r"\bnot\s+(?:to\s+be\s+used\s+)?for\s+"
    r"(?:any\s+)?(?:commercial|resale|sale|redistribution|profit)\b|\bno\s+(?:commercial|redistribution)\b|"
    r"\b(?:personal|academic|research|educational|evaluation|scholarly)(?:\s+(?:and|or)\s+\w+)?\s+(?:use|"
    r"purposes?)\s+only\b|"
    r"\bonly\s+for\s+(?:personal|academic|research|educational|evaluation|scholarly)(?:\s+(?:and|"
    r"or)\s+\w+)?\s+(?:use|purposes?)\b",
    re.I)
"""Limits in words of the law; how code is to be called is said in others."""
_OF_NAMES = re.compile(
    r"\bendorse\s+or\s+promote|\badvertising\b|\bexcept\s+(?:according|in\s+compliance)|\bprovided\s+that\b", re.I)
"""Conditions of free licences that sound like limits."""
_OF_THIS = re.compile(
    r"\b(?:this|the|these|our|my)\s+(?:\w+\s+)?(?:software|files?|code|program|library|package|work|materials?|"
    r"source|scripts?|modules?|"
    r"project|repository|documents?|content)\b|\bcopyright|©|\(c\)|\bauthors?\b|\bpermi(?:t|ss)|"
    r"\bdo\s+not\s+(?:train|use)|\bnot\s+for\b|\bno\s+(?:ai|ml|tdm)\b",
    re.I)
"""A reservation against training speaks of the file; other sentences on training, of what the code does."""


def observations(payload: bytes, notices: bool) -> list[Observation]:
    """SPDX tags in the head of a file, and with `notices` licence notices, too."""
    head = payload[:HEAD_BYTES].decode("utf-8", "replace")
    found = [
        observe("spdx_header", "file", statement, DETECTOR)
        for tag in _TAG.findall(head)
        if (statement := _CLOSING.sub("", tag).strip())
    ]
    if not notices:
        return found
    untagged = _TAG.sub("", head)
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
    found: set[str] = set()
    for sentence in _SENTENCE.findall(comments):
        if _OF_NAMES.search(sentence):
            continue
        if _LIMITED.search(sentence.strip()):
            found |= leftovers.restrictions(sentence) or {RESTRICTED_USE}
        elif _OF_THIS.search(sentence) and leftovers.reserves(sentence):
            found |= leftovers.restrictions(sentence)
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
