# ruff: noqa: RUF001 - letters and quotation marks of other languages are meant
"""What a sentence that names a licence puts under it: the page it stands on, nothing in particular, or something else.

A grant has a subject (this page, this site, its text), a tense (now) and a modality (is; not 'if', 'will be', 'we are
considering'). Nobody can list the sentences that have all three, nor those that lack one, so that words vote
(`votes`): those before the licence, those behind it, and those of the sentence before where that is spoken of ('It is
available under'), each on its side. Names and words that were never seen count as such, and the bias leans towards
something else: doubt is never free. The weights are learned from sentences of known kinds
(benchmarks/train_license_grants.py); other weights make another detector (`html`).

Belongs here: the words around a licence in, one of `WHOLE`, `BARE`, `OTHER` out; notices of copyright. Does not:
names of licences (`prose`), words that restrict (`restriction`, `neighbours`), where the sentence stands (`place`).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence, Set
from functools import lru_cache
from pathlib import Path

import numpy as np

from data_platform.licenses.exceptions import without_exception
from data_platform.licenses.votes import CJK, OWN, WORD, features, load, read_words, slots_of, totals

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

_MAX_AFTER = 160
"""Characters behind the name of a licence that are read."""
_SENTENCE_END = re.compile(r"[.。!]\s|\s[|•·]\s")
_QUOTES = (("“", "”"), ("„", "“"), ("«", "»"), ("‘", "’"), ("「", "」"), ("『", "』"), ("»", "«"))
_LETTER = re.compile(r"[^\W_]")
_ARTICLE = re.compile(r"^(?:the|der|die|das|le|la|les|el|los|las|il|lo|i|gli|o|os|het|de)\s+", re.I)
_NOTICE = re.compile(
    r"(?:©|\([cC]\)|\b(?i:copyright|copyleft)\b|🄯|🅭)[\s:©()cC]*(?:\bby\b\s*)?(?:(?:19|"
    r"20)\d\d(?:\s*[-–—/,]\s*(?:(?:19|20)?\d\d|present|heute|now|today))*)?[\s,:]*"
    r"(?:(?:by|the|von|par|di|por|de|der|des|das|die|und|and|et|y|e|of|for|für|&|la|le|les|du|del|van|on|at|"
    r"(?=[\w.@'’&-]*[A-ZÀ-ÞŠŽŁ0-9.])[\w.@'’&-]+)(?:[\s,&]+|(?=[^\w\s])|$)){0,10}",
)
"""A notice of copyright with its holder: capitalised words and what joins them."""
_SOME_RIGHTS = re.compile(
    r"\b(?:some|no|certain|einige|keine|certains|algunos|alguns|alcuni)\s+(?:rights?|rechte|droits|derechos|direitos|"
    r"diritti)(?:\s+\w+)?\s+(?:reserved|vorbehalten|réservés|reservados|riservati)\b", re.I,
)


def claim(
    before: str, after: str = "", own_names: Set[str] = frozenset(), *, previous: str = "", in_footer: bool = False
) -> str:
    """What is put under the licence that stands between `before` and `after`, in one sentence or clause.

    `own_names` are what the page and its site call themselves, in lower case: 'Quayside by J. Roe is licensed under' is
    a grant on Quayside, and the credit of another's work elsewhere. `previous` is the sentence that this one goes on
    with ('It is'). In a footer (`in_footer`) a name of a publication ('Harbour Letters') is the site's as well.
    """
    if _is_quoted(before, after):
        return OTHER
    found = _class_of(before, after, frozenset(own_names), previous, in_footer)
    return OTHER if found == PART else found


@lru_cache(maxsize=4_096)
def _class_of(before: str, after: str, own_names: frozenset[str], previous: str, in_footer: bool) -> str:
    weights, known = load(MODEL)
    slots = grant_slots(before, after, own_names, previous, in_footer=in_footer, known=known)
    return CLASSES[int(np.argmax(totals(slots, weights)))]


def grant_slots(
    before: str, after: str, own_names: Set[str], previous: str, *, in_footer: bool, known: Container[str]
) -> list[int]:
    """The slots of the features of what stands around a licence, each once; `known` are the words of the model."""
    after = _SENTENCE_END.split(without_exception(after)[:_MAX_AFTER], maxsplit=1)[0]
    # What an exception leaves of a sentence begins with a comma.
    texts = (without_exception(before).lstrip(" ,"), after, previous)
    sides = [list(_apart(read_words(text, own_names, known), known)) for text in texts]
    return slots_of(_features(*sides, in_footer), SLOTS)


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


def _is_quoted(before: str, after: str) -> bool:
    """Whether a quotation that begins before the name of a licence ends behind it, with words of the page's around."""
    if before.count('"') % 2 and '"' in after:
        return True
    return any(
        opened in before and before.rfind(opened) > before.rfind(closed) and closed in after
        and _LETTER.search(before[before.rfind(opened):])
        for opened, closed in _QUOTES
    )


def credits_another(label: str, own_names: Set[str] = frozenset()) -> bool:
    """Whether the line or sentence before a bare licence is the credit of something else: 'Photo: J. Roe.'."""
    return bool(label.strip()) and _class_of(label, "", frozenset(own_names), "", False) == PART


def reserves_some_rights(text: str) -> bool:
    """Whether a text says that some rights are reserved and nothing else."""
    return bool(_SOME_RIGHTS.search(text)) and not _LETTER.search(_SOME_RIGHTS.sub(" ", text))


def is_notice(text: str) -> bool:
    """Whether a text is a notice of copyright and nothing else: whose the work is, not what may be done with it."""
    text = " ".join(text.split())
    return bool(_NOTICE.match(text)) and not _LETTER.search(_NOTICE.sub(" ", text, count=1))


def adds_nothing(text: str) -> bool:
    """Whether a text is a notice of copyright, or says nothing but what plain grants do: it adds nothing to one."""
    text = _SOME_RIGHTS.sub(" ", text)
    return is_notice(text) or not _LETTER.search(text) or claim(text) in (WHOLE, BARE)


def begins_with_name(sentence: str, own_names: Set[str]) -> bool:
    """Whether a sentence speaks of the page or its site by name: 'Quayside by J. Roe is licensed under'."""
    plain = _ARTICLE.sub("", without_exception(sentence).lstrip(" ,\"'“”„«»‘’|–—-:"))
    return read_words(plain, own_names, load(MODEL)[1])[:1] == [OWN]
