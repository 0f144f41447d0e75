"""Texts of notices that go with their files: out of the lake, out of the credits of what stays, out of exports.

A LICENSE or NOTICE is a record like others, and so goes like others: its row of `license_notices` names it. But its
text stands in the notice of every export that has a document below it, and its copyright lines in the credits of these
documents, whether any of them goes or not. A text that another file which stays has, too, is that file's, and stays.
The standing list has the notice_id of a text that went, and the hashes of its lines, by which they are found within the
line that credits a document (column `attribution` of tables and exports), too.

Here belongs what of a notice lies outside its own row. Not here: exports (`outside.py`), and the search (`receipt.py`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.credits.attribution import SEPARATOR, on_one_line
from data_platform.credits.copyright import HINT
from data_platform.takedown.people import PEOPLE, below, folders_of, hash_of, held_elsewhere
from data_platform.takedown.removal_list import NOTICE, Entry, RemovalList

if TYPE_CHECKING:
    from data_platform.lake.lake import Lake
    from data_platform.takedown.plan import Corpus

CREDITS = "document_credits"
"""The table whose rows name notices, and hold copyright lines of them."""
NAMING = "notices"
"""Its column that does."""
LINES = "copyright"
"""Its column of copyright lines."""
CREDITING = "attribution"
"""The column of tables and exports that credits a document on one line."""
_MOST_PIECES = 12
"""A copyright line has so many commas at most to be found in an attribution."""
_TEXTS = "license_notices"
_FILE = "NOTICE"
_BEGIN = re.compile(rb"(?m)^={100}\n\[[^\]\n]+\] [^\n]*\n-{100}\n")
"""How a text begins in the notice of an export (`publish.notice.text_block`)."""
_MOST_RULES = 4
"""Over so many such beginnings a text is taken to go, at most."""


def gone_notices(corpus: Corpus, ids: pa.Array) -> dict[str, list[str]]:
    """The notices that no file has once some records are gone, each with the hashes of its copyright lines."""
    from data_platform.credits.copyright import copyright_lines

    found: dict[str, set[str]] = {}
    staying: set[str] = set()
    for file, rows in corpus.scan(["notice_id", "record_id"], [_TEXTS], needed=2):
        mine = pc.is_in(rows["record_id"], ids)
        found.update((one, set()) for one in rows.filter(mine)["notice_id"].to_pylist() if one not in found)
        if file.current:
            staying.update(rows.filter(pc.invert(mine))["notice_id"].to_pylist())
    wanted = pa.array(sorted(found.keys() - staying), pa.string())
    for _, rows in corpus.scan(["notice_id", "text"], [_TEXTS], needed=2) if len(wanted) else ():
        for row in rows.filter(pc.is_in(rows["notice_id"], wanted)).to_pylist():
            lines = copyright_lines(row["text"])
            found[row["notice_id"]].update(map(hash_of, (*lines, *map(on_one_line, lines))))
    return {one: sorted(found[one]) for one in wanted.to_pylist()}


def names_notice(rows: pa.Table, notices: Collection[str]) -> pa.Array:
    """Which rows name one of some notices; none, if the table names no notices."""
    marked = np.zeros(rows.num_rows, bool)
    if notices and NAMING in rows.column_names:
        lists = rows[NAMING].combine_chunks()
        hit = pc.is_in(lists.flatten(), pa.array(sorted(notices), pa.string()))
        marked[np.unique(pc.list_parent_indices(lists).filter(hit).to_numpy())] = True
    return pa.array(marked)


def without_notices(rows: pa.Table, notices: Mapping[str, Sequence[str]]) -> pa.Table:
    """Rows of credits without some notices, and without their copyright lines."""
    if not pc.any(names_notice(rows, notices)).as_py():
        return rows
    made = [without(*both, notices) for both in zip(rows[NAMING].to_pylist(), rows[LINES].to_pylist(), strict=True)]
    for name, values in zip((NAMING, LINES), zip(*made, strict=True), strict=True):
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(name), pa.array(values, rows.schema.field(name).type))
    return rows


def without(
    named: Sequence[str], lines: Sequence[str], notices: Mapping[str, Sequence[str]]
) -> tuple[list[str], list[str]]:
    """What a document's credit names of notices, and its copyright lines, without what is of some notices."""
    unwanted = {line for one in named for line in notices.get(one, ())}
    return [one for one in named if one not in notices], [
        line for line in lines if not unwanted or hash_of(line) not in unwanted]


