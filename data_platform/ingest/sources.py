"""Where archives are: paths, globs, folders, https:// and s3:// URLs to a sorted list of archives, or a clear refusal.

Everything that can be known without reading an archive is checked here, before any work starts. s3:// is reached with
the standard AWS environment variables (credentials, AWS_REGION, AWS_ENDPOINT_URL for other stores than Amazon's). Not
here: the kinds of places (`places.py`), expanding snapshots (`discover.py`), reading records (`crawl.py`, `files.py`).
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import BinaryIO, Literal

from data_platform.core.fingerprints import Fingerprints
from data_platform.ingest.files import reach
from data_platform.ingest.manifests import is_manifest
from data_platform.ingest.places import Found, Place, SourceError, place_of
from data_platform.ingest.records import Archive, valid_text
from data_platform.ingest.settings import CrawlSource, FilesSource

__all__ = ["Archive", "SourceError", "list_matches", "open_archive", "resolve"]

_CRAWL_SUFFIX = re.compile(r"\.(?:warc|arc|wet|wat)(?:\.gz)?$", re.IGNORECASE)
_JSONL_SUFFIX = re.compile(r"\.(?:jsonl|ndjson|json(?=\.))(?:\.(?:gz|gzip|zst|zstd))?$", re.IGNORECASE)
_JSON_SUFFIX = re.compile(r"\.json$", re.IGNORECASE)
_PARQUET_SUFFIX = re.compile(r"\.(?:parquet|pq)$", re.IGNORECASE)
# A first line of JSON that is longer than this is not looked at.
_SNIFF_BYTES = 2**20

Format = Literal["warc", "arc", "jsonl", "parquet", "file", "link"]


def resolve(source: CrawlSource | FilesSource) -> list[Archive]:
    """The archives of a source of one snapshot, sorted by name.

    Names are relative to the part of the path without wildcards, or the file's own name if the path names one file: the
    same on every machine. Files and folders whose names begin with a dot are passed over in folders.

    Raises:
        SourceError: nothing matches, a file is missing, empty, unreadable or of no known format, or two archives have
            one name.
    """
    archives: dict[str, Archive] = {}
    uris: set[str] = set()
    with Fingerprints() as fingerprints:
        for path in source.paths:
            place = place_of(source.name, path)
            with place.errors():
                found = sorted(place.find(), key=lambda file: file.name)
                matched = 0
                for file in found:
                    archive = _archive(source, place, file, fingerprints)
                    if archive is None:
                        continue
                    matched += 1
                    if archive.uri in uris:  # two patterns that match one file mean it once
                        continue
                    if other := archives.get(archive.name):
                        raise SourceError(
                            f"source {source.name}: {other.uri} and {archive.uri} would both be called "
                            f"{archive.name!r}; give the folder above them as one path, or make two sources of them"
                        )
                    uris.add(archive.uri)
                    archives[archive.name] = archive
            if not matched:
                what = "no WARC, ARC or WET archive" if isinstance(source, CrawlSource) else "no file to read"
                raise SourceError(
                    f"source {source.name}: {what} at {path}; " + (
                        f"it holds {len(found)} other files" if found else "correct the path, or put the files there"
                    )
                )
    return [archives[name] for name in sorted(archives)]


def list_matches(path: str) -> list[str]:
    """Files and folders that a path or glob matches, sorted; empty if there are none.

    Raises:
        SourceError: if the place cannot be reached.
    """
    place = place_of("", path)
    with place.errors():
        return sorted(place.matches())


def open_archive(archive: Archive) -> BinaryIO:
    """Open an archive to read it from any offset. It is buffered; remote ones are fetched in blocks of 8 MiB.

    A web server that cannot serve parts of a file is read once into a temporary file.

    Raises:
        SourceError: if the archive is gone or can no longer be reached.
    """
    place = place_of(archive.source, archive.uri)
    with place.errors():
        return place.open(archive.uri)


def _archive(
    source: CrawlSource | FilesSource, place: Place, file: Found, fingerprints: Fingerprints
) -> Archive | None:
    """The archive that a file is; None for files of a folder that are not meant.

    Raises:
        SourceError: if a file that is meant cannot be read as one.
    """
    if isinstance(source, CrawlSource):
        format_ = _crawl_format(source.name, place, file)
    else:
        format_ = _files_format(source, place, file)
    if format_ is None:
        return None
    if not file.size and format_ not in ("file", "link"):
        raise SourceError(f"source {source.name}: {file.uri} is empty; fetch it again or take it out of the path")
    if format_ == "parquet":
        _check_parquet(source, place, file)
    fingerprint = f"link:{file.leads_to}" if file.leads_to else place.fingerprint(file, fingerprints)
    return Archive(source.name, valid_text(file.name), file.uri, max(file.size, 0), fingerprint, format_)


def _crawl_format(source: str, place: Place, file: Found) -> Format | None:
    by_suffix = _CRAWL_SUFFIX.search(file.name)
    if file.leads_to:
        return "link" if by_suffix else None
    if by_suffix and place.remote:
        return "arc" if by_suffix[0].lower().startswith(".arc") else "warc"
    by_content = _sniff_crawl(place, file)
    if by_content or not file.size:
        return by_content or ("warc" if by_suffix or not file.walked else None)
    if by_suffix:  # its beginning is damaged, its end may not be
        return "arc" if by_suffix[0].lower().startswith(".arc") else "warc"
    if file.walked:
        return None
    raise SourceError(
        f"source {source}: {file.uri} is neither WARC nor ARC, plain or gzip; take it out of the path, or read it with "
        "a source of kind 'files'"
    )


def _sniff_crawl(place: Place, file: Found) -> Format | None:
    from data_platform.ingest.crawl import begins_record
    from data_platform.ingest.stream import HEAD_BYTES, ArchiveStream

    with place.open(file.uri) as raw:
        head = ArchiveStream(raw, begins_record).peek(HEAD_BYTES).lstrip(b"\r\n")
    if not begins_record(head):
        return None
    return "warc" if head.startswith(b"WARC/") else "arc"


def _files_format(source: FilesSource, place: Place, file: Found) -> Format | None:
    if file.walked and source.include and not any(
        fnmatch(file.name, pattern) or fnmatch(PurePosixPath(file.name).name, pattern) for pattern in source.include
    ):
        return None
    if file.leads_to:
        return "link"
    if _JSONL_SUFFIX.search(file.name):
        return "jsonl"
    if _PARQUET_SUFFIX.search(file.name):
        return "parquet"
    if _JSON_SUFFIX.search(file.name):
        # In a folder of code, .json is mostly configuration; a manifest is one wherever it lies, on one line or many.
        manifest = is_manifest(PurePosixPath(file.name).name)
        rows = not (file.walked or manifest) or _holds_rows(place, file, source.text_field)
        return "jsonl" if rows else "file"
    return "file"


def _holds_rows(place: Place, file: Found, text_field: str) -> bool:
    """Whether a file begins with an object on a line that has the field of a row's text, or with two objects on a line
    each; one alone that has no text is a manifest or a setting."""
    import json

    rows = 0
    with place.open(file.uri) as raw:
        while rows < 2 and (line := raw.readline(_SNIFF_BYTES)):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                return False
            if not isinstance(row, dict):
                return False
            if isinstance(reach(row, text_field), str):
                return True
            rows += 1
    return rows >= 2


def _check_parquet(source: FilesSource, place: Place, file: Found) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with place.open(file.uri) as raw:
            names = pq.ParquetFile(raw).schema_arrow.names
    except pa.ArrowInvalid as error:
        raise SourceError(
            f"source {source.name}: {file.uri} is no Parquet file or was cut short; fetch it again"
        ) from error
    if source.text_field not in names and source.text_field.split(".")[0] not in names:
        raise SourceError(
            f"source {source.name}: {file.uri} has no column {source.text_field}; set text_field to one of "
            f"{', '.join(names)}"
        )
