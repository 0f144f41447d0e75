"""HTTP messages as archives keep them: status, headers, and the body with its encodings undone.

Bodies are decoded piece by piece under a limit, so that a small body that unfolds into gigabytes is stopped early. Not
here: records (`crawl.py`); deciding which status or type is wanted.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa

from data_platform.ingest.settings import Ingest
from data_platform.ingest.stream import STEP_BYTES

# An expansion is measured only above this, because small bodies of blanks compress well without harm.
EXPANSION_FREE_BYTES = 2**20
HEADER_VALUE_CHARACTERS = 1000
MAX_HEADERS = 500
# Names that servers send for 'as it is'.
_IDENTITY = {"", "identity", "none", "binary", "8bit", "7bit", "utf-8", "aws-chunked"}
_MIME = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", re.IGNORECASE)
_STATUS_LINE = re.compile(rb"HTTP/\d+(?:\.\d+)?[ \t]+(\d{3})(?=\s|$)", re.IGNORECASE)
_HEAD_END = re.compile(rb"\r*\n\r*\n")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")
# Bytes that text does not hold, except as UTF-16, which no encoding is mistaken for.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


class BodyError(Exception):
    """A body that cannot be used. `reason` is the code of the rejection."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Message:
    """An HTTP response, its body still encoded."""

    status: int
    headers: dict[str, str] = field(repr=False)
    body: memoryview = field(repr=False)


@dataclass(frozen=True)
class Body:
    """A decoded body. `dechunked` is the body as it was before content encodings were undone."""

    payload: bytes = field(repr=False)
    dechunked: bytes | memoryview = field(repr=False)


def parse_response(block: bytes) -> Message | None:
    """Read a response; None if the block does not begin with a status line. A missing reason phrase is fine."""
    status = _STATUS_LINE.match(block)
    if status is None:
        return None
    end = _HEAD_END.search(block)
    head = block[: end.start() if end else len(block)]
    body = memoryview(block)[end.end() if end else len(block):]
    return Message(int(status[1]), parse_headers(head.split(b"\n")[1:], HEADER_VALUE_CHARACTERS), body)


def parse_headers(lines: list[bytes], value_characters: int | None = None) -> dict[str, str]:
    """Header lines to a mapping with lower-case names, values cut to `value_characters`.

    Folded lines are joined, repeated headers too (with ', '). Lines without a colon are passed over, and so are
    cookies: they identify a session, and say nothing of the page.
    """
    unfolded: list[str] = []
    for line in lines[:MAX_HEADERS]:
        text = decode_header(line).rstrip("\r\n")
        if text[:1] in (" ", "\t") and unfolded:
            unfolded[-1] += " " + text.strip()
        else:
            unfolded.append(text)
    headers: dict[str, str] = {}
    for text in unfolded:
        name, colon, value = text.partition(":")
        name, value = name.strip().lower(), value.strip()
        if colon and name and name != "set-cookie":
            headers[name] = (f"{headers[name]}, {value}" if name in headers else value)[:value_characters]
    return headers


def whole_block(block: bytes) -> bytes | None:
    """The response at the beginning of `block`, cut where its own Content-Length ends; None if it is not whole."""
    message = parse_response(block)
    length = message.headers.get("content-length", "") if message else ""
    if message is None or not (length.isascii() and length.isdigit()) or int(length) > len(message.body):
        return None
    return block[: len(block) - len(message.body) + int(length)]


