"""What fields tell of use that state no licence: whether it is allowed, for whom, until when it is not, what is added.

`is_open: false`, `usage: research`, `embargo_until: 2099-01-01`, `cc: by-nc`, `license_status: revoked`. None of them
frees anything; each may restrict, or make doubtful, whatever a licence beside it says.

Belongs here: what the value of one such field amounts to. Does not: names of fields (`spdx/fields`, `spdx/questions`),
values that state licences (`values`), response headers (`headers`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from data_platform.licenses import limits
from data_platform.spdx.expressions import (
    ACADEMIC,
    CHOSEN,
    NAMED,
    NO_DERIVATIVES,
    NON_COMMERCIAL,
    RESTRICTED_USE,
    UNKNOWN,
    UNREADABLE,
    Reading,
    conjunction,
    read,
)
from data_platform.spdx.fields import Role, role_of, words_of

EMBARGO = "embargo: "
"""What a statement begins with that binds for a time only."""
_SHORT_NOTE = 80
_LONGEST = 400
_OPENNESS = re.compile(r"\b(?:open|oa|openaccess|free|freely|openly|public|publicly|reusable|copyrighted|copyright|"
                       r"paywall(?:ed)?|embargoed|closed|gated|paid|premium|pd|licen[sc]e|licensed|rights|"
                       r"payment|subscription|registration|login)\b")
_DENIAL = re.compile(
    r"\s*(?:(?:0(?:\.0*)?|n|no|none|never|off|false|f|closed|restricted|private|embargo(?:ed)?|paywall(?:ed)?|paid|"
    r"subscription|proprietary|withdrawn|revoked|expired|nein|non|falsch|faux|否|不)\s*$|not\b|no\b|never\b|disallow|"
    r"den(?:y|ied)|prohibit|forbid|refus|reserved|restricted|opt(?:ed)?[ _-]?out)", re.I)
_YES = re.compile(r"\s*(?:true|yes|y|t|on|1(?:\.0*)?|x|required|ja|oui|wahr|是)\s*", re.I)
_NOTHING = re.compile(
    r"[\s.,_/-]*(?:no|none|null|nil|n/?a|na|nan|false|0(?:\.0*)?|-+|not applicable|"
    r"no (?:restrictions?|limitations?|embargo|conditions?)|keine?|aucune?|ninguna?)?[\s.,_/-]*", re.I)
_COUNTED = frozenset({"derivatives", "modifications", "adaptations", "permissions"})
"""Of these 0 tells how many there are."""
_HARMLESS = re.compile(
    r"\W*(?:include[- ]copyright(?:--source)?|document[- ]changes|(?:state|indicate)[- ]changes|disclose[- ]source|"
    r"same[- ]license(?:--\w+)?|network[- ]use[- ]disclose|liability|warranty|trademark[- ]use|patent[- ]use|"
    r"attribution|share[- ]?alike|notice|cite|citation|credit)\W*", re.I)
"""Conditions that free licences have, as GitHub and creativecommons.org name them."""
_CONFINING = re.compile(
    r"research(?:ers?)?|academi(?:a|c|cs)|education(?:al)?|teaching|stud(?:y|ents?)|scholarly|scientific|personal|"
    r"private|internal|evaluation|testing|trial|non\W?commercial|non\W?profits?|nc|hobby(?:ists?)?|members?|"
    r"subscribers?|schools?|universit(?:y|ies)|staff|employees|partners?|registered|licensees?|clients?|customers?|"
    r"individual|home|domestic", re.I)
_OF_CONFINEMENT = re.compile(
    r"only|solely|exclusively|strictly|for|use[rs]?|uses|usage|purposes?|and|or|the|of|in|an?|to|within|limited|"
    r"restricted|institutions?|organi[sz]ations?|groups?|projects?|communit(?:y|ies)", re.I)
_SOLELY = re.compile(r"\b(?:only|solely|exclusively|strictly|limited|restricted)\b|\bnur\b|\bseulement\b", re.I)
_SCHOLARLY = re.compile(r"research|academ|educat|teach|stud|scholar|scien|school|universit", re.I)
_ELEMENTS = frozenset({"by", "nc", "nd", "sa", "zero", "0"})
_ELEMENT_WORD = re.compile(r"[a-z]+|\d(?:\.\d)?", re.I)
_WIDE = re.compile(
    r"\W*(?:any(?:one|thing|body)?|all|every(?:one|thing|body)|world(?:wide)?|global(?:ly)?|ww|unlimited|unrestricted|"
    r"whole|full|works?|texts?|full\W?text|content|articles?|documents?|data|datasets?|files?|free|public|"
    r"perpetual|none|no|n/?a|0(?:\.0+)?|1(?:\.0+)?|100(?:\.0+)?%?|main|default|vor|am|international|unported)?\W*",
    re.I)
"""What qualifies a licence without narrowing it."""
_GOOD = re.compile(r"\W*(?:active|approved|valid|current|ok(?:ay)?|published|final|granted|verified|confirmed|"
                   r"true|yes|1|open|retired|superseded|live|in force)\W*", re.I)
_NARROWING = frozenset({
    "use", "uses", "usage", "for", "purpose", "purposes", "audience", "territory", "territories", "region", "regions",
    "country", "countries", "scope", "applies to", "coverage", "covers", "part", "parts", "price", "fee", "fees",
    "cost", "note", "notes", "remark", "remarks", "comment", "comments", "footnote", "footnotes", "additional", "extra",
    "rider", "warning", "modification", "modifications", "changes", "amendment", "amendments", "users", "user",
    "field of use", "fields of use", "restriction", "restrictions", "exception", "exceptions", "exclusions",
    "limitations", "only for", "valid for", "valid in", "who", "where", "plus", "caveat", "caveats", "but", "with",
})
"""Fields beside the name of a licence that say for what or whom it holds."""
_STATUSES = frozenset({"status", "state", "validity"})
_DOUBTED = frozenset({"modified", "changed", "revoked", "expired", "previous", "former", "formerly", "withdrawn",
                      "planned", "pending", "disputed", "doubtful", "uncertain", "guess", "guessed", "inferred",
                      "assumed", "custom", "nonstandard", "non standard", "tentative", "draft", "proposed"})
_AFFIRMED = frozenset({"valid", "verified", "active", "approved", "current", "confirmed", "ok", "open", "free",
                       "in force"})
_ENDING = frozenset({"until", "expires", "expiry", "expiration", "end", "end date", "ends", "valid until", "valid to",
                     "expires at", "expires on", "expiry date", "expiration date", "valid thru", "valid through"})
_BEGINNING = frozenset({"from", "start", "starts", "start date", "begin", "begins", "valid from", "effective",
                        "effective date", "effective from", "since"})
_DELAYS = frozenset({"delay in days", "delay", "embargo", "embargo days"})
_USUAL = re.compile(
    r"\W*(?:commercial[- ]use|modifications?|(?:re)?distribution|private[- ]use|patent[- ]use)\W*", re.I)
"""What free licences permit, as GitHub names it."""
_SURENESS = frozenset({"confidence", "score", "probability", "certainty", "prob", "conf"})
_LEAST_SURE = 0.5


def answer(role: Role, words: str, value: Any) -> Reading | None:
    """What a field restricts that says whether a use is allowed (`permits`) or limited; None if it does not."""
    values = value if isinstance(value, list | tuple) else [value]
    if role == "permits":
        denied = any(map(_denies, values)) and not (words in _COUNTED and type(value) in (int, float))
    else:
        denied = any(map(affirms, values))
    if not denied:
        return None
    there = set(words.split())
    if there & {"commercial", "commercially", "nc", "noncommercial"}:
        return Reading(NON_COMMERCIAL, NAMED)
    if there & {"nd", "noderivs", "noderivatives", "derivatives"}:
        return Reading(NO_DERIVATIVES, NAMED)
    # Of what is closed, paid for or in copyright nobody knows what it allows.
    return UNREADABLE if _OPENNESS.search(words) else Reading(RESTRICTED_USE, NAMED)


def denied(value: Any) -> bool:
    """Whether a value says no, or one of several does."""
    return any(isinstance(inner, bool | str) and _denies(inner)
               for inner in (value if isinstance(value, list | tuple) else [value]))


def _denies(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_DENIAL.match(value))
    return isinstance(value, bool | int | float) and value == 0


def confined(words: str, text: str) -> Reading | None:
    """What the words for users and purposes in a field that speaks of use restrict it to; None if to nothing.

    'research and teaching', 'non-commercial', 'members only'. Who is named without 'only' as an audience or a purpose
    is whom a text was written for.
    """
    there = re.findall(r"[\w'-]+", text)
    if not 0 < len(there) <= 12 or not all(
            _CONFINING.fullmatch(word) or _OF_CONFINEMENT.fullmatch(word) for word in there):
        return None
    if not any(map(_CONFINING.fullmatch, there)) or (
            not set(words.split()) & {"use", "uses", "usage", "permitted", "allowed"} and not _SOLELY.search(text)):
        return None
    if re.search(r"non\W?(?:commercial|profit)|\bnc\b", text, re.I):
        return Reading(NON_COMMERCIAL, CHOSEN)
    return Reading(ACADEMIC if _SCHOLARLY.search(text) else RESTRICTED_USE, CHOSEN)


def read_field(role: Role, words: str, value: Any) -> list[tuple[str, Reading]]:
    """What the value of a field of such a role amounts to: statements with how each is read; none if it is nothing."""
    return list(READERS[role](words, value))


def _forbidden(words: str, value: Any) -> Iterator[tuple[str, Reading]]:
    """A field whose name says that it holds what is forbidden, or owed."""
    for text in _texts(value):
        if _NOTHING.fullmatch(text) or _HARMLESS.fullmatch(text):
            continue
        reading = read(text)
        yield text, reading if reading.spdx != UNKNOWN else Reading(RESTRICTED_USE, NAMED)


def _added(words: str, value: Any) -> Iterator[tuple[str, Reading]]:
    """Terms beside those of a licence."""
    yield from ((text, read(text)) for text in _texts(value) if not _NOTHING.fullmatch(text))


def _noted(words: str, value: Any) -> Iterator[tuple[str, Reading]]:
    """A remark of any kind, of which only what limits use counts."""
    for text in _texts(value):
        if len(text) > _LONGEST:
            continue
        found = limits.limits_of(text)
        if found:
            yield text, Reading(conjunction(found), CHOSEN)
        elif len(text) <= _SHORT_NOTE and (reading := confined(f"{words} only", text)) is not None:
            yield text, reading


def _of_elements(words: str, value: Any) -> Iterator[tuple[str, Reading]]:
    """Which elements a Creative Commons licence has: 'by-nc 4.0', ['by', 'nc'], {'by': true, 'nc': true}."""
    if isinstance(value, Mapping):
        value = [key if inner is True else inner for key, inner in value.items() if isinstance(key, str)]
    said = " ".join(one for one in (value if isinstance(value, list | tuple) else [value]) if isinstance(one, str))
    if not said or "@" in said:
        return
    whole = read(said)
    there = [word.lower() for word in _ELEMENT_WORD.findall(said)]
    if whole.spdx == UNKNOWN and there:
        named = [word for word in there if word not in ("cc", "creative", "commons")]
        whole = Reading("CC0-1.0", NAMED) if named in (["0"], ["zero"]) else read("cc " + "-".join(named[:6]))
    if whole.spdx != UNKNOWN:
        yield said, whole
    elif {"nc", "nd"} & set(there) and set(there) - {"cc"} <= _ELEMENTS | {"nc", "nd"}:
        yield said, Reading(conjunction(
            name for element, name in (("nc", NON_COMMERCIAL), ("nd", NO_DERIVATIVES)) if element in there), NAMED)
    elif words != "cc":
        yield said, UNREADABLE


def _embargoed(words: str, value: Any) -> Iterator[tuple[str, Reading]]:
    """When a text becomes free: what lies ahead binds; what is no date binds where the name says embargo."""
    named = any(word.startswith("embargo") for word in words.split())
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _embargoed(f"{words} {words_of(str(name))}" if named else words_of(str(name)), inner)
        return
    for one in value if isinstance(value, list | tuple) else [value]:
        if one is None or isinstance(one, Mapping | list | tuple) or (isinstance(one, float) and math.isnan(one)):
            continue
        told = str(one).strip()
        if _NOTHING.fullmatch(told):
            continue
        of_span = bool({"months", "days", "years", "period", "duration", "length", "weeks"} & set(words.split()))
        end = None if of_span or one is True else date_of(one)
        if end is None and named:
            yield f"{EMBARGO}{told}", UNREADABLE
        elif end is not None and end > today():
            yield f"{EMBARGO}{end.isoformat()}", Reading(RESTRICTED_USE, NAMED)


def _qualified(words: str, value: Any) -> Iterator[tuple[str, Reading]]:
    """A field of a row that says of the licence beside it whether it holds: 'license_status', 'licenseConfidence'."""
    name = re.sub(r"^.*?\b(?:licen[sc]es?|rights) ", "", words)
    if (reading := qualifies(name, value)) is not None:
        yield f"{words}: {value}"[:_LONGEST], reading


READERS: Mapping[Role, Callable[[str, Any], Iterator[tuple[str, Reading]]]] = {
    "forbids": _forbidden, "amends": _added, "notes": _noted, "elements": _of_elements, "embargoes": _embargoed,
    "qualifies": _qualified,
}
"""Roles of fields that are read in a way of their own."""


def qualifies(name: str, value: Any) -> Reading | None:
    """What a field beside the name of a licence makes of it, at best doubt: `{"id": "MIT", "for": "research"}`.

    Args:
        name: the field's name in words.
        value: what stands in it.

    Returns:
        A reading that holds beside the licence; None if the field narrows nothing.
    """
    if value is None or (isinstance(value, Mapping) and not value):
        return None
    if isinstance(value, Mapping | list | tuple) and name not in _NARROWING | _BEGINNING:
        return None
    texts = list(_texts(value))
    if name in _NARROWING:
        return UNREADABLE if any(not (_WIDE.fullmatch(one) or _HARMLESS.fullmatch(one)) for one in texts) else None
    plain = texts[0] if texts else ""
    if name in _STATUSES:
        return None if not plain or _GOOD.fullmatch(plain) else UNREADABLE
    if name in _DOUBTED:
        return UNREADABLE if _YES.fullmatch(plain) else None
    if name in _AFFIRMED:
        return UNREADABLE if _denies(value) else None
    if name in _ENDING:
        # A licence that ends is none for what is made of the text and stays.
        return None if _NOTHING.fullmatch(plain) or _WIDE.fullmatch(plain) else UNREADABLE
    if name in _DELAYS and isinstance(value, int | float):
        return UNREADABLE if value > 0 else None
    if name in _BEGINNING:
        begins = date_of(value)
        return UNREADABLE if begins is not None and begins > today() else None
    if name in _SURENESS and isinstance(value, int | float) and not isinstance(value, bool):
        return UNREADABLE if value < _LEAST_SURE else None
    role = role_of(name)
    return answer(role, name, value) if role in ("permits", "limits") else None


def begins(name: str) -> bool:
    """Whether a field of that name, in words, says since when a licence holds."""
    return name in _BEGINNING


def is_usual(name: str, value: Any) -> bool:
    """Whether a field beside the name of a licence tells only what free licences permit."""
    return name == "permissions" and all(map(_USUAL.fullmatch, _texts(value)))


def is_nothing(value: Any) -> bool:
    """Whether a value says in words that there is nothing: 'none', 'n/a'."""
    return isinstance(value, str) and bool(_NOTHING.fullmatch(value))


def affirms(value: Any) -> bool:
    """Whether a value says yes."""
    return isinstance(value, str | int | float) and bool(_YES.fullmatch(str(value)))


def is_harmless(value: Any) -> bool:
    """Whether conditions beside the name of a licence are those that free licences have."""
    return all(_HARMLESS.fullmatch(text) or _NOTHING.fullmatch(text) for text in _texts(value))


def lapsed(raw: str) -> bool:
    """Whether a statement is of an embargo with a date, and it is over today."""
    if not raw.startswith(EMBARGO):
        return False
    try:
        return date.fromisoformat(raw.removeprefix(EMBARGO)) <= today()
    except ValueError:
        return False


def today() -> date:
    """The date by which embargoes are judged (UTC)."""
    return datetime.now(UTC).date()


def date_of(value: Any) -> date | None:
    """The day that a value means, the latest if it leaves one open ('2031', '03/04/2031'); None if it is no date."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Mapping):
        # Crossref writes a date in three forms, https://www.crossref.org/documentation/retrieve-metadata/rest-api/
        parts = value.get("date-parts")
        if isinstance(parts, list) and parts and isinstance(parts[0], list):
            return _of_words("-".join(str(part) for part in parts[0][:3]))
        return max((found for inner in value.values() if (found := date_of(inner)) is not None), default=None)
    if isinstance(value, int | float) or (isinstance(value, str) and re.fullmatch(r"\s*\d{9,13}\s*", value)):
        number = float(value)
        if not math.isfinite(number):
            return None
        if number >= 100_000_000 and not (value == int(number) and 19_000_101 <= number <= 29_991_231):
            return _of_seconds(number / 1000 if number >= 100_000_000_000 else number)
        value = str(int(number))
    return _of_words(value.strip()) if isinstance(value, str) else None


def _of_seconds(seconds: float) -> date | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).date()
    except (ValueError, OverflowError, OSError):
        return date.max


@lru_cache(maxsize=4_096)
def _of_words(text: str) -> date | None:
    from dateutil import parser

    if not re.search(r"\d{4}|\d{1,2}\D\d{1,2}\D\d{2}", text) or len(text) > 60:
        return None
    text = re.sub(r"[年月]", "-", text).replace("日", "").rstrip("-")
    last = datetime(date.max.year, 12, 31)
    found = []
    # Where the year comes first, the month is next.
    for day_first in (False,) if re.match(r"\d{4}(?!\d*$)|\d{8}$", text) else (False, True):
        try:
            found.append(parser.parse(text, dayfirst=day_first, default=last).date())
        except (ValueError, OverflowError, TypeError):
            continue
    return max(found, default=None)


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """All that stands in a value, as texts."""
    if isinstance(value, Mapping | list | tuple):
        if depth <= 6:
            for inner in value.values() if isinstance(value, Mapping) else value:
                yield from _texts(inner, depth + 1)
    elif isinstance(value, str):
        if value.strip():
            yield value.strip()
    elif value is not None and not (isinstance(value, float) and math.isnan(value)):
        yield str(value)
