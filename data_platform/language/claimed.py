"""The language that a page says it is in.

Here belongs what a page claims: the `lang` of its html element, else a meta element of Content-Language. Not here:
what language its text is in (`identify.py`), and what follows where the two differ (`filtering/languages.py`).
"""

from __future__ import annotations

import re

import pyarrow as pa

from data_platform.language.labels import shortest_code

HEAD_BYTES = 16 * 1024
"""The claim stands at the beginning of a page; no more is searched."""

_CODE = rb"""\s*=\s*["']?\s*([A-Za-z]{2,3})(?=[-_"'\s>])"""
_HTML = re.compile(rb"<html\b[^>]*?\s(?:xml:)?lang" + _CODE, re.IGNORECASE)
_META = re.compile(
    rb"""<meta\b[^>]*?\shttp-equiv\s*=\s*["']?content-language["']?[^>]*?\scontent""" + _CODE, re.IGNORECASE
)


def claimed_languages(payload: pa.Array) -> pa.StringArray:
    """The language that each page claims, in the codes of `identify`; null if it claims none.

    Args:
        payload: pages as bytes in an encoding that contains ASCII; null claims nothing.
    """
    return pa.array([_claim(value.as_buffer()) if value.is_valid else None for value in payload], pa.string())


def _claim(page: pa.Buffer) -> str | None:
    head = page.slice(0, min(HEAD_BYTES, page.size)).to_pybytes()
    found = _HTML.search(head) or _META.search(head)
    return shortest_code(found[1].decode("ascii").lower()) if found else None
