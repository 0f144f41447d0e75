"""Licences that are not free, and words like 'proprietary', that a README says of its own project.

'Foo is licensed under the Business Source License', a badge `license-Elastic_2.0`, 'source available', 'All rights
reserved' beside a LICENSE that says MIT: which of both holds nobody can tell, so that nothing is free. The same names
said of other projects, in lists of links and comparisons, take nothing: a sentence counts if its subject is the
project ('this library', 'the code', the README's title, or none before 'licensed under') or if it stands in a section
on the licence, and if it speaks of now.

'All rights reserved' counts unless the README itself names a free licence of the project or points to the file with
it, since whoever writes 'Copyright A, all rights reserved. Licensed under MIT' means the second.

Belongs here: whose licence a README names, and whether that name is one of a free licence. Does not: sentences that
limit in words of their own (`limits`), sections and what else they say (`readme`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from data_platform.spdx.expressions import ALL_RIGHTS, ALL_RIGHTS_RESERVED, RESTRICTED_USE, UNKNOWN

_WORDS_BEFORE_SUBJECT = 6
_LOOKED_BACK = 400
"""Characters before a name that tell whose it is."""
OTHER_WORK = re.compile(
    r"\b(?:data(?:sets?|bases?)?|corpus|corpora|weights|checkpoints?|(?:pre-?trained\s+)?models?|logos?|"
    r"trademarks?|brands?|"
    r"names?|images?|photos?|pictures?|icons?|fonts?|music|sounds?|videos?|artwork|assets?|dependenc(?:y|ies)|plugins?|"
    r"third\W+part(?:y|ies)|api|services?|server|website|tokens?|keys?|passwords?|maps?|tiles?|docs|"
    r"documentation)\b(?!\W+(?:code|software|sources?)\b)", re.I)
"""Words for what is not the code beside a README: what is said of them is said of them."""
_FREE_NAME = re.compile(
    r"\b(?:MIT|Apache|ASL|BSD|0BSD|ISC|[LA]?GPL\w*|GNU|MPL|Mozilla|CC0|CC[- ]BY(?:[- ]SA)?(?![- ]*N[CD])|"
    r"Creative\s+Commons|Unlicen[sc]e|public\s+domain|zlib|Boost|WTFPL|Artistic|Eclipse|EPL|EUPL|PSF|Python|OFL|SIL|"
    r"ODbL|PDDL|Mulan\w*|Perl|PostgreSQL|NCSA|X11|Expat|AFL|OSL|CDDL|CeCILL|Ruby|Vim|HPND|UPL|Zope|ZPL|LPPL|Beerware)\b",
    re.I)
_NAME = re.compile(
    r"\bbusiness\s+source\b|\bBUSL\b|\bBSL(?!\W?1\.0)\b|\bserver\W+side\s+public\b|\bSSPL|"
    r"\belastic\W+(?:licen[sc]e|v?2)|\bEL\W?v?2\b|\bfunctional\s+source\b|\bFSL\b|\bfair\s+(?:core|source)\s+licen[sc]e|"
    r"\bpolyform\b|\bRSAL|\bsource[\s_-]available\s+licen[sc]e|\bsustainable\s+use\s+licen[sc]e|"
    r"\bcommons\s+clause\b|\b\w+\s+(?:community|enterprise)\s+(?:edition\s+)?licen[sc]e\b|\b\w*RAIL\b|\bhippocratic\b|"
    r"\banti\W?996\b|\bprosperity\s+public\b|\bbig\s+time\s+public\b|\bN(?:C|ND)\s+licen[sc]e\b|\bEULA\b|"
    r"\b(?:proprietary|commercial|closed|enterprise|custom|evaluation|trial)\s+(?:\w+\s+)?(?:licen[sc]e|terms)\b", re.I)
"""Names and kinds of licences under which source may be read and is not free."""
_SALE = re.compile(r"\b(?:proprietary|commercial|enterprise)\b", re.I)
_KIND = re.compile(
    r"\b(?:proprietary|closed[\s_-]source|source[\s_-]available|fair[\s_-](?:source|code)|shareware|non[\s_-]?free|"
    r"shared[\s_-]source|visible[\s_-]source|source[\s_-]visible|not\s+osi\W+approved|not\s+free\s+software|"
    r"not\s+free(?=\W*$)|not\s+open[\s_-]source(?:d)?)\b(?!\s+(?:at|from|on|here|in|via|as)\b)(?!\s+under\s+[`'\"/.])",
    re.I)
"""What a work that is not free is called; 'source available at' says where it is."""
_KIND_ELSEWHERE = re.compile(
    r"propri[ée]taires?\b|proprietär\w*|propietari[oa]s?\b|propriet[áàa]ri[oa]s?\b|проприетарн\w*|закрыт\w+\s+исходн\w+|własnościow\w*|专有软件|專有軟體|"
    r"プロプライエタリ", re.I)
"""The same in other languages, where few words say it."""
_FEW_WORDS = 5
_SAYS_IT_IS = re.compile(
    r"(?:^|[:=(,]\s*|\b(?:is|are|but|remains?|stays?|being|becomes?|became|went|goes|as)\s+(?:(?:an?|the|now|still|also|"
    r"strictly|fully|entirely|currently|piece\s+of)\s+)*(?:[\w-]+\s+){0,2}?|"
    r"\bunder\s+(?:the|an?|our|its)\s+(?:[\w-]+\s+){0,3}?)$", re.I)
_NAMES_IT = re.compile(
    r"(?:^|\b(?:(?:licen[sc]ed|released|distributed|available|published|provided|covered|governed|offered|"
    r"shared|subject|is|are|comes|falls|now|code|software|sources?|project)\W+(?:\w+\W+){0,3}?(?:under|with|by|to)|is|are|"
    r"uses?|using|adopts?|adopted|(?:moved|changed|switched|relicensed|transitioned|migrated)\b[^.]{0,60}?\bto|following)|[:=])\s*"
    r"(?:(?:the|an?|terms|of|conditions|both|our|its|now|either)\s+)*(?:(?-i:[A-Z])[\w.-]*\s+){0,3}[`'\"*_(]*$", re.I)
_JOINED = re.compile(
    r"\b(?:licen[sc]\w*|under|released)\b.*(?:\b(?:and|or|plus)|[,/&+])\s*(?:the\s+|an?\s+)*[`'\"*_]*$",
    re.I | re.S)
"""What stands before the name of a project's licence: what gives it, or another name."""
_OF_ANOTHER = re.compile(
    r"\b(?:previously|formerly|originally|was|were|used\s+to|no\s+longer|unlike|alternatives?|instead\s+of|replac\w+|"
    r"compatible|such\s+as|rather\s+than|competitors?)\b(?:\W+\w+){0,8}?\W*$|"
    r"\b(?:from|not|no|without|any|other)\s+(?:the\s+|an?\s+)?$", re.I)
