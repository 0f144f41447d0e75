# ruff: noqa: RUF001 - letters and dashes of other languages are meant
"""Whether what stands beside a licence leaves it as it is: a small model of the sentences of notices.

'Newspapers write to our desk first', 'for members of the guild' and 'Bots stay outside' limit what is granted beside
them, in words that no list of restrictions holds; 'Built with Jekyll', 'Thanks to all who helped' and 'Next meeting: 4
October' do not. Nobody can list either kind, so that words vote: a sentence is turned into its words, pairs of words,
beginnings of words and a few marks of its shape; each has a weight, learned by logistic regression from sentences that
are known to be of one kind (benchmarks/train_license_neighbours.py), and the bias leans towards a limit: doubt is never
free. Other weights make another detector (`html`).

Belongs here: one sentence in, a score out. Does not: which sentences stand beside a licence (`html`, `place`), names of
licences (`prose`), restrictions that hold from any distance (`restriction`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np

WEIGHTS = Path(__file__).with_name("neighbours.npy")
"""Weights by hash of the feature; the last one is the bias. In steps of `STEP`."""
SLOTS = 1 << 16
STEP = 1 / 16
_PREFIX = 5
"""Letters of the beginning of a word, by which its inflected forms are one."""
_WORD = re.compile(r"[぀-ヿ㐀-鿿가-힯]+|[^\W\d_]+(?:['’][^\W\d_]+)?|\d+")
_CJK = re.compile(r"[぀-ヿ㐀-鿿가-힯]")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_SHAPES = (
    ("@", re.compile(r"@|https?:|www\.|\w\.(?:com|org|net|example)\b", re.I)),
    ("©", re.compile(r"©|\(c\)|copyright", re.I)),
    (":", re.compile(r":")), ("(", re.compile(r"^\(")), (".", re.compile(r"[.。]$")), ("?", re.compile(r"\?")),
    ("|", re.compile(r"[|·•]")), ("a", re.compile(r"^[a-zà-ÿ,(–-]")),
)
_LONGEST_PARTICLE = 3
"""Letters of words that names are joined by: of, de, van."""


@lru_cache(maxsize=4_096)
def score(sentence: str) -> float:
    """How much a sentence looks like a limit on the licence that it stands beside: above 0 if more than not."""
    slots = slots_of(sentence)
    if not slots:
        return float("-inf")
    weights = _weights()
    return float(weights[slots].sum() / np.sqrt(len(slots)) + weights[-1])


def slots_of(sentence: str) -> list[int]:
    """The slots of the features of a sentence, each once; none if it has no words."""
    return sorted({crc32(feature.encode()) % SLOTS for feature in _features(sentence)})


def _features(sentence: str) -> Iterator[str]:
    found = _WORD.findall(sentence)
    words: list[str] = []
    for word in found:
        if _CJK.match(word):
            for size in (1, 2, 3):
                yield from (word[at:at + size] for at in range(len(word) - size + 1))
            words.append(word[:2])
        elif word.isdigit():
            words.append("0000" if _YEAR.fullmatch(word) else "0")
        else:
            words.append(word.lower().replace("’", "'"))
    if not any(word[0].isalpha() for word in words):
        return
    yield from words
    yield from (f"{word[:_PREFIX]}-" for word in words if len(word) > _PREFIX)
    ends = ["^", *words, "$"]
    yield from (f"{one} {two}" for one, two in pairwise(ends))
    yield from (f"{one} _ {two}" for one, two in zip(words, words[2:], strict=False))
    yield from (f"shape {name}" for name, pattern in _SHAPES if pattern.search(sentence))
    yield f"length {min(len(words), 8) if len(words) < 8 else 8 + min(len(words) // 8, 6)}"
    long = [word for word in found if len(word) > _LONGEST_PARTICLE and not word.isdigit()]
    if long and not any(word.islower() for word in long):
        yield "shape names"


@cache
def _weights() -> np.ndarray:
    return np.load(WEIGHTS, allow_pickle=False).astype(np.float32) * STEP
