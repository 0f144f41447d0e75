"""The plan of a takedown: which documents, and all that holds a row of them, in every table, version and file.

Documents are chosen by selectors, in old versions and leftovers as well as in the latest versions. To them come their
copies: documents of the same normalised text, and near-copies, as `duplicates`, `document_signatures` and
`redundant_documents` know them; and the texts that were made of any of these, as `parents` tells, or that say the same.
No document goes because of a text that was made of it and others. No text of the corpus is read: ids, addresses, hashes
and sketches are enough; only labelled texts, of which there are few, have nothing else to be known by.

Here belongs what is hit. Not here: what is done about it (`execute.py`), and what lies outside the lake's tables
(`outside.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError
from data_platform.core.tables import PUBLISHED, kind_of
from data_platform.ingest.records import TAKEN_DOWN
from data_platform.lake.lake import Lake
from data_platform.takedown.inventory import (
    StoredFile,
    StoredTable,
    columns_in,
    corpus_tables,
    open_parquet,
    stored_table,
)
from data_platform.takedown.notices import CREDITING, NAMING, Lines, gone_notices, names_notice
from data_platform.takedown.people import PEOPLE, gone_manifests, names_people
from data_platform.takedown.removal_list import COPY_SIMILARITY, Entry, RemovalList, hash_of_url

ID_COLUMNS = ("doc_id", "record_id", "id", "derived_id", "matched_id", "cluster_id", "matched_doc_id", "parent_id")
"""Columns that name a document: its own row, or a row of another that refers to it."""
_OWN_ID = ("doc_id", "record_id", "id", "derived_id")
LABELS = ("quality_labels", "domain_labels")
"""Tables of labelled texts, which have no doc_id, and on which models are trained."""
NO_ID = "td-000000000000"
"""Takedown of the entries that a plan is made with."""
_HASHES = {"documents": "text_hash", "document_signatures": "exact_hash"}


class TakedownError(PlainError, ValueError):
    """A takedown that cannot be planned or executed. The message says what is wrong and what would be right."""


@dataclass(frozen=True)
class Selectors:
    """What is to be taken down. A document that any of them names is chosen."""

    urls: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    text_hashes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not any(vars(self).values()):
            raise TakedownError("say what is to be taken down: a URL, host, document, source, licence or text hash")
        for value in self.documents:
            if not _is_hex(value, 32):
                raise TakedownError(f"{value!r} is no document id: 32 digits from 0 to 9 and a to f")
        for value in self.text_hashes:
            if not (_is_hex(value, 32) or _is_hex(value, 64)):
                raise TakedownError(f"{value!r} is neither the hash of a normalised text (32 digits, as "
                                    f"documents.text_hash) nor the SHA-256 of a payload (64 digits)")
        for value in self.hosts:
            if "/" in value or ":" in value or not value.strip("."):
                raise TakedownError(f"{value!r} is no host; write it without scheme, port and path")

    @classmethod
    def of(cls, **given: Iterable[str]) -> Selectors:
        """The selectors with hosts and digests in lower case, each value once."""
        lower = ("hosts", "documents", "text_hashes")
        return cls(**{
            name: tuple(sorted({value.strip().lower() if name in lower else value.strip() for value in values}))
            for name, values in given.items()
        })

    def stated(self) -> dict[str, list[str]]:
        """The selectors as they are recorded: URLs by their hash."""
        shown = {name: list(values) for name, values in vars(self).items() if values}
        if self.urls:
            shown["urls"] = [hash_of_url(url) for url in self.urls]
        return shown


def _is_hex(value: str, digits: int) -> bool:
    return len(value) == digits and all(sign in "0123456789abcdef" for sign in value)


@dataclass(frozen=True)
class Chosen:
    """A document that is taken down, and why: named by a selector, a copy of one that is, or made of one."""

    id: str
    why: str
    copy_of: str = ""
    similarity: float | None = None


@dataclass(frozen=True)
class Hit:
    """A data file that holds rows of what is taken down."""

    file: StoredFile
    rows: int
    own_rows: int


@dataclass
class Found:
    """Documents and the files that hold rows of them; `derived` has the ids of those that were made of others,
    `notices` the texts of notices that go, with hashes of their lines, and folders of manifests that go, with hashes of
    what these credit."""

    chosen: dict[str, Chosen]
    kept_copies: dict[str, Chosen]
    hits: list[Hit]
    tables: dict[str, StoredTable]
    label_rows: dict[str, int]
    snapshots: list[str]
    shared_passages: int
    archives: dict[str, int]
    derived: frozenset[str] = frozenset()
    notices: dict[str, list[str]] = field(default_factory=dict)
    leftovers: list[StoredFile] = field(default_factory=list)

    @cached_property
    def ids(self) -> list[str]:
        """The ids of what is taken down, ascending."""
        return sorted(self.chosen)


class Corpus:
    """The files of a lake's tables, listed once, and read by narrow columns."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.tables = {name: stored_table(lake, name) for name in corpus_tables(lake) if kind_of(name)}

    def scan(
        self, columns: Sequence[str], tables: Iterable[str] | None = None, current: bool = False,
        needed: int = 1,
    ) -> Iterator[tuple[StoredFile, pa.Table]]:
        """Those of `columns` that the files of tables have, file by file; of files that have `needed` of them.

        With `current`, of the files of the latest versions alone.
        """
        for name in self.tables if tables is None else tables:
            if name not in self.tables or len(set(columns) & set(self.lake.table(name).column_names)) < needed:
                continue
            for file in self.tables[name].files:
                if current and not file.current:
                    continue
                parquet = open_parquet(self.lake, file)
                if parquet is not None and len(there := columns_in(parquet, columns)) >= needed:
                    yield file, parquet.read(columns=there)

    def of_kind(self, kind: str) -> list[str]:
        """Names of the tables of a kind."""
        return [name for name in self.tables if kind_of(name) == kind]

    def broken(self) -> list[StoredFile]:
        """Leftovers that were not written to their end."""
        return [
            file for stored in self.tables.values() for file in stored.files
            if file.added is None and open_parquet(self.lake, file) is None
        ]


