# ruff: noqa: RUF001 - letters of other languages are meant
"""SPDX licence expressions: parsed, combined and read from what people write.

Belongs here: the SPDX licensing with our LicenseRefs, the reading of one statement (an expression, a name, a URL, a
trove classifier) and the algebra of expressions. Does not: the tables of names (`names`), licence texts
(`license_text`) and what an expression allows (`tiers`).

Expressions follow SPDX 2.3 annex D, https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/; identifiers and
their older spellings come from the ScanCode licence index that `license-expression` carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from data_platform.spdx import names

if TYPE_CHECKING:
    from boolean import Expression
    from license_expression import Licensing

UNKNOWN = "LicenseRef-unknown"
PUBLIC_DOMAIN = "LicenseRef-public-domain"
US_GOVERNMENT = "LicenseRef-us-gov-pd"
OPT_OUT = "LicenseRef-tdm-opt-out"
ALL_RIGHTS_RESERVED = "LicenseRef-all-rights-reserved"
NON_COMMERCIAL = "LicenseRef-non-commercial"
ACADEMIC = "LicenseRef-academic"
NO_DERIVATIVES = "LicenseRef-no-derivatives"
"""Changes are forbidden, or need leave, in words of the page's own."""
WITH_LEAVE = "LicenseRef-permission-required"
"""Copies are forbidden, or need leave, in words of the page's own."""
RESTRICTED_USE = "LicenseRef-restricted-use"
"""Terms beside a licence that restrict: who may use something, for what, where, or for which price."""
TDM_PERMITTED = "LicenseRef-tdm-permitted"
"""Not a licence: the rights holder says that text and data mining is not reserved against."""
UNVERSIONED_CC = tuple(
    f"LicenseRef-cc-{elements}" for elements in ("by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd")
)
"""Creative Commons licences named without a version. SPDX has no identifier for them; what they allow is known."""

OUR_REFERENCES = (
    UNKNOWN, PUBLIC_DOMAIN, US_GOVERNMENT, OPT_OUT, ALL_RIGHTS_RESERVED, NON_COMMERCIAL, NO_DERIVATIVES, WITH_LEAVE,
    ACADEMIC, RESTRICTED_USE, TDM_PERMITTED, *UNVERSIONED_CC,
)

EXACT = 1.0
"""Confidence of an SPDX expression or of the address of one licence in one version."""
NAMED = 0.9
"""Confidence of a name that means one licence, e.g. 'MIT License'."""
CHOSEN = 0.6
"""Confidence of a name or classifier that may mean several licences, of which `names` chooses one, e.g. 'BSD'."""

ALL_RIGHTS = re.compile(
    r"all\s+rights\s+(?:are\s+)?reserved|alle\s+rechte\s+(?:an\s+(?:\w+\s+){1,3})?(?:sind\s+)?vorbehalten|tous\s+(?:les\s+)?droits\s+(?:sont\s+)?r[ée]serv[ée]s|"
    r"todos\s+(?:los\s+|os\s+)?(?:derechos|direitos)(?:\s+est[áa]n)?\s+reservados|"
    r"reservados\s+todos\s+(?:los\s+derechos|os\s+direitos)|tutti\s+i\s+diritti\s+(?:sono\s+)?riservati|"
    r"tots\s+els\s+drets\s+reservats|toate\s+drepturile\s+rezervate|alle\s+rechten\s+voorbehouden|"
    r"alla\s+rättigheter\s+förbehåll\w+|alle\s+rettighe[dt]er\s+(?:forbehold\w+|reserver\w+)|"
    r"kaikki\s+oikeudet\s+pidätetään|wszelkie\s+prawa\s+zastrzeżone|všechna\s+práva\s+vyhrazena|"
    r"minden\s+jog\s+fenntartva|tüm\s+hakları\s+saklıdır|все\s+права\s+(?:защищены|сохранены)|"
    r"всі\s+права\s+захищен[оі]|版[权權]所有|全著作権所有|保留(?:所有|一切)[权權]利|無断転載(?:を禁|禁止)|모든\s*권리\s*보유|"
    r"무단\s*전재|"
    r"الحقوق\s+محفوظة|حقوق\s+محفوظ|כל\s+הזכויות\s+שמורות|επιφύλαξη\s+παντός\s+δικαιώματος"
    r"|सर्वाधिकार\s+सुरक्षित|สงวนลิขสิทธิ์|bảo\s+lưu\s+(?:mọi|tất\s+cả\s+các)\s+quyền"
    r"|quyền\s+được\s+bảo\s+lưu|hak\s+cipta\s+dilindungi|всички\s+права\s+запазени"
    r"|sva\s+prava\s+(?:pridržana|zadržana)|všetky\s+práva\s+vyhradené|vse\s+pravice\s+pridržane"
    r"|kõik\s+õigused\s+kaitstud|visas\s+tiesības\s+aizsargātas|visos\s+teisės\s+saugomos",
    re.I,
)
"""How all rights are reserved, in the languages of the pages that say so."""

