"""Archives to batches: schemas, identities, bounded batches, and books that balance to the record."""

from __future__ import annotations

import gzip
import json
import pickle
import re
import tracemalloc
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from data_platform.core.tables import table
from data_platform.ingest import write
from data_platform.ingest.settings import CrawlSource, FilesSource, Ingest, Source
from data_platform.ingest.sources import Archive, resolve
from data_platform.ingest.write import finish_revisits, ingest_archives
from tests.ingest.archives import ingest_snapshot, members, page, response, warc


def crawl(*paths: object, name: str = "web") -> CrawlSource:
    return CrawlSource(name=name, snapshot="s", paths=tuple(map(str, paths)))


def ingest(*sources: Source, limits: Ingest | None = None) -> dict[str, pa.Table]:
    """The tables of one snapshot, every batch checked against the declared columns."""
    archives = [archive for source in sources for archive in resolve(source)]
    batches: dict[str, list[pa.RecordBatch]] = {"raw_crawls": [], "rejections": [], "archives": []}
    for name, batch in ingest_snapshot(archives, {source.name: source for source in sources}, "s", limits or Ingest()):
        assert batch.schema.equals(table(name).schema)
        batch.validate(full=True)
        batches[name].append(batch)
    return {name: pa.Table.from_batches(some, table(name).schema) for name, some in batches.items()}


def assert_declared(name: str, rows: pa.Table) -> None:
    """What the column registry declares holds for the rows: keys, nulls, patterns, values, bounds."""
    declared = table(name)
    keys = list(zip(*(rows[column].to_pylist() for column in declared.key), strict=True))
    assert len(keys) == len(set(keys))
    for column in declared.columns:
        values = rows[column.name].to_pylist()
        assert column.nullable or None not in values, column.name
        values = [value for value in values if value is not None]
        if column.pattern:
            assert all(re.match(column.pattern, value) for value in values), column.name
        if column.one_of:
            assert set(values) <= set(column.one_of), column.name
        if column.minimum is not None:
            assert all(value >= column.minimum for value in values), column.name


def assert_books_balance(tables: dict[str, pa.Table]) -> None:
    rows = {name: some.drop_columns(["payload"]).to_pylist() if name == "raw_crawls" else some.to_pylist()
            for name, some in tables.items()}
    captured = Counter((row["source"], row["archive"]) for row in rows["raw_crawls"])
    rejected = Counter((row["source"], row["archive"]) for row in rows["rejections"])
    broken = {(row["source"], row["archive"]) for row in rows["rejections"] if row["reason"].startswith("archive.")}
    for books in rows["archives"]:
        place = (books["source"], books["archive"])
        assert books["captured"] == captured[place] and books["rejected"] == rejected[place]
        assert books["records"] == books["captured"] + books["rejected"]
        assert books["complete"] == (place not in broken)
    assert captured.keys() | rejected.keys() <= {(row["source"], row["archive"]) for row in rows["archives"]}


def test_every_real_archive_balances(shared_data: Path) -> None:
    """Every archive but the two largest: 3,083 records less the 512 and 443 of those."""
    folder = shared_data / "warc"
    tables = ingest(crawl(
        folder / "edge", *(path for path in sorted(folder.glob("*.gz")) if not path.name.startswith("pages-")),
        *sorted(folder.glob("*.warc")),
    ))
    assert_books_balance(tables)
    for name, rows in tables.items():
        assert_declared(name, rows)
    assert len(tables["archives"]) == 33
    assert sum(tables["archives"]["records"].to_pylist()) == 3083 - 512 - 443
    assert all(tables["archives"]["complete"].to_pylist())
    assert len(tables["raw_crawls"]) == 335
    assert Counter(tables["raw_crawls"]["record_type"].to_pylist()) == {
        "response": 326, "revisit": 7, "conversion": 1, "resource": 1,
    }
    reasons = Counter(tables["rejections"]["reason"].to_pylist())
    assert "revisit_unresolved" not in reasons and len(tables["rejections"]) == 1793
    assert reasons["record_type.request"] == 744 and reasons["http_malformed"] == 1
    for row in tables["raw_crawls"].select(["url", "host", "metadata"]).to_pylist():
        assert row["host"] and isinstance(json.loads(row["metadata"]), dict)