"""Before a name: of another time or of another work."""
_NOW = re.compile(r"\b(?:now|since|has|have|moved|changed|switched|relicensed)\b", re.I)
_BESIDE = re.compile(
    r"\b(?:in|into|within|with|by|for|of|to|non|other|any|no|without|between|and|or)\s+(?:[\w-]+\s+){0,2}$", re.I)
"""Before a kind: said of what a work is used in, reads or stands beside."""
_OWN = re.compile(
    r"\b(?:this|our|my|these)\s+(?:[\w-]+\s+){0,3}?(?:project|software|code|codebase|program|library|repository|repo|"
    r"package|work|tool|plugin|module|sources?|product|app|application|database|server|engine|framework|sdk|client|"
    r"release|version|files?)\b|\b(?:the|all)\s+(?:(?:source|whole|entire|rest\s+of\s+the)\s+)*(?:code(?:base)?|sources?|"
    r"project|repository|repo|software|library)\b|^\W*(?:source\s+)?code\s+(?:in|of|is)\b|\bwe\b|"
    r"^\W*(?:(?:it|is|are|now|dual|multi|triple|also|strictly)\W+)*(?:licensed|released|distributed|available|published|"
    r"provided|re-?licensed|under|source\W+available|proprietary|closed\W+source|fair\W+(?:source|code)|licen[sc]e)\b",
    re.I)
