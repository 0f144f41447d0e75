"""Bodies of HTTP responses: encodings right, wrong, stacked, lying, cut and explosive."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from functools import partial

import brotli
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.ingest.http import BodyError, Message, decode_body, parse_content_type, parse_response
from data_platform.ingest.settings import Ingest
from tests.ingest.archives import read_one, response, warc

gzipped = partial(gzip.compress, mtime=0)  # the bytes name tests, and the processes that share them out must agree
BODY = "<html><p>Grüße, 世界</p></html>".encode() * 3


def raw_deflate(data: bytes) -> bytes:
    encoder = zlib.compressobj(wbits=-15)
    return encoder.compress(data) + encoder.flush()


def chunked(data: bytes, size: int = 7) -> bytes:
    pieces = [data[at:at + size] for at in range(0, len(data), size)]
    return b"".join(b"%X;name=value\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nTrailer: x\r\n\r\n"


ENCODERS = {
    "gzip": gzipped, "x-gzip": gzipped, "deflate": zlib.compress, "br": brotli.compress,
    "zstd": zstandard.compress, "identity": bytes,
}


@pytest.mark.parametrize(("headers", "body"), [
    *(([f"Content-Encoding: {name}"], encode(BODY)) for name, encode in ENCODERS.items()),
    (["Content-Encoding: deflate"], raw_deflate(BODY)),
    (["Content-Encoding: GZIP"], gzipped(BODY)),
    (["Content-Encoding: gzip"], gzipped(BODY[:50]) + gzipped(BODY[50:])),
    (["Content-Encoding: gzip"], gzipped(BODY) + b"what a broken server appends"),
    (["Content-Encoding: br, gzip"], gzipped(brotli.compress(BODY))),
    (["Content-Encoding: gzip", "Content-Encoding: zstd"], zstandard.compress(gzipped(BODY))),
    (["Content-Encoding: gzip, gzip"], gzipped(gzipped(BODY))),
    (["Content-Encoding: utf-8"], BODY),
    (["Transfer-Encoding: chunked"], chunked(BODY)),
    (["Transfer-Encoding: chunked"], chunked(BODY).removesuffix(b"0\r\nTrailer: x\r\n\r\n")),
    (["Transfer-Encoding: chunked"], chunked(BODY).replace(b"\r\n", b"\n")),
    (["Transfer-Encoding: gzip, chunked"], chunked(gzipped(BODY))),
    (["Transfer-Encoding: chunked", "Content-Encoding: br"], chunked(brotli.compress(BODY))),
])
def test_encodings_are_undone(headers: list[str], body: bytes) -> None:
    assert read_one(warc(response(body, *headers))).payload == BODY


@pytest.mark.parametrize("headers", [
    ["Transfer-Encoding: chunked"], ["Content-Encoding: gzip"], ["Content-Encoding: deflate"], ["Content-Encoding: br"],
    ["Content-Encoding: zstd"], ["Content-Encoding: gzip, gzip"], ["Content-Encoding: sdch"],
    ["Transfer-Encoding: chunked", "Content-Encoding: gzip"],
])
def test_headers_that_the_crawler_left_behind_are_not_believed(headers: list[str]) -> None:
    """Common Crawl's archives up to 2018 are like that: body decoded, header as it was sent."""
    assert read_one(warc(response(BODY, *headers))).payload == BODY


def test_encoded_twice_by_header_but_once_in_fact() -> None:
    assert read_one(warc(response(gzipped(BODY), "Content-Encoding: gzip, gzip"))).payload == BODY
    # Chunked by header alone: a body that is not text is taken as it is too, because no chunk begins it.
    lying = response(gzipped(BODY), "Transfer-Encoding: chunked", "Content-Encoding: gzip")
    assert read_one(warc(lying)).payload == BODY


NOISE = bytes(range(256)) * 4


@pytest.mark.parametrize(("header", "body", "reason"), [
    ("Content-Encoding: gzip", NOISE, "encoding_broken.gzip"),
    ("Content-Encoding: deflate", NOISE, "encoding_broken.deflate"),
    ("Content-Encoding: br", NOISE, "encoding_broken.br"),
    ("Content-Encoding: zstd", NOISE, "encoding_broken.zstd"),
    ("Content-Encoding: gzip", gzipped(BODY)[:-1], "encoding_broken.gzip"),
    ("Content-Encoding: gzip", gzipped(BODY)[:30], "encoding_broken.gzip"),
    ("Content-Encoding: gzip", gzipped(BODY)[:-8] + bytes(8), "encoding_broken.gzip"),
    ("Content-Encoding: deflate", zlib.compress(BODY)[:-2], "encoding_broken.deflate"),
    ("Content-Encoding: br", brotli.compress(NOISE)[:-2], "encoding_broken.br"),
    ("Content-Encoding: zstd", zstandard.compress(BODY)[:-2], "encoding_broken.zstd"),
    ("Content-Encoding: compress", NOISE, "encoding_unknown.compress"),
    ("Content-Encoding: Dä Ta", NOISE, "encoding_unknown.d__ta"),
    ("Transfer-Encoding: chunked", chunked(NOISE)[:200], "encoding_broken.chunked"),
    ("Transfer-Encoding: chunked", chunked(BODY).replace(b"7;", b"8;", 1)[:40] + NOISE, "encoding_broken.chunked"),
    ("Content-Encoding: gzip", gzipped(b""), "empty_payload"),
    ("Content-Encoding: gzip", b"", "empty_payload"),
    ("Transfer-Encoding: chunked", b"0\r\n\r\n", "empty_payload"),
])
def test_bodies_that_cannot_be_used_are_rejected(header: str, body: bytes, reason: str) -> None:
    assert read_one(warc(response(body, header))).reason == reason


