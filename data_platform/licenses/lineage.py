"""What known sources are made from: chains of datasets with their licences, and hosts that state something else.

A dataset that is made from others is under all of their licences: the AND of its own and of every dataset on the way
down to those that are made from none (Longpre et al. 2023, https://arxiv.org/abs/2310.16787, section 2). A parent that
the collection does not know makes it unknown; a name that several entries have means all of them, since nobody can say
which was meant. A circle ends where it began.

A chain is kept as rows of table `source_lineage`, one per dataset on it, with who traced what where and what each host
states. From these rows, and nothing else, follow the evidence of the source's documents, its card and what the audit
holds them to.

Belongs here: chains, their terms, flags on hosts, and evidence. Does not: entries (`known_sources`), cards (`publish`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from data_platform.licenses.known_sources import DETECTOR, NOTHING, REPOSITORIES, KnownSource, read_name
from data_platform.licenses.observation import Observation, observe
from data_platform.licenses.resolve import LEAST_CONFIDENCE
from data_platform.spdx.algebra import Terms, derived
from data_platform.spdx.expressions import EXACT, NAMED, OPT_OUT, UNKNOWN, Reading, identifiers_of
from data_platform.spdx.tiers import tier
from data_platform.spdx.uses import CLASSES, asks_attribution, asks_share_alike, use_of

Flag = Literal["agrees", "missing", "freer", "stricter", "differs", "nothing traced"]
TO_ACT_ON = ("missing", "freer")
"""Flags of hosts that leave out a licence that was traced, or promise more than it."""
ANY_HOST = "any host"


class Link(NamedTuple):
    """A dataset on the chain of a source.

    Attributes:
        entry: what the collection knows of it; None if nothing.
        name: what it is called where it is named.
        depth: how many steps from the source, 0 for itself.
        made_into: identifier of the dataset that names it; empty for the source itself.
    """

    entry: KnownSource | None
    name: str
    depth: int
    made_into: str

    @property
    def spdx(self) -> str:
        """The licence of the dataset by itself."""
        return self.entry.strictest() if self.entry else UNKNOWN


@dataclass(frozen=True)
class HostFlag:
    """How the licence that a host states compares with what was traced."""

    identifier: str
    host: str
    stated: str
    traced: str
    flag: Flag


class Provenance:
    """Entries with their chains: from a dataset to those it is made from, by name."""

    def __init__(self, sources: Sequence[KnownSource]) -> None:
        self._by_name: dict[str, list[KnownSource]] = {}
        for source in sources:
            for key in _keys(source):
                self._by_name.setdefault(key, []).append(source)

    def lineage(self, source: KnownSource) -> list[Link]:
        """The source and all that it is made from, at any distance, nearest first; what no entry has, by its name."""
        links = [Link(source, source.name or source.identifier, 0, "")]
        seen, unknown = {source.identifier}, set[str]()
        for link in links:  # grows as it goes
            for name in link.entry.derived_from if link.entry else ():
                key = _key(name)
                entries = self._by_name.get(key, []) if key else []
                if not entries and name not in unknown:
                    unknown.add(name)
                    links.append(Link(None, name, link.depth + 1, link.entry.identifier))
                for entry in sorted(entries, key=lambda entry: entry.identifier):
                    if entry.identifier not in seen:
                        seen.add(entry.identifier)
                        links.append(Link(entry, name, link.depth + 1, link.entry.identifier))
        return links

    def chain(self, source: KnownSource) -> tuple[list[KnownSource], list[str]]:
        """All entries that a source is made from, at any distance, and the names that no entry has."""
        links = self.lineage(source)[1:]
        return [link.entry for link in links if link.entry], [link.name for link in links if not link.entry]

    def terms(self, source: KnownSource) -> Terms:
        """The terms of a source and of all it is made from: their AND. A parent that no entry has is unknown."""
        return derived(link.spdx for link in self.lineage(source))


_IN_COLLECTION = re.compile(r"^(?:fc-(?:sni|p3|flan|cot|dialog)|tsi|tsy|ds|oig|xp3x)-")
"""What the identifiers of the collections of collections begin with, before the dataset's own name."""