def test_crawls_tables_and_code_in_one_snapshot(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "cut.warc.gz").write_bytes(members([page(1), page(2)])[:-20])
    (tmp_path / "c" / "src").mkdir(parents=True)
    (tmp_path / "c" / "src" / "main.py").write_text("print('hello')\n")
    (tmp_path / "c" / "src" / "logo.png").write_bytes(b"\x89PNG\0")
    (tmp_path / "c" / "rows.jsonl.gz").write_bytes(gzip.compress(b'{"text": "a"}\n{"text"\n\n{"n": 1}\n'))
    code = FilesSource(kind="files", name="code", snapshot="s", paths=(str(tmp_path / "c"),))
    tables = ingest(crawl(tmp_path / "w"), code)
    assert_books_balance(tables)
    for name, rows in tables.items():
        assert_declared(name, rows)
    books = {row["archive"]: row for row in tables["archives"].to_pylist()}
    counts = ("records", "captured", "rejected", "complete")
    assert {name: tuple(row[count] for count in counts) for name, row in books.items()} == {
        "cut.warc.gz": (2, 1, 1, False), "src/main.py": (1, 1, 0, True), "src/logo.png": (1, 0, 1, True),
        "rows.jsonl.gz": (3, 1, 2, True),
    }
    assert books["cut.warc.gz"]["archive_uri"] == f"{tmp_path}/w/cut.warc.gz"
    assert books["cut.warc.gz"]["fingerprint"].startswith("sha256:")
    rows = {row["url"]: row for row in tables["raw_crawls"].to_pylist()}
    assert rows["file:src/main.py"]["payload"] == b"print('hello')\n" and rows["file:src/main.py"]["host"] == ""
    assert {(row["archive"], row["offset"], row["reason"]) for row in tables["rejections"].to_pylist()} == {
        ("cut.warc.gz", len(members([page(1)])), "archive.truncated"), ("src/logo.png", 0, "binary"),
        ("rows.jsonl.gz", 14, "json_invalid"), ("rows.jsonl.gz", 23, "empty_payload"),
    }


def test_same_rows_whenever_and_wherever_they_are_read(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder / "deep").mkdir(parents=True)
        (tmp_path / folder / "deep" / "a.warc").write_bytes(page(1) + page(2) + warc(b"", kind="request"))
    first, again, moved = (ingest(crawl(tmp_path / folder)) for folder in ("one", "one", "two"))
    assert first["raw_crawls"].equals(again["raw_crawls"]) and first["rejections"].equals(again["rejections"])
    assert moved["raw_crawls"]["record_id"].equals(first["raw_crawls"]["record_id"])
    assert moved["rejections"].equals(first["rejections"])


def test_batches_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    big = b"<html>" + b"x" * 100_000
    records = [warc(response(big), url=f"http://example.org/{number}") for number in range(100)]
    (tmp_path / "a.warc.gz").write_bytes(members(records))
    source = crawl(tmp_path)
    monkeypatch.setattr(write, "BATCH_BYTES", 10 * len(big))
    archives = resolve(source)
    tracemalloc.start()
    sizes = [batch.num_rows for name, batch in ingest_archives(archives, {"web": source}, "s", Ingest())
             if name == "raw_crawls"]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sizes == [10] * 10
    assert peak < 6 * 2**20  # of 10 MB in the archive
    monkeypatch.setattr(write, "BATCH_ROWS", 3)
    (tmp_path / "a.warc.gz").write_bytes(members([warc(b"", kind="request")] * 7 + [page(n) for n in range(4)]))
    batches = ingest_archives(resolve(source), {"web": source}, "s", Ingest())
    assert [(name, batch.num_rows) for name, batch in batches] == [
        ("rejections", 3), ("rejections", 3), ("raw_crawls", 3), ("raw_crawls", 1), ("rejections", 1),
    ]


def test_workers_get_and_return_what_can_be_sent(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(page(1) + warc(b"", kind="revisit"))
    source = crawl(tmp_path)
    given = pickle.loads(pickle.dumps((resolve(source), {"web": source}, "s", Ingest())))
    worker = ingest_archives(*given)
    batches = []
    with pytest.raises(StopIteration) as stop:
        while True:
            batches.append(next(worker))
    outcome = pickle.loads(pickle.dumps(stop.value.value))
    assert [name for name, _ in batches] == ["raw_crawls"]
    last = dict(finish_revisits([outcome], "s", Ingest()))
    assert last["rejections"]["reason"].to_pylist() == ["revisit_unresolved"]
    (books,) = last["archives"].to_pylist()
    assert (books["records"], books["captured"], books["rejected"]) == (2, 1, 1)


def test_faults_of_the_disk_are_raised_and_name_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def seek(self, offset):
            pass

        def read(self, size):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(write, "open_archive", lambda archive: Failing())
    archive = Archive("web", "a.warc", "/data/a.warc", 1, "", "warc")
    with pytest.raises(OSError) as caught:
        list(ingest_archives([archive], {"web": crawl("/data")}, "s", Ingest()))
    assert caught.value.__notes__ == ["while reading /data/a.warc of source web"]


def test_nothing_to_read_gives_nothing() -> None:
    assert list(ingest_snapshot([], {}, "s", Ingest())) == []