_GRANT = re.compile(
    r"(?i:\b(?:licen[sc]ed|released|distributed|available|published|provided|covered|governed|offered)\s+"
    r"(?:\w+\s+){0,3}?(?:under|by)\s+(?:the\s+|an?\s+|our\s+)*(?:terms\s+(?:and\s+conditions\s+)?of\s+(?:the\s+|an?\s+)*)?)"
    r"[\[*_`'\"]*(?P<name>(?:[A-Z0-9][\w.+-]*\s+){1,6}(?:Licen[sc]e|Agreement|Terms)\b)")
"""'is licensed under the Acme Software License', whatever Acme's licence is."""
_SAID_OF_MANY = frozenset({
    "the", "open", "source", "software", "permissive", "free", "public", "project", "same", "a", "an", "following",
    "license", "licence", "its", "own", "standard", "terms", "agreement",
})
_LABEL = re.compile(
    r"(?im)^[^\w\n|]*licen[sc]e[sd]?[*_`\s]*:[*_`\s]*(?P<label>[^|\n]{2,80}?)[*_`\s]*$|"
    r"\bbadge/licen[sc]e-(?P<badge>(?:[^-\s)/]|--){2,60})-\w+")
_NO_LICENSE = re.compile(
    r"\bno\s+licen[sc]e\b|\bunlicensed\b|\bnot\s+(?:yet\s+)?(?:been\s+)?licensed\b|\bnone\b|\bto\s+be\s+(?:decided|"
    r"determined|defined|added|announced)\b|\bTB[DA]\b|\bundecided\b|\bcoming\s+soon\b|\bpending\b|\bcustom\b|"
    r"\bunknown\b|\bn/a\b|(?:\bnot|n't)\s+(?:\w+\s+)?have\s+an?\s+licen[sc]e|\bwithout\s+(?:an?\s+)?licen[sc]e\b", re.I)
_LOOKING_ONLY = re.compile(
    r"\bfor\s+(?:reference|viewing|transparency|portfolio|demonstration|display|review)\s+(?:purposes?\s+)?only\b|"
    r"\b(?:look|read|view|see)\W+but\W+(?:\w+\W+){0,3}?not\b|\bonly\s+for\s+(?:reference|viewing|transparency)\b", re.I)
_PROPERTY = re.compile(r"^(?:(?:the|all|this)\s+(?:\w+\s+){0,3})?(?:(?:is|are|remains?)\s+(?:the\s+)?)?(?:sole\s+)?"
                       r"property\s+of\b", re.I)
_POINTER = re.compile(r"\b(?:see|in|found|refer|read|with)\b[^.\n]{0,60}\b(?:LICEN[SC]E|COPYING|UNLICENSE)\b", re.I)
_GOVERNED = re.compile(r"\bgoverned\s+by\b", re.I)
_BETWEEN_PARAGRAPHS = re.compile(r"\n[ \t]*(?=\n)")
SENTENCE = re.compile(r"(?:[^.;!?\n]|\n(?![ \t]*[\n*+-])|\.(?=\w))+[.;!?]?")
_LINK = re.compile(r"!?\[(?P<text>[^\[\]\n]{0,300})\]\([^()\n]{0,600}\)")
_COMMAND = re.compile(r"`[^`\s]{1,100}[ \t][^`\n]{0,300}`")
_TITLE = re.compile(r"(?m)^[ \t]*(?:#|=)[ \t]+(?P<first>[^\n]+)$|^(?P<under>[^\n#=-][^\n]*)\n[-=~^*#+:_]{3,}[ \t]*$")


def plain(text: str) -> str:
    """A text with the words of its links alone, and without commands within a line."""
    return _COMMAND.sub(" ", _LINK.sub(lambda match: match["text"], text))


def title_of(text: str) -> str:
    """The name of a README's project by its first heading; empty where it has none."""
    match = _TITLE.search(text)
    if match is None:
        return ""
    words = re.sub(r"<[^>]*>|[`*_]", " ", plain(match["first"] or match["under"])).strip()
    return re.split(r"\s*(?:[:|,(]|\s[-\u2013\u2014]\s)", words)[0].strip()