def find(lake: Lake, selectors: Selectors, near_copies: bool = True, corpus: Corpus | None = None) -> Found:
    """All that a takedown hits.

    Args:
        selectors: what is to be taken down.
        near_copies: take near-copies down, too; without, they are listed and stay.
    """
    corpus = corpus or Corpus(lake)
    chosen = {id_: Chosen(id_, why) for id_, why in sorted(_select(corpus, selectors).items())}
    chosen |= _exact_copies(corpus, chosen)
    near = _near_copies(corpus, chosen)
    kept = {} if near_copies else near
    if near_copies:
        chosen |= near
        # Copies of copies, of the same text: whoever asks for the one asks for the other.
        chosen |= _exact_copies(corpus, chosen)
    chosen |= derived_of(corpus, chosen)
    entries = [Entry(NO_ID, "text", value) for value in sorted(hashes_of(corpus, chosen))]
    entries += [Entry(NO_ID, "host", host) for host in selectors.hosts]
    entries += [Entry(NO_ID, "url", hash_of_url(url)) for url in selectors.urls]
    return found_for(corpus, chosen, kept, RemovalList(entries))


def found_for(
    corpus: Corpus, chosen: dict[str, Chosen], kept: dict[str, Chosen], listed: RemovalList
) -> Found:
    """The files that hold rows of documents that are chosen already, and labelled texts that a list takes out."""
    ids = pa.array(sorted(chosen), pa.string())
    hits, shared, archives, snapshots = [], set(), {}, set()
    notices = gone_notices(corpus, ids) | gone_manifests(corpus, ids)
    lines = Lines.of(corpus.lake, notices)
    columns = [*ID_COLUMNS, "reason", NAMING, *([CREDITING] if notices else []), *(PEOPLE if lines.people else ())]
    for file, rows in corpus.scan(columns):
        if not any(name in rows.column_names for name in ID_COLUMNS):
            continue
        mask = pc.or_(pc.or_(names_any(rows, ids), names_notice(rows, notices)), lines.credit(rows))
        mask = pc.or_(mask, names_people(rows, lines.people))
        if not (count := pc.sum(mask).as_py() or 0):
            continue
        own = next(name for name in _OWN_ID if name in rows.column_names)
        hits.append(Hit(file, count, pc.sum(pc.and_(pc.is_in(rows[own], ids), mask)).as_py() or 0))
        if file.table == "duplicate_spans" and file.current:
            others = rows.filter(pc.invert(pc.is_in(rows["doc_id"], ids)))
            shared |= set(others.filter(pc.is_in(others["matched_doc_id"], ids))["doc_id"].to_pylist())
        snapshots |= {value for key, value in file.partition if key == "snapshot"}
    for _, rows in corpus.scan(["doc_id", "snapshot"], needed=2):
        snapshots |= set(pc.unique(rows.filter(pc.is_in(rows["doc_id"], ids))["snapshot"]).to_pylist())
    for _, rows in corpus.scan(["record_id", "archive_uri"], ["raw_crawls"], current=True, needed=2):
        for item in pc.value_counts(rows.filter(pc.is_in(rows["record_id"], ids))["archive_uri"]).to_pylist():
            archives[item["values"]] = archives.get(item["values"], 0) + item["counts"]
    label_rows: dict[str, int] = {}
    for name in LABELS:
        for file, rows in corpus.scan(["text", "url"], [name]):
            if count := sum(listed.of_labels(rows)):
                hits.append(Hit(file, count, count))
                label_rows[name] = max(label_rows.get(name, 0), count)
    for model in models_of_labels(corpus.lake, label_rows):
        for file in corpus.tables[model].files:
            hits.append(Hit(file, _rows_in(corpus.lake, file), 0))
    return Found(
        chosen, kept, hits, corpus.tables, label_rows, sorted(snapshots), len(shared), archives,
        _ids_of_derived(corpus, ids), notices, corpus.broken(),
    )


