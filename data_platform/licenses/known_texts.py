"""The licence texts, notices and exceptions that are known, as numbers of words, and which of them a text is like.

The file beside this module is compiled by `benchmarks/compile_licenses.py` from the SPDX licence list and ScanCode's
licences and rules (CC-BY-4.0, AboutCode and others); it is LZMA, since texts repeat one another: 12 MB in 1.5.

Belongs here: the file, and finding candidates by common runs of words. Does not: comparing (`alignment`), judging
(`license_text`).
"""

from __future__ import annotations

import io
import lzma
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from data_platform.licenses.alignment import GRAM, grams

FILE = Path(__file__).parent / "known_texts.npz.xz"

REQUIRED, OPTIONAL, VARIABLE = range(3)
"""What may be done to a word of a text: nothing; it may be left out; it may be replaced."""
TEXT, NOTICE, EXCEPTION = range(3)
"""What a known text is."""
_SPARSE = 150
"""Grams of texts longer than this are indexed one in four."""


def write(texts: Sequence[tuple[Sequence[str], Sequence[int], str, int]], legal: Sequence[str]) -> None:
    """Write the file: words, flags, expression and kind of every text, and the words of the language of licences."""
    vocabulary: dict[str, int] = {}
    expressions: dict[str, int] = {}
    words = [vocabulary.setdefault(word, len(vocabulary)) for chosen, _, _, _ in texts for word in chosen]
    buffer = io.BytesIO()
    np.savez(
        buffer, words=np.array(words, np.uint16),
        flags=np.array([flag for _, flags, _, _ in texts for flag in flags], np.uint8),
        lengths=np.array([len(chosen) for chosen, _, _, _ in texts], np.int32),
        expression=np.array([expressions.setdefault(text[2], len(expressions)) for text in texts], np.uint16),
        kind=np.array([kind for _, _, _, kind in texts], np.uint8),
        vocabulary=np.frombuffer("\n".join(vocabulary).encode(), np.uint8),
        expressions=np.frombuffer("\n".join(expressions).encode(), np.uint8),
        legal=np.frombuffer("\n".join(legal).encode(), np.uint8),
    )
    FILE.write_bytes(lzma.compress(buffer.getvalue(), preset=9 | lzma.PRESET_EXTREME))


@dataclass(frozen=True)
class KnownTexts:
    """All known texts, and an index of their grams."""

    words: np.ndarray
    """Numbers of words (int32) of all texts, one after the other."""
    flags: np.ndarray
    bounds: np.ndarray
    """Where each text starts in `words`, and the end of the last."""
    expression: list[str]
    kind: np.ndarray
    spelling: list[str]
    """Words by number."""
    vocabulary: dict[str, int]
    legal: frozenset[str]
    hashes: np.ndarray
    """Sorted hashes of grams; `texts` and `places` say where each stands."""
    texts: np.ndarray
    places: np.ndarray
    indexed: np.ndarray
    """For each text the number of its grams that are in the index."""

    def numbers(self, words: Sequence[str]) -> np.ndarray:
        """Numbers of words (int32); -1 for words of no known text."""
        return np.array([self.vocabulary.get(word, -1) for word in words], np.int32)

    def text(self, number: int) -> slice:
        """Where a text's words stand."""
        return slice(int(self.bounds[number]), int(self.bounds[number + 1]))

    def hits(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Common grams of a text and all known texts: place in the text, known text, place in the known text."""
        hashed = grams(numbers)
        low = np.searchsorted(self.hashes, hashed, "left")
        high = np.searchsorted(self.hashes, hashed, "right")
        counts = np.where(hashed == 0, 0, high - low)
        places = np.repeat(np.arange(len(hashed)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        entries = np.repeat(low, counts) + within
        return places, self.texts[entries], self.places[entries]


@lru_cache(maxsize=1)
def known() -> KnownTexts:
    """What the file holds, read once in a process."""
    with np.load(io.BytesIO(lzma.decompress(FILE.read_bytes()))) as file:
        arrays = {name: file[name] for name in file.files}
    lists = {name: arrays[name].tobytes().decode().split("\n") for name in ("vocabulary", "expressions", "legal")}
    words = arrays["words"].astype(np.int32)
    bounds = np.concatenate([[0], np.cumsum(arrays["lengths"])]).astype(np.int64)
    owner = np.repeat(np.arange(len(arrays["lengths"])), arrays["lengths"])
    hashed = grams(words)
    place = np.arange(len(words)) - bounds[owner]
    start = np.arange(len(hashed))
    inside = start + GRAM <= bounds[owner[start] + 1]
    dense = (arrays["lengths"] <= _SPARSE)[owner[start]]
    chosen = np.flatnonzero(inside & (dense | (hashed % np.uint64(4) == 0)))
    order = np.argsort(hashed[chosen], kind="stable")
    chosen = chosen[order]
    return KnownTexts(
        words, arrays["flags"], bounds, [lists["expressions"][number] for number in arrays["expression"]],
        arrays["kind"], lists["vocabulary"], {word: number for number, word in enumerate(lists["vocabulary"])},
        frozenset(lists["legal"]),
        hashed[chosen], owner[chosen].astype(np.int32), place[chosen].astype(np.int32),
        np.bincount(owner[chosen], minlength=len(bounds) - 1),
    )
