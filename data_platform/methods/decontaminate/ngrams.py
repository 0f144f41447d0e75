"""Evaluation items by n-grams of words: GPT-3's overlap, and a fuzzy variant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from data_platform.core.kinds.method import Example, Section
from data_platform.core.kinds.pairer import OVERLAP, ItemPairer, Items
from data_platform.core.settings import Part
from data_platform.text.buffers import text_buffers
from data_platform.text.characters import character_table
from data_platform.text.spans import union


class FuzzyOverlap(Part):
    """Items that were edited: a window of a document that holds a share of an item's runs of words."""

    ngram: int = Field(default=3, ge=1, description="Words per run.")
    share: float = Field(default=0.4, gt=0, le=1, description="Least share of the item's distinct runs.")
    slack: float = Field(default=0.25, ge=0, description="By which share the window is longer than the item.")
    min_words: int = Field(default=20, ge=1, description="Shorter items are looked for as they are only.")


class NgramOverlap(ItemPairer, name="ngrams"):
    """Items of evaluation sets by the runs of words that a document has in common with them.

    Brown et al. 2020 ("Language Models are Few-Shot Learners", arXiv:2005.14165, appendix C) look for runs of 13 words,
    without case and punctuation, that an evaluation item and a training document share; shorter items are looked for by
    runs of their own length, of 8 words at least. Here:

    - Words are letters, marks and numbers in lower case; all else separates them. A letter of a script without spaces
      is a word.
    - An item is looked for field by field: by all runs of `ngram` words, or, if a field has fewer words but `min_words`
      of them, by the field as a whole. If no field has `min_words` words, all its fields in their order are one text,
      which is looked for in the same way however short it is. So every item with a word in it is found where it stands
      as it is.
    - What is found of an item with fewer than `min_words` words in all is recorded and never acted upon: "42" is in
      every second document.

    The overlap is the share of an item's distinct runs that are in the document.

    A run of 13 words misses what was edited. The fuzzy variant looks for shorter runs, and takes a window of the
    document for the item if it holds at least a share of the item's distinct runs; the window is a little longer than
    the item. It is for items of `fuzzy.min_words` words and more. With a share p of the words replaced independently, a
    share of about (1 - p)^n of the runs of n words stays.

    Brown et al. also pass over runs that are in more than 10 training documents; that would lose an item that was
    copied often, and is not done. Not here: what is done about a document (`duplicates/cutting.py`), and duplicates
    among the documents.
    """

    class Settings(Section):
        """What of an item has to be in a document."""

        ngram: int = Field(default=13, ge=1, description="Words per run; GPT-3 takes 13.")
        min_words: int = Field(
            default=8, ge=1, description="Least words of a field that is looked for by itself, and of an item that is "
            "acted upon; GPT-3 takes runs of 8 words and more."
        )
        fuzzy: FuzzyOverlap | None = Field(default_factory=FuzzyOverlap, description="Edited items; null: none.")

        @model_validator(mode="after")
        def _short_is_short(self) -> Self:
            if self.min_words > self.ngram:
                raise ValueError(
                    f"min_words must not be more than ngram, but {self.min_words} is more than {self.ngram}"
                )
            return self

    examples = (
        Example({"items": ["Is the sum of two odd numbers always even?"],
                 "texts": ["- Is the sum of two odd numbers\nALWAYS even", "is the sum of two odd numbers always odd"]},
                [(0, 0)], {"fuzzy": None}, "by hand: an item of 9 words as a whole, without case and signs"),
        Example({"items": ["a b c d e f"], "texts": ["x b c d e y", "b c d x e f"]}, [(0, 0)],
                {"ngram": 4, "min_words": 4, "fuzzy": None}, "by hand: a run of 4 words of 6"),
    )

    def index(self, sets: Sequence[Items]) -> EvaluationIndex:
        """Hashes of all runs of all items."""
        return build_index(sets, self.settings)

    def find(self, texts: pa.Array, index: EvaluationIndex) -> pa.ListArray:
        """Items that are found by whole runs, and those that resemble a window of the text."""
        return find_overlaps(texts, index)


@dataclass(frozen=True)
class _Runs:
    """Hashes of runs of words, and the items that each occurs in.

    Attributes:
        lengths: how many words the runs have.
        keys, slots, sieve: distinct hashes, a hash table of their places, and one bit for each.
        offsets, items, ordinals: run r is in items[offsets[r]:offsets[r + 1]], as the so-manieth run of each.
        item_runs: distinct runs of every item; 0 if it is not looked for in this way.
    """

    lengths: np.ndarray
    keys: np.ndarray
    slots: np.ndarray
    sieve: np.ndarray
    offsets: np.ndarray
    items: np.ndarray
    ordinals: np.ndarray
    item_runs: np.ndarray


