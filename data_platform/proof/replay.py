"""Programs replayed: the text of every document as extracted, through its programs, is the text that was passed on; and
no program put in more than its recipe allows.

The programs are read from their tables and the texts from `documents`: the code that wrote the programs is not asked.
What a program puts in is counted again from text and program, against the repairs that the platform's own editor makes
of the text now. A text in which a program put more than placeholders, repairs and what the recipe allows is another
text, whose licence nobody has stated. Programs that cut what repeats put nothing in at all.

Here belongs what is asked of programs. Not here: what a program means (`programs/`), and whose commits the tables are
made of (`way`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.method import strings
from data_platform.programs.inserted import INSERTING, MOST_INSERTED, inserted_bytes
from data_platform.programs.interpreter import interpret
from data_platform.proof.ids import IdIndex, numbers_of
from data_platform.proof.numbering import NONE, places_of
from data_platform.proof.reading import TEXT_ROWS, Reader, digests
from data_platform.proof.way import Stop, Way

REFINED, CUT = "refinement_programs", "cut_programs"
COUNTED = "inserted_bytes"
"""The column of programs that counts what they put in; tables of older code do not have it."""
_PROGRAM_ROWS = 65_536


class Fault(NamedTuple):
    """What is wrong with the programs of some subjects."""

    table: str
    what: str
    subjects: np.ndarray


def faults_of_bounds(reader: Reader, way: Way, index: IdIndex) -> Iterator[Fault]:
    """Programs that put in more than their recipe allows, as their table says itself. Texts are read only of documents
    whose program was written by code that did not count what it puts in, and may put something in."""
    above = [NONE]
    for stop in way.of(REFINED):
        allowed = _allowed(stop)
        if COUNTED not in reader.columns(stop):
            above.append(_uncounted(reader, way, index, stop, allowed))
            continue
        for batch in reader.read_where(stop, ["doc_id"], COUNTED, lambda some, most=allowed: pc.greater(some, most)):
            places = index.find(numbers_of(batch["doc_id"]))
            above.append(places[places >= 0])
    if len(found := places_of(above)):
        yield Fault(REFINED, "its program puts more into the text than the recipe allows", found)


def _uncounted(reader: Reader, way: Way, index: IdIndex, stop: Stop, allowed: int) -> np.ndarray:
    """Subjects of a partition without counts whose programs put in more than is allowed."""
    places, programs = _programs_of(reader, index, stop)
    likely = np.asarray(pc.match_substring_regex(programs, INSERTING))
    known = Programs(len(index), places[likely], programs.filter(pa.array(likely)))
    ids = pa.chunked_array([
        batch["doc_id"].filter(pa.array(known.has(index.find(numbers_of(batch["doc_id"])))))
        for batch in reader.read(stop, ["doc_id"])
    ] or [[]], pa.string()).combine_chunks()
    above = [NONE]
    for documents in way.of("documents") if len(ids) else ():
        if documents.partition != stop.partition:
            continue
        for batch in reader.read_where(documents, ["doc_id", "text"], "doc_id", lambda some: pc.is_in(some, ids)):
            found, text = index.find(numbers_of(batch["doc_id"])), strings(batch["text"])
            above.append(found[_counted(text, known.of(found)) > allowed])
    return places_of(above)


def _allowed(stop: Stop) -> int:
    """Bytes that the recipe of a commit lets programs put in; no recipe can allow more than the platform does."""
    settings = json.loads(stop.commit["config"]).get("refinement") or {}
    return min(int(settings.get("max_inserted_bytes", 0)), MOST_INSERTED)


class Replay:
    """The texts of subjects made again from what was extracted.

    Attributes:
        digests: two per subject, of the text that its programs make; of those that no document has, nothing.
        replayed: which subjects have a text.
        faults: what is wrong with programs.
    """

    def __init__(self, reader: Reader, way: Way, index: IdIndex) -> None:
        self._reader, self._way, self._index = reader, way, index
        self.digests = np.zeros((len(index), 2), np.uint64)
        self.replayed = np.zeros(len(index), bool)
        self.faults: list[Fault] = []
        self._inserting, self._differing, self._cut_inserting = [NONE], [NONE], [NONE]
        self._allowed = np.zeros(len(index), np.int64)
        self._stated = np.zeros(len(index), np.int64)
        refined, cut = self._programs(REFINED), self._programs(CUT)
        for stop in way.of("documents"):
            for batch in reader.read(stop, ["doc_id", "text"], TEXT_ROWS):
                places = index.find(numbers_of(batch["doc_id"]))
                there = places >= 0
                if there.any():
                    self._replay(places[there], batch["text"].filter(pa.array(there)), refined, cut)
        for table, what, places in (
            (REFINED, "its program puts more into the text than the recipe allows", self._inserting),
            (REFINED, "its program puts in more or less than is told", self._differing),
            (CUT, "its program puts something into the text", self._cut_inserting),
        ):
            if len(found := places_of(places)):
                self.faults.append(Fault(table, what, found))

    def _programs(self, name: str) -> Programs:
        """The programs of subjects that are not empty, and what their table says of them."""
        places, programs = [NONE], [pa.chunked_array([[]], pa.string())]
        for stop in self._way.of(name):
            stated = [COUNTED] if name == REFINED and COUNTED in self._reader.columns(stop) else []
            if name == REFINED:
                self._bounds(stop, stated)
            more = _programs_of(self._reader, self._index, stop)
            places.append(more[0])
            programs.append(more[1])
        chunks = [chunk for some in programs for chunk in some.chunks]
        return Programs(len(self._index), np.concatenate(places), pa.chunked_array(chunks, pa.string()))

    def _bounds(self, stop: Stop, stated: list[str]) -> None:
        """What the recipe of a partition allows, and what is said there to have been put in; -1 if nothing is."""
        for batch in self._reader.read(stop, ["doc_id", *stated]):
            found = self._index.find(numbers_of(batch["doc_id"]))
            there = found >= 0
            self._allowed[found[there]] = _allowed(stop)
            self._stated[found[there]] = batch[COUNTED].to_numpy()[there] if stated else -1

    def _replay(self, places: np.ndarray, text: pa.ChunkedArray, refined: Programs, cut: Programs) -> None:
        text, program = strings(text), refined.of(places)
        inserted = _counted(text, program)
        self._inserting.append(places[inserted > self._allowed[places]])
        stated = self._stated[places]
        self._differing.append(places[(inserted != stated) & (stated >= 0)])
        text = interpret(text, program).text
        program = cut.of(places)
        self._cut_inserting.append(places[inserted_bytes(text, program, {}) > 0])
        self.digests[places] = digests(pa.chunked_array([interpret(text, program).text]))
        self.replayed[places] = True


class Programs:
    """Programs by the place of their subject."""

    def __init__(self, count: int, places: np.ndarray, programs: pa.ChunkedArray) -> None:
        self._number = np.full(count, -1, np.int64)
        self._number[places] = np.arange(len(places))
        self._programs = programs

    def has(self, places: np.ndarray) -> np.ndarray:
        """Which of some subjects have one; a place below 0 is no subject."""
        return (places >= 0) & (self._number[places] >= 0) if len(self._number) else np.zeros(len(places), bool)

    def of(self, places: np.ndarray) -> pa.StringArray:
        """The programs of some subjects, empty where there is none."""
        numbers = self._number[places]
        taken = self._programs.take(pa.array(numbers, mask=numbers < 0))
        return pc.fill_null(taken, "").combine_chunks()


def _programs_of(
    reader: Reader, index: IdIndex, stop: Stop
) -> tuple[np.ndarray, pa.ChunkedArray]:
    """The places of subjects that have programs in a partition which are not empty, and the programs."""
    places, programs = [NONE], [pa.array([], pa.string())]
    for batch in reader.read(stop, ["doc_id", "program"], _PROGRAM_ROWS):
        found = index.find(numbers_of(batch["doc_id"]))
        some = (found >= 0) & np.asarray(pc.greater(pc.binary_length(batch["program"]), 0))
        places.append(found[some])
        programs.extend(batch["program"].filter(pa.array(some)).cast(pa.string()).chunks)
    return np.concatenate(places), pa.chunked_array(programs, pa.string())


def _counted(text: pa.LargeStringArray, program: pa.StringArray) -> np.ndarray:
    """Bytes that programs put into texts beyond placeholders and the platform's own repairs, which are made again."""
    from data_platform.methods.edits.unicode_repair import UnicodeRepair

    likely = np.flatnonzero(np.asarray(pc.match_substring_regex(program, INSERTING)))
    counts = np.zeros(len(text), np.int64)
    if len(likely):
        some = text.take(pa.array(likely))
        repairs = UnicodeRepair(UnicodeRepair.Settings()).edits(some)
        counts[likely] = inserted_bytes(some, program.take(pa.array(likely)), repairs)
    return counts
