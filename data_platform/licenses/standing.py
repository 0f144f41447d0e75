"""Which documents are reserved today: reservations over all snapshots, by the dates at which they were seen.

Evidence is of one snapshot; a reservation is not. What a rights holder reserved holds for every capture, earlier or
later, until he is seen to have taken it back:

- a site speaks by the latest of its files of each kind (robots.txt, ai.txt, tdmrep.json, each RSL document) that was
  read. A snapshot without the file, or with one that could not be read, cut off or of no date leaves the earlier one in
  force; a file without a date is never outdated. It is asked for every page of the site in every snapshot, with "www."
  or without, by whatever scheme and port; it is taken back only by its own scheme, host and port;
- a page speaks by its latest capture. A reservation in one holds for all captures of the URL (in its canonical form),
  unless a response of a later date, with headers and as HTML, was read and does not repeat it;
- what came with a document, such as a row's own field or a ruling, has no later state;
- a document with the text of a reserved one is reserved, wherever it was found.

A document's own licence (`resolve`) still names a reservation that was taken back after it was captured. It binds
nobody any more, not that capture either: its terms (`duplicates.terms`) are those without it.

Belongs here: dates and reach. Does not: what the files say (`site_files`), near-copies (`duplicates.terms`).
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.ingest.crawl import TRUNCATED
from data_platform.ingest.records import host_of
from data_platform.ingest.site_files import Kind, kind_of, text_of
from data_platform.licenses.robots_txt import relevant
from data_platform.licenses.site_files import Captured, Policies
from data_platform.spdx.expressions import OPT_OUT, identifiers_of

SITE_PLACES = ("robots", "tdmrep", "ai_txt", "rsl")
"""Locations of evidence that stands in files of a site, where its scope is 'site'."""
HTML = ("text/html", "application/xhtml+xml")
_ANSWERS = ("response", "revisit")
"""Types of records that show the headers and the whole of a page."""
_NEVER = np.iinfo(np.int64).max
_FIELD = re.compile(r"^\s*(?:user-agent|(?:dis)?allow|sitemap|crawl-delay|host|license|content-(?:usage|signal))\s*:",
                    re.I | re.M)
_DISALLOW = re.compile(r"^[ \t]*disallow[ \t]*:[ \t]*(\S.*)$", re.I | re.M)
_ALLOW = re.compile(r"^[ \t]*allow[ \t]*:[ \t]*\S", re.I | re.M)
_WORDS = re.compile(r"^[ \t]*content-(?:usage|signal)[ \t]*:[ \t]*(.*)$", re.I | re.M)
_LETTERS = 6
"""So many letters of the beginnings of paths are compared at first."""
_PROBE = "/3b5d0c9e7f/probe"
"""A path that no file names: what is said of it is said of all."""


Canonical = Callable[[pa.Array], pa.Array]


@dataclass(frozen=True)
class SiteFile:
    """A file of a site as it was captured, in whatever snapshot. `truncated`: the capture breaks off."""

    record_id: str
    url: str
    kind: Kind
    payload: bytes = field(repr=False)
    fetched_at: datetime | None
    truncated: bool = False


FILE_COLUMNS = ("record_id", "url", "mime", "payload", "fetched_at", "metadata")
"""What is read of every record of `raw_crawls` that may be a file of a site."""


def site_files(records: Iterable[Mapping[str, Any]]) -> list[SiteFile]:
    """The files of sites among records, of each `FILE_COLUMNS`: those with a payload, of a host, at a place of such."""
    return [
        SiteFile(row["record_id"], row["url"], kind, row["payload"], row["fetched_at"], _is_truncated(row["metadata"]))
        for row in records
        if row["payload"] is not None and host_of(row["url"]) and (kind := kind_of(row["url"], row["mime"]))
    ]


class _Rule(NamedTuple):
    """A file that is in force: the host that it is of, and what it takes to know what it says of a path.

    `everywhere` is True or False if it says the same of every path; else `beginnings` are those of the paths that it
    may reserve, all of them if it has none.
    """

    record_id: str
    host: str
    policies: Policies
    everywhere: bool | None
    beginnings: tuple[str, ...]

    def reserves(self, path: str) -> bool:
        """Whether the file reserves a page, given by its path and query."""
        if self.everywhere is not None:
            return self.everywhere
        if self.beginnings and not path.startswith(self.beginnings) and "%" not in path and path.isascii():
            return False
        # An RSL document may name pages with their scheme.
        return any(_reserved(self.policies, f"{scheme}://{self.host}{path}") for scheme in ("https", "http"))


@lru_cache(maxsize=65_536)
def site_of(host: str) -> str:
    """What a host has in common with its other names: itself in ASCII, without 'www.' and the dot of the root."""
    host = host.rstrip(".")
    if not host.isascii():
        with contextlib.suppress(UnicodeError):
            host = host.encode("idna").decode()
    return host.removeprefix("www.")


def in_force(files: Iterable[SiteFile]) -> list[SiteFile]:
    """The files that sites speak by: of each place the latest that was read, and what cannot be dated or trusted."""
    places: dict[str, list[SiteFile]] = {}
    for file in files:
        places.setdefault(_place(file.url), []).append(file)
    kept = []
    for captures in places.values():
        read = [file.fetched_at for file in captures
                if file.fetched_at and not file.truncated and _is_read(file.kind, file.payload)]
        latest = max(read, default=None)
        kept += [file for file in captures if latest is None or not file.fetched_at or file.fetched_at >= latest]
    return sorted(kept, key=lambda file: file.record_id)


class Sites:
    """What the files in force say of pages.

    Args:
        files: all captures, of all snapshots.
        agents: user agents that gather text for training.
    """

    def __init__(self, files: Iterable[SiteFile], agents: Sequence[str]) -> None:
        self._rules: dict[str, list[_Rule]] = {}
        known: dict[tuple[str, bytes, str], _Rule] = {}
        for file in in_force(files):
            host = (urlsplit(file.url).hostname or "").lower()
            # Many sites have the same rules, which are of paths alone: they are parsed once.
            shared = file.kind in ("robots", "ai_txt")
            payload = _relevant(file.payload) if shared else file.payload
            key = file.kind, payload, "" if shared else host
            if key not in known:
                policies = Policies([Captured(host, file.kind, file.record_id, payload)], agents)
                known[key] = _Rule(file.record_id, host, policies, *_extent(file.kind, payload, host, policies))
            if known[key].everywhere is not False:
                self._rules.setdefault(site_of(host), []).append(known[key]._replace(record_id=file.record_id))

    @property
    def speaking(self) -> list[str]:
        """The sites with a file that may reserve something."""
        return list(self._rules)

    def reserved_by(self, site: str, path: str) -> str | None:
        """The record of a file that reserves a page of the site, given by its path and query; None if none does."""
        return next((rule.record_id for rule in self._rules.get(site, ()) if rule.reserves(path)), None)

    def beginnings(self, site: str) -> tuple[str, ...]:
        """How all paths begin that the files of a site may reserve; nothing if any path may be."""
        rules = self._rules.get(site, ())
        return tuple(one for rule in rules for one in rule.beginnings) if all(rule.beginnings for rule in rules) else ()

    def whole(self, site: str) -> str | None:
        """The record of a file that reserves every page of the site; None if there is none."""
        return next((rule.record_id for rule in self._rules.get(site, ()) if rule.everywhere), None)


def standing(
    records: pa.Table, documents: pa.Table, evidence: pa.Table, files: Sequence[SiteFile], agents: Sequence[str],
    canonical: Canonical,
) -> pa.Table:
    """Table `reservations`, sorted by doc_id.

    Args:
        records: all records of all snapshots: columns record_id, url, host, fetched_at, record_type and mime.
        documents: doc_id, snapshot and text_hash of all documents.
        evidence: doc_id, location, scope and record_id of all evidence that reserves.
        files: all captures of files of sites.
        agents: user agents that gather text for training.
        canonical: the form of URLs in which captures of one page have one; null of what is no URL with a host.
    """
    ids = in_one(records["record_id"])
    found = _Found(len(ids))
    owner = rows_of(evidence["doc_id"].combine_chunks().cast(ids.type), ids)
    evidence, owner = evidence.filter(pa.array(owner >= 0)), owner[owner >= 0]
    of_site = pc.and_(pc.equal(evidence["scope"], "site"), pc.is_in(evidence["location"], pa.array(SITE_PLACES)))
    gone = pc.invert(pc.is_in(evidence["record_id"], pa.array([file.record_id for file in files], pa.string())))
    of_page = pc.is_in(evidence["scope"], pa.array(["page", "element"]))
    lasting = pc.or_(pc.and_(of_site, gone), pc.invert(pc.or_(of_site, of_page)))
    page_marks = np.asarray(of_page.combine_chunks())
    found.note("document", owner[np.asarray(lasting.combine_chunks())], ids)
    heads = np.asarray(pc.equal(evidence["location"], "header").combine_chunks())
    _pages(records, owner[page_marks], owner[page_marks & ~heads], canonical, found)
    _sites(records, Sites(files, agents), found)
    return _with_texts(documents, ids, found)


def in_one(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece, and not copied if it is one already: columns of all documents take much memory."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def rows_of(wanted: pa.Array, ids: pa.Array) -> np.ndarray:
    """The first row of `ids` with each wanted one, -1 if there is none: for few that are wanted among many."""
    some = wanted.dictionary_encode()
    number = pc.index_in(ids, some.dictionary)
    rows = np.flatnonzero(np.asarray(number.is_valid()))
    first = np.full(len(some.dictionary), -1, np.int64)
    first[number.take(pa.array(rows)).to_numpy()[::-1]] = rows[::-1]
    return np.append(first, -1)[some.indices.fill_null(len(first)).to_numpy()]


class _Found:
    """What was found of every record: through what it is reserved, and by which record; the first that is noted."""

    THROUGH = ("document", "page", "site", "text")

    def __init__(self, count: int) -> None:
        self.through = np.full(count, -1, np.int64)
        self.by: list[tuple[np.ndarray, pa.Array]] = []

    def note(self, through: str, rows: np.ndarray, ids: pa.Array, by: pa.Array | None = None) -> None:
        """Note rows, each once, and the records that reserve them: themselves if nothing else is given."""
        rows, first = np.unique(rows, return_index=True)
        new = self.through[rows] < 0
        rows = rows[new]
        self.through[rows] = self.THROUGH.index(through)
        self.by.append((rows, ids.take(pa.array(rows)) if by is None else by.take(pa.array(first[new]))))


def _pages(
    records: pa.Table, reserved: np.ndarray, in_html: np.ndarray, canonical: Canonical, found: _Found
) -> None:
    """Mark all captures of the pages whose latest one reserves; `in_html` are those that do so not in headers alone."""
    if not len(reserved):
        return
    ids = in_one(records["record_id"])
    page, count = _page_numbers(records, reserved, canonical)
    found.note("page", reserved[page[reserved] < 0], ids)
    dates = pc.fill_null(records["fetched_at"].cast(pa.int64()), _NEVER).to_numpy()
    here = reserved[page[reserved] >= 0]
    last = np.full(count, -1, np.int64)
    np.maximum.at(last, page[here], dates[here])
    read = np.asarray(pc.and_(
        pc.is_in(records["record_type"], pa.array(_ANSWERS)), pc.is_valid(records["fetched_at"])
    ).combine_chunks())
    html_wanted = np.zeros(count, bool)
    html_wanted[page[in_html[page[in_html] >= 0]]] = True
    html = np.asarray(pc.is_in(records["mime"], pa.array(HTML)).combine_chunks())
    read &= (page >= 0) & (html | ~html_wanted[page])
    read[reserved] = False
    answered = np.full(count, -1, np.int64)
    np.maximum.at(answered, page[read], dates[read])
    stands = (last >= 0) & (answered <= last)
    # The capture that is named for a page is the latest that reserves.
    named = np.full(count, -1, np.int64)
    named[page[here]] = here
    order = here[np.argsort(dates[here], kind="stable")]
    named[page[order]] = order
    bound = np.flatnonzero((page >= 0) & stands[page])
    found.note("page", bound, ids, ids.take(pa.array(named[page[bound]])))


def _page_numbers(records: pa.Table, reserved: np.ndarray, canonical: Canonical) -> tuple[np.ndarray, int]:
    """The number of each record's page, -1 if it has none or it is no reserved page; how many there are."""
    hosts = in_one(records["host"]).dictionary_encode()
    names = [*(site_of(host or "") for host in hosts.dictionary.to_pylist()), ""]
    code = hosts.indices.fill_null(len(names) - 1).to_numpy()
    of_reserved = {names[one] for one in np.unique(code[reserved]).tolist()}
    rows = np.flatnonzero(np.array([name in of_reserved for name in names])[code])
    pages = canonical(in_one(records["url"]).take(pa.array(rows)))
    named = pages.take(pa.array(np.searchsorted(rows, reserved))).drop_null().unique()
    page = np.full(len(records), -1, np.int64)
    page[rows] = pc.fill_null(pc.index_in(pages, named), -1).to_numpy()
    return page, len(named)


