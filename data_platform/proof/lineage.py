"""Whether documents of known sources are under all that their source is made from, asked of the chains alone.

The code that made evidence of a chain (`licenses.lineage`) is not asked: what a chain amounts to follows from the
licences of the datasets on it, and a document is held to them one by one. Three things must be true. The chain is
whole: every dataset on it but the source is named by another one, and what is not known is under unknown terms. The
licence of a document names every licence that has to be kept, of a choice one. Its tier is no freer than any on the
chain. Only a person who ruled on the document, its address or its host says otherwise.

Belongs here: this question. Not here: evidence of licences in general (`terms`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from data_platform.proof.numbering import renumber_rows
from data_platform.proof.reading import Reader
from data_platform.proof.terms import Said, closeness
from data_platform.proof.way import Way
from data_platform.spdx.expressions import UNKNOWN, identifiers_of, licensing, parse
from data_platform.spdx.tiers import tier

TABLE = "source_lineage"
NOT_WHOLE = "the chain of its source is not whole"
TOO_FREE = "its licence is freer than what its source is made from"
_COLUMNS = ("source", "position", "identifier", "made_into", "known", "license_spdx", "license_tier")
_RULED = 2
"""Closeness of rulings on a whole source: what is closer was ruled on the document, its address or its host."""


class Chain(NamedTuple):
    """The licences on the chain of a source, and whether it is whole."""

    licenses: frozenset[str]
    whole: bool


def chains_of(reader: Reader, way: Way) -> dict[str, Chain]:
    """The chains of known sources on the way, by source."""
    rows: dict[str, list[dict]] = {}
    for stop in way.of(TABLE):
        for batch in reader.read(stop, list(_COLUMNS)):
            for row in batch.to_pylist():
                rows.setdefault(row["source"], []).append(row)
    return {source: _chain(sorted(found, key=lambda row: row["position"])) for source, found in rows.items()}


def _chain(rows: Sequence[dict]) -> Chain:
    named = {row["identifier"] for row in rows if row["known"]}
    whole = (
        [row["position"] for row in rows] == list(range(len(rows)))
        and all(row["made_into"] in (named if row["position"] else {""}) for row in rows)
        and all(row["known"] or row["license_spdx"] == UNKNOWN for row in rows)
        and all(row["license_tier"] == tier(row["license_spdx"]) for row in rows)
    )
    # A source alone of which nothing is known leaves the word to others.
    alone = len(rows) == 1 and rows[0]["license_spdx"] == UNKNOWN
    return Chain(frozenset() if alone else frozenset(row["license_spdx"] for row in rows), whole)


def broken(
    chains: dict[str, Chain], sources: np.ndarray, spdx: np.ndarray, combination: np.ndarray,
    names: Sequence[str | None], statements: Sequence[frozenset[Said]],
) -> Iterator[tuple[str, np.ndarray]]:
    """What is wrong with documents of known sources, and their places.

    Args:
        sources: source of every document, as a number in `names`.
        spdx: its licence, as a number in `names`.
        combination: its set of statements, as a number in `statements`.
    """
    if not chains:
        return
    number, first = renumber_rows(np.stack([sources, spdx, combination], axis=1))
    cases = np.stack([sources, spdx, combination], axis=1)[first].tolist()
    judged = [_wrong(chains.get(names[source] or ""), names[license_] or "", statements[said])
              for source, license_, said in cases]
    for what in (NOT_WHOLE, TOO_FREE):
        against = [case for case, found in enumerate(judged) if found == what]
        if against:
            yield what, np.flatnonzero(np.isin(number, against))


def _wrong(chain: Chain | None, spdx: str, said: frozenset[Said]) -> str:
    if chain is None:
        return ""
    if not chain.whole:
        return NOT_WHOLE
    if any(one.location == "manual" and (rank := closeness(one)) is not None and rank < _RULED for one in said):
        return ""
    return "" if all(_kept(one, spdx) for one in chain.licenses) else TOO_FREE


@lru_cache(maxsize=65_536)
def _kept(asked: str, spdx: str) -> bool:
    """Whether a licence is no freer than another, and names all of it that has to be kept."""
    if tier(spdx) < tier(asked):
        return False
    node, there = parse(asked), identifiers_of(spdx)
    parts = node.args if isinstance(node, licensing().AND) else (node,)
    return all(identifiers_of(part.render()) & there for part in parts)
