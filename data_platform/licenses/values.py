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

from data_platform.licenses import license_text
from data_platform.licenses.reservations import RESERVED, robots_directives, usage_preference
from data_platform.spdx.containers import container_of, fields_in
from data_platform.spdx.expressions import (
    NAMED,
    NON_COMMERCIAL,
    OPT_OUT,
    RESTRICTED_USE,
    UNKNOWN,
    UNREADABLE,
    Reading,
    family,
    identifiers_of,
    read,
)
from data_platform.spdx.fields import Role, is_part, role_of, words_of
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
    r"confidence|tlp\W?(?:red|amber(?:\W?strict)?))"
    r"(?:\W+(?:and|use|only|data|information|confidential|proprietary))*\W*", re.I
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
_OPENNESS = re.compile(r"\b(?:open|oa|free|freely|openly|reusable|copyrighted|copyright|paywall(?:ed)?|embargoed)\b")
_DENIAL = re.compile(
    r"\s*(?:(?:0|n|no|none|never|off|false)\s*$|not\b|no\b|never\b|disallow|den(?:y|ied)|prohibit|forbid|refus|"
    r"reserved|"
    r"restricted|opt(?:ed)?[ _-]?out)", re.I)
_YES = re.compile(r"\s*(?:true|yes|y|1|on)\s*", re.I)
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
        for name, inner in fields_in(container):
            role, part = role_of(name), within_part or is_part(name)
            role = role or (_WITHIN_POLICY.get(words_of(name)) if of_use else None)
            held = container_of(inner)
            tags = _tags(inner) if role == "restricts" else []
            if tags:
                found.setdefault((part, role), []).extend(said for tag in tags for said in statements(tag))
            if words_of(name) in _TAGS and isinstance(inner, str):
                left.append((tags or [inner], part, of_use))  # 'license:other' in one line is a field, too
            if role is None or (role in _GONE_THROUGH and held is not None):
                left += [(held, part, of_use or role is not None)] if held is not None else []
            elif role in _ANSWERED:
                if (reading := _answer(role, words_of(name), inner)) is not None:
                    found.setdefault((within_part, "reserves"), []).append(Said(f"{name}: {_short(inner)}", reading))
                elif role == "permits":
                    found.setdefault((part, "restricts"), []).extend(statements(inner))
            elif role in _RESERVING:
                if _reserves(role, inner):
                    said = Said(f"{name}: {_short(inner)}", Reading(OPT_OUT, NAMED))
                    found.setdefault((within_part, "reserves"), []).append(said)
            elif not (tags and words_of(name) in _TAGS):  # tags in one line make no sentence; other lines may be one
                found.setdefault((part, role), []).extend(statements(inner))


def _answer(role: Role, words: str, value: Any) -> Reading | None:
    """What a field restricts that says whether a use is allowed (`permits`) or limited; None if it does not."""
    if role == "permits":
        denied = value is False or (isinstance(value, str) and bool(_DENIAL.match(value)))
    else:
        denied = value is True or (isinstance(value, str | int) and bool(_YES.fullmatch(str(value))))
    if not denied:
        return None
    if "commercial" in words:
        return Reading(NON_COMMERCIAL, NAMED)
    # Of what is closed, paid for or in copyright nobody knows what it allows.
    return UNREADABLE if _OPENNESS.search(words) else Reading(RESTRICTED_USE, NAMED)


def _tags(value: Any) -> list[str]:
    """The words of a list or object, also of a list that is written in one line: 'math, cc-by-nc-4.0'."""
    if isinstance(value, str):
        return parts if len(parts := _BETWEEN_TAGS.split(value)) > 1 else []
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return [tag for tag in inner if isinstance(tag, str)]


def _reserves(role: Role, value: Any) -> bool:
    """Whether the value of a field that speaks of mining and training reserves them."""
    if role == "reserves":
        return _affirms(value)
    values = value if isinstance(value, list | tuple) else [value]
    if role == "allows":
        return any(inner is False or (isinstance(inner, str) and bool(_DENIAL.match(inner))) for inner in values)
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
    for said in found["restricts"]:
        if restricts(said) or _limits(said):
            yield said
        elif _NO_AI.search(said.raw) and not _is_read(said):
            yield said._replace(reading=Reading(OPT_OUT, NAMED))
    yield from found["reserves"]


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
    named, weak, addresses, limits, others = [], [], [], [], []
    for key, inner in value.items():
        words = words_of(str(key).strip("@#$"))
        role = role_of(str(key))
        place = (
            limits if words in _LIMITS else addresses if words in _ADDRESSES or role == "points"
            else named if words in _NAMES or role == "states" else weak if words in _WEAK_NAMES else others
        )
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
    return _once([*stated, *limiting])


def _once(found: Iterable[Said]) -> list[Said]:
    """Every statement once: names of one licence beside its identifier are one statement."""
    kept: list[Said] = []
    for said in sorted(dict.fromkeys(found), key=lambda said: (-said.reading.confidence, said.raw)):
        if not any(_says_same(other.reading.spdx, said.reading.spdx) for other in kept):
            kept.append(said)
    return kept


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
