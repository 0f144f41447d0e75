"""Reading WARC and ARC: what becomes of every kind of record, of damage, and of archives that are cut anywhere."""

from __future__ import annotations

import base64
import gzip
import hashlib
import random
import zlib
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.ingest.crawl import detect_mime, parse_date
from data_platform.ingest.records import Capture, Rejection, Revisit
from data_platform.ingest.settings import Ingest
from tests.ingest.archives import arc, captures, members, page, read, read_one, reasons, response, tally, warc

BODY = b"<html><p>Hello</p></html>"


def test_a_page_carries_all_that_the_archive_says() -> None:
    block = response(BODY, "X-Robots-Tag: noai", "Set-Cookie: id=1", 'Link: <https://a/>; rel="license"', "link: <b>")
    item = read_one(members([warc(block, url="http://user@Example.ORG:80/a b?c")]))
    assert isinstance(item, Capture)
    assert item.url == "http://user@Example.ORG:80/a b?c"
    assert item.fetched_at == datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert (item.http_status, item.mime, item.charset) == (200, "text/html", "utf-8")
    assert item.content_type == "text/html; charset=utf-8"
    assert item.payload == BODY
    assert item.payload_digest == hashlib.sha256(BODY).hexdigest()
    assert item.metadata == {
        "x-robots-tag": "noai", "link": '<https://a/>; rel="license", <b>', "content-type": "text/html; charset=utf-8",
    }


def test_identity_depends_on_source_name_place_url_and_payload() -> None:
    archive = members([warc(response(BODY)), warc(response(BODY)), warc(response(BODY + b" ")),
                       warc(response(BODY), url="http://example.org/2")])
    ids = [item.record_id for item in read(archive)]
    assert len(set(ids)) == 4
    assert ids == [item.record_id for item in read(archive)]
    key = "\0".join(("crawl", "a.warc.gz", "0", "http://example.org/", hashlib.sha256(BODY).hexdigest()))
    assert ids[0] == hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


@pytest.mark.parametrize(("record", "expected"), [
    (warc(b"software: x\r\n", kind="warcinfo"), "record_type.warcinfo"),
    (warc(b"GET / HTTP/1.1\r\n\r\n", kind="request"), "record_type.request"),
    (warc(b"via: x", kind="metadata"), "record_type.metadata"),
    (warc(b"", kind="Continuation"), "record_type.continuation"),
    (warc(b"", kind="weird kind/é"), "record_type.weird_kind/_"),
    (warc(response(BODY, status="404 Not Found")), "http_status.404"),
    (warc(response(BODY, status="301")), "http_status.301"),
    (warc(response(BODY, "Content-Type: image/png")), "mime.image/png"),
    (warc(response(BODY, "Content-Type: Application/X-Foo+xml; a=b")), "mime.application/x-foo+xml"),
    (warc(response(b"")), "empty_payload"),
    (warc(b"<html>no status line</html>"), "http_malformed"),
    (warc(b"HTTPX/1.1 200 OK\r\n\r\nx"), "http_malformed"),
    (warc(response(BODY), url=""), "url_missing"),
    (warc(b"x", "Content-Type: text/plain", kind="resource", url="urn:pageinfo:1"), "url_scheme.urn"),
    (warc(b"www. 1 IN A", "Content-Type: text/dns", url="dns:example.org"), "mime.text/dns"),
    (warc(response(BODY)).replace(b"Content-Length: ", b"Content-Length: x", 1), "record_malformed"),
    (warc(response(BODY)).replace(b"WARC-Type: response\r\n", b""), "record_malformed"),
])
def test_what_is_no_page_is_rejected_with_its_reason(record: bytes, expected: str) -> None:
    for archive in (record, members([record])):
        item = read_one(archive)
        assert isinstance(item, Rejection)
        assert item.reason == expected
        assert (item.place.offset, item.place.inner) == (0, 0)


