"""A lake of any size with everything on the way from a mixture to its records, for benchmarks and tests of proofs.

Several snapshots, sources, thousands of hosts of unequal size, evidence of a few thousand kinds of documents, licences
decided by the platform's own rules, documents that filters and deduplication dropped, opt-outs, contradictions. Texts
are short and all alike: no proof reads them. All columns are made vectorised from a seed, in blocks, and written
through the lake's own commits, each pinning what the stage of that table reads.

Here belongs the making. Not here: what is measured (`audit`) or planted (the tests).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from data_platform.core.columns import Column, Table
from data_platform.core.kinds.synthesiser import derived_id
from data_platform.core.tables import model_table, table
from data_platform.lake.lake import Lake, Partition, Pin, Provenance
from data_platform.licenses.contest import strictest
from data_platform.licenses.resolve import RESOLVER, Decision, Statement, decide
from data_platform.spdx.algebra import derived
from data_platform.spdx.tiers import tier
from data_platform.text.identity import exact_hash

MIXTURE = "audited"
PAIRS = "pairs"
"""The entry of synthesis that makes a text of two documents."""
ADMITTED = (0, 1, 2)
WORDS = " ".join(["word"] * 20)
BLOCK = 100_000
Plant = Callable[[pa.Table], pa.Table]
"""Changes the rows of a table before they are written."""

_WEB = (("crawl-a", "web"), ("crawl-b", "web"), ("encyclopedia", "reference"))
_FILES = (("packages", "code"), ("books", "books"))
_STATEMENTS: tuple[tuple[float, tuple[tuple[str, str, str, float], ...]], ...] = (
    (20, (("link", "page", "CC-BY-4.0", 1.0),)),
    (12, (("link", "page", "CC-BY-SA-4.0", 1.0), ("anchor", "page", "CC-BY-SA-4.0", 1.0))),
    (8, (("jsonld", "page", "CC-BY-4.0", 1.0), ("meta", "page", "CC-BY-4.0", 1.0),
         ("anchor", "site", "CC-BY-4.0", 1.0))),
    (6, (("registry", "dataset", "CC0-1.0", 1.0),)),
    (10, (("distribution", "distribution", "MIT", 1.0), ("license_file", "distribution", "MIT", 0.95),
          ("classifier", "distribution", "MIT", 0.9))),
    (8, (("distribution", "distribution", "Apache-2.0", 1.0), ("license_file", "distribution", "Apache-2.0", 0.95))),
    (3, (("distribution", "distribution", "MIT OR Apache-2.0", 1.0), ("license_file", "distribution", "MIT", 0.95))),
    (2, (("spdx_header", "file", "BSD-3-Clause", 1.0), ("classifier", "distribution", "BSD-3-Clause", 0.6))),
    (3, (("link", "page", "CC-BY-4.0", 1.0), ("registry", "dataset", "CC-BY-NC-4.0", 1.0))),
    (1, (("link", "page", "CC-BY-4.0", 1.0), ("registry", "dataset", "CC-BY-SA-4.0", 1.0))),
    (1, (("link", "page", "CC-BY-4.0", 1.0), ("meta", "page", "CC-BY-SA-3.0", 1.0))),
    (2, (("link", "page", "CC-BY-4.0", 1.0), ("robots", "site", "LicenseRef-tdm-opt-out", 1.0))),
    (1, (("tdmrep", "site", "LicenseRef-tdm-opt-out", 1.0),)),
    (1, (("link", "page", "CC-BY-4.0", 1.0), ("meta", "page", "LicenseRef-tdm-opt-out", 1.0))),
    (3, (("link", "page", "CC-BY-NC-ND-4.0", 1.0),)),
    (2, (("statement", "page", "LicenseRef-unknown", 0.0),)),
    (8, ()),
)
"""Weight and statements of kinds of documents."""


@dataclass(frozen=True)
class Kinds:
    """The kinds of documents there are: their statements and what these amount to."""

    weights: np.ndarray
    statements: tuple[tuple[Statement, ...], ...]
    decisions: tuple[Decision, ...]
    terms: tuple[str, ...]
    """What holds if nothing that is stated is passed over."""


@cache
def kinds(variants: int = 120) -> Kinds:
    """Every kind of `_STATEMENTS` in variants that differ in how surely a footer was read, as detectors give it."""
    weights, statements = [], []
    for weight, said in _STATEMENTS:
        for variant in range(variants):
            footer = () if not variant else (("anchor", "element", "CC-BY-2.0", round(variant / variants, 3)),)
            weights.append(weight / (variant + 1))
            statements.append(tuple(Statement(*one) for one in (*said, *footer)))
    share = np.array(weights)
    decisions = tuple(decide(list(one)) for one in statements)
    terms = tuple(strictest(one.license_spdx, said) for one, said in zip(decisions, statements, strict=True))
    return Kinds(share / share.sum(), tuple(statements), decisions, terms)


@dataclass(frozen=True)
class Corpus:
    """All documents by number: what is needed to make their rows in any table."""

    ids: np.ndarray
    snapshot: np.ndarray
    source: np.ndarray
    host: np.ndarray
    kind: np.ndarray
    tokens: np.ndarray
    filtered: np.ndarray
    kept: np.ndarray
    chosen: np.ndarray


def make_lake(
    uri: str, rows: int, snapshots: Sequence[str] = ("2023-14", "2023-40", "2024-10", "2024-33"), seed: int = 0,
    plants: Mapping[str, Plant] | None = None, pairs: int = 0, old: bool = False,
) -> Lake:
    """Write a lake whose mixture `MIXTURE` has `rows` rows, or a few less.

    Args:
        plants: by table, what to change in its rows before they are written.
        pairs: how many derived texts every snapshot has; those that are admitted are in the mixture, too.
        old: with the tables of scores and models that lakes had before each scorer and model had its own.
    """
    lake = Lake(uri)
    corpus = corpus_of(rows, len(snapshots), seed)
    inputs = {**INPUTS, **(_OLD if old else NEW)}
    if pairs:
        mixture = inputs.popitem()
        inputs[f"derived_{PAIRS}"] = ("deduplicated_documents", "document_terms")
        inputs[mixture[0]] = (*mixture[1], f"derived_{PAIRS}")
    write = Writing(lake, corpus, list(snapshots), dict(plants or {}), inputs, pairs)
    for name in inputs:
        write.table(name)
    return lake


_MODELS = ("language_model", "quality_classifier")
INPUTS = {
    "raw_crawls": (), "documents": ("raw_crawls",), "license_evidence": ("raw_crawls",),
    "document_licenses": ("documents", "license_evidence"), "quality_signals": ("documents",),
    "filter_verdicts": ("documents", "quality_signals"), "refinement_programs": ("documents", "filter_verdicts"),
    "filtered_documents": ("documents", "filter_verdicts", "refinement_programs"),
    "document_signatures": ("filtered_documents",),
    "duplicates": ("document_signatures", "filtered_documents", "document_licenses"),
    "reservations": ("documents", "raw_crawls", "license_evidence"),
    "document_terms": ("duplicates", "document_licenses", "documents", "reservations"),
    "deduplicated_documents": ("filtered_documents", "duplicates"),
}
NEW = {
    **{f"model_{name}": () for name in _MODELS},
    "scores_perplexity": ("deduplicated_documents", "model_language_model"),
    "scores_quality": ("deduplicated_documents", "model_quality_classifier"),
    f"mixture_{MIXTURE}": ("deduplicated_documents", "scores_perplexity", "scores_quality", "document_terms"),
}
_OLD = {
    **dict.fromkeys(_MODELS, ()), "quality_annotations": ("deduplicated_documents", *_MODELS),
    f"mixture_{MIXTURE}": ("deduplicated_documents", "quality_annotations", "document_terms"),
}
_MODEL_OF = {"scores_perplexity": _MODELS[0], "scores_quality": _MODELS[1]}


def _declared(name: str) -> Table:
    if name in _MODELS:
        return replace(model_table(name), name=name)
    if name == "quality_annotations":
        models = tuple(Column(column, pa.string(), "A model.") for column in ("perplexity_model", "quality_model"))
        return replace(table(name), columns=(*table(name).columns, *models))
    return table(name)


def corpus_of(rows: int, snapshots: int, seed: int) -> Corpus:
    """Documents of which about `rows` are in the mixture."""
    chance = np.random.default_rng(seed)
    there = kinds()
    admitted = np.array([tier(terms) in ADMITTED for terms in there.terms])
    count = int(rows / (0.85 * 0.88 * there.weights[admitted].sum()) * 1.01) + 20
    kind = chance.choice(len(there.weights), count, p=there.weights)
    filtered = chance.random(count) < 0.85
    kept = filtered & (chance.random(count) < 0.88)
    chosen = np.flatnonzero(kept & admitted[kind])[:rows]
    return Corpus(
        ids=chance.integers(0, 256, (count, 16), dtype=np.uint8),
        snapshot=chance.integers(0, snapshots, count),
        source=chance.integers(0, len(_WEB) + len(_FILES), count),
        host=np.minimum(chance.zipf(1.3, count), 20_000),
        kind=kind,
        tokens=chance.integers(50, 4_000, count),
        filtered=filtered, kept=kept, chosen=np.isin(np.arange(count), chosen),
    )


class Writing:
    """Writes table after table, each with the pins of what it reads."""

    def __init__(
        self, lake: Lake, corpus: Corpus, snapshots: list[str], plants: dict[str, Plant],
        inputs: Mapping[str, tuple[str, ...]], pairs: int,
    ) -> None:
        self.lake, self.corpus, self.snapshots, self.plants = lake, corpus, snapshots, plants
        self.inputs, self.pairs = inputs, pairs
        self.names = [name for name, _ in (*_WEB, *_FILES)]
        self.domains = [domain for _, domain in (*_WEB, *_FILES)]

    def table(self, name: str) -> None:
        """One commit per snapshot, or one for the whole table."""
        if not _declared(name).partition_by:
            self._commit(name, None, np.flatnonzero(self.members(name)))
            return
        for number, snapshot in enumerate(self.snapshots):
            self._commit(name, snapshot, np.flatnonzero(self.members(name) & (self.corpus.snapshot == number)))

    def members(self, name: str) -> np.ndarray:
        """Which documents a table has rows of."""
        if name in ("filtered_documents", "document_signatures", "duplicates"):
            return self.corpus.filtered
        if name == "reservations":
            return np.array([decision.opt_out for decision in kinds().decisions])[self.corpus.kind]
        if name in ("document_terms", "deduplicated_documents", "quality_annotations", *_MODEL_OF, f"derived_{PAIRS}"):
            return self.corpus.kept
        if name == f"mixture_{MIXTURE}":
            return self.corpus.chosen
        if name.removeprefix("model_") in _MODELS:
            return np.arange(len(self.corpus.ids)) == 0
        return np.ones(len(self.corpus.ids), bool)

    def _commit(self, name: str, snapshot: str | None, members: np.ndarray) -> None:
        pins: list[Pin] = []
        for read in self.inputs[name]:
            if not _declared(read).partition_by:
                pins.append(self.lake.pin(read))
            else:
                pins += self.lake.pins(read, self.snapshots if snapshot is None else [snapshot])
        config = self.config(name, snapshot)
        made = Provenance(name, "benchmark", config, tuple(pins), "00000000-0000-0000-0000-000000000000")
        if name == f"derived_{PAIRS}":
            parents = self._parents(str(snapshot), members)
            self.lake.write("parents", Partition.of("parents", name, snapshot), self._planted("parents", parents), made)
        schema = _declared(name).schema
        reader = pa.RecordBatchReader.from_batches(schema, self.batches(name, snapshot, members))
        self.lake.write(_declared(name), Partition.of(name, snapshot), reader, made)

    def config(self, name: str, snapshot: str | None) -> dict[str, Any]:
        """The settings that the commit of a table names."""
        return {"tiers": list(ADMITTED), "snapshot": snapshot} if name == f"mixture_{MIXTURE}" else {"of": snapshot}

    def _planted(self, name: str, rows: pa.Table) -> pa.Table:
        return self.plants[name](rows) if name in self.plants else rows

    def batches(self, name: str, snapshot: str | None, members: np.ndarray) -> Iterator[pa.RecordBatch]:
        """The rows of a commit."""
        for start in range(0, max(len(members), 1), BLOCK):
            rows = self.rows(name, members[start:start + BLOCK])
            if self.pairs and name == f"mixture_{MIXTURE}" and start == 0:
                rows = pa.concat_tables([rows, self._mixed()])
            if start == 0:
                rows = self._planted(name, rows)
            if snapshot is not None:
                rows = rows.filter(pa.compute.equal(rows["snapshot"], snapshot))
            yield from rows.to_batches()

    def rows(self, name: str, members: np.ndarray) -> pa.Table:
        """The rows of a table of some documents, by number."""
        if name == "license_evidence":
            return self._evidence(members)
        if name == f"derived_{PAIRS}":
            return self._pairs(members)
        if (model := name.removeprefix("model_")) in _MODELS:
            return filled(name, 1, model_id=[f"{model}@000000000000"], sha256=["0" * 64], uri=["models"],
                           license_spdx=["LicenseRef-unknown"], parameters=[1_000], training_texts=[100],
                           metrics=['{"held_out_texts": 10}'])
        return filled(name, len(members), **self.document(name, members))

    def _couples(self, members: np.ndarray) -> np.ndarray:
        """Two documents of one snapshot per row: the first with the second, the second with the third, and so on."""
        return np.stack([members[:-1], members[1:]], axis=1)[:self.pairs]

    def _pairs(self, members: np.ndarray) -> pa.Table:
        couples, decisions, held = self._couples(members), kinds().decisions, kinds().terms
        ids = hexadecimal(self.corpus.ids).take(pa.array(couples.reshape(-1))).to_pylist()
        own = [derived_id(PAIRS, "pairing", ids[place:place + 2], 0) for place in range(0, len(ids), 2)]
        parents = [[decisions[kind] for kind in self.corpus.kind[couple]] for couple in couples]
        terms = [derived(held[kind] for kind in self.corpus.kind[couple]) for couple in couples]
        claims = [derived(parent.license_spdx for parent in both) for both in parents]
        tokens = self.corpus.tokens[couples].sum(axis=1)
        return filled(
            f"derived_{PAIRS}", len(couples), doc_id=own, license_spdx=[one.spdx for one in terms],
            license_tier=[one.tier for one in terms], claimed_spdx=[one.spdx for one in claims],
            claimed_tier=[one.tier for one in claims], license_basis=["parents"] * len(own),
            opt_out=[any(parent.opt_out for parent in both) for both in parents],
            contradicted=[any(parent.contradicted for parent in both) for both in parents],
            snapshot=pa.array(self.snapshots).take(pa.array(self.corpus.snapshot[couples[:, 0]])),
            source=[PAIRS] * len(own), domain=["synthetic"] * len(own), text=["a pair"] * len(own),
            token_count=tokens, byte_count=tokens * 4, language=["en"] * len(own), text_hash=own,
        )

    def _parents(self, snapshot: str, members: np.ndarray) -> pa.Table:
        couples = self._couples(members)
        own = self._pairs(members)["doc_id"].combine_chunks()
        return filled(
            "parents", 2 * len(couples), stage=[f"derived_{PAIRS}"] * 2 * len(couples),
            snapshot=[snapshot] * 2 * len(couples), derived_id=own.take(pa.array(np.repeat(np.arange(len(own)), 2))),
            parent_id=hexadecimal(self.corpus.ids).take(pa.array(couples.reshape(-1))),
            position=[0, 1] * len(couples), method=["pairing"] * 2 * len(couples),
            method_version=[1] * 2 * len(couples),
        )

    def _mixed(self) -> pa.Table:
        """The derived texts that the mixture admits, as its rows, from the tables that were written."""
        rows = self.lake.read_table(f"derived_{PAIRS}")
        rows = rows.filter(pa.compute.is_in(rows["license_tier"], pa.array(ADMITTED, pa.int32())))
        columns = {name: rows[name] for name in rows.column_names}
        return filled(f"mixture_{MIXTURE}", rows.num_rows, **columns)

    def document(self, name: str, members: np.ndarray) -> dict[str, Any]:
        """Every column that any table has of a document, by name."""
        corpus = self.corpus
        ids, decisions = hexadecimal(corpus.ids[members]), kinds().decisions
        tokens = corpus.tokens[members]
        hosts = pa.array([f"www.site-{number:05d}.example" for number in range(20_001)])
        host = hosts.take(pa.array(corpus.host[members]))
        url = pa.compute.binary_join_element_wise("https://", host, "/", ids, "")
        decided = {
            field: pa.array([getattr(decision, field) for decision in decisions]).take(pa.array(corpus.kind[members]))
            for field in Decision._fields
        }
        text = pa.compute.binary_join_element_wise(ids, WORDS, " ")
        held = {"strictest_spdx": pa.array(kinds().terms), "strictest_tier": pa.array(map(tier, kinds().terms))}
        held = {name: column.take(pa.array(corpus.kind[members])) for name, column in held.items()}
        claimed = {"claimed_spdx": decided["license_spdx"], "claimed_tier": decided["license_tier"]}
        if name not in ("document_licenses", "duplicates"):
            decided |= {"license_spdx": held["strictest_spdx"], "license_tier": held["strictest_tier"]}
        freer = np.array([tier(terms) > one.license_tier for terms, one in zip(kinds().terms, decisions, strict=True)])
        evidence = np.array([len(said) for said in kinds().statements])[corpus.kind[members]]
        kept = corpus.kept[members] if name == "duplicates" else corpus.filtered[members]
        return {
            **decided, **held, **claimed, "through": pa.repeat("document", len(members)),
            "contested": freer[corpus.kind[members]],
            "doc_id": ids, "record_id": ids, "host": host, "url": url, "attribution": url,
            "snapshot": pa.array(self.snapshots).take(pa.array(corpus.snapshot[members])),
            "source": pa.array(self.names).take(pa.array(corpus.source[members])),
            "domain": pa.array(self.domains).take(pa.array(corpus.source[members])),
            "token_count": tokens, "byte_count": pa.compute.binary_length(text), "kept": kept, "cluster_id": ids,
            "evidence_count": evidence.astype(np.int32), "resolver": pa.repeat(RESOLVER, len(members)),
            "outcome": pa.repeat("unchanged", len(members)), "kind": pa.repeat("unique", len(members)),
            "payload_digest": pa.repeat(hashlib.sha256(b"").hexdigest(), len(members)), "exact_hash": ids,
            "perplexity_model": pa.repeat("language_model@000000000000", len(members)),
            "quality_model": pa.repeat("quality_classifier@000000000000", len(members)),
            "model": pa.repeat(f"{_MODEL_OF.get(name, '')}@000000000000", len(members)),
            "extractor": pa.repeat("auto 1 benchmark", len(members)),
            "language": pa.repeat("en", len(members)), "script": pa.repeat("Latn", len(members)),
            "text": text, "text_hash": exact_hash(text),
            "cluster_size": np.ones(len(members), np.int64), "weight": np.full(len(members), 0.2),
            "epochs": np.ones(len(members)), "phase": pa.repeat("pretrain", len(members)),
        }

    def _evidence(self, members: np.ndarray) -> pa.Table:
        statements = [said for kind in kinds().statements for said in kind]
        lengths = np.array([len(kind) for kind in kinds().statements])
        first = np.concatenate([[0], np.cumsum(lengths)])[:-1]
        kind = self.corpus.kind[members]
        owner = np.repeat(np.arange(len(members)), lengths[kind])
        offset = np.arange(len(owner)) - np.repeat(np.cumsum(lengths[kind]) - lengths[kind], lengths[kind])
        chosen = first[kind][owner] + offset
        ids = self.corpus.ids[members][owner]
        mark = np.zeros_like(ids)
        mark[:, 0] = offset + 1
        said = {
            field: pa.array([getattr(one, field) for one in statements]).take(pa.array(chosen))
            for field in Statement._fields
        }
        own = hexadecimal(ids)
        registry = pa.compute.equal(said["location"], "registry")
        return filled(
            "license_evidence", len(owner), **{**said, "license_spdx": said["spdx"]},
            evidence_id=hexadecimal(ids ^ mark), doc_id=own, record_id=pa.compute.if_else(registry, "", own),
            snapshot=pa.array(self.snapshots).take(pa.array(self.corpus.snapshot[members][owner])),
            raw_value=said["spdx"], detector=pa.repeat("benchmark@1", len(owner)),
            context_hash=pa.repeat("0" * 32, len(owner)),
        )


def hexadecimal(values: np.ndarray) -> pa.StringArray:
    """Rows of 16 bytes as strings of 32 digits."""
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    text = np.stack([digits[values >> 4], digits[values & 15]], axis=2).reshape(-1)
    offsets = np.arange(0, 32 * len(values) + 1, 32, dtype=np.int32)
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(text))


_EMPTY: Mapping[str, Any] = {"timestamp": datetime(2024, 5, 1, tzinfo=UTC), "bool": False, "list": []}


def filled(name: str, count: int, **columns: Any) -> pa.Table:
    """Rows of a table: the given columns, and of those that are missing null or nothing."""
    arrays = []
    schema = _declared(name).schema
    for field in schema:
        if field.name in columns:
            values = columns[field.name]
            array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
            arrays.append(array.cast(field.type))
        elif field.nullable:
            arrays.append(pa.nulls(count, field.type))
        else:
            arrays.append(pa.repeat(pa.scalar(_nothing(field.type), field.type), count))
    return pa.table(arrays, schema=schema)


def _nothing(type_: pa.DataType) -> Any:
    if pa.types.is_timestamp(type_):
        return _EMPTY["timestamp"]
    if pa.types.is_boolean(type_):
        return False
    if pa.types.is_list(type_):
        return []
    if pa.types.is_integer(type_) or pa.types.is_floating(type_):
        return 0
    return b"" if pa.types.is_large_binary(type_) else ""