def models_of_labels(lake: Lake, labels: Collection[str]) -> list[str]:
    """Tables of models of which any version was trained on one of the tables `labels`, as their commits tell."""
    return [
        name for name in (lake.tables("trainer") if labels else ())
        if any(pin["table"] in labels for commit in lake.history(name) for pin in json.loads(commit["inputs"]))
    ]


def _rows_in(lake: Lake, file: StoredFile) -> int:
    parquet = open_parquet(lake, file)
    return parquet.metadata.num_rows if parquet else 0


def names_any(rows: pa.Table, ids: pa.Array) -> pa.ChunkedArray:
    """Which rows name one of `ids` in a column of ids. A rejection that reports a takedown is no row of a document."""
    names = [name for name in ID_COLUMNS if name in rows.column_names]
    mask = pc.is_in(rows[names[0]], ids)
    for name in names[1:]:
        mask = pc.or_(mask, pc.is_in(rows[name], ids))
    if "id" in rows.column_names and "reason" in rows.column_names:
        mask = pc.and_(mask, pc.invert(pc.starts_with(rows["reason"], TAKEN_DOWN)))
    return pc.fill_null(mask, False)


# -- which documents --------------------------------------------------------------------------------------------------


def _select(corpus: Corpus, selectors: Selectors) -> dict[str, str]:
    """Id to the selector that names it, of every document and record that one does."""
    found: dict[str, str] = {}

    def take(rows: pa.Table, mask: pa.Array, why: str) -> None:
        own = next(name for name in _OWN_ID if name in rows.column_names)
        for id_ in rows.filter(pc.fill_null(mask, False))[own].to_pylist():
            found.setdefault(id_, why)

    places = [name for name in corpus.tables if name != "rejections"]
    wanted = [
        *(["url", "host"] if selectors.urls else []), *(["host"] if selectors.hosts else []),
        *(["source"] if selectors.sources else []),
        *(["text_hash", "exact_hash", "payload_digest"] if selectors.text_hashes else []),
    ]
    if wanted:
        for _, rows in corpus.scan(list(dict.fromkeys(["doc_id", "record_id", *wanted])), places, needed=2):
            names = set(rows.column_names)
            if not names & set(_OWN_ID):
                continue
            if selectors.hosts and "host" in names:
                take(rows, _below(rows["host"], selectors.hosts), "host")
            if selectors.urls and "url" in names:
                take(rows, _same_url(rows["url"], selectors.urls), "url")
            if selectors.sources and "source" in names:
                take(rows, pc.is_in(rows["source"], pa.array(selectors.sources, pa.string())), "source")
            for name in ("text_hash", "exact_hash", "payload_digest"):
                if selectors.text_hashes and name in names:
                    take(rows, pc.is_in(rows[name], pa.array(selectors.text_hashes, pa.string())), "text_hash")
    if selectors.documents:
        named = pa.array(selectors.documents, pa.string())
        for _, rows in corpus.scan([*_OWN_ID, "reason"]):
            take(rows, pc.and_(pc.is_in(rows[next(n for n in _OWN_ID if n in rows.column_names)], named),
                               names_any(rows, named)), "doc")
    if selectors.licenses:
        wanted_licenses = _expressions(selectors.licenses)
        for _, rows in corpus.scan(["doc_id", "license_spdx"], ["document_licenses"], current=True, needed=2):
            stated = pc.unique(rows["license_spdx"]).to_pylist()
            under = [value for value in stated if wanted_licenses & _required(value)]
            take(rows, pc.is_in(rows["license_spdx"], pa.array(under, pa.string())), "license")
    return found


