"""Licence texts and notices: which licence a LICENSE file or the head of a source file holds.

A text is reduced to lower-case words; a licence is recognised by sentences that stand in it and in no other. How sure
the reading is depends on how much of the text the recognised licences explain: a page of further terms around an MIT
text makes the reading weak, since nobody has read those terms. Simple on purpose; ScanCode's full-text matching
(https://github.com/aboutcode-org/scancode-toolkit) is the measure to grow towards.

Belongs here: recognising texts. Does not: SPDX tags and which part of a file is looked at (`file_header`), and the
names of licences (`names`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from data_platform.spdx.expressions import (
    ALL_RIGHTS_RESERVED,
    CHOSEN,
    NON_COMMERCIAL,
    OPT_OUT,
    UNREADABLE,
    Reading,
    conjunction,
    normalize,
    read,
)

DETECTOR = "license_text@3"

MAX_CHARACTERS = 400_000
"""Longer texts are cut: the longest licence, AGPL-3.0, has 35,000 characters; more is a bundle."""

WHOLE, PART, FRAGMENT = 0.95, 0.7, 0.3
"""Confidence by the share of words explained: at least 3/4, at least 2/5, less. A fragment is no basis to be free."""
NOTICE = 0.85
"""Confidence of a notice in the head of a file, and upper bound for GNU texts, which do not say 'or later'."""


class _Text(NamedTuple):
    spdx: str
    words: int
    """Words of the licence, without the copyright line."""
    required: tuple[str, ...]
    forbidden: tuple[str, ...] = ()
    most: float = WHOLE


_MIT_GRANT = "permission is hereby granted free of charge to any person obtaining a copy of"
_MIT_CONDITION = "the above copyright notice and this permission notice shall be included in all copies"
_BSD_GRANT = "redistribution and use in source and binary forms with or without modification are permitted"
_BSD_SOURCE = r"redistributions? (?:of|in) source code must retain"
_BSD_BINARY = r"redistributions in binary form must reproduce"
_BSD_NAMES = r"(?:neither the names? of|the names? of [a-z0-9 ]{1,80}? (?:may not|must not) be used to endorse)"
_ADVERTISING = "all advertising materials mentioning features"
_ISC_GRANT = (
    r"permission to use copy modify and(?: or)? distribute this software for any purpose with or without fee is hereby"
    r" granted"
)
_CMU = r"by obtaining using and or copying this software and or its associated documentation you agree"
_GNU = "gnu {kind}general public license version {version}"

_TEXTS = (
    _Text("MIT", 160, (_MIT_GRANT, _MIT_CONDITION), (r"deal with the software without restriction",)),
    _Text("MIT-0", 135, (_MIT_GRANT, "the software is provided as is"),
          (_MIT_CONDITION, r"copyright notice and this permission", r"redistributions of source code")),
    _Text("NCSA", 240, (_MIT_GRANT, _BSD_SOURCE, _BSD_BINARY)),
    _Text("BSD-2-Clause", 185, (_BSD_GRANT, _BSD_SOURCE, _BSD_BINARY), (_BSD_NAMES, _ADVERTISING)),
    _Text("BSD-3-Clause", 215, (_BSD_GRANT, _BSD_SOURCE, _BSD_BINARY, _BSD_NAMES), (_ADVERTISING,)),
    _Text("BSD-4-Clause", 240, (_BSD_GRANT, _BSD_SOURCE, _BSD_BINARY, _ADVERTISING)),
    _Text("ISC", 115, (_ISC_GRANT + " provided that the above copyright notice",)),
    _Text("0BSD", 105, (_ISC_GRANT,), (_ISC_GRANT + " provided",)),
    _Text("HPND", 150, (
        r"permission to use copy modify and distribute this software and its (?:associated )?documentation for any"
        r" purpose (?:and )?without fee is hereby granted",), ("beopen python open source license agreement", _CMU)),
    _Text("MIT-CMU", 190, (_CMU, "permission to use copy modify and distribute this software")),
    _Text("Zlib", 135, ("without any express or implied warranty",
                        "the origin of this software must not be misrepresented")),
    _Text("BSL-1.0", 225, ("boost software license version 1 0",)),
    _Text("Apache-2.0", 1_600, ("apache license version 2 0 january 2004", "grant of copyright license")),
    _Text("Python-2.0", 1_900, ("psf license agreement for python|python software foundation license version 2",
                                "beopen python open source license agreement")),
    _Text("PSF-2.0", 420, (r"psf hereby grants licensee a nonexclusive royalty free",),
          ("beopen python open source license agreement",)),
    _Text("MPL-2.0", 2_700, ("mozilla public license version 2 0", "covered software")),
    _Text("MPL-1.1", 3_700, ("mozilla public license version 1 1", "covered code")),
    _Text("EPL-2.0", 2_300, ("eclipse public license v 2 0", "agreement")),
    _Text("EPL-1.0", 1_900, ("eclipse public license v 1 0", "agreement")),
    _Text("OFL-1.1", 650, ("sil open font license version 1 1",)),
    _Text("Artistic-2.0", 1_450, ("the artistic license 2 0",)),
    _Text("GPL-1.0-only", 2_050, (_GNU.format(kind="", version="1 february 1989"),), (), NOTICE),
    _Text("GFDL-1.1-only", 2_700, ("gnu free documentation license version 1 1",), (), NOTICE),
    _Text("GFDL-1.2-only", 3_300, ("gnu free documentation license version 1 2",), (), NOTICE),
    _Text("GFDL-1.3-only", 3_700, ("gnu free documentation license version 1 3",), (), NOTICE),
    _Text("GPL-2.0-only", 2_950, (_GNU.format(kind="", version="2 june 1991"),), (), NOTICE),
    _Text("GPL-3.0-only", 5_600, (_GNU.format(kind="", version="3 29 june 2007"),), (), NOTICE),
    _Text("LGPL-2.0-only", 4_200, (_GNU.format(kind="library ", version="2 june 1991"),), (), NOTICE),
    _Text("LGPL-2.1-only", 4_400, (_GNU.format(kind="lesser ", version="2 1 february 1999"),), (), NOTICE),
    _Text("LGPL-3.0-only", 1_250, (_GNU.format(kind="lesser ", version="3 29 june 2007"),), (), NOTICE),
    _Text("AGPL-3.0-only", 5_600, (_GNU.format(kind="affero ", version="3 19 november 2007"),), (), NOTICE),
    _Text("Unlicense", 205, ("this is free and unencumbered software released into the public domain",)),
    _Text("CC0-1.0", 1_050, (r"cc0 1 0 universal", "statement of purpose|affirmer")),
)
_CREATIVE_COMMONS = re.compile(
    r"attribution((?: non ?commercial| no ?deriv(?:ative)?s(?: works)?| share ?alike)*) "
    r"([1-4]) ([05])(?: (?:international|unported|generic))?"
)
_CREATIVE_COMMONS_WORDS = 3_000
_RESTRICTION = re.compile(
    r"(?<!commercial or )(?<!commercial and )\b(?:for|to|in) (?:any |internal |personal )?non ?commercial"
    r"(?! or commercial| and commercial)|non ?commercial (?:use|purposes|research)(?: purposes)? only|"
    r"commercial use (?:is|of this software is) (?:prohibited|not permitted|forbidden)|"
    r"(?:academic|research|evaluation) (?:use|purposes) only|not be used for commercial purposes"
)
"""Words that restrict. The GNU and Creative Commons texts use some of them in passing, so they are not asked."""
_RIDERS = (
    (re.compile(r"commons clause"), NON_COMMERCIAL),
    (re.compile(r"shall be used for good not evil"), "JSON"),
    (re.compile(r"(?:\bnot|prohibit\w*|forbid\w*|no right to)(?: \w+){0,12}? (?:train\w*|fine ?tun\w+)"
                r"(?: \w+){0,6}? (?:machine learning|artificial intelligence|ai|ml|(?:large )?language|generative)\b|"
                r"(?:machine learning|artificial intelligence|ai|generative)(?: \w+){0,3}? training(?: \w+){0,4}? "
                r"(?:prohibited|not (?:permitted|allowed))"), OPT_OUT),
)
"""Terms that are added to a licence's text, and what they add to the licence."""
_MAX_NOTICE_WORDS = 400
_NOTICES = (
    (re.compile(r"licensed under the apache license version 2 0"), "Apache-2.0"),
    (re.compile(r"subject to the terms of the mozilla public license v 2 0"), "MPL-2.0"),
)
_GNU_NOTICE = re.compile(
    r"terms of (?:version (?P<early>\d(?: \d)?) of )?the gnu (?P<kind>lesser |library |affero |)general public license"
    r"(?: as published by the free software foundation)?"
    r"(?: (?:either )?version (?P<version>\d(?: \d)?)(?: of the license)?(?P<later> or at your option any later)?)?"
)