def is_own(sentence: str, title: str) -> bool:
    """Whether a sentence speaks of the README's own project."""
    if _OWN.search(sentence):
        return True
    named = re.search(rf"\b{re.escape(title)}\b", sentence, re.I) if title else None
    return named is not None and len(sentence[:named.start()].split()) <= _WORDS_BEFORE_SUBJECT


def _strict(text: str, anywhere: bool) -> set[str]:
    """What a sentence on the project names that is not free, as its licence or as what it is; a name counts `anywhere`
    in a section on the licence."""
    found: set[str] = set()
    for match in _NAME.finditer(text):
        before = text[max(0, match.start() - _LOOKED_BACK):match.start()]
        other = _OF_ANOTHER.search(before)
        if (other and not _NOW.search(other[0])) or OTHER_WORK.search(before):
            continue
        if _SALE.search(match[0]) and _FREE_NAME.search(text):
            # 'AGPL, or a commercial licence from us': who takes the first needs no other.
            continue
        if anywhere or _NAMES_IT.search(before) or _JOINED.search(before):
            found.add(RESTRICTED_USE)
    for match in _KIND.finditer(text):
        before = text[max(0, match.start() - _LOOKED_BACK):match.start()]
        if _SAYS_IT_IS.search(before) and not (
                _BESIDE.search(before) or _OF_ANOTHER.search(before) or OTHER_WORK.search(before)):
            found.add(RESTRICTED_USE)
    return found


def _said(text: str, in_section: bool) -> set[str]:
    """What a sentence on the project, in plain words, says that is not free."""
    found = _strict(text, in_section)
    if _LOOKING_ONLY.search(text) or (in_section and _PROPERTY.search(text)) or (
            _KIND_ELSEWHERE.search(text) and (in_section or len(text.split()) <= _FEW_WORDS)):
        found.add(RESTRICTED_USE)
    for match in _GRANT.finditer(text):
        words = {word.lower() for word in re.findall(r"[\w-]+", match["name"])}
        if words - _SAID_OF_MANY and not (
                _FREE_NAME.search(match["name"]) or _OF_ANOTHER.search(text[:match.start("name")][-_LOOKED_BACK:])):
            found.add(UNKNOWN)
    if in_section and _NO_LICENSE.search(text) and not _FREE_NAME.search(text):
        found.add(UNKNOWN)
    return found


def _labelled(text: str) -> tuple[set[str], bool]:
    """What 'License: X' and badges name that is not free, and whether they name a free licence."""
    found, free = set(), False
    for match in _LABEL.finditer(text):
        stated = re.sub(r"%20|_+", " ", plain(match["label"] or match["badge"].replace("--", "-")))
        if _NAME.search(stated) or _KIND.search(stated):
            found.add(RESTRICTED_USE)
        elif _FREE_NAME.search(stated):
            free = True
        elif _NO_LICENSE.search(stated):
            found.add(UNKNOWN)
    return found, free


def grants_or_points(text: str) -> bool:
    """Whether a text names a free licence or points to the file with it."""
    return bool(_FREE_NAME.search(text) or _POINTER.search(text))


def own_terms(text: str, sections: Sequence[tuple[int, int]]) -> set[str]:
    """What a README says of its own project that is not free, as LicenseRefs.

    Args:
        text: the README, without fenced code.
        sections: begin and end of its sections on the licence.
    """
    title = title_of(text)
    found, free = _labelled(text)
    reserved = False
    cuts = sorted({match.end() for match in _BETWEEN_PARAGRAPHS.finditer(text)} | {begin for begin, _ in sections})
    for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True):
        in_section = any(begin <= start < end for begin, end in sections)
        reserves = pointed = False
        for sentence in SENTENCE.findall(text, start, stop):
            said = plain(sentence).strip(" \t\n>*_#")
            own = in_section or is_own(said, title) or bool(_GOVERNED.search(said) or _KIND_ELSEWHERE.search(said))
            pointed |= bool(_POINTER.search(said))
            free |= own and bool(_FREE_NAME.search(said))
            reserves |= bool(ALL_RIGHTS.search(said)) and not OTHER_WORK.search(said)
            if own and not said.endswith("?"):
                found |= _said(said, in_section)
        reserved |= reserves and not pointed
    return found | ({ALL_RIGHTS_RESERVED} if reserved and not free else set())
