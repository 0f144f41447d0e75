"""Licence texts and notices: which licence a LICENSE file or the head of a source file holds.

A text is covered by the licence texts and notices that are known (`matching`: the SPDX list's and ScanCode's), each as
a whole, and what is left over is read (`leftovers`). A licence is named alone only if all that it says is there and all
that is there is explained: a sentence more makes the reading unknown, or restricted where it restricts, and a
licence with a hole in it is not read as the one that it would be without. A text that is cut off at its end is named if
most of it is there and no less free licence begins like it.

Belongs here: from matches and leftovers to one reading. Does not: SPDX tags and which part of a file is looked at
(`file_header`), and the names of licences (`names`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from data_platform.licenses import leftovers
from data_platform.licenses.known_texts import EXCEPTION, known
from data_platform.licenses.known_texts import NOTICE as NOTICE_TEXT
from data_platform.licenses.leftovers import Leftover
from data_platform.licenses.license_words import words_of
from data_platform.licenses.matching import Match, Matcher
from data_platform.spdx.expressions import (
    ALL_RIGHTS_RESERVED,
    CHOSEN,
    UNKNOWN,
    UNREADABLE,
    Reading,
    conjunction,
    identifiers_of,
    normalize,
    parse,
    read,
)

DETECTOR = "license_text@4"

MAX_CHARACTERS = 400_000
"""Longer texts are cut, and what is cut off is unknown: the longest licence has 50,000 characters; more is a bundle."""

WHOLE, PART = 0.95, 0.7
"""Confidence of a text that is explained to the last word, and of one that is not, or is cut off at its end."""
NOTICE = 0.85
"""Confidence of a notice in the head of a file, and upper bound for GNU texts, which do not say 'or later'."""

LEAST_NAMED = 0.6
"""Share of a licence's words that have to be there for it to be named at all."""
LEAST_OF_CUT = 0.5
"""Share of the words that have to be there of a text that is cut off at its end."""
_MAX_NOTICE_WORDS = 400
_NOTICES = (
    (re.compile(r"licensed under the apache license version 2 0"), "Apache-2.0"),
    (re.compile(r"subject to the terms of the mozilla public license v 2 0"), "MPL-2.0"),
)
_GNU_NOTICE = re.compile(
    r"terms of (?:version (?P<early>\d(?: \d)?) of )?the gnu (?P<kind>lesser |library |affero |)general public license"
    r"(?: as published by the free software foundation)?"
    r"(?: (?:either )?version (?P<version>\d(?: \d)?)(?: of the license)?(?P<later> or at your option any later)?)?"
)
_OF_ANOTHER = re.compile(r"\b(?:(?:third|3rd)\W+part(?:y|ies)|draft)\b", re.I)
"""What stands above a licence that is not, or not yet, the one of what it stands beside."""
_LEAST_TERMS = 4
"""Words of terms that make a text one that has something to say, though it is not understood."""
_TERMS = re.compile(r"\b(?:licen[sc]\w*|permi\w+|redistribut\w*|copyright\w*|warrant\w*|prohibit\w*|terms|rights?)\b",
                    re.I)


@lru_cache(maxsize=256)
def recognize(text: str) -> Reading:
    """The licences that `text` holds, all of them (AND), and what is added to them; or an unreadable reading.

    What cannot be understood adds `LicenseRef-unknown`; what restricts adds a LicenseRef of tier 5. A text of terms of
    which nothing is known is unknown with confidence, so that it is not passed over for what stands beside it. A short
    text without a licence may hold a licence's name.
    """
    cut = text[:MAX_CHARACTERS]
    matcher = Matcher(words_of(cut))
    found = _Found(matcher)
    if len(text) > MAX_CHARACTERS:
        found.terms.add(UNKNOWN)
    if found.named:
        return found.reading()
    words = _plain(cut)
    if words.count(" ") < _MAX_NOTICE_WORDS:
        notice = _notice(words)
        if notice.confidence:
            return _with(notice, _beside_notice(matcher, found))
        named = read(text)
        # 'All rights reserved' stands in NOTICE files of free software, too: alone it neither permits nor refuses.
        if named.confidence and named != (ALL_RIGHTS_RESERVED, CHOSEN):
            return _with(named, found.terms - {UNKNOWN, named.spdx})
    if restricted := {one for one in found.terms if one != UNKNOWN}:
        return Reading(conjunction(restricted), PART)
    return Reading(UNKNOWN, PART) if UNKNOWN in found.terms and len(_TERMS.findall(cut)) >= _LEAST_TERMS else UNREADABLE


