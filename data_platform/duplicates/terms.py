"""What the copies of a text make of its licence: a free copy beside a restricted one, and a reservation of any of them.

A mirror that puts a free licence on a text of others frees nothing. So the copy that stays is used on the strictest
terms that any copy of its cluster states, unless there is evidence that it is the origin, from which the others were
copied:

- registry: a person vouches for it, the recipe's claim of its source or a ruling, and for none of the stricter copies;
- host: it is of one of the recipe's `origin_hosts`, and none of the stricter copies is;
- date: it was captured `origin_days` or more before every one of them, all with dates. Within one crawl, which copy was
  met first is chance.

A copy that states nothing is stricter, too, since it has no licence; not if it is of the same host.

A document that is contained in others, over however many steps, and every copy of it count as copies of each that holds
them: a text within a text is used on its terms as well.

A reservation of any copy that stands (table `reservations`) binds all of them: it has no origin, and no evidence is
asked. It binds, too, what holds the text of a reserved document or is held in one, and what says the same in other
words (table `redundant_documents`), from pair to pair: each document names but one of those that it is like, so that a
pair between two others of the same group may be missing. One that was withdrawn by evidence of a later date binds
nobody, not the capture either that it was seen of.

What documents were used on before a takedown took away what stated it (`held`) holds as the word of a copy that nothing
outweighs.

Belongs here: clusters of copies. Does not: which documents form one (`clusters`), what is said of one document alone
(`licenses.contest`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.licenses.settings import Copies
from data_platform.spdx.expressions import OPT_OUT, UNKNOWN, conjunction, licensing, parse
from data_platform.spdx.tiers import tier

MEMBER_COLUMNS = ("doc_id", "snapshot", "license_spdx", "license_tier", "license_basis", "license_confidence",
                  "opt_out", "contradicted", "strictest_spdx", "attribution", "host", "fetched_at", "cluster_id",
                  "kept", "alternative_licenses", "reserved")
"""What is read of every member of a cluster: columns of `document_licenses`, `documents` and `duplicates`, and whether
`reservations` names it."""
VOUCHED = ("registry", "manual")
"""Bases of a licence for which a person vouches."""
SILENT = "none"
"""Basis of a document of which nothing is stated."""
_DAY = 86_400 * 10**6
_NEVER = np.iinfo(np.int64).max
_APART = "\x1f"


def terms_of_copies(
    members: pa.Table, settings: Copies, pairs: pa.Table | None = None, held: Mapping[str, Kept] | None = None,
    contained: Collection[str] = (),
) -> pa.Table:
    """Table `document_terms`: a row for every copy that stays, sorted by doc_id.

    Args:
        members: `MEMBER_COLUMNS` of all documents that clusters are made of.
        settings: what a free copy beside a restricted one amounts to.
        pairs: doc_id, matched_doc_id and kind of documents that are contained in others, or say the same.
        held: by doc_id, what documents are held to since takedowns.
        contained: the kinds of pairs of which the first document is contained in the other.
    """
    members = members.sort_by("doc_id").combine_chunks()
    own = _Expressions(members["license_spdx"])
    strict = _Expressions(members["strictest_spdx"])
    kept = np.asarray(members["kept"].combine_chunks())
    survivor = pc.index_in(members["cluster_id"], members["doc_id"].combine_chunks()).combine_chunks().to_numpy()
    reserved = np.zeros(len(survivor), bool)
    reserved[survivor[np.asarray(members["reserved"].combine_chunks())]] = True
    kept_to = _Kept(members["doc_id"].combine_chunks(), survivor, held or {})
    reserved[kept_to.reserved] = True
    copy = np.flatnonzero(survivor != np.arange(len(survivor)))
    owner = survivor[copy]
    if pairs is not None and pairs.num_rows:
        ids = members["doc_id"].combine_chunks()
        left, right = (pc.index_in(pairs[name], ids) for name in ("doc_id", "matched_doc_id"))
        there = np.asarray(pc.and_(left.is_valid(), right.is_valid()).combine_chunks())
        ends = [survivor[side.filter(pa.array(there)).to_numpy()] for side in (left, right)]
        reserved = spread(reserved, *ends)
        within = np.asarray(pc.is_in(pairs["kind"], pa.array(list(contained), pa.string())).combine_chunks())[there]
        more = behind_holders(survivor, *(end[within] for end in ends))
        copy, owner = (np.concatenate(both) for both in zip((copy, owner), more, strict=True))
    contests = np.zeros(len(copy), bool)
    if settings.beside_restricted != "free":
        claimed_tiers = np.where(reserved, own.tiers, own.bare_tiers)
        contests = _contesting(members, copy, owner, claimed_tiers, strict)
        if settings.beside_restricted == "origin":
            contests &= ~_origins(members, copy[contests], owner[contests], settings)[owner]
    rows = np.flatnonzero(kept)
    stated = _joined(owner[contests], strict.bare.take(pa.array(copy[contests])), len(survivor))
    stands = pa.array(reserved)
    reserves = pc.if_else(stands, pa.scalar(OPT_OUT), pa.scalar(""))
    claims = pc.if_else(stands, members["license_spdx"].combine_chunks(), own.bare)
    strictest = pc.if_else(stands, members["strictest_spdx"].combine_chunks(), strict.bare)
    claimed = _all_hold(rows, claims, reserves, kept_to.claims)
    binding = _all_hold(rows, strictest, stated, reserves, kept_to.terms)
    levels = _tiers(claimed), _tiers(binding)
    some = pa.array(rows)
    made = {
        "license_spdx": binding, "license_tier": levels[1], "claimed_spdx": claimed, "claimed_tier": levels[0],
        "contested": pc.greater(levels[1], levels[0]),
        "copy_licenses": pc.binary_join(members["alternative_licenses"].take(some), "; "),
        "opt_out": pa.array(reserved[rows]),
    }
    schema = table("document_terms").schema
    return pa.table([made[name] if name in made else members[name].take(some) for name in schema.names],
                    names=schema.names).cast(schema)


class Kept(Protocol):
    """What a document is held to since a takedown: the terms that it was used on, and the licence that it claimed."""

    @property
    def terms(self) -> str: ...
    @property
    def claim(self) -> str: ...


class _Kept:
    """What documents are held to, by row.

    Attributes:
        terms: of rows that stay, what any copy of their cluster is held to, joined.
        claims: what the document itself is held to have claimed.
        reserved: rows that stay of which a copy is held to a reservation.
    """

    def __init__(self, ids: pa.Array, survivor: np.ndarray, held: Mapping[str, Kept]) -> None:
        place = pc.index_in(pa.array(list(held), pa.string()), ids)
        known = [(row, one) for row, one in zip(place.to_pylist(), held.values(), strict=True) if row is not None]
        rows = np.array([row for row, _ in known], np.int64)
        self.terms = _joined(survivor[rows], pa.array([one.terms for _, one in known], pa.string()), len(survivor))
        self.claims = _joined(rows, pa.array([one.claim for _, one in known], pa.string()), len(survivor))
        reserving = np.array([OPT_OUT in one.terms for _, one in known], bool)
        self.reserved = np.unique(survivor[rows[reserving]])


def spread(marked: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Marks of rows, and of all that pairs connect with a marked one, over however many of them."""
    found = marked.copy()
    while (either := found[left] | found[right]).any() and not (found[left[either]] & found[right[either]]).all():
        found[left[either]] = True
        found[right[either]] = True
    return found