def _keys(source: KnownSource) -> set[str]:
    names = (source.name, source.identifier, _IN_COLLECTION.sub("", source.identifier))
    return {key for name in names if (key := _key(name))}


def _key(name: str) -> str:
    """A name as it is compared: 'SQuAD dataset', 'squad' and 'https://.../datasets/squad' are one."""
    name = re.sub(r"^https?://\S*/datasets/", "", name.lower())
    return re.sub(r"[\W_]+", "", re.sub(r"\b(?:dataset|corpus|v\d(?:\.\d)?)\b", "", name))


# -- hosts ------------------------------------------------------------------------------------------------------------


def host_flags(sources: Iterable[KnownSource]) -> Iterator[HostFlag]:
    """What every host states beside what was traced: 'freer' promises too much, 'missing' says nothing."""
    for source in sources:
        traced = [read_name(name) for name, _ in source.traced if name not in NOTHING]
        ours = derived([reading.spdx for reading in traced]).spdx
        silent = [(host, "") for host in source.hosts if host not in dict(source.stated)]
        for host, name in (*source.stated, *silent) or ((ANY_HOST, ""),):
            stated = read_name(name).spdx
            yield HostFlag(source.identifier, host, name, ours, _flag(stated, ours, name, bool(traced)))


def _flag(stated: str, traced: str, name: str, anything_traced: bool) -> Flag:
    if not anything_traced:
        return "nothing traced"
    if name in NOTHING:
        return "missing"
    if stated == traced or identifiers_of(traced) == identifiers_of(stated):
        return "agrees"
    if tier(stated) != tier(traced):
        return "freer" if tier(stated) < tier(traced) else "stricter"
    wider = CLASSES.index(use_of(stated)) < CLASSES.index(use_of(traced))
    return "freer" if wider or (asks_share_alike(traced) and not asks_share_alike(stated)) else "differs"


# -- rows and evidence ------------------------------------------------------------------------------------------------


def lineage_rows(source: str, snapshot: str, links: Sequence[Link]) -> list[dict[str, Any]]:
    """Rows of table `source_lineage` for one source of the recipe."""
    rows = []
    for position, link in enumerate(links):
        entry, spdx = link.entry, link.spdx
        flags = [] if entry is None else list(host_flags([entry]))
        rows.append({
            "source": source, "snapshot": snapshot, "position": position, "depth": link.depth,
            "identifier": entry.identifier if entry else "", "name": link.name, "made_into": link.made_into,
            "known": entry is not None, "address": entry.address if entry else "",
            "license_spdx": spdx, "license_tier": tier(spdx), "use": use_of(spdx),
            "attribution": asks_attribution(spdx), "share_alike": asks_share_alike(spdx),
            "traced": [{"license": name, "license_spdx": read_name(name).spdx, "address": address}
                       for name, address in (entry.traced if entry else ())],
            "verified_by": entry.verified_by if entry else "",
            "hosts": [{"host": flag.host, "license": flag.stated, "license_spdx": read_name(flag.stated).spdx,
                       "flag": flag.flag} for flag in flags],
            "flags": [f"{flag.host}: {flag.flag}" for flag in flags if flag.flag in TO_ACT_ON],
            "text_sources": list(entry.text_sources) if entry else [],
            "model_generated": list(entry.model_generated) if entry else [],
        })
    return rows


