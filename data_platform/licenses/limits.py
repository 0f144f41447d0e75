"""Sentences that limit the use of a work and mean nothing else, where comments and READMEs also say how code is used.

'Commercial use requires a licence', 'do not redistribute', 'company confidential', 'the authors do not permit training
on this code': in words of the law, or on the work itself. 'Only for internal use' and 'must not be called twice' are
said of functions.

Belongs here: which sentences do. Does not: where they stand (`file_header`, `readme`), what they restrict
(`leftovers`), sentences on the web (`restriction`).
"""

from __future__ import annotations

import re

from data_platform.licenses import leftovers
from data_platform.spdx.expressions import RESTRICTED_USE

_SENTENCE = re.compile(r"(?:[^.;!?\n]|\n(?![ \t]*\n)|\.(?=\w))+[.;!?]?")
_LIMITED = re.compile(
    r"\b(?:strictly|highly|company|trade\s+secrets?|proprietary)\s+(?:and\s+)?confidential|"
    r"\bconfidential\s+(?:and\s+|&\s*|/\s*)?"
    r"(?:proprietary|information|property|material|source)|^\W*(?:confidential|proprietary)\b\W*(?:$|\n)|"
    r"\btrade\s+secrets?\b|"
    r"\b(?:proprietary|confidential)\s+(?:and\s+confidential\s+)?(?:property|rights|source|information|to|of)\b|"
    r"(?:^|(?<!\bin)(?<!\binto)(?<!\bwith)(?<!\bwithin)(?<!\bby)(?<!\bfor)(?<!\bfrom)(?<!\bor)(?<!\band)(?<!\bto)"
    r"(?<!\bother)(?<!\bany)(?<!\bno)(?<!\bnon)(?<!\bsome)\W+)(?:proprietary|confidential)\s+"
    r"(?:and\s+confidential\s+)?(?:software|code)\b|"
    r"\b(?:do|may|must|shall|should|is|are)\s+not\s+(?:to\s+)?(?:be\s+)?(?:re)?(?:distribut\w+|sold|sell|publish\w*|"
    r"disclos\w+|shar\w+|cop(?:y|ied)|reproduc\w+)(?=\W*(?:[.,;!)]|$|(?:this|these|any|or|and|outside|without|publicly|"
    r"copies|in\s+(?:any|whole|part)|with\s+(?:others|anyone|third)|the\s+(?:software|code|source|program|package|"
    r"work))\b))|"
    r"\bunauthori[sz]ed\s+(?:use|cop|reproduc|distrib|disclos|modif)|"
    r"\b(?:use|reproduction|disclosure|distribution|redistribution|modification|copying|duplication)s?\b[^.]{0,160}?"
    r"\b(?:(?:strictly|expressly)\s+)?(?:prohibited|forbidden)|"
    r"\bwithout\s+(?:(?:the|an?|our|my|express\w*|explicit|prior|written|specific)[\s,]+)*(?:permission|consent|"
    r"licen[sc]e|authori[sz]ation|"
    r"approval)\b|\bcommercial\s+(?:use|purposes?|redistribution|licen[sc]e)\b[^.]{0,60}?\b(?:requir|need|"
    r"prohibit|forbid|not|contact|"
    r"without|pay|purchas)|\bnon\W?commercial(?:ly)?\s+(?:\w+\s+){0,2}?(?:use|purposes?|only)|"
    r"\bnot\s+(?:to\s+be\s+used\s+)?for\s+"
    r"(?:any\s+)?(?:commercial|resale|sale|redistribution|profit)\b|\bno\s+(?:commercial|redistribution)\b|"
    r"\b(?:personal|academic|research|educational|evaluation|scholarly)(?:\s+(?:and|or)\s+\w+)?\s+(?:use|"
    r"purposes?)\s+only\b|"
    r"\bonly\s+for\s+(?:personal|academic|research|educational|evaluation|scholarly)(?:\s+(?:and|"
    r"or)\s+\w+)?\s+(?:use|purposes?)\b",
    re.I)
"""Limits in words of the law; how code is to be called is said in others."""
OF_FREE_LICENSES = re.compile(
    r"\bnon\W?commercial(?:ly)?\s+(?:and|or|as\s+well\s+as)\s+commercial|\bcommercial(?:ly)?\s+(?:and|or|"
    r"as\s+well\s+as)\s+"
    r"non\W?commercial|\beven\s+commercial|\bwithout\s+(?:any\s+)?(?:restriction|limitation)s?\b|"
    r"\bincluding\s+(?:for\s+)?commercial|\bpersonal\s+(?:and|or)\s+commercial|\bendorse\s+or\s+promote|\badvertising\b|\bexcept\s+(?:according|"
    r"in\s+compliance)|\bprovided\s+that\b", re.I)
"""Conditions of free licences that sound like limits."""
_OF_THIS = re.compile(
    r"\b(?:this|the|these|our|my)\s+(?:\w+\s+)?(?:software|files?|code|program|library|package|work|materials?|"
    r"source|scripts?|modules?|"
    r"project|repository|documents?|content)\b|\bcopyright|©|\(c\)|\bauthors?\b|\bpermi(?:t|ss)|"
    r"\bdo\s+not\s+(?:train|use)|\bnot\s+for\b|\bno\s+(?:ai|ml|tdm)\b",
    re.I)
_TO_USE = re.compile(
    r"\b(?:us(?:e|ed|ing)|permi\w+|allow\w*|consent|object|opt\w*|prohibit\w*|forbid\w*|may|must|shall|do\s+not|"
    r"not\s+for|"
    r"no\s+(?:ai|ml|tdm|training|mining|scraping))\b", re.I)
"""A reservation speaks of the work and of using it; other sentences on training, of what the code does."""


def limits_of(text: str) -> set[str]:
    """What the sentences of a text limit, as LicenseRefs of tier 5; empty if none does."""
    found: set[str] = set()
    for sentence in _SENTENCE.findall(text):
        if OF_FREE_LICENSES.search(sentence):
            continue
        if _LIMITED.search(sentence.strip()):
            found |= leftovers.restrictions(sentence) or {RESTRICTED_USE}
        elif _OF_THIS.search(sentence) and _TO_USE.search(sentence) and leftovers.reserves(sentence):
            found |= leftovers.restrictions(sentence)
    return found
