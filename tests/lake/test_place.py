"""Lakes lie wherever a file system lets a folder be, and stores without TLS need no second word."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest

from data_platform.core.tables import table
from data_platform.lake.lake import Lake
from data_platform.lake.place import STAND_INS, LakeUnreachable, shown, store_options

PLAIN = ["plain", "a b", "a[1]", "a*b", "it's", 'a"b', "a%b", "café", "cafe\N{COMBINING ACUTE ACCENT}", "{snapshot}",
         "~a"]
MISREAD = ["a#b", "a?b", "a%20b", "%2F", "a\\b", "a\nb", "a\tb", "a\x7fb", os.fsdecode(b"a\xffb"), "a#b/c/d?e"]


@pytest.mark.parametrize("name", PLAIN + MISREAD, ids=ascii)
def test_a_lake_lies_under_any_name(tmp_path: Path, name: str) -> None:
    place = tmp_path / name / "lake"
    empty = pa.Table.from_pylist([], schema=table("check_results").schema)
    Lake(str(place)).append("check_results", empty)
    again = Lake(f"{place}/")
    assert again.tables() == ["check_results"] and len(again.open("check_results").history()) == 2
    assert again.read_table("check_results").num_rows == again.count("check_results") == 0
    assert (place / "check_results" / "_delta_log").is_dir()
    assert (tmp_path / STAND_INS).is_dir() == (name in MISREAD)


def test_what_lies_at_a_misread_path_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a#b").mkdir()
    (tmp_path / "a#b" / "mine.txt").write_text("kept")
    with pytest.raises(LakeUnreachable, match=r"a#b: .* move it away, or name another path"):
        Lake(str(tmp_path / "a#b"))
    assert (tmp_path / "a#b" / "mine.txt").read_text() == "kept"


def test_paths_are_shown_on_one_line() -> None:
    assert shown("a\nb\udcff") == "a\\nb\\xff"


def test_an_endpoint_without_tls_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ALLOW_HTTP"):
        monkeypatch.delenv(name, raising=False)
    plain = {"aws_endpoint_url": "http://minio:9000"}
    assert store_options("s3://b/l", plain)["AWS_ALLOW_HTTP"] == "true"
    assert store_options("s3://b/l", plain | {"aws_allow_http": "false"}) == plain | {"aws_allow_http": "false"}
    assert store_options("s3://b/l", {}) == store_options("/data/l", {}) == {}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:5000")
    assert store_options("s3://b/l", {}) == {"AWS_ALLOW_HTTP": "true"}
