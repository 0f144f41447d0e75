"""Reservations of sites whose files were taken down: they bind what is crawled later, too.

A site speaks by its robots.txt, tdmrep.json and such, over all snapshots (`licenses/standing.py`). If such a file is
taken down, what it said of documents that stay is noted with each of them (`held`); but the next crawl finds pages that
it would have reserved, and nobody would know. So a takedown notes on the standing list that a file that may have
reserved something stood at its place when it was captured: kind `site`. From then on the whole site is reserved, which
is as much as the file can have said, until a file at that place is seen later that says otherwise.

Here belongs what is noted, and the file that stands for it. Not here: what files in force mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.ingest.site_files import PATTERN
from data_platform.licenses.standing import FILE_COLUMNS, SiteFile, Sites, site_files
from data_platform.takedown.inventory import open_parquet
from data_platform.takedown.plan import Corpus
from data_platform.takedown.removal_list import SITE, Entry, RemovalList

_RESERVES_ALL = b"User-agent: *\nDisallow: /\n"
_UNDATED = "undated"


def site_entries(corpus: Corpus, gone: Iterable[str], takedown_id: str, agents: Sequence[str]) -> list[Entry]:
    """What has to be noted of files of sites among the records that go.

    Args:
        gone: the ids of all that goes.
        agents: user agents that gather text for training.
    """
    going, entries = pa.array(sorted(gone), pa.string()), set()
    for place, rows in corpus.scan(["record_id", "url"], ["raw_crawls"], current=True, needed=2):
        is_file = pc.match_substring_regex(rows["url"], PATTERN, ignore_case=True)
        if not pc.any(pc.and_(is_file, pc.is_in(rows["record_id"], going))).as_py():
            continue
        parquet = open_parquet(corpus.lake, place)
        found = parquet.read(columns=list(FILE_COLUMNS)).filter(pc.is_in(rows["record_id"], going))
        for file in site_files(found.to_pylist()):
            if Sites([file], agents).speaking:
                date = file.fetched_at.isoformat() if file.fetched_at else _UNDATED
                entries.add(Entry(takedown_id, SITE, f"{date} {file.url}"))
    return sorted(entries, key=lambda entry: entry.value)


def held_sites(listed: RemovalList) -> list[str]:
    """What a standing list holds sites to: takedown, date and address of the file, for the commit of reservations."""
    return [f"{entry.takedown_id} {entry.value}" for entry in listed.entries if entry.kind == SITE]


def held_files(stated: Iterable[str]) -> list[SiteFile]:
    """The files that stand for those that `held_sites` states: each reserves the whole site."""
    files = []
    for one in stated:
        takedown_id, date, url = one.split(" ", 2)
        at = None if date == _UNDATED else datetime.fromisoformat(date)
        files.append(SiteFile(takedown_id, url, "robots", _RESERVES_ALL, at))
    return files