@pytest.mark.parametrize(("record", "mime"), [
    (warc(response(BODY, status="200")), "text/html"),
    (warc(response(BODY, "Content-Type:", status="200 OK")), "text/html"),
    (warc(response(b"\xef\xbb\xbf  \n<!DOCTYPE html>", "Content-Type: application/octet-stream")), "text/html"),
    (warc(response(b"just words", "Content-Type: nonsense")), "text/plain"),
    (warc(response(b"\n<?xml?>", "Content-Type: x"), "WARC-Identified-Payload-Type: application/xhtml+xml"),
     "application/xhtml+xml"),
    (warc(BODY, "Content-Type: text/html", kind="resource"), "text/html"),
    (warc("Kältebrücke".encode(), "Content-Type: text/plain", kind="conversion"), "text/plain"),
    (warc(response(BODY, "CONTENT-type :  TEXT/HTML ; Charset='x'")), "text/html"),
])
def test_type_is_declared_or_else_detected(record: bytes, mime: str) -> None:
    assert read_one(record).mime == mime


def test_detected_type_that_is_not_wanted() -> None:
    item = read_one(warc(response(b"%PDF-1.7\n...", "Content-Type: application/octet-stream")))
    assert item.reason == "mime.application/pdf"
    assert detect_mime(b"\x89PNG\r\n\x1a\n\0\0") == "image/png"


def test_status_and_type_are_configuration() -> None:
    limits = Ingest(http_statuses=(200, 404), mime_types=("application/json",))
    record = warc(response(b"{}", "Content-Type: application/json", status="404 Not Found"))
    assert read_one(record, limits).http_status == 404


@pytest.mark.parametrize(("date", "expected"), [
    ("2024-05-01T12:00:00Z", datetime(2024, 5, 1, 12, tzinfo=UTC)),
    ("2014-03-04T05:14:21.000Z", datetime(2014, 3, 4, 5, 14, 21, tzinfo=UTC)),
    ("2014-03-04T05:14:21.123456789Z", datetime(2014, 3, 4, 5, 14, 21, 123456, tzinfo=UTC)),
    ("2014-03-04T05:14:21+02:00", datetime(2014, 3, 4, 3, 14, 21, tzinfo=UTC)),
    ("20080430204825", datetime(2008, 4, 30, 20, 48, 25, tzinfo=UTC)),
    ("2014-13-04T05:14:21Z", None), ("yesterday", None), ("", None), ("20081430204825", None),
    ("0001-01-01T00:00:00+14:00", None),
])
def test_bad_dates_are_missing_dates(date: str, expected: datetime | None) -> None:
    assert parse_date(date) == expected
    assert read_one(warc(response(BODY), date=date)).fetched_at == expected


# -- digests


def sha1(data: bytes) -> bytes:
    return hashlib.sha1(data).digest()


def test_digests_of_payload_as_sent_or_decoded_are_right() -> None:
    encoded = gzip.compress(BODY)
    chunked = b"%x\r\n" % len(encoded) + encoded + b"\r\n0\r\n\r\n"
    block = response(chunked, "Transfer-Encoding: chunked", "Content-Encoding: gzip")
    for data in (chunked, encoded, BODY):
        for value in (
            "sha1:" + base64.b32encode(sha1(data)).decode(),
            "sha1:" + base64.b32encode(sha1(data)).decode().lower(),
            "sha1:" + sha1(data).hex().upper(),
            "SHA-1:" + base64.b64encode(sha1(data)).decode(),
            "sha1:" + base64.urlsafe_b64encode(sha1(data)).decode(),
            "md5:" + hashlib.md5(data).hexdigest(),
            "md5:" + base64.b32encode(hashlib.md5(data).digest()).decode(),
            "sha256:" + hashlib.sha256(data).hexdigest(),
            "sha256:" + base64.b32encode(hashlib.sha256(data).digest()).decode().rstrip("="),
            "sha512:" + hashlib.sha512(data).hexdigest(),
        ):
            assert read_one(warc(block, f"WARC-Payload-Digest: {value}")).payload == BODY, value


