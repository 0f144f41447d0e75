"""From evidence to one licence per document: the decision, versioned, from evidence alone.

The rules of `resolve@1`:

1. Statements are grouped by how close they are to the text, and the closest group that states anything decides:
   a person's ruling (on the document, the host, the source); the file itself (SPDX tag, notice); the page (link, meta,
   JSON-LD, HTTP header, rel=license anchor, sentence); the row it came in; the site around it (a licence in footer or
   sidebar, RSL); the distribution it belongs to (License-Expression, License field, LICENSE files, classifiers); the
   source registry.
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

`resolve@2` decides as `resolve@1` does, and also:

7. hears permissions to mine (tdm-reservation: 0, train-ai=y): where nothing else is stated, and nothing reserved, the
   document is `LicenseRef-tdm-permitted`, tier 3. Beside a licence they add nothing;
8. calls a document contradicted, too, if a farther group names a licence that the decision does not cover (the page
   says CC-BY, the registry CC-BY-NC), or if mining is permitted in one place and reserved in another. The closest
   statement still decides, and a reservation still holds.

`resolve@3` decides as `resolve@2` does, and also:

9. lets a restriction in words ('commercial use requires our permission', 'all rights reserved': `IN_WORDS`) hold from
   whatever distance, and on a page any licence of tier 5 that the page or its site names: AND, contradicted. What
   covers an element alone restricts nothing else, and a ruling has heard all that it rules on. Terms of RSL that
   nobody here has agreed to, such as payment, hold as well: AND `LicenseRef-unknown`;
10. knows the scope 'default', what a site says of everything that says nothing of itself ('all rights reserved, unless
    otherwise indicated'): it is as far as the site, decides alone, and gives way to what is closer.

Rules are never changed, only added under a new version, and the recipe says which version decides
(`licenses.resolver`). A document's row names the version that made it, and a table written under another version is
another version of the table: history is restated, not rewritten.

Belongs here: the decision. Does not: detection (`evidence` and detectors), tiers of expressions (`tiers`), and which
tiers are admitted (the recipe).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.ingest.settings import Source
from data_platform.licenses.contest import strictest
from data_platform.spdx.expressions import (
    ACADEMIC,
    ALL_RIGHTS_RESERVED,
    NO_DERIVATIVES,
    NON_COMMERCIAL,
    OPT_OUT,
    RESTRICTED_USE,
    TDM_PERMITTED,
    UNKNOWN,
    WITH_LEAVE,
    conjunction,
    family,
    identifiers_of,
)
from data_platform.spdx.tiers import RESTRICTED, tier

RESOLVERS = ("resolve@1", "resolve@2", "resolve@3")
RESOLVER = RESOLVERS[-1]
"""The version that decides if nobody asks for another."""

LEAST_CONFIDENCE = 0.5
"""A reading less sure than this is no basis to call a text free."""
PRECISE = 0.9
"""From here on a statement names one licence; below, it may be made more precise by another of the same family."""

_RULED = 2
"""The farthest distance of a ruling."""
_LOCAL = {"spdx_header", "license_file"}
_PAGE = {"link", "meta", "jsonld", "header", "robots", "rdfa", "microdata", "anchor", "badge", "statement", "rsl"}
_TRUST = ("manual", "spdx_header", "link", "meta", "jsonld", "header", "rdfa", "microdata", "anchor", "badge",
          "statement", "robots", "tdmrep", "ai_txt", "rsl", "row", "distribution", "package", "license_file",
          "classifier", "registry", "none")
"""Locations from most to least trusted: which one is named as the basis if several of a group agree."""
IN_WORDS = frozenset({ACADEMIC, ALL_RIGHTS_RESERVED, NON_COMMERCIAL, NO_DERIVATIVES, RESTRICTED_USE, WITH_LEAVE})
"""What restrictions in words are read as."""
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
        return {"site": 1, "dataset": 2}.get(scope, 0)
    if scope == "element":
        return None
    if location in _LOCAL and scope == "file":
        return 3
    if location in _PAGE and scope == "page":
        return 4
    if location == "row":
        return 5
    if scope == "site":
        return 6
    return 7 if scope in ("distribution", "default") else 8


def decide(statements: Sequence[Statement], resolver: str = RESOLVER) -> Decision:
    """The licence that statements about one document amount to. Their order does not matter.

    Raises:
        ValueError: if there is no such resolver.
    """
    if resolver not in RESOLVERS:
        raise ValueError(f"no resolver {resolver!r}; there are {', '.join(RESOLVERS)}")
    reserved = [statement for statement in statements if OPT_OUT in identifiers_of(statement.spdx)]
    permitted = [statement for statement in statements if statement.spdx == TDM_PERMITTED]
    groups: dict[int, list[Statement]] = {}
    for statement in statements:
        far = distance(statement.location, statement.scope)
        if far is not None and statement not in reserved and statement not in permitted:
            groups.setdefault(far, []).append(statement)
    decision = _decide_group(groups[min(groups)]) if groups else NOTHING_STATED
    if resolver != "resolve@1":
        decision = _heard_from_afar(decision, groups, permitted, bool(reserved))
    if resolver not in ("resolve@1", "resolve@2"):
        decision = _restricted_from_afar(decision, groups)
    if not reserved:
        return decision
    loudest = max(reserved, key=lambda statement: (statement.confidence, statement.location))
    spdx = conjunction([decision.license_spdx, OPT_OUT, *(statement.spdx for statement in reserved)])
    return Decision(spdx, tier(spdx), loudest.location, loudest.confidence, True, decision.contradicted)


def _heard_from_afar(
    decision: Decision, groups: Mapping[int, list[Statement]], permitted: list[Statement], reserved: bool
) -> Decision:
    """The decision with rules 7 and 8."""
    if permitted and not groups and not reserved:
        loudest = max(permitted, key=lambda statement: (statement.confidence, statement.location))
        return Decision(TDM_PERMITTED, tier(TDM_PERMITTED), loudest.location, loudest.confidence, False, False)
    decided = Statement(decision.license_basis, "", decision.license_spdx, 1.0)
    differs = UNKNOWN not in identifiers_of(decision.license_spdx) and any(
        statement.confidence >= LEAST_CONFIDENCE and not _covers(decided, statement)
        for far in sorted(groups)[1:] for statement in groups[far]
    )
    return decision._replace(contradicted=decision.contradicted or differs or bool(permitted and reserved))


def _restricted_from_afar(decision: Decision, groups: Mapping[int, list[Statement]]) -> Decision:
    """The decision with rule 9. Rulings, distances 0 to 2, have heard what was stated."""
    if not groups or min(groups) <= _RULED or decision.license_tier == RESTRICTED:
        return decision
    restricting = [
        statement for far in sorted(groups)[1:] for statement in groups[far]
        if statement.scope != "default" and _restricts(statement)
    ]
    if not restricting:
        return decision
    spdx = conjunction([decision.license_spdx, *(statement.spdx for statement in restricting)])
    return decision._replace(license_spdx=spdx, license_tier=tier(spdx), contradicted=True)


def _restricts(statement: Statement) -> bool:
    if statement.location == "rsl" and statement.spdx == UNKNOWN:
        return True
    if statement.confidence < LEAST_CONFIDENCE:
        return False
    if IN_WORDS & identifiers_of(statement.spdx):
        return tier(statement.spdx) == RESTRICTED
    return statement.location in _PAGE and statement.scope in ("page", "site") and tier(statement.spdx) == RESTRICTED


def _decide_group(group: list[Statement]) -> Decision:
    """The decision from statements of equal distance: rules 3 and 4."""
    kept: list[Statement] = []
    for statement in sorted((one for one in group if one.confidence >= LEAST_CONFIDENCE), key=_surest_first):
        if not any(_covers(other, statement) for other in kept):
            kept.append(statement)
    agreed = conjunction(statement.spdx for statement in kept)
    unreadable = []
    for statement in sorted((one for one in group if one.confidence < LEAST_CONFIDENCE), key=_surest_first):
        if not kept or statement.location not in _HINTS:
            unreadable.append(statement)
        elif statement.spdx != UNKNOWN and tier(statement.spdx) > tier(agreed):
            kept.append(statement)
    spdx = conjunction([
        *(statement.spdx for statement in (*kept, *unreadable)), *([UNKNOWN] if unreadable else [])
    ])
    deciding = [*kept, *unreadable]
    return Decision(
        spdx,
        tier(spdx),
        min(deciding, key=lambda statement: _TRUST.index(statement.location)).location,
        min(statement.confidence for statement in deciding),
        False,
        len({statement.spdx for statement in kept}) > 1,
    )


def _surest_first(statement: Statement) -> tuple:
    return -statement.confidence, _TRUST.index(statement.location), -tier(statement.spdx), statement


def _covers(known: Statement, other: Statement) -> bool:
    """Whether `other`, which is no surer, adds nothing to `known`: each licence it names is named there.

    A vague name is found in a precise one of its family that is no freer. Several licences that together are more
    restrictive than what is known, as 'MIT AND GPL-3.0-only' beside 'MIT OR GPL-3.0-only', do add something.
    """
    if known.spdx == other.spdx:
        return True
    there, named = identifiers_of(known.spdx), identifiers_of(other.spdx)
    if len(named) > 1 and tier(other.spdx) > tier(known.spdx):
        return False
    vague = other.confidence < PRECISE
    return all(
        name in there
        or (vague and any(family(name) == family(candidate) and tier(name) <= tier(candidate) for candidate in there))
        for name in named
    )


@lru_cache(maxsize=65_536)
def _decide_distinct(statements: frozenset[Statement], resolver: str) -> Decision:
    return decide(sorted(statements), resolver)


def resolve(
    evidence: pa.Table, documents: pa.Table, sources: Mapping[str, Source] | None = None, resolver: str = RESOLVER
) -> pa.Table:
    """One row of `document_licenses` per document, in the order of `documents`.

    Args:
        evidence: `license_evidence`, or its columns doc_id, location, scope, license_spdx and confidence. Evidence of
            documents that are not among `documents` is passed over.
        documents: columns doc_id (unique), snapshot, url and source.
        sources: the recipe's sources by name. If the registry decides and its claim says whom to credit, `attribution`
            is that; else it is the document's URL.
        resolver: version of the rules.

    Documents with the same statements are decided once: the work in Python grows with distinct combinations, not rows.
    """
    doc_ids = documents.column("doc_id").combine_chunks().cast(evidence.column("doc_id").type)
    positions = pc.index_in(evidence.column("doc_id"), value_set=doc_ids)
    known = evidence.filter(pc.is_valid(positions))
    rows = pc.drop_null(positions).to_numpy().astype(np.int64)
    codes, statements = _encode(known)
    combination, combinations = _combinations(rows, codes, len(doc_ids), len(statements))
    decisions = [_decide_distinct(frozenset(statements[code] for code in group), resolver) for group in combinations]
    decided = pa.Table.from_pylist(
        [decision._asdict() for decision in (NOTHING_STATED, *decisions)],
        schema=pa.schema([table("document_licenses").schema.field(name) for name in Decision._fields]),
    ).take(pa.array(combination + 1))
    bounds = [UNKNOWN, *(
        strictest(decision.license_spdx, (statements[code] for code in group))
        for decision, group in zip(decisions, combinations, strict=True)
    )]
    columns = {name: decided.column(name) for name in Decision._fields} | {
        "strictest_spdx": pa.array(bounds).take(pa.array(combination + 1)),
        "strictest_tier": pa.array(map(tier, bounds), pa.int32()).take(pa.array(combination + 1)),
        "doc_id": doc_ids,
        "snapshot": documents.column("snapshot"),
        "attribution": _attribution(documents, decided.column("license_basis"), sources or {}),
        "evidence_count": pa.array(np.bincount(rows, minlength=len(doc_ids)).astype(np.int32)),
        "resolver": pa.repeat(pa.scalar(resolver), len(doc_ids)),
    }
    schema = table("document_licenses").schema
    return pa.table([columns[name] for name in schema.names], names=schema.names).cast(schema)


def _encode(evidence: pa.Table) -> tuple[np.ndarray, list[Statement]]:
    """Each row's statement as a number, and the statements by number."""
    names = ("location", "scope", "license_spdx", "confidence")
    encoded = [evidence.column(name).combine_chunks().dictionary_encode() for name in names]
    code = np.zeros(len(evidence), np.int64)
    for column in encoded:
        code = code * max(len(column.dictionary), 1) + column.indices.to_numpy()
    _, first, codes = np.unique(code, return_index=True, return_inverse=True)
    distinct = evidence.select(names).take(pa.array(first))
    return codes, [Statement(*row.values()) for row in distinct.to_pylist()]


