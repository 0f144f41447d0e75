"""Files of a tree that restrict what lies below them beside its LICENSE: terms, policies, addenda, notices.

An ADDENDUM beside an MIT text, a USE_POLICY, a NO_AI, a COPYRIGHT that says 'all rights reserved' free nothing; each
may restrict. Of files whose names are for terms, what is said and cannot be read is unknown; of notices and
disclaimers, which mostly say nothing of use, only what plainly restricts counts.

A COPYRIGHT states what it names, free licences too.

Belongs here: such files by their names, and what each limits. Does not: READMEs (`readme`), LICENSE files and whose
files these are (`trees`), files for crawlers (`site_files`).
"""

from __future__ import annotations

import re

from data_platform.ingest.evidence_files import RESERVATION, is_reservation
from data_platform.licenses import leftovers, license_text, limits, own_terms, readme
from data_platform.spdx.expressions import (
    ALL_RIGHTS_RESERVED,
    CHOSEN,
    NAMED,
    OPT_OUT,
    RESTRICTED_USE,
    UNREADABLE,
    Reading,
    conjunction,
    identifiers_of,
)
from data_platform.spdx.tiers import RESTRICTED, tier
from data_platform.spdx.tiers import UNKNOWN as UNKNOWN_TIER

_END = r"(?:\.(?:txt|md|markdown|rst|adoc|html?))?"
_TERMS = (
    r"(?:(?:end[-_ ]?)?user[-_ ]?(?:licen[sc]e[-_ ]?)?agreement|eula|(?:additional[-_]|special[-_])?"
    r"terms(?:[-_ ](?:of|and)[-_ ](?:use|services?|conditions))?|addend(?:um|a)|rider|commons[-_]clause|"
    r"(?:usage[-_]|use[-_])?restrictions?|(?:licen[sc]e[-_])?exceptions?|(?:acceptable[-_])?use[-_]policy|"
    r"usage[-_](?:policy|terms|rights)|ai[-_]policy|data[-_]use[-_]agreement|dua|nutzungsbedingungen)"
)
_NOTICES = r"(?:copyrights?|notices?|disclaimer|legal(?:[-_]notice)?|rights|llms(?:-full)?|policy|policies|patents)"
PATTERN = rf"(?:(?:{_TERMS}|{_NOTICES}){_END}|{RESERVATION})"
"""What the name of such a file looks like, without regard to case."""
_OF_TERMS = re.compile(rf"{_TERMS}{_END}", re.I)
_OF_NOTICE = re.compile(rf"notices?{_END}", re.I)
_OF_COPYRIGHT = re.compile(rf"copyrights?{_END}", re.I)
_NAME = re.compile(PATTERN, re.I)
_POINTER = re.compile(
    r"\W*(?:please\s+)?(?:see|refer\s+to)\s+(?:the\s+)?(?:file\s+)?[`'\"\[]*(?:licen[sc]e|copying)\S*\W*",
    re.I)
_SENTENCE = re.compile(r"[^.;!?]+[.;!?]?")


def is_beside(name: str) -> bool:
    """Whether a file of that name, without its folder, may restrict what lies below it."""
    return bool(_NAME.fullmatch(name))


def limits_of(name: str, text: str) -> Reading | None:
    """What a file of that name limits, or, of a COPYRIGHT, states; None if it says nothing of use."""
    if is_reservation(name):
        return Reading(OPT_OUT, NAMED)
    reading = license_text.recognize(text)
    of_copyright = bool(_OF_COPYRIGHT.fullmatch(name))
    if reading.confidence and tier(reading.spdx) < UNKNOWN_TIER:
        return reading if of_copyright else None
    if reading.confidence and tier(reading.spdx) >= RESTRICTED:
        return reading
    found = _plainly_restricted(text)
    if _OF_NOTICE.fullmatch(name):
        # There it is boilerplate beside the licence of the whole.
        found.discard(ALL_RIGHTS_RESERVED)
    if found:
        return Reading(conjunction(found), CHOSEN)
    if _OF_TERMS.fullmatch(name) and not _POINTER.fullmatch(text) and (reading.confidence or says_something(text)):
        return reading if reading.confidence else UNREADABLE
    if of_copyright and says_something(text) and not own_terms.grants_or_points(text):
        return UNREADABLE
    return None


def is_of_terms(name: str) -> bool:
    """Whether a file of that name holds terms, wherever below a folder for such texts it lies."""
    return bool(_OF_TERMS.fullmatch(name))


def says_something(text: str) -> bool:
    """Whether a text is made of sentences or terms, and no list of names."""
    return any(leftovers.is_speech(word.lower()) for word in re.findall(r"[^\W\d_]+", text))


def _plainly_restricted(text: str) -> set[str]:
    found: set[str] = set()
    if limited := readme.limits_of(text):
        found |= identifiers_of(limited.spdx)
    for sentence in _SENTENCE.findall(text):
        if not limits.OF_FREE_LICENSES.search(sentence):
            found |= leftovers.restrictions(sentence) - {RESTRICTED_USE, ALL_RIGHTS_RESERVED}
    return found
