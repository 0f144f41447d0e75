"""The examination of a mixture: every row followed back to its record and its evidence, every licence derived anew.

All tables on the way are read at the versions that the commits pin, narrow columns only, batch by batch, and joined by
id to the rows of the mixture. What a row fails is a finding that names the table and says what is wrong there; a row
without a finding has an unbroken chain, and its licence is what its evidence says. Texts are read only if asked for,
and compared by digest.

A row that was made of other documents is followed back through them: each of its parents goes the whole way, and what
a parent fails the row fails (`derivation`). The documents that are examined, rows of the mixture and parents, are
called subjects here.

The licence is derived twice from the rows of `license_evidence`: by the rules of the resolver that the row of
`document_licenses` names, statement by statement, and by laws that every lawful decision obeys (`terms`). Both are
asked once per distinct set of statements.

Here belong the joins and the findings. Not here: whose commits the tables are made of (`custody`, `way`), totals and
their presentation (`audit`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import kind_of
from data_platform.core.tables import table as declared
from data_platform.lake.lake import Lake
from data_platform.licenses.resolve import RESOLVERS, Statement, decide
from data_platform.proof.after_takedown import rest_of
from data_platform.proof.copies import Documents, Expected, Members, expected_terms, settings_of
from data_platform.proof.derivation import Derivation, derivation_of
from data_platform.proof.finding import STALE, STALE_MODEL, Finding
from data_platform.proof.held import HeldTo
from data_platform.proof.ids import IdIndex, distinct, numbers_of
from data_platform.proof.lineage import TABLE as LINEAGE
from data_platform.proof.lineage import broken, chains_of
from data_platform.proof.numbering import NONE, Vocabulary, places_of, renumber, renumber_rows
from data_platform.proof.reading import TEXT_ROWS, Reader, digests, tally
from data_platform.proof.related import bound_by_pairs
from data_platform.proof.replay import Replay, faults_of_bounds
from data_platform.proof.reserved import EVIDENCE, Reserved
from data_platform.proof.terms import LAWS, Said, broken_laws
from data_platform.proof.way import Way
from data_platform.spdx.expressions import OPT_OUT
from data_platform.spdx.tiers import tier

_ROW_COLUMNS = ("doc_id", "snapshot", "source", "domain", "host", "token_count", "byte_count", "language",
                "license_spdx", "license_tier", "license_basis")
_SAME = ("source", "domain", "host", "token_count", "byte_count", "language")
"""Columns of a mixture that are passed on unchanged from the deduplicated documents."""
_DECIDED = ("license_spdx", "license_tier", "license_basis")
_CLAIMED = {"license_spdx": "claimed_spdx", "license_tier": "claimed_tier"}
"""Columns of `document_terms` that stand in those of a mixture that admits by what documents claim."""

_CONDITIONS: dict[str, tuple[str, Callable[[pa.Table], pa.ChunkedArray], str]] = {
    "duplicates": ("kept", lambda rows: rows["kept"], "it was dropped there as a copy of another"),
    "filter_verdicts": ("kept", lambda rows: rows["kept"], "it was dropped there by a rule"),
    "refinement_programs": ("outcome", lambda rows: pc.not_equal(rows["outcome"].cast(pa.string()), "dropped"),
                            "it was dropped there"),
}
"""What has to be true of the row of a table for the document to go on: columns, condition, and what is said if not."""

_PLAIN = ("filtered_documents", "document_branches")
"""Further tables that every document of a mixture leads through, where they are on the way."""


@dataclass
class Reservations:
    """Documents that were met on the way and reserved against, of the mixture or not; and how many of them are parents
    of rows of it."""

    documents: int = 0
    in_mixture: int = 0
    parents: int = 0
    by_location: dict[str, int] = field(default_factory=dict)
    by_host: dict[str, int] = field(default_factory=dict)


@dataclass
class Examination:
    """What was found of a mixture.

    Attributes:
        rows: narrow columns of its rows, strings dictionary-encoded.
        findings: what some of them fail.
        contradicted: places of rows whose evidence does not agree.
        contested: places of rows of which a stricter licence than they claim is stated, by copies or by farther
            evidence.
        copies: documents that deduplication dropped as copies of the rows, by their own licence.
        combination: per row the number of its set of statements in `statements`.
        statements: the distinct sets of statements.
        reservations: who opted out, also of documents that are not in the mixture.
        evidence_rows: observations about subjects.
        scored_by: subjects by the model that scored them.
        extracted_by: subjects by the extractor that made their text.
        derivation: the rows that were made of other documents.
    """

    rows: pa.Table
    findings: list[Finding]
    contradicted: np.ndarray
    contested: np.ndarray
    copies: dict[str, int]
    combination: np.ndarray
    statements: list[frozenset[Said]]
    reservations: Reservations
    evidence_rows: int
    scored_by: dict[str, int]
    extracted_by: dict[str, int]
    derivation: Derivation

    @property
    def broken(self) -> np.ndarray:
        """Places of all rows with a finding."""
        return places_of([finding.rows for finding in self.findings])


def examine(lake: Lake, way: Way, admitted: Sequence[int] | None, texts: bool = False) -> Examination:
    """Examine all rows of the table that `way` begins with.

    Args:
        admitted: tiers that the mixture admits; None to ask for no tier.
        texts: whether to read the texts too, and compare them with those of the deduplicated documents.

    Raises:
        CannotExamine: if a table on the way lacks a column that is asked for.
    """
    return _Examiner(Reader(lake), way, texts).examine(admitted)


class _Examiner:
    """Goes from table to table and keeps, of every subject, what was seen of it."""

    def __init__(self, reader: Reader, way: Way, texts: bool) -> None:
        self.reader = reader
        self.way = way
        self.texts = texts
        self.name = way.tables[0]
        self.findings: list[Finding] = []
        self.rows = self._mixture_rows()
        # What a mixture says of the licence stands in these columns of the tables that it has it from.
        claims = json.loads(next(iter(way.stops.values())).commit["config"]).get("contested") == "admit"
        self.terms_in = {name: _CLAIMED.get(name, name) if claims else name for name in _DECIDED}
        names = dict.fromkeys(_SAME) | self.terms_in
        self.derivation = derivation_of(reader, way, self.rows, {name: names[name] or name for name in names}, texts)
        # Subjects: first the rows that were made of nothing else, then the parents that are no such rows.
        self.own = np.setdiff1d(np.arange(self.rows.num_rows), self.derivation.rows, assume_unique=True)
        ids, parents = numbers_of(self.rows["doc_id"]), self.derivation.parents
        self.everyone = self.index = IdIndex(ids)
        self.numbers = ids
        if len(self.derivation.rows):
            beyond = IdIndex(ids[self.own]).find(parents) < 0
            self.numbers = np.concatenate([ids[self.own], parents[beyond]])
            self.index = IdIndex(self.numbers)
        self.count = len(self.index)
        self.parents = self.index.find(parents)
        self.members = Members(reader, way, self.index)
        self.vocabulary = Vocabulary()
        self.statements = Vocabulary()
        self.held = HeldTo(reader.lake, way, self.index, self.members)

    def examine(self, admitted: Sequence[int] | None) -> Examination:
        """Everything, in the order in which one table needs what another said."""
        self._repeated()
        for table in ("raw_crawls", "documents", "document_terms"):
            if not self.way.of(table):
                self._found("chain", table, "the table is not on the way at all", np.arange(self.count))
        self._planned()
        self._simple_links()
        self._unchanged()
        for fault in faults_of_bounds(self.reader, self.way, self.index):
            self._found("chain", *fault)
        if self.texts:
            self._texts()
        self._scores()
        self._licenses()
        self._written_terms()
        self._evidence()
        self._documents()
        self._records()
        self._terms(admitted)
        contested = self._copies()
        self._lineage()
        contradicted, combination = self._contradictions()
        return Examination(
            self.rows, [*self.findings, *self.derivation.findings], contradicted, contested,
            self.copy_licenses, combination, self.combinations,
            self.reservations, self.evidence_rows, self.scored_by, self.extracted_by, self.derivation,
        )

    # -- subjects -----------------------------------------------------------------------------------------------------

    def _mixture_rows(self) -> pa.Table:
        start = next(iter(self.way.stops.values())).whole
        there = set(self.reader.columns(start)) - set(declared(start.table).partition_by)
        names = [name for name in _ROW_COLUMNS if name in there]
        rows = [self.reader.empty(start, names), *self.reader.read(start, names)]
        return pa.concat_tables(rows).unify_dictionaries()

    def _of_own(self, name: str) -> np.ndarray:
        """A column of the mixture as numbers, per subject; of parents that are no rows of it nothing yet."""
        nothing = self.vocabulary.number(None) if pa.types.is_dictionary(self.rows[name].type) else -1
        found = np.full(self.count, nothing, np.int64)
        found[:len(self.own)] = self.vocabulary.comparable(self.rows[name])[self.own]
        return found

    def _compare(self, mine: np.ndarray, theirs: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Places of rows of the mixture that say another thing than a table; of parents, note what the table says."""
        parents = places >= len(self.own)
        mine[places[parents]] = theirs[parents]
        return places[theirs != mine[places]]

    def _repeated(self) -> None:
        if len(repeated := self.everyone.repeated()):
            what = "the document stands here more than once"
            self.findings.append(Finding("chain", self.name, what, repeated))

    def _places(self, rows: pa.Table, numbers: np.ndarray | None = None) -> tuple[np.ndarray, pa.Table]:
        """Places of the rows that are about subjects, and those rows; `numbers` are their ids, if they are known."""
        places = self.index.find(numbers_of(rows["doc_id"]) if numbers is None else numbers)
        there = places >= 0
        if there.all():
            return places, rows
        return places[there], rows.filter(pa.array(there))

    def _found(self, kind: str, table: str, what: str, subjects: np.ndarray) -> None:
        """A finding of subjects: of rows, and of the rows that are made of them."""
        if not len(subjects):
            return
        marked = np.zeros(self.count, bool)
        marked[subjects] = True
        if len(rows := self.own[marked[:len(self.own)]]):
            self.findings.append(Finding(kind, table, what, rows))
        if len(rows := self.derivation.of_parents(marked[self.parents])):
            self.findings.append(Finding(kind, table, f"of a parent: {what}", rows))

    def _counted(self, table: str, seen: np.ndarray) -> None:
        """Findings of a table that has to have each document once."""
        self._found("chain", table, "the document is not there", np.flatnonzero(seen == 0))
        self._found("chain", table, "the document stands there more than once", np.flatnonzero(seen > 1))

    # -- links --------------------------------------------------------------------------------------------------------

    def _planned(self) -> None:
        """Plans that the rows were drawn by name them, whatever they were made of."""
        for table in (name for name in self.way.tables[1:] if kind_of(name) == "plan"):
            seen = np.zeros(self.rows.num_rows, np.int32)
            for stop in self.way.of(table):
                for batch in self.reader.read(stop, ["doc_id"]):
                    tally(self.everyone.find(numbers_of(batch["doc_id"])), seen)
            if not seen.all():
                what = "the document is not there"
                self.findings.append(Finding("chain", table, what, np.flatnonzero(seen == 0)))

    def _simple_links(self) -> None:
        """Tables that the document has to be in, and must not be dropped by."""
        for table in self.way.tables[1:]:
            if table not in _CONDITIONS and table not in _PLAIN:
                continue
            column, condition, refusal = _CONDITIONS.get(table, ("", None, ""))
            seen, dropped = np.zeros(self.count, np.int32), []
            for stop in self.way.of(table):
                for batch in self.reader.read(stop, ["doc_id", column] if column else ["doc_id"]):
                    places, rows = self._places(batch)
                    tally(places, seen)
                    if condition:
                        fails = ~np.asarray(pc.fill_null(condition(rows), False).combine_chunks())
                        dropped.append(places[fails])
            self._counted(table, seen)
            if dropped:
                self._found("chain", table, refusal, places_of(dropped))

    def _unchanged(self) -> None:
        """The row says of itself what the deduplicated document says."""
        table = "deduplicated_documents"
        names = [name for name in _SAME if name in self.rows.column_names]
        self.said = {name: self._of_own(name) for name in names}
        if table == self.name or not self.way.of(table):
            return
        seen = np.zeros(self.count, np.int32)
        differs: dict[str, list[np.ndarray]] = {name: [] for name in names}
        for stop in self.way.of(table):
            for batch in self.reader.read(stop, ["doc_id", *names]):
                places, rows = self._places(batch)
                tally(places, seen)
                for name in names:
                    differs[name].append(self._compare(
                        self.said[name], self.vocabulary.comparable(rows[name]), places))
        self._counted(table, seen)
        for name, places in differs.items():
            self._found("chain", table, f"its {name} is another there", places_of(places))

    def _texts(self) -> None:
        """The row has the text of the deduplicated document, which is what its programs make of what was extracted."""
        table = "deduplicated_documents"
        if table == self.name or not self.way.of(table):
            return
        mine = np.zeros((self.count, 2), np.uint64)
        differs = [NONE]
        start = next(iter(self.way.stops.values())).whole
        for batch in self.reader.read(start, ["doc_id", "text"], TEXT_ROWS):
            places, rows = self._places(batch)
            mine[places] = digests(rows["text"])
        replay, remade = Replay(self.reader, self.way, self.index), [NONE]
        for stop in self.way.of(table):
            for batch in self.reader.read(stop, ["doc_id", "text"], TEXT_ROWS):
                places, rows = self._places(batch)
                own, theirs = places < len(self.own), digests(rows["text"])
                differs.append(places[own][(theirs[own] != mine[places[own]]).any(axis=1)])
                again = replay.replayed[places] & (theirs != replay.digests[places]).any(axis=1)
                remade.append(places[again])
        self._found("chain", table, "its text is another there", places_of(differs))
        self._found("chain", table, "its text is not what its programs make of the document", places_of(remade))
        for fault in replay.faults:
            self._found("chain", *fault)

    def _scores(self) -> None:
        """The models that scored each subject, which must be on the way themselves."""
        self.scored_by: dict[str, int] = {}
        trained = [stop for name in self.way.tables if kind_of(name) == "trainer" for stop in self.way.of(name)]
        models = {
            model for stop in trained for rows in self.reader.read(stop, ["model_id"])
            for model in rows["model_id"].to_pylist()
        }
        # Of a model that a takedown took, nothing is left that tells which it was.
        takedowns = ", ".join(sorted({stop.commit["run_id"] for stop in trained if rest_of(stop.commit) is not None}))
        gone = ("pending", STALE_MODEL.format(takedowns, "{}")) if takedowns else (
            "chain", "a model {} it that is not on the way"
        )
        for table in self.way.tables:
            if table == "quality_annotations" or kind_of(table) == "scorer":
                self._scores_of(table, models, gone)
        for maker in self.derivation.makers:
            if not set(maker.models.split()) <= models:
                kind, what = gone
                self.findings.append(Finding(kind, maker.table, what.format("made"), self.derivation.made_by(maker)))

    def _scores_of(self, table: str, models: set[str], gone: tuple[str, str]) -> None:
        seen, unknown = np.zeros(self.count, np.int32), [NONE]
        for stop in self.way.of(table):
            columns = [name for name in self.reader.columns(stop) if name == "model" or name.endswith("_model")]
            for batch in self.reader.read(stop, ["doc_id", *columns]):
                places, rows = self._places(batch)
                tally(places, seen)
                for column in columns:
                    named = rows[column].combine_chunks()
                    codes = pc.fill_null(named.indices, -1).to_numpy(zero_copy_only=False)
                    # A scorer may read several models, which are joined by spaces, or none.
                    for code, value in enumerate(named.dictionary.to_pylist()):
                        scored = places[codes == code]
                        for model in value.split():
                            self.scored_by[model] = self.scored_by.get(model, 0) + len(scored)
                        if not set(value.split()) <= models:
                            unknown.append(scored)
        self._counted(table, seen)
        kind, what = gone
        self._found(kind, table, what.format("scored"), places_of(unknown))

    def _licenses(self) -> None:
        """What `document_licenses` says of each subject, and by which rules, and by which those of copies."""
        table = "document_licenses"
        nothing = self.vocabulary.number(None)
        self.decided = {name: np.full(self.count, nothing if name != "license_tier" else -1) for name in _DECIDED[:2]}
        self.expected_evidence = np.zeros(self.count, np.int64)
        self.resolver = np.full(self.count + len(self.members), nothing)
        self.contradicted = np.zeros(self.count, bool)
        self._opted_out: list[np.ndarray] = []
        self.copy_licenses: dict[str, int] = {}
        seen, seen_copies = np.zeros(self.count, np.int32), np.zeros(len(self.members), np.int32)
        columns = ["doc_id", *self.decided, "opt_out", "contradicted", "evidence_count", "resolver"]
        for stop in self.way.of(table):
            for batch in self.reader.read(stop, columns):
                out = pc.fill_null(batch["opt_out"], False).combine_chunks()
                numbers = numbers_of(batch["doc_id"])
                self._opted_out.append(numbers[np.asarray(out)])
                places, rows = self._places(batch, numbers)
                tally(places, seen)
                for name, known in self.decided.items():
                    known[places] = self.vocabulary.comparable(rows[name])
                self.expected_evidence[places] = rows["evidence_count"].to_numpy()
                self.resolver[places] = self.vocabulary.numbers(rows["resolver"])
                self.contradicted[places] = np.asarray(rows["contradicted"].combine_chunks())
                copies = self.members.index.find(numbers)
                rows, copies = batch.filter(pa.array(copies >= 0)), copies[copies >= 0]
                tally(copies, seen_copies)
                self.resolver[self.count + copies] = self.vocabulary.numbers(rows["resolver"])
                for item in pc.value_counts(rows["license_spdx"].cast(pa.string())).to_pylist():
                    self.copy_licenses[item["values"]] = self.copy_licenses.get(item["values"], 0) + item["counts"]
        self._counted(table, seen)
        self._found("chain", table, "a copy of the document is not there",
                    self.members.behind(seen_copies == 0))
        self.resolved = seen > 0

    def _written_terms(self) -> None:
        """What `document_terms` says of each subject: the rows of the mixture say the same of themselves."""
        table = "document_terms"
        names = {name: column for name, column in self.terms_in.items() if name in self.rows.column_names}
        self.terms = {name: self._of_own(name) for name in names}
        opted_out, seen = np.zeros(self.count, bool), np.zeros(self.count, np.int32)
        spdx, differs = np.full(self.count, self.vocabulary.number(None)), {name: [NONE] for name in names}
        for stop in self.way.of(table):
            for batch in self.reader.read(stop, ["doc_id", *names.values(), "opt_out"]):
                places, rows = self._places(batch)
                tally(places, seen)
                for name, column in names.items():
                    differs[name].append(self._compare(
                        self.terms[name], self.vocabulary.comparable(rows[column]), places))
                spdx[places] = self.vocabulary.comparable(rows[names["license_spdx"]])
                opted_out[places] = np.asarray(pc.fill_null(rows["opt_out"], False).combine_chunks())
        if self.way.of(table):
            self._counted(table, seen)
        for name, places in differs.items():
            self._found("license", table, f"its {name} is another there", places_of(places))
        reserved, of_parents = opted_out[self.parents], spdx[self.parents].tolist()
        self.derivation.hold_to_parents(self.rows, [self.vocabulary.values[code] for code in of_parents], reserved)
        self.reservations = Reservations(
            in_mixture=int(opted_out[:len(self.own)].sum()) + len(self.derivation.of_parents(reserved)),
            parents=int(reserved.sum()),
        )

    # -- evidence -----------------------------------------------------------------------------------------------------

    def _evidence(self) -> None:
        """The statements about each row, the records they were seen in, and reservations about any document."""
        owners, stated, foreign_owner, foreign_record = [NONE], [NONE], [NONE], [np.zeros((0, 2), np.uint64)]
        self._reserving: list[pa.Table] = []
        reserved: dict[str, list[np.ndarray]] = {}
        columns = ["doc_id", "location", "scope", "license_spdx", "confidence", "record_id"]
        counted = np.zeros(self.count, np.int64)
        for stop in self.way.of("license_evidence"):
            for batch in self.reader.read(stop, columns):
                numbers = numbers_of(batch["doc_id"])
                self._note_reservations(batch, numbers, reserved)
                codes = self._statement_codes(batch)
                for places, offset in ((self.members.index.find(numbers), self.count), (self.index.find(numbers), 0)):
                    there = places >= 0
                    owners.append(offset + places[there])
                    stated.append(codes[there])
                counted += np.bincount(places[there], minlength=self.count)
                # Mostly the document's own record; none for the registry and for rulings.
                seen_in = batch["record_id"]
                elsewhere = pc.and_(pc.not_equal(seen_in, batch["doc_id"]), pc.not_equal(seen_in, ""))
                elsewhere = np.asarray(elsewhere.combine_chunks()) & there
                foreign_owner.append(places[elsewhere])
                foreign_record.append(numbers_of(seen_in.filter(pa.array(elsewhere))))
        self.evidence_rows = int(counted.sum())
        differs = self._but_pending(self.resolved & (counted != self.expected_evidence))
        self._found("chain", "license_evidence", "there is more or less evidence than the licence was decided on",
                    np.flatnonzero(differs))
        self._statement_owners, self._statements_of = np.concatenate(owners), np.concatenate(stated)
        self._seen_in_owner, self._seen_in = np.concatenate(foreign_owner), np.concatenate(foreign_record)
        self.reservations.by_location = dict(sorted(
            ((location, len(distinct(np.concatenate(found))[0])) for location, found in reserved.items()),
            key=lambda item: (-item[1], item[0]),
        ))

    def _note_reservations(self, batch: pa.Table, numbers: np.ndarray, reserved: dict[str, list[np.ndarray]]) -> None:
        encoded = batch["license_spdx"].combine_chunks()
        speaks = [OPT_OUT in (value or "") for value in encoded.dictionary.to_pylist()]
        if not any(speaks):
            return
        chosen = np.array(speaks)[encoded.indices.to_numpy(zero_copy_only=False)]
        self._reserving.append(batch.select(EVIDENCE).filter(pa.array(chosen)))
        locations = batch["location"].filter(pa.array(chosen)).combine_chunks()
        numbers = numbers[chosen]
        codes = locations.indices.to_numpy(zero_copy_only=False)
        for code, location in enumerate(locations.dictionary.to_pylist()):
            if (own := codes == code).any():
                reserved.setdefault(location, []).append(numbers[own])

    def _statement_codes(self, rows: pa.Table) -> np.ndarray:
        """The number of the statement that each row of evidence makes."""
        parts = []
        for name in ("location", "scope", "license_spdx", "confidence"):
            encoded = rows[name].combine_chunks()
            parts.append(encoded if pa.types.is_dictionary(encoded.type) else encoded.dictionary_encode())
        joined = np.zeros(rows.num_rows, np.int64)
        for part in parts:
            joined = joined * max(len(part.dictionary), 1) + part.indices.to_numpy(zero_copy_only=False)
        number, first = renumber(joined)
        known = [self.statements.number(Said(*(part[place].as_py() for part in parts))) for place in first.tolist()]
        return np.array(known, np.int64)[number] if known else NONE

    def _documents(self) -> None:
        """The document that each row was, and the record it was extracted from; hosts of those who opted out; of
        subjects and their copies, host and date."""
        self.record = np.zeros((self.count, 2), np.uint64)
        whole = self.count + len(self.members)
        self.host, self.fetched_at = np.full(whole, self.vocabulary.number(None)), np.full(whole, -1, np.int64)
        seen, differs = np.zeros(self.count, np.int32), [NONE]
        opted = distinct(np.concatenate([np.zeros((0, 2), np.uint64), *self._opted_out]))[0]
        self.reservations.documents = len(opted)
        index = IdIndex(opted)
        hosts: dict[str, int] = {}
        self.extracted_by: dict[str, int] = {}
        self._hashes: list[pa.Table] = []
        mine = self.said["source"]
        for stop in self.way.of("documents"):
            for batch in self.reader.read(
                stop, ["doc_id", "record_id", "source", "host", "extractor", "fetched_at", "text_hash"]
            ):
                self._hashes.append(batch.select(["doc_id", "text_hash"]))
                numbers = numbers_of(batch["doc_id"])
                batch = batch.drop_columns("text_hash")
                copies = self.members.index.find(numbers)
                self._note_origin(self.count + copies[copies >= 0], batch.filter(pa.array(copies >= 0)))
                if len(index):
                    out = index.find(numbers) >= 0
                    for item in pc.value_counts(batch["host"].filter(pa.array(out)).cast(pa.string())).to_pylist():
                        hosts[item["values"]] = hosts.get(item["values"], 0) + item["counts"]
                places, rows = self._places(batch, numbers)
                tally(places, seen)
                self.record[places] = numbers_of(rows["record_id"])
                self._note_origin(places, rows)
                for item in pc.value_counts(rows["extractor"]).to_pylist():
                    self.extracted_by[item["values"]] = self.extracted_by.get(item["values"], 0) + item["counts"]
                differs.append(places[self.vocabulary.numbers(rows["source"]) != mine[places]])
        if self.way.of("documents"):
            self._counted("documents", seen)
        self._documented = seen > 0
        self._found("chain", "documents", "its source is another there", places_of(differs))
        self.reservations.by_host = dict(sorted(hosts.items(), key=lambda item: (-item[1], item[0])))

    def _note_origin(self, places: np.ndarray, rows: pa.Table) -> None:
        self.host[places] = self.vocabulary.numbers(rows["host"])
        self.fetched_at[places] = pc.fill_null(rows["fetched_at"].cast(pa.int64()), -1).to_numpy()

    def _records(self) -> None:
        """The record of each document, and the records in which evidence was seen; what is reserved by any record."""
        self.reserved = Reserved(self.reader, self.way, self._reserving, self._hashes)
        if not self.way.of("raw_crawls"):
            return
        wanted, inverse = distinct(np.concatenate([self.record, self._seen_in]))
        index, there = IdIndex(wanted), np.zeros(len(wanted), bool)
        places = index.find(numbers_of(self.reserved.records["record_id"]))
        there[places[places >= 0]] = True
        own, elsewhere = there[inverse[:self.count]], there[inverse[self.count:]]
        self._found("chain", "raw_crawls", "the record that it was extracted from is not there",
                    np.flatnonzero(self._documented & ~own))
        self._found("chain", "raw_crawls", "a record in which evidence was seen is not there",
                    places_of([self._seen_in_owner[~elsewhere]]))

    # -- terms --------------------------------------------------------------------------------------------------------

    def _terms(self, admitted: Sequence[int] | None) -> None:
        """The licence of each row against what is admitted, and that of each subject against its evidence."""
        if admitted is not None:
            tiers = pc.fill_null(self.rows["license_tier"], -1).to_numpy()
            above = np.flatnonzero(~np.isin(tiers, list(admitted)))
            for tier in np.unique(tiers[above]):
                self.findings.append(
                    Finding("license", self.name, f"tier {tier} is not admitted", above[tiers[above] == tier])
                )
        self._combine()
        decided = self.decided
        cases = np.stack(
            [self.combination[:self.count], decided["license_spdx"], decided["license_tier"],
             self.resolver[:self.count]], axis=1
        )
        number, first = renumber_rows(cases)
        verdicts = [self._judge(*case) for case in cases[first].tolist()]
        by_verdict: dict[tuple[str, str], list[int]] = {}
        for case, verdict in enumerate(verdicts):
            for reason in verdict:
                by_verdict.setdefault(reason, []).append(case)
        for (table, what), against in sorted(by_verdict.items()):
            self._found("license", table, what, np.flatnonzero(self._but_pending(np.isin(number, against))))

    def _lineage(self) -> None:
        """The licence of each subject against all that its source is made from."""
        if "source" in self.said and "license_spdx" in self.decided:
            places = (self.said["source"], self.decided["license_spdx"], self.combination[:self.count])
            found = broken(chains_of(self.reader, self.way), *places, self.vocabulary.values, self.combinations)
            for what, subjects in found:
                self._found("license", LINEAGE, what, subjects)

    def _combine(self) -> None:
        """Number the distinct sets of statements: `combination` per subject and member, `combinations` by number."""
        pairs = np.sort(self._statement_owners * max(len(self.statements.values), 1) + self._statements_of)
        pairs = pairs[np.diff(pairs, prepend=-1) != 0]
        owner, code = np.divmod(pairs, max(len(self.statements.values), 1))
        lengths = np.bincount(owner, minlength=self.count + len(self.members))
        starts = np.concatenate([[0], np.cumsum(lengths)])[:-1]
        self.combination = np.zeros(len(lengths), np.int64)
        self.combinations: list[frozenset[Said]] = [frozenset()]
        for length in np.unique(lengths[lengths > 0]):
            rows = np.flatnonzero(lengths == length)
            members = code[starts[rows][:, None] + np.arange(length)]
            number, first = renumber_rows(members)
            self.combination[rows] = number + len(self.combinations)
            self.combinations += [
                frozenset(self.statements.values[code] for code in codes) for codes in members[first].tolist()
            ]

    def _copies(self) -> np.ndarray:
        """The terms of each subject against those that its evidence and its copies make; places of contested rows."""
        numbers = np.concatenate([self.numbers, self.members.numbers])
        stands = self.reserved.of(numbers)
        bound = bound_by_pairs(self.reader, self.way, lambda ids: self.reserved.of(ids) | self.held.reserves(ids))
        stands[:self.count] |= bound.find(self.numbers) >= 0
        every = np.concatenate([np.arange(self.count), self.count + self.members.place])
        documents = Documents(
            self.combination[every], self.resolver[every], self.host[every], self.vocabulary.values,
            self.fetched_at[every], stands[every],
        )
        given = (documents, self.members.holder, self.combinations, self.vocabulary.values, settings_of(self.way))
        expected = expected_terms(*given, held=self.held.by_place)
        wrong = self.resolved & ~self._agree(expected)
        if self.held.by_place and not self.held.written:
            # Terms that were written before the takedown are what evidence and copies make, or made, of them.
            wrong &= ~self._agree(expected_terms(*given))
        free = np.array([OPT_OUT not in (value or "") for value in self.vocabulary.values])[self.terms["license_spdx"]]
        said = self._said_before(wrong)
        self._pending(said)
        wrong &= ~said
        self._found("license", "duplicates", "a reservation of it, or of a copy of it, is passed over",
                    np.flatnonzero(wrong & expected.reserved & free))
        self._found("license", "duplicates", "its evidence and its copies amount to other terms",
                    np.flatnonzero(wrong & ~(expected.reserved & free)))
        again = np.flatnonzero(self.reserved.passed_over(numbers))
        again = np.unique(np.where(again < self.count, again, np.append(self.members.owner, 0)[again - self.count]))
        again = again[again >= 0]
        again = again[free[again] & ~said[again]]
        self._found("license", "reservations", "nothing later takes back a reservation of it or of a copy of it", again)
        tiers = np.array([tier(one) for one in expected.expressions] or [0])
        disputed = tiers[expected.binding] > tiers[expected.claimed]
        return np.union1d(
            self.own[disputed[:len(self.own)]], self.derivation.of_parents(disputed[self.parents])
        )

    def _but_pending(self, subjects: np.ndarray) -> np.ndarray:
        """The marked subjects but for those whose evidence went with a takedown since; these are noted."""
        said = self._said_before(subjects)
        self._pending(said)
        return subjects & ~said

    def _agree(self, expected: Expected) -> np.ndarray:
        """Which subjects have the terms that are expected of them, by the code of today or of before."""
        claims = self.terms_in["license_spdx"] != "license_spdx"
        known = np.array([[self.vocabulary.number(one), tier(one)] for one in expected.expressions] or [[0, 0]])
        found = np.zeros(self.count, bool)
        for which in ((expected.claimed, expected.claimed_once) if claims else (expected.binding,
                                                                                expected.binding_once)):
            found |= (known[which, 0] == self.terms["license_spdx"]) & (known[which, 1] == self.terms["license_tier"])
        return found

    def _said_before(self, subjects: np.ndarray) -> np.ndarray:
        """Which of the marked subjects are used on the very terms that they had before a takedown took away what
        stated them."""
        found = np.zeros(self.count, bool)
        column = "claim" if self.terms_in["license_spdx"] != "license_spdx" else "terms"
        for place, held in self.held.stale.items():
            if subjects[place]:
                found[place] = self.vocabulary.values[self.terms["license_spdx"][place]] == getattr(held, column)
        return found

    def _pending(self, subjects: np.ndarray) -> None:
        """Note subjects of which what made their terms went with a takedown since."""
        by: dict[str, list[int]] = {}
        for place in np.flatnonzero(subjects).tolist():
            by.setdefault(", ".join(self.held.stale[place].takedowns), []).append(place)
        for takedowns, places in sorted(by.items()):
            self._found("pending", "takedown_list", STALE.format(takedowns), np.array(places, np.int64))

    def _contradictions(self) -> tuple[np.ndarray, np.ndarray]:
        """Places of rows whose evidence, or that of a parent, does not agree; and the set of statements of every row,
        which is that of the first such parent where it has several."""
        found = self.derivation
        combination = np.zeros(self.rows.num_rows, np.int64)
        combination[self.own] = self.combination[:len(self.own)]
        disputed = self.contradicted[self.parents][found.parent]
        owners, first = np.unique(found.owner[disputed], return_index=True)
        combination[found.rows[owners]] = self.combination[self.parents][found.parent][disputed][first]
        own = self.own[self.contradicted[:len(self.own)]]
        return np.union1d(own, found.rows[owners]), combination

    def _judge(self, combination: int, spdx: int, license_tier: int, resolver: int) -> list[tuple[str, str]]:
        """Tables and reasons against a licence, given the statements."""
        evidence = self.combinations[combination]
        stated, rules = self.vocabulary.values[spdx] or "", self.vocabulary.values[resolver]
        found = [
            ("license_evidence", f"the evidence does not bear the licence: {LAWS[law]}")
            for law in broken_laws(stated, license_tier, evidence)
        ]
        if rules not in RESOLVERS:
            return [*found, ("document_licenses", "no known rules decided the licence")]
        decision = decide(sorted(Statement(*said) for said in evidence), rules)
        if (decision.license_spdx, decision.license_tier) != (stated, license_tier):
            found.append(("license_evidence", f"the evidence amounts to another licence by {rules}"))
        return found
