"""The lake of `audit_lake` with what makes proofs work: copies, reservations of four kinds, programs that edit.

About a tenth of the rows have copies that were dropped: half of these are later captures of the same URL, a fifth are
under another licence. A third of the hosts have a robots.txt with rules for some paths, one in thirty one that keeps
training out; pages reserve themselves, and some are captured again without. Three of ten documents are refined, and
one in ten of those has something put in. Reservations and terms are worked out by what the platform's stages call.

Here belongs the making. Not here: what is measured (`audit`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.audit_lake import (
    ADMITTED,
    INPUTS,
    NEW,
    WORDS,
    Corpus,
    Writing,
    corpus_of,
    filled,
    hexadecimal,
    kinds,
)
from data_platform.core.tables import table
from data_platform.duplicates.terms import MEMBER_COLUMNS, terms_of_copies
from data_platform.ingest.site_files import kind_of
from data_platform.lake.lake import Lake
from data_platform.licenses.settings import Copies
from data_platform.licenses.standing import SiteFile, standing
from data_platform.methods.duplicates.url import canonical_urls
from data_platform.spdx.expressions import OPT_OUT
from data_platform.text.identity import exact_hash

SNAPSHOTS = ("2023-14", "2023-40", "2024-10", "2024-33")
AGENTS = ("GPTBot", "CCBot")
_PARTLY = b"User-agent: *\nDisallow: /private/\nDisallow: /cart\n"
_WHOLLY = b"User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n"
_CUT = "Share this page\n"
_FIRST_WORD = len(_CUT) + 33
"""Where the text begins behind the id, in bytes."""
_DAY = 86_400 * 10**6
_FIRST = 1_680_000_000 * 10**6
_BETWEEN = 180 * _DAY


def make_eventful_lake(uri: str, rows: int, seed: int = 0) -> Lake:
    """Write a lake whose mixture has `rows` rows, or a few less."""
    lake = Lake(uri)
    # A part of what would be admitted is reserved or contested.
    corpus = corpus_of(int(rows * 1.12) + 20, len(SNAPSHOTS), seed)
    inputs = {**INPUTS, **NEW}
    write = _Eventful(lake, corpus, list(SNAPSHOTS), inputs, rows, seed)
    for name in inputs:
        write.table(name)
    return lake


class _Eventful(Writing):
    """Writes such a lake table after table; terms and reservations of what was written before."""

    def __init__(
        self, lake: Lake, corpus: Corpus, snapshots: list[str], inputs: dict[str, tuple[str, ...]], rows: int, seed: int
    ) -> None:
        chance = np.random.default_rng(seed + 1)
        count = len(corpus.ids)
        copies = np.flatnonzero(corpus.filtered & ~corpus.kept)
        self.cluster = np.arange(count)
        self.cluster[copies] = chance.choice(np.flatnonzero(corpus.kept), len(copies))
        alike = copies[chance.random(len(copies)) < 0.8]
        again = copies[chance.random(len(copies)) < 0.5]
        kind, host = corpus.kind.copy(), corpus.host.copy()
        kind[alike], host[again] = kind[self.cluster[alike]], host[self.cluster[again]]
        self.page = np.arange(count)
        self.page[again] = self.cluster[again]
        super().__init__(lake, replace(corpus, kind=kind, host=host), snapshots, {}, inputs, 0)
        self.wanted = rows
        self.fetched_at = _FIRST + corpus.snapshot * _BETWEEN + chance.integers(0, 30 * _DAY, count)
        self.refined = chance.random(count) < 0.3
        self.put_in = self.refined & (chance.random(count) < 0.1)
        self.site_files = {number: self._files_of(number) for number in range(len(snapshots))}
        self.reservations = self.terms = table("reservations").schema.empty_table()

    def table(self, name: str) -> None:
        """What the stages make of the documents, and then the table."""
        if name == "reservations":
            self.reservations = self._reservations()
        elif name == "document_terms":
            self.terms = self._terms()
        super().table(name)

    def members(self, name: str) -> np.ndarray:
        """Which documents a table has rows of."""
        if name == "reservations":
            found = np.zeros(len(self.cluster), bool)
            found[self._places(self.reservations)] = True
            return found
        return super().members(name)

    def config(self, name: str, snapshot: str | None) -> dict[str, Any]:
        """The settings that the stages of these tables name."""
        settings: dict[str, dict[str, Any]] = {
            "reservations": {"training_agents": list(AGENTS)}, "document_terms": Copies().model_dump(mode="json"),
            "refinement_programs": {"refinement": {"max_inserted_bytes": 16}},
        }
        return super().config(name, snapshot) | settings.get(name, {})

    def rows(self, name: str, members: np.ndarray) -> pa.Table:
        """The rows of a table of some documents, by number."""
        made = {"reservations": self.reservations, "document_terms": self.terms}
        if name not in made:
            return super().rows(name, members)
        where = np.full(len(self.cluster), -1)
        where[self._places(made[name])] = np.arange(made[name].num_rows)
        return made[name].take(pa.array(where[members]))

    def document(self, name: str, members: np.ndarray) -> dict[str, Any]:
        """Every column that any table has of a document, by name."""
        columns = super().document(name, members)
        ids, pages = columns["doc_id"], hexadecimal(self.corpus.ids[self.page[members]])
        columns["url"] = pc.binary_join_element_wise("https://", columns["host"], "/", pages, "")
        columns["fetched_at"] = pa.array(self.fetched_at[members]).cast(pa.timestamp("us", "UTC"))
        columns["cluster_id"] = hexadecimal(self.corpus.ids[self.cluster[members]])
        columns["record_type"] = pa.repeat("response", len(members))
        columns["mime"] = pa.repeat("text/html", len(members))
        refined, put_in = pa.array(self.refined[members]), pa.array(self.put_in[members])
        words = pc.if_else(put_in, WORDS.replace("word", "term", 1), WORDS) if name != "documents" else WORDS
        columns["text"] = pc.binary_join_element_wise(ids, words, " ")
        if name == "documents":
            above = pc.if_else(refined, _CUT, "")
            columns["text"] = pc.binary_join_element_wise(above, columns["text"], "")
            columns["byte_count"] = pc.binary_length(columns["text"])
        columns["text_hash"] = exact_hash(columns["text"])
        cut = "remove_lines(start=0, end=0)"
        insertion = f'replace(start={_FIRST_WORD}, end={_FIRST_WORD + 4}, text="term")'
        columns["program"] = pc.if_else(refined, pc.if_else(put_in, f"{cut}\n{insertion}", cut), "")
        columns["outcome"] = pc.if_else(refined, "refined", "unchanged")
        columns["inserted_bytes"] = pc.if_else(put_in, 4, 0)
        if self.terms.num_rows and name not in ("duplicates", "document_terms"):
            where = np.full(len(self.cluster), -1)
            where[self._places(self.terms)] = np.arange(self.terms.num_rows)
            held = self.terms.take(pa.array(where[members]))
            columns |= {name: held[name].combine_chunks() for name in (
                "license_spdx", "license_tier", "claimed_spdx", "claimed_tier", "contested", "opt_out")}
        return columns

    def batches(self, name: str, snapshot: str | None, members: np.ndarray) -> Iterator[pa.RecordBatch]:
        """The rows of a commit; the records of site files come last."""
        yield from super().batches(name, snapshot, members)
        if name == "raw_crawls":
            files = self.site_files[self.snapshots.index(str(snapshot))]
            columns = {column: [getattr(file, column) for file in files]
                       for column in ("record_id", "url", "payload", "fetched_at")}
            hosts = [file.url.split("/")[2] for file in files]
            yield from filled(name, len(files), **columns, host=hosts, snapshot=[snapshot] * len(files),
                              source=[self.names[0]] * len(files), record_type=["response"] * len(files),
                              mime=["text/plain"] * len(files)).to_batches()

    def _files_of(self, snapshot: int) -> list[SiteFile]:
        """The robots.txt of all hosts that have one, as captured for a snapshot."""
        date = pa.scalar(_FIRST + snapshot * _BETWEEN, pa.timestamp("us", "UTC")).as_py()
        found = []
        for host in range(1, 20_001):
            payload = _WHOLLY if host % 30 == 12 else _PARTLY if host % 3 == 1 else None
            if payload:
                url = f"https://www.site-{host:05d}.example/robots.txt"
                number = f"{snapshot + 1:08x}{host:024x}"
                found.append(SiteFile(number, url, kind_of(url, "text/plain") or "robots", payload, date))
        return found

    def _places(self, rows: pa.Table) -> np.ndarray:
        return pc.index_in(rows["doc_id"], hexadecimal(self.corpus.ids)).to_numpy()

    def _reservations(self) -> pa.Table:
        read = self.lake.read_table
        evidence = read("license_evidence", ["doc_id", "location", "scope", "record_id"],
                        where=pc.match_substring(pc.field("license_spdx"), OPT_OUT))
        records = read("raw_crawls", ["record_id", "url", "host", "fetched_at", "record_type", "mime"])
        files = [file for some in self.site_files.values() for file in some]
        return standing(records, read("documents", ["doc_id", "snapshot", "text_hash"]), evidence, files, AGENTS,
                        canonical_urls)

    def _terms(self) -> pa.Table:
        """The terms of copies that stay; and which of them are in the mixture."""
        corpus = self.corpus
        members = np.flatnonzero(corpus.filtered)
        columns = {**self.document("document_licenses", members), "kept": pa.array(corpus.kept[members])}
        columns["strictest_spdx"] = pa.array(kinds().terms).take(pa.array(corpus.kind[members]))
        columns["alternative_licenses"] = pa.repeat(pa.scalar([], pa.list_(pa.string())), len(members))
        columns["reserved"] = pc.is_in(columns["doc_id"], self.reservations["doc_id"].combine_chunks())
        terms = terms_of_copies(pa.table({name: columns[name] for name in MEMBER_COLUMNS}), Copies())
        admitted = terms.filter(pc.is_in(terms["license_tier"], pa.array(ADMITTED, pa.int32())))
        chosen = np.zeros(len(corpus.ids), bool)
        chosen[np.sort(self._places(admitted))[:self.wanted]] = True
        self.corpus = replace(corpus, chosen=chosen)
        return terms
