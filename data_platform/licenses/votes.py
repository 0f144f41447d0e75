# ruff: noqa: RUF001 - letters and dashes of other languages are meant
"""Words that vote: what small models of sentences on rights share, from the words of a sentence to its score.

A sentence is a list of words, which give features: the words, their beginnings, and pairs of them. A feature is a slot
by its hash, a slot has a weight, and the score of a sentence is the sum of the weights of its slots over the root of
their number, plus a bias (logistic regression; the hashing is that of Weinberger et al. 2009, arXiv:0902.2206).

What a sentence is about is said with words that no model can know: names. `read_words` puts a placeholder for what the
page and its site call themselves (`OWN`), for other names (`NAME`), for addresses (`ADDRESS`) and for words that the
model was not taught (`WORD`); years and numbers are alike for all.

Belongs here: text in, words, slots and sums out. Does not: what a score means (`neighbours`, `grant`), and training
(benchmarks).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence, Set
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np

SLOTS = 1 << 16
STEP = 1 / 16
"""Weights are kept as small integers of this step."""
PREFIX = 5
"""Letters of the beginning of a word, by which its inflected forms are one."""
OWN, NAME, WORD, ADDRESS = "ǁown", "ǁname", "ǁword", "ǁaddress"
"""Placeholders, with a letter that no notice has."""
_PLACEHOLDERS = (OWN, NAME, WORD, ADDRESS)
WORDS = re.compile(r"[぀-ヿ㐀-鿿가-힯]+|[^\W\d_]+(?:['’][^\W\d_]+)?|\d+")
CJK = re.compile(r"[぀-ヿ㐀-鿿가-힯]")
_MARKED_WORDS = re.compile(rf"{WORDS.pattern}|[:;,()?|©&\"“”„«»「」/]|\s[-–—]+\s")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_ADDRESS = re.compile(
    r"\S*(?:@|://|www\.)\S*|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|edu|example|info|io|eu|de|uk|fr)\b", re.I,
)


def plain_words(text: str) -> list[str]:
    """The words of a text in lower case; years and numbers are alike, and a run of CJK is one word."""
    return [_plain(word) for word in WORDS.findall(text)]


def read_words(text: str, own_names: Set[str] = frozenset(), known: Container[str] | None = None) -> list[str]:
    """The words of a text, its marks of punctuation among them, with placeholders for names and unknown words.

    Args:
        text: a sentence or a part of one.
        own_names: what the page and its site call themselves, in lower case.
        known: the words that a model was taught; None if all count as known, so that there are no names among them.
    """
    text = _ADDRESS.sub(f" {ADDRESS} ", text)
    if own_names and (own := any_of(frozenset(own_names))) is not None:
        text = own.sub(lambda match: f" {OWN} " if known is None or _is_name(match[0], known) else match[0], text)
    read: list[str] = []
    for word in _MARKED_WORDS.findall(text):
        plain = _plain(word.strip()) or "-"
        if known is not None and plain[0].isalpha() and not CJK.match(plain) and plain not in known:
            plain = plain if plain in _PLACEHOLDERS else NAME if word[0].isupper() else _inflected(plain, known)
        if not (read and plain in (OWN, NAME) and read[-1] == plain):
            read.append(plain)
    return read


def features(words: Sequence[str]) -> Iterator[str]:
    """What a model may have a weight for: words, beginnings, pairs, and pairs with one word between them."""
    yield from words
    yield from (f"{word[:PREFIX]}-" for word in words if len(word) > PREFIX)
    yield from (f"{one} {two}" for one, two in pairwise(["^", *words, "$"]))
    yield from (f"{one} _ {two}" for one, two in zip(words, words[2:], strict=False))


def pieces(run: str) -> Iterator[str]:
    """The characters of a run of CJK, and its pairs and triples of them: what it has instead of words."""
    for size in (1, 2, 3):
        yield from (run[at:at + size] for at in range(len(run) - size + 1))


def slots_of(found: Iterable[str], slots: int = SLOTS) -> list[int]:
    """The slots of features, each once, of a model that has so many."""
    return sorted({crc32(feature.encode()) % slots for feature in found})


def totals(slots: Sequence[int], weights: np.ndarray) -> np.ndarray:
    """What slots amount to: one number per class for weights of (class, slot), a bias last; one without classes."""
    return weights[..., slots].sum(axis=-1) / np.sqrt(len(slots)) + weights[..., -1]


class Known:
    """The words that a model was taught, by their hashes: a container of them without the words."""

    def __init__(self, hashes: np.ndarray) -> None:
        self._hashes = frozenset(hashes.tolist())

    def __contains__(self, word: object) -> bool:
        return crc32(str(word).encode()) in self._hashes


@cache
def load(path: Path) -> tuple[np.ndarray, Known]:
    """A model as training wrote it: its `weights` in steps of `STEP`, made whole, and the words of its `known`."""
    with np.load(path, allow_pickle=False) as stored:
        return stored["weights"].astype(np.float32) * STEP, Known(stored["known"])


def _plain(word: str) -> str:
    if word.isdigit():
        return "0000" if _YEAR.fullmatch(word) else "0"
    return word.lower().replace("’", "'")


def _inflected(word: str, known: Container[str]) -> str:
    """An unknown word as its beginning, if words with that are known."""
    beginning = f"{word[:PREFIX]}-"
    return beginning if len(word) > PREFIX and beginning in known else WORD


def _is_name(words: str, known: Container[str]) -> bool:
    """Whether what a page is called by can be told from what it is: 'Photos' as a title makes no name of the word."""
    plain = plain_words(words)
    return len(plain) > 1 or any(word not in known for word in plain)


@lru_cache(maxsize=64)
def any_of(names: frozenset[str]) -> re.Pattern[str] | None:
    """A pattern of names, longest first."""
    ordered = sorted((name for name in names if len(name) > 2), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?:['’]s|s)?(?!\w)", re.I) if ordered else None
