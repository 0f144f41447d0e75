"""Known licence texts in a text, as wholes: which, where, and in what they differ.

The text is covered greedily. Of the known texts that share most runs of words with a stretch, each is aligned with the
place where it would stand (`alignment`), and what differs is judged: spellings, list numbers and articles may differ
anywhere; what a template marks as optional may be left out, and names may stand where it has names. All else counts:
words of the licence that are missing, and words that are not the licence's. The one that explains most with the least
of both is taken, and the stretches before it, behind it, and inside what it does not explain are covered in turn.

Belongs here: finding and judging. Does not: what unexplained words mean (`leftovers`), and what all amounts to
(`license_text`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from data_platform.licenses import leftovers
from data_platform.licenses.alignment import GRAM, align, clean
from data_platform.licenses.known_texts import NOTICE, REQUIRED, VARIABLE, KnownTexts, known
from data_platform.licenses.leftovers import Leftover
from data_platform.licenses.license_words import Words
from data_platform.spdx.tiers import UNKNOWN, tier

CANDIDATES = 16
"""Known texts that are aligned per stretch, those that share the most."""
LEAST_WORDS = 6
LEAST_NOTICE = 25
"""A notice of fewer words has to be there to the letter."""
MOST_STRETCHES = 400
"""Stretches that are covered in one text; a bundle of more licences is read no further, and what remains is unknown."""
_CHANCE = 3
"""Words that may agree by chance amid others."""

_SMALL = frozenset(["the", "a", "an", "this", "that", "these", "s", "t", "url", "http"])
"""Words that may be added or left out."""
_CLASSES = {
    word: number for number, group in enumerate((
        "software program work library package materials material file code product theme files programs font fonts "
        "documentation works project module tool application data database",
        "creator creators originator author authors contributor contributors holder holders owner owners copyright "
        "developer developers regents licensor provider",
        "this the these", "a an", "is are was", "shall will must", "has have", "license licenses", "name names",
        "copy copies", "condition conditions", "notice notices", "its their his her", "redistribution redistributions",
        "warranty warranties", "damage damages", "permission permissions", "purpose purposes", "fee fees",
        "appear appears", "i we", "my our", "he she they",
    )) for word in group.split()
}
"""Words that may stand for one another."""
_BEFORE_NAMES = frozenset({"by", "shall", "copyright", "names", "will"})
_HOLDERS = frozenset({"author", "authors", "holder", "holders", "owner", "owners", "copyright", "contributor",
                      "contributors", "regents"})
"""Words for who holds the rights, in whose place names are put."""
_PROTECTED = frozenset([
    "affero", "lesser", "library", "general", "public", "gnu", "apache", "mozilla", "creative", "commons",
    "noncommercial", "commercial", "derivatives", "noderivatives", "noderivs", "sharealike", "attribution", "nc",
    "nd", "sa"
])
"""Words by which names of licences differ: they are never in the place of a name."""
_VERSIONED = frozenset({"version", "v", "license", "gpl", "lgpl", "agpl"})


class Hunk(NamedTuple):
    """Words of a text (`start` to `end`) that stand where a known text has others (`low` to `high`)."""

    start: int
    end: int
    low: int
    high: int


@dataclass
class Match:
    """A known text in a text."""

    number: int
    expression: str
    kind: int
    start: int
    end: int
    matched: int
    length: int
    missing: int
    """Words of the known text that had to be there and are not, apart from its end."""
    cut: int
    """Words of its end that are not there."""
    slips: int = 0
    """Words that are missing and do not matter."""
    unread: list[Hunk] = field(default_factory=list)
    """Words inside that it does not explain."""
    rivals: tuple[str, ...] = ()
    """Less free expressions of other known texts that would fit as well, were the end there."""

    @property
    def unread_words(self) -> int:
        """Words inside that it does not explain."""
        return sum(hunk.end - hunk.start for hunk in self.unread)

    @property
    def score(self) -> float:
        """How well it explains: words explained, less what is missing and what it does not explain."""
        return self.matched - 3 * self.missing - 2 * self.unread_words - 0.4 * self.cut

    @property
    def exact(self) -> bool:
        """Whether nothing differs but what may."""
        return not self.missing and not self.unread


class Matcher:
    """One text, and the known texts in it."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.numbers = known().numbers(words.words)
        self.matches: list[Match] = []
        self._stretches = 0
        self._hits = known().hits(self.numbers)

    def cover(self) -> list[Match]:
        """All matches, in the order of the text."""
        pending = [(0, len(self.numbers))]
        while pending:
            start, end = pending.pop()
            if end - start < LEAST_WORDS or self._stretches >= MOST_STRETCHES:
                continue
            self._stretches += 1
            best = self._best(start, end)
            if best is None:
                continue
            self.matches.append(best)
            pending += [(start, best.start), (best.end, end), *((hunk.start, hunk.end) for hunk in best.unread)]
        self.matches.sort(key=lambda match: (match.start, -match.end))
        return self.matches

    def raw(self, start: int, end: int) -> str:
        """The text from word `start` to before word `end`, with the marks around them."""
        if start >= end:
            return ""
        low = self.words.ends[start - 1] if start else 0
        high = self.words.starts[end] if end < len(self.words.words) else len(self.words.text)
        return self.words.text[low:high]

    def _best(self, start: int, end: int) -> Match | None:
        store = known()
        low, high = np.searchsorted(self._hits[0], (start, end - GRAM + 1))
        if low >= high:
            return None
        places, texts, inner = (found[low:high] for found in self._hits)
        places = places - start
        distinct = np.unique(texts.astype(np.int64) << 20 | inner) >> 20
        shared = np.bincount(distinct, minlength=len(store.indexed))
        lengths = np.diff(store.bounds)
        share = shared / np.maximum(store.indexed, 1)
        common = np.minimum(share * lengths, end - start)
        estimate = common - 0.7 * (lengths - common)
        chosen = np.argsort(-estimate, kind="stable")[:CANDIDATES]
        found: list[Match] = []
        for number in chosen:
            if estimate[number] <= 0:
                break
            if found and estimate[number] < 0.5 * found[0].score:
                break
            mine = texts == number
            window = _window(places[mine], inner[mine], int(lengths[number]), end - start)
            match = self._judged(int(number), start + window[0], start + window[1])
            if match is not None and (
                    match.kind != NOTICE or match.length >= LEAST_NOTICE
                    or (match.exact and not match.cut + match.slips)):
                found.append(match)
                if match.exact and not match.cut and match.end - match.start >= end - start - 2:
                    break
        if not found:
            return None
        best = max(found, key=lambda match: (match.score, -match.kind, -match.number))
        if best.score <= 0:
            return None
        if best.cut:
            best.rivals = self._rivals(best, common, places, texts, inner, start, end)
        return best

    def _rivals(
        self, best: Match, shared: np.ndarray, places: np.ndarray, texts: np.ndarray, inner: np.ndarray, start: int,
        end: int,
    ) -> tuple[str, ...]:
        """Licences less free that begin as `best` does: which of them was cut off cannot be told."""
        store = known()
        least = tier(best.expression)
        rivals: set[str] = set()
        for number in np.argsort(-shared, kind="stable"):
            if shared[number] < 0.9 * best.matched or len(rivals) >= CANDIDATES:
                break
            expression = store.expression[number]
            if expression in rivals or store.kind[number] != best.kind or tier(expression) <= least or (
                    expression.startswith("LicenseRef-") and tier(expression) == UNKNOWN):
                continue
            mine = texts == number
            window = _window(places[mine], inner[mine], int(store.text(number).stop - store.text(number).start),
                             end - start)
            match = self._judged(int(number), start + window[0], start + window[1])
            if match is not None and match.exact and match.matched >= 0.97 * best.matched:
                rivals.add(expression)
        return tuple(sorted(rivals))

    def _judged(self, number: int, start: int, end: int) -> Match | None:
        store = known()
        where = store.text(number)
        second = store.words[where]
        first = self.numbers[start:end]
        matched = align(first, second, int(0.7 * len(second)) + 40 + max(len(first) - len(second), 0))
        if not len(matched):
            return None
        matched = clean(matched, len(second), _CHANCE)
        hits = np.flatnonzero(matched >= 0)
        if not len(hits):
            return None
        match = Match(number, store.expression[number], int(store.kind[number]), start + int(hits[0]),
                      start + int(hits[-1]) + 1, len(hits), len(second), 0, 0)
        judge = _Judge(self, store, number)
        for hunk in _hunks(matched, hits, start, len(second)):
            judge.judge(hunk, match)
        return match


