"""Names, texts and addresses of licences, and what our own LicenseRefs mean, in words that a lawyer can hold us to.

Texts are those of the SPDX licence list, compiled by `benchmarks/compile_license_texts.py` into the file beside this
module. Here belong addresses and meanings. Not here: what a licence allows (`spdx/tiers.py`).
"""

from __future__ import annotations

import json
import lzma
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from data_platform.spdx import expressions

FILE = Path(__file__).parent / "license_texts.json.xz"
_CC_ELEMENTS = {"by": "Attribution", "sa": "ShareAlike", "nc": "NonCommercial", "nd": "NoDerivatives"}


class Meaning(NamedTuple):
    """Name and meaning of a LicenseRef."""

    name: str
    text: str


OURS: dict[str, Meaning] = {
    expressions.UNKNOWN: Meaning(
        "Unknown licence", "No licence was found for this text, or what was found could not be read. Nothing is "
        "granted by this reference: the text is to be treated as if all rights were reserved.",
    ),
    expressions.PUBLIC_DOMAIN: Meaning(
        "Public domain as stated", "The source states that the text is in the public domain, or its copyright has "
        "expired, without naming a licence or a dedication.",
    ),
    expressions.US_GOVERNMENT: Meaning(
        "Work of the United States Government", "A work of the United States Government, not protected by copyright in "
        "the United States (17 U.S.C. 105). Elsewhere it may be.",
    ),
    expressions.OPT_OUT: Meaning(
        "Text and data mining reserved", "The rights holder has reserved text and data mining or training, in a way "
        "that machines can read (Directive (EU) 2019/790, article 4(3)): by robots.txt, TDMRep, AIPREF, RSL, ai.txt, "
        "meta tags or headers.",
    ),
    expressions.ALL_RIGHTS_RESERVED: Meaning(
        "All rights reserved", "The rights holder states that all rights are reserved. Nothing is granted.",
    ),
    expressions.NON_COMMERCIAL: Meaning(
        "Non-commercial use", "Use for other than commercial purposes is allowed by the rights holder, in words that "
        "name no licence.",
    ),
    expressions.ACADEMIC: Meaning(
        "Academic use", "Use for research and teaching is allowed by the rights holder, in words that name no licence.",
    ),
    expressions.NO_DERIVATIVES: Meaning(
        "No changes", "The rights holder forbids changes, or asks for leave, in words that name no licence.",
    ),
    expressions.WITH_LEAVE: Meaning(
        "Permission required", "The rights holder forbids copies, or asks for leave, in words that name no licence.",
    ),
    expressions.RESTRICTED_USE: Meaning(
        "Restricted use", "Terms were added to a licence, or stand in place of one, that restrict who may use the "
        "text, for what, where, or for which price.",
    ),
    expressions.TDM_PERMITTED: Meaning(
        "Text and data mining permitted", "The rights holder says, in a way that machines can read, that text and data "
        "mining or training is not reserved. This is no licence to publish the text.",
    ),
    **{
        f"LicenseRef-cc-{elements}": Meaning(
            f"Creative Commons {'-'.join(_CC_ELEMENTS[part] for part in elements.split('-'))}, version not stated",
            f"A Creative Commons licence with the elements {elements.upper()} whose version is not stated; see "
            f"https://creativecommons.org/licenses/{elements}/4.0/ for what such a licence says today.",
        )
        for elements in ("by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd")
    },
}


def address_of(identifier: str) -> str:
    """Where a single licence can be read; empty for our own references, whose meaning is in `OURS`."""
    if identifier in OURS:
        return ""
    if identifier.startswith("LicenseRef-scancode-"):
        return f"https://scancode-licensedb.aboutcode.org/{identifier.removeprefix('LicenseRef-scancode-')}.html"
    if identifier.startswith("LicenseRef-"):
        return ""
    if match := re.fullmatch(r"CC-(BY(?:-NC)?(?:-ND|-SA)?)-(\d\.\d)(?:-([A-Z]+))?", identifier):
        elements, version, port = match.groups()
        return f"https://creativecommons.org/licenses/{elements.lower()}/{version}/" + (
            f"{port.lower()}/" if port else "")
    if identifier == "CC0-1.0":
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    return f"https://spdx.org/licenses/{identifier}.html"


def meaning_of(reference: str) -> Meaning:
    """Name and text of a LicenseRef, ours or another's."""
    if reference in OURS:
        return OURS[reference]
    address = address_of(reference)
    key = reference.removeprefix("LicenseRef-")
    return Meaning(key, f"The licence that ScanCode LicenseDB describes at {address}" if address else
                   f"A licence that its source calls {key}; its text is not at hand.")


def name_of(identifier: str) -> str:
    """The full name of a single licence or exception."""
    if known := _known().get(identifier):
        return known["name"]
    return meaning_of(identifier).name if identifier.startswith("LicenseRef-") else identifier


def text_of(identifier: str) -> str:
    """The standard text of a single licence or exception, with blanks where names and years belong; empty if it is not
    at hand, as for those that are content with an address."""
    known = _known().get(identifier)
    return known["text"] if known else ""


@lru_cache(maxsize=1)
def _known() -> dict[str, dict[str, str]]:
    return json.loads(lzma.decompress(FILE.read_bytes()))
