"""Laws that the licence of a document obeys whatever rules decided it, asked of its evidence alone.

`licenses.resolve` decides what statements amount to, by rules with versions. Whether it, and all that stands between
it and a mixture, did so rightly is not shown by asking it again. These are bounds that every lawful decision keeps,
written down anew from the meaning of the evidence:

- readable: the expression is an SPDX expression of known licences, and the tier is the expression's;
- reservation: a reservation against mining seen anywhere is in the expression;
- support: every part that holds (AND) was stated, by the closest places that state anything, as a whole; a choice (OR)
  that nobody offered is not made up;
- closest: nothing that the closest places state is more restrictive than all that the expression names, unless another
  statement there covers it;
- unread: what the closest places say and nobody could read makes the document unknown;
- silence: without a statement the document is unknown, or, where mining is permitted, free for mining.

A decision can obey them and be stricter than need be; it cannot be freer than the evidence. Here belong the laws. Not
here: reading evidence from tables (`examination`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import NamedTuple

from data_platform.spdx.expressions import OPT_OUT, TDM_PERMITTED, UNKNOWN, family, licensing, parse
from data_platform.spdx.tiers import RESTRICTED, tier, tier_of_license

SURE = 0.5
"""A statement that was read with less confidence than this was not read."""

LAWS = {
    "readable": "it is no licence, or its tier is another",
    "reservation": "a reservation against mining is passed over",
    "support": "nobody who counts stated all of it",
    "closest": "what stands closest to the text is more restrictive",
    "unread": "a statement that nobody could read is passed over",
    "silence": "nothing was stated",
}
"""The laws, and what is said where one is broken."""

_IN_FILE = frozenset({"spdx_header", "license_file"})
_ABOUT_PAGE = frozenset({
    "link", "anchor", "badge", "meta", "microdata", "rdfa", "jsonld", "statement", "header", "robots", "rsl",
})
_MAY_STATE_NOTHING = frozenset({"license_file", "classifier"})
"""Places that are found where no licence is stated: NOTICE files, 'OSI Approved'."""


class Said(NamedTuple):
    """One statement about a document: where, of how much, what it was read as, and how surely."""

    location: str
    scope: str
    spdx: str
    confidence: float


def closeness(said: Said) -> int | None:
    """Rank of the place of a statement, 0 the closest to the text; None if it speaks of a part of the page alone."""
    if said.location == "manual":
        return 1 if said.scope == "site" else 2 if said.scope == "dataset" else 0
    if said.scope == "element":
        return None
    if said.scope == "file" and said.location in _IN_FILE:
        return 3
    if said.scope == "page" and said.location in _ABOUT_PAGE:
        return 4
    if said.location == "row":
        return 5
    return {"site": 6, "distribution": 7}.get(said.scope, 8)


def broken_laws(spdx: str, license_tier: int, evidence: Iterable[Said]) -> list[str]:
    """Which of `LAWS` the licence of a document breaks, given all evidence about it."""
    names = _names(spdx)
    if names is None or license_tier != tier(spdx):
        return ["readable"]
    evidence = list(evidence)
    reserved = [said for said in evidence if OPT_OUT in (_names(said.spdx) or ())]
    closest = _closest(said for said in evidence if said not in reserved and said.spdx != TDM_PERMITTED)
    permitted = not reserved and any(said.spdx == TDM_PERMITTED for said in evidence)
    supported = _stated([*closest, *_restricting(evidence)], reserved, permitted and not closest)
    broken = {
        "reservation": bool(reserved) and OPT_OUT not in names,
        "support": not _parts(spdx) <= supported,
        "closest": any(
            _strictness(said.spdx) > max(map(tier_of_license, names)) and not _covered(said, closest)
            for said in closest
        ),
        "unread": _unread(closest) and UNKNOWN not in names,
        "silence": not closest and not (UNKNOWN in names or (permitted and names == {TDM_PERMITTED})),
    }
    return [law for law in LAWS if broken.get(law)]


def stricter_statements(spdx: str, evidence: Iterable[Said]) -> list[str]:
    """What is stated of the whole document, from whatever distance, and is stricter than a licence; each once.

    A permission to mine is no licence; what a site says of all that says nothing of itself gives way to what does; what
    a person ruled is the last word.
    """
    evidence = list(evidence)
    if any(said.location == "manual" for said in evidence):
        return []
    names = _names(spdx) or frozenset()
    return sorted({
        said.spdx for said in evidence
        if said.scope not in ("element", "default") and said.confidence >= SURE and said.spdx != TDM_PERMITTED
        and _strictness(said.spdx) > tier(spdx) and not (_names(said.spdx) or frozenset()) <= names
    })


def _closest(statements: Iterable[Said]) -> list[Said]:
    groups: dict[int, list[Said]] = {}
    for said in statements:
        rank = closeness(said)
        if rank is not None:
            groups.setdefault(rank, []).append(said)
    return groups[min(groups)] if groups else []


def _restricting(evidence: Iterable[Said]) -> list[Said]:
    """What is stated of the whole document and restricts: it holds from whatever distance."""
    return [
        said for said in evidence
        if said.scope not in ("element", "default") and said.confidence >= SURE and _strictness(said.spdx) == RESTRICTED
    ]


def _unread(closest: Collection[Said]) -> bool:
    """Whether somebody spoke at the closest places who was not understood."""
    unsure = [said for said in closest if said.confidence < SURE]
    if any(said.location not in _MAY_STATE_NOTHING for said in unsure):
        return True
    return bool(unsure) and len(unsure) == len(closest)


def _stated(closest: Collection[Said], reserved: Collection[Said], permitted: bool) -> set[str]:
    """Every part that an expression may hold, given who spoke."""
    stated = {part for said in (*closest, *reserved) for part in _parts(said.spdx)}
    return stated | {UNKNOWN, OPT_OUT} | ({TDM_PERMITTED} if permitted else set())


def _covered(said: Said, closest: Collection[Said]) -> bool:
    """Whether a surer or equal statement names all that this one names: a part of a choice, or a vaguer name."""
    mine = _names(said.spdx) or frozenset()
    return any(
        other != said and other.confidence >= said.confidence and len(mine) <= len(_names(other.spdx) or ())
        and all(_named(name, _names(other.spdx) or ()) for name in mine)
        for other in closest if said.confidence >= SURE
    )


def _named(name: str, there: Collection[str]) -> bool:
    return name in there or any(
        family(name) == family(other) and tier_of_license(name) <= tier_of_license(other) for other in there
    )


def _strictness(spdx: str) -> int:
    """The tier of a statement; what names no licence that is known restricts nothing by itself, it is unread."""
    return tier(spdx) if spdx != UNKNOWN and _names(spdx) is not None else 0


@lru_cache(maxsize=65_536)
def _names(spdx: str) -> frozenset[str] | None:
    """The licences in an expression, without exceptions; None if it is not one."""
    try:
        symbols = licensing().license_symbols(parse(spdx), decompose=True)
    except ValueError:
        return None
    return frozenset(symbol.key for symbol in symbols if not symbol.is_exception)


@lru_cache(maxsize=65_536)
def _parts(spdx: str) -> frozenset[str]:
    """What holds together in an expression: the operands of its AND, each simplified."""
    try:
        node = parse(spdx).simplify()
    except ValueError:
        return frozenset({spdx})
    return frozenset(part.render() for part in (node.args if isinstance(node, licensing().AND) else (node,)))
