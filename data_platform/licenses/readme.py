
"""What a README says that limits the use of what lies below it; it frees nothing.

'The code is open, but commercial use needs a licence from us' stands in READMEs beside a LICENSE that says MIT. Read
are sentences that can mean nothing else (`limits`), and of a section on the licence all that is neither a licence nor
harmless (`license_text`). Data, weights, logos and other works that a README speaks of are not the code beside it.

Belongs here: READMEs. Does not: their front matter (`manifests`), which files one speaks for (`trees`).
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from data_platform.licenses import leftovers, license_text, limits
from data_platform.licenses.own_terms import OTHER_WORK, SENTENCE, own_terms
from data_platform.spdx.expressions import (
    ALL_RIGHTS,
    ALL_RIGHTS_RESERVED,
    CHOSEN,
    RESTRICTED_USE,
    Reading,
    conjunction,
    identifiers_of,
    read,
)
from data_platform.spdx.tiers import RESTRICTED, tier
from data_platform.spdx.tiers import UNKNOWN as NO_FREE

DETECTOR = "readme@1"
PATTERN = r"read[-_]?me(?:\.(?:md|markdown|rst|txt|adoc|org|rdoc))?"
"""What the name of a README looks like, without regard to case."""
MAX_CHARACTERS = 200_000
MAX_SECTION = 4_000
_HEADINGS = (
    r"(?:licen[sc](?:e|es|ing)|copyright|terms|legal|usage rights|licen[sc]e (?:and|&) \w+|copyright (?:and|&) \w+|"
    r"lizenz(?:en)?|licencia|licença|licenza|licentie|licencja|лицензия|许可(?:证|协议)?|許可證?|ライセンス|라이선스|"
    r"disclaimer|(?:ai|usage|use)(?: \w+)? policy|ai usage|terms of use)"
)
_SECTION = re.compile(
    rf"(?im)^[ \t]*(?:#{{1,6}}[ \t]*|={{1,6}}[ \t]+)(?:[^\w\n]*){_HEADINGS}[^\w\n]*\n|"
    rf"^[ \t]*(?:\*\*|__)[^\w\n]*{_HEADINGS}[^\w\n]*(?:\*\*|__)[^\w\n]*\n|"
    rf"^[^\w\n]*{_HEADINGS}[^\w\n]*\n[ \t]*[-=~^*#+:_]{{3,}}[ \t]*\n")
_NEXT = re.compile(
    r"(?m)^[ \t]*(?:#{1,6}|={1,6})[ \t]+\S|^[^\n]+\n[ \t]*[-=~^*#+:_]{3,}[ \t]*$|"
    r"^[ \t]*(?:\*\*|__)[^*_\n]{1,60}(?:\*\*|__)[ \t]*$")
_FENCED = re.compile(r"(?ms)^[ \t]*(```|~~~).*?^[ \t]*\1[^\n]*$")
_OF_THIS = re.compile(
    r"\b(?:this|our|my)\s+(?:\w+\s+)?(?:code|project|software|program|library|repository|repo|package|work)\b", re.I)
_CLOSED = re.compile(
    r"\bnot\s+licensed\s+for\b|\blicensed\s+(?:only\s+)?for\s+(?:evaluation|personal|research|academic|internal)|"
    r"\b(?:all|any)\s+(?:use|usage)\b[^.\n]{0,20}\brequires?\b[^.\n]{0,40}\b(?:approval|permission|consent|licen[sc]e)|"
    r"\bdo\s+not\s+re\W?upload\b|\bnot\s+(?:allowed|permitted)\s+to\s+(?:use|sell|copy)\b[^.\n]{0,40}\b(?:profit|commerc)|"
    r"\b(?:this|the|our)\s+(?:\w+\s+)?(?:project|software|code|program|library|repository|repo|package|work|tool)\b"
    r"(?:\W+\w+){0,5}?\W+(?:is|are)\W+(?:(?:now|still|no\W+longer|strictly)\W+)*(?:not\W+(?:(?:an?|free|released\W+as)\W+)*"
    r"open\W?source|closed\W?source|source\W?available|proprietary|closed)\b|\beducational\s+purposes\s+only|"
    r"^\W*(?:for\s+)?(?:research|academic|educational|evaluation|personal|non\W?commercial)(?:\s+use|\s+purposes)?\s+only\W*$",
    re.I)
"""What says of the whole that it is not free."""
_LABELLED = re.compile(
    r"(?im)^[^\w\n]*licen[sc]e[sd]?[*_`\s]*[:|][*_`\s]*(?P<label>[^|\n]{2,80}?)[*_`\s|]*$|"
    r"\bbadge/licen[sc]e-(?P<badge>(?:[^-\s)/]|--){2,60})-\w+|"
    r"(?P<address>(?:https?:)?//(?:www\.)?creativecommons\.org/licenses/[\w./-]+)|"
    r"\blicen[sc]ed\s+under\s+(?:the\s+|an?\s+)?\[?(?P<name>[^.\n\]]{2,80}(?:\.\d[^.\n\]]{0,40})?)")
"""Where a README names a licence: 'License: X', a badge, a link to Creative Commons, 'licensed under X'."""
_FIRM = re.compile(
    r"\b(?:purchas\w*|pay|paid|payment|fees?|royalt\w+|(?:may|must|shall|can|do)\s+not|cannot|"
    r"not\s+(?:be\s+)?(?:allowed|permitted|"
    r"granted)|prohibit\w*|forbid\w*|forbidden|permission|consent|military|weapons?|proprietary|confidential|"
    r"closed)\b", re.I)
"""What a sentence of a section has that restricts; 'only' and 'except' also tell which part is under which licence."""
_DENYING = re.compile(
    r"\b(?:kein\w*|nicht|nur|verbot\w*|untersagt|seulement|uniquement|interdit\w*|prohibid\w*|solamente|únicamente|"
    r"solo\s+para|sólo|somente|apenas|proibid\w*|vietat\w*|soltanto|niet|alleen|verboden|ikke|endast|tylko|zabron\w*|"
    r"только|нельзя|запрещ\w*)\b|некоммерч|禁|不得|不可|不允|不許|不准|仅|僅|只限|只能|限于|限於|に限|ません|のみ|금지|ممنوع|فقط|"
    r"אסור|בלבד", re.I)
"""Words of other languages that deny or limit, and mean nothing in English."""
_IN_SECTION = re.compile(
    r"\buntil\s+(?:19|20)\d\d\b|\b(?:source\W?available|view(?:ing)?\s+only|except\s+for\s+commercial|not\s+open\W?source|everyone\s+else\b|"
    r"(?:companies|businesses|commercial\s+users?|enterprises?)\b[^.\n]{0,40}\b(?:contact|buy|pay|paid|must|need|write|ask)|"
    r"see\s+(?:the\s+)?eula|is\s+not\s+(?:allowed|permitted)|(?:research|evaluation|personal|academic)(?:\s+use)?\s+only)\b|"
    r"\bfree\s+for\s+(?:personal|private|academic|non)(?![^.\n]{0,30}\bcommercial)", re.I)
"""What a section on the licence says that limits use, in few words."""


def _named(text: str) -> set[str]:
    """Licences that restrict and that a README names as its own."""
    found: set[str] = set()
    for match in _LABELLED.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1:match.end()]
        if match["badge"] or not OTHER_WORK.search(line):
            stated = match["label"] or match["name"] or match["address"] or unquote(
                match["badge"]).replace("--", "-").replace("_", " ")
            found |= _strict(stated)
    return found


def _strict(stated: str) -> set[str]:
    """What a statement names that restricts."""
    if OTHER_WORK.search(stated) or limits.OF_FREE_LICENSES.search(stated):
        return set()
    reading = read(stated)
    if reading.confidence < CHOSEN or tier(reading.spdx) < NO_FREE or (reading.spdx == ALL_RIGHTS_RESERVED and (
            ALL_RIGHTS.search(stated))):
        return set()
    return {one for one in identifiers_of(reading.spdx) if tier(one) >= NO_FREE}


def _section(text: str, heading: re.Match[str]) -> tuple[int, int]:
    """Begin and end of what stands below a heading."""
    after = _NEXT.search(text, heading.end())
    return heading.end(), min(after.start() if after else len(text), heading.end() + MAX_SECTION)


def limits_of(text: str) -> Reading | None:
    """What a README limits, as LicenseRefs of tier 5; None if it limits nothing."""
    text = _FENCED.sub("", text[:MAX_CHARACTERS])
    every = SENTENCE.findall(text)
    sentences = [one for one in every if not OTHER_WORK.search(one) or (
        _OF_THIS.search(one) and leftovers.reserves(one))]
    found = limits.limits_of("\n\n".join(sentences)) | _named(text)
    found |= {RESTRICTED_USE for one in sentences if _CLOSED.search(one.strip(" \t\n>*_#"))}
    sections = [_section(text, heading) for heading in _SECTION.finditer(text)]
    found |= own_terms(text, sections)
    for begin, end in sections:
        said = [one for one in SENTENCE.findall(text[begin:end])
                if not OTHER_WORK.search(one) and not limits.OF_FREE_LICENSES.search(one)]
        reading = license_text.recognize("\n".join(said))
        strict = {one for one in identifiers_of(reading.spdx) if tier(one) >= RESTRICTED}
        whole = license_text.recognize(text[begin:end])
        if not whole.confidence or any(tier(one) >= RESTRICTED for one in identifiers_of(whole.spdx)):
            # Of a notice without some of its sentences others may be read.
            found |= strict if any(map(_FIRM.search, said)) else strict - {RESTRICTED_USE}
        found |= {RESTRICTED_USE for one in said
                  if _DENYING.search(one) or _IN_SECTION.search(one)}
        found |= {name for line in "\n".join(said).splitlines() for name in _strict(line.strip(" \t#*_-`>"))}
    return Reading(conjunction(found), CHOSEN) if found else None
