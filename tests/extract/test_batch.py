"""The batch: one row out for each row in, in order, whatever the rows hold."""

from __future__ import annotations

import pyarrow as pa
import pytest

from data_platform.extract.batch import FIELDS, extract_batch
from data_platform.extract.settings import Extraction


def batch(rows: list[tuple], settings: Extraction | None = None) -> pa.StructArray:
    payload, mime, charset, url, record_type = zip(*rows, strict=True) if rows else [()] * 5
    return extract_batch(
        pa.array(payload, pa.large_binary()), pa.array(mime, pa.string()), pa.array(charset, pa.string()),
        pa.array(url, pa.string()), pa.array(record_type, pa.string()), settings or Extraction(),
    )  # fmt: skip


def test_rows_stay_in_order_and_faults_stay_in_their_row() -> None:
    result = batch([
        (b"one \xfc", "text/plain", "latin1", "https://e.org/1", "response"),
        (b"", "text/html", None, "https://e.org/2", "response"),
        (None, None, None, None, None),
        (bytes(range(256)) * 9, "text/html", "utf-8", "https://e.org/3", "response"),
        (b"<html><head><title>T</title></head><body><p>Hello there, world.</p></body></html>", "text/html", None,
         "https://e.org/4", "resource"),
        ("def f(): pass".encode("utf-16"), "text/plain", None, "file:x.py", "file"),
    ])  # fmt: skip
    assert result.type == FIELDS
    assert result.field("text").to_pylist() == ["one ü", None, None, None, "Hello there, world.", "def f(): pass"]
    assert result.field("title").to_pylist() == [None, None, None, None, "T", None]
    assert result.field("rejection").to_pylist() == [None, "empty_text", "empty_text", "undecodable", None, None]
    assert [name.split()[0] for name in result.field("extractor").to_pylist()] == [
        "plain", "auto", "plain", "auto", "auto", "plain",
    ]  # fmt: skip
    assert result.field("detail")[3].as_py().endswith("characters are no text")


def test_an_empty_batch_has_the_fields() -> None:
    result = batch([])
    assert len(result) == 0
    assert result.type == FIELDS


def test_sliced_arrays_are_read_from_their_offset() -> None:
    payload = pa.array([b"a", b"b", b"c"], pa.large_binary())[1:]
    plain, url = pa.array(["text/plain"] * 2), pa.array(["file:x"] * 2)
    result = extract_batch(payload, plain, pa.nulls(2, pa.string()), url, pa.array(["file"] * 2), Extraction())
    assert result.field("text").to_pylist() == ["b", "c"]


def test_a_wrong_recipe_is_a_fault_and_no_rejection() -> None:
    with pytest.raises(ValueError, match="no option nonsense"):
        batch([(b"x", "text/plain", None, "file:x", "file")], Extraction(options={"nonsense": True}))
