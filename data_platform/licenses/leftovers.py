# ruff: noqa: RUF001 - signs and letters of other scripts are meant
"""What a text says beyond the licence that it holds: read, and what cannot be understood is no permission.

A sentence added to a licence is part of the terms, in whatever words: "not in weapons", "for research only", "after
payment of a fee". So nothing is looked for that would make a sentence harmful; it has to be of a kind that is known to
be harmless: notices of copyright with their years and names, headings, names and addresses, pointers to the licence,
and the like. A name is made of words that the language of licences has no use for: 'Jane Doe', not 'Not For Sale'.
Whatever remains is unknown, and restricted where it plainly says so.

Belongs here: reading what is left over. Does not: finding it (`license_text`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from typing import NamedTuple

from data_platform.licenses.license_words import words_of
from data_platform.spdx.expressions import (
    CHOSEN,
    NON_COMMERCIAL,
    OPT_OUT,
    RESTRICTED_USE,
    UNKNOWN,
    family,
    identifiers_of,
    read,
)

MOST_NAME_WORDS = 60
"""Words of names after one sign of copyright."""
MOST_HEADING_WORDS = 10

_NOT = (
    r"(?:not|never|no|neither|nor|none|cannot|can't|don't|mustn't|without|prohibit\w*|forbid\w*|forbidden|bans?|banned|"
    r"disallow\w*|refus\w+|exclud\w+|except\w*|reserv\w+|restrict\w+)"
)
_RESTRICTIONS = (
    (OPT_OUT, re.compile(
        rf"\b{_NOT}\b(?:\W+\w+){{0,14}}?\W+(?:(?:pre)?train\w*|fine\W?tun\w+|machine\W+learning|data\W?mining|"
        r"scrap(?:e|ing)|(?:large\W+)?language\W+models?|neural|artificial\W+intelligence)\b|"
        r"\b(?:machine\W+learning|data\W?mining|artificial\W+intelligence|\bai\b|language\W+models?|generative|neural)\b"
        rf"(?:\W+\w+){{0,12}}?\W+{_NOT}\b|"
        r"\btrain\w*(?:\W+\w+){0,12}?\W+" + _NOT + r"\b", re.I)),
    (NON_COMMERCIAL, re.compile(
        r"\bnon\W?commercial|\bnot\W?for\W?profit|\bnon\W?profit|commons\s+clause|"
        rf"\b{_NOT}\b(?:\W+\w+){{0,12}}?\W+(?:commerc\w+|sell|sold|sale|resale|resell|profit|monetary|monetiz\w+|revenue)\b|"
        r"\b(?:commerc\w+|sell|sold|sale|resale|resell\w*|profit|revenue|monetiz\w+)\b(?:\W+\w+){0,12}?\W+"
        rf"(?:{_NOT}|requires?|contact|only|permission|consent|fees?|pay\w*|purchas\w+|royalt\w+|subscri\w+)\b|"
        r"\b(?:personal|private|academic|research|education\w*|evaluation|study|teaching|hobby\w*|home|internal|scholarly|"
        r"non\W?production)\b(?:\W+\w+){0,6}?\W+(?:only|solely|exclusively)\b|"
        r"\b(?:only|solely|exclusively|restricted|limited)\b(?:\W+\w+){0,8}?\W+(?:personal|private|academic|research|"
        r"education\w*|evaluation|study|teaching|hobby\w*|home|internal|scholarly|non\W?production)\b", re.I)),
    ("JSON", re.compile(r"\bshall\W+be\W+used\W+for\W+good\W+not\W+evil\b", re.I)),
    (RESTRICTED_USE, re.compile(
        r"\b(?:may|must|shall|can|could|should|do|does|is|are|be|will)\W+(?:not|only|never)\b|\bcannot\b|\bmay\W+no\b|"
        r"\bno\W+(?:right|permission|license|one|use|part|person|company|government)\b|\bnot\W+(?:be|permitted|allowed|"
        r"authori[sz]ed|licensed|granted|for|to|in|by|use|used)\b|\bprohibit|\bforbid|\bforbidden\b|\bdisallow|\bbanned\b|"
        r"\bonly\W+(?:for|by|in|if|to|on|with|when|within|those|members)\b|\bsolely\b|\bexclusively\b|\bexclud|\bunless\b|"
        r"\bexcept\b|\bfees?\b|\broyalt|\bpay(?:ment|able|ing|s)?\b|\bpurchas|\bsubscri|\bprior\W+(?:written\W+)?"
        r"(?:permission|consent|approval)|\b(?:permission|consent|approval)\W+(?:is\W+)?(?:required|needed|of|from)\b|"
        r"\brestrict|\brevok|\bterminat|\bexpire|\bweapon|\bmilitary\b|\bsurveillance\b|\bgovernment", re.I)),
)

_RESERVATION = dict(_RESTRICTIONS)[OPT_OUT]
_ADDRESS = re.compile(
    r"[\w.+-]+\s?(?:@|\[at\]|\(at\)| at )\s?[\w-]+(?:\s?(?:\.|\[dot\]| dot )\s?[\w-]+)+|"
    r"https?://[^\s<>\"']+|www\.[^\s<>\"']+|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|edu|gov|de|uk)(?:/[^\s<>\"')]*)?",
    re.I)
"""Addresses of mail and of the web."""
_HARMLESS = tuple(re.compile(pattern, re.I) for pattern in (
    r"all\s+rights?\s+reserved\.?",
    r"\(?\s*including\s+the\s+next\s+paragraph\s*\)?",
    r"(?:begin|start|end)\s+(?:of\s+)?(?:the\s+)?(?:license|copyright|legal)(?:\s+(?:text|notice|block|file|terms))?",
    r"\(?(?:as\s+)?(?:listed|shown|named|see)\s+(?:in|by)?\s*(?:the\s+)?(?:authors|contributors|credits)"
    r"(?:\.\w+)?(?:\s+file)?\)?",
    r"and\s+(?:many|all)\s+(?:other\s+)?contributors(?:,?\s+see)?",
    r"end\s+of\s+(?:the\s+)?terms\s+and\s+conditions",
    r"for\s+(?:more|further)\s+(?:information|details)(?:\s+on\s+this(?:,\s*and\s+how\s+to\s+apply\s+and\s+follow\s+the\s+gnu"
    r"\s+\w+)?)?,?\s*(?:please\s+)?(?:see|visit)?",
    r"(?:please\s+)?(?:see|refer\s+to|read)\s+(?:the\s+)?(?:file|files)?\s*['\"`]?(?:licen[sc]e|copying|authors|notice|"
    r"contributors|credits)(?:[.-][\w.-]+)?['\"`]?(?:\s+(?:file|for\s+(?:more\s+)?(?:details|information|the\s+full\s+list"
    r"(?:\s+of\s+\w+)?)))*",
    r"(?:the\s+)?full\s+(?:license\s+)?text\s+(?:of\s+the\s+license\s+)?(?:is|can\s+be\s+found)\s+(?:below|here|as\s+follows|at|in)",
    r"is\s+licensed\s+(?:for\s+use\s+)?as\s+follows",
    r"last\s+(?:updated|modified)\s*:?\s*[\w ,/-]{4,20}",
    r"the\s+(?:following\s+)?(?:license|copyright\s+notice)(?:\s+text)?\s+(?:is|follows|below)(?:\s+(?:below|as\s+follows))?",
))
"""Phrases that say nothing of what is allowed."""

_GRANT = re.compile(
    r"(?P<subject>(?:[\w.+'-]+[ \t\n]+){0,8}?)(?:is|are|be)\s+(?:free\s+software\s*,?\s*)?(?:(?:made|provided|licensed|"
    r"released|available|distributed|covered|published|offered|open\W?sourced?|shared|and|re-?licensed|freely|also|all)"
    r"\s+)*(?:under|by|with)\s+"
    r"(?:the\s+)?(?:terms\s+(?:and\s+conditions\s+)?of\s+)?(?:the\s+|an?\s+)?"
    r"(?P<name>[^.;:\n]{2,60}(?:\.\d[^.;:\n]{0,30})?)", re.I)
"""'X is distributed under the terms of the Y license': says no more than the text of Y beside it."""
_TAG = re.compile(r"SPDX-License-Identifier:([^\n]*)")
_ORIGIN = re.compile(
    r"(?P<subject>(?:[\w./*{},'`_-]+[ \t\n]+){0,30}?)(?:"
    r"(?:is|are|was|were|has|have|been|also|partly|originally|heavily)\s+)*"
    r"(?:adapted|derived|taken|based|copied|ported|borrowed|extracted|forked|inspired|developed|modified)\s+(?:from|on|by)\s+"
    r"(?P<source>[^.;:\n]{2,90})", re.I)
"""'Code in x.py is adapted from Y': says where something comes from."""
_DANGLING = re.compile(r"(?P<subject>(?:\w+(?:[ \t]+|[ \t]*\n(?![ \t]*\n))){1,4})"
                       r"(?:(?:is|are)\s*)?(?:dual\W+|also\s+)?$", re.I)
"""'This repository is', before a notice that was recognised."""
_MARK = re.compile(r"(?:\bcopy-?rights?\b|\bcopr\b|©|\(c\)|\bauthors?\s*:|\bmaintain\w+\s*:|\bcontributors?\s*:|"
                   r"\bwritten\s+(?:and\s+\w+\s+)?by\b|\bcreated\s+by\b|\bdeveloped\s+by\b)", re.I)
_NAME_WORDS = frozenset(
    [
        "the", "of", "and", "by", "for", "in", "at", "de", "la", "le", "du", "van", "von", "der", "den", "el", "al",
        "et", "os", "inc", "llc", "ltd", "co", "corp", "corporation", "company", "gmbh", "ag", "sa", "limited",
        "foundation", "university", "universität", "institute", "institution", "college", "school", "department",
        "dept", "laboratory", "laboratories", "lab", "labs", "center", "centre", "association", "consortium", "society",
        "group", "team", "project", "projects", "developers", "developer", "development", "authors", "author",
        "contributors", "contributor", "holders", "holder", "owner", "owners", "copyright", "copyrights", "portions",
        "parts", "others", "other", "its", "their", "original", "originally", "present", "now", "since", "until",
        "and/or", "various", "individual", "all", "respective", "maintainers", "community", "software", "systems",
        "system", "technologies", "technology", "computing", "computer", "science", "sciences", "research",
        "engineering", "national", "international", "state", "states", "united", "american", "european", "regents",
        "trustees", "california", "board", "members", "free", "open", "source", "standard", "world", "wide", "web",
        "data", "core", "library", "framework", "program", "project's", "org", "com", "net", "io", "github", "email",
        "http", "www", "affiliates", "affiliate", "subsidiaries", "successors", "assigns", "respective", "consulting",
        "mr", "mrs", "dr", "prof", "jr", "sr", "st", "ii", "iii", "iv", "to", "from", "an", "a", "on", "file",
        "files", "list", "as", "partially", "based", "with", "contributions", "contributed", "rights",
        "reserved", "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
        "november", "december", "year", "name", "holder's", "date", "first", "version",
        "mit", "bsd", "isc", "apache", "code", "work", "works", "media", "art", "design",
        "digital", "global", "network", "networks", "information", "service", "services", "solutions", "press",
        "internet", "security", "mobile", "cloud", "language", "languages", "python", "java", "java's",
        "institute's", "main", "additional", "more", "full", "modifications", "modified", "changes",
        "additions", "portion", "part"
    ]
)
"""Words of the language of licences that stand in names and beside them."""
_GIVEN_NAMES = frozenset([
    "will", "grant", "mark", "bill", "page", "case", "rich", "may", "young", "long", "white", "brown", "black",
    "green", "drew", "chase", "rob", "van", "frank", "art", "hope", "joy", "faith", "grace", "christian", "guy",
    "pat", "sue", "hardy", "sharp", "price", "field", "fields", "bush"
])
_SPEECH = frozenset(
    [
        "clause", "derivs", "noderivs", "noderivatives", "sharealike", "noai", "tdm", "anti", "eula", "send",
        "postcard", "per", "nonprofits", "individuals", "charities", "patent", "patents", "pending", "vegan",
        "llm", "llms", "additional", "terms", "noncommercially", "vain", "endast", "kun", "apenas",
        "not", "no", "never", "only", "must", "shall", "should", "cannot", "can", "could", "would", "might",
        "do", "does", "did", "is", "are", "was", "were", "been", "being", "have", "has", "had", "if", "when",
        "where", "who", "whom", "which", "whose", "that", "you", "your", "yours", "they", "them", "he", "she", "it",
        "we", "us", "any", "anyone", "anybody", "anything", "nobody", "none", "nothing", "nor", "everyone", "every",
        "each", "such", "those", "these", "this", "here", "hereby", "because", "so", "than", "then", "but", "yet",
        "please", "ask", "contact", "keep", "out", "off", "use", "used", "uses", "using", "user", "users", "usage",
        "sell", "sold", "selling", "sale", "sales", "resale", "resell", "commercial", "commercially", "noncommercial",
        "profit", "nonprofit", "permission", "permissions", "permitted", "permit", "permits", "prohibited", "prohibit",
        "forbidden", "forbid", "restricted", "restriction", "restrictions", "restrict", "allowed", "allow", "allows",
        "disallowed", "except", "excepting", "excluding", "exclude", "excluded", "unless", "without", "within",
        "outside", "redistribute", "redistribution", "redistributed", "distribute", "distribution", "distributed",
        "copy", "copies", "copying", "copied", "modify", "modification", "modified", "change", "changed", "license",
        "licensed", "licenses", "licensing", "sublicense", "fee", "fees", "pay", "pays", "paid", "payment", "payments",
        "purchase", "purchased", "buy", "royalty", "royalties", "subscription", "subscriber", "subscribers", "cost",
        "charge", "price", "require", "required", "requires", "requirement", "condition", "conditions", "conditional",
        "agree", "agreement", "consent", "approval", "approved", "written", "prior", "personal",
        "personally", "private", "academic", "educational", "evaluation", "evaluate", "internal", "internally",
        "classroom", "students", "student", "teachers", "hobby", "hobbyists", "noncommercially", "trial", "demo",
        "preview", "beta", "confidential", "proprietary", "secret", "unpublished", "undisclosed", "military", "weapon",
        "weapons", "war", "police", "surveillance", "harm", "evil", "good", "against", "train", "training", "trained",
        "mining", "scraping", "until", "after", "before", "during", "expire", "expires", "expired", "terminate",
        "terminated", "revoked", "valid", "void", "subject", "exclusive", "exclusively", "solely", "purpose",
        "purposes", "employees", "competitors", "competing", "competitor", "companies", "enterprises", "corporations",
        "governments", "warranty", "liable", "liability", "must", "under", "unless", "otherwise", "just", "strictly",
        "banned", "ban", "denied", "deny", "reproduced", "reproduce", "reproduction", "run", "access",
        "excludes", "excluding", "nonfree", "unfree", "exclusion", "non", "exceed", "exceeding", "limit", "addendum",
        "annex", "supplement", "supplementary", "responsible", "embargoed", "fouo", "classified", "unclassified"
    ]
)
"""Words that make a sentence: in whatever case, they stand in no name."""
_FOREIGN = re.compile(
    r"\b(?:kein\w*|nicht|nur|ohne|verbot\w*|untersagt|gewerblich\w*|kommerziell\w*|ausschlie\w+|nutzung|verkauf\w*|"
    r"pas|sans|seulement|uniquement|interdit\w*|jamais|vente|non|ne|usage|utilis\w+|aucun\w*|"
    r"sin|solo|solamente|únicamente|prohibid\w*|venta|uso|ningún|ninguna|nunca|"
    r"não|sem|somente|apenas|proibid\w*|venda|"
    r"senza|vietat\w*|divieto|vendita|soltanto|niet|geen|alleen|zonder|verboden|gebruik|verkoop|"
    r"ikke|inte|endast|kun|förbjud\w*|forbudt|нельзя|лишь|только|запрещ\w*|без|не|nie|tylko|bez|zakaz\w*|zabron\w*)\b|"
    r"restreint\w*|limitée?s?|ausgeschlossen|ausgenommen|vorbehalten|réserv\w+|exclus?\w*|défend\w+|soumis\w*|payant\w*|"
    r"reservad\w*|riservat\w*|voorbehouden|zastrzeżon\w*", re.I)
"""Words that deny or limit in other languages, which a name does not have."""
_FOREIGN_SCRIPT = re.compile(
    r"[。！]|禁|不得|不可|不能|不允|不許|不准|勿|仅|僅|只限|只能|只供|限于|限於|限り|限定|商用|商业|商業|营利|營利|盈利|用途|用于|用於|使用|"
    r"付费|付費|收费|收費|授权|授權|許可|许可|許諾|转载|轉載|転載|联系|聯繫|除外|ください|ません|のみ|금지|없이|비상업|허용|запрещ|только|"
    r"нельзя|\bбез\b|\bне\b|коммерч|заборон|лише|ممنوع|فقط|يحظر|אסור|בלבד|ห้าม|केवल|απαγορ|μόνο", re.I)
"""The same in other scripts, of which no English word beside them takes anything."""
_PLAIN_TERMS = re.compile(
    r"[$€£¥]\s?\d|\b\d+(?:\.\d+)?\s?(?:[$€£¥]|usd|eur|gbp|chf|jpy|cny|dollars?|euros?)(?!\w)|\b(?:usd|eur|gbp|chf)\s?\d|"
    r"\b\d{1,2}\+(?!\w)|\(\s*(?:research|academi\w+|education\w*|teaching|personal|private|internal|home|hobby)\W*\)|"
    r"\bfree\s+(?:for|to|in|as|of|within)\b|\beffective\b|\bfrom\s+(?:19|20)\d\d\s+on", re.I)
"""For whom, since when or for how much a permission holds."""
_PIECE = re.compile(r"[\n.;:!]|\s[-\u2013\u2014]\s")
_SENTENCE_END = re.compile(
    r"(?<=[^\W\d_]{3})(?<!\binc)(?<!\bltd)(?<!\bcorp)(?<!\bllc)(?<!\buniv)(?<!\bdept)(?<!\bprof)(?<!\bmrs)\.\s+(?=\S)|"
    r"\n[ \t]*\n\s*(?=\S)", re.I)
"""Where what follows a name is no part of it."""
_OTHER_LICENSES = frozenset({
    "rail", "openrail", "busl", "sspl", "elastic", "hippocratic", "ethical", "polyform", "prosperity", "parity",
    "commons", "fair", "core", "template", "placeholder", "example", "sample", "draft", "superseded", "deprecated",
    "obsolete", "old", "former", "previous", "tlp", "seats", "seat", "site", "edition", "exception", "exceptions", "ai",
    "genai", "price", "pricing", "trial", "evaluation", "nc", "nd", "open-core", "revised", "custom", "special", "lite",
    "see",
})
"""Words that stand in names, and in a heading tell that the licence below is another, narrower, or none."""
_OTHER_SCRIPT = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff]")
_HEADING_OF_SCRIPT = re.compile(
    r"(?:开源|開源)?(?:许可|許可)(?:证|證|协议|協議)?|版权|版權|著作権|著作權|ライセンス|라이선스|лицензи[яи]|άδεια|有限(?:责任|責任)?公司")
"""What headings are called in other scripts, and companies, whose liability is limited and not the use."""
_ELEMENTS = frozenset({"nc", "nd"})
"""Elements of Creative Commons licences; behind a comma they are states."""
_SMALL_WORD = re.compile(r"[^\W\d_]{3,}")
_NOISE = re.compile(r"(?:\d{1,2}|[a-z]|[ivx]{1,5}|rem|dnl|br|nbsp|md|txt|readme|url)\Z")
_YEAR = re.compile(r"(?:19|20)\d\d\Z")


class Leftover(NamedTuple):
    """What remains of a text, and what is known of its surroundings."""

    text: str
    heading: bool = False
    """Whether it stands above or below a licence, where titles are."""
    name: bool = False
    """Whether it stands where the licence has a name."""


def restrictions(text: str) -> frozenset[str]:
    """What a text restricts, as LicenseRefs of tier 5: the narrowest that is plainly said, or nothing."""
    found = {reference for reference, pattern in _RESTRICTIONS if pattern.search(text)}
    return frozenset(found - {RESTRICTED_USE} or found)


def reserves(text: str) -> bool:
    """Whether a text reserves mining or training."""
    return bool(_RESERVATION.search(text))


def is_noise(word: str) -> bool:
    """Whether a word is a list number, a letter or a comment sign."""
    return bool(_NOISE.match(word))


def is_speech(word: str) -> bool:
    """Whether a word makes a sentence, or turns it: 'not', 'only', 'use', 'fee'."""
    return word in _SPEECH


def is_name_word(word: str, legal: Set[str]) -> bool:
    """Whether a word (lower case) stands in names: the language of licences has no use for it, or it is a title."""
    return _nameable(word, word, legal)


def terms_of(leftover: Leftover, legal: Set[str], agreed: Set[str]) -> frozenset[str]:
    """The terms that a leftover adds: nothing if it is harmless, what it restricts, `LicenseRef-unknown` otherwise.

    Args:
        leftover: the words, and where they stand.
        legal: words of the language of licences.
        agreed: identifiers of the licences that were found: to name one of them again adds nothing.
    """
    named: set[str] = set()
    if not remaining(leftover, legal, named):
        return frozenset(name for name in named if not _agrees(name, agreed))
    return restrictions(leftover.text) | {UNKNOWN}


def _agrees(spdx: str, agreed: Set[str]) -> bool:
    """Whether an expression names licences that were found; a vague name, one of their family."""
    there = {name.removesuffix("-only").removesuffix("-or-later") for name in agreed}
    families = {family(name) for name in agreed}
    return all(
        name.removesuffix("-only").removesuffix("-or-later") in there or (family(name) in families and name in _VAGUE)
        for name in identifiers_of(spdx)
    )


def _named(text: str) -> str | None:
    """The licence whose name a text is, if it is one and nothing else."""
    text = re.sub(r"[\s#*=_~`'\"()<>:-]+$|^[\s#*=_~`'\"(<>:-]+", "", text)
    for candidate in (text, re.sub(r"^the\s+|\s+(?:license|terms|text)$", "", text, flags=re.I),
                      re.sub(r"\s*\([^()]*\)$", "", text)):
        reading = read(" ".join(candidate.split()))
        if reading.confidence >= CHOSEN and "LicenseRef-" not in reading.spdx:
            return reading.spdx
    return None


def remaining(leftover: Leftover, legal: Set[str], named: set[str] | None = None) -> list[str]:
    """Words of a leftover that no harmless kind explains. Licences that it names are added to `named`."""
    text = leftover.text
    named = set() if named is None else named
    latin = _HEADING_OF_SCRIPT.sub(" ", text)
    if _PLAIN_TERMS.search(text) or _FOREIGN_SCRIPT.search(latin) or any(
            _FOREIGN.search(piece) and _foreign(piece, legal) for piece in _PIECE.split(latin)):
        return words_of(text).words
    for stated in _TAG.findall(text):
        named.add(read(stated.strip(" */#-\"'")).spdx)
    text = _ADDRESS.sub(" Url ", _TAG.sub(" \n ", text))
    for pattern in _HARMLESS:
        text = pattern.sub(" \n ", text)

    def granted(match: re.Match[str]) -> str:
        spdx = _named(match["name"])
        subject = words_of(match["subject"])
        if spdx is None or not all(word in _SUBJECTS or _nameable(word, subject.text[start:end], legal)
                                   for word, start, end in zip(*subject[1:], strict=True)):
            return match[0]
        named.add(spdx)
        return " \n "

    def plain(match: re.Match[str]) -> str:
        """Nothing, if the match is made of names and words for works alone."""
        said = [words_of(part) for part in match.groupdict().values()]
        harmless = not any(_ELEMENTS.intersection(found.words) for found in said) and all(
            word in _SUBJECTS or word in _PLACES or _nameable(word, found.text[start:end], legal)
                       for found in said for word, start, end in zip(*found[1:], strict=True))
        return " \n " if harmless else match[0]

    text = _GRANT.sub(granted, text)
    text = _ORIGIN.sub(plain, text)
    if leftover.heading:
        text = _DANGLING.sub(plain, text)
    rest: list[str] = []
    for number, piece in enumerate(re.split(rf"(?={_MARK.pattern})", text, flags=re.I)):
        marked = number > 0 or bool(_MARK.match(piece.lstrip()))
        if marked or leftover.name:
            rest += _after_names(piece, legal, named, leftover.heading)
        elif leftover.heading:
            rest += _after_headings(piece, legal, named)
        else:
            rest += _words(piece)
    return rest


def _foreign(text: str, legal: Set[str]) -> bool:
    """Whether words that deny in other languages stand in a text that is not English: 'non' and 'sin' are no hints
    among English words."""
    words = words_of(text).words
    english = sum(word in legal or word in _NAME_WORDS for word in words)
    return english < 0.6 * len(words)


def _words(text: str) -> list[str]:
    return [word for word in words_of(text).words if not _NOISE.match(word)]


def _nameable(word: str, spelt: str, legal: Set[str]) -> bool:
    if word in _GIVEN_NAMES and spelt.istitle():
        return True
    if word in _SPEECH or (word.endswith("ware") and word not in _WARES):
        return False
    if word in _NAME_WORDS or _YEAR.match(word) or _NOISE.match(word) or word.isdigit():
        return True
    return spelt[:1].isupper() or word not in legal


def _after_names(text: str, legal: Set[str], named: set[str], heading: bool) -> list[str]:
    """What follows the names at the start of a text: words from the first on that is in no name."""
    # A sentence behind the names is no name.
    text, *behind = _SENTENCE_END.split(text)
    return [*_of_names(text, legal, named, heading), *(
        word for piece in behind for word in _after_headings(piece, legal, named))]


def _of_names(text: str, legal: Set[str], named: set[str], heading: bool) -> list[str]:
    found = words_of(text)
    small = 0
    for position, word in enumerate(found.words):
        spelt = found.text[found.starts[position]:found.ends[position]]
        if position == 0 and _MARK.match(text.lstrip()):
            continue
        # Names are in capitals or are handles; a run of small words that no licence uses is a sentence of its own.
        if word in _ELEMENTS and not found.text[:found.starts[position]].rstrip().endswith(","):
            return [one for one in found.words[position:] if not _NOISE.match(one)]
        small = small + 1 if spelt.islower() and word not in _NAME_WORDS and not _NOISE.match(word) else 0
        if position >= MOST_NAME_WORDS or small > 3 or not _nameable(word, spelt, legal):
            # A heading may follow, on a line of its own or not.
            rest = found.text[found.starts[position]:]
            return _after_headings(rest, legal, named) if heading else [
                one for one in found.words[position:] if not _NOISE.match(one)]
    return []


def _after_headings(text: str, legal: Set[str], named: set[str]) -> list[str]:
    """Words of the lines that are no headings: names of licences, and short lines made of names."""
    rest: list[str] = []
    for line in text.splitlines():
        if (spdx := _named(line)) is not None:
            named.add(spdx)
            continue
        found = words_of(line)
        begun = not found.words or found.words[0] not in _PREPOSITIONS
        said = _is_sentence(line, found.words, legal) or not _OTHER_LICENSES.isdisjoint(found.words) or any(
            _OTHER_SCRIPT.search(word) and not _HEADING_OF_SCRIPT.fullmatch(word) for word in found.words)
        heading = begun and not said and len(found.words) <= MOST_HEADING_WORDS and all(
            word in _HEADING_WORDS or _nameable(word, found.text[start:end], legal)
            for word, start, end in zip(found.words, found.starts, found.ends, strict=True)
        )
        if not heading or _limits(found.words):
            rest += [word for word in found.words if not _NOISE.match(word)]
    return rest


def _limits(words: Sequence[str]) -> bool:
    """Whether a heading says for whom or what a text is: it has such words, and otherwise only those of headings."""
    return any(word in _LIMITING_WORDS for word in words) and all(
        word in _LIMITING_WORDS or word in _HEADING_WORDS or word == "licence" for word in words)


def _is_sentence(line: str, words: Sequence[str], legal: Set[str]) -> bool:
    """Whether a line is said of something, though no word of it is of the language of licences: it ends as a sentence
    does and has small words that stand in no name."""
    small = [word for word in _SMALL_WORD.findall(line) if word.islower() and word not in _NAME_WORDS | _HEADING_WORDS]
    return len(words) > 2 and bool(_STOPPED.search(line)) and any(word not in legal for word in small)


_STOPPED = re.compile(r"[.!][\s\"')*_]*$")
_WARES = frozenset({"software", "hardware", "firmware", "middleware", "aware", "delaware", "vmware"})
_PREPOSITIONS = frozenset({"to", "for", "in", "with", "by", "from", "on", "as", "at", "per"})
"""Words that begin no heading: what follows them limits what stands before."""
_SUBJECTS = frozenset(
    [
        "this", "the", "these", "all", "of", "software", "library", "package", "project", "program", "module", "code",
        "source", "file", "files", "repository", "work", "content", "contents", "documentation", "product",
        "distribution", "tool", "plugin", "extension", "crate", "application", "framework", "its", "following", "in",
        "here", "it", "our", "my", "copyright", "and"     ]
)
"""Words for what a licence covers as a whole."""
_PLACES = frozenset(
    [
        "function", "functions", "class", "classes", "method", "methods", "implementation", "implementations", "header",
        "headers", "directory", "folder", "folders", "script", "scripts", "parts", "part", "portions", "portion",
        "some", "several", "script", "script's", "algorithm", "tests", "test", "subdirectory", "modules", "packages",
        "libraries", "version", "original", "module's", "at"
    ]
)
"""Words for parts of a work."""
_LIMITING_WORDS = frozenset({
    "research", "limited", "members", "member", "membership", "schools", "school", "universities", "partners",
    "partner", "customers", "customer", "reviewers", "testers", "developers", "pilot", "phase", "nda", "test", "sample",
    "lite", "freemium", "sponsors", "patrons", "backers", "insiders", "staff", "residents", "citizens", "families",
    "libraries", "charity", "embargo", "draft", "temporary", "provisional", "revocable",
})
"""Words that are parts of names beside others, and alone say for whom or for how long a text is."""
_HEADING_WORDS = frozenset(
    [
        "the", "this", "license", "licenses", "notice", "notices", "copyright", "copyrights", "legal", "terms",
        "conditions", "and", "of", "for", "text", "file", "software", "agreement", "version", "v", "information",
        "summary", "disclaimer", "warranty", "permission", "license's"
    ]
)
_VAGUE = frozenset({"BSD-3-Clause", "Apache-2.0", "GPL-1.0-or-later", "LGPL-2.0-or-later", "AGPL-3.0-only", "MPL-2.0",
                    "PSF-2.0", "Python-2.0", "ZPL-2.1", "EPL-2.0", "Artistic-2.0", "GPL-2.0-or-later"})
"""What names without a version are read as (`names`)."""
