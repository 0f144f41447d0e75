"""The copies of rows of a mixture that deduplication dropped, and what they make of a row's licence, worked out anew.

Whatever `document_terms` says, the terms of a row follow from the evidence about it and about every other member of its
cluster: the licence that its own evidence amounts to, AND every stricter one that evidence states of it or that a copy
is under, unless the row is shown to be their origin; AND a reservation that stands of any of them, or of what holds the
text, is held in it or says the same; AND what any of them is held to since takedowns. They are worked out here from
statements, clusters, pairs, hosts, dates and the standing list alone, one distinct case at a time.

Here belongs the working out. Not here: reading evidence, and what is said of rows that differ (`examination`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.licenses.resolve import RESOLVERS, Statement, decide
from data_platform.licenses.settings import Copies
from data_platform.proof.ids import IdIndex, distinct, numbers_of
from data_platform.proof.numbering import NONE, renumber_rows
from data_platform.proof.reading import Reader
from data_platform.proof.terms import Said, stricter_statements
from data_platform.proof.way import Way
from data_platform.spdx.expressions import OPT_OUT, UNKNOWN, conjunction, licensing, parse
from data_platform.spdx.tiers import tier

_DAY = 86_400 * 10**6
_CONTAINMENT = "containment"


class Members:
    """The documents that stand behind subjects: dropped as copies of them, or contained in them, and copies of these.

    Attributes:
        numbers: their ids.
        owner: the place of the subject that each one is a copy of; -1 of those that are contained in some alone.
        index: finds them.
        place, holder: each one, by place, with the place of each subject that it stands behind.
    """

    def __init__(self, reader: Reader, way: Way, subjects: IdIndex) -> None:
        numbers, owners = _copies_of(reader, way, subjects)
        inner, holders = _contained_in(reader, way, subjects)
        known = IdIndex(numbers)
        new, _ = distinct(inner[known.find(inner) < 0])
        self.numbers = np.concatenate([numbers, new])
        self.owner = np.concatenate([owners, np.full(len(new), -1, owners.dtype)])
        self.index = IdIndex(self.numbers)
        self.place = np.concatenate([np.arange(len(numbers)), self.index.find(inner)])
        self.holder = np.concatenate([owners, holders])

    def behind(self, marked: np.ndarray) -> np.ndarray:
        """The subjects, by place, that some of them stand behind."""
        return np.unique(self.holder[marked[self.place]])

    def __len__(self) -> int:
        return len(self.owner)


def _copies_of(reader: Reader, way: Way, subjects: IdIndex) -> tuple[np.ndarray, np.ndarray]:
    """The documents that were dropped as copies of subjects, and the place of the subject of each."""
    numbers, owners = [np.zeros((0, 2), np.uint64)], [NONE]
    for stop in way.of("duplicates"):
        for batch in reader.read(stop, ["doc_id", "cluster_id"]):
            own, cluster = numbers_of(batch["doc_id"]), numbers_of(batch["cluster_id"])
            copies = np.flatnonzero((own != cluster).any(axis=1))
            owner = subjects.find(cluster[copies])
            numbers.append(own[copies[owner >= 0]])
            owners.append(owner[owner >= 0])
    return np.concatenate(numbers), np.concatenate(owners)


def _contained_in(reader: Reader, way: Way, subjects: IdIndex) -> tuple[np.ndarray, np.ndarray]:
    """The documents that subjects hold, over however many steps, and copies of these, with the place of the subject."""
    lower, upper = [np.zeros((0, 2), np.uint64)], [np.zeros((0, 2), np.uint64)]
    for stop in way.of("redundant_documents"):
        stated = json.loads(stop.commit["config"]).get("pairs", ())
        kinds = pa.array([name for name, config in stated if config.get("method") == _CONTAINMENT], pa.string())
        for batch in reader.read(stop, ["doc_id", "matched_doc_id", "kind"]):
            some = batch.filter(pc.is_in(batch["kind"].cast(pa.string()), kinds))
            lower.append(numbers_of(some["doc_id"]))
            upper.append(numbers_of(some["matched_doc_id"]))
    ends = np.concatenate([*lower, *upper])
    if not len(ends):
        return ends, NONE
    numbers, rank = distinct(ends)
    outer = np.split(rank, 2)
    held: dict[int, set[int]] = {}
    for one, other in zip(*(half.tolist() for half in outer), strict=True):
        held.setdefault(one, set()).add(other)
    places, index = subjects.find(numbers), IdIndex(numbers)
    holders = {one: sorted(places[other] for other in _reached(held, one) if places[other] >= 0) for one in held}
    found, owners = [numbers[:0]], []
    for one, others in holders.items():
        found += [numbers[one:one + 1]] * len(others)
        owners += others
    for stop in way.of("duplicates"):
        for batch in reader.read(stop, ["doc_id", "cluster_id"]):
            own, cluster = numbers_of(batch["doc_id"]), index.find(numbers_of(batch["cluster_id"]))
            for place in np.flatnonzero(cluster >= 0).tolist():
                others = holders.get(int(cluster[place]), [])
                if others and (own[place] != numbers[cluster[place]]).any():
                    found += [own[place:place + 1]] * len(others)
                    owners += others
    return np.concatenate(found), np.array(owners, np.int64)


def _reached(held: Mapping[int, set[int]], start: int) -> set[int]:
    """What holds a document, over however many steps; not itself."""
    found, ahead = set(), [start]
    while ahead:
        for other in held.get(ahead.pop(), set()) - found:
            found.add(other)
            ahead.append(other)
    return found - {start}


class Verdict(NamedTuple):
    """What the evidence about one document amounts to by itself.

    Attributes:
        claimed: the licence that the rules make of it.
        strictest: that AND every stricter one that is stated of the whole document.
        bare: `strictest` without a reservation, which counts by itself.
        plain: `claimed` without one.
        silent: nothing is stated but perhaps a reservation.
        vouched: a person stands for it: the recipe's claim of the source, or a ruling.
    """

    claimed: str
    strictest: str
    bare: str
    plain: str
    silent: bool
    vouched: bool


NO_RULES = Verdict(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, False, False)


@lru_cache(maxsize=65_536)
def verdict(evidence: frozenset[Said], resolver: str | None) -> Verdict:
    """What a set of statements amounts to by the rules of a resolver; unknown by rules that nobody knows."""
    if resolver not in RESOLVERS:
        return NO_RULES
    decided = decide(sorted(Statement(*said) for said in evidence), resolver)
    strictest = conjunction([decided.license_spdx, *stricter_statements(decided.license_spdx, evidence)])
    bare = _bare(strictest)
    silent = decided.license_basis == "none" or (decided.opt_out and bare == UNKNOWN)
    vouched = decided.license_basis in ("registry", "manual")
    return Verdict(decided.license_spdx, strictest, bare, _bare(decided.license_spdx), silent, vouched)


def _bare(expression: str) -> str:
    node = parse(expression)
    parts = node.args if isinstance(node, licensing().AND) else (node,)
    return conjunction(part.render() for part in parts if part.render() != OPT_OUT)


@dataclass(frozen=True)
class Documents:
    """What is known of subjects, and of members behind them, by place.

    Attributes:
        combination, resolver: the number of the set of statements, and of the rules, of each.
        host: numbers of hosts, equal where the hosts are.
        hosts: the hosts by number; one that is not known is None.
        fetched_at: microseconds; -1 if unknown.
        reserved: whether a reservation stands against it.
    """

    combination: np.ndarray
    resolver: np.ndarray
    host: np.ndarray
    hosts: Sequence[str | None]
    fetched_at: np.ndarray
    reserved: np.ndarray


class KeptTo(NamedTuple):
    """What takedowns hold a subject to: terms, its own and those of its copies, and the licence that it claimed itself,
    empty if it is not held to any."""

    terms: tuple[str, ...]
    claim: str


@dataclass(frozen=True)
class Expected:
    """What the terms of each subject must be, as numbers of `expressions`, and whether a reservation is among them;
    and by code that kept a reservation of the document's own although it had been taken back."""

    claimed: np.ndarray
    binding: np.ndarray
    expressions: list[str]
    reserved: np.ndarray
    claimed_once: np.ndarray
    binding_once: np.ndarray


