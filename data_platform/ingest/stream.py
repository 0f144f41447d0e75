"""The bytes of an archive with its compression undone, and where in the archive they stand.

An archive is plain, or a sequence of gzip members or zstd frames, all called members here. WARC and ARC files keep one
record per member so that a record can be read alone; a file that is one member for all its records is read as well.
Neither warcio nor fastwarc gives all that the books need: warcio refuses one-member files, fastwarc reads no ARC, and
both end in silence where a file is cut. Not here: what a record is.
"""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Callable
from typing import BinaryIO

from data_platform.ingest.records import Place

GZIP_MAGIC = b"\x1f\x8b\x08"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
READ_BYTES = 64 * 1024
# How much of a member is looked at to see whether it begins a record.
HEAD_BYTES = 8 * 1024
# Most bytes that one step of decompression gives: bounds memory whatever the archive holds.
STEP_BYTES = 256 * 1024
# zstd has no such bound; a frame expands by 32,768 at the most (128 KiB blocks of 4 bytes), so it is fed little.
_ZSTD_READ_BYTES = 1024


class Damage(Exception):
    """The archive ends too early (`kind` 'truncated') or its bytes are not what they should be ('unreadable')."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class _Gzip:
    """One gzip member. CRC and length are verified at its end."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(wbits=31)

    @property
    def ended(self) -> bool:
        return self._decoder.eof

    def decode(self, data: bytes) -> tuple[bytes, bytes]:
        """Decode some of `data`: what came out, and what of `data` is left."""
        try:
            out = self._decoder.decompress(data, STEP_BYTES)
        except zlib.error as error:
            raise Damage("unreadable", f"damaged gzip data: {error}") from error
        return out, self._decoder.unused_data if self._decoder.eof else self._decoder.unconsumed_tail


class _Zstd:
    """One zstd frame."""

    def __init__(self) -> None:
        import zstandard

        self._decoder = zstandard.ZstdDecompressor().decompressobj()
        self._error = zstandard.ZstdError

    @property
    def ended(self) -> bool:
        return self._decoder.eof

    def decode(self, data: bytes) -> tuple[bytes, bytes]:
        """Decode some of `data`: what came out, and what of `data` is left."""
        piece, rest = data[:_ZSTD_READ_BYTES], data[_ZSTD_READ_BYTES:]
        try:
            out = self._decoder.decompress(piece)
        except self._error as error:
            raise Damage("unreadable", f"damaged zstd data: {error}") from error
        return out, self._decoder.unused_data + rest if self._decoder.eof else rest


def _codec(head: bytes) -> type[_Gzip] | type[_Zstd] | None:
    if head.startswith(GZIP_MAGIC):
        return _Gzip
    if head.startswith(ZSTD_MAGIC) or _ZSTD_SKIPPABLE.match(head):
        return _Zstd
    return None