def behind_holders(survivor: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of texts that rows hold which stay, and the row that holds each, over however many steps.

    Args:
        survivor: of every row, the one of its cluster that stays.
        lower, upper: rows that stay, the first of each pair contained in the second.
    """
    apart = lower != upper
    pairs = found = np.unique(np.stack([lower[apart], upper[apart]], axis=1).astype(np.int64), axis=0)
    while True:
        held, further = _matches(found[:, 1], pairs[:, 0])
        steps = np.stack([found[held, 0], pairs[further, 1]], axis=1)
        more = np.unique(np.concatenate([found, steps[steps[:, 0] != steps[:, 1]]]), axis=0)
        if len(more) == len(found):
            break
        found = more
    order = np.argsort(survivor, kind="stable")
    pair, place = _matches(found[:, 0], survivor[order])
    return order[place], found[pair, 1]


def _matches(values: np.ndarray, ascending: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of values, and of their equals among others in ascending order, every two that are equal."""
    first, last = (np.searchsorted(ascending, values, side=side) for side in ("left", "right"))
    counts = last - first
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(np.arange(len(values)), counts), np.repeat(first, counts) + within


class _Expressions:
    """A column of expressions, each looked at once.

    Attributes:
        tiers: of each row.
        bare: the expressions without a reservation of their own; what is a reservation alone states no licence.
        bare_tiers: of these.
    """

    def __init__(self, column: pa.ChunkedArray) -> None:
        encoded = column.combine_chunks().dictionary_encode()
        codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        distinct = encoded.dictionary.to_pylist()
        bare = [_without_reservation(one) for one in distinct]
        self.tiers = np.array([tier(one) for one in distinct], np.int64)[codes]
        self.bare_tiers = np.array([tier(one) for one in bare], np.int64)[codes]
        self.bare = pa.array(bare, pa.string()).take(encoded.indices)


def _without_reservation(expression: str) -> str:
    node, kinds = parse(expression), licensing()
    parts = [part.render() for part in (node.args if isinstance(node, kinds.AND) else (node,))]
    return conjunction(part for part in parts if part != OPT_OUT)


def _contesting(
    members: pa.Table, copy: np.ndarray, owner: np.ndarray, claimed: np.ndarray, strict: _Expressions
) -> np.ndarray:
    """Which copies are stricter than what their owner, which stays, claims; silence on the same host is not."""
    stricter = strict.bare_tiers[copy] > claimed[owner]
    some = np.flatnonzero(stricter)
    host = members["host"].combine_chunks()
    theirs, mine = (host.take(pa.array(rows[some])) for rows in (copy, owner))
    unstated = pc.and_(members["opt_out"], pc.equal(strict.bare, UNKNOWN))
    silent = pc.or_(pc.equal(members["license_basis"], SILENT), unstated).combine_chunks().take(pa.array(copy[some]))
    quiet = pc.and_(silent, pc.and_(pc.equal(theirs, mine), pc.not_equal(mine, "")))
    stricter[some[np.asarray(pc.fill_null(quiet, False))]] = False
    return stricter


def _origins(members: pa.Table, copy: np.ndarray, owner: np.ndarray, settings: Copies) -> np.ndarray:
    """Per row whether something shows that it is the origin of the copies that contest it, which are given."""
    count = members.num_rows

    def alone(marked: np.ndarray) -> np.ndarray:
        """What is true of a row, and of none that contests it."""
        disputed = np.zeros(count, bool)
        disputed[owner[marked[copy]]] = True
        return marked & ~disputed

    vouched = np.asarray(pc.is_in(members["license_basis"], pa.array(VOUCHED)).combine_chunks())
    hosts = members["host"].combine_chunks().dictionary_encode()
    known = [_is_of(host or "", settings.origin_hosts) for host in hosts.dictionary.to_pylist()]
    listed = np.array([*known, False], bool)[pc.fill_null(hosts.indices, len(known)).to_numpy(zero_copy_only=False)]
    dates = pc.fill_null(members["fetched_at"].cast(pa.int64()), -1).to_numpy()
    first = np.full(count, _NEVER, np.int64)
    np.minimum.at(first, owner, dates[copy])
    earlier = (dates >= 0) & (first >= 0) & (first - np.maximum(dates, 0) >= settings.origin_days * _DAY)
    return alone(vouched) | alone(listed) | earlier


def _is_of(host: str, hosts: tuple[str, ...]) -> bool:
    return any(host == one or host.endswith(f".{one}") for one in hosts)


def _joined(rows: np.ndarray, values: pa.Array, count: int) -> pa.Array:
    """For every row of `count` the values that are given for it, each once and in order, joined; empty without any."""
    encoded = values.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    distinct = max(1, len(encoded.dictionary))
    of, code = np.divmod(np.unique(rows * distinct + codes), distinct)
    listed = pa.table({"row": of, "value": encoded.dictionary.take(pa.array(code))})
    listed = listed.sort_by([("row", "ascending"), ("value", "ascending")])
    offsets = np.concatenate(([0], np.cumsum(np.bincount(of, minlength=count)))).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), listed["value"].combine_chunks().cast(pa.string()))
    return pc.binary_join(lists, _APART)


def _all_hold(rows: np.ndarray, *columns: pa.Array) -> pa.Array:
    """The AND of the expressions that stand in columns, joined or alone, of some rows. Empty ones add nothing."""
    some = pa.array(rows)
    joined = pc.binary_join_element_wise(*(column.take(some) for column in columns), _APART).dictionary_encode()
    held = [conjunction(part for part in one.split(_APART) if part) for one in joined.dictionary.to_pylist()]
    return pa.array(held, pa.string()).take(joined.indices)


def _tiers(expressions: pa.Array) -> pa.Array:
    encoded = expressions.dictionary_encode()
    return pa.array([tier(one) for one in encoded.dictionary.to_pylist()], pa.int32()).take(encoded.indices)
