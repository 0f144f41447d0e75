"""Reading WARC, ARC and WET archives: one item for every record met, whatever it is.

Records that are no page (requests, crawler metadata), that nobody asked for (status, MIME type) or that cannot be used
(broken encodings, wrong digests, bombs) are rejections with a reason. So is damage: the bytes that are no record, and
the place where an archive breaks off; reading goes on at the next record that can be found.

Reasons: `record_type.<type>`, `url_scheme.<scheme>`, `http_malformed`, `http_status.<status>`, `mime.<type>`,
`digest_mismatch`, `encoding_broken.<coding>`, `encoding_unknown.<coding>`, `payload_bomb`, `payload_too_large`,
`empty_payload`, `url_missing`, `record_malformed` (a header that cannot be read), `record_length` (another length than
declared), `archive.truncated` and `archive.unreadable`.

Not here: compression (`stream.py`), HTTP bodies (`http.py`), the payload of a revisit (`revisits.py`).

WARC: ISO 28500:2017. ARC: https://archive.org/web/researcher/ArcFileFormat.php.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO

from data_platform.ingest import digests, site_files
from data_platform.ingest.http import (
    BodyError,
    Message,
    decode_body,
    decode_header,
    parse_content_type,
    parse_headers,
    parse_response,
    whole_block,
)
from data_platform.ingest.records import Archive, Capture, Place, Rejection, Revisit, reason, record_id, sha256
from data_platform.ingest.settings import Ingest
from data_platform.ingest.stream import HEAD_BYTES, ArchiveStream, Damage

LINE_BYTES = 2**20
HEADER_LINES = 1000
# What a block may hold beside its payload: HTTP headers and the framing of chunks.
FRAMING_BYTES = 2**20
WANTED_TYPES = ("response", "resource", "revisit", "conversion")
# Records of the crawler about itself: wget's log and arguments, Browsertrix' screenshots and page lists.
CRAWLER_SCHEMES = ("metadata", "urn")
# What the archive says besides response headers stands among them, told apart by the colon that no header name holds.
TRUNCATED = "warc:truncated"
OFFSET_IN_MEMBER = "warc:offset_in_member"
REVISIT_OF = "warc:revisit_of"
UNTYPED = ("", "application/octet-stream", "binary/octet-stream", "application/unknown")

_WARC = re.compile(rb"WARC/\d+\.\d+\s")
# URL (which may hold spaces), address, date, type, and in version 2 more fields, then the length.
_ARC = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*:[^\n]*) (\S+) (\d{14}) ([^\n]*?) ?(\d+)[ \t\r]*\n")
_ARC_BAD_DATE = re.compile(rb"((?:https?|ftp|dns|filedesc):[^\n]*) (\S+) (\S+) (\S+) (\d+)[ \t\r]*\n")
_NESTED = re.compile(
    rb"\r*\n\r*\n(?=WARC/\d+\.\d+\s)|\n(?=[A-Za-z][A-Za-z0-9+.-]*:[^\n]* \S+ \d{14} [^\n]*?\d+[ \t\r]*\n)"
)
_HTML = re.compile(rb"(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta|script|style|div|p|h1|table|a)\b",
                   re.IGNORECASE | re.DOTALL)

Item = Capture | Rejection | Revisit


def begins_record(data: bytes) -> bool:
    """Whether the bytes are the beginning of a WARC or ARC record."""
    return bool(_WARC.match(data) or _ARC.match(data))


def read_archive(raw: BinaryIO, archive: Archive, limits: Ingest, start: Place | None = None) -> Iterator[Item]:
    """Read every record of an archive, from `start` on if given, in bounded memory.

    Args:
        raw: the archive, seekable.
        archive: which archive it is; its source and name go into the identity of records.
        limits: what is wanted, and how large it may be.
        start: where a record begins, to read it again.

    Yields:
        A capture, revisit or rejection for each record, in the order of the archive, and a rejection
        `archive.truncated` or `archive.unreadable` wherever bytes belong to no record.
    """
    return iter(_Reader(raw, archive, limits, start or Place(0)))


def declared_mime(content_type: str) -> tuple[str, str | None]:
    """MIME type and charset; '' for types that say nothing, such as application/octet-stream."""
    mime, charset = parse_content_type(content_type)
    return ("" if mime in UNTYPED else mime), charset


def detect_mime(payload: bytes) -> str:
    """MIME type by the first bytes: HTML by its first tag (WHATWG MIME Sniffing, 7.1), the rest by Resiliparse."""
    from resiliparse.parse.encoding import detect_mime as detect

    head = payload[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    return "text/html" if _HTML.match(head) else detect(head)


def parse_date(text: str) -> datetime | None:
    """A WARC date (W3C profile of ISO 8601) or a 14-digit ARC date, in UTC; None if it is neither."""
    try:
        if len(text) == 14 and text.isdigit():
            text = f"{text[:8]}T{text[8:]}"
        date = datetime.fromisoformat(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True)
class _Head:
    """The header of a record. `length` is None if it is missing or no number."""

    kind: str
    url: str
    date: datetime | None
    length: int | None
    content_type: str
    arc: bool = False
    fields: dict[str, str] = field(default_factory=dict)


def _warc_head(lines: list[bytes]) -> _Head:
    fields = parse_headers(lines)
    length = fields.get("content-length", "")
    return _Head(
        kind=fields.get("warc-type", "").lower(),
        url=fields.get("warc-target-uri", "").removeprefix("<").removesuffix(">").strip(),
        date=parse_date(fields.get("warc-date", "")),
        length=int(length) if length.isascii() and length.isdigit() else None,
        content_type=fields.get("content-type", ""),
        fields=fields,
    )


def _arc_head(line: bytes) -> _Head | None:
    match = _ARC.fullmatch(line) or _ARC_BAD_DATE.fullmatch(line)
    if match is None:
        return None
    url, _, date, mime, length = (decode_header(part) for part in match.groups())
    return _Head(
        kind="arc_header" if url.startswith("filedesc:") else "response",
        url=url.strip(),
        date=parse_date(date),
        length=int(length),
        content_type=mime,
        arc=True,
    )


class _Reader:
    """Walks through one archive, record by record."""

    def __init__(self, raw: BinaryIO, archive: Archive, limits: Ingest, start: Place) -> None:
        self._stream = ArchiveStream(raw, begins_record, start.offset)
        self._archive = archive
        self._limits = limits
        self._start = start
        self._place = start
        self._body = start
        self._head: _Head | None = None

    def __iter__(self) -> Iterator[Item]:
        stream = self._stream
        met = False
        try_again = True
        while try_again:
            try:
                stream.skip(self._start.inner if not met else 0)
                while self._advance():
                    met = True
                    yield from self._record()
                try_again = False
            except Damage as damage:
                met = True
                yield self._reject(f"archive.{damage.kind}", damage.detail)
                try_again = stream.recover()
        if not met:
            yield self._reject("archive.truncated", "the archive is empty")

    def _advance(self) -> bool:
        """Go to where the next record should begin; False at the end of the archive."""
        stream = self._stream
        self._head = None
        self._place = stream.place
        while stream.more():
            self._place = stream.place
            stream.skip_line_ends()
            if stream.peek(1):
                self._place = stream.place
                return True
        return False

    def _record(self) -> Iterator[Item]:
        stream = self._stream
        line = stream.readline(LINE_BYTES)
        if _WARC.match(line):
            lines = self._header_lines()
            if lines is None:
                yield self._ended("the header of a record has no end")
                return
            self._head = head = _warc_head(lines)
        elif arc := _arc_head(line):
            self._head = head = arc
        else:
            yield self._no_record(line)
            return
        if head.length is None or not head.kind:
            yield self._reject("record_malformed", "the header of the record has no valid length or type")
            self._skip_to_record()
            return
        self._body = stream.place
        if head.length > self._limits.max_payload_bytes + FRAMING_BYTES:
            block, size = None, stream.skip(head.length)
        else:
            block = stream.read(head.length)
            size = len(block)
        if size < head.length or not self._ends_here(head):
            yield self._wrong_length(head, block, size)
            return
        cut: Damage | None = None
        try:
            stream.skip_line_ends()
        except Damage as damage:
            # The record itself is whole if the archive breaks off behind it, but not if its checksum is wrong.
            if damage.kind != "truncated":
                raise
            cut = damage
        yield self._item(head, block)
        if cut:
            self._place, self._head = stream.place, None
            raise cut

    def _header_lines(self) -> list[bytes] | None:
        """The lines of a header. None, and at what follows, if it is cut by the end or another record, or endless."""
        lines: list[bytes] = []
        while len(lines) < HEADER_LINES:
            line = self._stream.readline(LINE_BYTES)
            if not line.endswith(b"\n"):
                if len(line) == LINE_BYTES:
                    break
                return None
            if _WARC.match(line):
                self._stream.unread(line)
                return None
            if not line.strip(b"\r\n"):
                return lines
            lines.append(line)
        self._skip_to_record()
        return None

    def _ended(self, detail: str) -> Rejection:
        """The rejection of what breaks off: at the end of the archive, or because the next record begins."""
        return self._reject("record_malformed" if self._stream.more() else "archive.truncated", detail)

    def _ends_here(self, head: _Head) -> bool:
        """Whether the record can have ended: by line ends, the end of the member, or another WARC record.

        Not by another ARC record without a line end before it: the tail of a URL looks like a URL.
        """
        ahead = self._stream.peek(HEAD_BYTES)
        rest = ahead.lstrip(b"\r\n")
        ends = ahead[: len(ahead) - len(rest)].count(b"\n")
        return not rest or ends >= (1 if head.arc else 2) or bool(_WARC.match(rest))

    def _wrong_length(self, head: _Head, block: bytes | None, size: int) -> Item:
        """What becomes of a record that has another length than it declares.

        If the archive or the next record cuts it, and the Content-Length of its response says that nothing is missing,
        it is taken: archives whose line ends were converted are like that.
        """
        stream = self._stream
        next_record = self._next_within(block)
        if block is not None and next_record:
            begin, size = next_record.end(), next_record.start()
            if begin < len(block):
                stream.unread(block[begin:])
            else:
                stream.skip(begin - len(block))
            block = block[:size]
        ends_early = next_record is not None or size < (head.length or 0)
        if ends_early and block and head.kind in WANTED_TYPES and (whole := whole_block(block)):
            return self._item(head, whole)
        if not ends_early:
            self._skip_to_record()
            return self._reject("record_length", f"the record goes on after the {head.length} bytes that it declares")
        at_end = next_record is None and not stream.more() and not (block is None and self._found_before_end())
        detail = f"{head.length} bytes declared, {size} there"
        return self._reject("archive.truncated" if at_end else "record_length", detail)

    def _found_before_end(self) -> bool:
        """Whether a block that was too large to keep, and met the end, holds another record; goes there if so."""
        self._stream.seek(self._body)
        self._skip_to_record()
        return self._stream.more()

    def _next_within(self, block: bytes | None) -> re.Match[bytes] | None:
        """Where in a block another record begins, so that it can be read from there."""
        if block is None or (self._stream.compressed and self._stream.place.offset != self._place.offset):
            return None
        found = _NESTED.search(block + self._stream.peek(HEAD_BYTES))
        return found if found and found.start() < len(block) else None

    def _no_record(self, line: bytes) -> Rejection:
        skipped = len(line)
        if not begins_record(self._stream.peek(HEAD_BYTES)):
            skipped += self._skip_to_record()
        if skipped == len(line) and not line.endswith(b"\n"):
            return self._ended("the first line of a record has no end")
        return self._reject("archive.unreadable", f"{skipped} bytes that are no record")

    def _skip_to_record(self) -> int:
        skipped = 0
        while line := self._stream.readline(LINE_BYTES):
            skipped += len(line)
            if begins_record(self._stream.peek(HEAD_BYTES)):
                break
        return skipped

    # -- from a record to an item

    def _length(self) -> int:
        """Bytes that the record takes in the archive; 0 if it shares its member with others."""
        stream, begin = self._stream, self._place
        if not stream.compressed:
            return stream.place.offset - begin.offset
        alone = stream.member_end and not begin.inner and stream.place.offset == begin.offset
        return stream.member_end - begin.offset if alone else 0

    def _reject(self, code: str, detail: str = "") -> Rejection:
        head = self._head
        url = head.url if head else ""
        return Rejection(
            record_id=record_id(self._archive.source, self._archive.name, self._place, url),
            place=self._place,
            record_type=reason(head.kind or "unknown") if head else "unknown",
            url=url,
            reason=code,
            detail=detail,
            fetched_at=head.date if head else None,
            declared_digest=digests.canonical(head.fields.get("warc-payload-digest", "")) if head else "",
        )

    def _item(self, head: _Head, block: bytes | None) -> Item:
        if head.kind not in WANTED_TYPES:
            return self._reject(reason("record_type", head.kind))
        scheme = head.url.partition(":")[0].lower()
        if not head.url:
            return self._reject("url_missing")
        if scheme in CRAWLER_SCHEMES:
            return self._reject(reason("url_scheme", scheme))
        if block is None:
            return self._reject("payload_too_large", f"the record declares {head.length} bytes")
        message = parse_response(block) if head.kind in ("response", "revisit") else None
        if head.kind == "revisit":
            return self._revisit(head, message)
        is_http = head.content_type.startswith("application/http") or (head.arc and scheme in ("http", "https"))
        if message is None and head.kind == "response" and is_http:
            return self._reject("http_malformed", "the record does not begin with a status line")
        return self._unwanted(message, head.url) or self._capture(head, message, block)

    def _unwanted(self, message: Message | None, url: str) -> Rejection | None:
        """The rejection of a response whose status or declared type is not wanted."""
        if message is None:
            return None
        if message.status not in self._limits.http_statuses:
            return self._reject(reason("http_status", message.status))
        mime, _ = declared_mime(message.headers.get("content-type", ""))
        return None if self._wants(mime, url) else self._reject(reason("mime", mime))

    def _wants(self, mime: str, url: str) -> bool:
        """Whether a MIME type is wanted: if the recipe says so, and for files by which a site speaks of its pages."""
        return not mime or mime in self._limits.mime_types or site_files.kind_of(url, mime) is not None

    def _capture(self, head: _Head, message: Message | None, block: bytes) -> Item:
        content_type = message.headers.get("content-type") if message else head.content_type or None
        mime, charset = declared_mime(content_type or "")
        if not self._wants(mime, head.url):
            return self._reject(reason("mime", mime))
        if not digests.matches(head.fields.get("warc-block-digest", ""), block):
            return self._reject("digest_mismatch", "WARC-Block-Digest is not that of the record's block")
        try:
            body = decode_body(message or Message(0, {}, memoryview(block)), self._limits)
        except BodyError as error:
            return self._reject(reason(error.reason), error.detail)
        declared = head.fields.get("warc-payload-digest", "")
        # Writers disagree on what the payload is: as sent, without chunks, or decoded. Any of them is taken.
        stored = message.body if message else block
        if not digests.matches(declared, stored, body.dechunked, body.payload):
            return self._reject("digest_mismatch", "WARC-Payload-Digest is not that of the payload, encoded or decoded")
        if not body.payload:
            return self._reject("empty_payload")
        if not mime:
            mime = parse_content_type(head.fields.get("warc-identified-payload-type", ""))[0]
            mime = mime or detect_mime(body.payload)
            if not self._wants(mime, head.url):
                return self._reject(reason("mime", mime), "no type declared, this one detected")
        metadata: dict[str, Any] = dict(message.headers) if message else {}
        if truncated := head.fields.get("warc-truncated"):
            metadata[TRUNCATED] = truncated
        if self._place.inner:
            metadata[OFFSET_IN_MEMBER] = self._place.inner
        digest = sha256(body.payload)
        return Capture(
            record_id=record_id(self._archive.source, self._archive.name, self._place, head.url, digest),
            place=self._place,
            length=self._length(),
            record_type=head.kind,
            url=head.url,
            fetched_at=head.date,
            http_status=message.status if message else None,
            content_type=content_type,
            mime=mime,
            charset=charset,
            payload_digest=digest,
            payload=body.payload,
            metadata=metadata,
            declared_digest=digests.canonical(declared),
        )

    def _revisit(self, head: _Head, message: Message | None) -> Item:
        """A revisit, unless the response headers that it holds say that nobody wants it."""
        if message and message.status != 304 and (unwanted := self._unwanted(message, head.url)):
            return unwanted
        return Revisit(
            record_id=record_id(self._archive.source, self._archive.name, self._place, head.url),
            place=self._place,
            length=self._length(),
            url=head.url,
            fetched_at=head.date,
            declared_digest=digests.canonical(head.fields.get("warc-payload-digest", "")),
            refers_to_url=head.fields.get("warc-refers-to-target-uri", "").removeprefix("<").removesuffix(">").strip(),
            refers_to_date=parse_date(head.fields.get("warc-refers-to-date", "")),
            http_status=message.status if message else None,
            headers=message.headers if message else {},
        )
