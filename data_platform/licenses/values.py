"""What a value says of a licence: text, list, object, number, whatever stands in a field that is there to state one.

Data state licences in every form: `"CC-BY-4.0"`, `["MIT", "ISC"]`, `{"id": "CC-BY-NC-4.0"}`, `[{"name": ...}]`, `42`,
`{"MIT": 0.98}`, or an object whose `metadata` has a field `license`. Read are all of them. What is there and cannot be
read is a statement that nobody understood, hence unknown; null, blank text and empty lists say nothing.

Belongs here: values and the fields that hold them. Does not: names of fields (`spdx/fields`), one statement in words
(`spdx/expressions`), licence texts (`license_text`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from data_platform.licenses import headers, license_text, told
from data_platform.licenses.reservations import RESERVED, robots_directives, usage_preference
from data_platform.spdx.containers import container_of, fields_in, headers_in
from data_platform.spdx.expressions import (
    NAMED,
    OPT_OUT,
    UNKNOWN,
    UNREADABLE,
    Reading,
    family,
    identifiers_of,
    read,
)
from data_platform.spdx.fields import Role, holds_terms, is_agreement, is_part, role_of, words_of
from data_platform.spdx.questions import asked_by
from data_platform.spdx.tiers import RESTRICTED, tier

MAX_DEPTH = 12
"""Deeper values are not read, hence unknown."""
_SURE = 0.5
"""A reading less sure than this is none."""
_LONG_STATEMENT = 200
"""Longer values may be the text of a licence."""

_NAMES = frozenset({
    "id", "ids", "identifier", "identifiers", "spdx", "spdx id", "spdxid", "name", "names", "full name", "title",
    "short name",
    "shortname", "expression", "abbreviation", "content", "body", "text", "value", "id value", "licence", "license",
    "licenses", "licences",
})
_WEAK_NAMES = frozenset({"type", "key", "code", "label", "slug", "kind", "version", "family"})
"""Beside a name that is read they classify it, alone they are the name."""
_ADDRESSES = frozenset({"url", "urls", "uri", "uris", "href", "link", "links", "path", "paths", "file", "files",
"see also",
                        "homepage", "html url"})
_LIMITS = frozenset({"restriction", "restrictions", "condition", "conditions", "limitation", "limitations", "exception",
                     "exceptions", "exclusions", "rider", "additional terms", "additional restrictions", "extra terms",
                     "addendum"})


_LIMIT = re.compile(
    r"\b(?:not|no|non|never|only|solely|except\w*|prohibit\w*|forbid\w*|forbidden|restrict\w*|unless|without|"
    r"permission|"
    r"consent|limited|request|nur|kein\w*|nicht|ohne|seulement|uniquement|sans|interdit\w*|s[oó]lo|solamente|sin|"
    r"prohibid\w*|senza|vietat\w*|sem|somente|proibid\w*|niet|alleen|tylko|bez|только|без|"
    r"запрещ\w*)\b|[禁仅僅限]", re.I)
_USE = re.compile(
    r"\b(?:use[ds]?|using|usage|commercial\w*|cop(?:y|ies|ied|ying)|(?:re)?distribut\w*|reproduc\w*|train\w*|modif\w*|"
    r"derivative\w*|personal|research|academic|educational|internal|evaluation|permission|reused?|sell|sold|"
    r"sale|crawl\w*|"
    r"scrap\w+|(?:re)?nutzung|nutzen|genutzt|\w*gebrauch|privat\w*|gewerblich\w*|kommerziell\w*|usage|utilis\w+|"
    r"priv[ée]\w*|privado|personnel\w*|uso|comercia\w+|commercia\w+|gebruik|użytk\w+|использован\w*)\b|商|私|用", re.I
)
"""Together they make a sentence that limits use, whatever it says exactly."""
_CLOSED = re.compile(
    r"\W*(?:(?:strictly|highly|company|corporate|business|client|commercial(?:ly)?|under|in)\W+)*"
    r"(?:confidential|proprietary|private|secret|internal|in[ -]?house|classified|embargoed|non[ -]?public|closed|nda|"
    r"confidence|tlp\W?(?:red|amber(?:\W?strict)?)|restricted|controlled|gated|metadata[ -]?only|"
    r"(?:up)?on[ -]?request|by[ -]?request|subscri(?:ption|bers?)|paywall(?:ed)?|members?|"
    r"registered users|registration|"
    r"non[ -]?free|bronze|(?:closed|embargoed|restricted|metadataonly)access)"
    r"(?:\W+(?:and|access|use|only|data|information|confidential|proprietary|required))*\W*|"
    r"(?:https?://purl\.org/coar/access_right/)?c_(?:16ec|f1cf|14cb)/?|"
    r"info:eu-repo/semantics/(?:closed|embargoed|restricted)access", re.I
)
"""A value that keeps something among few, whatever it is called: no licence, and not free."""
_NO_AI = re.compile(
    r"\bno[\W_]?(?:ai|ml|tdm|llms?|(?:(?:ai|ml|model)[\W_]?)?training|(?:(?:text|data)[\W_]?)*mining|scraping)\b|"
    r"\bnot\s+(?:to\s+)?(?:be\s+)?(?:used?\s+)?(?:for|to|in|by)\s+(?:any\s+)?(?:ai|ml|llms?|train\w*|"
    r"(?:data\s+)?mining|"
    r"machine\s+learning)\b", re.I)
"""A reservation in a few words."""
_WITHIN_POLICY: Mapping[str, Role] = {
    **dict.fromkeys(("train", "training", "ai", "ml", "tdm", "mining", "scrape", "scraping", "crawl", "crawling"),
                    "allows"),
    **dict.fromkeys(("commercial", "derivatives", "modify", "redistribute", "copy", "reuse", "share", "sell", "resale",
                     "adapt"), "permits"),
}
"""What fields do that speak of use because of the field that they stand in: `policy.train`, `permissions.sell`."""
_TAGS = frozenset({"tags", "tag", "labels"})
_BETWEEN_TAGS = re.compile(r"[,;|\n]")
_ROLES: tuple[Role, ...] = ("states", "points", "hints", "restricts", "reserves")
_RESERVING: tuple[Role, ...] = ("reserves", "allows", "prefers")
_ANSWERED: tuple[Role, ...] = ("permits", "limits")
_GONE_THROUGH: tuple[Role, ...] = ("restricts", "permits", "limits")
_OPEN = re.compile(
    r"\W*(?:open\W?access|info:eu-repo/semantics/openaccess|(?:https?://purl\.org/coar/access_right/)?c_abf2/?|"
    r"https?://vocabularies\.coar-repositories\.org/access_rights/c_abf2/?)\W*", re.I)
_ALIKE = re.compile(r"^[\w. ]{2,40}[- ](?:style|like|ish|esque|alike|type|inspired|variant)\b[^.\n]{0,30}$", re.I)
"""'BSD-like' and 'MIT-style' are other licences than those that they name."""
_OF_TERMS = re.compile(
    r"https?://|\bwww\.|\bterms\b|\bconditions of\b|\blicen[sc]e|\bagreement\b|\bcontract\b|\bNDA\b|\bEULA\b|"
    r"\bcontact\b|\bask\b|\bcustom\b|\bsubject to\b|^\W*see\b|\bAGB\b|nutzungsbedingungen|conditions d.utilisation|"
    r"条款|利用規約", re.I)
"""What terms speak of that cannot be read."""
_BEYOND_NOTICES = re.compile(
    r"https?://|\b(?:see|subject to|under|our)\b.{0,40}\bterms\b|\bterms\b.{0,20}\bapply\b", re.I)
"""The same in a notice of copyright, which names licences and owners in many words."""
_LICENSE_RELATIONS = frozenset({"license", "licence"})
_TERMS_RELATIONS = frozenset({"copyright", "terms of service", "terms", "terms of use", "tos", "rights"})
_UNNAMED = re.compile(r"\bn[cd]\b|_n[cd]\b|non\W?commercial|no\W?deriv", re.I)
_LONGEST_UNNAMED = 120
_PLAIN_MARK = re.compile(r"[+-]?[\d.]+(?:e[+-]?\d+)?|true|false|yes|no", re.I)


class Said(NamedTuple):
    """A statement as found, and what it was read as."""

    raw: str
    reading: Reading


class Stated(NamedTuple):
    """A statement of a field, and whether it speaks of a part alone."""

    said: Said
    part: bool


def fields_of(value: Mapping[str, Any]) -> list[Stated]:
    """Every statement of the fields of an object, a row or a manifest, at any depth and whatever they are called."""
    found: dict[tuple[bool, Role], list[Said]] = {}
    _collect(value, found)
    result = []
    for part in (False, True):
        own = {role: found.get((part, role), []) for role in _ROLES}
        result += [Stated(said, part) for said in _weighed(own)]
    return result


def _collect(value: Any, found: dict[tuple[bool, Role], list[Said]]) -> None:
    """Go through containers; what stands in a field that speaks of licences is read whole, and not gone through."""
    left: list[tuple[Any, bool, bool]] = [(value, False, False)]
    while left:
        container, within_part, of_use = left.pop()
        if isinstance(container, list | tuple):
            left += [(held, within_part, of_use) for inner in container if (held := container_of(inner)) is not None]
            _unnamed(container, within_part, found)
        for name, inner in fields_in(container):
            role, part = role_of(name), within_part or is_part(name)
            role = role or (_WITHIN_POLICY.get(words_of(name)) if of_use else None)
            held = container_of(inner)
            if role == "links":
                left += _linked(inner, within_part, found)
            elif role in told.READERS:
                for raw, reading in told.read_field(role, words_of(name), inner):
                    target: Role = "states" if role in ("amends", "elements") else "reserves"
                    found.setdefault((part and role != "notes", target), []).append(Said(raw, reading))
                left += [(held, part, of_use)] if held is not None else []
            elif held is None and isinstance(inner, str) and (role == "headers" or inner.startswith("HTTP/")):
                left.append((headers_in(inner), part, of_use))
            elif role is None or role == "headers":
                left += [(held, part, of_use)] if held is not None else []
                if role == "headers" and isinstance(held, list | tuple) and all(isinstance(one, str) for one in held):
                    # Names and values in turn, as Node.js has them.
                    left.append(([list(pair) for pair in zip(held[::2], held[1::2], strict=False)], part, of_use))
                _unnamed([inner], part, found)
            else:
                left += _field(name, role, inner, (within_part, part, of_use), found)


def _field(
    name: str, role: Role, value: Any, where: tuple[bool, bool, bool], found: dict[tuple[bool, Role], list[Said]]
) -> list[tuple[Any, bool, bool]]:
    """Note what a field says that speaks of licences or of use; returns what is to be gone through in it.

    `where` says whether it stands within a part, whether it is of a part, and whether it stands within a field of use.
    """
    within_part, part, of_use = where
    words, held, left = words_of(name), container_of(value), []
    tags = _tags(value) if role == "restricts" else []
    if tags:
        found.setdefault((part, role), []).extend(said for tag in tags for said in statements(tag))
    if words in _TAGS and isinstance(value, str):
        left.append((tags or [value], part, of_use))  # 'license:other' in one line is a field, too
    if role in _GONE_THROUGH and held is not None:
        left.append((held, part, True))
    if role in _ANSWERED and held is None:
        if (reading := told.answer(role, words, value)) is not None:
            found.setdefault((within_part, "reserves"), []).append(Said(f"{name}: {_short(value)}", reading))
        elif role == "permits":
            found.setdefault((part, "restricts"), []).extend(statements(value))
    elif role in _ANSWERED:
        if isinstance(value, list | tuple) and (reading := told.answer(role, words, value)) is not None:
            found.setdefault((within_part, "reserves"), []).append(Said(f"{name}: {_short(value)}", reading))
    elif role in _RESERVING:
        if _reserves(role, words, value):
            said = Said(f"{name}: {_short(value)}", Reading(OPT_OUT, NAMED))
            found.setdefault((within_part, "reserves"), []).append(said)
    elif not (tags and words in _TAGS):  # tags in one line make no sentence; other lines may be one
        # Objects in fields that hold something else as often are gone through, and no statement as a whole.
        whole = not isinstance(held, Mapping) or role != "restricts" or holds_terms(words)
        stated = statements(value) if whole and not (role == "hints" and told.is_nothing(value)) else []
        if role == "hints" and is_agreement(words) and told.affirms(value):
            found.setdefault((part, "reserves"), []).append(Said(f"{name}: {_short(value)}", UNREADABLE))
        found.setdefault((part, role), []).extend(stated)
        if role == "restricts" and words not in _TAGS:
            if isinstance(held, Mapping) and not any(map(_is_read, stated)):
                stated = [Said(_short(held), UNREADABLE)] if whole else []
            _of_use(words, stated, part, found)
    return left


def _of_use(words: str, stated: list[Said], part: bool, found: dict[tuple[bool, Role], list[Said]]) -> None:
    """Note what a field says of use that was not written to state a licence: terms that are elsewhere, and for whom."""
    pattern = _BEYOND_NOTICES if words.startswith("copyright") else _OF_TERMS
    for said in stated:
        if (reading := told.confined(words, said.raw)) is not None:
            found.setdefault((part, "reserves"), []).append(Said(said.raw, reading))
        elif holds_terms(words) and (_is_read(said) or pattern.search(said.raw)):
            found.setdefault((part, "hints"), []).append(said)


def _linked(
    value: Any, within_part: bool, found: dict[tuple[bool, Role], list[Said]]
) -> list[tuple[Any, bool, bool]]:
    """Note the links to licences in a Link header, or in links that are objects with relations; returns what is to be
    gone through: what stands under a relation speaks of the row, what describes another page of that page."""
    left: list[tuple[Any, bool, bool]] = []
    for one in value if isinstance(value, list | tuple) else [value]:
        held = container_of(one)
        if isinstance(one, str) and held is None:
            for seen in headers.observations({"link": one}):
                said = Said(seen.raw_value, Reading(seen.license_spdx, seen.confidence))
                found.setdefault((within_part or seen.scope == "element", "states"), []).append(said)
            continue
        if not isinstance(held, Mapping):
            # A list of pairs is an object.
            left += [([held], within_part, False)] if held is not None else []
            continue
        fields = {words_of(str(name).strip("@")): inner for name, inner in held.items()}
        relations = fields.get("rel", fields.get("relation", fields.get("rels")))
        if relations is None:
            # `{"license": {"href": ...}}` (HAL) says what the row links to; a list tells of other pages.
            left.append((held, within_part or isinstance(value, list | tuple), False))
            if isinstance(text := fields.get("value"), str):
                left.append(({"link": text}, within_part, False))
            continue
        named = {words_of(one) for one in (relations if isinstance(relations, list) else str(relations).split())
                 if isinstance(one, str)} | {words_of(str(relations))}
        role: Role = "states" if named & _LICENSE_RELATIONS else "hints"
        if named & (_LICENSE_RELATIONS | _TERMS_RELATIONS):
            target = next((fields[name] for name in ("href", "url", "uri", "target", "value") if name in fields), one)
            found.setdefault((within_part, role), []).extend(statements(target))
    return left


def _unnamed(values: Iterable[Any], part: bool, found: dict[tuple[bool, Role], list[Said]]) -> None:
    """Note values that are nothing but the name of a licence that restricts, whatever their field is called."""
    for value in values:
        if isinstance(value, str) and len(value) <= _LONGEST_UNNAMED and _UNNAMED.search(value):
            reading = read(value)
            if reading.confidence >= NAMED and tier(reading.spdx) >= RESTRICTED:
                found.setdefault((part, "restricts"), []).append(Said(value, reading))


def _tags(value: Any) -> list[str]:
    """The words of a list or object, also of a list that is written in one line: 'math, cc-by-nc-4.0'."""
    if isinstance(value, str):
        return parts if len(parts := _BETWEEN_TAGS.split(value)) > 1 else []
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return [tag for tag in inner if isinstance(tag, str)]


def _reserves(role: Role, words: str, value: Any) -> bool:
    """Whether the value of a field that speaks of mining and training reserves them."""
    if role == "reserves":
        return _affirms(value)
    values = value if isinstance(value, list | tuple) else [value]
    if role == "allows":
        return told.denied(value) or (isinstance(value, int | float) and value == 0 and asked_by(words) == role)
    texts = [inner for inner in values if isinstance(inner, str)]
    return any(reader(text) == RESERVED for text in texts for reader in (robots_directives, usage_preference))


def _weighed(found: Mapping[Role, list[Said]]) -> Iterator[Said]:
    """What the fields of one place amount to: statements hold, what merely tells of them fills their place."""
    stated = list(found["states"])
    # A field that points to a page that nobody can read adds nothing to a name; alone it is a licence that nobody read.
    stated += [said for said in found["points"] if _is_read(said) or not stated]
    yield from _once(stated)
    hints = [said for said in found["hints"] if not _is_plain_mark(said)]
    yield from (said for said in hints if not stated or restricts(said) or _limits(said))
    for said in dict.fromkeys(found["restricts"]):
        if restricts(said) or _limits(said):
            yield said
        elif _NO_AI.search(said.raw) and not _is_read(said):
            yield said._replace(reading=Reading(OPT_OUT, NAMED))
    yield from dict.fromkeys(found["reserves"])


def statements(value: Any, depth: int = 0) -> list[Said]:
    """Every statement in the value of a field that states a licence; none if it says nothing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return []
    if isinstance(value, str):
        return _of_text(value, depth)
    if depth > MAX_DEPTH:
        return [_unread(value)]
    if isinstance(value, Mapping):
        return _of_object(value, depth) if any(_says(inner) for inner in value.values()) else []
    if isinstance(value, list | tuple | set | frozenset):
        return _once(said for inner in value for said in statements(inner, depth + 1))
    return [_unread(value)]


