"""Which documents are reserved, asked anew of everything that a mixture was made from.

Once by the rules (`licenses.standing`), over all records, files of sites and evidence at the versions that were read;
and once by a law that knows nothing of them: what evidence reserves is free again only if something was captured later
at the very place where that evidence was seen.

Here belongs the asking. Not here: what follows for rows of a mixture (`examination`).
"""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.ingest.crawl import TRUNCATED
from data_platform.ingest.records import host_of
from data_platform.ingest.site_files import PATTERN, kind_of
from data_platform.licenses.standing import SiteFile, is_truncated, site_of, standing
from data_platform.methods.duplicates.url import canonical_urls
from data_platform.proof.ids import IdIndex, numbers_of
from data_platform.proof.reading import Reader
from data_platform.proof.way import Way
from data_platform.spdx.expressions import OPT_OUT

_RECORD = ("record_id", "url", "host", "fetched_at", "record_type", "mime")
_FILE = ("record_id", "url", "mime", "payload", "fetched_at", "metadata")
_EVIDENCE = ("doc_id", "location", "scope", "record_id")


class Reserved:
    """The reserved documents of all snapshots on a way, mixture or not.

    Attributes:
        index: their ids.
    """

    def __init__(self, reader: Reader, way: Way) -> None:
        self._reader, self._way = reader, way
        self._records = self._table("raw_crawls", _RECORD)
        self._evidence = self._reserving()
        documents = self._table("documents", ("doc_id", "text_hash"))
        documents = documents.append_column("snapshot", pa.repeat("", documents.num_rows))  # whichever it is
        found = standing(self._records, documents, self._evidence, self._files(), self._agents(), canonical_urls)
        self.index = IdIndex(numbers_of(found["doc_id"]))

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """Whether each document is reserved."""
        return self.index.find(numbers) >= 0

    def passed_over(self, numbers: np.ndarray) -> np.ndarray:
        """Which of some documents evidence reserves that nothing captured later can have taken back."""
        evidence = self._evidence
        place = IdIndex(numbers).find(numbers_of(evidence["doc_id"]))
        mine = evidence.filter(pa.array((place >= 0) & ~self.of(numbers_of(evidence["doc_id"]))))
        owner = place[(place >= 0) & ~self.of(numbers_of(evidence["doc_id"]))]
        result = np.zeros(len(numbers), bool)
        if not len(owner):
            return result
        # The place is that of the record in which the evidence was seen; a page's own if none is named.
        seen_in = pc.if_else(pc.equal(mine["record_id"], ""), mine["doc_id"], mine["record_id"])
        row = pc.index_in(seen_in, self._records["record_id"].combine_chunks())
        spots = self._records.select(["url", "host", "fetched_at"]).take(row).to_pylist()
        sites = {site_of(spot["host"] or "") for spot in spots}
        hosts = self._records["host"].combine_chunks().dictionary_encode()
        near = [site_of(host or "") in sites for host in hosts.dictionary.to_pylist()]
        there = self._records.filter(pa.array(near, pa.bool_()).take(hosts.indices)).select(["url", "fetched_at"])
        latest: dict[str, int] = {}
        dates = pc.fill_null(there["fetched_at"].cast(pa.int64()), -1).to_pylist()
        for url, date in zip(there["url"].to_pylist(), dates, strict=True):
            latest[_spot(url)] = max(latest.get(_spot(url), -1), date)
        seen = pc.fill_null(self._records["fetched_at"].take(row).cast(pa.int64()), np.iinfo(np.int64).max).to_pylist()
        for number, spot, date in zip(owner.tolist(), spots, seen, strict=True):
            if not spot["url"] or latest.get(_spot(spot["url"]), -1) <= date:
                result[number] = True
        return result

    def _table(self, name: str, columns: tuple[str, ...]) -> pa.Table:
        parts = [batch for stop in self._way.of(name) for batch in self._reader.read(stop, list(columns))]
        plain = [pa.table([part[column].cast(pa.string()) if pa.types.is_dictionary(part[column].type)
                           else part[column] for column in columns], names=list(columns)) for part in parts]
        return pa.concat_tables(plain) if plain else pa.table({name: pa.array([], pa.string()) for name in columns})

    def _reserving(self) -> pa.Table:
        parts = [pa.table({name: pa.array([], pa.string()) for name in _EVIDENCE})]
        for stop in self._way.of("license_evidence"):
            for batch in self._reader.read(stop, [*_EVIDENCE, "license_spdx"]):
                chosen = pc.match_substring(batch["license_spdx"].cast(pa.string()), OPT_OUT)
                some = batch.filter(pc.fill_null(chosen, False)).select(list(_EVIDENCE))
                parts.append(some.cast(parts[0].schema))
        return pa.concat_tables(parts)

    def _files(self) -> list[SiteFile]:
        def is_file(urls: pa.Array) -> pa.Array:
            return pc.match_substring_regex(urls, PATTERN, ignore_case=True)

        rows = [
            row for stop in self._way.of("raw_crawls")
            for batch in self._reader.read_where(stop, list(_FILE), "url", is_file) for row in batch.to_pylist()
        ]
        return [
            SiteFile(row["record_id"], row["url"], kind, row["payload"], row["fetched_at"],
                     is_truncated(row["metadata"], TRUNCATED))
            for row in rows
            if row["payload"] is not None and host_of(row["url"]) and (kind := kind_of(row["url"], row["mime"]))
        ]

    def _agents(self) -> list[str]:
        """The crawlers that gather text for training, as the commit of `reservations` names them."""
        configs = [json.loads(stop.commit["config"]) for stop in self._way.of("reservations")]
        return [agent for config in configs for agent in config.get("training_agents") or ()]


def _spot(url: str) -> str:
    """A URL without scheme, 'www.', port 80 or 443, query's order left as it is, and without a slash at its end."""
    rest = url.partition("://")[2].partition("#")[0].lower()
    host, slash, path = rest.partition("/")
    host = host.removeprefix("www.").removesuffix(":80").removesuffix(":443")
    return f"{host}{slash}{path}".rstrip("/")