def _window(places: np.ndarray, inner: np.ndarray, length: int, most: int) -> tuple[int, int]:
    """The stretch in which a known text of `length` words stands: where most common runs are equally far from where
    they are in it, give or take what is added or left out."""
    width = min(max(length // 3, 48), 1_500)
    offsets = places.astype(np.int64) - inner
    coarse = (offsets + length) // width
    counted = np.bincount(coarse)
    both = counted + np.concatenate([counted[1:], [0]])
    low = int(both.argmax()) * width - length
    near = offsets[(offsets >= low) & (offsets < low + 2 * width)]
    return max(int(near.min()) - 12, 0), min(int(near.max()) + length + 12, most)


def _hunks(matched: np.ndarray, hits: np.ndarray, start: int, length: int) -> Iterator[Hunk]:
    """What differs: before the first match only what the known text has, since what stands there is not its."""
    if matched[hits[0]] > 0:
        yield Hunk(start + int(hits[0]), start + int(hits[0]), 0, int(matched[hits[0]]))
    steps = np.flatnonzero((np.diff(hits) > 1) | (np.diff(matched[hits]) > 1))
    for step in steps:
        before, after = int(hits[step]), int(hits[step + 1])
        yield Hunk(start + before + 1, start + after, int(matched[before]) + 1, int(matched[after]))
    if matched[hits[-1]] + 1 < length:
        yield Hunk(start + int(hits[-1]) + 1, start + int(hits[-1]) + 1, int(matched[hits[-1]]) + 1, length)


class _Judge:
    """What the differences between a text and one known text amount to."""

    def __init__(self, matcher: Matcher, store: KnownTexts, number: int) -> None:
        self.matcher = matcher
        self.store = store
        where = store.text(number)
        self.numbers = store.words[where]
        self.flags = store.flags[where]

    def judge(self, hunk: Hunk, match: Match) -> None:
        """Add what a difference amounts to to the match."""
        there = self.matcher.words.words[hunk.start:hunk.end]
        spelt = self.store.spelling
        here = [spelt[number] for number in self.numbers[hunk.low:hunk.high]]
        flags = self.flags[hunk.low:hunk.high]
        if "".join(there) == "".join(here) or self._same_kind(there, here):
            return
        required = [word for word, flag in zip(here, flags, strict=True)
                    if flag == REQUIRED and not leftovers.is_noise(word) and word not in _SMALL]
        added = [word for word in there if not leftovers.is_noise(word) and word not in _SMALL]
        before = spelt[self.numbers[hunk.low - 1]] if hunk.low else ""
        if before in _VERSIONED and hunk.start < hunk.end and there[:1] != here[:1]:
            number = there[0][:1].isdigit(), bool(here) and here[0][:1].isdigit()
            if number == (True, True):
                match.missing += 1
                match.unread.append(hunk)
                return
        at_end = hunk.start == hunk.end and hunk.high == len(self.numbers)
        if not added:
            if at_end:
                match.cut += len(required)
            elif not (hunk.low == 0 and match.kind == NOTICE) and not self._slips(required, match):
                match.missing += len(required)
            return
        around = {int(flag) for flag in self.flags[max(hunk.low - 1, 0):hunk.high + 1]}
        name = VARIABLE in around or self._before_name(hunk.low) or (
            bool(required) and _HOLDERS.issuperset(required))
        if ((required or name) and not _PROTECTED.isdisjoint(required + added)) or (
                required and any("." in word for word in required + added)):
            match.missing += len(required)
            match.unread.append(hunk)
            return
        text = self.matcher.raw(hunk.start, hunk.end)
        heading = not required and (not hunk.low or hunk.high == len(self.numbers) or 1 in around)
        if required and not (name and self._is_name(required)):
            match.missing += len(required)
            match.unread.append(hunk)
        else:
            named: set[str] = set()
            if leftovers.remaining(Leftover(text, heading, name), self.store.legal, named) or named:
                match.unread.append(hunk)

    def _slips(self, required: list[str], match: Match) -> bool:
        """Whether words that are missing may be slips: few in all, and none that a sentence turns on."""
        if match.slips + len(required) > 1 + match.length // 300 + (match.kind == NOTICE) or any(
                word in _PROTECTED or leftovers.is_speech(word) for word in required):
            return False
        match.slips += len(required)
        return True

    def _same_kind(self, there: list[str], here: list[str]) -> bool:
        there = [word for word in there if word not in _SMALL and not leftovers.is_noise(word)]
        here = [word for word in here if word not in _SMALL and not leftovers.is_noise(word)]
        return len(there) == len(here) and len(there) > 0 and all(
            one == other or _CLASSES.get(one, -1) == _CLASSES.get(other, -2)
            or ((one[:-1] == other or one == other[:-1]) and len(one) > 3)
            for one, other in zip(there, here, strict=True)
        )

    def _before_name(self, place: int) -> bool:
        """Whether what stands before a place of the known text introduces a name: 'by the', 'name of'."""
        words = [self.store.spelling[number] for number in self.numbers[max(place - 3, 0):place]]
        words = [word for word in words if word not in _SMALL]
        return bool(words) and (words[-1] in _BEFORE_NAMES or words[-2:] in (["name", "of"], ["names", "of"]))

    def _is_name(self, words: list[str]) -> bool:
        return all(leftovers.is_name_word(word, self.store.legal) for word in words)
