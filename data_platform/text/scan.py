"""All scans over texts, in one pass over the Arrow buffer.

Here belongs the order of the scans and their memory. Not here: the scans themselves (`decode.py`, `tokens.py`,
`lines.py`, `word_counts.py`, `repetition.py`) and what their counts are for (`filtering/signals.py`).

Texts are read in blocks that fit a processor's cache. A block is decoded once; every scan after that reads its code
points. What is between white space is looked up in a lexicon, so that rules for words are applied once to every
different one; the lexicon of a thread outlives the block. Memory is that of a block, or of the longest text if that is
longer, and of the lexicon, whatever the size of the buffer. All scans release the interpreter lock. What is written in
a script without spaces is segmented by ICU in between.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from data_platform.text import decode, lines, repetition, tokens, word_counts
from data_platform.text.bits import UNSPACED
from data_platform.text.buffers import TextBuffers, text_buffers
from data_platform.text.english import GOPHER_STOP_WORDS, STOP_WORDS, UNITS, exceptions
from data_platform.text.kinds import kind_table
from data_platform.text.segment import mark_words

BLOCK_BYTES = 524_288
"""Bytes of text that are scanned together, unless one text alone is longer."""
GROUP_TEXTS = 1_024
"""Texts whose counts are given out together."""
WORDS = 131_072
"""Different words after which a lexicon begins anew: more would not fit a processor's cache."""
_SLOTS = 4096
"""Slots that the table of a lexicon begins with."""


class Counts(NamedTuple):
    """What the scans count in a group of texts; rows are texts, columns are named by the modules of the scans.

    Attributes:
        characters: `lines.CHARACTER_COUNTS`.
        chunks: `word_counts.CHUNK_COUNTS`.
        lines: `lines.LINE_COUNTS`.
        line_fractions: sums over lines of the fractions of upper-case and of numeric characters.
        token_ngrams, chunk_ngrams, normal_ngrams, segment_ngrams: `repetition.MEASURES` by n, of shape (texts, 11, 10).
        entropies: of normal words.
        normal_words, different_normal_words: how many there are.
        lorem_ipsum: normal words that are "lorem" before "ipsum".
        curator_tops: occurrences and lengths of joined n-grams, of shape (texts, 3, 2).
        character_repetition: `repetition.measure_characters`.
    """

    characters: np.ndarray
    chunks: np.ndarray
    lines: np.ndarray
    line_fractions: np.ndarray
    token_ngrams: np.ndarray
    chunk_ngrams: np.ndarray
    normal_ngrams: np.ndarray
    segment_ngrams: np.ndarray
    entropies: np.ndarray
    normal_words: np.ndarray
    different_normal_words: np.ndarray
    lorem_ipsum: np.ndarray
    curator_tops: np.ndarray
    character_repetition: np.ndarray


class _Tables(NamedTuple):
    exception_keys: np.ndarray
    exception_pieces: np.ndarray
    unit_keys: np.ndarray
    stop_keys: np.ndarray
    stop_numbers: np.ndarray
    list_keys: np.ndarray
    javascript: np.uint64
    lorem: np.uint64
    ipsum: np.uint64
    character_power: np.uint64


@functools.cache
def _tables() -> _Tables:
    """The word lists of the scans as hash tables."""
    pieces = {
        chunk: sum(len(part) << 8 * place for place, part in enumerate(parts)) for chunk, parts in exceptions().items()
    }
    return _Tables(
        *tokens.hash_table(pieces, 4096),
        tokens.hash_table(dict.fromkeys(UNITS, 1), 512)[0],
        *tokens.hash_table({word: place for place, word in enumerate(GOPHER_STOP_WORDS)}, 64),
        tokens.hash_table(dict.fromkeys(STOP_WORDS, 1), 512)[0],
        *(np.uint64(tokens.hash_of(word)) for word in ("javascript", "lorem", "ipsum")),
        np.uint64(pow(tokens.BASE, lines.NGRAM_CHARACTERS, 1 << 64)),
    )