@dataclass(frozen=True)
class EvaluationIndex:
    """All evaluation sets of a recipe, ready to be looked for.

    Attributes:
        sets, ids: of every item, its set and its id within the set.
        words: int64, words of every item. Items without any can not be found.
        short: bool, whether an item has too few words to be acted upon.
    """

    sets: list[str]
    ids: list[str]
    words: np.ndarray
    short: np.ndarray
    exact: _Runs
    fuzzy: _Runs | None
    fuzzy_windows: np.ndarray
    fuzzy_share: float


def build_index(sets: Sequence[Items], settings: NgramOverlap.Settings) -> EvaluationIndex:
    """Hash what the items are looked for by. The order of sets and items does not change what is found."""
    from data_platform.kernels.words import run_hashes

    fields = [(item, text) for item, parts in enumerate(_all(sets)) for text in parts]
    joined = ["\n".join(parts) for parts in _all(sets)]
    field_item = np.array([item for item, _ in fields], np.int64)
    field_offsets, _, _, field_hashes = _words(pa.array([text for _, text in fields], pa.large_string()))
    joined_offsets, _, _, joined_hashes = _words(pa.array(joined, pa.large_string()))
    items = len(joined)
    words = np.diff(joined_offsets)
    counts = np.diff(field_offsets)
    # A field speaks for its item if it is long enough; where none does, all fields together do.
    speaks = counts >= settings.min_words
    whole = np.ones(items, bool)
    whole[field_item[speaks]] = False
    hashes: list[np.ndarray] = []
    owners: list[np.ndarray] = []
    lengths: set[int] = set()
    for owner, offsets, text_hashes, used in (
        (field_item, field_offsets, field_hashes, speaks),
        (np.arange(items), joined_offsets, joined_hashes, whole & (words > 0)),
    ):
        sizes = np.minimum(np.diff(offsets), settings.ngram)
        for length in np.unique(sizes[used]).tolist():
            run_offsets, runs = run_hashes(offsets, text_hashes, length)
            taken = used & (sizes == length)
            hashes.append(runs[np.repeat(taken, np.diff(run_offsets))])
            owners.append(np.repeat(owner[taken], np.diff(run_offsets)[taken]))
            lengths.add(length)
    fuzzy, windows = None, np.zeros(items, np.int64)
    if settings.fuzzy:
        offsets, runs = run_hashes(joined_offsets, joined_hashes, settings.fuzzy.ngram)
        taken = words >= settings.fuzzy.min_words
        owner = np.repeat(np.arange(items), np.diff(offsets))
        fuzzy = _index([runs[taken[owner]]], [owner[taken[owner]]], {settings.fuzzy.ngram}, items)
        windows = np.ceil(words * (1 + settings.fuzzy.slack)).astype(np.int64)
    return EvaluationIndex(
        [one.name for one in sets for _ in one.ids], [id_ for one in sets for id_ in one.ids], words,
        words < settings.min_words, _index(hashes, owners, lengths, items), fuzzy, windows,
        settings.fuzzy.share if settings.fuzzy else 1.0,
    )


def _all(sets: Sequence[Items]) -> Iterator[tuple[str, ...]]:
    return (parts for one in sets for parts in one.fields)