def settings_of(way: Way) -> Copies:
    """What a free copy beside a restricted one amounted to when the terms were written."""
    configs = [json.loads(stop.commit["config"]) for stop in way.of("document_terms")]
    stated = configs[0] if configs else {}  # a takedown's commit says more than these
    return Copies.model_validate({name: stated[name] for name in Copies.model_fields if name in stated})


def expected_terms(
    documents: Documents, owner: np.ndarray, statements: Sequence[frozenset[Said]], rules: Sequence[str | None],
    settings: Copies, held: Mapping[int, KeptTo] | None = None,
) -> Expected:
    """The terms that subjects must have.

    Args:
        documents: first the subjects, then the members.
        owner: the place of the subject of each member.
        statements: sets of statements, by number.
        rules: names of resolvers, by number.
        settings: what a free copy beside a restricted one amounts to.
        held: what takedowns hold subjects to, by place.
    """
    held = held or {}
    count = len(documents.combination) - len(owner)
    case, first = renumber_rows(np.stack([documents.combination, documents.resolver], axis=1))
    verdicts = [
        verdict(statements[documents.combination[place]], rules[documents.resolver[place]]) for place in first.tolist()
    ]
    reserved = documents.reserved[:count].copy()
    reserved[owner[documents.reserved[count:]]] = True
    reserved[[place for place, kept in held.items() if any(OPT_OUT in terms for terms in kept.terms)]] = True
    levels = np.array([(tier(one.plain), tier(one.claimed)) for one in verdicts] or [(0, 0)])[case[:count]]
    claimed = np.where(reserved, levels[:, 1], levels[:, 0])
    bare = np.array([tier(one.bare) for one in verdicts] or [0])[case[count:]]
    silent = np.array([one.silent for one in verdicts] or [False])[case[count:]]
    known = np.array([bool(host) for host in documents.hosts] or [False])
    mine, theirs = documents.host[owner], documents.host[count:]
    contests = (bare > claimed[owner]) & ~(silent & (mine == theirs) & known[mine])
    if settings.beside_restricted == "free":
        contests[:] = False
    elif settings.beside_restricted == "origin":
        vouched = np.array([one.vouched for one in verdicts] or [False])[case]
        contests &= ~_is_origin(documents, owner, contests, vouched, settings)[owner]
    extra: dict[int, set[str]] = {}
    for place, number in zip(owner[contests].tolist(), case[count:][contests].tolist(), strict=True):
        extra.setdefault(place, set()).add(verdicts[number].bare)
    numbers: dict[str, int] = {}

    def number_of(*parts: str) -> int:
        return numbers.setdefault(conjunction(part for part in parts if part), len(numbers))

    made = np.array([
        [number_of(one.plain), number_of(one.claimed, OPT_OUT), number_of(one.bare), number_of(one.strictest, OPT_OUT),
         number_of(one.claimed), number_of(one.strictest)] for one in verdicts
    ] or [[0] * 6])
    own = case[:count]
    stands = reserved.astype(int)
    claims, binding = made[own, stands], made[own, 2 + stands]
    claims_once, binding_once = (np.where(reserved, some, made[own, place])
                                 for some, place in ((claims, 4), (binding, 5)))
    for place in extra.keys() | held.keys():
        one, reserves, kept = verdicts[own[place]], OPT_OUT if reserved[place] else "", held.get(place, KeptTo((), ""))
        stated = (*sorted(extra.get(place, ())), *kept.terms, reserves)
        binding[place] = number_of(one.strictest if reserves else one.bare, *stated)
        binding_once[place] = number_of(one.strictest, *stated)
        claims[place] = number_of(one.claimed if reserves else one.plain, kept.claim, reserves)
        claims_once[place] = number_of(one.claimed, kept.claim, reserves)
    return Expected(claims, binding, list(numbers), reserved, claims_once, binding_once)


def _is_origin(
    documents: Documents, owner: np.ndarray, contests: np.ndarray, vouched: np.ndarray, settings: Copies
) -> np.ndarray:
    """Which subjects something shows to be what the copies that contest them were copied from."""
    count = len(documents.combination) - len(owner)
    behind = owner[contests]
    listed = np.array([
        any(f".{host or ''}".endswith(f".{one}") for one in settings.origin_hosts) for host in documents.hosts
    ] or [False])[documents.host]
    shown = np.zeros(count, bool)
    for marks in (vouched, listed):
        shared = np.bincount(behind, weights=marks[count:][contests], minlength=count) > 0
        shown |= marks[:count] & ~shared
    first = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(first, behind, documents.fetched_at[count:][contests])
    own = documents.fetched_at[:count]
    dated = (own >= 0) & (first >= 0)
    shown[dated] |= first[dated] - own[dated] >= settings.origin_days * _DAY
    return shown