_MAX_STATEMENT = 1_000
_MAX_DEPTH = 16
_TOKEN = re.compile(r"\(|\)|[^\s()]+")
_OPERATORS = {"and": "AND", "or": "OR", "with": "WITH"}


class Reading(NamedTuple):
    """How a statement was read: an SPDX expression, and how sure that is (0 for `LicenseRef-unknown`)."""

    spdx: str
    confidence: float


UNREADABLE = Reading(UNKNOWN, 0.0)


@lru_cache(maxsize=1)
def licensing() -> Licensing:
    """The SPDX licensing, with our LicenseRefs registered."""
    from license_expression import LicenseSymbol, Licensing, get_spdx_licensing

    spdx = get_spdx_licensing()
    return Licensing([*spdx.known_symbols.values(), *(LicenseSymbol(key) for key in OUR_REFERENCES),
                      *(LicenseSymbol(key) for key in names.NEWLY_LISTED if key not in spdx.known_symbols)])


@lru_cache(maxsize=1)
def _identifiers() -> dict[str, str]:
    """Lower-case identifier or older spelling without spaces -> identifier.

    Left out are spellings that `names` calls ambiguous ('GPL').
    """
    found: dict[str, str] = {}
    for key, symbol in licensing().known_symbols.items():
        for alias in symbol.aliases:
            if " " not in alias and names.key(alias) not in names.AMBIGUOUS_NAMES:
                found.setdefault(alias.lower(), key)
    found.update((key.lower(), key) for key in licensing().known_symbols)
    return found


@lru_cache(maxsize=1)
def _exceptions() -> frozenset[str]:
    return frozenset(key for key, symbol in licensing().known_symbols.items() if symbol.is_exception)


def identifier(name: str) -> str | None:
    """The licence identifier that `name` spells, in any case and in older forms ('gpl-2.0+'), or None."""
    name = name.strip()
    found = _identifiers().get(name.lower())
    if found is None and name.endswith("+"):
        # "Apache-2.0+": later versions may be chosen, so the version that is named may be, too.
        found = _identifiers().get(name[:-1].lower())
    if found in _exceptions() or (found and found.istitle() and found.isalpha() and name != found):
        # 'fair', 'intel' and 'ruby' are words of their own; 'Fair', 'Intel' and 'Ruby' are meant as identifiers.
        return None
    return found


@lru_cache(maxsize=65_536)
def parse(expression: str) -> Expression:
    """Parse a valid SPDX expression of known identifiers.

    Raises:
        ValueError: if it is not one; the message quotes at most 80 characters of it.
    """
    canonical = _canonical(expression)
    if canonical is None:
        raise ValueError(f"not an SPDX expression of known licences: {expression[:80]!r}")
    return licensing().parse(canonical, simple=True)