def _sites(records: pa.Table, sites: Sites, found: _Found) -> None:
    """Mark the records that files of their sites reserve. Each URL is asked for once; most sites say one thing."""
    speaking = sites.speaking
    if not speaking:
        return
    ids = in_one(records["record_id"])
    hosts = in_one(records["host"]).dictionary_encode()
    names = [site_of(host or "") for host in hosts.dictionary.to_pylist()]
    known = set(speaking)
    whole = pa.array([sites.whole(name) if name in known else None for name in names], pa.string())
    code = hosts.indices.fill_null(0)
    by = whole.take(code)
    rows = np.flatnonzero(np.asarray(by.is_valid()))
    found.note("site", rows, ids, by.take(pa.array(rows)))
    partly = np.array([name in known and whole[place].as_py() is None for place, name in enumerate(names)], bool)
    asked = np.flatnonzero(partly[code.to_numpy()]) if len(partly) else np.zeros(0, np.int64)
    everything = np.array([name in known and not sites.beginnings(name) for name in names], bool)
    begin = [one for name in known for one in sites.beginnings(name)]
    there = _may_begin(_paths(in_one(records["url"]).take(pa.array(asked))), begin)
    asked = asked[there | everything[code.to_numpy()[asked]]]
    urls = in_one(records["url"]).take(pa.array(asked)).dictionary_encode()
    first = np.unique(urls.indices.to_numpy(), return_index=True)[1]
    owners = code.to_numpy()[asked[first]].tolist()
    answers = pa.array([
        sites.reserved_by(names[owner], path)
        for owner, path in zip(owners, _paths(urls.dictionary).to_pylist(), strict=True)
    ], pa.string()).take(urls.indices)
    there = np.asarray(answers.is_valid())
    found.note("site", asked[there], ids, answers.filter(pa.array(there)))