@pytest.mark.parametrize("field", [
    "WARC-Payload-Digest: sha1:" + sha1(b"other").hex(),
    "WARC-Payload-Digest: md5:" + hashlib.md5(b"other").hexdigest(),
    "WARC-Block-Digest: sha256:" + hashlib.sha256(b"other").hexdigest(),
    "WARC-Block-Digest: sha1:" + base64.b32encode(sha1(b"other")).decode(),
])
def test_wrong_digests_keep_a_page_out(field: str) -> None:
    assert read_one(warc(response(BODY), field)).reason == "digest_mismatch"


@pytest.mark.parametrize(
    "value", ["crc32:00000000", "sha1:short", "nonsense", "", "sha1:" + "é" * 32, "sha1:" + "1" * 32]
)
def test_digests_that_nobody_can_read_rule_nothing_out(value: str) -> None:
    assert read_one(warc(response(BODY), f"WARC-Payload-Digest: {value}")).payload == BODY


# -- ARC


def test_arc_records() -> None:
    header = b"filedesc://a.arc 0.0.0.0 20240501120000 text/plain 76\n" + b"1 0 X\nURL IP-address Archive-date " \
             b"Content-type Archive-length\n".ljust(75) + b"\n\n"
    records = [
        header,
        arc(response(BODY), url="http://example.org/a b c"),
        arc(response(BODY), date="00000000000000"),
        arc(response(BODY), date="unknown"),
        arc(b"<html>HTTP/0.9", url="http://example.org/old"),
        arc(b"1.2.3.4", url="dns:example.org").replace(b"text/html", b"text/dns"),
        # version 2: result code, checksum, location, offset and file name before the length
        arc(response(BODY)).replace(b"text/html ", b"text/html 200 - - 0 a.arc ", 1),
    ]
    for data in (b"".join(records), members(records)):
        items = read(data)
        assert tally(items) == {
            "record_type.arc_header": 1, "captured": 4, "http_malformed": 1, "mime.text/dns": 1,
        }
        assert [item.fetched_at for item in captures(items)] == [
            datetime(2024, 5, 1, 12, tzinfo=UTC), None, None, datetime(2024, 5, 1, 12, tzinfo=UTC),
        ]
        assert captures(items)[0].url == "http://example.org/a b c"


def test_arc_lengths_that_are_wrong() -> None:
    """Line ends were converted after the archive was written: Content-Length tells where a page ends."""
    block = response(BODY, f"Content-Length: {len(BODY)}")
    wrong = arc(block.replace(b"\r\n", b"\n"), length=len(block))
    for data in (wrong * 3, members([wrong] * 3)):
        assert [item.payload for item in captures(read(data))] == [BODY] * 3
    unknown = arc(response(BODY), length=len(response(BODY)) + 9)
    assert reasons(read(unknown + arc(response(BODY)))) == ["record_length"]
    assert reasons(read(unknown)) == ["archive.truncated"]


# -- damage


@pytest.mark.parametrize("difference", [-40, -10, -1, 6, 12, 30, 31, 100, 300, 1000])
def test_wrong_lengths_do_not_swallow_other_records(difference: int) -> None:
    block = response(BODY)
    for number in (1, 2):  # whatever the declared length happens to end on
        bad = warc(block, length=len(block) + difference, url=f"http://example.org/{'a' * number}")
        plain = read(page(1) + bad + page(2) + page(3))
        assert tally(plain) == {"captured": 3, "record_length": 1}
        zipped = read(members([page(1), bad, page(2), page(3)]))
        assert tally(zipped) == {"captured": 3, "record_length": 1}
        one_member = read(gzip.compress(page(1) + bad + page(2) + page(3)))
        assert tally(one_member) == {"captured": 3, "record_length": 1}


@pytest.mark.parametrize("length", [10**9, 10**40])
def test_a_huge_length_does_not_swallow_the_rest(length: int) -> None:
    bad = warc(response(BODY), length=length)
    for pack in (b"".join, members, lambda records: gzip.compress(b"".join(records))):
        assert tally(read(pack([page(1), bad, page(2), page(3)]))) == {"captured": 3, "record_length": 1}
        assert tally(read(pack([page(1), bad]))) == {"captured": 1, "archive.truncated": 1}


