"""Real archives with something odd about them: exact counts by reason, checked against warcio."""

from __future__ import annotations

import gzip
import io
import zlib
from collections import Counter
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from data_platform.ingest.crawl import Item, read_archive
from data_platform.ingest.records import Archive, Revisit
from data_platform.ingest.settings import Ingest
from tests.ingest.archives import captures, tally

EDGE = {
    "ip-host-testcase.warc.gz": {
        "record_type.warcinfo": 1, "record_type.request": 1, "http_status.404": 1, "record_type.metadata": 1,
        "url_scheme.metadata": 2,
    },
    "pywb-example-bad.warc.gz.bad": {
        "record_type.warcinfo": 1, "captured": 1, "record_type.request": 2, "revisit": 1, "http_status.302": 1,
    },
    "pywb-example-extra.warc": {"captured": 1, "record_type.request": 2, "revisit": 2, "http_malformed": 1},
    "pywb-example-url-agnostic-orig.warc.gz": {"record_type.warcinfo": 1, "captured": 1},
    "pywb-example-url-agnostic-revisit.warc.gz": {"record_type.warcinfo": 1, "revisit": 1},
    "pywb-example-wget-1-14.warc.gz": {
        "record_type.warcinfo": 1, "record_type.request": 1, "captured": 1, "url_scheme.metadata": 3,
    },
    "pywb-httpbin-resource.warc.gz": {"mime.application/json": 1},
    "pywb-missing-status-text.warc": {"http_status.302": 1},
    "transfer_compression_gzip.warc.gz": {
        "record_type.warcinfo": 1, "record_type.request": 1, "captured": 1, "record_type.metadata": 1,
        "url_scheme.metadata": 1,
    },
    "transfer_compression_none.warc.gz": {
        "record_type.warcinfo": 1, "record_type.request": 1, "captured": 1, "record_type.metadata": 1,
        "url_scheme.metadata": 1,
    },
    "warcio-example-bad-non-chunked.warc.gz": {
        "record_type.warcinfo": 2, "captured": 1, "record_type.request": 2, "revisit": 1,
    },
    "warcio-example-bad.warc.gz.bad": {
        "record_type.warcinfo": 1, "captured": 1, "record_type.request": 2, "revisit": 1, "http_status.302": 1,
    },
    "warcio-example-digest.warc": {"record_type.request": 4},
    "warcio-example-iana.org-chunked.warc": {"record_type.warcinfo": 1, "captured": 1, "record_type.request": 1},
    "warcio-example-resource.warc.gz": {"record_type.warcinfo": 2, "captured": 1},
    "warcio-example-space-in-url.arc": {"record_type.arc_header": 1, "captured": 1},
    "warcio-example.arc": {"record_type.arc_header": 1, "captured": 1},
    "warcio-example.warc.gz": {"record_type.warcinfo": 2, "captured": 1, "record_type.request": 2, "revisit": 1},
    "warcio-post-test.warc.gz": {"mime.application/json": 3, "record_type.request": 3},
}


def items_of(path: Path) -> list[Item]:
    with path.open("rb") as raw:
        return list(read_archive(raw, Archive("s", path.name, str(path), 1, "", "warc"), Ingest()))


@pytest.mark.parametrize("name", EDGE)
def test_edge_archive_gives_exactly_these(shared_data: Path, name: str) -> None:
    path = shared_data / "warc" / "edge" / name
    items = items_of(path)
    assert tally(items) == EDGE[name]

    data = path.read_bytes()
    if "bad" in name:  # one gzip member for all records: warcio wants it undone first
        data = gzip.decompress(data)
    expected = Counter(record.rec_type for record in ArchiveIterator(io.BytesIO(data)))
    ours = Counter("revisit" if isinstance(item, Revisit) else item.record_type for item in items)
    assert ours == expected


def test_table_covers_the_whole_folder(shared_data: Path) -> None:
    assert set(EDGE) == {path.name for path in (shared_data / "warc" / "edge").iterdir()}


