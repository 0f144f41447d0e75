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

Role = Literal["states", "points", "hints", "restricts", "reserves", "allows", "prefers", "permits", "limits"]
"""What a field does: `states` a licence; `points` to its text or page; `hints`, that is tells something of it, and
counts as a statement where there is no other; `restricts`, that is counts only for restrictions, as a copyright line;
`reserves` rights against mining and training; `allows` them, and reserves where its value says no; `prefers`, that is
holds the directives of a header (`robots`, `content_usage`); `permits` a use, and restricts where its value says no
(`commercial_use`); `limits` use, where its value says yes (`non_commercial`)."""

_LICENSE = re.compile(
    r"(?:sub)?(?:licen[cs](?:es|ed|ing|e)|lizenz(?:bedingungen|en)?|licen[cç](?:ias|ia|as|a)|licen[zt](?:ies|ie|a|e)|"
    r"licens(?:en|er|i)|lisens(?:er|i)?|lisans|лиценз\w*|ліценз\w*|许可证?|許可證?|ライセンス|라이선스|spdx)"
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
                    "usage license", "reuse", "reuse terms", "permitted use", "permitted uses", "allowed use",
                    "intended use restrictions", "use limitation", "use constraints", "legal constraints",
                    "copyright status", "terms of service", "tos", "nutzungsbedingungen", "nutzungshinweis",
                    "nutzungshinweise", "nutzung", "conditions d utilisation", "conditions d usage",
                    "condiciones de uso", "condições de uso", "termos de uso", "términos de uso", "condizioni d uso",
                    "gebruiksvoorwaarden", "warunki użytkowania", "условия использования", "使用条款", "使用條款",
                    "使用条件", "利用規約", "利用条件", "이용약관"})
_COPYRIGHT = frozenset({"copyright", "copyright notice", "copyright statement", "copyright holder",
                        "copyright line", "rights holder", "legal", "legal notice", "usage", "terms", "rights note",
                        "access", "access level", "acceptable use", "disclaimer",
                        "conditions", "policy", "use policy", "usage policy", "data policy", "data use policy",
                        "reuse policy", "ai policy", "distribution statement", "distribution",
                        "ownership", "confidentiality", "classification", "data classification",
                        "security classification", "sensitivity", "visibility", "sharing", "sharing policy", "handling",
                        "tlp", "tags", "tag", "labels", "intended use", "intended uses", "oa status",
                        "attribution", "attribution text", "credit", "credits", "credit line",
                        "courtesy", "urheberrecht", "urheberrechtshinweis", "droit d auteur", "derechos de autor",
                        "direitos autorais", "diritto d autore", "auteursrecht", "prawa autorskie", "авторские права",
                        "著作権", "版权", "版權", "저작권"})
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
    r"copyrighted|in copyright|all rights reserved|rights reserved)"
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
_NO_LICENSE_OF_WORKS = frozenset({"plate", "plates", "number", "numbers", "driver", "drivers", "driving", "fee", "fees",
                                  "business", "medical", "liquor", "marriage", "fishing", "gun"})
_PARTS = frozenset({
    "image", "images", "img", "picture", "pictures", "photo", "photos", "thumbnail", "thumbnails", "figure", "figures",
    "media", "audio", "video", "videos", "icon", "icons", "logo", "font", "fonts", "theme", "template", "attachment",
    "attachments", "reference", "references", "citation", "citations", "dependency", "dependencies", "link", "links",
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
    if words in _RIGHTS:
        return "states"
    if words in _RIGHTS_POINT:
        return "points"
    if words in _TERMS:
        return "hints"
    if words in _COPYRIGHT:
        return "restricts"
    if words in _RESERVES:
        return "reserves"
    if words in _ALLOWS:
        return "allows"
    if words in _PREFERS:
        return "prefers"
    if _PERMITS.fullmatch(words):
        return "permits"
    if _LIMITS.fullmatch(words):
        return "limits"
    return "restricts" if _POLICY.fullmatch(words) else _of_words(words.split())


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