def _may_begin(paths: pa.Array, beginnings: Iterable[str]) -> np.ndarray:
    """Which paths a rule may be about that is of paths with one of these beginnings: of all those that it is about, and
    of few others, whose first letters are the same."""
    by_length: dict[int, set[str]] = {}
    for one in beginnings:
        by_length.setdefault(min(len(one), _LETTERS), set()).add(one[:_LETTERS])
    found = pc.or_(pc.match_substring(paths, "%"), pc.invert(pc.string_is_ascii(paths)))
    for length, letters in by_length.items():
        # In bytes: a path that has other letters than ASCII is found already.
        start = pc.binary_slice(paths.cast(pa.binary()), 0, length)
        found = pc.or_(found, pc.is_in(start, pa.array([one.encode() for one in letters], pa.binary())))
    return np.asarray(found)


def _paths(urls: pa.Array) -> pa.Array:
    """Path and query of each URL, which begin with a slash."""
    rest = pc.replace_substring_regex(urls, r"^[^:/?#]+://[^/?#]*|#.*$", "")
    return pc.if_else(pc.starts_with(rest, "/"), rest, pc.binary_join_element_wise("/", rest, ""))


def _with_texts(documents: pa.Table, ids: pa.Array, found: _Found) -> pa.Table:
    """The rows of the table: the documents that were marked, and those with the text of one."""
    own = in_one(documents["doc_id"])
    rows = np.concatenate([rows for rows, _ in found.by] or [np.zeros(0, np.int64)])
    by = pa.chunked_array([by for _, by in found.by], pa.string())
    where = pc.index_in(own, ids.take(pa.array(rows)))
    through = np.append(found.through[rows], -1)[pc.fill_null(where, len(rows)).to_numpy()]
    record = by.take(where).combine_chunks()
    marked = np.flatnonzero(through >= 0)
    texts = in_one(documents["text_hash"])
    # Of several reserved documents with one text the smallest id is named.
    marked = marked[pc.sort_indices(own.take(pa.array(marked))).to_numpy()]
    of_marked = texts.take(pa.array(marked))
    same = pc.index_in(texts, of_marked)
    bound = np.asarray(pc.is_valid(same)) & (through < 0)
    through[bound] = _Found.THROUGH.index("text")
    record = pc.if_else(pa.array(bound), own.take(pa.array(marked)).take(same), record)
    chosen = pa.array(np.flatnonzero(through >= 0))
    schema = table("reservations").schema
    return pa.table({
        "doc_id": own.take(chosen), "snapshot": documents["snapshot"].take(chosen),
        "through": pa.array(_Found.THROUGH).take(pa.array(through).take(chosen)),
        "record_id": record.take(chosen),
    }).cast(schema).sort_by("doc_id")


