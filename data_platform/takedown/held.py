"""Terms that documents keep although what stated them was taken down: nothing gets freer by a takedown.

The licence of a document follows from evidence that may be seen elsewhere (a LICENSE above it, a robots.txt), and its
terms from its copies, too. If one of these is taken down and the document stays, the next run would know nothing of
what it stated. So a takedown notes on the standing list, for every document that stays and may have depended on what
goes, the terms that it was used on and the licence that it claimed: kinds `terms` and `claim`, each a doc_id and an
SPDX expression. They hold from then on beside whatever the evidence says, for the document and for all copies of it;
the audit holds rows to them, too.

What may depend on what goes: members of the same cluster; documents about which evidence was seen in it; documents that
it reserves; those that contain it, are contained in it or say the same; and documents of its site whose reservation was
taken back, perhaps by it. Nothing is noted of a document whose own evidence stays and alone gives it its terms.

Here belongs what is noted, and how it is read. Not here: what it makes of the terms (`duplicates/terms.py`,
`proof/copies.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.duplicates.terms import MEMBER_COLUMNS, terms_of_copies
from data_platform.licenses.settings import Copies
from data_platform.spdx.expressions import OPT_OUT, conjunction
from data_platform.takedown.plan import Corpus
from data_platform.takedown.removal_list import CLAIM, TERMS, Entry, RemovalList

_OF_LICENSES = ("license_spdx", "license_tier", "license_basis", "license_confidence", "opt_out", "contradicted",
                "strictest_spdx", "attribution")


class Held(NamedTuple):
    """What holds for a document since takedowns: terms, the licence that it claims, and which takedowns these were."""

    terms: str
    claim: str
    takedowns: tuple[str, ...]


def held_terms(listed: RemovalList) -> dict[str, Held]:
    """What a standing list holds documents to, by doc_id."""
    said: dict[str, dict[str, set[str]]] = {}
    takedowns: dict[str, set[str]] = {}
    for entry in listed.entries:
        if entry.kind in (TERMS, CLAIM):
            doc_id, _, spdx = entry.value.partition(" ")
            said.setdefault(doc_id, {TERMS: set(), CLAIM: set()})[entry.kind].add(spdx)
            takedowns.setdefault(doc_id, set()).add(entry.takedown_id)
    return {
        doc_id: Held(conjunction(kinds[TERMS]), conjunction(kinds[CLAIM]), tuple(sorted(takedowns[doc_id])))
        for doc_id, kinds in sorted(said.items())
    }


def held_config(listed: RemovalList) -> dict[str, str]:
    """What a standing list holds documents to, as part of a stage's configuration; empty if nothing."""
    held = held_terms(listed)
    if not held:
        return {}
    return {"held": hashlib.sha256(json.dumps(held).encode()).hexdigest()[:16]}


def held_entries(
    corpus: Corpus, gone: Iterable[str], takedown_id: str, listed: RemovalList, copies: Copies
) -> list[Entry]:
    """What has to be noted before some documents and records go.

    Args:
        gone: the ids of all that goes.
        listed: the standing list so far.
        copies: what a free copy beside a restricted one amounts to.
    """
    going = pa.array(sorted(gone), pa.string())
    direct = _seen_in(corpus, going) | _freed_on_sites_of(corpus, going)
    clusters = _clusters(corpus, going, direct)
    related = _related(corpus, {*going.to_pylist(), *direct, *clusters})
    staying = sorted((direct | clusters.keys() | related) - set(going.to_pylist()))
    if not staying:
        return []
    found = _written(corpus, staying)
    dropped = [doc_id for doc_id in staying if doc_id not in found]
    found |= _as_members(corpus, dropped, clusters, copies, listed)
    plain = _by_own_evidence(corpus, staying)
    entries = []
    for doc_id, (terms, claim) in sorted(found.items()):
        if doc_id in direct or plain.get(doc_id) != (terms, claim):
            entries.append(Entry(takedown_id, TERMS, f"{doc_id} {terms}"))
            entries.append(Entry(takedown_id, CLAIM, f"{doc_id} {claim}"))
    return entries


# -- which documents --------------------------------------------------------------------------------------------------


def _seen_in(corpus: Corpus, going: pa.Array) -> set[str]:
    """Documents about which evidence was seen in what goes, or that it reserves."""
    found: set[str] = set()
    for name in ("license_evidence", "reservations"):
        for _, rows in corpus.scan(["doc_id", "record_id"], [name], current=True, needed=2):
            found.update(rows.filter(pc.is_in(rows["record_id"], going))["doc_id"].to_pylist())
    return found - set(going.to_pylist())


def _freed_on_sites_of(corpus: Corpus, going: pa.Array) -> set[str]:
    """Documents of the sites of what goes whose evidence reserves them, and which are reserved no more: a record of
    their site took that back."""
    hosts: set[str] = set()
    for _, rows in corpus.scan(["record_id", "host"], ["raw_crawls"], current=True, needed=2):
        hosts.update(rows.filter(pc.is_in(rows["record_id"], going))["host"].to_pylist())
    sites = {_site(host) for host in hosts if host}
    if not sites:
        return set()
    reserving: set[str] = set()
    for _, rows in corpus.scan(["doc_id", "license_spdx"], ["license_evidence"], current=True, needed=2):
        speaks = pc.fill_null(pc.match_substring(rows["license_spdx"], OPT_OUT), False)
        reserving.update(rows.filter(speaks)["doc_id"].to_pylist())
    for _, rows in corpus.scan(["doc_id"], ["reservations"], current=True):
        reserving -= set(rows["doc_id"].to_pylist())
    wanted, found = pa.array(sorted(reserving), pa.string()), set()
    for _, rows in corpus.scan(["doc_id", "host"], ["documents"], current=True, needed=2) if reserving else ():
        for row in rows.filter(pc.is_in(rows["doc_id"], wanted)).to_pylist():
            if _site(row["host"] or "") in sites:
                found.add(row["doc_id"])
    return found - set(going.to_pylist())