# -- bombs

UNFOLDED = 64 * 2**20
BOMBS = {
    "gzip": lambda: gzipped(bytes(UNFOLDED), compresslevel=1),
    "deflate": lambda: zlib.compress(bytes(UNFOLDED), 1),
    "zstd": lambda: zstandard.compress(bytes(UNFOLDED)),
    "br": lambda: brotli.compress(bytes(UNFOLDED), quality=0),
    "gzip, gzip": lambda: gzipped(gzipped(bytes(UNFOLDED), compresslevel=1), 1),
}


@pytest.mark.parametrize("coding", BOMBS)
def test_bombs_are_stopped_in_bounded_memory(coding: str) -> None:
    block = response(BOMBS[coding](), f"Content-Encoding: {coding}")
    assert len(block) < UNFOLDED / 200
    for limits, reason in (
        (Ingest(max_payload_bytes=2 * UNFOLDED, max_expansion=10), "payload_bomb"),
        (Ingest(max_payload_bytes=4 * 2**20, max_expansion=1e9), "payload_too_large"),
    ):
        arrow = pa.default_memory_pool().max_memory()
        tracemalloc.start()
        assert read_one(warc(block), limits).reason == reason
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 16 * 2**20
        assert pa.default_memory_pool().max_memory() - arrow < 16 * 2**20


def test_expansion_is_a_setting_and_small_payloads_are_free_of_it() -> None:
    body = b"<p>" + b" " * (2**20 - 3)
    block = response(gzipped(body), "Content-Encoding: gzip")
    assert read_one(warc(block), Ingest(max_expansion=1)).payload == body
    body += b" "
    block = response(gzipped(body), "Content-Encoding: gzip")
    assert read_one(warc(block), Ingest(max_expansion=200)).reason == "payload_bomb"
    assert read_one(warc(block), Ingest(max_expansion=2000)).payload == body


# -- laws


@settings(max_examples=80, deadline=None)
@given(
    st.binary(min_size=1, max_size=5000), st.lists(st.sampled_from(sorted(ENCODERS)), max_size=4),
    st.integers(1, 600) | st.none(),
)
def test_decoding_undoes_encoding(data: bytes, codings: list[str], chunk: int | None) -> None:
    body = data
    for coding in codings:
        body = ENCODERS[coding](body)
    headers = {"content-encoding": ", ".join(codings)}
    if chunk:
        body, headers["transfer-encoding"] = chunked(body, chunk), "chunked"
    assert decode_body(Message(200, headers, memoryview(body)), Ingest()).payload == data


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300), st.text(alphabet="gzipbrdeflatestd, -x", max_size=20) | st.sampled_from(sorted(ENCODERS)),
    st.sampled_from(["", "chunked", "gzip, chunked"]), st.binary(max_size=4),
)
def test_any_body_ends_as_a_payload_or_a_reason(body: bytes, coding: str, transfer: str, prefix: bytes) -> None:
    for start in (prefix, b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x78\x9c", b"5\r\n"):
        message = Message(200, {"content-encoding": coding, "transfer-encoding": transfer}, memoryview(start + body))
        try:
            assert isinstance(decode_body(message, Ingest()).payload, bytes)
        except BodyError as error:
            assert error.reason


@pytest.mark.parametrize(("head", "status", "headers", "body"), [
    (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\td\r\nno colon\r\n: e\r\nF:\r\n\r\nbody", 200, {"a": "b c d", "f": ""},
     b"body"),
    (b"HTTP/1.0 302 \r\r\nLocation: x\r\r\n\r\r\nbody", 302, {"location": "x"}, b"body"),
    (b"HTTP/2 200\nA: \xc3\xa9\nB: \xe9\n\n\nbody", 200, {"a": "é", "b": "é"}, b"\nbody"),
    (b"http/1.1 200 fine\r\n\r\n", 200, {}, b""),
    (b"HTTP/1.1 200 OK\r\nA: b", 200, {"a": "b"}, b""),
    (b"HTTP/1.1 404", 404, {}, b""),
])
def test_heads_of_responses(head: bytes, status: int, headers: dict[str, str], body: bytes) -> None:
    message = parse_response(head)
    assert (message.status, message.headers, bytes(message.body)) == (status, headers, body)


@pytest.mark.parametrize(
    "block", [b"", b"HTTP/1.1", b"HTTP/1.1 20 OK\r\n", b"HTTP/1.1 2000 OK", b"ICY 200 OK\r\n", b"\xff"]
)
def test_what_is_no_response(block: bytes) -> None:
    assert parse_response(block) is None


def test_long_header_values_are_cut() -> None:
    item = read_one(warc(response(BODY, "X-Long: " + "y" * 5000)))
    assert item.metadata["x-long"] == "y" * 1000


@pytest.mark.parametrize(("value", "expected"), [
    ("text/html", ("text/html", None)), ("Text/HTML; charset=UTF-8", ("text/html", "utf-8")),
    ("text/html;charset=\"iso-8859-1\"", ("text/html", "iso-8859-1")), ("text/html, text/plain", ("text/html", None)),
    ("text/html; foo=bar; CHARSET = 'x'", ("text/html", "x")), ("html", ("", None)), ("", ("", None)),
    ("charset=utf-8", ("", "utf-8")), ("text/html; charset=", ("text/html", None)),
])
def test_content_types(value: str, expected: tuple[str, str | None]) -> None:
    assert parse_content_type(value) == expected