def _words(text: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    from data_platform.kernels.words import scan_words

    characters = character_table()
    return scan_words(
        *text_buffers(text), characters.pages, characters.classes, characters.lower, False
    )


def _index(hashes: list[np.ndarray], owners: list[np.ndarray], lengths: set[int], items: int) -> _Runs:
    from data_platform.kernels.words import index_keys

    key = np.concatenate([*hashes, np.empty(0, np.uint64)])
    item = np.concatenate([*owners, np.empty(0, np.int64)])
    order = np.lexsort((item, key))
    key, item = key[order], item[order]
    distinct = np.ones(len(key), bool)
    distinct[1:] = (key[1:] != key[:-1]) | (item[1:] != item[:-1])
    item = item[distinct]
    keys, first = np.unique(key[distinct], return_index=True)
    size = 1 << max(4, (2 * len(keys)).bit_length())
    slots, sieve = np.full(size, -1, np.int64), np.zeros(size // 4, np.uint64)
    index_keys(keys, slots, sieve)
    item_runs = np.bincount(item, minlength=items)
    # Number the runs of every item: its entries, in order of the hashes.
    order = np.argsort(item, kind="stable")
    ordinals = np.empty(len(item), np.int64)
    ordinals[order] = np.arange(len(item)) - np.repeat(np.cumsum(item_runs) - item_runs, item_runs)
    return _Runs(
        np.array(sorted(lengths), np.int64), keys, slots, sieve, np.append(first, len(item)).astype(np.int64), item,
        ordinals, item_runs,
    )


def find_overlaps(text: pa.Array | pa.ChunkedArray, index: EvaluationIndex) -> pa.ListArray:
    """What is found of evaluation items in every text: one list of `OVERLAP` per text, sorted by set and item id.

    An item that is found by whole runs is told as 'exact', one that only resembles a window of the text as 'fuzzy'.
    What is found in a text depends on that text and the index alone.
    """
    from data_platform.kernels.words import find_runs

    offsets, starts, ends, hashes = _words(text)
    found: dict[tuple[int, int], tuple[str, float, list[tuple[int, int]]]] = {}
    texts, words, lengths, places = find_runs(
        offsets, hashes, index.exact.lengths, index.exact.keys, index.exact.slots, index.exact.sieve
    )
    if len(texts):
        found = _exact(index, offsets, starts, ends, texts, words, lengths, places)
    if index.fuzzy and len(index.fuzzy.keys):
        for key, overlap, span in _fuzzy(index, offsets, starts, ends, hashes):
            if key in found:
                found[key] = ("exact", max(found[key][1], overlap), [*found[key][2], span])
            else:
                found[key] = ("fuzzy", overlap, [span])
    rows = sorted(found, key=lambda key: (key[0], index.sets[key[1]], index.ids[key[1]]))
    values = [
        {
            "evaluation_set": index.sets[item], "item_id": index.ids[item], "method": found[row, item][0],
            "overlap": found[row, item][1],
            "spans": [{"start": start, "end": end} for start, end in union(found[row, item][2])],
            "short": bool(index.short[item]),
        }
        for row, item in rows
    ]
    list_offsets = np.searchsorted([row for row, _ in rows], np.arange(len(offsets))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(list_offsets), pa.array(values, OVERLAP))


def _exact(
    index: EvaluationIndex, offsets: np.ndarray, starts: np.ndarray, ends: np.ndarray, texts: np.ndarray,
    words: np.ndarray, lengths: np.ndarray, places: np.ndarray,
) -> dict[tuple[int, int], tuple[str, float, list[tuple[int, int]]]]:
    runs = index.exact
    first = offsets[texts] + words
    spans = zip(starts[first].tolist(), ends[first + lengths - 1].tolist(), strict=True)
    seen: dict[tuple[int, int], tuple[set[int], list[tuple[int, int]]]] = {}
    for text, place, span in zip(texts.tolist(), places.tolist(), spans, strict=True):
        for item in runs.items[runs.offsets[place] : runs.offsets[place + 1]].tolist():
            distinct, taken = seen.setdefault((text, item), (set(), []))
            distinct.add(place)
            taken.append(span)
    return {
        key: ("exact", len(distinct) / int(runs.item_runs[key[1]]), taken) for key, (distinct, taken) in seen.items()
    }


def _fuzzy(
    index: EvaluationIndex, offsets: np.ndarray, starts: np.ndarray, ends: np.ndarray, hashes: np.ndarray
) -> Iterator[tuple[tuple[int, int], float, tuple[int, int]]]:
    from data_platform.kernels.words import densest_windows, find_runs

    runs = index.fuzzy
    texts, words, lengths, places = find_runs(
        offsets, hashes, runs.lengths, runs.keys, runs.slots, runs.sieve
    )
    if not len(texts):
        return
    last = np.append(np.flatnonzero(np.diff(texts)), len(texts) - 1)
    matched = densest_windows(
        last + 1, words, places, runs.offsets, runs.items, runs.ordinals, runs.item_runs, index.fuzzy_windows,
        index.fuzzy_share,
    )
    length = int(lengths[0])
    for text, item, distinct, first, final in zip(*(column.tolist() for column in matched), strict=True):
        row = int(texts[last[text]])
        start, end = starts[offsets[row] + first], ends[offsets[row] + final + length - 1]
        yield (row, item), distinct / int(runs.item_runs[item]), (int(start), int(end))
