"""Which documents are reserved, asked anew of everything that a mixture was made from.

Once by the rules (`licenses.standing`), over all records, files of sites and evidence at the versions that were read;
and once by a law that knows nothing of them: what evidence reserves is free again only if something was captured later
at the very place where that evidence was seen.

Here belongs the asking. Not here: what follows for rows of a mixture (`examination`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.ingest.site_files import PATTERN
from data_platform.licenses.standing import (
    FILE_COLUMNS,
    SiteFile,
    in_one,
    rows_of,
    site_files,
    site_of,
    standing,
)
from data_platform.methods.duplicates.url import canonical_urls
from data_platform.proof.ids import IdIndex, numbers_of
from data_platform.proof.reading import Reader
from data_platform.proof.way import Way
from data_platform.takedown.held_sites import held_files

_RECORD = ("record_id", "url", "host", "fetched_at", "record_type", "mime")
EVIDENCE = ("doc_id", "location", "scope", "record_id")
"""Columns of evidence that reserves."""
_SPOT = r"(?s)^.*?://(?:www\.)?(?P<host>[^/#]*?)(?::443)?(?::80)?(?P<path>(?:/[^#]*?)??)/*(?:#.*)?$"
_LETTERS = 16
"""So many letters of the ends of URLs are compared at first."""
_NEVER = np.iinfo(np.int64).max


class Reserved:
    """The reserved documents of all snapshots on a way, mixture or not.

    Attributes:
        index: their ids.
        records: narrow columns of all records.

    Args:
        evidence: `EVIDENCE` of all evidence that reserves.
        documents: doc_id and text_hash of all documents. The list is emptied: they take much memory.
    """

    def __init__(self, reader: Reader, way: Way, evidence: Sequence[pa.Table], documents: list[pa.Table]) -> None:
        self._reader, self._way = reader, way
        self.records = self._table("raw_crawls", _RECORD)
        self._evidence = _joined(evidence, EVIDENCE).cast(pa.schema([(name, pa.string()) for name in EVIDENCE]))
        hashes = _joined(documents, ("doc_id", "text_hash"))
        documents.clear()
        pa.default_memory_pool().release_unused()
        nothing = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int8()), hashes.num_rows), [""])
        hashes = hashes.append_column("snapshot", nothing)  # whichever it is
        found = standing(self.records, hashes, self._evidence, self._files(), self._stated("training_agents"),
                         canonical_urls)
        del hashes
        pa.default_memory_pool().release_unused()
        self.index = IdIndex(numbers_of(found["doc_id"]))

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """Whether each document is reserved."""
        return self.index.find(numbers) >= 0

    def passed_over(self, numbers: np.ndarray) -> np.ndarray:
        """Which of some documents evidence reserves that nothing captured later can have taken back."""
        evidence = self._evidence
        ids = numbers_of(evidence["doc_id"])
        place = np.where(self.of(ids), -1, IdIndex(numbers).find(ids))
        mine, owner = evidence.filter(pa.array(place >= 0)), place[place >= 0]
        result = np.zeros(len(numbers), bool)
        if not len(owner):
            return result
        # The place is that of the record in which the evidence was seen; a page's own if none is named.
        seen_in = pc.if_else(pc.equal(mine["record_id"], ""), mine["doc_id"], mine["record_id"]).combine_chunks()
        record = rows_of(seen_in, in_one(self.records["record_id"]))
        known = record >= 0
        result[owner[~known]] = True
        owner, record = owner[known], record[known]
        dates = self.records["fetched_at"].cast(pa.int64())
        seen = pc.fill_null(dates.take(pa.array(record)), _NEVER).to_numpy()
        # Only what was captured at these places later than the first of these is compared.
        urls = in_one(self.records["url"])
        spots = spots_of(urls.take(pa.array(record)))
        captured = pc.fill_null(dates, -1).to_numpy()
        later = np.flatnonzero(captured > seen.min(initial=_NEVER))
        later = later[self._of_sites(record)[later]]
        later = later[may_be(urls.take(pa.array(later)), spots)]
        there = pc.index_in(spots_of(urls.take(pa.array(later))), spots)
        found = np.asarray(there.is_valid())
        latest = np.full(len(spots) + 1, -1, np.int64)
        np.maximum.at(latest, there.drop_null().to_numpy(), captured[later[found]])
        first = pc.fill_null(pc.index_in(spots, spots), len(spots)).to_numpy()
        nameless = np.asarray(pc.fill_null(pc.equal(urls.take(pa.array(record)), ""), True))
        result[owner[nameless | (latest[first] <= seen)]] = True
        return result

    def _of_sites(self, records: np.ndarray) -> np.ndarray:
        """Which records are of the sites of some."""
        hosts = in_one(self.records["host"]).dictionary_encode()
        sites = [*(site_of(host or "") for host in hosts.dictionary.to_pylist()), ""]
        code = hosts.indices.fill_null(len(sites) - 1).to_numpy()
        wanted = {sites[one] for one in np.unique(code[records]).tolist()}
        return np.array([site in wanted for site in sites])[code]

    def _table(self, name: str, columns: tuple[str, ...]) -> pa.Table:
        parts = [batch for stop in self._way.of(name) for batch in self._reader.read(stop, list(columns))]
        return _joined(parts, columns)

    def _files(self) -> list[SiteFile]:
        def is_file(urls: pa.Array) -> pa.Array:
            return pc.match_substring_regex(urls, PATTERN, ignore_case=True)

        rows = [
            row for stop in self._way.of("raw_crawls")
            for batch in self._reader.read_where(stop, list(FILE_COLUMNS), "url", is_file) for row in batch.to_pylist()
        ]
        return site_files(rows) + held_files(self._stated("held"))

    def _stated(self, setting: str) -> list[str]:
        """What the commit of `reservations` names: the crawlers that gather text for training, files taken down."""
        configs = [json.loads(stop.commit["config"]) for stop in self._way.of("reservations")]
        return [one for config in configs for one in config.get(setting) or ()]


def _joined(parts: Sequence[pa.Table], columns: Sequence[str]) -> pa.Table:
    if not parts:
        return pa.table({name: pa.array([], pa.string()) for name in columns})
    return pa.concat_tables(parts).unify_dictionaries().combine_chunks()


def may_be(urls: pa.Array, spots: pa.Array) -> np.ndarray:
    """Which URLs may be of some spots: all that are, and few others. Most are told apart by their last letters alone,
    which costs a fifth of what `spots_of` does."""
    found = pc.or_(pc.match_substring_regex(urls, "#|:80|:443"), pc.invert(pc.string_is_ascii(urls)))
    ends = pc.binary_reverse(pc.ascii_rtrim(pc.ascii_lower(urls), "/").cast(pa.binary()))
    of_spots = pc.binary_reverse(spots.cast(pa.binary()))
    lengths = np.minimum(pc.binary_length(spots).to_numpy(), _LETTERS)
    for length in np.unique(lengths).tolist():
        letters = pc.binary_slice(of_spots.filter(pa.array(lengths == length)), 0, length)
        found = pc.or_(found, pc.is_in(pc.binary_slice(ends, 0, length), letters))
    return np.asarray(found)


def spots_of(urls: pa.Array) -> pa.Array:
    """URLs without scheme, 'www.', port 80 or 443, query's order left as it is, and without a slash at their end."""
    lower = pc.ascii_lower(urls) if pc.all(pc.string_is_ascii(urls)).as_py() else pc.utf8_lower(urls)
    parts = pc.extract_regex(lower, _SPOT)
    return pc.fill_null(pc.binary_join_element_wise(
        pc.struct_field(parts, "host"), pc.struct_field(parts, "path"), ""), "")