def _below(hosts: pa.ChunkedArray, names: Sequence[str]) -> pa.ChunkedArray:
    """Which hosts are one of `names` or below it."""
    mask = pc.is_in(hosts, pa.array(names, pa.string()))
    for name in names:
        mask = pc.or_(mask, pc.ends_with(hosts, f".{name}"))
    return mask


def _same_url(urls: pa.ChunkedArray, wanted: Sequence[str]) -> pa.Array:
    """Which URLs have the canonical form of one of `wanted`. Only those with its host are brought to that form."""
    from data_platform.ingest.records import host_of
    from data_platform.methods.duplicates.url import canonical_urls

    found = pc.fill_null(pc.is_in(urls, pa.array(wanted, pa.string())), False).to_numpy().astype(bool)
    hosts = {host_of(url).removeprefix("www.") for url in wanted} - {""}
    likely = np.zeros(len(urls), bool)
    for host in hosts:
        likely |= pc.fill_null(pc.match_substring(urls, host, ignore_case=True), False).to_numpy().astype(bool)
    if likely.any():
        targets = canonical_urls(pa.array(wanted, pa.string())).drop_null()
        same = pc.fill_null(pc.is_in(canonical_urls(urls.filter(pa.array(likely))), targets), False)
        found[np.flatnonzero(likely)] |= same.to_numpy(zero_copy_only=False)
    return pa.array(found)


def _expressions(licenses: Sequence[str]) -> set[str]:
    from data_platform.spdx.expressions import UNKNOWN, normalize

    read = {given: normalize(given) for given in licenses}
    for given, expression in read.items():
        if expression == UNKNOWN and given != UNKNOWN:
            raise TakedownError(f"{given!r} is no licence that is known; give an SPDX expression such as GPL-3.0-only")
    return set(read.values())


def _required(expression: str) -> set[str]:
    """A licence expression, and the licences that all have to be kept to under it: the parts of an AND."""
    return {expression, *(part.strip("() ") for part in expression.split(" AND ") if " OR " not in expression)}


def hashes_of(corpus: Corpus, chosen: Iterable[str]) -> dict[str, str]:
    """Hash of a normalised text to the first of the chosen documents that has it, from `documents` and its like."""
    ids = pa.array(sorted(chosen), pa.string())
    found: dict[str, str] = {}
    for name, column in _HASHES.items():
        for _, rows in corpus.scan(["doc_id", column], [name], needed=2):
            mine = rows.filter(pc.is_in(rows["doc_id"], ids)).sort_by("doc_id")
            for id_, value in zip(mine["doc_id"].to_pylist(), mine[column].to_pylist(), strict=True):
                if value:
                    found.setdefault(value, id_)
    return found


def _exact_copies(corpus: Corpus, chosen: Mapping[str, Chosen]) -> dict[str, Chosen]:
    hashes = hashes_of(corpus, chosen)
    wanted = pa.array(sorted(hashes), pa.string())
    found: dict[str, Chosen] = {}
    for name, column in _HASHES.items():
        for _, rows in corpus.scan(["doc_id", column], [name], needed=2):
            mine = rows.filter(pc.fill_null(pc.is_in(rows[column], wanted), False))
            for id_, value in zip(mine["doc_id"].to_pylist(), mine[column].to_pylist(), strict=True):
                if id_ not in chosen:
                    found.setdefault(id_, Chosen(id_, "same_text", hashes[value], 1.0))
    return found