def _canonical(expression: str) -> str | None:
    """The expression with operators and identifiers spelt as SPDX spells them; None if it is not well formed.

    The syntax is checked here, because boolean.py fails with IndexError and TypeError on '()' and the like.
    """
    words: list[str] = []
    depth = 0
    before = "AND"
    for word in _TOKEN.findall(expression):
        operator = _OPERATORS.get(word.lower())
        operand_expected = before in ("AND", "OR", "(")
        if word == "(" and operand_expected and depth < _MAX_DEPTH:
            depth += 1
        elif word == ")" and depth and not operand_expected and before != "WITH":
            depth -= 1
        elif (operator == "WITH" and before == "licence") or (
            operator in ("AND", "OR") and not operand_expected and before != "WITH"
        ):
            word = operator
        elif before == "WITH" and _identifiers().get(word.lower()) in _exceptions():
            word = _identifiers()[word.lower()]
            words.append(word)
            before = "exception"
            continue
        elif operator is None and operand_expected and (known := identifier(word)):
            words.append(known)
            before = "licence"
            continue
        else:
            return None
        words.append(word)
        before = word
    complete = bool(words) and not depth and before not in ("AND", "OR", "WITH")
    return " ".join(words) if complete else None


def normalize(raw: str) -> str:
    """The SPDX expression that `raw` states, or `LicenseRef-unknown`."""
    return read(raw).spdx


_BROKEN_OFF = re.compile(r"(?:\.\.|\u2026)\s*$")


def read(raw: str) -> Reading:
    """Read one statement: an SPDX expression, a licence's name or address, a trove classifier.

    A name must be the whole statement: 'not under the MIT License' is unreadable, not MIT. Names joined by 'or' are a
    choice; joined by 'and', ',', ';', '/', '&' or '|' they are all taken to hold, since the shorthand is used for
    both. The exception to whole statements are words that restrict: 'all rights reserved' and 'non-commercial' count
    wherever they stand.
    """
    if _BROKEN_OFF.search(raw):
        return _restriction(raw)
    text = " ".join(raw.split()).strip(" .,;\"'")
    return _read(text) if 0 < len(text) <= _MAX_STATEMENT else _restriction(text)


@lru_cache(maxsize=65_536)
def _read(text: str) -> Reading:
    text = _SIGNS.sub("", text).strip()
    for reader in (_as_expression, _as_classifier, _as_url, _as_creative_commons, _as_name,
                   _as_name_with_abbreviation, _as_list, _as_cited_url):
        if (reading := reader(text)) is not None:
            return reading
    return _restriction(text)


def _as_expression(text: str) -> Reading | None:
    try:
        spdx = parse(text).simplify().render()
    except ValueError:
        return None
    return UNREADABLE if spdx == UNKNOWN else Reading(spdx, EXACT)


def _as_classifier(text: str) -> Reading | None:
    if not text.startswith("License ::"):
        return None
    spdx, certain = names.CLASSIFIERS.get(text.removeprefix("License ::").strip(), (UNKNOWN, False))
    if spdx == UNKNOWN:
        return UNREADABLE
    return Reading(spdx, NAMED if certain else CHOSEN)


def _as_url(text: str) -> Reading | None:
    if "://" not in text and not text.startswith(("//", "www.", "creativecommons.org", "/web/")):
        return None
    # Pages from a web archive link to its copies: 'https://web.archive.org/web/2013id_/http://...'.
    address = re.sub(r"^(?:(?:https?:)?//web\.archive\.org)?/web/\d+[a-z_]*/", "", re.sub(r"\s", "", text), flags=re.I)
    address = re.sub(r"^(?:https?:)?(?://)?(?:www\.)?", "", address, flags=re.I)
    address = re.split(r"[?#]", address, maxsplit=1)[0].rstrip("/,;.)")
    if reading := _as_creative_commons_url(address):
        return reading
    for pattern, spdx, certain in names.ADDRESSES:
        if match := pattern.fullmatch(address):
            if spdx is not None:
                return Reading(spdx, EXACT if certain else CHOSEN)
            slug = re.sub(r"(?:[-.](?:html?|txt|php|json|en|md))+$", "", match["id"], flags=re.I)
            if found := identifier(slug):
                return Reading(found, EXACT)
            return _as_name(re.sub(r"(?<=\d)-(?=\d)", ".", slug).replace("-", " "))
    return None