class ArchiveStream:
    """Reads an archive from `offset` on, in bounded memory.

    Args:
        raw: the archive, seekable.
        begins: whether bytes are the beginning of a record. Where a member begins with one, the record before has
            ended, whatever length it declared; and after damage, reading goes on at such a member.
        offset: where to begin: 0, or the offset of a record.
    """

    def __init__(self, raw: BinaryIO, begins: Callable[[bytes], bool], offset: int = 0) -> None:
        self._raw = raw
        self._begins = begins
        self._damage: Damage | None = None
        self._kind: type[_Gzip] | type[_Zstd] | None = None
        self._restart(offset)
        self._kind = _codec(self._input)
        self._start(offset)

    def _restart(self, offset: int) -> None:
        """Read on from `offset`, where a member begins (or, in a plain archive, anything)."""
        self._raw.seek(offset)
        self._input = self._raw.read(READ_BYTES)
        self._read_to = offset + len(self._input)
        self._damage = None
        self._start(offset)

    def _start(self, offset: int) -> None:
        """Begin a member (or, in a plain archive, everything) at `offset`, which is where `_input` begins."""
        self._offset = offset
        self._decoder = self._kind() if self._kind else None
        self._buffer = b""
        self._at = 0
        self._given = 0
        self.member_end: int | None = None

    @property
    def compressed(self) -> bool:
        """Whether the archive is a sequence of members."""
        return self._kind is not None

    @property
    def place(self) -> Place:
        """Where the next byte stands."""
        if self._kind is None:
            return Place(self._offset + self._given)
        return Place(self._offset, self._given)

    # -- within a member

    def _fill(self) -> bool:
        """Decode more of this member into the buffer; False at its end.

        Raises:
            Damage: if the archive ends within the member, or its data is damaged; the same again until `recover`.
        """
        if self._damage:
            raise self._damage
        if self._decoder is None:
            data, self._input = self._input or self._raw_bytes(), b""
            self._keep(data)
            return bool(data)
        while not self._decoder.ended:
            data = self._input or self._raw_bytes()
            try:
                out, self._input = self._decoder.decode(data)
            except Damage as damage:
                self._damage = damage
                raise
            if self._decoder.ended:
                self.member_end = self._read_to - len(self._input)
            if out:
                self._keep(out)
                return True
            # Without input the decoder may still give what it holds back; if it gives nothing, there is no more.
            if not data and not self._decoder.ended:
                self._damage = Damage("truncated", f"the archive ends in the member that begins at byte {self._offset}")
                raise self._damage
        return False

    def _keep(self, data: bytes) -> None:
        self._buffer = self._buffer[self._at:] + data if self._at < len(self._buffer) else data
        self._at = 0

    def _raw_bytes(self) -> bytes:
        data = self._raw.read(READ_BYTES)
        self._read_to += len(data)
        return data

    def _take(self, size: int) -> bytes:
        """Up to `size` bytes of the buffer."""
        data = self._buffer[self._at:self._at + size]
        self._at += len(data)
        self._given += len(data)
        return data

    @property
    def _held(self) -> int:
        return len(self._buffer) - self._at

    def peek(self, size: int) -> bytes:
        """The next bytes of this member, `size` of them unless it ends, or is damaged, before."""
        with contextlib.suppress(Damage):
            while self._held < size and self._fill():
                pass
        return self._buffer[self._at:self._at + size]

    def skip_line_ends(self) -> int:
        """Pass over CR and LF up to something else or the end of the member; how many there were."""
        count = 0
        while self._held or self._fill():
            some = self._buffer[self._at:self._at + READ_BYTES]
            ends = len(some) - len(some.lstrip(b"\r\n"))
            self._take(ends)
            count += ends
            if ends < len(some):
                break
        return count

    def unread(self, data: bytes) -> None:
        """Give back bytes that were just read, within one member."""
        self._buffer, self._at = data + self._buffer[self._at:], 0
        self._given -= len(data)

    # -- across members

    def more(self) -> bool:
        """Whether bytes follow, in this member or, entering it, in the next; False at the end of the archive.

        Raises:
            Damage: if what follows the member is not a member.
        """
        while not self._held and not self._fill():
            if not self._next_member():
                return False
        return True

    def _next_member(self) -> bool:
        if self._kind is None:
            return False
        position = self._read_to - len(self._input)
        while True:
            stripped = self._input.lstrip(b"\0")  # tapes and file systems pad with zeros
            position += len(self._input) - len(stripped)
            self._input = stripped
            if len(self._input) >= 4:
                break
            more = self._raw_bytes()
            if not more:
                break
            self._input += more
        if not self._input:
            return False
        if _codec(self._input) is not self._kind:
            self._offset = position
            truncated = GZIP_MAGIC.startswith(self._input) or ZSTD_MAGIC.startswith(self._input)
            kind = "truncated" if truncated else "unreadable"
            self._damage = Damage(kind, f"the bytes from {position} on are no compressed member")
            raise self._damage
        self._start(position)
        return True

    def _follows(self) -> bool:
        """Whether bytes follow that can belong to the record being read."""
        if self._held or self._fill():
            return True
        return self._kind is not None and self.more() and not self._begins(self.peek(HEAD_BYTES))

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer where the archive ends or the next member begins a record."""
        parts: list[bytes] = []
        while size and self._follows():
            part = self._take(size)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """Pass over `size` bytes without keeping them; how many there were, fewer for the reasons of `read`."""
        left = size
        while left and self._follows():
            left -= len(self._take(left))
        return size - left

    def readline(self, limit: int) -> bytes:
        """The bytes up to and with the next LF, at most `limit`; without LF where the archive or limit ends."""
        parts: list[bytes] = []
        while limit and self._follows():
            end = self._buffer.find(b"\n", self._at, self._at + limit)
            part = self._take((end + 1 if end >= 0 else self._at + limit) - self._at)
            parts.append(part)
            if end >= 0:
                break
            limit -= len(part)
        return b"".join(parts)

    def seek(self, place: Place) -> None:
        """Go to a place, earlier or later."""
        self._restart(place.offset)
        self.skip(place.inner)

    def recover(self) -> bool:
        """After `Damage`: go to the next member that begins a record; False if there is none."""
        if self._kind is None:
            return False
        magic = GZIP_MAGIC if self._kind is _Gzip else ZSTD_MAGIC
        position = self._offset + 1
        while True:
            self._raw.seek(position)
            block = self._raw.read(READ_BYTES)
            found = block.find(magic)
            while found >= 0:
                self._restart(position + found)
                if self._begins(self.peek(HEAD_BYTES)):
                    return True
                found = block.find(magic, found + 1)
            if len(block) < len(magic):
                return False
            position += len(block) - len(magic) + 1
