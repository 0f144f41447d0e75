"""Words of a licence text, as the SPDX matching guidelines compare them.

Layout, case, punctuation, comment signs and quotation marks do not matter, and spellings that the guidelines call
equivalent are one word (SPDX 2.3, annex B, https://spdx.github.io/spdx-spec/v2.3/license-matching-guidelines-and-templates/).
A version number is one word, so that '2.0' and '2.1' differ in a word of their own.

Belongs here: from text to words and where they stand. Does not: which words may differ (`leftovers`).
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import NamedTuple

_ADDRESS = (
    r"(?:https?://|www\.)[^\s<>\"'()\[\]{}]+|"
    r"(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:org|com|net|io|gov|edu)\b(?!\s*@)(?:/[^\s<>\"'()\[\]{}]*)?"
)
_WORD = re.compile(rf"(?P<address>{_ADDRESS})|\d+(?:\.\d+)+|[^\W_]+|&", re.I)
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-f]{1,5}|amp|lt|gt|quot|apos|nbsp|copy|ldquo|rdquo|lsquo|rsquo);", re.I)

_EQUAL = {
    "acknowledgment": "acknowledgement", "acknowledgments": "acknowledgements", "analogue": "analog",
    "analyse": "analyze", "artefact": "artifact", "artefacts": "artifacts", "authorisation": "authorization",
    "authorised": "authorized", "calibre": "caliber", "cancelled": "canceled", "capitalisations": "capitalizations",
    "catalogue": "catalog", "categorise": "categorize", "centre": "center", "emphasised": "emphasized",
    "favour": "favor", "favourite": "favorite", "fulfil": "fulfill", "fulfilment": "fulfillment",
    "initialise": "initialize", "judgement": "judgment", "labelling": "labeling", "labour": "labor",
    "licence": "license", "licences": "licenses", "licenced": "licensed", "licencing": "licensing",
    "maximise": "maximize", "modelled": "modeled", "modelling": "modeling", "offence": "offense",
    "optimise": "optimize", "organisation": "organization", "organisations": "organizations", "organise": "organize",
    "practise": "practice", "programme": "program", "realise": "realize", "recognise": "recognize",
    "recognised": "recognized", "signalling": "signaling", "sublicence": "sublicense", "utilisation": "utilization",
    "utilise": "utilize", "utilised": "utilized", "whilst": "while", "wilfull": "willful", "wilful": "willful",
    "&": "and", "https": "http",
    "expressed": "express",
}
"""Spellings, annex B.9, and the word that stands for both."""


ADDRESS = "url"
"""The word that all addresses on the web are: http or https, with a closing slash or not."""


class Words(NamedTuple):
    """A text, put in one form, and its words."""

    text: str
    words: list[str]
    starts: list[int]
    """Where each word starts in `text`."""
    ends: list[int]


def words_of(text: str) -> Words:
    """The words of a text: NFKC, lower case, equivalent spellings made one."""
    text = unicodedata.normalize("NFKC", text)
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    found = list(_WORD.finditer(text))
    words = [ADDRESS if match["address"] else match[0].lower() for match in found]
    return Words(text, [_EQUAL.get(word, word) for word in words], [match.start() for match in found],
                 [match.end() for match in found])
