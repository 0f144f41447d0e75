"""Reading rows of JSONL and Parquet, and single files of text or code: one item for every row or file.

Reasons: `json_invalid`, `text_not_string`, `empty_payload`, `payload_too_large`, `binary`, `link_to_nothing`, and for
the end of damaged files `archive.truncated` and `archive.unreadable`.
Not here: crawls (`crawl.py`), finding files (`sources.py`).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa

from data_platform.ingest.evidence_files import is_reservation
from data_platform.ingest.records import (
    Archive,
    Capture,
    Place,
    Rejection,
    as_json,
    record_id,
    sha256,
    valid_text,
)
from data_platform.ingest.settings import FilesSource, Ingest
from data_platform.ingest.stream import ArchiveStream, Damage
from data_platform.spdx.containers import container_of, fields_in, is_field
from data_platform.spdx.fields import speaks

METADATA_BYTES = 64 * 1024
SHORT_FIELD_BYTES = 1000
MAX_DEPTH = 12
UNREAD = "unread"
"""In place of a value that could not be kept stands an object that has this name alone, with why."""
CREDIT_FIELD_BYTES = 12_000
PARQUET_BATCH_ROWS = 64
PARQUET_READ_BYTES = 2**20
# Lines are longer than the text in them: JSON escapes, and a row holds other fields.
LINE_EXPANSION = 2
_CREDIT_FIELD = re.compile(
    r"(?i)(?:.*[_.:-])?(?:authors?|creators?|byline|writers?|contributors?|title|headline|source|url|copyright|rights|"
    r"attribution|publisher|doi)(?:[_-]?(?:names?|list|url|holder|parsed))?"
)
"""Fields that say whom to credit: an article has a thousand authors, and all are to be named."""
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# UTF-32 first: its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)

Item = Capture | Rejection


@dataclass(frozen=True)
class Fields:
    """Names of the fields of a row that hold its text, URL and licence; dots reach into objects."""

    text: str = "text"
    url: str | None = "url"
    license: str | None = "license"

    @classmethod
    def of(cls, source: object) -> Fields:
        """The fields that a source names; the defaults for sources that name none."""
        if isinstance(source, FilesSource):
            return cls(source.text_field, source.url_field, source.license_field)
        return cls()


def read_jsonl(raw: BinaryIO, archive: Archive, fields: Fields, limits: Ingest) -> Iterator[Item]:
    """Read JSONL, plain, gzip or zstd. Offsets count bytes of the decompressed stream; blank lines are no rows."""
    stream = ArchiveStream(raw, begins=lambda data: False)
    longest = limits.max_payload_bytes * LINE_EXPANSION + METADATA_BYTES
    offset = 0
    try:
        while line := stream.readline(longest):
            place, size = Place(offset), len(line)
            if size == longest and not line.endswith(b"\n"):
                while rest := stream.readline(longest):
                    size += len(rest)
                    if rest.endswith(b"\n"):
                        break
                yield _reject(archive, place, "payload_too_large", f"a line of {size} bytes")
            elif line.strip():
                yield _json_row(line if offset else line.removeprefix(codecs.BOM_UTF8), size, archive, place, fields,
                                limits)
            offset += size
    except Damage as damage:
        yield _reject(archive, Place(offset), f"archive.{damage.kind}", damage.detail)


def _json_row(line: bytes, size: int, archive: Archive, place: Place, fields: Fields, limits: Ingest) -> Item:
    try:
        row = json.loads(line.decode("utf-8"), object_pairs_hook=_object)
        if isinstance(row, dict):
            return _row(row, size, archive, place, fields, limits)
        return _reject(archive, place, "json_invalid", f"the line holds no object but a {type(row).__name__}")
    except json.JSONDecodeError as error:
        return _reject(archive, place, "json_invalid", f"{error.msg} at character {error.pos} of the line")
    except UnicodeDecodeError as error:
        return _reject(archive, place, "json_invalid", f"not UTF-8 at byte {error.start} of the line")
    except (ValueError, RecursionError):  # Python's own limits on the digits of numbers and the depth of objects
        return _reject(archive, place, "json_invalid", "a number too long or objects too deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Of a field that it has twice the last counts, but every licence: each is a statement."""
    found = dict(pairs)
    if len(found) != len(pairs):
        for name in found:
            if speaks(name) and len(values := [value for key, value in pairs if key == name]) > 1:
                found[name] = values
    return found


