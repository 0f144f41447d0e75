"""The standing list: what was taken down and must not come back, asked by ingestion, extraction and the labels.

A record is kept out at ingestion by its URL (canonical, as deduplication compares them), host (with what is below it),
source, record_id, the digest of its payload, or probes of a removed text in its payload. A text is kept out after
extraction by the hash of its normalised form, or as a near-copy: by MinHash keys and sketches, with settings of the
list's own, so that they compare whatever a recipe deduplicates by. What is kept out becomes a row of `rejections` with
the reason `takedown:<id>`, without its URL.

Here belongs who is asked and how. Not here: who puts entries on it (`execute.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.lake.lake import Lake
from data_platform.takedown.probes import Probe, ProbeSet

TAKEDOWN = "takedown"
"""What the commits of takedowns have in the place of an asset."""
TERMS, CLAIM = "terms", "claim"
"""Kinds of entries that keep nothing out: terms that a document keeps, and its claim, as `takedown/held.py` tells."""
SITE = "site"
"""Kind of the entries of files of sites that reserved something, as `takedown/held_sites.py` tells."""
NOTICE = "notice"
"""Kind of the entries of texts of notices, which went with the files that they were found in."""
INGESTION = ("host", "payload", "record", "source", "text", "url")
EXTRACTION = ("copy", "text")
LABELS = ("copy", "host", "text", "url")
SYNTHESIS = ("copy", "record", "source", "text")
COPY_SIMILARITY = 0.8
"""Least Jaccard similarity, estimated from sketches, of a near-copy. FineWeb's MinHash is most likely to pair documents
from 0.75 (arXiv:2406.17557, section 3.4); sketches estimate with a standard error below 0.05."""
SIGNATURE = {"ngram": 5, "bands": 14, "rows": 8, "seed": 1}
"""Settings of the list's own signatures: a copy is a copy whatever the recipe says."""


@dataclass(frozen=True)
class Entry:
    """One thing that stays out, and the takedown that says so."""

    takedown_id: str
    kind: str
    value: str
    minhash_bands: tuple[int, ...] = ()
    minhash_sketch: bytes = field(default=b"", repr=False)
    probes: tuple[Probe, ...] = ()
    clear: tuple[str, ...] = ()

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Entry:
        """The entry that a row of `takedown_list` states."""
        return cls(
            row["takedown_id"], row["kind"], row["value"], tuple(row["minhash_bands"]), row["minhash_sketch"],
            tuple(Probe(**probe) for probe in row["probes"]), tuple(row["clear"]),
        )

    def row(self) -> dict[str, Any]:
        """The entry as a row of `takedown_list`."""
        return {
            **vars(self), "minhash_bands": list(self.minhash_bands), "clear": list(self.clear),
            "probes": [vars(probe) for probe in self.probes],
        }