def creative_commons(elements: Iterable[str], version: str | None, port: str | None) -> Reading:
    """A Creative Commons licence by its elements. Ports that SPDX does not list are read as the unported licence."""
    wanted = {"by", *elements}
    if {"sa", "nd"} <= wanted:
        return UNREADABLE
    joined = "-".join(element for element in ("by", "nc", "nd", "sa") if element in wanted)
    if version:
        for candidate in (f"CC-{joined}-{version}-{port}", f"CC-{joined}-{version}"):
            if found := identifier(candidate):
                return Reading(found, EXACT)
    return Reading(f"LicenseRef-cc-{joined}", NAMED)


def _as_creative_commons_url(address: str) -> Reading | None:
    match = re.match(
        r"(?:[a-z]+\.)?creativecommons\.org/(?P<kind>licen[sc]es|publicdomain)/(?P<rest>[^?#]+)", address, re.I
    )
    if not match:
        return None
    parts = [part.lower() for part in match["rest"].split("/") if part]
    if match["kind"].lower() == "publicdomain":
        return {"zero": Reading("CC0-1.0", EXACT), "mark": Reading("CC-PDM-1.0", EXACT)}.get(parts[0])
    elements = parts[0].split("-")
    if parts[0] == "publicdomain":
        return Reading("CC-PDDC", EXACT)
    if any(element.startswith(("sampling", "devnations")) for element in elements):
        # Retired licences that allow parts to be reused, or use in some countries: neither is a licence for the whole.
        return Reading(ALL_RIGHTS_RESERVED, CHOSEN)
    if not set(elements) <= {"by", "sa", "nc", "nd"}:
        return None
    version = parts[1] if len(parts) > 1 and re.fullmatch(r"\d\.\d", parts[1]) else None
    port = parts[2] if len(parts) > 2 and re.fullmatch(r"[a-z]{2,3}|scotland", parts[2]) else None
    if "by" not in elements:
        # Retired in 2004: licences that do not ask for attribution. SPDX has an identifier for one of them.
        reference = NON_COMMERCIAL if "nc" in elements else ALL_RIGHTS_RESERVED
        if elements == ["sa"]:
            return Reading("CC-SA-1.0", EXACT) if version == "1.0" else UNREADABLE
        return Reading(reference, NAMED)
    return creative_commons(elements, version, port)


_CC_PORTS = (
    "am|ar|at|au|az|be|bg|br|by|ca|ch|cl|cn|co|cr|cz|de|dk|ec|ee|eg|es|fi|fr|ge|gr|gt|hk|hr|hu|ie|igo|il|in|it|jp|kr|kz|"
    "lu|lv|mk|mt|mx|my|ni|nl|no|nz|pe|ph|pl|pr|pt|ro|rs|scotland|se|sg|si|th|tr|tw|ua|ug|uk|us|ve|vn|za"
)
"""Jurisdictions to which licences of Creative Commons were ported, https://creativecommons.org/licenses/list.en."""
_CC_NAME = re.compile(
    r"(?:licensed under )?(?:an? |the )?(?P<head>creative commons(?: cc)?|cc)[ -]*(?P<body>.*?)"
    r"(?:[ -]*v?(?:ersion )?(?P<version>[1-4](?:\.[05])?))?[ -]*"
    rf"(?P<port>international|unported|generic|{_CC_PORTS}|by|sa|nc|nd)?(?: public)?(?: licen[sc]e| deed)?",
    re.I,
)
_CC_TITLE = re.compile(r"attribution[ -].*\b[1-4]\.[05] (?:international|unported|generic)$", re.I)
"""What the licences call themselves: 'Attribution-ShareAlike 4.0 International'."""
_CC_ELEMENTS = {
    "by": "by", "attribution": "by", "sa": "sa", "sharealike": "sa", "nc": "nc", "noncommercial": "nc",
    "nd": "nd", "noderivs": "nd", "noderivatives": "nd", "noderivative": "nd",
}