def test_real_archives_agree_with_warcio_record_by_record(shared_data: Path) -> None:
    """Types and URLs in order, payload bytes of every capture, and offset and length of every gzip member."""
    for name in (
        "aut-docs.warc.gz", "aut-issue-493.warc", "aut-issue-514.warc", "cc-main-2024-22-whirlwind.warc.gz",
        "cc-main-2024-22-whirlwind.warc.wet.gz", "cc-main-2024-22-whirlwind.warc.wat.gz", "dolma-sample-0000.warc.gz",
        "iah-urls-wget-2013.warc.gz", "pywb-iana-2014.warc.gz", "wikimediafoundation-post-blackout.warc.gz",
        "wikipedia-main-page-after-blackout.warc.gz", "wikipedia-sopa-blackout.warc.gz",
    ):
        path = shared_data / "warc" / name
        items = items_of(path)
        with path.open("rb") as raw:
            iterator = ArchiveIterator(raw)
            for record, item in zip(iterator, items, strict=True):
                kind = "revisit" if isinstance(item, Revisit) else item.record_type
                assert (kind, item.url) == (record.rec_type, record.rec_headers.get_header("WARC-Target-URI") or "")
                payload = record.content_stream().read()
                assert item.place.offset == iterator.get_record_offset()
                if captures([item]):
                    assert item.payload == payload, (name, item.url)
                    # In plain archives, ours counts the two line ends that belong to a record (ISO 28500, 4).
                    ends = 0 if name.endswith(".gz") else 4
                    assert item.length == iterator.get_record_length() + ends


def test_arc_and_warc_of_one_crawl_give_the_same_documents(shared_data: Path) -> None:
    old = items_of(shared_data / "warc" / "aut-example-2008.arc.gz")
    new = items_of(shared_data / "warc" / "aut-example-2008.warc.gz")
    documents = [{(item.url, item.payload_digest) for item in captures(items)} for items in (old, new)]
    assert documents[0] == documents[1]
    assert len(documents[0]) == len(captures(old)) == len(captures(new)) == 129
    assert {(item.url, item.fetched_at, item.mime, item.http_status) for item in captures(old)} == {
        (item.url, item.fetched_at, item.mime, item.http_status) for item in captures(new)
    }
    # Beside the pages: one file header against one warcinfo and the requests and metadata that ARC does not have.
    only_warc = {"record_type.warcinfo": 1, "record_type.request": 261, "record_type.metadata": 261}
    assert tally(old) - Counter({"record_type.arc_header": 1}) == tally(new) - Counter(only_warc)
    assert len(old) == 300 and len(new) == 822


def test_two_encodings_of_one_page_give_one_payload(shared_data: Path) -> None:
    folder = shared_data / "warc" / "edge"
    (encoded,) = captures(items_of(folder / "transfer_compression_gzip.warc.gz"))
    (plain,) = captures(items_of(folder / "transfer_compression_none.warc.gz"))
    assert encoded.url == plain.url == "http://tokemon.sb.statsbiblioteket.dk/"  # written in angle brackets
    assert encoded.metadata["content-encoding"] == "gzip"
    assert b"<" in encoded.payload and b"<" in plain.payload


def test_chunks_are_undone(shared_data: Path) -> None:
    (page,) = captures(items_of(shared_data / "warc" / "edge" / "warcio-example-iana.org-chunked.warc"))
    assert page.payload.rstrip().endswith(b"</html>")
    assert b"\r\n0\r\n\r\n" not in page.payload


def test_arc_with_a_wrong_length_and_spaces_in_its_url_is_whole(shared_data: Path) -> None:
    (odd,) = captures(items_of(shared_data / "warc" / "edge" / "warcio-example-space-in-url.arc"))
    (plain,) = captures(items_of(shared_data / "warc" / "edge" / "warcio-example.arc"))
    assert odd.payload == plain.payload and len(odd.payload) == 1270
    assert odd.url.endswith("EmailTitle=Examples From The Live Web&IsPopUp=False")


def test_one_member_for_all_records_keeps_places_apart(shared_data: Path) -> None:
    path = shared_data / "warc" / "edge" / "warcio-example-bad-non-chunked.warc.gz"
    items = items_of(path)
    assert {item.place.offset for item in items} == {0}
    inner = [item.place.inner for item in items]
    assert inner == sorted(set(inner)) and inner[0] == 0
    plain = zlib.decompress(path.read_bytes(), wbits=31)
    assert all(plain[begin:].startswith(b"WARC/1.0") for begin in inner)
    assert len({item.record_id for item in items}) == len(items)
