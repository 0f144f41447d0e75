"""What the source registry, that is the recipe, says of a whole source.

Belongs here: a recipe's claim as evidence. Does not: the claim itself (`recipe.LicenseClaim`).
"""

from __future__ import annotations

from data_platform.ingest.settings import LicenseClaim
from data_platform.licenses.observation import Observation, observe

DETECTOR = "registry@2"

CONFIDENCE = 0.8
"""Upper bound of confidence: somebody checked the source, nobody checked each document."""


def observations(claim: LicenseClaim | None) -> list[Observation]:
    """The claim of a source as evidence; nothing without one."""
    if claim is None:
        return []
    return [observe("registry", "dataset", claim.spdx, DETECTOR, most=CONFIDENCE, note=claim.basis, record_id="")]
