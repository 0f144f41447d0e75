"""The works of a publication: every document with all that its licence asks to be said of it, in a database on disk.

Gathered are, batch by batch, the rows of the mixture (or branch, or datastore), what `document_credits` knows, titles,
what was done to each text by extraction, refinement and cuts, and for derived texts their parents. All of it is read at
the versions that the publication was made of. Memory does not grow with the mixture: rows are sorted and looked up in a
temporary SQLite database, which takes about 500 bytes of disk per document.

Belongs here: gathering. Not here: how it is said (`notice.py`, `spdx_document.py`).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import kind_of, table
from data_platform.lake.lake import Lake
from data_platform.publish.account import Account
from data_platform.takedown.execute import unfinished
from data_platform.takedown.notices import listed_notices, without
from data_platform.takedown.people import below, folders_of, without_people_of
from data_platform.takedown.removal_list import TAKEDOWN, RemovalList, standing

_BATCH_ROWS = 16_384
_COLUMNS = ("doc_id", "license_tier", "license_spdx", "license_basis", "host", "source", "snapshot", "url",
            "attribution", "title")
_HTML = frozenset({"text/html", "application/xhtml+xml"})
EXTRACTED, TAKEN_OVER = "text extracted from the page", "text taken over, Unicode and line ends normalised"
_CUTS = {"line_bytes": "repeated lines", "paragraph_bytes": "repeated paragraphs", "substring_bytes":
         "repeated passages", "contamination_bytes": "passages of evaluation sets"}
NO_AUTHOR = "author not stated"

_SCHEMA = """
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -65536;
    CREATE TABLE work (
        doc_id BLOB PRIMARY KEY, listed INTEGER, tier INTEGER, spdx TEXT, place TEXT, source TEXT, snapshot TEXT,
        url TEXT, title TEXT, author TEXT, origin TEXT, holder INTEGER, changes INTEGER, derived INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE holder (id INTEGER PRIMARY KEY, project TEXT, copyright TEXT, notices TEXT);
    CREATE TABLE parent (
        derived_id BLOB, position INTEGER, parent_id BLOB, made TEXT, PRIMARY KEY (derived_id, position)
    ) WITHOUT ROWID;
    CREATE TABLE asked (id BLOB PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE text (id BLOB PRIMARY KEY, number INTEGER, name TEXT, body TEXT) WITHOUT ROWID;
"""
_FIELDS = "doc_id, spdx, place, url, title, author, origin, holder, changes, derived"


class Holder(NamedTuple):
    """Those who hold the copyright of some works, and the notices that go with these.

    Attributes:
        project: package or distribution; may be empty.
        copyright: copyright lines.
        notices: ids of texts.
    """

    project: str
    copyright: tuple[str, ...]
    notices: tuple[str, ...]


class Work(NamedTuple):
    """A document that is to be credited, or a parent of one.

    Attributes:
        place: host, or source where there is no host.
        author: names, or whom else its source says to credit; empty if that is not known.
        changes: what was done to its text.
        derived: whether it is made of others.
    """

    doc_id: str
    spdx: str
    place: str
    url: str
    title: str
    author: str
    origin: str
    holder: int
    changes: str
    derived: bool


class Works:
    """All works of a publication. A context: the database is gone after it."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._changes: dict[str, int] = {"": 0}

    def __enter__(self) -> Works:
        self._folder = tempfile.TemporaryDirectory(prefix="works-")
        self._database = sqlite3.connect(Path(self._folder.name) / "works.sqlite")
        try:
            self._gather()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        self._folder.cleanup()

    # -- asking -------------------------------------------------------------------------------------------------------

    def count(self, least_tier: int) -> int:
        """Documents of the publication in this tier or above."""
        return self._one("SELECT count(*) FROM work WHERE listed AND tier >= ?", least_tier)

    def of_license(self, spdx: str, tier: int) -> Iterator[Work]:
        """The works under an expression, in the order of place, holder and URL."""
        said = {number: text for text, number in self._changes.items()}
        rows = self._database.execute(
            f"SELECT {_FIELDS} FROM work WHERE listed AND tier = ? AND spdx = ? ORDER BY place, holder, url, doc_id",
            (tier, spdx),
        )
        return (_work(row, said) for row in rows)

    def parents_of(self, doc_id: str) -> list[tuple[Work, str]]:
        """The works that a text was made of, and how it was made."""
        said = {number: text for text, number in self._changes.items()}
        rows = self._database.execute(
            f"SELECT made, {_FIELDS} FROM parent JOIN work ON doc_id = parent_id WHERE derived_id = ? "
            f"ORDER BY position",
            (bytes.fromhex(doc_id),),
        )
        return [(_work(row[1:], said), row[0]) for row in rows.fetchall()]

    def holder(self, number: int) -> Holder:
        """The holder of that number."""
        found = self._database.execute("SELECT project, copyright, notices FROM holder WHERE id = ?", (number,))
        row = found.fetchone()
        return Holder(row[0], tuple(json.loads(row[1])), tuple(json.loads(row[2]))) if row else Holder("", (), ())

    def number_of_text(self, notice_id: str) -> tuple[int, str] | None:
        """Number and name of a notice's text; None if it is no longer in the lake."""
        found = self._database.execute("SELECT number, name FROM text WHERE id = ?", (bytes.fromhex(notice_id),))
        return found.fetchone()

    def texts(self) -> Iterator[tuple[int, str, str]]:
        """Number, name and text of every notice, each text once."""
        return self._database.execute("SELECT number, name, body FROM text ORDER BY number")

    def copyright_lines(self, most: int, *source: str) -> tuple[list[str], int]:
        """Different copyright lines of the publication, at most so many, and how many more.

        With the names of a source and a snapshot, of its documents alone.
        """
        chosen = "AND source = ? AND snapshot = ?" if source else ""
        found = f"""SELECT DISTINCT line.value AS line FROM (SELECT DISTINCT holder AS held FROM work
                    WHERE listed {chosen}) JOIN holder ON holder.id = held, json_each(holder.copyright) AS line"""
        count = self._one(f"SELECT count(*) FROM ({found})", *source)
        rows = self._database.execute(f"{found} ORDER BY line LIMIT ?", (*source, most))
        return [row[0] for row in rows], max(count - most, 0)

    def _one(self, query: str, *values: Any) -> int:
        return self._database.execute(query, values).fetchone()[0]

    # -- gathering ----------------------------------------------------------------------------------------------------

    def _gather(self) -> None:
        self._database.executescript(_SCHEMA)
        self._database.create_function("unhex", 1, bytes.fromhex, deterministic=True)
        self._add_rows()
        self._add_parents()
        self._removed = self._removed_notices()
        self._add_titles()
        self._add_licenses()
        self._add_credits()
        self._add_changes()
        # The order of the notice: rows are then read in it, without sorting.
        self._database.execute("CREATE INDEX in_order ON work (tier, spdx, place, holder, url, doc_id) WHERE listed")
        self._add_texts()
        self._database.commit()

    def _add_rows(self) -> None:
        """The rows of the publication."""
        account = self.account
        columns = [name for name in _COLUMNS if name in table(account.table)]
        entries = {table(name).entry for name, _ in account.commits if kind_of(name) == "synthesiser"}
        claimed = self._claims()
        for batch in account.rows(columns, _BATCH_ROWS):
            values = (batch.column(name).to_pylist() if name in columns else repeat(None, batch.num_rows)
                      for name in _COLUMNS)
            rows = (
                (bytes.fromhex(doc_id), tier, spdx, host or source, source, snapshot, url, title or "",
                 "" if not url and source in entries else
                 claimed.get(source if basis == "registry" else "") or _credited(credit, url),
                 not url and source in entries)
                for doc_id, tier, spdx, basis, host, source, snapshot, url, credit, title in zip(*values, strict=True)
            )
            self._database.executemany(
                "INSERT OR IGNORE INTO work VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, 0, ?)", rows
            )

    def _claims(self) -> dict[str, str]:
        """Whom to credit for the documents of sources, by the word of the recipe that their licences were made with."""
        found: dict[str, str] = {}
        for commit in self._commits("document_licenses"):
            for source, claim in (json.loads(commit["config"] or "{}").get("registry") or {}).items():
                if claim and claim.get("attribution"):
                    found[source] = claim["attribution"]
        return found

    def _commits(self, name: str) -> list[dict[str, Any]]:
        return [commit for (table_, _), commit in self.account.commits.items() if table_ == name]

    def _read(self, name: str, columns: Sequence[str], beside: str = "") -> Iterator[list[dict[str, Any]]]:
        """Rows of a table as the publication was made of it; of a side table, as it was written beside another.

        Columns that older tables lack are empty.
        """
        lake = self.account.lake
        empty = {column: [] if pa.types.is_list(table(name)[column].type) else None for column in columns}
        history = lake.history(name) if lake.exists(name) else []
        for commit in self._commits(beside or name):
            part = [commit["partition"]] if commit["partition"] else []
            if beside and table(name).partition_by[:1] == ("stage",):
                part = [beside, *part]
            version = _version([row for row in history if row["partition"] == "/".join(part)], commit)
            if version is not None:
                known = [column for column in columns if column in lake.table(name, version).column_names]
                where = pc.field("snapshot") == part[1] if part[1:] else None
                for batch in lake.read(name, known, partition=next(iter(part), None), version=version, where=where,
                                       batch_rows=_BATCH_ROWS):
                    yield [{**empty, **row} for row in batch.to_pylist()]

    def _add_parents(self) -> None:
        """What derived texts of the publication are made of. Parents become works that are not listed."""
        if not self._one("SELECT count(*) FROM work WHERE derived"):
            return
        columns = ("derived_id", "position", "parent_id", "method", "method_version", "model", "model_license")
        for name in sorted({name for name, _ in self.account.commits if kind_of(name) == "synthesiser"}):
            for rows in self._read("parents", columns, beside=name):
                self._database.executemany("INSERT OR IGNORE INTO parent VALUES (?, ?, ?, ?)",
                                           map(_parent, self._mine(rows, "derived_id")))
        self._database.execute(
            "INSERT OR IGNORE INTO work "
            "SELECT DISTINCT parent_id, 0, 0, '', '', '', '', '', '', '', '', 0, 0, 0 FROM parent"
        )

    def _add_titles(self) -> None:
        """Titles as pages have them, and the addresses of parents."""
        columns = ("doc_id", "title", "host", "source", "url")
        self._update(
            "UPDATE work SET title = CASE WHEN title = '' THEN ?2 ELSE title END, "
            "place = CASE WHEN listed THEN place ELSE ?3 END, source = CASE WHEN listed THEN source ELSE ?4 END, "
            "url = CASE WHEN listed THEN url ELSE ?5 END WHERE doc_id = ?1",
            "deduplicated_documents", columns,
            lambda row: (row["title"] or "", row["host"] or row["source"], row["source"], row["url"]),
        )

    def _add_licenses(self) -> None:
        """The licences of parents: what is stated, and what holds after all that copies say."""
        for name in ("document_licenses", "document_terms") if self._one("SELECT count(*) FROM parent") else ():
            self._update("UPDATE work SET spdx = ?2 WHERE doc_id = ?1 AND NOT listed", name,
                         ("doc_id", "license_spdx"), lambda row: (row["license_spdx"],))

    def _add_credits(self) -> None:
        columns = ("doc_id", "title", "authors", "origin", "swhid", "project", "copyright", "notices")
        people = below(self.account.lake, _folders_under_way(self.account.lake))
        for rows in self._read("document_credits", columns):
            credits_, holders = [], []
            for row in self._mine(rows):
                row["notices"], row["copyright"] = without(row["notices"], row["copyright"], self._removed)
                row = without_people_of(row, people)
                holder = _holder(row)
                holders += [holder] if holder else []
                credits_.append((bytes.fromhex(row["doc_id"]), row["title"] or "", ", ".join(row["authors"]),
                                 ", ".join(part for part in (row["origin"], row["swhid"]) if part),
                                 holder[0] if holder else 0))
            self._database.executemany("INSERT OR IGNORE INTO holder VALUES (?, ?, ?, ?)", holders)
            self._database.executemany(
                "UPDATE work SET title = CASE WHEN ?2 = '' THEN title ELSE ?2 END, "
                "author = CASE WHEN ?3 = '' THEN author ELSE ?3 END, origin = ?4, holder = ?5 WHERE doc_id = ?1",
                credits_,
            )

    def _removed_notices(self) -> dict[str, list[str]]:
        """Notices that takedowns took with every file that had them, with the hashes of their lines. A takedown that is
        under way has not cleared the tables yet."""
        listed = standing(self.account.lake)
        found = listed_notices(listed)
        if found:
            gone = {entry.value for entry in listed.entries if entry.kind == "record"}
            for rows in self._read("license_notices", ("notice_id", "record_id"), beside="document_credits"):
                for row in rows:
                    if row["record_id"] not in gone:
                        found.pop(row["notice_id"], None)
        return found

    def _add_changes(self) -> None:
        """What was done to each text: extraction, refinement, cuts."""
        self._update("UPDATE work SET changes = ?2 WHERE doc_id = ?1", "documents", ("doc_id", "mime", "extractor"),
                     lambda row: (self._said(EXTRACTED if row["mime"] in _HTML else TAKEN_OVER),))
        edited = tuple(name for name in table("refinement_programs").column_names if name.endswith("_edited"))
        told = {name: table("refinement_programs")[name].description.rstrip(".") for name in edited}
        self._append_changes("refinement_programs", edited, told)
        self._append_changes("cut_programs", tuple(_CUTS), {name: f"{what} cut out" for name, what in _CUTS.items()})

    def _append_changes(self, name: str, columns: tuple[str, ...], told: Mapping[str, str]) -> None:
        """Add to the changes of each document those that columns of counts tell of."""
        for rows in self._read(name, ("doc_id", "outcome", *columns)):
            of_number = {number: text for text, number in self._changes.items()}
            changed = []
            for row in self._mine([row for row in rows if row["outcome"] == "refined"]):
                more = "; ".join(_lower(told[column]) for column in columns if (row[column] or 0) > 0)
                doc_id = bytes.fromhex(row["doc_id"])
                before = of_number[self._one("SELECT changes FROM work WHERE doc_id = ?", doc_id)]
                said = "; ".join(part for part in (before, more or "edited by a program") if part)
                changed.append((self._said(said), doc_id))
            self._database.executemany("UPDATE work SET changes = ? WHERE doc_id = ?", changed)

    def _said(self, changes: str) -> int:
        """The number of a statement of changes, of which there are few."""
        return self._changes.setdefault(changes, len(self._changes))

    def _update(
        self, statement: str, name: str, columns: Sequence[str], values: Callable[[dict[str, Any]], tuple[Any, ...]]
    ) -> None:
        """Run a statement for every row of a table: its first value is the doc_id, the others are of the row."""
        for rows in self._read(name, columns):
            self._database.executemany(statement, ((bytes.fromhex(row["doc_id"]), *values(row)) for row in rows))

    def _mine(self, rows: list[dict[str, Any]], key: str = "doc_id") -> list[dict[str, Any]]:
        """Those of some rows that are of works."""
        self._database.executemany("INSERT OR IGNORE INTO asked VALUES (?)",
                                   ((bytes.fromhex(row[key]),) for row in rows))
        found = self._database.execute("SELECT lower(hex(id)) FROM asked WHERE id IN (SELECT doc_id FROM work)")
        there = {row[0] for row in found}
        self._database.execute("DELETE FROM asked")
        return [row for row in rows if row[key] in there]

    def _add_texts(self) -> None:
        """The notices that works and parents name, numbered by name and id."""
        self._database.execute("""
            INSERT OR IGNORE INTO text
            SELECT DISTINCT unhex(one.value), 0, '', NULL FROM holder, json_each(holder.notices) AS one
        """)
        for rows in self._read("license_notices", ("notice_id", "name", "text"), beside="document_credits"):
            self._database.executemany(
                "UPDATE text SET name = ?2, body = ?3 WHERE id = ?1 AND (body IS NULL OR name > ?2)",
                ((bytes.fromhex(row["notice_id"]), row["name"], row["text"]) for row in rows
                 if row["notice_id"] not in self._removed),
            )
        self._database.execute("DELETE FROM text WHERE body IS NULL")
        self._database.execute("""
            UPDATE text SET number = ordered.place FROM
            (SELECT id, row_number() OVER (ORDER BY name, id) AS place FROM text) AS ordered WHERE ordered.id = text.id
        """)


def _folders_under_way(lake: Lake) -> dict[str, Sequence[str]]:
    """Folders whose manifests a takedown takes that has not cleared the credits of what lies below them yet."""
    begun = {row["takedown_id"] for row in unfinished(lake)}
    if not begun:
        return {}
    return folders_of(listed_notices(RemovalList(one for one in standing(lake).entries if one.takedown_id in begun)))


def _work(row: tuple[Any, ...], changes: Mapping[int, str]) -> Work:
    doc_id, spdx, place, url, title, author, origin, holder, change, derived = row
    return Work(doc_id.hex(), spdx, place, url, title, author, origin, holder, changes[change], bool(derived))


def _credited(credit: str | None, url: str) -> str:
    """What an attribution says beside the address: nothing, if it is the line of what is known anyhow."""
    return "" if not credit or (url and url in credit) else credit


def _holder(row: Mapping[str, Any]) -> tuple[int, str, str, str] | None:
    """A row of `holder`, numbered by a 64-bit hash of what it holds; None if it would hold nothing."""
    if not any((row["project"], row["copyright"], row["notices"])):
        return None
    held = (row["project"] or "", json.dumps(row["copyright"], ensure_ascii=False), json.dumps(row["notices"]))
    digest = hashlib.blake2b("\0".join(held).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True), *held


def _parent(row: Mapping[str, Any]) -> tuple[bytes, int, bytes, str]:
    license_ = f" under {row['model_license']}" if row["model_license"] else ""
    model = f" with model {row['model']}{license_}" if row["model"] else ""
    return (bytes.fromhex(row["derived_id"]), row["position"], bytes.fromhex(row["parent_id"]),
            f"method {row['method']}, version {row['method_version']}{model}")


def _version(written: Sequence[Mapping[str, Any]], commit: Mapping[str, Any]) -> int | None:
    """The version of a partition, whose commits are given from the newest on, that goes with a commit: that of the same
    recipe, without what was taken down since; the latest, if there is none."""
    place = next((place for place, row in enumerate(written) if row["recipe"] == commit["recipe"]), 0)
    while place > 0 and written[place - 1]["asset_key"] == TAKEDOWN:
        place -= 1
    return written[place]["version"] if written else None


def _lower(text: str) -> str:
    """'Lines removed' within a sentence; 'IBANs redacted' stays as it is."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