class _Found:
    """What the matches in a text name, and which terms the rest adds."""

    def __init__(self, matcher: Matcher, surroundings: bool = True) -> None:
        self.named: list[Match] = []
        self.exceptions: list[Match] = []
        self.terms: set[str] = set()
        self.cut = False
        self.explained = [False] * len(matcher.words.words)
        for match in matcher.cover():
            self._take(match)
        self.identifiers = frozenset(
            name for match in self.named for name in identifiers_of(match.expression))
        self.matcher = matcher
        first = min((match.start for match in self.named), default=0)
        if surroundings and _OF_ANOTHER.search(matcher.raw(0, first) if first else ""):
            self.terms.add(UNKNOWN)
        if surroundings:
            for start, end, heading in self.gaps():
                self._read(start, end, heading)

    def _take(self, match: Match) -> None:
        share = match.matched / match.length
        readable = match.exact or (share >= LEAST_NAMED and match.score > 0)
        if match.kind == EXCEPTION:
            if not match.exact or match.cut:
                return
            self.exceptions.append(match)
        elif match.cut > 3 and readable:
            if share < LEAST_OF_CUT or (match.kind == NOTICE_TEXT and share < 0.8):
                return
            self.named.append(match)
            self.cut = True
            if match.rivals:
                self.terms.add(UNKNOWN)
        elif readable:
            self.named.append(match)
        else:
            return
        if match.missing:
            self.terms.add(UNKNOWN)
        self.explained[match.start:match.end] = [True] * (match.end - match.start)
        for hunk in match.unread:
            self.explained[hunk.start:hunk.end] = [False] * (hunk.end - hunk.start)

    def gaps(self) -> Iterator[tuple[int, int, bool]]:
        """Stretches that nothing explains, and whether they stand outside of all licences."""
        inside = [(hunk.start, hunk.end) for match in self.named for hunk in match.unread]
        position = 0
        while position < len(self.explained):
            end = position
            while end < len(self.explained) and not self.explained[end]:
                end += 1
            if end > position:
                yield position, end, not any(low <= position < high for low, high in inside)
            position = end + 1

    def _read(self, start: int, end: int, heading: bool) -> None:
        text = self.matcher.raw(start, end)
        # Titles stand above a licence; what stands below the last one is no title.
        heading = heading and end < len(self.explained)
        self.terms |= leftovers.terms_of(Leftover(text, heading), known().legal, self.identifiers)

    def reading(self) -> Reading:
        """All that holds, and how sure that is."""
        expressions = set(_merged(self._with_exceptions()))
        certainty = PART if self.terms or self.cut else WHOLE
        gnu = any(name.startswith(("GPL", "LGPL", "AGPL", "GFDL")) for name in self.identifiers)
        return Reading(conjunction(expressions | self.terms), min(certainty, NOTICE if gnu else WHOLE))

    def _with_exceptions(self) -> set[str]:
        named = {match.expression for match in self.named}
        gnu = {name for name in named if name.startswith(("GPL", "LGPL", "AGPL")) and " " not in name}
        if len(gnu) == 1 and len(self.exceptions) == 1:
            (name,) = gnu
            try:
                joined = parse(f"{name} WITH {self.exceptions[0].expression}").render()
            except ValueError:
                return named
            return named - gnu | {joined}
        return named


def _merged(expressions: Iterable[str]) -> set[str]:
    """The text of a GNU licence does not say whether later versions may be chosen; a notice beside it does."""
    named = set(expressions)
    return {name for name in named
            if not (name.endswith("-only") and f"{name.removesuffix('-only')}-or-later" in named)}