def _words(text: str) -> str:
    """Lower-case words separated by single spaces: comment signs, quotes and line breaks no longer matter."""
    return re.sub(r"[^a-z0-9]+", " ", text[:MAX_CHARACTERS].lower()).strip()


@lru_cache(maxsize=256)
def recognize(text: str) -> Reading:
    """The licences whose full text `text` holds, all of them (AND), or an unreadable reading.

    What is added to a text counts as well: a phrase that forbids commercial use, beside a recognised text or alone,
    adds `LicenseRef-non-commercial`, one that forbids training `LicenseRef-tdm-opt-out`. A short text without a licence
    may hold a notice or a licence's name.
    """
    words = _words(text)
    reading = _full_texts(words)
    if reading.confidence or words.count(" ") >= _MAX_NOTICE_WORDS:
        return reading
    notice = _notice(words)
    if notice.confidence:
        return notice
    named = read(text)
    # 'All rights reserved' stands in NOTICE files of free software, too: alone it is neither permission nor refusal.
    return UNREADABLE if named == (ALL_RIGHTS_RESERVED, CHOSEN) else named


def _full_texts(words: str) -> Reading:
    total = words.count(" ") + 1
    found: list[tuple[str, float]] = []
    explained = 0
    for known in _TEXTS:
        first = re.findall(known.required[0], words)
        if not first or not all(re.search(phrase, words) for phrase in known.required[1:]):
            continue
        if any(re.search(phrase, words) for phrase in known.forbidden):
            continue
        found.append((known.spdx, known.most))
        explained += known.words * len(first)
    passing = any(spdx.startswith(("GPL", "LGPL", "AGPL", "GFDL")) for spdx, _ in found)
    if not passing and "public license" in words and (match := _creative_commons(words)):
        elements = match[1].replace("non commercial", "noncommercial").replace("no deriv", "noderiv")
        found.append((normalize(f"CC BY{_short(elements)} {match[2]}.{match[3]}"), WHOLE))
        explained += _CREATIVE_COMMONS_WORDS
        passing = True
    if riders := _riders(words, passing):
        return Reading(conjunction([*riders, *(spdx for spdx, _ in found)]), PART)
    if not found:
        return UNREADABLE
    share = explained / total
    certainty = WHOLE if share >= 0.75 else PART if share >= 0.4 else FRAGMENT
    return Reading(conjunction(spdx for spdx, _ in found), min(certainty, *(most for _, most in found)))