def _site(host: str) -> str:
    return host.removeprefix("www.")


def _clusters(corpus: Corpus, going: pa.Array, direct: set[str]) -> dict[str, str]:
    """Members of the clusters of what goes, and of documents whose evidence goes, with the cluster of each."""
    tables = [rows for _, rows in corpus.scan(["doc_id", "cluster_id"], ["duplicates"], current=True, needed=2)]
    named = pa.concat_arrays([going, pa.array(sorted(direct), pa.string())])
    touched: set[str] = set()
    for rows in tables:
        touched.update(rows.filter(pc.is_in(rows["doc_id"], named))["cluster_id"].to_pylist())
    wanted, found = pa.array(sorted(touched), pa.string()), {}
    for rows in tables:
        mine = rows.filter(pc.is_in(rows["cluster_id"], wanted))
        found.update(zip(mine["doc_id"].to_pylist(), mine["cluster_id"].to_pylist(), strict=True))
    return found


def _related(corpus: Corpus, named: set[str]) -> set[str]:
    """Documents that contain others, are contained in them or say the same, over however many steps."""
    pairs = [
        pair for _, rows in corpus.scan(["doc_id", "matched_doc_id"], ["redundant_documents"], current=True, needed=2)
        for pair in zip(rows["doc_id"].to_pylist(), rows["matched_doc_id"].to_pylist(), strict=True)
    ]
    found: set[str] = set()
    while more := {other for pair in pairs for one, other in (pair, pair[::-1])
                   if one in named | found and other not in named | found}:
        found |= more
    return found


# -- on which terms ---------------------------------------------------------------------------------------------------


def _written(corpus: Corpus, staying: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The terms of documents that were the copy that stays, as they are written."""
    columns = ("license_spdx", "claimed_spdx")
    return {doc_id: (row["license_spdx"], row["claimed_spdx"])
            for doc_id, row in _rows(corpus, "document_terms", columns, staying).items()}


def _by_own_evidence(corpus: Corpus, staying: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The terms that documents would have if there were no copies and no reservations of theirs."""
    rows = _rows(corpus, "document_licenses", ("strictest_spdx", "license_spdx"), staying)
    return {doc_id: (row["strictest_spdx"], row["license_spdx"]) for doc_id, row in rows.items()}


def _as_members(
    corpus: Corpus, dropped: Sequence[str], clusters: Mapping[str, str], copies: Copies, listed: RemovalList
) -> dict[str, tuple[str, str]]:
    """The terms that each document would have if it were the one of its cluster that stays."""
    if not dropped:
        return {}
    members: dict[str, list[str]] = {}
    for doc_id, cluster in clusters.items():
        members.setdefault(cluster, []).append(doc_id)
    everybody = sorted({*dropped, *clusters})
    known = _rows(corpus, "document_licenses", _OF_LICENSES, everybody)
    places = _rows(corpus, "documents", ("snapshot", "host", "fetched_at"), everybody)
    reserved = _rows(corpus, "reservations", (), everybody)
    held = held_terms(listed)
    found: dict[str, tuple[str, str]] = {}
    for doc_id in dropped:
        family = [one for one in members.get(clusters.get(doc_id, ""), [doc_id]) if one in known]
        if doc_id not in known:
            continue
        rows = [
            {**{"snapshot": None, "host": "", "fetched_at": None}, **known[one], **places.get(one, {}), "doc_id": one,
             "cluster_id": doc_id, "kept": one == doc_id, "alternative_licenses": [], "reserved": one in reserved}
            for one in family
        ]
        made = terms_of_copies(pa.Table.from_pylist(rows, _SCHEMA), copies, held={
            one: held[one] for one in family if one in held})
        found[doc_id] = (made["license_spdx"][0].as_py(), made["claimed_spdx"][0].as_py())
    return found


_TYPES = {
    **{name: table("document_licenses")[name].type for name in ("doc_id", "snapshot", *_OF_LICENSES)},
    **{name: table("documents")[name].type for name in ("host", "fetched_at")},
    **{name: table("duplicates")[name].type for name in ("cluster_id", "kept", "alternative_licenses")},
    "reserved": pa.bool_(),
}
_SCHEMA = pa.schema([(name, _TYPES[name]) for name in MEMBER_COLUMNS])


def _rows(corpus: Corpus, name: str, columns: Sequence[str], ids: Sequence[str]) -> dict[str, dict[str, object]]:
    """Columns of the rows of some documents, of the latest version of a table, by doc_id."""
    wanted = pa.array(list(ids), pa.string())
    found: dict[str, dict[str, object]] = {}
    for file, rows in corpus.scan(["doc_id", *columns], [name], current=True):
        partition = dict(file.partition)
        for row in rows.filter(pc.is_in(rows["doc_id"], wanted)).to_pylist():
            found[row["doc_id"]] = {**{column: partition.get(column) for column in columns}, **row}
    return found