def test_headers_without_end() -> None:
    cut = page(9)[:60]  # within the header
    for bad in (cut, cut + b"\r\n", b"WARC/1.0\r\n"):
        assert tally(read(members([page(1), bad, page(2)]))) == {"captured": 2, "record_malformed": 1}
        assert tally(read(page(1) + bad.rstrip() + b"\r\n" + page(2))) == {"captured": 2, "record_malformed": 1}
    for endless in (b"WARC/1.0\r\n" + b"A: b\r\n" * 5000, b"WARC/1.0\r\nA: " + b"b" * 3 * 2**20 + b"\r\n"):
        for pack in (b"".join, members, lambda records: gzip.compress(b"".join(records))):
            assert tally(read(pack([page(1), endless, page(2)]))) == {"captured": 2, "record_malformed": 1}


def test_bytes_that_are_no_record_are_counted_and_passed_over() -> None:
    noise = b"some\nnoise WARC/1.0 inside a line\n\n\0\0"
    items = read(page(1) + noise + b"\n" + page(2))
    assert tally(items) == {"captured": 2, "archive.unreadable": 1}
    assert items[1].detail == f"{len(noise) + 1} bytes that are no record"
    assert items[1].place.offset == len(page(1))
    items = read(members([page(1)]) + b"noise" * 50 + members([page(2)]))
    assert tally(items) == {"captured": 2, "archive.unreadable": 1}
    assert reasons(read(b"neither WARC nor ARC\n")) == ["archive.unreadable"]
    assert reasons(read(b"Note: not an ARC record 5\nhello\n")) == ["archive.unreadable"]
    assert reasons(read(b"")) == ["archive.truncated"]


def test_padding_and_empty_lines_are_no_damage() -> None:
    data = b"\r\n" + page(1) + b"\n\n\n" + page(2) + b"\r\n"
    assert tally(read(data)) == {"captured": 2}
    assert tally(read(members([page(1), b"\r\n", page(2)]) + bytes(700))) == {"captured": 2}


def test_a_member_with_a_wrong_checksum_is_not_trusted() -> None:
    parts = [gzip.compress(page(number)) for number in range(1, 4)]
    parts[1] = parts[1][:-8] + bytes(4) + parts[1][-4:]
    items = read(b"".join(parts))
    assert tally(items) == {"captured": 2, "archive.unreadable": 1}
    assert [item.url for item in captures(items)] == ["http://example.org/1", "http://example.org/3"]


def test_archives_put_together_after_a_crash() -> None:
    whole, cut = members([page(1), page(2)]), members([page(3), page(4)])[:-30]
    items = read(cut + whole)
    assert [item.url[-1] for item in captures(items)] == ["3", "1", "2"]
    assert [reason.split(".")[0] for reason in reasons(items)] == ["archive"]


def test_a_record_may_span_members() -> None:
    record = page(900)
    pieces = [record[at:at + 5000] for at in range(0, len(record), 5000)]
    items = read(members([page(1), *pieces, page(2)]))
    assert [item.url for item in captures(items)] == [f"http://example.org/{n}" for n in (1, 900, 2)]
    assert not reasons(items)


@cache
def many_pages() -> list[bytes]:
    return [page(number) for number in range(1, 30)]