def _riders(words: str, passing: bool = False) -> set[str]:
    riders = {spdx for pattern, spdx in _RIDERS if pattern.search(words)}
    return riders if passing or not _RESTRICTION.search(words) else riders | {NON_COMMERCIAL}


def _creative_commons(words: str) -> re.Match[str] | None:
    return _CREATIVE_COMMONS.search(words) if "creative commons" in words else None


def _short(elements: str) -> str:
    return "".join(
        f"-{short}" for short, word in (("NC", "noncommercial"), ("ND", "noderiv"), ("SA", "share")) if word in elements
    )


def recognize_notice(text: str) -> Reading:
    """The licence that a notice puts a file under ('Licensed under the Apache License, Version 2.0'), or unreadable.

    A full text in place of a notice counts, too, as short licences are often copied into every file; what surrounds it
    there is code, and no reason for doubt.
    """
    words = _words(text)
    reading = _notice(words)
    if not reading.confidence:
        reading = _full_texts(words)
    return Reading(reading.spdx, NOTICE) if reading.confidence else UNREADABLE


def _notice(words: str) -> Reading:
    found = {spdx for pattern, spdx in _NOTICES if pattern.search(words)}
    for match in _GNU_NOTICE.finditer(words):
        kind = {"lesser ": "LGPL", "library ": "LGPL", "affero ": "AGPL", "": "GPL"}[match["kind"]]
        version = match["version"] or match["early"]
        if version:
            version = version.replace(" ", ".")
            version = version if "." in version else f"{version}.0"
            found.add(normalize(f"{kind}-{version}-{'or-later' if match['later'] else 'only'}"))
        else:
            found.add(normalize(kind))
    if found:
        found |= _riders(words)
    return Reading(conjunction(found), NOTICE) if found else UNREADABLE
