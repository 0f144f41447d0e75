"""Labelled texts for the classifiers of branches: from JSONL files, from labelled URLs of archives, or the environment.

Every text has an origin, the host of its URL or the distribution that it was written in (a row without a URL is its
own), and whole origins are held out, by the hash of their name: a classifier that knows a site by its furniture would
look better than it is. Not here: the pages of the environment (`docstrings.py`), training (`methods/branches/`).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pyarrow as pa

from data_platform.branches.settings import Branch, DomainLabels
from data_platform.core.errors import DAMAGED, PlainError
from data_platform.core.tables import table
from data_platform.extract.settings import Extraction
from data_platform.ingest.settings import CrawlSource, Ingest

PAGES_AT_ONCE = 32


class DomainLabelError(PlainError, ValueError):
    """Labels that cannot be used. The message names file, line and field, and never shows a text."""


def domain_labels(branch: str, settings: Branch, extraction: Extraction, ingest: Ingest) -> pa.Table:
    """The labelled texts of one branch with a cascade, as rows of table `domain_labels`, in the order of their ids.

    A text that occurs more than once is taken once, positive if any label says so. Of each label at most `limit` texts
    of every part are taken, those with the least ids.

    Raises:
        DomainLabelError: if a file or row cannot be read.
    """
    chosen: dict[str, dict[str, object]] = {}
    for part in settings.cascade.labels:
        rows: dict[str, dict[str, object]] = {}
        for origin, url, text, label in _rows(part, extraction, ingest):
            if not text.strip():
                continue
            label_id = hashlib.blake2b(b"\0".join((branch.encode(), text.encode())), digest_size=16).hexdigest()
            if label_id not in rows or label:
                rows[label_id] = {
                    "label_id": label_id, "branch": branch, "origin": origin, "url": url, "text": text, "label": label,
                    "split": "held_out" if _share(origin) < settings.cascade.held_out else "train",
                }
        for wanted in (0, 1):
            least = sorted(row["label_id"] for row in rows.values() if row["label"] == wanted)[: part.limit]
            for label_id in least:
                if label_id not in chosen or wanted:
                    chosen[label_id] = rows[label_id]
    ordered = [chosen[label_id] for label_id in sorted(chosen)]
    return pa.Table.from_pylist(ordered, schema=table("domain_labels").schema)


def _share(origin: str) -> float:
    """A number in [0, 1) from the name of an origin: the same one whatever else is labelled."""
    return int.from_bytes(hashlib.blake2b(origin.encode(), digest_size=8).digest()) / 2**64


_Row = tuple[str, str, str, int]


def _rows(part: DomainLabels, extraction: Extraction, ingest: Ingest) -> Iterator[_Row]:
    """(origin, URL, text, label) of every labelled text."""
    if part.kind == "environment":
        from data_platform.branches.docstrings import formula_pages

        return formula_pages(extraction)
    if part.kind == "files":
        return _file_rows(part)
    return _page_rows(part, extraction, ingest)


def host_of(url: str) -> str:
    """The host of a URL without `www.`, in lower case; empty without one."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


# -- files ------------------------------------------------------------------------------------------------------------


def _file_rows(part: DomainLabels) -> Iterator[_Row]:
    import fsspec

    for path in part.paths:
        name = PurePosixPath(path).name
        try:
            with fsspec.open(path, "rt", encoding="utf-8", compression="infer") as lines:
                number = 0
                for number, line in enumerate(lines, start=1):
                    if line.strip():
                        yield _file_row(line, f"{path}:{number}", f"{name}:{number}", part)
        except (OSError, UnicodeDecodeError, *DAMAGED) as error:
            reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
            raise DomainLabelError(f"{path}: cannot be read: {reason}") from None
        if not number:
            raise DomainLabelError(f"{path}: is empty; fetch it again, or take it out of the paths")


def _file_row(line: str, place: str, name: str, part: DomainLabels) -> _Row:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise DomainLabelError(f"{place}: not JSON at column {error.colno}") from None
    if not isinstance(row, dict) or not isinstance(row.get(part.text_field), str) or part.label_field not in row:
        raise DomainLabelError(f"{place}: needs a text in {part.text_field!r} and a label in {part.label_field!r}")
    url = row.get(part.url_field) if isinstance(row.get(part.url_field), str) else ""
    return host_of(url) or name, url, row[part.text_field], int(row[part.label_field] in part.positive)


# -- pages ------------------------------------------------------------------------------------------------------------


def _page_rows(part: DomainLabels, extraction: Extraction, ingest: Ingest) -> Iterator[_Row]:
    from data_platform.extract.batch import extract_batch
    from data_platform.ingest.crawl import read_archive
    from data_platform.ingest.records import Capture
    from data_platform.ingest.sources import open_archive, resolve

    labels = url_labels(part.urls)
    source = CrawlSource(name="labels", snapshot="labels", paths=part.paths)
    for archive in resolve(source):
        with open_archive(archive) as stream:
            pages = (item for item in read_archive(stream, archive, ingest)
                     if isinstance(item, Capture) and item.url in labels)
            for batch in _batches(pages):
                columns = (
                    pa.array([page.payload for page in batch], pa.large_binary()),
                    *(pa.array([getattr(page, name) for page in batch], pa.string())
                      for name in ("mime", "charset", "url", "record_type")),
                )
                for page, text in zip(batch, extract_batch(*columns, extraction).field("text").to_pylist(),
                                      strict=True):
                    yield host_of(page.url), page.url, text or "", int(labels[page.url] in part.positive)


def _batches(pages: Iterable) -> Iterator[list]:
    batch: list = []
    for page in pages:
        batch.append(page)
        if len(batch) == PAGES_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def url_labels(path: str) -> dict[str, str]:
    """Label by URL, from a TSV file with the columns `url` and `label`; lines that begin with '#' are comments.

    Raises:
        DomainLabelError: if the file cannot be read or a line lacks a column.
    """
    import fsspec

    try:
        with fsspec.open(path, "rt", encoding="utf-8", newline="") as file:
            lines = [line for line in file if not line.startswith("#")]
    except OSError as error:
        raise DomainLabelError(f"{path}: cannot be read: {error}") from None
    rows = csv.DictReader(io.StringIO("".join(lines)), delimiter="\t", quoting=csv.QUOTE_NONE)
    labels = {row.get("url"): row.get("label") for row in rows}
    if not labels or None in labels or None in labels.values():
        raise DomainLabelError(f"{path}: every line needs the columns url and label, parted by a tab")
    return labels
