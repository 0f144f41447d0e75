# ruff: noqa: RUF001 - letters and dashes of other languages are meant
"""Whether what stands beside a licence leaves it as it is.

'Newspapers write to our desk first', 'for members of the guild' and 'Bots stay outside' limit what is granted beside
them, in words that no list of restrictions holds; 'Built with Jekyll', 'Thanks to all who helped' and 'Next meeting: 4
October' do not. Nobody can list either kind, so that a small model of language reads them (`reader`). It knows eighteen
languages; a sentence in another one (`is_foreign`) is a doubt whatever its score.

A page has many sentences that stand beside nothing, and reading takes milliseconds: `first_look` tells those that
cannot limit anything by votes of their words (`votes`), learned by logistic regression from patterns and from pages of
a crawl (benchmarks/train_license_neighbours.py). Other weights of either make another detector (`html`).

Belongs here: one sentence in, a score out. Does not: which sentences stand beside a licence (`html`, `place`), names of
licences (`prose`), restrictions that hold from any distance (`restriction`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from data_platform.licenses.reader import read
from data_platform.licenses.votes import CJK, STEP, WORDS, features, pieces, plain_words, slots_of, totals

WEIGHTS = Path(__file__).with_name("neighbours.npy")
"""Weights by hash of the feature; the last one is the bias. In steps of `STEP`."""
DOUBTFUL, SURELY_HARMLESS, SURE_WORDS = 2.9, -2.5, 3.0
"""Odds of a sentence that has the words of limits, from so much on (less where it reads like one), unless it reads
as harmless as that."""
TAUGHT = frozenset({"en", "de", "fr", "es", "it", "pt", "nl", "pl", "ja", "zh"})
"""Languages of which the model knows many sentences."""
THIN = frozenset({"sv", "da", "no", "nb", "nn", "fi", "cs", "ru", "ko", "ca"})
"""Languages of which it knows a few."""
_OTHER_SCRIPT = re.compile(r"[\u0370-\u03ff\u0530-\u10ff\u1200-\u1cff]{2}")
"""Greek, Armenian, Hebrew, Arabic, the scripts of India, Thai, Georgian, Ethiopic and others."""
_CYRILLIC = re.compile(r"[\u0400-\u04ff]{2}")
_ENGLISH = frozenset(
    [
        "a", "an", "and", "are", "as", "at", "be", "built", "by", "contact", "copyright", "edited", "for", "from",
        "has", "have", "in", "is", "it", "made", "no", "not", "of", "on", "or", "our", "powered", "published",
        "rights", "site", "text", "that", "the", "theme", "this", "to", "under", "us", "we", "with", "you", "your",
        "all",
    ]
)
_SHAPES = (
    ("@", re.compile(r"@|https?:|www\.|\w\.(?:com|org|net|example)\b", re.I)),
    ("©", re.compile(r"©|\(c\)|copyright", re.I)),
    (":", re.compile(r":")), ("(", re.compile(r"^\(")), (".", re.compile(r"[.。]$")), ("?", re.compile(r"\?")),
    ("|", re.compile(r"[|·•]")), ("a", re.compile(r"^[a-zà-ÿ,(–-]")),
)
_LETTER = re.compile(r"[^\W\d_]")
_ADDRESS = re.compile(r"\S*(?:@|://|www\.)\S*")
_LONGEST_PARTICLE = 3
"""Letters of words that names are joined by: of, de, van."""


def score(sentence: str) -> float:
    """Log odds that a sentence limits the licence that it stands beside; minus infinity if it has no words.

    One that is read as harmless, if not surely, and has the words of limits, has the odds of a doubtful one.
    """
    if not _LETTER.search(sentence):
        return float("-inf")
    odds = read(" ".join(sentence.split())).limit
    agree = odds > SURELY_HARMLESS and first_look(sentence) > SURE_WORDS - max(odds, 0.0)
    return max(odds, DOUBTFUL) if agree else odds


@lru_cache(maxsize=4_096)
def first_look(sentence: str) -> float:
    """How much the words of a sentence are those of limits: above 0 if more than not."""
    slots = sentence_slots(sentence)
    return float(totals(slots, _weights())) if slots else float("-inf")


def is_foreign(sentence: str, language: str) -> bool:
    """Whether a sentence of a page in `language` (its code, or '') is in one that the model does not know.

    English stands on pages of every language, and names, dates and addresses are of none.
    """
    if _OTHER_SCRIPT.search(sentence) or (_CYRILLIC.search(sentence) and language not in ("ru", "")):
        return True
    known = language in TAUGHT or language in THIN
    words = [word for word in WORDS.findall(_ADDRESS.sub(" ", sentence)) if not word.isdigit()]
    plain = [word for word in words if word.islower() or CJK.match(word)]
    is_sentence = bool(words) and sentence.rstrip().endswith((".", "!"))
    if known or not language or not (plain or is_sentence):
        return False
    return 3 * sum(word.lower() in _ENGLISH for word in words) < len(words)


def sentence_slots(sentence: str) -> list[int]:
    """The slots of the features of a sentence, each once; none if it has no words."""
    return slots_of(_features(sentence))


def _features(sentence: str) -> Iterator[str]:
    found = WORDS.findall(sentence)
    for run in found:
        if CJK.match(run):
            yield from pieces(run)
    words = [word[:2] if CJK.match(word) else word for word in plain_words(sentence)]
    if not any(word[0].isalpha() for word in words):
        return
    yield from features(words)
    yield from (f"shape {name}" for name, pattern in _SHAPES if pattern.search(sentence))
    yield f"length {min(len(words), 8) if len(words) < 8 else 8 + min(len(words) // 8, 6)}"
    long = [word for word in found if len(word) > _LONGEST_PARTICLE and not word.isdigit()]
    if long and not any(word.islower() for word in long):
        yield "shape names"


@cache
def _weights() -> np.ndarray:
    return np.load(WEIGHTS, allow_pickle=False).astype(np.float32) * STEP