def _is_truncated(metadata: str | None) -> bool:
    """Whether the metadata of a capture say that it breaks off."""
    try:
        return TRUNCATED in json.loads(metadata or "{}")
    except ValueError:
        return True


@lru_cache(maxsize=65_536)  # sites have the same files in all snapshots
def _place(url: str) -> str:
    """Where a file stands: scheme, host, port and path. What https reserves, no file of http takes back, and reversely:
    they are two origins (RFC 9309, section 2.3), which others may answer for."""
    parts = urlsplit(url.lower())
    try:
        port = parts.port
    except ValueError:
        port = None
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = (parts.hostname or "").rstrip(".")
    return f"{parts.scheme}://{host}:{'' if port in (None, usual) else port}{parts.path}"


@lru_cache(maxsize=1_024)  # many sites have the same file
def _is_read(kind: Kind, payload: bytes) -> bool:
    """Whether a file is what its name says, so that its silence means something; not an error page in its place."""
    text = text_of(payload)
    if kind == "tdmrep":
        try:
            return isinstance(json.loads(text), list | dict)
        except (ValueError, RecursionError):
            return False
    if kind == "rsl":
        return "<rsl" in text.lower() and "</rsl" in text.lower()
    if text.lstrip()[:1] == "<":
        return False
    lines = [line for line in text.splitlines() if line.strip()]
    return bool(_FIELD.search(text)) or all(line.lstrip().startswith("#") for line in lines)