def _as_creative_commons(text: str) -> Reading | None:
    """Names such as 'CC BY-SA 4.0', 'cc-by-nc 3.0 de', 'Creative Commons Attribution-ShareAlike 3.0 License'."""
    if _CC_TITLE.match(text):
        text = f"Creative Commons {text}"
    match = _CC_NAME.fullmatch(re.sub(r"[,_]", " ", text))
    if not match:
        return None
    body = match["body"].lower()
    for joined, pieces in (
        ("sharealike", r"share[ -]?alike"), ("noncommercial", r"non[ -]?commercial"),
        ("noderivatives", r"no[ -]?derivat\w+|no[ -]?derivs?"),
    ):
        body = re.sub(pieces, joined, body)
    words = [word for word in re.split(r"[ :/-]+", body) if word and word not in ("license", "licence")]
    port = (match["port"] or "").lower()
    if port in _CC_ELEMENTS:
        # 'CC BY-SA': what looks like a jurisdiction is the last element.
        words.append(port)
        port = ""
    if not words or not set(words) <= set(_CC_ELEMENTS):
        return None
    version = match["version"]
    if version and "." not in version:
        version = f"{version}.0"
    port = "" if port in ("international", "unported", "generic") else port
    return creative_commons((_CC_ELEMENTS[word] for word in words), version, port or None)


_BESIDE_NAMES = re.compile(
    r"(?:开源)?许可(?:证|协议)?|(?:開源)?許可證?|协议|ライセンス|라이선스|лицензия", re.I)
"""Words that may stand beside the name of a licence and add nothing."""
_SIGNS = re.compile("[\u00ae\u2122\u00a9\u2713\u2714\u2705\u2611\U0001f16d-\U0001f16f\U0001f10f\ufe0f]")
"""Signs that may."""
_OF_NAMES = re.compile(r"[A-Za-z0-9(\"'.][A-Za-z0-9 .,+/()\"':;&|_\u2010-\u2015-]*")
"""What names are written in. A footnote, a question mark or a letter of another script may mean anything."""


def _as_name(text: str) -> Reading | None:
    text = _BESIDE_NAMES.sub("", text).strip()
    if not _OF_NAMES.fullmatch(text):
        return None
    key = names.key(text)
    if found := names.NAMES.get(key):
        return Reading(found, NAMED)
    if found := names.AMBIGUOUS_NAMES.get(key):
        return Reading(found, CHOSEN)
    if key and (found := identifier(key.replace(" ", "-"))):
        return Reading(found, NAMED)
    return None


def _as_name_with_abbreviation(text: str) -> Reading | None:
    """'ISC License (ISCL)': a name and, in parentheses, another. Both must be readable, and both count."""
    match = re.fullmatch(r"([^()]+)\(([^()]+)\)", text)
    if not match:
        return None
    outer, inner = (read(part) for part in match.groups())
    if UNKNOWN in (outer.spdx, inner.spdx):
        return None
    if inner.confidence == CHOSEN and family(outer.spdx) == family(inner.spdx):
        return outer
    return Reading(conjunction((outer.spdx, inner.spdx)), min(outer.confidence, inner.confidence))


