"""Names of fields at which data state a licence: 'license', 'licenceUrl', 'max_stars_repo_licenses', 'dc:rights'.

A field's name is read as words ('maxStarsRepoLicenses' is 'max stars repo licenses'); a word for a licence makes it a
place where one is stated, and the words around it say what it holds. Names come from the fields of Hugging Face
datasets and front matter, Dublin Core, schema.org, CKAN, DataCite, The Stack, GitHub's interface and package manifests.

Belongs here: names. Does not: what stands in such fields (`licenses/values.py`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from data_platform.spdx.questions import asked_by

Role = Literal["states", "points", "hints", "restricts", "reserves", "allows", "prefers", "permits", "limits",
               "forbids", "amends", "notes", "elements", "embargoes", "qualifies", "links", "headers"]
"""What a field does: `states` a licence; `points` to its text or page; `hints`, that is tells something of it, and
counts as a statement where there is no other; `restricts`, that is counts only for restrictions, as a copyright line;
`reserves` rights against mining and training; `allows` them, and reserves where its value says no; `prefers`, that is
holds the directives of a header (`robots`, `content_usage`); `permits` a use, and restricts where its value says no
(`commercial_use`); `limits` use, where its value says yes (`non_commercial`); `forbids` what it names; `amends` a
licence by terms of its own; `notes` something, perhaps a limit; names the `elements` of a Creative Commons licence;
`embargoes` a text until a date; `qualifies` the licence beside it; holds `links` with relations; holds `headers`."""

_LICENSE = re.compile(
    r"(?:sub)?(?:licen[cs](?:es|ed|ing|e)|lizenz(?:bedingungen|en)?|licen[cç](?:ias|ia|as|a)|licen[zt](?:ies|ie|a|e)|"
    r"licens(?:en|er|i)|lisens(?:er|i)?|lisans|lic$|лиценз\w*|ліценз\w*|许可证?|許可證?|ライセンス|라이선스|spdx)"
)
_RIGHTS = frozenset({"rights", "dc rights", "dcterms rights", "rights statement", "rights statements", "rights list",
                     "usage rights", "use rights", "access rights", "reuse rights", "edm rights",
                     "nutzungsrechte", "nutzungsrecht", "rechte", "rechtehinweis", "rechteangabe", "droits",
                     "droits d utilisation", "droits d usage", "derechos", "derechos de uso", "direitos",
                     "direitos de uso", "diritti", "diritti d uso", "gebruiksrechten", "prawa", "права", "权利",
                     "使用权", "使用權", "利用権", "권리"})
_RIGHTS_POINT = frozenset({"rights url", "rights uri", "rights link"})
_TERMS = frozenset({"terms of use", "usage terms", "terms and conditions", "conditions of use", "use conditions",
                    "use restrictions", "usage restrictions", "data use restrictions", "data use terms", "restrictions",
                    "usage license", "reuse", "reuse terms", "use terms", "restriction", "tou", "eula",
                    "end user license agreement",
                    "end user agreement", "user agreement", "data use agreement", "data usage agreement", "dua",
                    "data sharing agreement", "data agreement", "agb", "nda", "cgu", "cgv", "usage info",
                    "terms conditions", "t c", "tandc", "tncs", "use agreement",
                    "terms and conditions of use", "permitted use", "permitted uses", "allowed use",
                    "intended use restrictions", "use limitation", "use constraints", "legal constraints",
                    "copyright status", "terms of service", "tos", "nutzungsbedingungen", "nutzungshinweis",
                    "nutzungshinweise", "nutzung", "conditions d utilisation", "conditions d usage",
                    "condiciones de uso", "condições de uso", "termos de uso", "términos de uso", "condizioni d uso",
                    "gebruiksvoorwaarden", "warunki użytkowania", "условия использования", "使用条款", "使用條款",
                    "使用条件", "利用規約", "利用条件", "이용약관"})
_COPYRIGHT = frozenset({"copyright", "copyright notice", "copyright statement", "copyright holder",
                        "copyright line", "rights holder", "legal", "legal notice", "usage", "terms", "legal terms",
                        "rights note", "access", "access level", "access right", "access status", "access type",
                        "access mode", "access condition", "access conditions", "access restriction",
                        "access restrictions",
                        "conditions of access", "availability", "openness", "oa type", "public access",
                        "acceptable use", "disclaimer", "agreement", "contract", "use", "uses", "use case",
                        "use cases", "allowed uses", "permitted", "allowed", "users", "allowed for", "licensed for",
                        "purpose", "purposes",
                        "audience", "source terms", "host terms", "site terms", "provider terms", "dataset terms",
                        "data terms",
                        "conditions", "policy", "use policy", "usage policy", "data policy", "data use policy",
                        "reuse policy", "ai policy", "distribution statement", "distribution",
                        "ownership", "confidentiality", "classification", "data classification",
                        "security classification", "sensitivity", "visibility", "sharing", "sharing policy", "handling",
                        "tlp", "tags", "tag", "labels", "intended use", "intended uses", "oa status",
                        "attribution", "attribution text", "credit", "credits", "credit line",
                        "courtesy", "urheberrecht", "urheberrechtshinweis", "droit d auteur", "derechos de autor",
                        "direitos autorais", "diritto d autore", "auteursrecht", "prawa autorskie", "авторские права",
                        "著作権", "版权", "版權", "저작권"})
_TERMS_IN_WORDS = frozenset({
    "terms", "legal", "legal notice", "legal terms", "usage", "conditions", "policy", "use policy", "usage policy",
    "data policy", "reuse policy", "agreement", "contract", "source terms", "host terms", "site terms",
    "provider terms", "dataset terms", "data terms", "copyright notice", "copyright statement", "rights note",
    "copyright", "acceptable use", "disclaimer", "conditions of access", "access conditions", "access condition",
    "availability", "access restrictions",
})
"""Names of fields that hold terms, or something else: what stands there tells."""
_FORBIDS = frozenset({"prohibition", "prohibitions", "prohibited", "prohibited use", "prohibited uses", "prohibit",
                      "prohibits", "forbidden", "forbidden use", "forbidden uses", "forbids", "not permitted",
                      "not allowed", "disallowed", "disallowed use", "disallowed uses", "denied use", "denied uses",
                      "banned use", "banned uses", "obligation", "obligations", "duty", "duties", "verboten",
                      "interdictions", "out of scope use", "excluded use", "excluded uses"})
_AMENDS = frozenset({"rider", "riders", "addendum", "addenda", "additional terms", "additional conditions",
                     "additional restrictions", "extra terms", "extra conditions", "special terms",
                     "special conditions", "supplementary terms", "supplemental terms", "side letter", "amendment",
                     "amendments", "custom terms", "further terms", "further restrictions", "other terms"})
_NOTES = re.compile(
    r"(?:\w+ ){0,2}?(?:notes?|remarks?|footnotes?|warnings?|caveats?)|notice|comments?|hinweise?|remarques?|备注|説明|"
    r"注意|info|information|description|about|message|readme|details")
_ELEMENTS = frozenset({"cc", "cc type", "cc elements", "cc element", "cc code", "cc terms", "cc flavour", "cc flavor",
                       "cc variant", "creative commons", "creativecommons", "creative commons type", "cc url",
                       "license elements", "license element",
                       "licence elements",
                       "cc uri", "cc link", "creative commons url", "cc version", "cc name", "cc id"})
_EMBARGOES = re.compile(
    r"(?:\w+ )*(?:embargo(?:e[ds])?|embargado|sperrfrist)(?: \w+){0,4}|"
    r"(?:date )?available(?: (?:from|after|on|date|since))?|"
    r"date available|"
    r"not before|(?:publish|release|public|open|free|access|visible|accessible|publishable|released)"
    r"(?: (?:from|after|on|not before))|(?:public )?release date|(?:open|free|public) access (?:from|date|after|on)"
)
_OPT_OUTS = re.compile(r"(?:\w+ ){0,3}?opt(?:ed)? ?out(?: (?:date|at|on|time|since|reason|source|requested))?")
_AGREEMENTS = re.compile(
    r"(?:data|use|usage|user|licen[cs]e|subscriber|member|access|sharing|transfer|customer|service)s?(?: \w+)* "
    r"agreement")
_HEADERS = re.compile(
    r"(?:(?:http|https|response|resp|server|warc|origin|crawl|fetch|raw) ?)*headers?(?: (?:raw|list|map|dict|json))?")
_AGREED = frozenset({"eula", "dua", "nda", "tos", "tou", "agb", "end user license agreement", "use agreement"})
_HEADER_NAMES = frozenset({"link", "x robots tag", "tdm reservation", "content usage", "content signal"})
_LINKS = frozenset({"link", "links", "link header", "web links"})
_RESERVES = frozenset({"tdm reservation", "tdm opt out", "opt out", "optout", "opted out", "noai", "no ai", "noml",
                       "do not train", "no training", "ai opt out", "ai training opt out"})
_ALLOWS = frozenset({"ai training", "train ai", "ai train", "allow ai training", "ai training allowed",
                     "allow training", "training allowed", "can train", "ai use", "ai usage", "allow ai", "ai allowed",
                     "text and data mining", "tdm", "tdm allowed", "allow tdm"})
_PREFERS = frozenset({"robots", "robots meta", "meta robots", "robots tag", "x robots tag", "content usage",
                      "content signal"})
_POLICY = re.compile(
    r"(?:publisher|journal|(?:web)?site|source|host|archiv(?:e|ing)|repository|content|tdm|(?:text )?mining|"
    r"crawl(?:ing|er)?|"
    r"scraping|training|licen[cs]ing|copyright|rights|open access|oa|access|redistribution)s?"
    r"(?: \w+)? (?:policy|policies|terms|conditions)"
)
_PERMITS = re.compile(
    r"(?:(?:is|are|can|may|be|has|allows?|allowed|permits?|permitted) )*(?:"
    r"commercial (?:re)?(?:use|usage)|derivatives?(?: works?)?|modifications?|adaptations?|remix(?:ing)?|"
    r"redistribut(?:e|ion|able)|permissions?|resale|open access|oa|free(?:ly)? (?:licensed|reusable|to use)|"
    r"openly licensed|open licensed?|reusable)(?: (?:is|rights?|allowed|permitted|granted|ok|possible))*|"
    r"(?:allows?|permits?) commercial|commercial(?:ly)? (?:allowed|permitted|ok|usable)|"
    r"(?:(?:can|may) )?be (?:used commercially|sold|resold|redistributed|modified|copied|reused)"
)
_LIMITS = re.compile(
    r"(?:(?:is|for|license) )*(?:(?:non ?commercial|research|academic|personal|private|internal|evaluation|"
    r"education(?:al)?)"
    r"(?: use| purposes?)? only|non ?commercial(?: use)?|no (?:commercial(?: use)?|derivatives?|derivs|redistribution|"
    r"reuse|modifications?|copying|scraping|crawling)|proprietary|confidential|private|restricted|embargoed|"
    r"paywall(?:ed)?|"
    r"copyrighted|in copyright|all rights reserved|rights reserved)|"
    r"(?:is )?(?:cc )?(?:by )?(?:sa )?n[cd](?: (?:sa|nd|nc))*"
)
_SCHEMAS = frozenset({"dc", "dce", "dct", "dcterms", "edm", "schema", "xmp"})
"""Vocabularies whose prefix may stand before the name of a property."""
_STATES_AFTER = frozenset({
    "", "id", "ids", "identifier", "identifiers", "name", "names", "title", "spdx", "spdx id", "code", "short",
    "short name",
    "expression", "expressions", "text", "key", "keys", "label", "labels", "tag", "tags", "string", "statement", "info",
    "information", "declared", "concluded", "list", "license identifier", "abbreviation", "value", "values",
    "detected", "license",
})
_POINTS_AFTER = frozenset({"url", "urls", "uri", "uris", "link", "links", "href", "page", "web page", "homepage",
"file",
                           "files", "path", "paths"})
_QUALIFIES = frozenset({
    "confidence", "score", "probability", "certainty", "status", "state", "validity", "until", "expires", "expiry",
    "expiration", "end", "end date", "valid until", "valid to", "expires at", "expires on", "expiry date",
    "expiration date", "from", "start", "start date", "valid from", "effective date", "effective from", "modified",
    "revoked", "expired", "withdrawn", "pending", "disputed", "inferred", "guessed", "assumed", "scope", "for",
    "applies to", "restriction", "restrictions", "exception", "exceptions", "exclusions", "territory", "territories",
    "region", "audience", "users", "only for", "valid for", "valid in", "limitations", "coverage", "covers",
})
_NO_LICENSE_OF_WORKS = frozenset({"plate", "plates", "number", "numbers", "driver", "drivers", "driving", "fee", "fees",
                                  "business", "medical", "liquor", "marriage", "fishing", "gun"})
_PARTS = frozenset({
    "image", "images", "img", "picture", "pictures", "photo", "photos", "thumbnail", "thumbnails", "figure", "figures",
    "media", "audio", "video", "videos", "icon", "icons", "logo", "font", "fonts", "theme", "template", "attachment",
    "attachments", "reference", "references", "citation", "citations", "dependency", "dependencies",
    "comment", "comments", "author", "authors", "cover", "tokenizer", "model", "models", "annotation", "annotations",
    "translation", "translations", "related", "thumbs",
})
"""Words for what is a part of a work, or another work: what is stated there holds there."""


@lru_cache(maxsize=16_384)
def words_of(name: str) -> str:
    """The words of a field's name, in lower case and parted by single spaces."""
    name = unicodedata.normalize("NFKC", name)
    apart = re.sub(r"(?<=[a-zß-ÿ0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return " ".join(re.split(r"[\W_]+", apart)).strip().casefold()


@lru_cache(maxsize=16_384)
def role_of(name: str) -> Role | None:
    """What a field of that name does; None if it has nothing to do with licences."""
    words = words_of(name)
    first, _, rest = words.partition(" ")
    if rest and first in _SCHEMAS:
        words = rest
    words = _without_header(words)
    if words in _RIGHTS:
        return "states"
    if words in _RIGHTS_POINT:
        return "points"
    if words in _TERMS or _AGREEMENTS.fullmatch(words):
        return "hints"
    if words in _ELEMENTS:
        return "elements"
    if _pointed_at(words) in _TERMS | _TERMS_IN_WORDS:
        return "points"
    if _NOTES.fullmatch(words) and not _LICENSE.match(words):
        return "notes"
    for names, role in _BY_NAME:
        if words in names:
            return role
    if words in _COPYRIGHT or (words.startswith("x ") and words[2:] in _COPYRIGHT):
        return "restricts"
    if words in _RESERVES or _OPT_OUTS.fullmatch(words):
        return "reserves"
    if words in _ALLOWS:
        return "allows"
    if words in _PREFERS:
        return "prefers"
    if _PERMITS.fullmatch(words):
        return "permits"
    if _LIMITS.fullmatch(words):
        return "limits"
    if _EMBARGOES.fullmatch(words):
        return "embargoes"
    if _HEADERS.fullmatch(words):
        return "headers"
    if (asked := asked_by(words)) is not None:
        return asked
    return "restricts" if _POLICY.fullmatch(words) else _of_words(words.split())


_BY_NAME: tuple[tuple[frozenset[str], Role], ...] = (
    (_FORBIDS, "forbids"), (_AMENDS, "amends"), (_LINKS, "links"))


def is_agreement(words: str) -> bool:
    """Whether a field of that name, in words, is about an agreement that users have to make."""
    return words in _AGREED or bool(_AGREEMENTS.fullmatch(words))


def holds_terms(words: str) -> bool:
    """Whether a field of that name, in words, holds terms of use, if what stands there looks like it."""
    return words in _TERMS_IN_WORDS


def _without_header(words: str) -> str:
    """The name of a header without the words that say that it is one: 'http header link'."""
    there = words.split()
    while len(there) > 1 and there[0] in ("http", "response", "resp", "header", "headers"):
        there = there[1:]
    return " ".join(there) if " ".join(there) in _HEADER_NAMES else words


def _pointed_at(words: str) -> str | None:
    """What the name of a field that holds an address says of it: 'terms' of 'terms url'; None if it holds none."""
    first, _, last = words.rpartition(" ")
    return first if last in _POINTS_AFTER else None


def _of_words(words: list[str]) -> Role | None:
    place = next((number for number, word in enumerate(words) if _LICENSE.match(word)), None)
    if place is None or _NO_LICENSE_OF_WORKS & (set(words[:place][-1:]) | set(words[place + 1:])):
        return None
    word = words[place]
    # 'licenseurl', 'spdxid': two words written as one.
    rest = [word[_LICENSE.match(word).end():].strip(), *words[place + 1:]]
    after = " ".join(filter(None, rest))
    if words[0] in ("has", "is", "no", "num", "n", "count"):
        return "hints"
    if after in _QUALIFIES:
        return "qualifies"
    if after in _POINTS_AFTER:
        return "points"
    return "states" if after in _STATES_AFTER else "hints"


@lru_cache(maxsize=16_384)
def is_part(name: str) -> bool:
    """Whether a field of that name holds a part of the work, or another work."""
    return bool(_PARTS & set(words_of(name).split()))


def speaks(name: str) -> bool:
    """Whether a field of that name has anything to do with licences."""
    return role_of(name) is not None
