"""Whom manifests credit, which goes with them: names, titles, projects and addresses that stand at what lies below.

A package.json names the authors of all files below its folder that name none themselves (`credits/trees`). Once it is
taken down nothing says so any more: the credits of what stays lose what they have of it, in the lake and in exports.
The standing list has a hash for the folder, and one for everything that was credited there, and names nobody. What a
file below says of itself in the very same words goes with it until credits are made anew, which the next run does.

Belongs here: what is credited by manifests that go. Not here: notices and their lines (`notices.py`), manifests of
installed distributions, which lie beside no file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.credits.attribution import MAX_TITLE, on_one_line
from data_platform.credits.credit import Credit
from data_platform.credits.manifests import MANIFESTS, credit_of

if TYPE_CHECKING:
    from data_platform.lake.lake import Lake
    from data_platform.takedown.plan import Corpus

FOLDER = "folder:"
"""What the id of a folder begins with, whose manifest goes, among the ids of notices."""
ONE_EACH = ("title", "origin", "project")
PEOPLE = ("authors", *ONE_EACH)
"""Columns of `document_credits` that manifests fill."""
_PLACES = ("record_id", "source", "url")
_ROW = re.compile(r"#\d+$")


def hash_of(text: str) -> str:
    """The hash by which the standing list knows a line or a name."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def gone_manifests(corpus: Corpus, ids: pa.Array) -> dict[str, list[str]]:
    """The folders of which manifests are among some records, each with hashes of what these credit."""
    from data_platform.takedown.inventory import open_parquet

    found: dict[str, set[str]] = {}
    for file, rows in corpus.scan([*_PLACES], ["raw_crawls"], needed=3):
        mine = pc.and_(pc.is_in(rows["record_id"], ids), pc.starts_with(rows["url"], "file:"))
        if not any(_name(url).lower() in MANIFESTS for url in rows["url"].filter(mine).to_pylist()):
            continue
        parquet = open_parquet(corpus.lake, file)
        if parquet is None:
            continue
        for row in parquet.read(columns=[*_PLACES, "payload"]).filter(mine).to_pylist():
            name = _name(row["url"])
            if name.lower() in MANIFESTS and row["payload"] is not None:
                credit = credit_of(name, row["payload"].decode("utf-8", "replace"))
                folder = folder_id(row["source"], str(_path(row["url"]).parent))
                found.setdefault(folder, set()).update(map(hash_of, _pieces(credit)))
    return {folder: sorted(hashes) for folder, hashes in found.items() if hashes}


def _pieces(credit: Credit) -> Iterator[str]:
    """What a credit is made of, as it stands in credits and within an attribution."""
    for text in (*credit.authors, credit.title, credit.source, credit.project):
        if text:
            yield from {text, on_one_line(text)}
    if credit.title:
        yield f'"{on_one_line(credit.title[:MAX_TITLE])}"'


def folder_id(source: str, folder: str) -> str:
    """The id of a folder of a source."""
    return FOLDER + hash_of(f"{source}\0{folder}")


def folders_of(notices: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """The folders among ids of notices."""
    return {one: lines for one, lines in notices.items() if one.startswith(FOLDER)}


def below(lake: Lake, folders: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    """The documents that lie below some folders, each with hashes of what its manifests credited."""
    found: dict[str, frozenset[str]] = {}
    if not folders or not lake.exists("raw_crawls"):
        return found
    rows = lake.read_table("raw_crawls", list(_PLACES))
    rows = rows.filter(pc.starts_with(rows["url"], "file:"))
    known: dict[tuple[str, PurePosixPath], frozenset[str]] = {}
    for record_id, source, url in zip(*(rows[name].to_pylist() for name in _PLACES), strict=True):
        key = (source, _path(url).parent)
        if key not in known:
            above = (folder_id(source, str(folder)) for folder in (key[1], *key[1].parents))
            known[key] = frozenset(line for one in above for line in folders.get(one, ()))
        if known[key]:
            found[record_id] = known[key]
    return found


def names_people(rows: pa.Table, unwanted: Mapping[str, frozenset[str]]) -> pa.Array:
    """Which rows of credits have something that goes; none of another table."""
    if not unwanted or "authors" not in rows.column_names:
        return pa.array([False] * rows.num_rows, pa.bool_())
    return pa.array([without_people_of(row, unwanted) != row for row in _values(rows)], pa.bool_())


def without_people(rows: pa.Table, unwanted: Mapping[str, frozenset[str]]) -> pa.Table:
    """Rows of credits without what goes."""
    if not pc.any(names_people(rows, unwanted)).as_py():
        return rows
    made = [without_people_of(row, unwanted) for row in _values(rows)]
    for name in PEOPLE:
        field = rows.schema.field(name)
        column = pa.array([row[name] for row in made], field.type)
        rows = rows.set_column(rows.schema.get_field_index(name), field, column)
    return rows


def _values(rows: pa.Table) -> list[dict[str, Any]]:
    return rows.select([name for name in ("doc_id", *PEOPLE) if name in rows.column_names]).to_pylist()


def without_people_of(row: Mapping[str, Any], unwanted: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    """A row of credits without what goes."""
    gone = unwanted.get(row["doc_id"], frozenset())
    if not gone:
        return dict(row)
    return {**row, "authors": [one for one in row["authors"] if hash_of(one) not in gone],
            **{name: None if row.get(name) and hash_of(row[name]) in gone else row.get(name) for name in ONE_EACH}}


def held_elsewhere(
    credits: pa.Table, folders: Mapping[str, Sequence[str]], unwanted: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Documents that are not below the folders and are credited in the same words, with hashes of these."""
    gone = frozenset(line for lines in folders.values() for line in lines)
    known: dict[str, bool] = {}
    for row in _values(credits):
        if row["doc_id"] in unwanted:
            continue
        own = {one for one in (*row["authors"], *(row.get(name) for name in ONE_EACH)) if one}
        for one in own - known.keys():
            known[one] = hash_of(one) in gone or hash_of(on_one_line(one)) in gone
        if same := [one for one in own if known[one]]:
            title = row.get("title")
            forms = (form for one in same for form in (one, on_one_line(one)))
            quoted = [f'"{on_one_line(title[:MAX_TITLE])}"'] if title in same else []
            yield row["doc_id"], frozenset(map(hash_of, (*forms, *quoted)))


def _path(url: str) -> PurePosixPath:
    return PurePosixPath(_ROW.sub("", url.removeprefix("file:")))


def _name(url: str) -> str:
    return "" if _ROW.search(url) else _path(url).name
