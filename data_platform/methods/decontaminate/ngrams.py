"""Decontamination: which documents hold items of evaluation sets, and where.

Brown et al. 2020 ("Language Models are Few-Shot Learners", arXiv 2005.14165, appendix C) look for runs of 13 words,
without case and punctuation, that an evaluation item and a training document share; shorter items are looked for by
runs of their own length, of 8 words at least. Here:

- Words are letters, marks and numbers in lower case; all else separates them. A letter of a script without spaces is a
  word.
- An item is looked for field by field: by all runs of `ngram` words, or, if a field has fewer words but `min_words` of
  them, by the field as a whole. If no field has `min_words` words, all its fields in their order are one text, which is
  looked for in the same way however short it is. So every item with a word in it is found where it stands as it is.
- What is found of an item with fewer than `min_words` words in all is recorded and never acted upon: "42" is in every
  second document.

The overlap is the share of an item's distinct runs that are in the document.

A run of 13 words misses what was edited. The fuzzy variant looks for shorter runs, and takes a window of the document
for the item if it holds at least a share of the item's distinct runs; the window is a little longer than the item. It
is for items of `fuzzy.min_words` words and more. With a share p of the words replaced independently, a share of about
(1 - p)^n of the runs of n words stays.

Brown et al. also pass over runs that are in more than 10 training documents; that would lose an item that was copied
often, and is not done. Not here: what is done about a document (`duplicates/cutting.py`), and duplicates among the
documents.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from data_platform.core.errors import PlainError
from data_platform.core.tables import table
from data_platform.ingest.settings import FilesSource
from data_platform.methods.decontaminate.settings import Decontamination, EvaluationSet
from data_platform.text.buffers import text_buffers
from data_platform.text.characters import character_table
from data_platform.text.spans import union

_COLUMNS = ("evaluation_set", "item_id", "method", "overlap", "spans")
OVERLAP = pa.struct([*((name, table("contamination")[name].type) for name in _COLUMNS), ("short", pa.bool_())])
"""What is found of one item in one document. Spans are bytes, end excluded, sorted, and do not touch."""

_LONGEST_LINE = 2**26


class EvaluationSetError(PlainError, ValueError):
    """An evaluation set that cannot be read. The message names the set and the row, and shows no text."""


@dataclass(frozen=True)
class Items:
    """The items of one evaluation set: unique ids, and the text of each field of each item."""

    name: str
    ids: list[str]
    fields: list[tuple[str, ...]]


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


def read_items(name: str, settings: EvaluationSet) -> Items:
    """The items of an evaluation set from JSONL (plain, gzip, zstd) or Parquet files, as clean as documents are.

    Raises:
        SourceError: if a file is not there.
        EvaluationSetError: if a row cannot be read, lacks a field, or repeats an id, or no item has a letter or digit.
    """
    from data_platform.extract.clean import clean_text
    from data_platform.ingest.sources import open_archive, resolve

    ids: list[str] = []
    fields: list[tuple[str, ...]] = []
    for archive in resolve(_source(name, settings)):
        with open_archive(archive) as raw:
            if archive.format == "jsonl":
                rows = _json_rows(name, archive.name, raw)
            elif archive.format == "parquet":
                rows = _parquet_rows(raw, settings)
            else:
                raise EvaluationSetError(f"evaluation set {name}: {archive.name} is neither JSONL nor Parquet")
            for number, row in enumerate(rows):
                place = f"{archive.name}:{number}"
                values = [_field(name, place, row, field) for field in settings.fields]
                fields.append(tuple(map(clean_text, values)))
                ids.append(_field(name, place, row, settings.id_field) if settings.id_field else place)
    if repeated := len(ids) - len(set(ids)):
        raise EvaluationSetError(f"evaluation set {name}: {repeated} ids are repeated; leave id_field out to use rows")
    if not any(character.isalnum() for parts in fields for text in parts for character in text):
        wanted = ", ".join(settings.fields)
        raise EvaluationSetError(f"evaluation set {name}: its {len(ids)} items hold no word in {wanted}")
    return Items(name, ids, fields)


def evaluation_state(settings: Mapping[str, EvaluationSet]) -> dict[str, list[list[str]]]:
    """What changes when a file of an evaluation set does: names and fingerprints, by set."""
    from data_platform.ingest.sources import resolve

    return {
        name: sorted([archive.name, archive.fingerprint] for archive in resolve(_source(name, one)))
        for name, one in settings.items()
    }


def _source(name: str, settings: EvaluationSet) -> FilesSource:
    return FilesSource(
        kind="files", name=f"evaluation-{name}", snapshot="evaluation", paths=settings.paths,
        text_field=settings.fields[0],
    )


def _json_rows(name: str, file: str, raw: Any) -> Iterator[Mapping[str, Any]]:
    from data_platform.ingest.stream import ArchiveStream, Damage

    stream = ArchiveStream(raw, begins=lambda data: False)
    number = 0
    try:
        while line := stream.readline(_LONGEST_LINE):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                raise EvaluationSetError(f"evaluation set {name}: {file}:{number} is not JSON") from None
            if not isinstance(row, dict):
                raise EvaluationSetError(f"evaluation set {name}: {file}:{number} is not an object")
            yield row
            number += 1
    except Damage as damage:
        raise EvaluationSetError(f"evaluation set {name}: {file} is {damage.kind} after row {number}") from damage


def _parquet_rows(raw: Any, settings: EvaluationSet) -> Iterator[Mapping[str, Any]]:
    import pyarrow.parquet as pq

    file, named = pq.ParquetFile(raw), {field for field in (*settings.fields, settings.id_field) if field}
    named |= {field.split(".")[0] for field in named}
    for batch in file.iter_batches(columns=[field for field in file.schema_arrow.names if field in named]):
        yield from batch.to_pylist()


def _field(name: str, place: str, row: Mapping[str, Any], field: str) -> str:
    from data_platform.ingest.files import reach
    from data_platform.ingest.records import valid_text

    value = reach(row, field)
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):  # the choices of a question
        return valid_text("\n".join(value))
    if isinstance(value, bool) or not isinstance(value, str | int):
        kind = "missing" if value is None else f"a {type(value).__name__}"
        raise EvaluationSetError(f"evaluation set {name}: field {field} of {place} is {kind}, not text")
    return valid_text(str(value))


def build_index(sets: list[Items], settings: Decontamination) -> EvaluationIndex:
    """Hash what the items are looked for by. The order of sets and items does not change what is found."""
    from data_platform.kernels import words as word_kernels

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
            run_offsets, runs = word_kernels.run_hashes(offsets, text_hashes, length)
            taken = used & (sizes == length)
            hashes.append(runs[np.repeat(taken, np.diff(run_offsets))])
            owners.append(np.repeat(owner[taken], np.diff(run_offsets)[taken]))
            lengths.add(length)
    fuzzy, windows = None, np.zeros(items, np.int64)
    if settings.fuzzy:
        offsets, runs = word_kernels.run_hashes(joined_offsets, joined_hashes, settings.fuzzy.ngram)
        taken = words >= settings.fuzzy.min_words
        owner = np.repeat(np.arange(items), np.diff(offsets))
        fuzzy = _index([runs[taken[owner]]], [owner[taken[owner]]], {settings.fuzzy.ngram}, items)
        windows = np.ceil(words * (1 + settings.fuzzy.slack)).astype(np.int64)
    return EvaluationIndex(
        [one.name for one in sets for _ in one.ids], [id_ for one in sets for id_ in one.ids], words,
        words < settings.min_words, _index(hashes, owners, lengths, items), fuzzy, windows,
        settings.fuzzy.share if settings.fuzzy else 1.0,
    )


def _all(sets: list[Items]) -> Iterator[tuple[str, ...]]:
    return (parts for one in sets for parts in one.fields)


def _words(text: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    from data_platform.kernels import words as word_kernels

    characters = character_table()
    return word_kernels.scan_words(
        *text_buffers(text), characters.pages, characters.classes, characters.lower, False
    )


def _index(hashes: list[np.ndarray], owners: list[np.ndarray], lengths: set[int], items: int) -> _Runs:
    from data_platform.kernels import words as word_kernels

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
    word_kernels.index_keys(keys, slots, sieve)
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
    from data_platform.kernels import words as word_kernels

    offsets, starts, ends, hashes = _words(text)
    found: dict[tuple[int, int], tuple[str, float, list[tuple[int, int]]]] = {}
    texts, words, lengths, places = word_kernels.find_runs(
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


def find_contamination(text: pa.Array, *, index: EvaluationIndex, actions: Mapping[str, str]) -> pa.StructArray:
    """What of the evaluation items is in every text of a batch, and what is done about it."""
    found = find_overlaps(text, index)
    items = found.values
    sets = items.field("evaluation_set").to_pylist()
    short = items.field("short").to_pylist()
    decisions = ["record" if few else actions[name] for name, few in zip(sets, short, strict=True)]
    names = table("contamination").column_names[2:]
    columns = {"decision": pa.array(decisions, pa.string()), **{name: items.field(name) for name in names[:-1]}}
    rows = pa.StructArray.from_arrays([columns[name] for name in names], names)
    return pa.StructArray.from_arrays([pa.ListArray.from_arrays(found.offsets, rows)], ["found"])


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
    from data_platform.kernels import words as word_kernels

    runs = index.fuzzy
    texts, words, lengths, places = word_kernels.find_runs(
        offsets, hashes, runs.lengths, runs.keys, runs.slots, runs.sieve
    )
    if not len(texts):
        return
    last = np.append(np.flatnonzero(np.diff(texts)), len(texts) - 1)
    matched = word_kernels.densest_windows(
        last + 1, words, places, runs.offsets, runs.items, runs.ordinals, runs.item_runs, index.fuzzy_windows,
        index.fuzzy_share,
    )
    length = int(lengths[0])
    for text, item, distinct, first, final in zip(*(column.tolist() for column in matched), strict=True):
        row = int(texts[last[text]])
        start, end = starts[offsets[row] + first], ends[offsets[row] + final + length - 1]
        yield (row, item), distinct / int(runs.item_runs[item]), (int(start), int(end))