class RemovalList:
    """All entries, ready to be asked. Picklable."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = sorted(entries, key=lambda entry: (entry.kind, entry.value, entry.takedown_id))
        self._by: dict[str, dict[str, str]] = {}
        for entry in self.entries:
            self._by.setdefault(entry.kind, {}).setdefault(entry.value, entry.takedown_id)
        texts = {entry.value: entry.probes for entry in self.entries if entry.kind == "text"}
        self._probes = ProbeSet(texts)
        self._copies = [entry for entry in self.entries if entry.kind == "copy"]
        self._bands: dict[int, list[int]] = {}
        for place, entry in enumerate(self._copies):
            for key in entry.minhash_bands:
                self._bands.setdefault(key, []).append(place)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def config(self, kinds: tuple[str, ...], snapshot: str | None) -> dict[str, str]:
        """What of the list decides the rows of a snapshot, as part of a stage's configuration; empty if nothing does.

        An entry that was found to touch nothing in a snapshot that was there when it was made does not count there:
        the snapshot is not made again for it.
        """
        stated = [
            [entry.kind, entry.value, entry.takedown_id] for entry in self.entries
            if entry.kind in kinds and snapshot not in entry.clear
        ]
        if not stated:
            return {}
        return {"taken_down": hashlib.sha256(json.dumps(stated).encode()).hexdigest()[:16]}

    def of_record(
        self, source: str, record_id: str, url: str, host: str, payload_digest: str, payload: bytes
    ) -> str | None:
        """The takedown that keeps a record out, if any."""
        if not self.entries:
            return None
        found = (
            self._by.get("source", {}).get(source) or self._by.get("record", {}).get(record_id)
            or self._by.get("payload", {}).get(payload_digest) or self._of_host(host)
            or ("url" in self._by and self._by["url"].get(hash_of_url(url))) or None
        )
        if found is None and self._probes and (text := self._probes.in_payload(payload)):
            found = self._by["text"][text]
        return found

    def of_url(self, url: str) -> str | None:
        """The takedown that keeps a URL out, by itself or its host."""
        from data_platform.ingest.records import host_of

        return self._of_host(host_of(url)) or self._by.get("url", {}).get(hash_of_url(url))

    def _of_host(self, host: str) -> str | None:
        hosts = self._by.get("host")
        if not hosts or not host:
            return None
        labels = host.split(".")
        return next((hosts[name] for i in range(len(labels)) if (name := ".".join(labels[i:])) in hosts), None)

    def of_documents(self, rows: pa.Table) -> int:
        """How many rows, with doc_id, source, url and host, are of what was taken down, as far as these tell."""
        mask = np.zeros(rows.num_rows, bool)
        for kind, column in (("record", "doc_id"), ("source", "source")):
            values = pa.array(list(self._by.get(kind, ())), pa.string())
            mask |= np.asarray(pc.is_in(rows[column], values).combine_chunks().to_numpy(zero_copy_only=False), bool)
        if "host" in self._by:
            known = {host: self._of_host(host) is not None for host in pc.unique(rows["host"]).to_pylist()}
            mask |= np.fromiter((known[host] for host in rows["host"].to_pylist()), bool, rows.num_rows)
        if "url" in self._by:
            hashes = hashes_of_urls(rows["url"])
            mask |= np.fromiter((value in self._by["url"] for value in hashes), bool, rows.num_rows)
        return int(mask.sum())

    def of_texts(self, text: pa.Array, text_hash: pa.Array) -> pa.StringArray:
        """For every text the takedown that keeps it out, null where none does."""
        named = self._by.get("text", {})
        found = [named.get(value) for value in text_hash.to_pylist()] if named else [None] * len(text)
        if self._copies and len(text):
            for row, takedown_id in self._near_copies(text).items():
                found[row] = found[row] or takedown_id
        return pa.array(found, pa.string())

    def of_derived(self, source: str, ids: pa.Array, text: pa.Array, text_hash: pa.Array) -> pa.StringArray:
        """For every text that was made by the entry `source`, the takedown that keeps it out, null where none does."""
        if not self.entries:
            return pa.nulls(len(ids), pa.string())
        whole, named = self._by.get("source", {}).get(source), self._by.get("record", {})
        by_id = pa.array([whole or named.get(id_) for id_ in ids.to_pylist()], pa.string())
        return pc.coalesce(by_id, self.of_texts(text, text_hash))

    def _near_copies(self, text: pa.Array) -> dict[int, str]:
        from data_platform.methods.duplicates.minhash import estimated_similarity, signatures

        made = signatures(text, **SIGNATURE)
        bands, sketches = made.field("minhash_bands"), made.field("minhash_sketch")
        keys = bands.flatten().to_numpy()
        listed = np.isin(keys, np.fromiter(self._bands, np.int64, len(self._bands)))
        rows = np.repeat(np.arange(len(text)), bands.value_lengths().to_numpy(zero_copy_only=False))
        pairs = sorted({(int(row), place) for row, key in zip(rows[listed], keys[listed].tolist(), strict=True)
                        for place in self._bands[key]})
        result: dict[int, str] = {}
        for row, place in pairs:
            both = np.stack([np.frombuffer(sketches[row].as_py(), np.uint8),
                             np.frombuffer(self._copies[place].minhash_sketch, np.uint8)])
            alike = estimated_similarity(both, np.array([0]), np.array([1]))[0]
            if alike >= COPY_SIMILARITY:
                result.setdefault(row, self._copies[place].takedown_id)
        return result

    def of_labels(self, rows: pa.Table) -> list[bool]:
        """Which labelled texts are taken down: by text, and by URL where the table has one."""
        if not self.entries or not rows.num_rows:
            return [False] * rows.num_rows
        from data_platform.text.identity import exact_hash

        text = rows["text"].combine_chunks()
        by_text = self.of_texts(text, exact_hash(text)).to_pylist()
        urls = rows["url"].to_pylist() if "url" in rows.column_names else [""] * rows.num_rows
        return [bool(found or (url and self.of_url(url))) for found, url in zip(by_text, urls, strict=True)]


def hash_of_url(url: str) -> str:
    """The hash of a URL's canonical form, or of the URL as it is where it has no host."""
    return hashes_of_urls(pa.array([url], pa.string()))[0]


def hashes_of_urls(urls: pa.Array | pa.ChunkedArray) -> list[str]:
    """The hashes of many URLs, as `hash_of_url`."""
    from data_platform.methods.duplicates.url import url_hash

    return [
        canonical or hashlib.blake2b(url.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        for canonical, url in zip(url_hash(urls).to_pylist(), urls.to_pylist(), strict=True)
    ]


def without_removed(labels: pa.Table, lake: Lake) -> pa.Table:
    """Labelled texts without those that were taken down."""
    return labels.filter(pa.array([not removed for removed in standing(lake).of_labels(labels)], pa.bool_()))


def standing(lake: Lake) -> RemovalList:
    """The list of a lake as it stands now.

    Raises:
        LogDamaged: if there was one, and it is gone: what was taken down would come back with the next crawl.
    """
    if not lake.has_log("takedown_list"):
        return RemovalList()
    version = lake.open("takedown_list").version()
    return _loaded(lake.uri, tuple(sorted(lake.storage_options.items())), version)


@lru_cache(maxsize=8)
def _loaded(uri: str, options: tuple[tuple[str, str], ...], version: int) -> RemovalList:
    rows = Lake(uri, dict(options)).read_table("takedown_list", version=version).to_pylist()
    return RemovalList(Entry.of_row(row) for row in rows)