def _as_list(text: str) -> Reading | None:
    """'BSD and MIT', 'Apache 2.0 or MIT', 'MIT/Apache-2.0': names joined by one kind of word."""
    if "(" in text and ")" in text and re.search(r"\([^)]*\b(?:and|or)\b", text, re.I):
        return None
    choices = re.split(r"\s+or\s+", text, flags=re.I)
    if len(choices) > 1:
        joined, combine = choices, disjunction
    else:
        joined, combine = re.split(r"\s+and\s+|\s*[,;/&|]\s*", text, flags=re.I), conjunction
    if len(joined) < 2:
        return None
    readings = [read(part) for part in joined]
    if any(reading.spdx == UNKNOWN for reading in readings):
        return None
    return Reading(combine(reading.spdx for reading in readings), min(reading.confidence for reading in readings))


def _as_cited_url(text: str) -> Reading | None:
    """A name followed by its address: 'Creative Commons - Attribution - https://creativecommons.org/licenses/by/4.0/'."""
    addresses = re.findall(r"https?://[^\s<>\"')]+", text)
    if not addresses:
        return None
    rest = re.sub(r"https?://[^\s<>\"')]+", " ", text).lower()
    if not set(re.findall(r"[a-z]+", rest)) <= names.LICENSE_WORDS:
        return None
    readings = [_as_url(address) for address in addresses]
    if not all(readings):
        return None
    return Reading(conjunction(reading.spdx for reading in readings), min(reading.confidence for reading in readings))


_RESTRICTIONS = (
    (re.compile(r"(?:academic|research|educational|scholarly)(?: research)? (?:use|purposes) only|"
                r"only for (?:non[ -]?commercial )?(?:academic|research|educational)", re.I), ACADEMIC),
    (re.compile(r"non[ -]?commercial", re.I), NON_COMMERCIAL),
    (ALL_RIGHTS, ALL_RIGHTS_RESERVED),
)


def _restriction(text: str) -> Reading:
    for pattern, spdx in _RESTRICTIONS:
        if pattern.search(text):
            return Reading(spdx, CHOSEN)
    return UNREADABLE


def conjunction(expressions: Iterable[str]) -> str:
    """All of them hold: the AND of valid expressions, flattened, deduplicated, simplified and sorted.

    Nothing at all is `LicenseRef-unknown`, since nothing said is not permission.

    Raises:
        ValueError: if one is not a valid expression.
    """
    return _combined("AND", tuple(sorted(set(expressions))))


def disjunction(expressions: Iterable[str]) -> str:
    """Any of them may be chosen: the OR of valid expressions, as `conjunction`."""
    return _combined("OR", tuple(sorted(set(expressions))))


@lru_cache(maxsize=65_536)
def _combined(operator: str, expressions: tuple[str, ...]) -> str:
    if not expressions:
        return UNKNOWN
    parsed = [parse(expression) for expression in expressions]
    combined = parsed[0] if len(parsed) == 1 else getattr(licensing(), operator)(*parsed)
    return combined.simplify().render()


@lru_cache(maxsize=65_536)
def identifiers_of(expression: str) -> frozenset[str]:
    """The licences that a valid expression names, exceptions left out."""
    return frozenset(
        symbol.key for symbol in licensing().license_symbols(parse(expression), decompose=True)
        if not symbol.is_exception
    )


def symbols_of(expression: str) -> frozenset[str]:
    """The licences and the exceptions that a valid expression names."""
    return frozenset(symbol.key for symbol in licensing().license_symbols(parse(expression), decompose=True))


def family(identifier_: str) -> str:
    """What is left of an identifier without version, jurisdiction and 'or later': 'BSD', 'GPL', 'CC-BY-SA'.

    By it a vague statement ('BSD') is recognised as speaking of the same licence as a precise one ('BSD-2-Clause').
    """
    if identifier_ in UNVERSIONED_CC:
        return identifier_.removeprefix("LicenseRef-").upper()
    if identifier_.startswith("LicenseRef-"):
        return identifier_
    return re.split(r"-\d", identifier_, maxsplit=1)[0]