class _Lexicon:
    """Every different word that the blocks of a thread have held, and what the rules make of those that are chunks."""

    def __init__(self, size: int) -> None:
        # A block of `size` code points adds chunks, and pieces of them by three rules, to the words; tokens and
        # segments to the pieces. Lines that are written once more are as many again.
        room = WORDS + 6 * size
        self.table = np.empty(2 * max(_SLOTS, 1 << (2 * room).bit_length()), np.uint64)
        self.hashes, self.lengths, self.flags = np.empty(room, np.uint64), np.empty(room, np.int32), _octets(room)
        # Of chunks; at `described` is whether a word is one.
        self.described, self.marks, self.chunk_flags = _octets(room), _octets(room), np.empty(room, np.uint32)
        self.traits = np.empty((room, len(word_counts.TRAITS)), np.int32)
        self.stops = np.empty(room, np.uint64)
        self.token_at, self.token_counts = np.empty(room, np.uint32), np.empty(room, np.uint32)
        self.segment_at, self.segment_counts = np.empty(room, np.uint32), np.empty(room, np.uint32)
        self.pieces = np.zeros(2 * room + 2, np.uint32)
        self.enough_pieces = len(self.pieces) - 4 * size - 2
        self.normal, self.normal_lengths = np.empty(room, np.uint32), np.empty(room, np.int32)
        self.times = np.zeros(room, np.int32)
        self.clear()

    def is_full(self) -> bool:
        """Whether it should begin anew. Pieces are asked too: many chunks may be made of few different words."""
        return self.words > WORDS or self.used > self.enough_pieces

    def clear(self) -> None:
        self.words = self.used = 0
        self.slots = _SLOTS
        self.table[: 2 * self.slots] = 0


def _octets(room: int) -> np.ndarray:
    return np.empty(room, np.uint8)


class _Block(NamedTuple):
    """Where the texts of a block, and the lines written once more behind it, have what."""

    starts: np.ndarray
    chunks: np.ndarray
    feeds: np.ndarray
    events: np.ndarray


