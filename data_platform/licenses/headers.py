"""Licence statements in HTTP response headers: reservations, and Link with rel=license.

Read are X-Robots-Tag, tdm-reservation (https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/),
Content-Usage (draft-ietf-aipref-attach-05) and Link with relation license (RFC 8288, RFC 4946; RSL 1.0 uses it, too).

Belongs here: headers of the page's own response. Does not: the words of reservations (`reservations`), robots.txt and
other files of the site (`site_files`), meta elements (`html`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from data_platform.licenses.observation import Observation, observe
from data_platform.licenses.reservations import robots_directives, tdm_reservation, usage_preference
from data_platform.spdx.expressions import UNREADABLE

DETECTOR = "headers@4"

_READERS = {
    "x-robots-tag": robots_directives, "tdm-reservation": tdm_reservation, "content-usage": usage_preference,
    "content-signal": usage_preference,
}

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[^\s=;,]+\s*=\s*(?:\"[^\"]*\"|[^\s\";,]+))*)")
_ANCHORED = re.compile(r";\s*anchor\s*=\s*\"?[^\s\";#]", re.I)
_LICENSE_RELATION = re.compile(r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?license(?:\s[^\"]*)?\"|'?license\b)", re.I)
_RELATION = re.compile(r"\brel\s*=\s*[\"']?[^\"',;]*\blicen[sc]e\b", re.I)
"""A licence relation in what is no well-formed link."""


def observations(headers: Mapping[str, object]) -> list[Observation]:
    """Every licence statement among response headers (lower-case names to a value or a list of values)."""
    return list(_observations(headers))


def _values(headers: Mapping[str, object], name: str) -> list[str]:
    value = headers.get(name)
    return [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str)]


def _observations(headers: Mapping[str, object]) -> Iterator[Observation]:
    for name, reader in _READERS.items():
        for value in _values(headers, name):
            if (reading := reader(value)) is not None:
                policies = _values(headers, "tdm-policy") if name == "tdm-reservation" else []
                stated = "; ".join([f"{name}: {value}", *(f"tdm-policy: {policy}" for policy in policies)])
                yield observe("header", "page", stated, DETECTOR, reading)
    for value in _values(headers, "link"):
        for address, parameters in _LINK.findall(value):
            if _LICENSE_RELATION.search(parameters):
                # A link with another anchor speaks of what is there (RFC 8288, section 3.2).
                scope = "element" if _ANCHORED.search(parameters) else "page"
                yield observe("header", scope, address.strip(), DETECTOR, most=0.95, context=value)
        if _RELATION.search(_LINK.sub("", value)):
            # It declares a licence, and nobody can tell which.
            yield observe("header", "page", value, DETECTOR, UNREADABLE)
