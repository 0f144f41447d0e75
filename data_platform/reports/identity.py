"""Which document is meant: by the platform's id, by the id that its row had before it came here, or by its URL.

A row's own id is what its file calls it: the field `id` or one like it, in the row or in an object of it such as
`meta`. The platform keeps it in `raw_crawls.metadata`, beside all other fields of the row. Not here: what is known of
the document (`document.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import MOST_NAMES, PlainError, many
from data_platform.core.printing import on_one_line
from data_platform.lake.lake import Lake

_PLATFORM = re.compile(r"[0-9a-f]{32}")
_NAMES = ("id", "_id", "__id__", "doc_id", "docid", "document_id", "row_id", "record_id", "uid", "uuid", "guid", "key")
_LIKE_ID = re.compile(r"(?i)(?:.*[_.:-])?(?:id|uid|uuid|guid|key|doi|pmid|pmcid|hexsha|sha1|identifier|accession)")
_OF_OTHERS = re.compile(
    r"(?i)(?:parent|user|author|owner|thread|group|reply|related|source|license|domain)s?(?:[_.:-].*)?"
)
_DEPTH = 4
_MOST_BYTES = 2**30
_LONGEST_LINE = 64 * 2**20


class NoDocument(PlainError, LookupError):
    """A document was asked for that no table knows. The message says what was looked at."""


class SeveralDocuments(PlainError, LookupError):
    """An id that several documents have. The message lists them."""


@dataclass(frozen=True)
class Known:
    """A document or record that an id names.

    Attributes:
        doc_id: the platform's id of it.
        snapshot: where it is.
        source: name of the source in the recipe; empty for texts that were made of others.
        url: its URL; may be empty.
        own_id: the field of its row that names it, and what that holds; None if it has none.
        table: the first table that has it: raw_crawls, rejections, or one of derived texts.
    """

    doc_id: str
    snapshot: str
    source: str
    url: str
    own_id: tuple[str, str] | None
    table: str


def find(lake: Lake, asked: str) -> list[Known]:
    """All documents and records that `asked` names: by the platform's id, else by their rows' own ids, else by URL.

    The platform's id is looked up in every table that gives one. Own ids are looked for in `raw_crawls.metadata`, one
    column that is read from end to end; those of rows that could not be read, which no table has, in the files that
    they came from, if these are there and not large.
    """
    if _PLATFORM.fullmatch(asked) and (found := _by_platform_id(lake, asked)):
        return found
    return _by_own_id(lake, asked) or _by_url(lake, asked) or _by_rejected_id(lake, asked)


def document(lake: Lake, asked: str) -> Known:
    """The one document that `asked` names.

    Raises:
        NoDocument: if there is none.
        SeveralDocuments: if there are several.
    """
    return the_one(find(lake, asked), asked, lake.uri)


def the_one(found: list[Known], asked: str, place: str) -> Known:
    """The only one of those found.

    Raises:
        NoDocument: if there is none.
        SeveralDocuments: if there are several.
    """
    if not found:
        raise NoDocument(f"no document {on_one_line(asked)!r} in {place}: no doc_id, no row's own id, no URL is that")
    if len(found) > 1:
        some = [f"  {one.doc_id}  {one.snapshot}  {one.source}  {on_one_line(one.url)}" for one in found[:MOST_NAMES]]
        more = [f"  and {len(found) - MOST_NAMES:,} more"] if len(found) > MOST_NAMES else []
        raise SeveralDocuments("\n".join([
            f"{many(len(found), 'document')} are called {on_one_line(asked)!r}; ask for one by its doc_id:", *some,
            *more,
        ]))
    return found[0]


def doc_id_of(lake: Lake, asked: str, within: str | None = None) -> str:
    """The doc_id that `asked` means; `asked` itself if it is none that is known, for whoever says what is missing.

    Args:
        within: a table; of several documents of one id, the one that is there is meant.

    Raises:
        SeveralDocuments: if several are meant.
    """
    if _PLATFORM.fullmatch(asked):
        return asked
    found = find(lake, asked)
    if within and len(found) > 1:
        ids = pa.array([one.doc_id for one in found], pa.string())
        there = set(lake.read_table(within, ["doc_id"], where=pc.field("doc_id").isin(ids))["doc_id"].to_pylist())
        found = [one for one in found if one.doc_id in there] or found
    return the_one(found, asked, lake.uri).doc_id if found else asked


def own_ids(lake: Lake, doc_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """The field and the value by which the rows of these documents call themselves; those without one are left out."""
    if not doc_ids or not lake.exists("raw_crawls"):
        return {}
    where = pc.field("record_id").isin(pa.array(list(doc_ids), pa.string())) & (pc.field("record_type") == "row")
    rows = lake.read_table("raw_crawls", ["record_id", "metadata"], where=where).to_pylist()
    named = {row["record_id"]: _own_id(row["metadata"]) for row in rows}
    return {doc_id: own for doc_id, own in named.items() if own}


_FOUND = ("record_id", "snapshot", "source", "url", "record_type", "metadata")


def _known(row: Mapping[str, Any]) -> Known:
    own = _own_id(row["metadata"]) if row["record_type"] == "row" else None
    return Known(row["record_id"], row["snapshot"], row["source"], row["url"], own, "raw_crawls")


def _by_platform_id(lake: Lake, doc_id: str) -> list[Known]:
    if lake.exists("raw_crawls"):
        rows = lake.read_table("raw_crawls", _FOUND, where=pc.field("record_id") == doc_id).to_pylist()
        if rows:
            return [_known(row) for row in rows]
    for name in lake.tables("synthesiser"):
        rows = lake.read_table(name, ["snapshot"], where=pc.field("doc_id") == doc_id).to_pylist()
        if rows:
            return [Known(doc_id, row["snapshot"], "", "", None, name) for row in rows]
    return _rejected(lake, pc.field("id") == doc_id)


def _by_url(lake: Lake, url: str) -> list[Known]:
    if not lake.exists("raw_crawls"):
        return []
    rows = lake.read_table("raw_crawls", _FOUND, where=pc.field("url") == url).to_pylist()
    return [_known(row) for row in rows] or _rejected(lake, pc.field("url") == url)


def _rejected(lake: Lake, where: pc.Expression) -> list[Known]:
    if not lake.exists("rejections"):
        return []
    rows = lake.read_table("rejections", ["id", "snapshot", "source", "url"], where=where).to_pylist()
    found = [Known(row["id"], row["snapshot"], row["source"], row["url"], None, "rejections") for row in rows]
    return list(dict.fromkeys(found))


def _by_own_id(lake: Lake, asked: str) -> list[Known]:
    """Rows of which a field holds `asked`: those that are called so, if there are any; else those that hold it in any
    other field, if it names one row of a snapshot."""
    if not asked or not lake.exists("raw_crawls"):
        return []
    needle = json.dumps(asked, ensure_ascii=False)[1:-1]
    where = (pc.field("record_type") == "row") & pc.match_substring(pc.field("metadata"), needle)
    ranked: dict[int, list[Known]] = {}
    for batch in lake.read("raw_crawls", _FOUND, where=where):
        for row in batch.to_pylist():
            held = [(_rank(path), path) for path, value in _scalars(row["metadata"]) if value == asked]
            if held:
                rank, path = min(held)
                own = (".".join(path), asked)
                ranked.setdefault(rank, []).append(
                    Known(row["record_id"], row["snapshot"], row["source"], row["url"], own, "raw_crawls")
                )
    if not ranked:
        return []
    found = ranked[min(ranked)]
    names_one = len({one.snapshot for one in found}) == len(found)
    return found if names_one or min(ranked) < _ANY else []


def _by_rejected_id(lake: Lake, asked: str) -> list[Known]:
    """Rows that never came in, by what their lines in JSONL call themselves."""
    if not asked or not lake.exists("rejections") or not lake.exists("archives"):
        return []
    where = (pc.field("stage") == "raw_crawls") & (pc.field("record_type") == "row")
    places: dict[tuple[str, str, str], dict[int, dict[str, Any]]] = {}
    names = ["id", "snapshot", "source", "archive", "offset", "url"]
    for row in lake.read_table("rejections", names, where=where).to_pylist():
        places.setdefault((row["snapshot"], row["source"], row["archive"]), {})[row["offset"]] = row
    columns = ["snapshot", "source", "archive", "archive_uri", "bytes"]
    found: dict[int, list[Known]] = {}
    for archive in lake.read_table("archives", columns).to_pylist() if places else ():
        rejected = places.get((archive["snapshot"], archive["source"], archive["archive"]), {})
        if not rejected or archive["bytes"] > _MOST_BYTES:
            continue
        for offset, line in _lines(archive["source"], archive["archive_uri"], set(rejected)):
            held = [(_rank(path), path) for path, value in _scalars(line) if value == asked]
            if held and min(held)[0] < _ANY:
                row, (rank, path) = rejected[offset], min(held)
                found.setdefault(rank, []).append(Known(row["id"], row["snapshot"], row["source"], row["url"],
                                                        (".".join(path), asked), "rejections"))
    return found[min(found)] if found else []


def _lines(source: str, uri: str, offsets: set[int]) -> Iterator[tuple[int, str]]:
    """Lines of a file of JSONL that begin at some offsets; none of a file that is gone, or is none."""
    from data_platform.ingest.places import SourceError, place_of
    from data_platform.ingest.stream import ArchiveStream, Damage

    # What cannot be read any more names nobody: that is told by whoever reads the source, not by a look-up.
    with suppress(SourceError, Damage):
        place = place_of(source, uri)
        with place.errors(), place.open(uri) as raw:
            stream, offset = ArchiveStream(raw, begins=lambda data: False), 0
            while offset <= max(offsets) and (line := stream.readline(_LONGEST_LINE)):
                if offset in offsets:
                    yield offset, line.decode("utf-8", "replace")
                offset += len(line)


def _own_id(metadata: str) -> tuple[str, str] | None:
    """The field of a row that looks most like its id, and what it holds."""
    named = [(_rank(path), ".".join(path), value) for path, value in _scalars(metadata) if _rank(path) < _ANY]
    return min(named)[1:] if named else None


_ANY = 1_000


def _rank(path: tuple[str, ...]) -> int:
    """How little the name of a field is that of a row's id: 0 for `id` itself; what is further in comes later."""
    *_, name = path
    if name.lower() in _NAMES and not any(_OF_OTHERS.fullmatch(part) for part in path[:-1]):
        rank = _NAMES.index(name.lower())
    elif _LIKE_ID.fullmatch(name) and not any(_OF_OTHERS.fullmatch(part) for part in path):
        rank = len(_NAMES)
    else:
        return _ANY * len(path)
    return rank + 50 * (len(path) - 1)


def _scalars(metadata: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The fields of a row that hold one text or whole number, as text, with the way to them."""
    queue: list[tuple[tuple[str, ...], Any]] = [((), _parsed(metadata))]
    for path, value in queue:
        if isinstance(value, str) and path and value[:1] == "{":
            value = _parsed(value) or value
        if isinstance(value, dict):
            if len(path) < _DEPTH:
                queue += [((*path, str(name)), part) for name, part in value.items()]
        elif path and isinstance(value, str | int) and not isinstance(value, bool):
            yield path, str(value)


def _parsed(text: str) -> dict[str, Any] | None:
    """The object that a text is in JSON; None if it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