class _Scratch:
    """The memory of the scans, for blocks of at most `size` code points. Pages that are never written cost nothing."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.lexicon = _Lexicon(size)
        self.rewritten = size // 3 + 1
        """How many lines with citations there may be."""
        room = 2 * size + 16  # the block, and behind it the lines that are written once more
        half = room // 2 + 2  # chunks: white space stands between them
        self.points, self.kinds = np.empty(room, np.int32), np.empty(room, np.uint32)
        self.prefixes = np.empty(room, np.uint64)
        self.powers = np.full(size + 9, tokens.BASE, np.uint64)
        self.powers[0] = 1
        np.cumprod(self.powers, out=self.powers)
        self.edges = np.empty(room, np.uint32)
        self.feeds, self.events = np.empty(room, np.int32), np.empty(room, np.int32)
        self.event_kinds = _octets(room)
        self.chunk_starts, self.chunk_ends = np.empty(half, np.int32), np.empty(half, np.int32)
        self.chunks, self.fresh = np.empty(half, np.uint32), np.empty(half, np.uint32)
        self.piece_starts, self.piece_ends = np.empty(room, np.int32), np.empty(room, np.int32)
        self.piece_hashes, self.piece_flags = np.empty(room, np.uint64), _octets(room)
        self.words = np.empty(room, np.uint32)
        self.cells, self.places, self.grams, self.firsts, self.tallies = (np.empty(room, np.uint32) for _ in range(5))
        self.wide_grams = np.empty(room, np.uint64)
        self.maps = np.empty(room // 4 + 16, np.uint64)
        texts = size + self.rewritten + 1
        self.block = _Block(*(np.empty(texts, np.int64) for _ in range(4)))
        self.characters = np.empty((texts, len(lines.CHARACTER_COUNTS)), np.int64)
        self.line_starts = np.empty(self.rewritten, np.int64)
        self.keys, self.numbers = np.empty(4 * size + 16, np.uint64), np.empty(4 * size + 16, np.uint32)
        self.integers = [np.empty(room, np.int32) for _ in range(2)]
        self.histogram = np.zeros(size + 2, np.int32)
        self.used = _octets(size + 2)
        self.sums = np.empty(size + 2 + len(word_counts.TRAITS), np.int32)
        self.stack = np.empty(size + 2, np.int64)


_local = threading.local()


def _scratch(size: int) -> _Scratch:
    """The scratch of this thread, or one for this call alone if texts are longer than a block."""
    if size > BLOCK_BYTES + 1:
        return _Scratch(size)
    if getattr(_local, "scratch", None) is None or _local.scratch.size < size:
        _local.scratch = _Scratch(BLOCK_BYTES + 1)
    return _local.scratch


def scan_texts(texts: TextBuffers, limits: Mapping[str, int] = lines.LIMITS) -> Iterator[Counts]:
    """Count everything in every text, in the order of the texts, up to `GROUP_TEXTS` at a time.

    `limits` are those of `lines.LIMITS`, which says what they limit.
    """
    given = np.array([limits[name] for name in lines.LIMITS], np.int64)
    offsets = texts.offsets
    count = len(offsets) - 1
    longest = int(np.diff(offsets).max()) if count else 0
    scratch = _scratch(max(longest, BLOCK_BYTES) + 1)
    for first in range(0, count, GROUP_TEXTS):
        last = min(first + GROUP_TEXTS, count)
        counts = _empty_counts(last - first)
        begin = first
        while begin < last:
            end = max(int(np.searchsorted(offsets, offsets[begin] + BLOCK_BYTES, "right")) - 1, begin + 1)
            end = min(end, last)
            block = Counts(*(array[begin - first : end - first] for array in counts))
            _scan_block(texts, begin, end, scratch, given, block)
            begin = end
        yield counts


def words_of(text: str) -> list[str]:
    """The words of one text by the rule of `tokens.find_tokens`, one by one: for tests, reports and the curious."""
    buffers = text_buffers(pa.array([text], pa.large_string()))
    scratch = _Scratch(len(buffers.data) + 1)
    _scan_block(buffers, 0, 1, scratch, np.array([*lines.LIMITS.values()], np.int64), _empty_counts(1))
    known, words, place = scratch.lexicon, [], 0
    for chunk in scratch.chunks[: len(text.split())]:
        first = int(known.token_at[chunk])
        for piece in known.pieces[first : first + int(known.token_counts[chunk])]:
            while text[place].isspace():
                place += 1
            words.append(text[place : place + int(known.lengths[piece])])
            place += int(known.lengths[piece])
    return words


def _empty_counts(texts: int) -> Counts:
    def zeros(*shape: int, dtype: type = np.int64) -> np.ndarray:
        return np.zeros((texts, *shape), dtype)

    ngrams = (repetition.LONGEST + 1, len(repetition.MEASURES))
    return Counts(
        zeros(len(lines.CHARACTER_COUNTS)), zeros(len(word_counts.CHUNK_COUNTS)), zeros(len(lines.LINE_COUNTS)),
        zeros(2, dtype=np.float64), zeros(*ngrams), zeros(*ngrams), zeros(*ngrams), zeros(*ngrams),
        zeros(dtype=np.float64), zeros(), zeros(), zeros(), zeros(3, 2), zeros(dtype=np.float64),
    )  # fmt: skip


def _scan_block(
    texts: TextBuffers, first: int, last: int, scratch: _Scratch, limits: np.ndarray, counts: Counts
) -> None:
    kinds, s, known = kind_table(), scratch, scratch.lexicon
    if known.is_full():
        known.clear()
    count = last - first
    block = s.block
    for offsets in block:
        offsets[0] = 0
    seen = np.empty(count, np.uint32)
    decode.decode(
        texts.offsets, texts.data, first, last, kinds.pages, kinds.kinds, s.points, s.kinds, s.prefixes, block.starts,
        seen,
    )  # fmt: skip
    characters = s.characters
    _read_texts(s, block, 0, count, characters)
    events = (s.events, s.event_kinds, block.events)
    added = lines.cut_citations(
        s.points, s.kinds, s.prefixes, block.starts, count, *events, decode.BASE, s.rewritten, s.line_starts
    )
    if added:
        _read_texts(s, block, count, count + added, characters)
    counts.characters[:] = characters[:count]

    starts, offsets = block.starts[: count + 1], block.chunks[: count + 1]
    text = (s.points, s.kinds, s.prefixes, s.powers)
    spans, feeds = (s.chunk_starts, s.chunk_ends), (s.feeds, block.feeds)
    same = (s.keys, s.numbers, *s.integers)
    lines.scan_lines(
        limits, *text, starts, count, *events, *feeds, *spans, offsets, *same, counts.lines, counts.line_fractions
    )
    lines.scan_paragraphs(*text[1:], starts, count, *feeds, *same, counts.lines)
    tokens_of = (known.token_at, known.token_counts, known.pieces)
    lines.scan_split_lines(
        limits, s.points, s.kinds, seen, block.starts, count, *events, *feeds, *spans, block.chunks, s.chunks,
        known.marks, *tokens_of, known.flags, s.line_starts, added, counts.lines,
    )  # fmt: skip
    word_counts.count_chunks(
        offsets, s.chunks, known.lengths, known.traits, known.stops, known.times, s.cells, s.histogram, s.sums,
        counts.chunks,
    )  # fmt: skip
    twins = (s.cells, s.maps, s.places, s.wide_grams, s.grams, s.firsts, s.keys, s.numbers, s.tallies)
    repetition.measure_characters(
        starts, count, s.prefixes, _tables().character_power, lines.NGRAM_CHARACTERS, *twins,
        counts.character_repetition,
    )  # fmt: skip
    measured = (*twins, s.used, s.sums)
    repetition.measure_ngrams(offsets, s.chunks, known.lengths, *measured, counts.chunk_ngrams)
    word_counts.count_curator_tops(
        s.points, *spans, offsets, s.chunks, counts.chunk_ngrams, repetition.MEASURES.index("top_first"),
        counts.curator_tops,
    )
    words = np.empty(count + 1, np.int64)
    tokens.spell(offsets, s.chunks, *tokens_of, words, s.words)
    repetition.measure_ngrams(words, s.words, known.lengths, *measured, counts.token_ngrams)
    tokens.spell(offsets, s.chunks, known.segment_at, known.segment_counts, known.pieces, words, s.words)
    repetition.measure_ngrams(words, s.words, known.lengths, *measured, counts.segment_ngrams)
    tokens.spell_normal(offsets, s.chunks, known.normal, words, s.words)
    repetition.measure_ngrams(words, s.words, known.normal_lengths, *measured, counts.normal_ngrams)
    repetition.measure_words(words, s.words, known.times, s.cells, counts.different_normal_words, counts.entropies)
    counts.normal_words[:] = np.diff(words)
    if counts.chunks[:, word_counts.CHUNK_COUNTS.index("lorem")].any():
        word_counts.count_pairs(
            words, s.words, known.hashes, _tables().lorem, _tables().ipsum, counts.lorem_ipsum
        )


def _read_texts(scratch: _Scratch, block: _Block, first: int, last: int, characters: np.ndarray) -> None:
    """Cut the decoded texts `first` to `last` into chunks, describe those that are new, and scan their signs."""
    kinds, lists, s, known = kind_table(), _tables(), scratch, scratch.lexicon
    spans = (s.chunk_starts, s.chunk_ends, s.chunks)
    growing = (known.hashes, known.lengths, known.chunk_flags, known.described)
    found, known.words, known.slots, union = tokens.find_chunks(
        s.kinds, s.prefixes, s.powers, block.starts, first, last, s.edges, s.feeds, block.feeds, block.chunks, *spans,
        s.fresh, known.words, *growing, known.table, known.slots,
    )  # fmt: skip
    if found:
        fresh = s.fresh[:found]
        if union & np.uint32(UNSPACED):
            unspaced = fresh[known.chunk_flags[s.chunks[fresh]] & np.uint32(UNSPACED) != 0]
            mark_words(s.points, s.kinds, s.chunk_starts[unspaced], s.chunk_ends[unspaced])
        text = (s.points, s.kinds, s.prefixes, s.powers)
        known.used, known.words, known.slots = tokens.find_tokens(
            *text, *spans, fresh, lists.exception_keys, lists.exception_pieces, lists.unit_keys, s.stack,
            s.piece_starts, s.piece_ends, s.piece_hashes, s.piece_flags, known.token_at, known.token_counts,
            known.pieces, known.used, known.words, *growing, known.flags, known.table, known.slots,
        )  # fmt: skip
        known.words, known.slots = tokens.find_normal_words(
            s.points, kinds.pages, kinds.normal, kinds.spellings, *spans, fresh, known.normal, known.normal_lengths,
            known.words, *growing, known.table, known.slots,
        )  # fmt: skip
        known.used, known.words, known.slots = tokens.find_segments(
            *text[1:], *spans, fresh, known.segment_at, known.segment_counts, known.pieces, known.used, known.words,
            *growing, known.table, known.slots,
        )  # fmt: skip
        word_counts.describe_chunks(
            *text, decode.BASE, *spans, fresh, known.chunk_flags, known.hashes, known.lengths, known.token_at,
            known.token_counts, known.pieces, known.flags, known.normal, lists.stop_keys, lists.stop_numbers,
            lists.list_keys, lists.javascript, lists.lorem, known.traits, known.marks, known.stops,
        )  # fmt: skip
    lines.scan_signs(
        s.points, s.kinds, block.starts, first, last, s.chunk_starts, s.chunk_ends, block.chunks, s.chunks,
        known.marks, block.feeds, characters, s.events, s.event_kinds, block.events,
    )  # fmt: skip
