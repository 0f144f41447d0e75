"""One observation that speaks of a licence: the record that every detector makes.

Belongs here: the record alone. Does not: how observations are found (the detectors), gathered (`evidence`) or weighed
(`resolve`).
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from data_platform.spdx.expressions import Reading, read

MAX_RAW_VALUE = 1_000
"""Characters of a statement that are kept as found."""
MAX_CONTEXT = 2_000
"""Characters around a statement that its context hash covers."""


class Observation(NamedTuple):
    """What was seen, where, and how it was read. Fields as the columns of `license_evidence`."""

    location: str
    scope: str
    raw_value: str
    license_spdx: str
    confidence: float
    detector: str
    context_hash: str
    """Of the statement and what stands around it: proves later what was there, without keeping text of the page."""
    note: str | None = None
    """Why, in words of people: author and reason of a ruling, basis of a claim of the registry."""
    record_id: str | None = None
    """The record it was seen in, where that is not the document's own: a robots.txt, a LICENSE file."""


def observe(
    location: str, scope: str, raw_value: str, detector: str, reading: Reading | None = None, most: float = 1.0, *,
    context: str | None = None, note: str | None = None, record_id: str | None = None,
) -> Observation:
    """The observation of `raw_value`, read as a statement unless `reading` says how to. At most `most` confident.

    `context` is what stands around the statement, by default the statement itself.
    """
    spdx, confidence = read(raw_value) if reading is None else reading
    digest = context_hash(raw_value if context is None else context)
    return Observation(
        location, scope, raw_value[:MAX_RAW_VALUE], spdx, min(confidence, most), detector, digest, note, record_id
    )


def context_hash(context: str) -> str:
    """128-bit hash of a context, white space squeezed so that the layout of a page does not change it."""
    squeezed = " ".join(context[:MAX_CONTEXT].split())
    return hashlib.blake2b(squeezed.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