def _combinations(
    rows: np.ndarray, codes: np.ndarray, documents: int, statements: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Number of the combination of statements per document (-1: none), and the codes of each combination.

    Combinations are told apart by two sums of 64-bit hashes of their codes, which no order of rows changes.
    """
    pairs = np.unique(rows * max(statements, 1) + codes)
    combination = np.full(documents, -1, np.int64)
    if not len(pairs):
        return combination, []
    owner, code = np.divmod(pairs, statements)
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    hashes = np.stack([np.add.reduceat(_mix(code.astype(np.uint64), seed), starts) for seed in (1, 2)], axis=1)
    _, first, inverse = np.unique(hashes, axis=0, return_index=True, return_inverse=True)
    combination[owner[starts]] = inverse.reshape(-1)
    ends = np.r_[starts[1:], len(pairs)]
    return combination, [code[starts[index]:ends[index]] for index in first]


def _mix(values: np.ndarray, seed: int) -> np.ndarray:
    """splitmix64 (Steele, Lea, Flood 2014) of each value, as uint64."""
    mixed = values + np.uint64((0x9E3779B97F4A7C15 * (2 * seed + 1)) % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _attribution(documents: pa.Table, basis: pa.ChunkedArray, sources: Mapping[str, Source]) -> pa.ChunkedArray:
    credits_ = {
        name: source.license.attribution for name, source in sources.items()
        if source.license is not None and source.license.attribution
    }
    if not credits_:
        return documents.column("url")
    found = pc.index_in(documents.column("source"), value_set=pa.array(list(credits_)))
    credit = pa.chunked_array([pa.array(list(credits_.values()))]).take(found)
    return pc.if_else(
        pc.and_(pc.equal(basis, "registry"), pc.is_valid(credit)), credit, documents.column("url")
    )
