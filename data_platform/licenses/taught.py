"""What the words around a licence put under it by their votes, and whether all of them were taught.

The model that reads sentences (`reader`) knows words that no sentence of ours has, but is less sure of what turns a
grant into none: 'we plan to', 'once the board agrees', 'where marked', 'for schools'. Votes of words (`votes`), learned
from patterns of such sentences (benchmarks/train_license_grants.py), tell these apart wherever they know every word.
They vote by side: words before the licence, behind it, and of the sentence before. Other weights make another detector
(`html`).

Belongs here: the words around a licence in, a class and how far it can be believed out. Does not: what is read, and
who is believed (`grant`).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence, Set
from pathlib import Path

import numpy as np

from data_platform.licenses.exceptions import without_exception
from data_platform.licenses.votes import CJK, NAME, WORD, features, load, read_words, slots_of, totals

WHOLE = "whole"
"""The page, the site, or the text of either is put under the licence."""
BARE = "bare"
"""The licence is named and nothing else is: the place has to tell for what."""
PART = "part"
"""A part that is no text, or a work of somebody else, is credited or labelled with it: a kind of `OTHER`."""
OTHER = "other"
"""Something else is put under it, or nothing is, or not now, or it cannot be told."""
CLASSES = (WHOLE, BARE, PART, OTHER)
MODEL = Path(__file__).with_name("grants.npz")
"""`weights` by class and slot in steps of `STEP`, the bias last; `known`, the hashes of the words it was taught."""
SLOTS = 1 << 18
"""More than for one sentence: there are three sides."""
MAX_AFTER = 160
"""Characters behind the name of a licence that are read."""
SENTENCE_END = re.compile(r"[.。!]\s|\s[|•·]\s")


def voted(before: str, after: str, own_names: Set[str], previous: str, *, in_footer: bool) -> tuple[str, bool]:
    """The class of what stands around a licence, and whether every word of it was taught."""
    weights, known = load(MODEL)
    sides = _sides(before, after, previous, own_names, known)
    found = CLASSES[int(np.argmax(totals(_slots(sides, in_footer), weights)))]
    return found, all(word not in (NAME, WORD) for words in sides for word in words)


def grant_slots(
    before: str, after: str, own_names: Set[str], previous: str, *, in_footer: bool, known: Container[str]
) -> list[int]:
    """The slots of the features of what stands around a licence, each once; `known` are the words of the model."""
    return _slots(_sides(before, after, previous, own_names, known), in_footer)


def _slots(sides: Sequence[Sequence[str]], in_footer: bool) -> list[int]:
    return slots_of(_features(*sides, in_footer), SLOTS)


def _sides(
    before: str, after: str, previous: str, own_names: Set[str], known: Container[str]
) -> list[list[str]]:
    after = SENTENCE_END.split(without_exception(after)[:MAX_AFTER], maxsplit=1)[0]
    # What an exception leaves of a sentence begins with a comma.
    texts = (without_exception(before).lstrip(" ,"), after, previous)
    return [list(_apart(read_words(text, own_names, known), known)) for text in texts]


def _apart(words: Sequence[str], known: Container[str]) -> Iterator[str]:
    """Words, and the characters of CJK, which has none."""
    for word in words:
        yield from (char if char in known else WORD for char in word) if CJK.match(word) else (word,)


def _features(before: Sequence[str], after: Sequence[str], previous: Sequence[str], in_footer: bool) -> Iterator[str]:
    for side, words in (("b", before), ("a", after), ("p", previous)):
        yield f"{side} {min(len(words), 9)}"
        if words:
            yield from (f"{side} {feature}" for feature in features(words))
            yield f"{side} ^ {' '.join(words[:2])}"
            yield f"{side} ^ {' '.join(words[:3])}"
    if before:
        yield f"{' '.join(before[-3:])} $"
    if in_footer:
        yield "footer"
        yield f"footer ^ {' '.join(before[:1])}"
        yield f"footer ^ {' '.join(before[:2])}"
        yield f"footer ^ {' '.join(before[:3])}"
