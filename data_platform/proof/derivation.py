"""Derived rows of a mixture: which rows they are, who their parents are, and whether these are all and the right ones.

A derived row leads to no record of its own. It is in the table of the stage that made it, as it is in the mixture, and
`parents` names the documents that it was made of; its id is a hash of theirs, so that other parents would be those of
another text. What the parents are themselves, the whole chain back, `examination` asks of each; here the row is then
held to what was found of them: the AND of their licences, the tier of that, and every reservation.

Here belongs what is asked of derived rows and of nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.synthesiser import derived_id
from data_platform.core.tables import kind_of
from data_platform.core.tables import table as declared
from data_platform.proof.finding import Finding
from data_platform.proof.ids import IdIndex, distinct, numbers_of
from data_platform.proof.numbering import NONE, Vocabulary, places_of
from data_platform.proof.reading import TEXT_ROWS, Reader, digests, tally
from data_platform.proof.way import Stop, Way
from data_platform.spdx.algebra import derived
from data_platform.spdx.expressions import UNKNOWN

_TERMS = ("license_spdx", "license_tier", "license_basis")


@dataclass(frozen=True)
class Maker:
    """What made derived texts: a method at its version, and the models that it read."""

    table: str
    method: str
    version: int
    models: str
    prompt: str


@dataclass
class Derivation:
    """The derived rows of a mixture.

    Attributes:
        rows: their places in the mixture, ascending.
        table: per derived row the number of its table in `tables`.
        parents: the distinct parents, as numbers of ids.
        owner: per pair of row and parent the place of the row among `rows`, ascending.
        parent: per pair the place of the parent among `parents`, in the order of the family.
        makers: rows by what made them.
        maker: per derived row the number of its maker in `makers`, -1 if nobody tells.
        findings: what some of them fail, as places in the mixture.
    """

    tables: list[str] = field(default_factory=list)
    rows: np.ndarray = field(default_factory=lambda: NONE)
    table: np.ndarray = field(default_factory=lambda: NONE)
    parents: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.uint64))
    owner: np.ndarray = field(default_factory=lambda: NONE)
    parent: np.ndarray = field(default_factory=lambda: NONE)
    makers: list[Maker] = field(default_factory=list)
    maker: np.ndarray = field(default_factory=lambda: NONE)
    findings: list[Finding] = field(default_factory=list)

    def of_parents(self, marked: np.ndarray) -> np.ndarray:
        """Places in the mixture of the rows of which any parent is marked."""
        return self.rows[np.unique(self.owner[marked[self.parent]])]

    def made_by(self, maker: Maker) -> np.ndarray:
        """Places in the mixture of the rows that a maker made."""
        return self.rows[self.maker == self.makers.index(maker)]

    def hold_to_parents(
        self, rows: pa.Table, license_spdx: Sequence[str | None], opted_out: np.ndarray
    ) -> None:
        """Hold the licence of every row to those of its parents, as they were decided.

        Args:
            rows: the mixture's, with `license_spdx` and `license_tier`.
            license_spdx: of every parent.
            opted_out: whether it reserved use for training.
        """
        spdx = rows["license_spdx"].cast(pa.string()).take(pa.array(self.rows)).to_pylist()
        tiers = rows["license_tier"].take(pa.array(self.rows)).to_pylist()
        starts = np.searchsorted(self.owner, np.arange(len(self.rows) + 1)).tolist()
        parents = self.parent.tolist()
        wrong: dict[tuple[int, str], list[int]] = {}
        for number in range(len(self.rows)):
            family = parents[starts[number]:starts[number + 1]]
            terms = _terms(frozenset(license_spdx[one] or UNKNOWN for one in family))
            what = "its licence is not that of all its parents" if spdx[number] != terms[0] else (
                "its tier is not the most restrictive of its parents" if tiers[number] != terms[1] else "")
            if what:
                wrong.setdefault((int(self.table[number]), what), []).append(int(self.rows[number]))
        for (number, what), places in sorted(wrong.items()):
            self.findings.append(Finding("license", self.tables[number], what, np.array(places, np.int64)))
        self._hold_to_reservations(tiers, opted_out)

    def _hold_to_reservations(self, tiers: list[int | None], opted_out: np.ndarray) -> None:
        reserved = np.zeros(len(self.rows), bool)
        reserved[self.owner[opted_out[self.parent]]] = True
        free = np.array([tier is None or tier < 5 for tier in tiers], bool)
        for number in np.unique(self.table[reserved & free]).tolist():
            places = self.rows[reserved & free & (self.table == number)]
            self.findings.append(
                Finding("license", self.tables[number], "the reservation of a parent is passed over", places)
            )


@lru_cache(maxsize=65_536)
def _terms(expressions: frozenset[str]) -> tuple[str, int]:
    """The terms of what is made of texts under these; of what is no licence, none that a row could have."""
    try:
        return tuple(derived(expressions))
    except ValueError:
        return "", -1


def derivation_of(
    reader: Reader, way: Way, rows: pa.Table, names: Mapping[str, str], texts: bool
) -> Derivation:
    """The derived rows of the table that `way` begins with, and their parents.

    Args:
        rows: narrow columns of all of its rows, with `doc_id`.
        names: columns that say the same as others in the table that a row was made in, and these others.
        texts: whether to compare texts too.
    """
    tables = [name for name in way.tables if kind_of(name) == "synthesiser"]
    if not tables:
        return Derivation()
    return _Deriver(reader, way, rows, tables).derive(
        {name: there for name, there in names.items() if name in rows.column_names}, texts
    )


class _Deriver:
    """Goes through the tables of derived texts, then through `parents`."""

    def __init__(self, reader: Reader, way: Way, rows: pa.Table, tables: list[str]) -> None:
        self.reader, self.way, self.mixture, self.tables = reader, way, rows, tables
        self.everyone = IdIndex(numbers_of(rows["doc_id"]))
        self.findings: list[Finding] = []
        self.vocabulary = Vocabulary()

    def derive(self, names: Mapping[str, str], texts: bool) -> Derivation:
        """The derived rows, with what is wrong with them as far as their own tables and `parents` tell."""
        self._own_tables(names)
        if texts:
            self._texts()
        owner, numbers = self._parents()
        parents, parent = distinct(numbers)
        return Derivation(
            self.tables, self.rows, self.table, parents, owner, parent, self.makers, self.maker, self.findings,
        )

    def _found(self, table: str, what: str, rows: np.ndarray) -> None:
        if len(rows):
            self.findings.append(Finding("chain", table, what, rows))

    def _own_tables(self, names: Mapping[str, str]) -> None:
        """Which rows are derived, and whether each says of itself what its table says."""
        mine = {name: self.vocabulary.comparable(self.mixture[name]) for name in names}
        of_table = np.full(self.mixture.num_rows, -1, np.int64)
        for number, table in enumerate(self.tables):
            seen = np.zeros(self.mixture.num_rows, np.int32)
            differs: dict[str, list[np.ndarray]] = {name: [] for name in names}
            for stop in self.way.of(table):
                for batch in self.reader.read(stop, ["doc_id", *names.values()]):
                    places, there = self._places(batch)
                    tally(places, seen)
                    of_table[places] = number
                    for name, column in names.items():
                        other = self.vocabulary.comparable(there[column])
                        differs[name].append(places[other != mine[name][places]])
            self._found(table, "the text stands there more than once", np.flatnonzero(seen > 1))
            for name, places in differs.items():
                kind = "license" if name in _TERMS else "chain"
                if len(wrong := places_of(places)):
                    self.findings.append(Finding(kind, table, f"its {name} is another there", wrong))
        self.rows = np.flatnonzero(of_table >= 0)
        self.table = of_table[self.rows]

    def _texts(self) -> None:
        """Every row has the text that was made."""
        start = next(iter(self.way.stops.values()))
        if start.table in self.tables:
            return
        mine = np.zeros((self.mixture.num_rows, 2), np.uint64)
        for batch in self.reader.read(start.whole, ["doc_id", "text"], TEXT_ROWS):
            places, there = self._places(batch)
            mine[places] = digests(there["text"])
        for table in self.tables:
            differs = [NONE]
            for stop in self.way.of(table):
                for batch in self.reader.read(stop, ["doc_id", "text"], TEXT_ROWS):
                    places, there = self._places(batch)
                    differs.append(places[(digests(there["text"]) != mine[places]).any(axis=1)])
            self._found(table, "its text is another there", places_of(differs))

    def _places(self, rows: pa.Table, column: str = "doc_id") -> tuple[np.ndarray, pa.Table]:
        places = self.everyone.find(numbers_of(rows[column]))
        there = places >= 0
        return places[there], rows.filter(pa.array(there))

    def _parents(self) -> tuple[np.ndarray, np.ndarray]:
        """Every pair of derived row and parent, in order: place of the row among derived rows, and id of the parent."""
        of_row = np.full(self.mixture.num_rows, -1, np.int64)
        of_row[self.rows] = np.arange(len(self.rows))
        parts = [_PAIRS.empty_table()]
        for stop in self.way.of("parents"):
            for batch in self.reader.read(stop, ["derived_id", *_TOLD]):
                places, told = self._places(batch, "derived_id")
                columns = {name: told[name] for name in _TOLD}
                columns |= {"row": pa.array(of_row[places]), "stage": pa.repeat(_stage(stop), len(places))}
                parts.append(pa.table(columns).select(_PAIRS.names).cast(_PAIRS))
        pairs = pa.concat_tables(parts).filter(pc.field("row") >= 0)
        pairs = pairs.sort_by([("row", "ascending"), ("position", "ascending")]).combine_chunks()
        self._complete(pairs)
        self._makers(pairs)
        return pairs["row"].to_numpy(), numbers_of(pairs["parent_id"])

    def _complete(self, pairs: pa.Table) -> None:
        """Every row has a family, told once and in full, and the id that a text of that family has."""
        owner = pairs["row"].to_numpy()
        counts = np.bincount(owner, minlength=len(self.rows))
        starts = np.concatenate([[0], np.cumsum(counts)])
        self._found("parents", "its parents are not told", self.rows[counts == 0])
        skipped = pairs["position"].to_numpy() != np.arange(len(owner)) - starts[owner]
        self._found("parents", "its parents are not told once and in full", self.rows[np.unique(owner[skipped])])
        ids = self.mixture["doc_id"].take(pa.array(self.rows)).to_pylist()
        parent = pairs["parent_id"].to_pylist()
        told = list(zip(*(pairs[name].to_pylist() for name in ("stage", "method", "ordinal")), strict=True))
        others, entries = [], [declared(table).entry for table in self.tables]
        for number in np.flatnonzero(counts).tolist():
            family = slice(starts[number], starts[number + 1])
            own = self.table[number]
            stage, method, ordinal = told[family.start]
            expected = derived_id(entries[own], method, parent[family], ordinal)
            if stage != self.tables[own] or len(set(told[family])) > 1 or ids[number] != expected:
                others.append(self.rows[number])
        self._found("parents", "its id is not that of a text of these parents", np.array(others, np.int64))


    def _makers(self, pairs: pa.Table) -> None:
        """What made every row, as its first parent tells."""
        row, names = pairs["row"].to_numpy(), ["stage", "method", "method_version", "model", "prompt"]
        known = Vocabulary()
        self.maker = np.full(len(self.rows), -1, np.int64)
        first = np.ones(len(row), bool)
        first[1:] = row[1:] != row[:-1]
        told = pairs.select(names).filter(pa.array(first)).to_pydict()
        self.maker[row[first]] = [known.number(Maker(*one)) for one in zip(*told.values(), strict=True)]
        self.makers = known.values


_TOLD = ("parent_id", "position", "ordinal", "method", "method_version", "model", "prompt")
_PAIRS = pa.schema([
    ("row", pa.int64()), ("stage", pa.string()), ("parent_id", pa.string()), ("position", pa.int64()),
    ("ordinal", pa.int64()), ("method", pa.string()), ("method_version", pa.int64()), ("model", pa.string()),
    ("prompt", pa.string()),
])


def _stage(stop: Stop) -> str:
    """The table whose texts a partition of `parents` speaks of."""
    return stop.partition.partition("/")[0]