def decode_header(line: bytes) -> str:
    """Header bytes as text: UTF-8, else Latin-1."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def parse_content_type(value: str) -> tuple[str, str | None]:
    """MIME type in lower case and charset of a Content-Type value; '' and None where it names none."""
    mime = re.split(r"[;,\s]", value.strip().lower(), maxsplit=1)[0]
    charset = _CHARSET.search(value)
    return (mime if _MIME.fullmatch(mime) else ""), (charset[1].lower() if charset else None)


def decode_body(message: Message, limits: Ingest) -> Body:
    """Undo the transfer and content encodings of a body.

    Crawlers often store a body decoded and leave the header as it was. So a body that does not begin as its encoding
    would, but as text, is taken as it is.

    Raises:
        BodyError: `encoding_broken.<name>`, `encoding_unknown.<name>`, `payload_bomb` or `payload_too_large`.
    """
    transfer = _tokens(message.headers.get("transfer-encoding", ""))
    body: bytes | memoryview = message.body
    if "chunked" in transfer:
        body = _dechunk(body)
    dechunked = body
    codings = [*_tokens(message.headers.get("content-encoding", "")), *(name for name in transfer if name != "chunked")]
    for name in reversed(codings):
        if not len(body):
            break
        body = _undo(name, body, limits)
    if len(body) > limits.max_payload_bytes:
        raise _too_large(limits)
    return Body(bytes(body), dechunked)


def _tokens(value: str) -> list[str]:
    names = [token.strip().strip("\"'") for token in value.lower().split(",")]
    return [name for name in names if name not in _IDENTITY]


def _too_large(limits: Ingest) -> BodyError:
    return BodyError("payload_too_large", f"more than {limits.max_payload_bytes} bytes (ingest.max_payload_bytes)")


def _dechunk(body: memoryview) -> bytes | memoryview:
    """Undo `Transfer-Encoding: chunked`. A body that does not begin with the size of a chunk is taken as it is.

    A missing last chunk is forgiven, a chunk that is cut is not.
    """
    if not _CHUNK_SIZE.match(body):
        return body
    pieces: list[memoryview] = []
    at = 0
    while at < len(body):
        size = _CHUNK_SIZE.match(body, at)
        if size is None:
            break
        length = int(size[1], 16)
        if not length:
            return b"".join(pieces)
        begin, end = size.end(), size.end() + length
        ending = bytes(body[end:end + 2])
        if end > len(body) or (ending and not ending.startswith((b"\r\n", b"\n", b"\r"))):
            break
        pieces.append(body[begin:end])
        at = end + (2 if ending == b"\r\n" else 1)
    else:
        return b"".join(pieces)
    if not pieces and _is_textual(body):
        return body
    raise BodyError("encoding_broken.chunked", f"no whole chunk at byte {at} of {len(body)}")


def _is_textual(body: bytes | memoryview) -> bool:
    return not _CONTROL.search(bytes(body[:512]))


def _undo(name: str, body: bytes | memoryview, limits: Ingest) -> bytes | memoryview:
    decoder = _DECODERS.get(name.removeprefix("x-"))
    if decoder is None:
        if _is_textual(body):
            return body
        raise BodyError(f"encoding_unknown.{name}", "the body is encoded in a way that is not known")
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in decoder(body):
            pieces.append(piece)
            size += len(piece)
            if size > limits.max_payload_bytes:
                raise _too_large(limits)
            if size > EXPANSION_FREE_BYTES and size > limits.max_expansion * len(body):
                raise BodyError(
                    "payload_bomb", f"{len(body)} bytes unfold to more than {limits.max_expansion:g} times as many "
                    "(ingest.max_expansion)"
                )
    except (zlib.error, OSError) as error:
        if not size and _is_textual(body):
            return body
        raise BodyError(f"encoding_broken.{name}", f"after {size} decoded bytes") from error
    return b"".join(pieces)


def _gzip_pieces(body: bytes | memoryview) -> Iterator[bytes]:
    """One gzip member after another. What follows the first and is none is ignored, as browsers do."""
    if bytes(body[:2]) != b"\x1f\x8b":
        raise zlib.error("not gzip")
    while bytes(body[:2]) == b"\x1f\x8b":
        body = yield from _inflate(body, 31)


def _deflate_pieces(body: bytes | memoryview) -> Iterator[bytes]:
    """zlib data, as RFC 9110 wants it, or raw deflate data, as many servers send it."""
    try:
        zlib.decompressobj(15).decompress(body[:1024], 1)
    except zlib.error:
        yield from _inflate(body, -15)
    else:
        yield from _inflate(body, 15)


def _inflate(body: bytes | memoryview, wbits: int) -> Generator[bytes, None, bytes]:
    """The pieces of one zlib-family stream; returns what follows it."""
    decoder = zlib.decompressobj(wbits)
    while not decoder.eof:
        piece = decoder.decompress(body, STEP_BYTES)
        body = decoder.unconsumed_tail
        if piece:
            yield piece
        elif not body and not decoder.eof:
            raise zlib.error("the body ends within its encoding")
    return decoder.unused_data


def _arrow_pieces(codec: str, body: bytes | memoryview) -> Iterator[bytes]:
    """Brotli or zstd data through Arrow, which, unlike their Python bindings, says when data is cut short."""
    with pa.CompressedInputStream(pa.BufferReader(pa.py_buffer(body)), codec) as stream:
        while piece := stream.read(STEP_BYTES):
            yield piece


_DECODERS: dict[str, Callable[[bytes | memoryview], Iterator[bytes]]] = {
    "gzip": _gzip_pieces,
    "deflate": _deflate_pieces,
    "br": partial(_arrow_pieces, "brotli"),
    "zstd": partial(_arrow_pieces, "zstd"),
}