def observations_of(rows: Sequence[Mapping[str, Any]]) -> list[Observation]:
    """What the rows of one source are evidence of, about every document of it.

    The licence of the source and of all that it is made from is a ruling on the source; what its repositories state
    is a statement of the distribution. A source of which nothing is traced or stated, and that is made from nothing, is
    left to what else is said of it.
    """
    rows = sorted(rows, key=lambda row: row["position"])
    own = rows[0]
    stated = [
        observe("distribution", "distribution", host["license"], DETECTOR, read_name(host["license"]), NAMED,
                note=f"stated at {host['host']}", record_id="")
        for host in own["hosts"] if host["host"] in REPOSITORIES and host["license"] not in NOTHING
    ]
    terms = derived(row["license_spdx"] for row in rows)
    traced = [one["license"] for one in own["traced"] if one["license"] not in NOTHING]
    if len(rows) == 1 and terms.spdx == UNKNOWN and not traced:
        return stated
    raw = " < ".join(f"{row['name']}: {row['license_spdx']}" for row in rows)
    return [observe("manual", "dataset", raw, DETECTOR, Reading(terms.spdx, EXACT), note=_note(rows), record_id=""),
            *stated]


def _note(rows: Sequence[Mapping[str, Any]]) -> str:
    """Who traced it where, and what it is made from."""
    own = rows[0]
    by = own["verified_by"] or "Data Provenance Collection"
    found = "; ".join(dict.fromkeys(one["address"] for one in own["traced"] if one["address"])) or "no address"
    parents = [row["name"] for row in rows[1:] if row["known"]]
    unknown = [row["name"] for row in rows[1:] if not row["known"]]
    said = [f"{by}: {found}"]
    said += [f"made from {', '.join(parents)}"] if parents else []
    said += [f"and from {', '.join(unknown)}, of which nothing is known"] if unknown else []
    return ", ".join(said)[:1_000]


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the rows of one source amount to, in plain values: its terms, its chain, and who states what of it."""
    rows = sorted(rows, key=lambda row: row["position"])
    own, terms = rows[0], derived(row["license_spdx"] for row in rows)
    return {
        "source": own["source"], "snapshot": own["snapshot"], "known_as": own["identifier"], "name": own["name"],
        "address": own["address"], "license_spdx": terms.spdx, "license_tier": terms.tier, "use": use_of(terms.spdx),
        "attribution": asks_attribution(terms.spdx), "share_alike": asks_share_alike(terms.spdx),
        "alone": own["license_spdx"],
        "unknown": [row["name"] for row in rows if not row["known"]],
        "flags": [f"{row['name']}: {flag}" for row in rows for flag in row["flags"]],
        "chain": [
            {name: row[name] for name in row if name not in ("source", "snapshot", "position", "flags")} for row in rows
        ],
    }


def evidence_of(link: Mapping[str, Any]) -> str:
    """One dataset of a chain in words: its licence, who traced it where, and what hosts state."""
    if not link["known"]:
        return "nothing is known of it"
    traced = "; ".join(f"{one['license']}{' at ' + one['address'] if one['address'] else ''}" for one in link["traced"])
    hosts = "; ".join(f"{one['host']} states {one['license'] or 'nothing'} ({one['flag']})" for one in link["hosts"]
                      if one["host"] != ANY_HOST)
    said = [f"traced{' by ' + link['verified_by'] if link['verified_by'] else ''}: {traced or 'nothing'}", hosts]
    return ", ".join(filter(None, said))


def by_source(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Rows of table `source_lineage` by source."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["source"], []).append(row)
    return found


def held_by_rows(known: Sequence[Observation], own: Iterable[Observation]) -> list[Observation]:
    """What is known of a source, for a document of which something stricter, or unreadable, is said: both hold."""
    said = {
        one.license_spdx if one.confidence >= LEAST_CONFIDENCE else UNKNOWN for one in own
        if one.scope != "element" and OPT_OUT not in identifiers_of(one.license_spdx)
    }
    result = []
    for observation in known:
        stricter = sorted(spdx for spdx in said if tier(spdx) > tier(observation.license_spdx))
        if observation.location == "manual" and stricter:
            both = derived([observation.license_spdx, *stricter]).spdx
            note = f"{observation.note}; of the document is also said {', '.join(stricter)}"
            observation = observation._replace(license_spdx=both, note=note)
        result.append(observation)
    return result