def derived_of(corpus: Corpus, chosen: Mapping[str, Chosen]) -> dict[str, Chosen]:
    """The texts that were made of documents, however often again, and those that say what one of the documents says."""
    hashes = hashes_of(corpus, chosen)
    wanted = pa.array(sorted(hashes), pa.string())
    found: dict[str, Chosen] = {}
    for _, rows in corpus.scan(["doc_id", "text_hash"], corpus.of_kind("synthesiser"), needed=2):
        for row in rows.filter(pc.is_in(rows["text_hash"], wanted)).to_pylist():
            if row["doc_id"] not in chosen:
                found.setdefault(row["doc_id"], Chosen(row["doc_id"], "same_text", hashes[row["text_hash"]], 1.0))
    above = {*chosen, *found}
    while above:
        parents, above = pa.array(sorted(above), pa.string()), set()
        for _, rows in corpus.scan(["derived_id", "parent_id"], ["parents"], needed=2):
            for row in rows.filter(pc.is_in(rows["parent_id"], parents)).sort_by("parent_id").to_pylist():
                if row["derived_id"] not in chosen and row["derived_id"] not in found:
                    found[row["derived_id"]] = Chosen(row["derived_id"], "derived", row["parent_id"])
                    above.add(row["derived_id"])
    return found


def _ids_of_derived(corpus: Corpus, ids: pa.Array) -> frozenset[str]:
    """Those of `ids` that were made of others."""
    found: set[str] = set()
    for column, names in (("doc_id", corpus.of_kind("synthesiser")), ("derived_id", ["parents"])):
        for _, rows in corpus.scan([column], names):
            found.update(rows.filter(pc.is_in(rows[column], ids))[column].to_pylist())
    return frozenset(found)


def _near_copies(corpus: Corpus, chosen: Mapping[str, Chosen]) -> dict[str, Chosen]:
    """Documents of the clusters of chosen ones whose sketches are alike, and those that contain one another."""
    found: dict[str, Chosen] = {}
    clusters, members = _clusters(corpus, chosen)
    sketches = _sketches(corpus, [*clusters, *(id_ for some in members.values() for id_ in some)])
    for id_, cluster in sorted(clusters.items()):
        others = [other for other in sorted(members[cluster]) if other not in chosen and other in sketches]
        if id_ not in sketches or not others:
            continue
        for other, similarity in zip(others, _alike(sketches, id_, others), strict=True):
            if similarity >= COPY_SIMILARITY and similarity > (found[other].similarity if other in found else 0):
                found[other] = Chosen(other, "near_copy", id_, round(similarity, 3))
    ids = pa.array(sorted(chosen), pa.string())
    columns = ["doc_id", "matched_doc_id", "kind", "similarity"]
    for _, rows in corpus.scan(columns, ["redundant_documents"], current=True, needed=4):
        rows = rows.filter(pc.equal(rows["kind"], "containment"))
        for one, other in (("doc_id", "matched_doc_id"), ("matched_doc_id", "doc_id")):
            for row in rows.filter(pc.is_in(rows[one], ids)).to_pylist():
                if row[other] not in chosen:
                    found.setdefault(row[other], Chosen(row[other], "containment", row[one], row["similarity"]))
    return found


