"""What a README says that limits the use of what lies below it; it frees nothing.

'The code is open, but commercial use needs a licence from us' stands in READMEs beside a LICENSE that says MIT. Read
are sentences that can mean nothing else (`limits`), and of a section on the licence all that is neither a licence nor
harmless (`license_text`). Data, weights, logos and other works that a README speaks of are not the code beside it.

Belongs here: READMEs. Does not: their front matter (`manifests`), which files one speaks for (`trees`).
"""

from __future__ import annotations

import re

from data_platform.licenses import license_text, limits
from data_platform.spdx.expressions import CHOSEN, RESTRICTED_USE, Reading, conjunction, identifiers_of
from data_platform.spdx.tiers import RESTRICTED, tier

DETECTOR = "readme@1"
PATTERN = r"read[-_]?me(?:\.(?:md|markdown|rst|txt|adoc|org|rdoc))?"
"""What the name of a README looks like, without regard to case."""
MAX_CHARACTERS = 200_000
MAX_SECTION = 4_000
_SECTION = re.compile(
    r"(?im)^[ \t]*(?:#{1,6}[ \t]*|={1,6}[ \t]+)(?:[^\w\n]*)(?:licen[sc](?:e|es|ing)|copyright|terms|legal|usage rights|"
    r"licen[sc]e (?:and|&) \w+)[^\w\n]*\n|^[^\w\n]*(?:licen[sc](?:e|es|ing)|copyright|terms(?: of use)?|"
    r"legal)[^\w\n]*\n"
    r"[ \t]*[-=~^*]{3,}[ \t]*\n")
_NEXT = re.compile(r"(?m)^[ \t]*(?:#{1,6}|={1,6})[ \t]+\S|^[^\n]+\n[ \t]*[-=~^*]{3,}[ \t]*$")
_FENCED = re.compile(r"(?ms)^[ \t]*(```|~~~).*?^[ \t]*\1[^\n]*$")
_SENTENCE = re.compile(r"(?:[^.;!?\n]|\n(?![ \t]*[\n*+-])|\.(?=\w))+[.;!?]?")
_FIRM = re.compile(
    r"\b(?:purchas\w*|pay|paid|payment|fees?|royalt\w+|(?:may|must|shall|can|do)\s+not|cannot|"
    r"not\s+(?:be\s+)?(?:allowed|permitted|"
    r"granted)|prohibit\w*|forbid\w*|forbidden|permission|consent|military|weapons?|proprietary|confidential|"
    r"closed)\b", re.I)
"""What a sentence of a section has that restricts; 'only' and 'except' also tell which part is under which licence."""
_OTHER_WORK = re.compile(
    r"\b(?:data(?:sets?|bases?)?|corpus|corpora|weights|checkpoints?|(?:pre-?trained\s+)?models?|logos?|"
    r"trademarks?|brands?|"
    r"names?|images?|photos?|pictures?|icons?|fonts?|music|sounds?|videos?|artwork|assets?|dependenc(?:y|ies)|plugins?|"
    r"third\W+part(?:y|ies)|api|services?|server|website|tokens?|keys?|passwords?|maps?|tiles?|docs|"
    r"documentation)\b", re.I)
"""Words for what is not the code beside a README: what is said of them is said of them."""


def limits_of(text: str) -> Reading | None:
    """What a README limits, as LicenseRefs of tier 5; None if it limits nothing."""
    text = _FENCED.sub("", text[:MAX_CHARACTERS])
    sentences = (one for one in _SENTENCE.findall(text) if not _OTHER_WORK.search(one))
    found = limits.limits_of("\n\n".join(sentences))
    for heading in _SECTION.finditer(text):
        after = _NEXT.search(text, heading.end())
        end = min(after.start() if after else len(text), heading.end() + MAX_SECTION)
        said = [one for one in _SENTENCE.findall(text[heading.end():end])
                if not _OTHER_WORK.search(one) and not limits.OF_FREE_LICENSES.search(one)]
        reading = license_text.recognize("\n".join(said))
        strict = {one for one in identifiers_of(reading.spdx) if tier(one) >= RESTRICTED}
        found |= strict if any(map(_FIRM.search, said)) else strict - {RESTRICTED_USE}
    return Reading(conjunction(found), CHOSEN) if found else None