@lru_cache(maxsize=1_024)
def _relevant(payload: bytes) -> bytes:
    return relevant(text_of(payload)).encode()


def _extent(kind: Kind, payload: bytes, host: str, policies: Policies) -> tuple[bool | None, tuple[str, ...]]:
    """Whether a file says the same of every path, and if not, how the paths begin that it may reserve."""
    if kind not in ("robots", "ai_txt"):
        return None, ()
    text = payload.decode("utf-8", "replace")
    patterns = {value.partition("#")[0].strip() for value in _DISALLOW.findall(text)} - {""}
    words = _WORDS.findall(text)
    if any(word.startswith(("/", "*")) for word in words):
        return None, ()
    if not patterns and not words:
        return False, ()
    # What is said of a path that nobody thought of is said of all, unless paths are let out.
    said = [seen for seen in policies.observations(f"https://{host}{_PROBE}")
            if OPT_OUT in identifiers_of(seen.license_spdx)]
    if any(not _ALLOW.search(text) or seen.raw_value.startswith("content-") for seen in said):
        return True, ()
    # An ai.txt reserves kinds of media by their extensions, whatever the path.
    if kind == "ai_txt":
        return None, ()
    beginnings = {re.split(r"[*$%]|[^\x00-\x7f]", pattern)[0] for pattern in patterns}
    return (None, () if "" in beginnings else tuple(sorted(beginnings))) if beginnings else (False, ())


def _reserved(policies: Policies, url: str) -> bool:
    return any(OPT_OUT in identifiers_of(seen.license_spdx) for seen in policies.observations(url))