@dataclass(frozen=True)
class Lines:
    """Copyright lines of notices that go, and what manifests credit that go, as hashes, and who has it from elsewhere.

    Attributes:
        gone: hashes of the lines.
        kept: hashes of those that the credits of a document hold nevertheless, by doc_id.
        people: documents below manifests that go, with hashes of what these credited.
    """

    gone: frozenset[str] = frozenset()
    kept: Mapping[str, frozenset[str]] = field(default_factory=dict)
    people: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, lake: Lake, notices: Mapping[str, Sequence[str]]) -> Lines:
        """The lines of some notices, asked of a lake whose credits may have lost them already, or not."""
        gone = frozenset(one for lines in notices.values() for one in lines)
        if not gone or not lake.exists(CREDITS):
            return cls(gone)
        rows = lake.read_table(CREDITS, ["doc_id", NAMING, LINES]).combine_chunks()
        lists = rows[LINES].combine_chunks()
        some = [line for line in pc.unique(lists.flatten()).to_pylist() if hash_of(line) in gone]
        holding = pc.is_in(lists.flatten(), pa.array(some, lists.type.value_type))
        hit = pc.unique(pc.list_parent_indices(lists).filter(holding))
        kept = {}
        for row in rows.take(hit).to_pylist():
            _, lines = without(row[NAMING], row[LINES], notices)
            own = {one for line in lines for one in (hash_of(line), hash_of(on_one_line(line)))} & gone
            if own:
                kept[row["doc_id"]] = frozenset(own)
        folders = folders_of(notices)
        if not folders:
            return cls(gone, kept)
        people = below(lake, folders)
        for doc_id, hashes in held_elsewhere(lake.read_table(CREDITS, ["doc_id", *PEOPLE]), folders, people):
            kept[doc_id] = kept.get(doc_id, frozenset()) | hashes
        return cls(gone, kept, people)

    def taken_out_of(self, attribution: str, doc_id: str) -> str:
        """What credits a row, without the lines that are gone; whatever else it says stays as it is."""
        unwanted = self.gone - self.kept.get(doc_id, frozenset())
        return SEPARATOR.join(_without_pieces(one.split(", "), unwanted) for one in attribution.split(SEPARATOR))

    def credits_without(self, rows: pa.Table) -> pa.Array | pa.ChunkedArray | None:
        """The column that credits rows without the lines that are gone; None if it has none of them or is not there."""
        if not self.gone or CREDITING not in rows.schema.names or not _is_text(rows.schema.field(CREDITING).type):
            return None
        column = rows[CREDITING]
        distinct = pc.unique(column)
        if not self.people:  # names look like anything, copyright lines do not
            distinct = distinct.filter(pc.match_substring_regex(distinct, HINT.pattern, ignore_case=True))
        likely = {value for value in distinct.to_pylist() if value and self.taken_out_of(value, "") != value}
        if not likely:
            return None
        values, ids = column.to_pylist(), rows["doc_id"].to_pylist()
        made = [self.taken_out_of(value, id_) if value in likely else value
                for value, id_ in zip(values, ids, strict=True)]
        return pa.array(made, column.type) if made != values else None


    def credit(self, rows: pa.Table) -> pa.Array | pa.ChunkedArray:
        """Which rows are credited by a line that is gone; none, if the table credits nobody."""
        left = self.credits_without(rows)
        return pa.array(np.zeros(rows.num_rows, bool)) if left is None else pc.fill_null(
            pc.not_equal(rows[CREDITING].combine_chunks(), left), False)

    def without(self, rows: pa.Table) -> pa.Table:
        """Rows credited without the lines that are gone."""
        if (left := self.credits_without(rows)) is None:
            return rows
        place = rows.schema.get_field_index(CREDITING)
        return rows.set_column(place, rows.schema.field(place), left)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _without_pieces(pieces: Sequence[str], unwanted: Collection[str]) -> str:
    """Pieces between commas joined again, without the runs of them that are a line that goes."""
    kept, place = [], 0
    while place < len(pieces):
        ends = range(min(place + _MOST_PIECES, len(pieces)), place, -1)
        end = next((end for end in ends if hash_of(", ".join(pieces[place:end])) in unwanted), None)
        if end is None:
            kept.append(pieces[place])
        place = end or place + 1
    return ", ".join(kept)


def notice_entries(takedown_id: str, notices: Mapping[str, Sequence[str]]) -> list[Entry]:
    """What the standing list says of notices that go."""
    values = [" ".join(said) for one, lines in sorted(notices.items()) for said in ((one,), *((one, x) for x in lines))]
    return [Entry(takedown_id, NOTICE, value) for value in values]


def listed_notices(listed: RemovalList) -> dict[str, list[str]]:
    """The notices on a standing list, each with the hashes of its lines."""
    found: dict[str, list[str]] = {}
    for entry in listed.entries:
        if entry.kind == NOTICE:
            one, _, line = entry.value.partition(" ")
            found.setdefault(one, []).extend(filter(None, (line,)))
    return found


def notices_in(path: Path) -> set[str]:
    """The notice_id of every text at the end of the notice of an export; none, if the file is not such a notice."""
    if path.name != _FILE:
        return set()
    content = path.read_bytes()
    begins = list(_BEGIN.finditer(content))
    # A text may hold lines that look like the beginning of another: whatever it may end with is asked.
    ends = [*(match.start() - 1 for match in begins[1:]), len(content)]
    return {
        hashlib.blake2b(content[match.end():end].removesuffix(b"\n"), digest_size=16).hexdigest()
        for number, match in enumerate(begins) for end in ends[number:number + _MOST_RULES]
    }
