"""One observation that speaks of a licence: the record that every detector makes.

Belongs here: the record alone. Does not: how observations are found (the detectors), gathered (`evidence`) or weighed
(`resolve`).
"""

from __future__ import annotations

from typing import NamedTuple

from data_platform.licenses.expressions import Reading, read

MAX_RAW_VALUE = 1_000
"""Characters of a statement that are kept as found."""


class Observation(NamedTuple):
    """What was seen, where, and how it was read. Fields as the columns of `license_evidence`."""

    location: str
    scope: str
    raw_value: str
    license_spdx: str
    confidence: float
    detector: str


def observe(
    location: str, scope: str, raw_value: str, detector: str, reading: Reading | None = None, most: float = 1.0
) -> Observation:
    """The observation of `raw_value`, read as a statement unless `reading` says how to. At most `most` confident."""
    spdx, confidence = read(raw_value) if reading is None else reading
    return Observation(location, scope, raw_value[:MAX_RAW_VALUE], spdx, min(confidence, most), detector)