def read_parquet(raw: BinaryIO, archive: Archive, fields: Fields, limits: Ingest) -> Iterator[Item]:
    """Read Parquet a few rows at a time. Offsets are row numbers. Rows of damaged groups are rejected singly."""
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(raw, buffer_size=PARQUET_READ_BYTES, page_checksum_verification=True)
    except (pa.ArrowInvalid, OSError) as error:
        _raise_if_unreachable(error)
        yield _reject(archive, Place(0), "archive.unreadable", "the file is no Parquet file, or was cut short")
        return
    number = 0
    for group in range(file.metadata.num_row_groups):
        end = number + file.metadata.row_group(group).num_rows
        try:
            for batch in file.iter_batches(PARQUET_BATCH_ROWS, row_groups=[group], use_threads=False):
                names, columns = batch.schema.names, [_values(column) for column in batch.columns]
                for values in zip(*columns, strict=True):
                    row = _object(list(zip(names, values, strict=True)))
                    yield _row(row, 0, archive, Place(number), fields, limits)
                    number += 1
        except (pa.ArrowInvalid, OSError) as error:
            _raise_if_unreachable(error)
        for lost in range(number, end):
            yield _reject(archive, Place(lost), "archive.unreadable", f"row group {group} is damaged")
        number = end


def _values(column: pa.Array) -> list[Any]:
    """The values of a column. Times become text; of values that Python has no form for their type is told."""
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.string())
    try:
        return column.to_pylist(maps_as_pydicts="strict")
    except UnicodeDecodeError:
        is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        return column.cast(pa.large_binary()).to_pylist() if is_text else _untold(column)
    except KeyError:  # a map that has a key twice is a list of pairs
        return column.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException):
        return _untold(column)


def _untold(column: pa.Array) -> list[Any]:
    told = {UNREAD: str(column.type)[:SHORT_FIELD_BYTES]}
    return [told if valid else None for valid in column.is_valid().to_pylist()]


def _raise_if_unreachable(error: Exception) -> None:
    """Arrow says OSError of damaged data too, but then it is a bare one; anything else is the disk or the network."""
    if not isinstance(error, pa.ArrowInvalid) and (type(error) is not OSError or error.errno is not None):
        raise error


def read_file(raw: BinaryIO, archive: Archive, limits: Ingest) -> Iterator[Item]:
    """Read one file of text or code as one item, its payload as it is."""
    place = Place(0)
    url = f"file:{valid_text(archive.name)}"
    payload = raw.read(limits.max_payload_bytes + 1)
    charset = text_charset(payload)
    if len(payload) > limits.max_payload_bytes:
        yield _reject(archive, place, "payload_too_large", f"{archive.size} bytes", "file", url)
    elif charset is None:
        yield _reject(archive, place, "binary", "", "file", url)
    elif not payload.strip() and not is_reservation(archive.name.rpartition("/")[2]):
        yield _reject(archive, place, "empty_payload", "", "file", url)
    else:
        yield _capture(archive, place, len(payload), "file", url, payload, charset or None, {})


def read_link(archive: Archive) -> Rejection:
    """What becomes of a link in a folder that leads to no file."""
    return _reject(archive, Place(0), "link_to_nothing", "the link leads to no file", "file",
                   f"file:{valid_text(archive.name)}")


def text_charset(data: bytes) -> str | None:
    """The character set of a file: '' if it is some 8-bit one, None if it is no text.

    A byte order mark or valid UTF-8 decide; what is left is text if it holds no control characters (as file(1) has it).
    """
    for mark, charset in _MARKS:
        if data.startswith(mark):
            return charset
    if b"\0" in data:
        return None
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return None if _CONTROL.search(data) else ""


def _row(row: dict[str, Any], size: int, archive: Archive, place: Place, fields: Fields, limits: Ingest) -> Item:
    """A row of a table or a JSON object as a record: its text is the payload, the other fields are metadata."""
    found_url = reach(row, fields.url)
    url = valid_text(found_url).strip() if isinstance(found_url, str) else ""
    url = url or f"file:{valid_text(archive.name)}#{place.offset}"
    text = reach(row, fields.text)
    if isinstance(text, bytes):
        # Older writers leave out the mark that says a binary column is text.
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError:
            return _reject(archive, place, "text_not_string", f"field {fields.text} is binary", "row", url)
    if text is None:
        detail = f"no field {fields.text}; the row has {', '.join(sorted(map(str, row))[:20])}"[:1000]
        return _reject(archive, place, "empty_payload", detail, "row", url)
    if not isinstance(text, str):
        kind = type(text).__name__
        return _reject(archive, place, "text_not_string", f"field {fields.text} is a {kind}", "row", url)
    payload = valid_text(text).encode("utf-8")
    if not payload.strip():
        return _reject(archive, place, "empty_payload", f"field {fields.text} is blank", "row", url)
    if len(payload) > limits.max_payload_bytes:
        return _reject(archive, place, "payload_too_large", f"{len(payload)} bytes", "row", url)
    others = {name: value for name, value in row.items() if name not in (fields.text, fields.url)}
    return _capture(archive, place, size, "row", url, payload, "utf-8", _metadata(others, reach(row, fields.license)))