def of_text(text: str) -> Reading:
    """Read a statement in words: an expression, name or address, or the text of a licence."""
    text = text.strip()
    if _ALIKE.search(text):
        return UNREADABLE
    reading = read(text)
    if "\n" in text or len(text) > _LONG_STATEMENT or reading == UNREADABLE:
        full = license_text.recognize(text)
        if full.confidence:
            return full
    return reading


def restricts(said: Said) -> bool:
    """Whether a statement is read as one that restricts."""
    return said.reading.spdx != UNKNOWN and tier(said.reading.spdx) >= RESTRICTED


def _of_text(text: str, depth: int) -> list[Said]:
    stripped = text.strip()
    if not stripped:
        return []
    if (inner := container_of(stripped)) is not None:
        return statements(inner, depth + 1)
    return [Said(stripped, of_text(stripped))]


def _of_object(value: Mapping[Any, Any], depth: int) -> list[Said]:
    """What an object says that describes a licence: by name and address, or with licences as its keys."""
    named, weak, addresses, limits, others, qualified = [], [], [], [], [], []
    begins = any(told.begins(words_of(str(key))) for key in value)
    for key, inner in value.items():
        words = words_of(str(key).strip("@#$"))
        if told.is_usual(words, inner) or (begins and words.startswith("delay")):
            continue
        role = role_of(str(key))
        place = (
            limits if words in _LIMITS else addresses if words in _ADDRESSES or role == "points"
            else named if words in _NAMES or role == "states" else weak if words in _WEAK_NAMES else others
        )
        if place is others and (reading := told.qualifies(words, inner)) is not None:
            qualified.append(Said(f"{key}: {_short(inner)}", reading))
        elif not (place is limits and told.is_harmless(inner)):
            place += statements(inner, depth + 1)
    # Numbers count licences or list them; beside a name they add nothing.
    readable = any(_is_read(said) for said in (*named, *weak, *addresses))
    names = [said for said in named if not (readable and _is_plain_mark(said))]
    stated = names or [said for said in weak if not _is_plain_mark(said)]
    stated = [*stated, *(said for said in weak if _is_read(said))]
    stated += [said for said in addresses if _is_read(said) or not stated]
    limiting = [*limits, *(said for said in others if restricts(said) or _limits(said))]
    if not stated:
        keys = [Said(str(key), read(str(key))) for key, inner in value.items() if _says(inner) and inner is not False]
        stated = keys if keys and all(_is_read(said) for said in keys) else [_unread(value)]
    return [*_once([*stated, *limiting]), *qualified]


