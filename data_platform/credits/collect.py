"""Gathers what there is to credit per record: records in, credits out.

| kind of source | looked at |
|---|---|
| crawl, environment_pages | the page (`pages`) |
| files | fields of the row (`rows`), the file (`files`), LICENSE, NOTICE, AUTHORS, manifests above it (`trees`) |
| environment_files | the file itself, the LICENSE and NOTICE files of its distribution, its metadata |

The closest one names title, authors and source; copyright lines and notices of all hold. Belongs here: the order. Does
not: how anything is found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.credits import files, pages, rows
from data_platform.credits.credit import NOTHING, Credit, line
from data_platform.credits.manifests import people_of_headers
from data_platform.credits.swhid import content_id
from data_platform.credits.trees import Trees
from data_platform.ingest.settings import Source

COLUMNS = ("record_id", "source", "record_type", "url", "mime", "charset", "payload", "metadata")
"""Columns of raw_crawls that are read."""
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_CRAWLED = frozenset({"crawl", "environment_pages"})
_REPLACED = "\ufffd".encode()
_FILE_HINT = r"copyright|\(c\)|©|author|written by|permission|redistribution|licen[sc]e"


def collect(records: pa.RecordBatch, sources: Mapping[str, Source], trees: Trees) -> list[Credit]:
    """The credit of every record, `NOTHING` where nothing is known.

    Args:
        records: `COLUMNS` of raw_crawls.
        sources: the recipe's sources by name.
        trees: the files that speak for folders and distributions, of the same snapshot.
    """
    payloads = records.column("payload")
    page_hints = pages.hints(payloads)
    file_hints = pc.fill_null(pc.match_substring_regex(payloads, _FILE_HINT, ignore_case=True), False).to_pylist()
    names = ("record_id", "source", "record_type", "url", "mime", "charset", "metadata")
    fields = [records.column(name).to_pylist() for name in names]
    found = []
    for row, (record_id, name, record_type, url, mime, charset, metadata) in enumerate(zip(*fields, strict=True)):
        kind = sources[name].kind
        if kind in _CRAWLED:
            if mime in _HTML:
                # The title of a page without any hint is in `documents`.
                found.append(pages.credit_of(payloads[row].as_py() or b"", url) if page_hints[row] else NOTHING)
            else:
                found.append(_of_file(payloads[row].as_py(), charset, record_id) if file_hints[row] else NOTHING)
            continue
        stated = stated_fields(metadata)
        own = _of_file(payloads[row].as_py(), charset, record_id) if file_hints[row] else NOTHING
        project = str(stated.get("distribution") or "") if kind == "environment_files" else ""
        of_row = _of_distribution(stated) if kind == "environment_files" else _of_row(stated, url, record_id)
        credit = of_row.over(own).over(trees.credit_of(name, url, project))
        found.append(credit._replace(swhid=_swhid(payloads[row].as_py() or b"", record_type, kind)))
    return found


def _swhid(payload: bytes, record_type: str, kind: str) -> str:
    """The identifier of a whole file; empty of a row, and where bytes that are no UTF-8 were replaced on the way."""
    whole = record_type == "file" or (kind == "environment_files" and _REPLACED not in payload)
    return content_id(payload) if whole else ""


def _of_file(payload: bytes | None, charset: str | None, record_id: str) -> Credit:
    if not payload:
        return NOTHING
    head = payload[: 4 * files.MAX_CHARACTERS]
    try:
        text = head.decode(charset or "utf-8", "replace")
    except LookupError:
        text = head.decode("utf-8", "replace")
    credit = files.credit_of(text)
    return _found_in(credit, record_id)


def _of_row(stated: Mapping[str, Any], url: str, record_id: str) -> Credit:
    return _found_in(rows.credit_of(stated, url), record_id)


def _found_in(credit: Credit, record_id: str) -> Credit:
    return credit._replace(notices=tuple(notice._replace(record_id=record_id) for notice in credit.notices))


def stated_fields(metadata: str | None) -> dict[str, Any]:
    """The fields that a record's metadata hold; none if they cannot be read."""
    try:
        stated = json.loads(metadata or "{}")
    except ValueError:
        return {}
    return stated if isinstance(stated, dict) else {}


def _of_distribution(stated: Mapping[str, Any]) -> Credit:
    """What the metadata of an installed distribution say, as `ingest/installed_records` writes them."""
    project = " ".join(str(stated[name]) for name in ("distribution", "version") if stated.get(name))
    fields = ("author", "author_email", "maintainer", "maintainer_email")
    return Credit(authors=people_of_headers(*map(stated.get, fields)), project=line(project))
