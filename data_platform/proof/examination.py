"""The examination of a mixture: every row followed back to its record and its evidence, every licence derived anew.

All tables on the way are read at the versions that the commits pin, narrow columns only, batch by batch, and joined by
id to the rows of the mixture. What a row fails is a finding that names the table and says what is wrong there; a row
without a finding has an unbroken chain, and its licence is what its evidence says. Texts are read only if asked for,
and compared by digest.

The licence is derived twice from the rows of `license_evidence`: by the rules of the resolver that the row of
`document_licenses` names, statement by statement, and by laws that every lawful decision obeys (`terms`). Both are
asked once per distinct set of statements.

Here belong the joins and the findings. Not here: whose commits the tables are made of (`custody`, `way`), totals and
their presentation (`audit`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_platform.core.errors import PlainError
from data_platform.core.tables import table as declared
from data_platform.lake.lake import Lake
from data_platform.lake.writer import filesystem
from data_platform.licenses.resolve import RESOLVERS, Statement, decide
from data_platform.proof.ids import IdIndex, distinct, numbers_of
from data_platform.proof.terms import LAWS, Said, broken_laws
from data_platform.proof.way import Stop, Way
from data_platform.spdx.expressions import OPT_OUT

if TYPE_CHECKING:
    from deltalake import DeltaTable

BATCH_ROWS = 262_144
_TEXT_ROWS = 4_096

CHAIN = ("raw_crawls", "documents", "license_evidence", "document_licenses")
"""Tables that every chain leads through, whatever else a recipe asks for."""

_CODED = ("snapshot", "source", "domain", "host", "language", "license_spdx", "license_basis", "location", "scope",
          "resolver", "extractor", "outcome", "perplexity_model", "quality_model")
"""Columns of few values: read as numbers and a dictionary."""
_ROW_COLUMNS = ("doc_id", "snapshot", "source", "domain", "host", "token_count", "byte_count", "language",
                "license_spdx", "license_tier", "license_basis")
_SAME = ("source", "domain", "host", "token_count", "byte_count", "language")
"""Columns of a mixture that are passed on unchanged from the deduplicated documents."""

_CONDITIONS: dict[str, tuple[str, Callable[[pa.Table], pa.ChunkedArray], str]] = {
    "duplicates": ("kept", lambda rows: rows["kept"], "it was dropped there as a copy of another"),
    "filter_verdicts": ("kept", lambda rows: rows["kept"], "it was dropped there by a rule"),
    "refinement_programs": ("outcome", lambda rows: pc.not_equal(rows["outcome"].cast(pa.string()), "dropped"),
                            "it was dropped there"),
}
"""What has to be true of the row of a table for the document to go on: columns, condition, and what is said if not."""

_PLAIN = ("filtered_documents", "document_branches")
"""Further tables that every document of a mixture leads through, where they are on the way."""


class CannotExamine(PlainError, RuntimeError):
    """A table on the way cannot be read: older code wrote it without the columns that are asked, or its files are gone.
    The message says which."""


@dataclass(frozen=True)
class Finding:
    """What is wrong with some rows of a mixture: at which table, what, and which rows, as places in `rows`."""

    kind: str
    """chain: a link is missing or does not fit. license: the licence is not what the evidence says, or not admitted."""
    table: str
    what: str
    rows: np.ndarray


@dataclass
class Vocabulary:
    """Values and their numbers, in the order in which they came."""

    values: list[Any] = field(default_factory=list)
    _numbers: dict[Any, int] = field(default_factory=dict)

    def number(self, value: Any) -> int:
        """The number of a value, a new one if it is new."""
        if value not in self._numbers:
            self._numbers[value] = len(self.values)
            self.values.append(value)
        return self._numbers[value]

    def numbers(self, column: pa.ChunkedArray) -> np.ndarray:
        """The numbers of a column of values."""
        encoded = column.combine_chunks()
        if not pa.types.is_dictionary(encoded.type):
            encoded = encoded.dictionary_encode()
        known = np.array([self.number(value) for value in encoded.dictionary.to_pylist()] or [0], np.int64)
        indices = pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False)
        result = known[indices]
        if encoded.indices.null_count:
            result[np.asarray(encoded.indices.is_null())] = self.number(None)
        return result


@dataclass
class Reservations:
    """Documents that were met on the way and reserved against, of the mixture or not."""

    documents: int = 0
    in_mixture: int = 0
    by_location: dict[str, int] = field(default_factory=dict)
    by_host: dict[str, int] = field(default_factory=dict)


@dataclass
class Examination:
    """What was found of a mixture.

    Attributes:
        rows: narrow columns of its rows, strings dictionary-encoded.
        findings: what some of them fail.
        contradicted: places of rows whose evidence does not agree.
        combination: per row the number of its set of statements in `statements`.
        statements: the distinct sets of statements.
        reservations: who opted out, also of documents that are not in the mixture.
        evidence_rows: observations about rows of the mixture.
        scored_by: rows by the model that scored them.
        extracted_by: rows by the extractor that made their text.
    """

    rows: pa.Table
    findings: list[Finding]
    contradicted: np.ndarray
    combination: np.ndarray
    statements: list[frozenset[Said]]
    reservations: Reservations
    evidence_rows: int
    scored_by: dict[str, int]
    extracted_by: dict[str, int]

    @property
    def broken(self) -> np.ndarray:
        """Places of all rows with a finding."""
        places = [finding.rows for finding in self.findings]
        return np.unique(np.concatenate(places)) if places else np.zeros(0, np.int64)


def examine(lake: Lake, way: Way, admitted: Sequence[int] | None, texts: bool = False) -> Examination:
    """Examine all rows of the table that `way` begins with.

    Args:
        admitted: tiers that the mixture admits; None to ask for no tier.
        texts: whether to read the texts too, and compare them with those of the deduplicated documents.

    Raises:
        CannotExamine: if a table on the way lacks a column that is asked for.
    """
    return _Examiner(lake, way).examine(admitted, texts)


class _Examiner:
    """Goes from table to table and keeps, of every row, what was seen of it."""

    def __init__(self, lake: Lake, way: Way) -> None:
        self.lake = lake
        self.way = way
        self.name = way.tables[0]
        self._handles: dict[tuple[str, int], DeltaTable] = {}
        self.findings: list[Finding] = []
        self.rows = self._mixture_rows()
        self.count = self.rows.num_rows
        self.ids = numbers_of(self.rows["doc_id"])
        self.index = IdIndex(self.ids)
        self.vocabulary = Vocabulary()
        self.statements = Vocabulary()

    def examine(self, admitted: Sequence[int] | None, texts: bool) -> Examination:
        """Everything, in the order in which one table needs what another said."""
        self._found("chain", self.name, "the document stands here more than once", self.index.repeated())
        for table in ("raw_crawls", "documents"):
            if not self.way.of(table):
                self._found("chain", table, "the table is not on the way at all", np.arange(self.count))
        self._simple_links()
        self._unchanged()
        if texts:
            self._texts()
        self._scores()
        self._licenses()
        self._evidence()
        self._documents()
        self._records()
        self._terms(admitted)
        rows = self.rows
        return Examination(
            rows, self.findings, np.flatnonzero(self.contradicted), self.combination, self.combinations,
            self.reservations, self.evidence_rows, self.scored_by, self.extracted_by,
        )

    # -- reading ------------------------------------------------------------------------------------------------------

    def _mixture_rows(self) -> pa.Table:
        stop = next(iter(self.way.stops.values()))
        there = set(self._columns(stop)) - set(declared(stop.table).partition_by)
        names = [name for name in _ROW_COLUMNS if name in there]
        whole = Stop(stop.table, "", stop.version, stop.commit)
        return pa.concat_tables([self._empty(whole, names), *self._read(whole, names)]).unify_dictionaries()

    def _open(self, stop: Stop) -> DeltaTable:
        key = stop.table, stop.version
        if key not in self._handles:
            self._handles[key] = self.lake.open(*key)
        return self._handles[key]

    def _columns(self, stop: Stop) -> list[str]:
        return pa.schema(self._open(stop).schema().to_arrow()).names

    def _empty(self, stop: Stop, names: Sequence[str]) -> pa.Table:
        stored = pa.schema(self._open(stop).schema().to_arrow())
        types = [_CODES if name in _CODED else stored.field(name).type for name in names]
        return pa.schema(zip(names, types, strict=True)).empty_table()

    def _files(self, stop: Stop) -> list[str]:
        """Paths of the files of a partition as it was read on the way, within the table."""
        actions = pa.table(self._open(stop).get_add_actions(flatten=True))
        pairs = zip(declared(stop.table).partition_by, stop.partition.split("/"), strict=False)
        for key, value in pairs:
            if value and actions.num_rows:
                actions = actions.filter(pc.equal(actions[f"partition.{key}"], value))
        return [unquote(path) for path in actions["path"].to_pylist()] if actions.num_rows else []

    def _read(self, stop: Stop, names: Sequence[str], batch_rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
        """Rows of a partition as it was read on the way, in large batches.

        The files are read here and not through a dataset, which cannot leave dictionaries as they are stored: of half
        the columns that are asked for, this saves the decoding.
        """
        missing = [name for name in names if name not in self._columns(stop)]
        if missing:
            raise CannotExamine(f"{stop.table} version {stop.version} has no column {', '.join(missing)}: older code "
                                "wrote it; run the recipe again")
        system = filesystem(self.lake.table_uri(stop.table), self.lake.storage_options)
        coded = [name for name in names if name in _CODED]
        for path in self._files(stop):
            try:
                with system.open_input_file(path) as source:
                    file = pq.ParquetFile(source, read_dictionary=coded)
                    for batch in file.iter_batches(batch_size=batch_rows, columns=list(names)):
                        yield pa.table([_coded(batch[name]) if name in coded else batch[name] for name in names],
                                       names=list(names))
            except FileNotFoundError:
                raise CannotExamine(f"{stop.table} version {stop.version} cannot be read any more: files of it were "
                                    "deleted") from None

    def _places(self, rows: pa.Table, column: str = "doc_id") -> tuple[np.ndarray, pa.Table]:
        """Places in the mixture of the rows that are in it, and those rows."""
        places = self.index.find(numbers_of(rows[column]))
        there = places >= 0
        if there.all():
            return places, rows
        return places[there], rows.filter(pa.array(there))

    def _found(self, kind: str, table: str, what: str, rows: np.ndarray) -> None:
        if len(rows):
            self.findings.append(Finding(kind, table, what, np.asarray(rows, np.int64)))

    def _counted(self, table: str, seen: np.ndarray) -> None:
        """Findings of a table that has to have each document once."""
        self._found("chain", table, "the document is not there", np.flatnonzero(seen == 0))
        self._found("chain", table, "the document stands there more than once", np.flatnonzero(seen > 1))

    # -- links --------------------------------------------------------------------------------------------------------

    def _simple_links(self) -> None:
        """Tables that the document has to be in, and must not be dropped by."""
        for table in self.way.tables[1:]:
            if table not in _CONDITIONS and table not in _PLAIN:
                continue
            column, condition, refusal = _CONDITIONS.get(table, ("", None, ""))
            seen, dropped = np.zeros(self.count, np.int32), []
            for stop in self.way.of(table):
                for batch in self._read(stop, ["doc_id", column] if column else ["doc_id"]):
                    places, rows = self._places(batch)
                    _tally(places, seen)
                    if condition:
                        fails = ~np.asarray(pc.fill_null(condition(rows), False).combine_chunks())
                        dropped.append(places[fails])
            self._counted(table, seen)
            if dropped:
                self._found("chain", table, refusal, np.unique(np.concatenate(dropped)))

    def _unchanged(self) -> None:
        """The row says of itself what the deduplicated document says."""
        table = "deduplicated_documents"
        if table == self.name or not self.way.of(table):
            return
        names = [name for name in _SAME if name in self.rows.column_names]
        mine = {name: self._comparable(self.rows[name]) for name in names}
        seen = np.zeros(self.count, np.int32)
        differs: dict[str, list[np.ndarray]] = {name: [] for name in names}
        for stop in self.way.of(table):
            for batch in self._read(stop, ["doc_id", *names]):
                places, rows = self._places(batch)
                _tally(places, seen)
                for name in names:
                    differs[name].append(places[self._comparable(rows[name]) != mine[name][places]])
        self._counted(table, seen)
        for name, places in differs.items():
            self._found("chain", table, f"its {name} is another there", np.unique(np.concatenate([*places, _NONE])))

    def _texts(self) -> None:
        """The row has the text of the deduplicated document, and of no other."""
        table = "deduplicated_documents"
        if table == self.name or not self.way.of(table):
            return
        mine = np.zeros((self.count, 2), np.uint64)
        differs = [_NONE]
        start = next(iter(self.way.stops.values()))
        for batch in self._read(Stop(start.table, "", start.version, start.commit), ["doc_id", "text"], _TEXT_ROWS):
            places, rows = self._places(batch)
            mine[places] = _digests(rows["text"])
        for stop in self.way.of(table):
            for batch in self._read(stop, ["doc_id", "text"], _TEXT_ROWS):
                places, rows = self._places(batch)
                differs.append(places[(_digests(rows["text"]) != mine[places]).any(axis=1)])
        self._found("chain", table, "its text is another there", np.unique(np.concatenate(differs)))

    def _scores(self) -> None:
        """The models that scored each row, which must be on the way themselves."""
        self.scored_by: dict[str, int] = {}
        table, columns = "quality_annotations", ("perplexity_model", "quality_model")
        if not self.way.of(table):
            return
        models = [
            model for name in ("language_model", "quality_classifier") for stop in self.way.of(name)
            for rows in self._read(stop, ["model_id"]) for model in rows["model_id"].to_pylist()
        ]
        seen, unknown = np.zeros(self.count, np.int32), [_NONE]
        for stop in self.way.of(table):
            for batch in self._read(stop, ["doc_id", *columns]):
                places, rows = self._places(batch)
                _tally(places, seen)
                for column in columns:
                    for item in pc.value_counts(rows[column].cast(pa.string())).to_pylist():
                        self.scored_by[item["values"]] = self.scored_by.get(item["values"], 0) + item["counts"]
                    known = pc.is_in(rows[column].cast(pa.string()), value_set=pa.array(models, pa.string()))
                    unknown.append(places[~np.asarray(known.combine_chunks())])
        self._counted(table, seen)
        self._found("chain", table, "a model scored it that is not on the way", np.unique(np.concatenate(unknown)))

    def _comparable(self, column: pa.ChunkedArray) -> np.ndarray:
        if pa.types.is_dictionary(column.type):
            return self.vocabulary.numbers(column)
        return pc.fill_null(column, -1).to_numpy()

    def _licenses(self) -> None:
        """What `document_licenses` says of each row."""
        table, names = "document_licenses", ("license_spdx", "license_tier", "license_basis")
        compared = [name for name in names if name in self.rows.column_names]
        mine = {name: self._comparable(self.rows[name]) for name in compared}
        self.expected_evidence = np.zeros(self.count, np.int64)
        self.resolver = np.full(self.count, self.vocabulary.number(None), np.int64)
        self.contradicted = np.zeros(self.count, bool)
        self.reservations = Reservations()
        self._opted_out: list[np.ndarray] = []
        seen, differs = np.zeros(self.count, np.int32), {name: [_NONE] for name in compared}
        columns = ["doc_id", *compared, "opt_out", "contradicted", "evidence_count", "resolver"]
        for stop in self.way.of(table):
            for batch in self._read(stop, columns):
                out = pc.fill_null(batch["opt_out"], False).combine_chunks()
                self._opted_out.append(numbers_of(batch["doc_id"].filter(out)))
                places, rows = self._places(batch)
                _tally(places, seen)
                for name in compared:
                    differs[name].append(places[self._comparable(rows[name]) != mine[name][places]])
                self.expected_evidence[places] = rows["evidence_count"].to_numpy()
                self.resolver[places] = self.vocabulary.numbers(rows["resolver"])
                self.contradicted[places] = np.asarray(rows["contradicted"].combine_chunks())
                self.reservations.in_mixture += pc.sum(rows["opt_out"]).as_py() or 0
        self._counted(table, seen)
        self.resolved = seen > 0
        for name, places in differs.items():
            self._found("license", table, f"its {name} is another there", np.unique(np.concatenate(places)))

    # -- evidence -----------------------------------------------------------------------------------------------------

    def _evidence(self) -> None:
        """The statements about each row, the records they were seen in, and reservations about any document."""
        owners, codes, foreign_owner, foreign_record = [_NONE], [_NONE], [_NONE], [np.zeros((0, 2), np.uint64)]
        reserved: dict[str, list[np.ndarray]] = {}
        columns = ["doc_id", "location", "scope", "license_spdx", "confidence", "record_id"]
        counted = np.zeros(self.count, np.int64)
        for stop in self.way.of("license_evidence"):
            for batch in self._read(stop, columns):
                numbers = numbers_of(batch["doc_id"])
                self._note_reservations(batch, numbers, reserved)
                places = self.index.find(numbers)
                there = places >= 0
                rows, places, numbers = batch.filter(pa.array(there)), places[there], numbers[there]
                counted += np.bincount(places, minlength=self.count)
                owners.append(places)
                codes.append(self._statement_codes(rows))
                # Mostly the document's own record; none for the registry and for rulings.
                seen_in = rows["record_id"]
                elsewhere = pc.and_(pc.not_equal(seen_in, rows["doc_id"]), pc.not_equal(seen_in, ""))
                foreign_owner.append(places[np.asarray(elsewhere.combine_chunks())])
                foreign_record.append(numbers_of(seen_in.filter(elsewhere)))
        self.evidence_rows = int(counted.sum())
        differs = self.resolved & (counted != self.expected_evidence)
        self._found("chain", "license_evidence", "there is more or less evidence than the licence was decided on",
                    np.flatnonzero(differs))
        self._statement_owners, self._statements_of = np.concatenate(owners), np.concatenate(codes)
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
        number, first = _renumber(joined)
        known = [self.statements.number(Said(*(part[place].as_py() for part in parts))) for place in first.tolist()]
        return np.array(known, np.int64)[number] if known else _NONE

    def _documents(self) -> None:
        """The document that each row was, and the record it was extracted from; hosts of those who opted out."""
        self.record = np.zeros((self.count, 2), np.uint64)
        seen, differs = np.zeros(self.count, np.int32), [_NONE]
        opted = distinct(np.concatenate([np.zeros((0, 2), np.uint64), *self._opted_out]))[0]
        self.reservations.documents = len(opted)
        index = IdIndex(opted)
        hosts: dict[str, int] = {}
        self.extracted_by: dict[str, int] = {}
        mine = self.vocabulary.numbers(self.rows["source"])
        for stop in self.way.of("documents"):
            for batch in self._read(stop, ["doc_id", "record_id", "source", "host", "extractor"]):
                if len(index):
                    out = index.find(numbers_of(batch["doc_id"])) >= 0
                    for item in pc.value_counts(batch["host"].filter(pa.array(out)).cast(pa.string())).to_pylist():
                        hosts[item["values"]] = hosts.get(item["values"], 0) + item["counts"]
                places, rows = self._places(batch)
                _tally(places, seen)
                self.record[places] = numbers_of(rows["record_id"])
                for item in pc.value_counts(rows["extractor"].cast(pa.string())).to_pylist():
                    self.extracted_by[item["values"]] = self.extracted_by.get(item["values"], 0) + item["counts"]
                differs.append(places[self.vocabulary.numbers(rows["source"]) != mine[places]])
        if self.way.of("documents"):
            self._counted("documents", seen)
        self._documented = seen > 0
        self._found("chain", "documents", "its source is another there", np.unique(np.concatenate(differs)))
        self.reservations.by_host = dict(sorted(hosts.items(), key=lambda item: (-item[1], item[0])))

    def _records(self) -> None:
        """The record of each document, and the records in which evidence was seen."""
        if not self.way.of("raw_crawls"):
            return
        wanted, inverse = distinct(np.concatenate([self.record, self._seen_in]))
        index, there = IdIndex(wanted), np.zeros(len(wanted), bool)
        for stop in self.way.of("raw_crawls"):
            for batch in self._read(stop, ["record_id"]):
                places = index.find(numbers_of(batch["record_id"]))
                there[places[places >= 0]] = True
        own, elsewhere = there[inverse[:self.count]], there[inverse[self.count:]]
        self._found("chain", "raw_crawls", "the record that it was extracted from is not there",
                    np.flatnonzero(self._documented & ~own))
        self._found("chain", "raw_crawls", "a record in which evidence was seen is not there",
                    np.unique(self._seen_in_owner[~elsewhere]))

    # -- terms --------------------------------------------------------------------------------------------------------

    def _terms(self, admitted: Sequence[int] | None) -> None:
        """The licence of each row against what is admitted, and against its evidence."""
        tiers = pc.fill_null(self.rows["license_tier"], -1).to_numpy()
        if admitted is not None:
            above = np.flatnonzero(~np.isin(tiers, list(admitted)))
            for tier in np.unique(tiers[above]):
                self._found("license", self.name, f"tier {tier} is not admitted", above[tiers[above] == tier])
        self._combine()
        spdx = self.vocabulary.numbers(self.rows["license_spdx"])
        cases = np.stack([self.combination, spdx, tiers.astype(np.int64), self.resolver], axis=1)
        number, first = _renumber_rows(cases)
        verdicts = [self._judge(*case) for case in cases[first].tolist()]
        by_verdict: dict[tuple[str, str], list[int]] = {}
        for case, verdict in enumerate(verdicts):
            for reason in verdict:
                by_verdict.setdefault(reason, []).append(case)
        for (table, what), against in sorted(by_verdict.items()):
            self._found("license", table, what, np.flatnonzero(np.isin(number, against)))

    def _combine(self) -> None:
        """Number the distinct sets of statements: `combination` per row, `combinations` by number."""
        pairs = np.sort(self._statement_owners * max(len(self.statements.values), 1) + self._statements_of)
        pairs = pairs[np.diff(pairs, prepend=-1) != 0]
        owner, code = np.divmod(pairs, max(len(self.statements.values), 1))
        lengths = np.bincount(owner, minlength=self.count)
        starts = np.concatenate([[0], np.cumsum(lengths)])[:-1]
        self.combination = np.zeros(self.count, np.int64)
        self.combinations: list[frozenset[Said]] = [frozenset()]
        for length in np.unique(lengths[lengths > 0]):
            rows = np.flatnonzero(lengths == length)
            members = code[starts[rows][:, None] + np.arange(length)]
            number, first = _renumber_rows(members)
            self.combination[rows] = number + len(self.combinations)
            self.combinations += [
                frozenset(self.statements.values[code] for code in codes) for codes in members[first].tolist()
            ]

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


_NONE = np.zeros(0, np.int64)
_CODES = pa.dictionary(pa.int32(), pa.string())


def _coded(column: pa.Array) -> pa.Array:
    """A column of few values as numbers and a dictionary, however the file has it."""
    if column.type == _CODES:
        return column
    return column.cast(pa.string()).dictionary_encode().cast(_CODES)


def _digests(texts: pa.ChunkedArray) -> np.ndarray:
    from data_platform.kernels.ids import digest_texts

    column = pc.fill_null(texts, "").cast(pa.large_string()).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks)
    digests = np.zeros((len(column), 2), np.uint64)
    if len(column):
        offsets = np.frombuffer(column.buffers()[1], np.int64)[column.offset:column.offset + len(column) + 1]
        digest_texts(np.frombuffer(column.buffers()[2] or b"", np.uint8), offsets, digests)
    return digests


def _tally(places: np.ndarray, counts: np.ndarray) -> None:
    from data_platform.kernels.ids import tally

    tally(places, counts)


_DENSE = 2**22
"""Numbers up to this one are renumbered through a table, greater ones by sorting."""


def _renumber(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers without gaps in place of others that are not negative, in their order; and where each stands first."""
    if not len(values) or values.max() >= _DENSE:
        _, first, number = np.unique(values, return_index=True, return_inverse=True)
        return number.reshape(-1), first
    first = np.full(int(values.max()) + 1, -1, np.int64)
    first[values[::-1]] = np.arange(len(values) - 1, -1, -1)
    there = first >= 0
    return (np.cumsum(there) - 1)[values], first[there]


def _renumber_rows(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `_renumber`, of the rows of a matrix. Exact: column by column, each pair of numbers becomes one."""
    number = np.zeros(len(values), np.int64)
    first = number[:1]
    for column in values.T:
        codes, _ = _renumber(column - column.min(initial=0))
        number, first = _renumber(number * (int(codes.max(initial=0)) + 1) + codes)
    return number, first
