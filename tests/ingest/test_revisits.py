"""Revisits: read again from where they point to, or counted with a reason."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa

from data_platform.ingest.settings import CrawlSource, Ingest
from data_platform.ingest.sources import resolve
from data_platform.ingest.write import finish_revisits, ingest_archives
from tests.ingest.archives import ingest_snapshot, members, page, response, warc

BODY = b"<html><p>the original</p></html>"
DIGEST = "WARC-Payload-Digest: sha1:" + hashlib.sha1(BODY).hexdigest()
TARGET = ("WARC-Refers-To-Target-URI: http://example.org/", "WARC-Refers-To-Date: 2024-05-01T12:00:00Z")


def ingest(folder: Path, **archives: bytes) -> dict[str, list[dict]]:
    """Rows by table of a source that holds these archives."""
    for name, data in archives.items():
        (folder / f"{name}.warc.gz").write_bytes(data)
    source = CrawlSource(name="crawl", snapshot="s", paths=(str(folder),))
    tables: dict[str, list[dict]] = {"raw_crawls": [], "rejections": [], "archives": []}
    for name, batch in ingest_snapshot(resolve(source), {"crawl": source}, "s", Ingest()):
        batch.validate(full=True)
        tables[name].extend(batch.to_pylist())
    for row in tables["archives"]:
        assert row["records"] == row["captured"] + row["rejected"]
    return tables


def revisit(*fields: str, block: bytes = b"", url: str = "http://example.org/again") -> bytes:
    return warc(block, *fields, kind="revisit", url=url, date="2024-06-01T00:00:00Z")


def test_payload_comes_from_the_original_and_the_rest_from_the_revisit(tmp_path: Path) -> None:
    original = warc(response(BODY, "X-From: original"), DIGEST)
    own_headers = revisit(DIGEST, block=response(b"", "X-From: revisit"), url="http://example.org/own")
    tables = ingest(tmp_path, a=members([page(1), revisit(DIGEST), own_headers]), b=members([page(2), original]))
    assert not tables["rejections"]
    rows = {row["url"]: row for row in tables["raw_crawls"]}
    first, again, own = (rows[f"http://example.org/{name}"] for name in ("", "again", "own"))
    assert first["record_type"] == "response" and again["record_type"] == own["record_type"] == "revisit"
    assert again["payload"] == own["payload"] == BODY
    assert (again["archive"], first["archive"]) == ("a.warc.gz", "b.warc.gz")
    assert again["offset"] == len(members([page(1)])) and again["length"] > 0
    assert again["fetched_at"].isoformat() == "2024-06-01T00:00:00+00:00"
    assert again["http_status"] == 200 and again["mime"] == "text/html"
    assert json.loads(again["metadata"]) == {
        "x-from": "original", "content-type": "text/html; charset=utf-8",
        "warc:revisit_of": {"record_id": first["record_id"], "archive": "b.warc.gz", "offset": first["offset"]},
    }
    assert json.loads(own["metadata"])["x-from"] == "revisit"
    assert len({row["record_id"] for row in tables["raw_crawls"]}) == 5


def test_url_and_date_lead_to_originals_without_digest(tmp_path: Path) -> None:
    not_modified = revisit(*TARGET, block=response(b"", status="304 Not Modified"))
    tables = ingest(tmp_path, a=members([warc(response(BODY)), revisit(DIGEST, *TARGET), not_modified]))
    assert [row["payload"] for row in tables["raw_crawls"]] == [BODY] * 3
    assert [row["http_status"] for row in tables["raw_crawls"]] == [200] * 3


def test_what_cannot_be_resolved_is_counted(tmp_path: Path) -> None:
    other = "WARC-Payload-Digest: sha1:" + "f" * 40
    tables = ingest(
        tmp_path,
        a=members([
            warc(response(BODY), DIGEST),
            revisit(other),  # of something that is in no archive
            revisit(other, *TARGET),  # of something else under that URL and date
            revisit(),  # of nothing that it names
        ]),
    )
    assert [row["reason"] for row in tables["rejections"]] == ["revisit_unresolved"] * 3
    assert {row["record_type"] for row in tables["rejections"]} == {"revisit"}
    assert tables["archives"][0]["complete"]


def test_a_rejected_original_passes_its_reason_on(tmp_path: Path) -> None:
    image = warc(response(BODY, "Content-Type: image/png"), DIGEST)
    tables = ingest(tmp_path, a=members([image, revisit(DIGEST)]))
    assert [row["reason"] for row in tables["rejections"]] == ["mime.image/png"] * 2
    # A captured copy of the same payload is preferred, wherever it lies.
    tables = ingest(tmp_path, a=members([image, revisit(DIGEST)]), b=members([warc(response(BODY), DIGEST)]))
    assert len(tables["raw_crawls"]) == 2 and len(tables["rejections"]) == 1


def test_originals_inside_one_big_member_are_found(tmp_path: Path) -> None:
    records = [page(1), warc(response(BODY), DIGEST), page(2), revisit(DIGEST)]
    tables = ingest(tmp_path, a=gzip.compress(b"".join(records)))
    again = tables["raw_crawls"][-1]
    assert (again["record_type"], again["payload"], again["offset"], again["length"]) == ("revisit", BODY, 0, 0)
    assert json.loads(again["metadata"])["warc:offset_in_member"] == len(b"".join(records[:3]))


def test_workers_may_share_the_archives_in_any_way(tmp_path: Path) -> None:
    for name, data in {"a": revisit(DIGEST), "b": warc(response(BODY), DIGEST), "c": revisit(DIGEST) * 2}.items():
        (tmp_path / f"{name}.warc").write_bytes(data)
    source = CrawlSource(name="crawl", snapshot="s", paths=(str(tmp_path),))
    archives = resolve(source)
    results = []
    for split in ([[0, 1, 2]], [[0], [1], [2]], [[2, 0], [1]]):
        rows: list[dict] = []
        outcomes = []
        for numbers in split:
            worker = ingest_archives([archives[number] for number in numbers], {"crawl": source}, "s", Ingest())
            try:
                while True:
                    name, batch = next(worker)
                    rows += [(name, row) for row in batch.to_pylist()]
            except StopIteration as stop:
                outcomes.append(stop.value)
        for name, batch in finish_revisits(outcomes, "s", Ingest()):
            assert isinstance(batch, pa.RecordBatch)
            rows += [(name, row) for row in batch.to_pylist()]
        results.append(sorted(rows, key=str))
    assert results[0] == results[1] == results[2]
    assert Counter(name for name, _ in results[0]) == {"raw_crawls": 4, "archives": 3}


def test_real_revisits_resolve_or_are_counted(shared_data: Path, tmp_path: Path) -> None:
    """48 responses, 123 revisits: 74 of them say themselves that they are styles, scripts and images."""
    tables = ingest(tmp_path, a=(shared_data / "warc" / "pywb-iana-2014.warc.gz").read_bytes())
    (books,) = tables["archives"]
    assert (books["records"], books["captured"], books["rejected"], books["complete"]) == (343, 16, 327, True)
    revisits = [row for row in tables["rejections"] if row["record_type"] == "revisit"]
    assert len(revisits) == 123  # no page of that crawl was revisited: all 123 are fonts, styles, scripts and images
    assert not [row for row in revisits if row["reason"] == "revisit_unresolved"]

    edge = shared_data / "warc" / "edge"
    pair = {name: (edge / f"pywb-example-url-agnostic-{name}.warc.gz").read_bytes() for name in ("orig", "revisit")}
    folder = tmp_path / "pair"
    folder.mkdir()
    original, again = sorted(ingest(folder, **pair)["raw_crawls"], key=lambda row: row["record_type"])
    assert (original["url"], again["url"]) == ("http://example.iana.org/", "http://test@example.com/")
    assert again["payload"] == original["payload"] and again["host"] == "example.com"
