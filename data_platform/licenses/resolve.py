"""From evidence to one licence per document: the decision, versioned, from evidence alone.

The rules of `resolve@1`:

1. Statements are grouped by how close they are to the text, and the closest group that states anything decides:
   a person's note (`manual`); the file itself (SPDX tag, notice); the page (link, meta, JSON-LD, HTTP header,
   rel=license anchor); the row it came in; the site around it (a licence link in footer or sidebar); the distribution
   it belongs to (License-Expression, License field, LICENSE files, classifiers); the source registry.
2. What covers an element alone, such as the credit of a picture, is kept as evidence and decides nothing.
3. Within the group, a statement that another one covers adds nothing: 'BSD' beside 'BSD-2-Clause', the LICENSE-MIT of
   a distribution that is 'MIT OR Apache-2.0'. If statements remain that differ, the document is contradicted, and all
   of them hold (AND, the most restrictive).
4. A statement that cannot be read, or not with confidence `LEAST_CONFIDENCE`, counts as `LicenseRef-unknown` and holds
   as well: the group does not give way to a farther one, nor to a readable statement beside it. The exceptions are
   LICENSE files and classifiers, many of which state no licence (NOTICE, AUTHORS, 'OSI Approved'): beside a readable
   statement they count only for what they restrict.
5. A reservation against text and data mining always counts, wherever it was seen: AND `LicenseRef-tdm-opt-out`,
   tier 5.
6. Without a deciding statement: `LicenseRef-unknown`, tier 4, basis 'none'.

Belongs here: the decision. Does not: detection (`evidence` and detectors), tiers of expressions (`tiers`), and which
tiers are admitted (the recipe). Another set of rules is another resolver with another version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.columns import table
from data_platform.licenses.expressions import OPT_OUT, UNKNOWN, conjunction, family, identifiers_of
from data_platform.licenses.tiers import tier
from data_platform.recipe import Source

RESOLVER = "resolve@1"

LEAST_CONFIDENCE = 0.5
"""A reading less sure than this is no basis to call a text free."""
PRECISE = 0.9
"""From here on a statement names one licence; below, it may be made more precise by another of the same family."""

_LOCAL = {"spdx_header", "license_file"}
_PAGE = {"link", "meta", "jsonld", "header", "robots", "anchor"}
_HINTS = frozenset({"license_file", "classifier"})
"""Locations at which an unreadable statement may be none at all."""


class Statement(NamedTuple):
    """What one observation says, without the document: documents with equal statements are decided once."""

    location: str
    scope: str
    spdx: str
    confidence: float


class Decision(NamedTuple):
    """The columns of `document_licenses` that depend on statements alone."""

    license_spdx: str
    license_tier: int
    license_basis: str
    license_confidence: float
    opt_out: bool
    contradicted: bool


NOTHING_STATED = Decision(UNKNOWN, tier(UNKNOWN), "none", 0.0, False, False)


def distance(location: str, scope: str) -> int | None:
    """How far a statement is from the text, 0 the closest; None if it covers an element alone."""
    if location == "manual":
        return 0
    if scope == "element":
        return None
    if location in _LOCAL and scope == "file":
        return 1
    if location in _PAGE and scope == "page":
        return 2
    if location == "row":
        return 3
    if scope == "site":
        return 4
    return 5 if scope == "distribution" else 6


def decide(statements: Sequence[Statement]) -> Decision:
    """The licence that statements about one document amount to. Their order does not matter."""
    reserved = [statement for statement in statements if OPT_OUT in identifiers_of(statement.spdx)]
    groups: dict[int, list[Statement]] = {}
    for statement in statements:
        far = distance(statement.location, statement.scope)
        if far is not None and statement not in reserved:
            groups.setdefault(far, []).append(statement)
    decision = _decide_group(groups[min(groups)]) if groups else NOTHING_STATED
    if not reserved:
        return decision
    loudest = max(reserved, key=lambda statement: (statement.confidence, statement.location))
    spdx = conjunction([decision.license_spdx, *(statement.spdx for statement in reserved)])
    return Decision(spdx, tier(spdx), loudest.location, loudest.confidence, True, decision.contradicted)


def _decide_group(group: list[Statement]) -> Decision:
    """Statements of equal distance: the most trusted names the basis, what others add is ANDed."""
    ranked = sorted(group, key=_rank)
    sure = [statement for statement in ranked if statement.confidence >= LEAST_CONFIDENCE]
    unsure = [statement for statement in ranked if statement.confidence < LEAST_CONFIDENCE]
    kept: list[Statement] = []
    for statement in sure:
        if not any(_covers(other, statement) for other in sure if other is not statement and other not in kept[:0]):
            kept.append(statement)
        elif statement.spdx not in {other.spdx for other in kept} and not any(
            _covers(other, statement) for other in kept
        ):
            kept.append(statement)
    raise NotImplementedError