def _once(found: Iterable[Said]) -> list[Said]:
    """Every statement once: names of one licence beside its identifier are one statement."""
    kept: list[Said] = []
    for said in sorted(dict.fromkeys(found), key=lambda said: (-said.reading.confidence, said.raw)):
        if not any(_says_same(other.reading.spdx, said.reading.spdx) for other in kept):
            kept.append(said)
    # That access is open says nothing beside a licence, and is none alone.
    return [said for said in kept if not _OPEN.fullmatch(said.raw)] if any(map(_is_read, kept)) else kept


def _says_same(known: str, other: str) -> bool:
    """Whether one licence, named without its version, is one that is known and no freer."""
    if known == other:
        return True
    mine, there = identifiers_of(other), identifiers_of(known)
    return (
        len(mine) == len(there) == 1 and UNKNOWN not in mine and tier(other) <= tier(known)
        and other.startswith("LicenseRef-cc-") and family(next(iter(mine))) == family(next(iter(there)))
    )


def _is_read(said: Said) -> bool:
    return said.reading.confidence >= _SURE and UNKNOWN not in identifiers_of(said.reading.spdx)


def _is_plain_mark(said: Said) -> bool:
    """Whether a statement is a number or a yes or no."""
    return said.reading == UNREADABLE and bool(_PLAIN_MARK.fullmatch(said.raw))


def _limits(said: Said) -> bool:
    """Whether words that could not be read speak of limits to use: doubt that no name beside them removes."""
    return not _is_read(said) and bool(
        (_LIMIT.search(said.raw) and _USE.search(said.raw)) or _CLOSED.fullmatch(said.raw)
    )


def _says(value: Any) -> bool:
    """Whether a value is more than nothing, however it is nested."""
    if isinstance(value, Mapping):
        return any(map(_says, value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return any(map(_says, value))
    return not (value is None or (isinstance(value, str) and not value.strip())
                or (isinstance(value, float) and math.isnan(value)))


def _affirms(value: Any) -> bool:
    """Whether a reservation is made: by yes, a number other than 0, or any word that is not no."""
    if isinstance(value, str):
        return value.strip().lower() not in ("", "0", "no", "false", "none", "null", "n", "off")
    return bool(value) and not (isinstance(value, float) and math.isnan(value))


def _unread(value: Any) -> Said:
    return Said(_short(value), UNREADABLE)


def _short(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))