def _with(reading: Reading, terms: Iterable[str]) -> Reading:
    terms = set(terms)
    return Reading(conjunction({reading.spdx, *terms}), min(reading.confidence, PART)) if terms else reading


def recognize_notice(text: str) -> Reading:
    """The licence that a notice puts a file under ('Licensed under the Apache License, Version 2.0'), or unreadable.

    A full text in place of a notice counts, too, as short licences are often copied into every file; what surrounds it
    there is code and what is said of it, and counts if it restricts.
    """
    matcher = Matcher(words_of(text))
    found = _Found(matcher, surroundings=False)
    if found.named:
        reading = found.reading()
        terms = _beside_notice(matcher, found)
    else:
        reading = _notice(_plain(text))
        terms = _beside_notice(matcher, found) if reading.confidence else set()
    reading = _with(reading, terms)
    return Reading(reading.spdx, min(NOTICE, reading.confidence)) if reading.confidence else UNREADABLE


_SAID_OF_USE = re.compile(
    r"licen[sc]|permi(?:t|ssion)|\bpurposes?\s+only|\buse\s+only|commerc|redistribut|\bsell|\bsold\b|\bfees?\b|royalt|weapon|military|"
    r"\b(?:this|the)\s+(?:software|file|code|program|library|package|work|material|source)s?\b(?:\W+\w+){0,4}?\W+"
    r"(?:may|must|shall|can|cannot|is|are|be)\b|\buse\s+(?:is|of|in|by|for)\b|\buse\s+(?:this|only)\b", re.I)
"""What a sentence in a file has that speaks of the file's use, and not of what its code does."""
_COMMENT_SIGN = re.compile(r"\s*(?:#|//|/\*|\*|;|--|<!--|%|!|dnl\b|rem\b|\(\*|\"\"\"|\'\'\'|$)", re.I)
_SENTENCE = re.compile(r"[^.;!?]*[.;!?]?")


def _beside_notice(matcher: Matcher, found: _Found) -> set[str]:
    """What the comments around a notice restrict. Code, and comments on what code does, say nothing of licences."""
    covered = list(found.explained)
    for match in matcher.matches:
        # What belongs to another notice, or only begins like one, is no rider.
        if match.exact:
            covered[match.start:match.end] = [True] * (match.end - match.start)
    terms: set[str] = set()
    position = 0
    while position < len(covered):
        end = position
        while end < len(covered) and not covered[end]:
            end += 1
        if end > position:
            for sentence in _SENTENCE.findall(_comments(matcher.raw(position, end))):
                if _SAID_OF_USE.search(sentence):
                    terms |= leftovers.restrictions(sentence)
        position = end + 1
    return terms


def _comments(text: str) -> str:
    """Text up to the first line of code: from there on a file speaks of other things. The first line continues one."""
    kept: list[str] = []
    signed = False
    for number, line in enumerate(text.split("\n")):
        sign = bool(_COMMENT_SIGN.match(line))
        if number and signed and not sign:
            break
        signed = signed or (sign and bool(line.strip()))
        kept.append(re.sub(_COMMENT_SIGN, " ", line, count=1))
    return " ".join(kept)


def _plain(text: str) -> str:
    """Lower-case words separated by single spaces: comment signs, quotes and line breaks no longer matter."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def _notice(words: str) -> Reading:
    found = {spdx for pattern, spdx in _NOTICES if pattern.search(words)}
    for match in _GNU_NOTICE.finditer(words):
        kind = {"lesser ": "LGPL", "library ": "LGPL", "affero ": "AGPL", "": "GPL"}[match["kind"]]
        version = match["version"] or match["early"]
        if version:
            version = version.replace(" ", ".")
            version = version if "." in version else f"{version}.0"
            found.add(normalize(f"{kind}-{version}-{'or-later' if match['later'] else 'only'}"))
        else:
            found.add(normalize(kind))
    return Reading(conjunction(found), NOTICE) if found else UNREADABLE
