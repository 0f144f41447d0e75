"""Rows of JSONL and Parquet, and single files: every row and file ends as a capture or a reason."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.ingest.crawl import Item
from data_platform.ingest.files import METADATA_BYTES, Fields, read_file, read_jsonl, read_parquet, text_charset
from data_platform.ingest.records import Archive, Capture, Rejection
from data_platform.ingest.settings import FilesSource, Ingest
from tests.ingest.archives import captures, reasons, tally

ARCHIVE = Archive("rows", "part/a.jsonl", "/data/a", 1, "sha256:0", "jsonl")
FIELDS = Fields()


def lines(data: bytes, fields: Fields = FIELDS, limits: Ingest | None = None) -> list[Item]:
    return list(read_jsonl(io.BytesIO(data), ARCHIVE, fields, limits or Ingest()))


def rows(table: pa.Table, fields: Fields = FIELDS, damage: Callable[[bytes], bytes] = bytes, **options) -> list[Item]:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return list(read_parquet(io.BytesIO(damage(sink.getvalue())), ARCHIVE, fields, Ingest()))


def test_a_row_becomes_a_capture() -> None:
    row = {"text": "Grüße\n世界", "url": " https://a.example/x ", "license": "CC-BY-4.0", "id": 7, "tags": ["a"]}
    first = json.dumps({"text": "one"}).encode() + b"\n\n  \n"
    items = lines(first + json.dumps(row).encode())
    one, two = captures(items)
    assert len(items) == 2
    assert (one.url, one.place.offset, one.length, one.metadata) == ("file:part/a.jsonl#0", 0, 16, {})
    assert two.place.offset == len(first)
    assert two.payload.decode() == "Grüße\n世界"
    assert two.url == "https://a.example/x"
    assert two.metadata == {"license": "CC-BY-4.0", "id": 7, "tags": ["a"]}
    assert (two.record_type, two.mime, two.charset, two.http_status, two.fetched_at) == (
        "row", "text/plain", "utf-8", None, None,
    )


@pytest.mark.parametrize(("line", "reason"), [
    (b'{"text": "a', "json_invalid"), (b"not json", "json_invalid"), (b"[1]", "json_invalid"), (b"3", "json_invalid"),
    (b'{"text": "\xff"}', "json_invalid"), (b"[" * 100_000, "json_invalid"),
    (b'{"text": ' + b'{"a":' * 900 + b"1" + b"}" * 901, "text_not_string"),
    (b'{"n": ' + b"1" * 5000 + b', "text": "a"}', "json_invalid"),
    (b"{}", "empty_payload"), (b'{"text": null}', "empty_payload"), (b'{"text": " \\n\\t"}', "empty_payload"),
    (b'{"text": ["a"]}', "text_not_string"), (b'{"text": 1}', "text_not_string"),
])
def test_lines_that_give_no_text(line: bytes, reason: str) -> None:
    items = lines(line + b"\n" + b'{"text": "fine"}\n')
    assert tally(items) == {reason: 1, "captured": 1}
    assert items[1].place.offset == len(line) + 1
    assert "fine" not in items[0].detail


def test_fields_are_named_by_the_source_and_dots_reach_into_objects() -> None:
    source = FilesSource(
        kind="files", name="rows", snapshot="s", paths=("x",), text_field="doc.body", url_field="meta.url",
        license_field="meta.license.spdx",
    )
    row = {"doc": {"body": "text"}, "meta": {"url": "https://b.example", "license": {"spdx": "MIT"}}, "license": "no"}
    (item,) = captures(lines(json.dumps(row).encode(), Fields.of(source)))
    assert item.metadata["license"] == ["MIT", "no"]
    del row["license"]
    (item,) = captures(lines(json.dumps(row).encode(), Fields.of(source)))
    assert (item.payload, item.url) == (b"text", "https://b.example")
    assert item.metadata["license"] == "MIT"
    flat = {"doc.body": "flat", "meta": 3}
    (item,) = captures(lines(json.dumps(flat).encode(), Fields.of(source)))
    assert (item.payload, item.url, item.metadata) == (b"flat", "file:part/a.jsonl#0", {"meta": 3})


def test_surrogates_do_not_break_utf8() -> None:
    line = rb'{"text": "a\ud83d\ude00b\ud800c", "url": "\udfff", "x": "\ud800"}'
    (item,) = captures(lines(line))
    assert item.payload.decode() == "a😀b\ufffdc"
    assert item.url == "\ufffd"


def test_metadata_is_bounded_and_keeps_the_licence() -> None:
    row = {"text": "a", "long": "x" * METADATA_BYTES, "short": "y", "license": "z" * METADATA_BYTES}
    (item,) = captures(lines(json.dumps(row).encode()))
    assert item.metadata == {"license": {"unread": f"{METADATA_BYTES + 14} bytes"}, "short": "y"}
    row = {"text": "a", **{f"field{number}": "v" * 900 for number in range(200)}, "license": "MIT"}
    (item,) = captures(lines(json.dumps(row).encode()))
    assert item.metadata["license"] == "MIT"
    assert 60 < len(item.metadata) < 200
    assert len(json.dumps(item.metadata)) <= METADATA_BYTES


def test_lines_longer_than_the_limit_are_passed_over() -> None:
    limits = Ingest(max_payload_bytes=100)
    long = json.dumps({"text": "x" * 101}).encode()
    endless = b'{"text": "' + b"x" * 500_000 + b'"}'
    for pack in (bytes, gzip.compress, zstandard.compress):
        items = lines(pack(b"\n".join([long, endless, b'{"text": "fine"}'])), limits=limits)
        assert tally(items) == {"payload_too_large": 2, "captured": 1}
        assert items[2].place.offset == len(long) + len(endless) + 2


NUMBERED = [json.dumps({"text": f"row {number}", "n": number}).encode() + b"\n" for number in range(200)]


@pytest.mark.parametrize("pack", [
    bytes, gzip.compress, zstandard.compress,
    lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    lambda data: zstandard.compress(data[:100]) + zstandard.compress(data[100:]),
    lambda data: b"\xef\xbb\xbf" + data, lambda data: data.rstrip(b"\n"), lambda data: data.replace(b"\n", b"\r\n"),
])
def test_every_packing_gives_the_same_rows(pack: Callable[[bytes], bytes]) -> None:
    items = lines(pack(b"".join(NUMBERED)))
    assert [item.payload.decode() for item in captures(items)] == [f"row {number}" for number in range(200)]
    assert len({item.record_id for item in items}) == 200


@settings(max_examples=80, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.sampled_from([gzip.compress, zstandard.compress]))
def test_cut_files_keep_their_rows_and_say_that_they_are_cut(where: float, pack: Callable[[bytes], bytes]) -> None:
    pieces = [pack(b"".join(NUMBERED[at:at + 20])) for at in range(0, 200, 20)]
    data = b"".join(pieces)
    cut = int(where * len(data))
    items = lines(data[:cut])
    found = captures(items)
    assert [item.metadata["n"] for item in found] == list(range(len(found)))
    ends = [len(b"".join(pieces[:count])) for count in range(11)]
    assert len(found) >= 20 * max(count for count, end in enumerate(ends) if end <= cut)
    assert len(items) - len(found) == (0 if cut in ends else 1)
    assert set(reasons(items)) <= {"archive.truncated", "json_invalid"}


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_end_as_items(data: bytes, zipped: bool) -> None:
    items = lines(gzip.compress(data) if zipped else data)
    assert all(isinstance(item, Capture | Rejection) for item in items)
    if zipped:
        assert len(items) == sum(bool(line.strip()) for line in data.split(b"\n"))


# -- Parquet


def test_parquet_rows() -> None:
    table = pa.table({
        "text": ["a", None, "", "d" * 10], "url": ["https://a.example", None, None, None],
        "license": ["MIT", "MIT", "MIT", None], "when": [datetime(2020, 1, 2)] * 4, "blob": [b"\xff"] * 4,
        "nested": [{"a": [1]}] * 4,
    })
    items = rows(table, row_group_size=3)
    assert tally(items) == {"captured": 2, "empty_payload": 2}
    assert [item.place.offset for item in items] == [0, 1, 2, 3]
    assert items[0].metadata == {"license": "MIT", "when": "2020-01-02 00:00:00.000000", "nested": {"a": [1]}}
    assert items[3].url == "file:part/a.jsonl#3"


@pytest.mark.parametrize("column", [
    pa.array(["a", "b"], pa.large_string()), pa.array(["a", "b"]).dictionary_encode(), pa.array([b"a", b"b"]),
    pa.array(["a", "b"], pa.string_view()) if hasattr(pa, "string_view") else pa.array(["a", "b"]),
])
def test_parquet_text_of_any_string_type(column: pa.Array) -> None:
    assert [item.payload for item in captures(rows(pa.table({"text": column})))] == [b"a", b"b"]


def test_parquet_text_that_is_no_utf8_or_no_text() -> None:
    bad = pa.array([b"fine", b"\xff\xfe", b"too"], pa.binary()).view(pa.string())
    assert [item.reason if isinstance(item, Rejection) else "" for item in rows(pa.table({"text": bad}))] == [
        "", "text_not_string", "",
    ]
    assert tally(rows(pa.table({"text": [1, 2]}))) == {"text_not_string": 2}
    nanoseconds = pa.array([1], pa.timestamp("ns"))
    (item,) = captures(rows(pa.table({"text": ["a"], "when": nanoseconds, "in": pa.array([{"t": 1}])})))
    assert item.metadata["when"].startswith("1970-01-01 00:00:00.000000001")


def test_a_damaged_row_group_costs_its_own_rows_only() -> None:
    table = pa.table({"text": [f"row {number} " + "x" * 50 for number in range(100)]})
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=25, compression="zstd", use_dictionary=False)
    column = pq.ParquetFile(sink).metadata.row_group(1).column(0)
    end = column.data_page_offset + column.total_compressed_size
    data = bytearray(sink.getvalue())
    data[end - 60:end - 10] = b"\xff" * 50
    items = list(read_parquet(io.BytesIO(data), ARCHIVE, FIELDS, Ingest()))
    assert [item.place.offset for item in items] == list(range(100))
    assert tally(items) == {"captured": 75, "archive.unreadable": 25}
    assert all(25 <= item.place.offset < 50 for item in items if isinstance(item, Rejection))


def test_a_cut_parquet_file_is_one_rejection() -> None:
    assert reasons(rows(pa.table({"text": ["a"]}), damage=lambda data: data[:-5])) == ["archive.unreadable"]


# -- single files


@pytest.mark.parametrize(("data", "reason", "charset"), [
    (b"def f():\n\treturn 1\n", None, "utf-8"), ("naïve".encode(), None, "utf-8"), (b"na\xefve caf\xe9", None, None),
    ("text".encode("utf-16"), None, "utf-16"), (b"\xef\xbb\xbfx", None, "utf-8"),
    (b"\x7fELF\0\0", "binary", None), (b"\x89PNG\r\n\x1a\n\xff\x01", "binary", None), (b"a\0b", "binary", None),
    (b"", "empty_payload", None), (b" \n", "empty_payload", None), (b"x" * 1001, "payload_too_large", None),
])
def test_single_files(data: bytes, reason: str | None, charset: str | None) -> None:
    archive = Archive("code", "pkg/a b.py", "/data/a.py", len(data), "sha256:0", "file")
    (item,) = read_file(io.BytesIO(data), archive, Ingest(max_payload_bytes=1000))
    assert item.url == "file:pkg/a b.py"
    assert item.record_type == "file"
    if reason:
        assert item.reason == reason
    else:
        assert (item.payload, item.mime, item.charset, item.length) == (data, "text/plain", charset, len(data))


def test_a_file_that_reserves_by_lying_there_may_be_empty() -> None:
    archive = Archive("code", "pkg/.noai", "/data/.noai", 0, "sha256:0", "file")
    (item,) = read_file(io.BytesIO(b""), archive, Ingest())
    assert isinstance(item, Capture) and item.payload == b""


def test_real_code_and_prose_is_text(shared_data: Path) -> None:
    folder = shared_data / "domains"
    files = [path for path in folder.rglob("*") if path.suffix in (".md", ".py", ".rst", ".txt")][:200]
    assert files and all(text_charset(path.read_bytes()) == "utf-8" for path in files)