@settings(max_examples=80, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.sampled_from(["members", "one member", "plain"]))
def test_cut_anywhere_keeps_every_record_before_the_cut(where: float, form: str) -> None:
    pages = many_pages()
    data = {"members": members(pages), "one member": gzip.compress(b"".join(pages)), "plain": b"".join(pages)}[form]
    cut = int(where * len(data))
    there, ends, end = data[:cut], [], 0
    for record in pages:
        end += len(gzip.compress(record)) if form == "members" else len(record)
        ends.append(end)
    if form == "members":
        whole = sum(end <= cut for end in ends)
    else:
        plain = zlib.decompressobj(wbits=31).decompress(there) if form == "one member" else there
        # The last record needs no empty line behind it.
        whole = sum(end - 4 <= len(plain) for end in ends)
    items = read(there)
    found = captures(items)
    assert [item.url for item in found] == [f"http://example.org/{n}" for n in range(1, len(found) + 1)]
    # A member that lost its checksum but not its record still gives the record.
    assert whole <= len(found) <= whole + (form == "members")
    assert len(items) - len(found) <= 1
    at_a_boundary = cut in ends if form == "members" else (form == "plain" and any(
        cut in range(end - 4, end + 1) for end in ends
    ))
    assert reasons(items) == ([] if at_a_boundary else ["archive.truncated"])


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40), st.sampled_from(["members", "one member", "plain"]))
def test_overwritten_bytes_never_crash_and_spare_other_members(seed: int, width: int, form: str) -> None:
    pages = many_pages()
    parts = {"members": [gzip.compress(one) for one in pages], "one member": [gzip.compress(b"".join(pages))],
             "plain": pages}[form]
    data = bytearray(b"".join(parts))
    generator = random.Random(seed)
    begin = generator.randrange(len(data))
    data[begin:begin + width] = generator.randbytes(min(width, len(data) - begin))
    items = read(bytes(data))
    assert all(item.reason for item in items if isinstance(item, Rejection))
    if form == "members":
        hit, position = set(), 0
        for number, part in enumerate(parts, 1):
            if position < begin + width and begin < position + len(part):
                hit.add(number)
            position += len(part)
        spared = {f"http://example.org/{number}" for number in range(1, len(pages) + 1) if number not in hit}
        assert spared <= {item.url for item in captures(items)}


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_at_all_end_as_rejections(data: bytes) -> None:
    assert not captures(read(data))
    assert not captures(read(b"WARC/1.0\r\n" + data))


# -- limits


def test_records_larger_than_the_limit_are_passed_over_unread() -> None:
    limits = Ingest(max_payload_bytes=1000)
    big = warc(response(b"<p>" + bytes(3 * 2**20)), url="http://example.org/big")
    for data in (page(1) + big + page(2), members([page(1), big, page(2)])):
        items = read(data, limits)
        assert tally(items) == {"captured": 2, "payload_too_large": 1}
        assert items[1].url == "http://example.org/big"
    assert read_one(warc(response(b"<p>" + b"x" * 1000)), limits).reason == "payload_too_large"
    assert read_one(warc(b"x" * 1001, "Content-Type: text/html", kind="resource"), limits).reason == "payload_too_large"
    assert read_one(warc(b"x" * 1000, "Content-Type: text/html", kind="resource"), limits).payload == b"x" * 1000


def test_payload_that_the_crawler_cut_says_so() -> None:
    item = read_one(warc(response(BODY), "WARC-Truncated: length"))
    assert item.metadata["warc:truncated"] == "length"


# -- revisits as read (resolving them: test_revisits.py)


def test_revisits_carry_their_target() -> None:
    block = response(b"", "Content-Type: text/html")
    item = read_one(warc(
        block, "WARC-Payload-Digest: sha1:" + base64.b32encode(sha1(BODY)).decode(),
        "WARC-Refers-To-Target-URI: <http://example.org/was>", "WARC-Refers-To-Date: 2020-01-01T00:00:00Z",
        kind="revisit",
    ))
    assert isinstance(item, Revisit)
    assert item.declared_digest == "sha1:" + sha1(BODY).hex()
    assert item.refers_to_url == "http://example.org/was"
    assert item.refers_to_date == datetime(2020, 1, 1, tzinfo=UTC)


def test_revisits_of_what_nobody_wants_are_rejected_at_once() -> None:
    assert read_one(warc(response(b"", "Content-Type: image/png"), kind="revisit")).reason == "mime.image/png"
    assert read_one(warc(response(b"", status="404 Gone"), kind="revisit")).reason == "http_status.404"
    assert isinstance(read_one(warc(response(b"", status="304 Not Modified"), kind="revisit")), Revisit)
    assert isinstance(read_one(warc(b"", kind="revisit")), Revisit)
