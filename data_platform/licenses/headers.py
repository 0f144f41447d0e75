"""Licence statements in HTTP response headers: opt-outs, and Link with rel=license.

Belongs here: headers of the page's own response. Does not: robots.txt and other files of the site, meta elements
(`html`). Read are X-Robots-Tag with noai or noimageai as introduced by DeviantArt in 2022,
tdm-reservation of the TDM Reservation Protocol (https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/)
and Link with relation license (RFC 8288, RFC 4946).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from data_platform.licenses.expressions import EXACT, OPT_OUT, Reading
from data_platform.licenses.observation import Observation, observe

DETECTOR = "headers@1"

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[^\s=;,]+\s*=\s*(?:\"[^\"]*\"|[^\s\";,]+))*)")
_LICENSE_RELATION = re.compile(r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?license(?:\s[^\"]*)?\"|license\b)", re.I)


def observations(headers: Mapping[str, object]) -> list[Observation]:
    """Every licence statement among response headers (lower-case names to a value or a list of values)."""
    return list(_observations(headers))


def _values(headers: Mapping[str, object], name: str) -> list[str]:
    value = headers.get(name)
    return [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str)]


def _observations(headers: Mapping[str, object]) -> Iterator[Observation]:
    for value in _values(headers, "x-robots-tag"):
        # Directives may be addressed to one crawler ('somebot: noai'); a reservation towards one is taken for all.
        if {"noai", "noimageai"} & set(re.split(r"[\s,:;]+", value.lower())):
            yield observe("header", "page", f"x-robots-tag: {value}", DETECTOR, Reading(OPT_OUT, EXACT))
    for value in _values(headers, "tdm-reservation"):
        if value.strip() == "1":
            yield observe("header", "page", f"tdm-reservation: {value}", DETECTOR, Reading(OPT_OUT, EXACT))
    for value in _values(headers, "link"):
        for address, parameters in _LINK.findall(value):
            if _LICENSE_RELATION.search(parameters):
                yield observe("header", "page", address.strip(), DETECTOR, most=0.95)
