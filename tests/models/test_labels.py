"""Labelled texts: which are taken, which are held out, and what is said of files that cannot be used."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from data_platform.core.tables import table
from data_platform.models.labels import LabelError, label_table
from data_platform.models.settings import Labels


def write(path: Path, rows: list[dict]) -> str:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


def rows(count: int, label: object, word: str) -> list[dict]:
    return [{"text": f"{word} {number}", "label": label} for number in range(count)]


def files(*paths: str, **rest) -> Labels:
    return Labels(kind="files", paths=paths, **rest)


def test_files_plain_and_gzip_become_the_table(tmp_path):
    plain = write(tmp_path / "a.jsonl", [*rows(3, 1, "good"), *rows(2, 0, "bad")])
    zipped = write(tmp_path / "b.jsonl.gz", [*rows(1, "keep", "fine"), *rows(1, "drop", "poor"), *rows(1, True, "ok")])
    found = label_table(files(plain, zipped))
    assert found.schema == table("quality_labels").schema
    assert {(row["origin"], row["text"], row["label"]) for row in found.to_pylist()} == {
        ("a.jsonl", "good 0", 1), ("a.jsonl", "good 1", 1), ("a.jsonl", "good 2", 1), ("a.jsonl", "bad 0", 0),
        ("a.jsonl", "bad 1", 0), ("b.jsonl.gz", "fine 0", 1), ("b.jsonl.gz", "poor 0", 0), ("b.jsonl.gz", "ok 0", 1),
    }  # fmt: skip
    assert found["label_id"].to_pylist() == sorted(set(found["label_id"].to_pylist()))


def test_fields_and_wanted_values_are_settings(tmp_path):
    path = write(tmp_path / "a.jsonl", [{"body": "x", "grade": "A"}, {"body": "y", "grade": "F"}])
    found = label_table(files(path, text_field="body", label_field="grade", positive=("A", "B")))
    assert dict(zip(found["text"].to_pylist(), found["label"].to_pylist(), strict=True)) == {"x": 1, "y": 0}


def test_the_limit_holds_per_label_and_does_not_depend_on_the_order(tmp_path):
    wanted, unwanted = rows(60, 1, "good"), rows(40, 0, "bad")
    forward = label_table(files(write(tmp_path / "a.jsonl", wanted + unwanted), limit=10))
    (tmp_path / "other").mkdir()
    backward = label_table(files(write(tmp_path / "other" / "a.jsonl", (wanted + unwanted)[::-1]), limit=10))
    assert forward["label"].to_pylist().count(1) == forward["label"].to_pylist().count(0) == 10
    assert forward == backward


def test_the_texts_that_are_taken_are_held_out_in_the_share_asked_for(tmp_path):
    # Both go by the id. Were it by the same digits, a small limit would take held-out texts alone.
    path = write(tmp_path / "a.jsonl", [*rows(4_000, 1, "good"), *rows(4_000, 0, "bad")])
    split = label_table(files(path, limit=1_000, held_out=0.2))["split"].to_pylist()
    assert 0.17 < split.count("held_out") / len(split) < 0.23


def test_a_repeated_text_is_one_row_with_its_first_label(tmp_path):
    same = [{"text": "same", "label": label} for label in (1, 0, 1)]
    found = label_table(files(write(tmp_path / "a.jsonl", [*same, {"text": "other", "label": 0}])))
    assert dict(zip(found["text"].to_pylist(), found["label"].to_pylist(), strict=True)) == {"same": 1, "other": 0}


def test_texts_of_the_environment():
    def texts(limit: int) -> list[tuple[str, str, int]]:
        assert limit == 5
        return [("pkg-a", "Prose.", 1), ("pkg-b", "x = 1", 0)]

    found = label_table(Labels(limit=5), texts)
    assert sorted(found["origin"].to_pylist()) == ["pkg-a", "pkg-b"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "SECRET"}', r"a\.jsonl:2: no field 'label'; the line has text"),
        ('{"label": 1}', r"a\.jsonl:2: no field 'text'"),
        ('{"text": 7, "label": 1}', r"a\.jsonl:2: field 'text' is int, not text"),
        ('["SECRET"]', r"a\.jsonl:2: not a JSON object"),
        ('{"text": "SECRET', r"a\.jsonl:2: not JSON"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_not_shown(tmp_path, line, message):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a", "label": 1}\n' + line + "\n")
    with pytest.raises(LabelError, match=message) as caught:
        label_table(files(str(path)))
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe SECRET", gzip.compress(b'{"text": "SECRET"}' * 999, mtime=0)[:40]])
def test_a_file_that_cannot_be_read_is_named_and_not_shown(tmp_path, content):
    path = tmp_path / ("a.jsonl.gz" if content[:2] == b"\x1f\x8b" else "a.jsonl")
    path.write_bytes(content)
    with pytest.raises(LabelError, match=r"a\.jsonl.*: cannot be read") as caught:
        label_table(files(str(path)))
    assert "SECRET" not in str(caught.value)


def test_missing_files_paths_and_labels_are_named(tmp_path):
    with pytest.raises(LabelError, match=r"nowhere\.jsonl: cannot be read"):
        label_table(files(str(tmp_path / "nowhere.jsonl")))
    with pytest.raises(LabelError, match="names none"):
        label_table(files())
    with pytest.raises(LabelError, match="no text is labelled not wanted"):
        label_table(files(write(tmp_path / "a.jsonl", rows(3, 1, "good"))))


def test_people_s_labels(shared_data):
    found = label_table(files(str(shared_data / "labels/quality/dclm-majority_data.jsonl")))
    assert found["label"].to_pylist().count(1) == 272  # of 499 lines
    assert set(found["split"].to_pylist()) == {"train", "held_out"}