def _clusters(corpus: Corpus, chosen: Mapping[str, Chosen]) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Cluster of every chosen document, and the members of those clusters; of pairs, where no clusters were made."""
    ids = pa.array(sorted(chosen), pa.string())
    cluster_of: dict[str, str] = {}
    members: dict[str, set[str]] = {}
    tables = [rows for _, rows in corpus.scan(["doc_id", "cluster_id"], ["duplicates"], current=True, needed=2)]
    for rows in tables:
        mine = rows.filter(pc.is_in(rows["doc_id"], ids))
        cluster_of |= dict(zip(mine["doc_id"].to_pylist(), mine["cluster_id"].to_pylist(), strict=True))
    wanted = pa.array(sorted(set(cluster_of.values())), pa.string())
    for rows in tables:
        mine = rows.filter(pc.is_in(rows["cluster_id"], wanted))
        for id_, cluster in zip(mine["doc_id"].to_pylist(), mine["cluster_id"].to_pylist(), strict=True):
            members.setdefault(cluster, set()).add(id_)
    for _, rows in corpus.scan(["doc_id", "matched_id"], ["copy_pairs"], current=True, needed=2):
        mine = rows.filter(pc.or_(pc.is_in(rows["doc_id"], ids), pc.is_in(rows["matched_id"], ids)))
        for row in mine.to_pylist():
            for one, other in ((row["doc_id"], row["matched_id"]), (row["matched_id"], row["doc_id"])):
                if one in chosen:
                    members.setdefault(cluster_of.setdefault(one, one), set()).add(other)
    return cluster_of, members


def _sketches(corpus: Corpus, ids: Iterable[str]) -> dict[str, np.ndarray]:
    wanted = pa.array(sorted(set(ids)), pa.string())
    found: dict[str, np.ndarray] = {}
    if not len(wanted):
        return found
    columns = ["doc_id", "minhash_sketch"]
    for _, rows in corpus.scan(columns, ["document_signatures"], current=True, needed=2):
        for row in rows.filter(pc.is_in(rows["doc_id"], wanted)).to_pylist():
            if row["minhash_sketch"]:
                found[row["doc_id"]] = np.frombuffer(row["minhash_sketch"], np.uint8)
    return found


def _alike(sketches: Mapping[str, np.ndarray], one: str, others: Sequence[str]) -> list[float]:
    from data_platform.methods.duplicates.minhash import estimated_similarity

    if len({len(sketches[id_]) for id_ in (one, *others)}) > 1:  # snapshots of different settings
        return [0.0] * len(others)
    rows = np.stack([sketches[one], *(sketches[other] for other in others)])
    right = np.arange(1, len(rows))
    return estimated_similarity(rows, np.zeros(len(others), np.int64), right).tolist()


# -- the plan as people and programs read it --------------------------------------------------------------------------


def plan_of(
    found: Found, selectors: Mapping[str, list[str]], reason: str, requested_by: str, takedown_id: str,
    outside: Mapping[str, Any],
) -> dict[str, Any]:
    """The plan as plain values. It holds no text, and no URL of a document."""
    tables = []
    grouped: dict[tuple[str, str], list[Hit]] = {}
    for hit in found.hits:
        place = "/".join(value for _, value in hit.file.partition)
        grouped.setdefault((hit.file.table, place), []).append(hit)
    for (name, place), hits in sorted(grouped.items()):
        latest = found.tables[name].latest
        versions = sorted({version for hit in hits for version in hit.file.versions(latest)})
        tables.append({
            "table": name, "partition": place, "rows": sum(hit.rows for hit in hits if hit.file.current),
            "rows_in_old_versions": sum(hit.rows for hit in hits if hit.file.removed is not None),
            "rows_in_leftovers": sum(hit.rows for hit in hits if hit.file.added is None),
            "files": len(hits), "versions": versions,
        })
    return {
        "takedown_id": takedown_id, "selectors": dict(selectors), "reason": reason, "requested_by": requested_by,
        "documents": [
            {key: value for key, value in asdict(found.chosen[id_]).items() if value not in ("", None)}
            for id_ in found.ids
        ],
        "near_copies_that_stay": [asdict(found.kept_copies[id_]) for id_ in sorted(found.kept_copies)],
        "documents_that_share_passages": found.shared_passages,
        "tables": tables,
        "mixtures": _mixtures(found),
        "labels": found.label_rows,
        "models": sorted({hit.file.table for hit in found.hits if kind_of(hit.file.table) == "trainer"}),
        "unfinished_files": len(found.leftovers),
        **outside,
        "archives_out_of_reach": [{"archive": uri, "records": count} for uri, count in sorted(found.archives.items())],
        "files": [
            {"table": hit.file.table, "path": hit.file.path, "bytes": hit.file.bytes, "rows": hit.rows}
            for hit in sorted(found.hits, key=lambda hit: (hit.file.table, hit.file.path))
        ],
    }


def _mixtures(found: Found) -> list[dict[str, Any]]:
    """Every version of every mixture and branch that has rows of what is taken down, with how many."""
    counts: dict[tuple[str, int], int] = {}
    for hit in found.hits:
        if kind_of(hit.file.table) in PUBLISHED:
            for version in hit.file.versions(found.tables[hit.file.table].latest):
                counts[hit.file.table, version] = counts.get((hit.file.table, version), 0) + hit.own_rows
    return [
        {"mixture": name, "version": version, "rows": rows} for (name, version), rows in sorted(counts.items()) if rows
    ]


def digest_of_plan(plan: Mapping[str, Any]) -> str:
    """SHA-256 of a plan."""
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()