def reach(row: dict[str, Any], path: str | None) -> Any:
    """The field of that name, or else the one that its dots reach; None if there is none."""
    if path is None or path in row:
        return row.get(path) if path else None
    value: Any = row
    for name in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _metadata(others: dict[str, Any], license_value: Any) -> dict[str, Any]:
    """The fields that fit into `METADATA_BYTES` of JSON: all if possible; else licences, then those that credit is
    given by, then the short ones, and of objects that are too long what is short in them.

    A field that speaks of licences is never left out: what is too long of it, or is in no form that can be kept, is
    noted as unread, since a row that says something of its licence is another than one that says nothing.
    """
    fields = {name: _told(value) if speaks(name) else _decoded(value) for name, value in others.items()}
    fields = {name: value for name, value in fields.items() if value is not None and not isinstance(value, bytes)}
    if license_value is not None:
        fields = {"license": _told(_of_field(others, license_value))} | {
            name: value for name, value in fields.items() if name != "license"
        }
    sizes = {name: len(as_json({name: value}).encode("utf-8")) for name, value in fields.items()}
    if sum(sizes.values()) <= METADATA_BYTES:
        return fields
    kept = _licenses_in(fields)
    left = METADATA_BYTES - len(as_json(kept).encode("utf-8"))
    if left < METADATA_BYTES // 2:
        kept = {"license": {UNREAD: f"{METADATA_BYTES - left} bytes"}}
        left = METADATA_BYTES // 2
    for name in sorted(fields, key=lambda name: not _CREDIT_FIELD.fullmatch(name)):
        most = CREDIT_FIELD_BYTES if _CREDIT_FIELD.fullmatch(name) else SHORT_FIELD_BYTES
        value = fields[name] if sizes[name] <= most else _shortened(fields[name], most)
        if isinstance(value, dict) and isinstance(kept.get(name), dict):
            value = {**value, **kept[name]}
        elif name in kept:
            continue
        size = len(as_json({name: value}).encode("utf-8"))
        if value is not None and size <= left:
            kept[name] = value
            left -= size
    return kept


def _of_field(others: dict[str, Any], license_value: Any) -> Any:
    """The value of the source's licence field; with the row's own field `license` where that is another."""
    own = others.get("license")
    return license_value if own is None or own is license_value or own == license_value else [license_value, own]


def _told(value: Any) -> Any:
    """A value of a licence as JSON can hold it: bytes are text or nothing that could be read."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return {UNREAD: f"{len(value)} bytes"}
    if isinstance(value, dict):
        return {name: _told(inner) for name, inner in value.items()}
    return [_told(inner) for inner in value] if isinstance(value, list | tuple) else value


def _decoded(value: Any) -> Any:
    """An object or list that was written out as bytes, as text; any other value as it is."""
    if isinstance(value, bytes) and value.lstrip()[:1] in (b"{", b"["):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value
    return value


def _licenses_in(value: Any, depth: int = 0) -> Any:
    """What a container holds of licences, in its place; None if nothing. What lies too deep is unread."""
    value = container_of(value)
    if value is None:
        return None
    if depth > MAX_DEPTH:
        return {"license": {UNREAD: "too deep"}}
    if isinstance(value, list | tuple):
        pairs = [{name: inner} for name, inner in fields_in(value)]
        return [*pairs, *(found for inner in value if (found := _licenses_in(inner, depth + 1)))] or None
    if depth and is_field(value):
        return value
    found = {name: inner if speaks(str(name)) else _licenses_in(inner, depth + 1) for name, inner in value.items()}
    return {name: inner for name, inner in found.items() if inner is not None} or ({} if depth == 0 else None)


def _shortened(value: Any, most: int, depth: int = 0) -> Any:
    """Those parts of an object that take no more than `most` bytes each; None if it is no object or nothing is left."""
    if not isinstance(value, dict) or depth > 4:
        return None
    parts = {
        key: part if len(as_json(part).encode("utf-8")) <= most else _shortened(part, most, depth + 1)
        for key, part in value.items() if not isinstance(part, bytes)
    }
    parts = {key: part for key, part in parts.items() if part is not None}
    return parts if 0 < len(as_json(parts).encode("utf-8")) <= METADATA_BYTES // 4 else None


def _capture(
    archive: Archive, place: Place, length: int, record_type: str, url: str, payload: bytes, charset: str | None,
    metadata: dict[str, Any],
) -> Capture:
    digest = sha256(payload)
    return Capture(
        record_id=record_id(archive.source, archive.name, place, url, digest), place=place, length=length,
        record_type=record_type, url=url, fetched_at=None, http_status=None, content_type=None, mime="text/plain",
        charset=charset, payload_digest=digest, payload=payload, metadata=metadata,
    )


def _reject(
    archive: Archive, place: Place, code: str, detail: str, record_type: str = "row", url: str = ""
) -> Rejection:
    identity = record_id(archive.source, archive.name, place, url)
    return Rejection(identity, place, record_type, url, code, valid_text(detail))
