"""Reference texts: what is read, per language, to adapt thresholds to.

Files are found, opened and read as those of a source of kind `files`: JSONL (plain, gzip, zstd), Parquet, or text files
with one text each. Empty rows and files are passed over; what cannot be read is an error, since a threshold learned
from half a reference would be wrong for every document. Not here: what is learned (`learn.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa

from data_platform.core.errors import PlainError
from data_platform.extract.plain import Plain
from data_platform.extract.protocol import Rejected
from data_platform.ingest.files import Fields, read_file, read_jsonl, read_parquet
from data_platform.ingest.records import Archive, Rejection
from data_platform.ingest.settings import FilesSource, Ingest
from data_platform.ingest.sources import open_archive, resolve

BATCH_ROWS = 256


class ReferenceTextError(PlainError, ValueError):
    """Reference texts that cannot be used. The message names language and file, and never shows a text."""


def reference_archives(reference: Mapping[str, tuple[str, ...]]) -> dict[str, list[Archive]]:
    """The files of every language, with their fingerprints.

    Raises:
        SourceError: if a path leads nowhere; the message names it.
    """
    return {
        language: resolve(FilesSource(kind="files", name=f"reference-{language}", snapshot="reference", paths=paths))
        for language, paths in sorted(reference.items())
    }


def reference_texts(language: str, archives: list[Archive]) -> Iterator[pa.Table]:
    """Batches of the texts of a language: columns `doc_id` (the text's digest), `language`, `text`.

    Raises:
        ReferenceTextError: if a file or row cannot be read, or no file holds a text.
    """
    rows: list[dict[str, str]] = []
    none = True
    for archive in archives:
        for doc_id, text in _texts(language, archive):
            rows.append({"doc_id": doc_id, "language": language, "text": text})
            none = False
            if len(rows) == BATCH_ROWS:
                yield _batch(rows)
                rows = []
    if none:
        names = ", ".join(archive.name for archive in archives[:3])
        raise ReferenceTextError(
            f"reference text of {language}: none in {names}; rows of JSONL and Parquet hold it in the field text"
        )
    if rows:
        yield _batch(rows)


def _batch(rows: list[dict[str, str]]) -> pa.Table:
    schema = pa.schema({"doc_id": pa.string(), "language": pa.string(), "text": pa.large_string()})
    return pa.Table.from_pylist(rows, schema)


def _texts(language: str, archive: Archive) -> Iterator[tuple[str, str]]:
    limits = Ingest()
    with open_archive(archive) as raw:
        if archive.format == "jsonl":
            items = read_jsonl(raw, archive, Fields(), limits)
        elif archive.format == "parquet":
            items = read_parquet(raw, archive, Fields(), limits)
        else:
            items = read_file(raw, archive, limits)
        for item in items:
            if isinstance(item, Rejection):
                if item.reason == "empty_payload":
                    continue
                raise ReferenceTextError(f"reference text of {language}, {archive.name}: {item.reason}")
            found = Plain().extract(item.payload, item.mime, item.charset, item.url)
            if isinstance(found, Rejected):
                if found.reason == "empty_text":
                    continue
                raise ReferenceTextError(f"reference text of {language}, {archive.name}: {found.reason}")
            yield item.payload_digest, found.text
