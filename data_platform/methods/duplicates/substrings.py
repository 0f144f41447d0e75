"""Exact substrings: runs of tokens that occur word for word elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.pairer import Cutting, PassagePairer, Texts
from data_platform.core.tables import table
from data_platform.text.buffers import text_buffers
from data_platform.text.characters import character_table

COUNTERS_PER_BYTE = 4
AT_ONCE = 2**23
"""Fingerprints or runs that are sorted at once: 32 bytes each."""
_MOST_BITS = 8
_LEAST_BITS = 10


class Substrings(PassagePairer, name="substrings"):
    """Exact substrings: runs of tokens that occur word for word elsewhere.

    Lee et al. 2022 ("Deduplicating Training Data Makes Language Models Better", arXiv:2107.06499, section 4.1,
    ExactSubstr) take two documents to share a substring if they have a run of at least 50 tokens in common, find all
    such runs by a suffix array over the whole corpus, and cut all copies but one. A suffix array sorts every suffix,
    and what is read from it are the groups of neighbours that agree in their first `min_tokens` tokens. These groups
    are found here without sorting what has no equal: hashes of all runs of `min_tokens` tokens are counted by a first
    pass in a table of two-bit counters; a second pass takes the runs whose counter says twice; only these suffixes are
    sorted (a sparse suffix array, after the sparse suffix trees of Kärkkäinen and Ukkonen 1996), by a 96-bit
    hash of their beginning. The groups are those of the suffix array, in memory that grows with what repeats and not
    with the text, of which only a batch is ever there. n runs that repeat are confused by chance with a probability
    below n^2 / 2^97.

    A new crawl does not have the old ones read again. Of every document fingerprints are made once and stored, by
    winnowing (Schleimer, Wilkerson and Aiken 2003, "Winnowing: local algorithms for document fingerprinting"): of all
    runs of half as many tokens that begin in `min_tokens` tokens in a row the least hash is kept, so that two documents
    with a run of `min_tokens` tokens in common have a fingerprint in common, without exception. There is one for every
    13 tokens or so at 50. Only documents that share one with another, or have one twice, are read and searched as
    above; the result is that of a search of all.

    Tokens are words and signs, exactly as written: runs of letters, marks and numbers, single letters in scripts that
    are written without spaces (of which a run of 50 is a sentence, not a paragraph), and runs of one and the same sign.
    White space does not count. A run never goes beyond its document.

    The first occurrence is that of the smallest snapshot, doc_id and place. What is told is every later one, as long as
    it follows the same first occurrence: where the document goes on as another earlier one does, a new span begins,
    which overlaps. Cutting (`duplicates/cutting.py`) takes their union.
    """

    class Settings(Cutting):
        """Runs of words and signs that occur word for word elsewhere, found by a suffix array."""

        min_tokens: int = Field(default=50, ge=2, description="Words and signs of the shortest run.")

    passage = "substring"
    stored = "substring_fingerprints"
    examples = (
        Example(["a b c d e", "x b c d y"], [(1, "b c d")], {"min_tokens": 3}, "the definition of section 4.1"),
        Example(["a b c d e", "x b, c d y"], [], {"min_tokens": 3}, "by hand: signs are tokens"),
    )

    @classmethod
    def columns(cls, settings: Settings) -> tuple[str, ...]:
        """The sizes of texts: what is counted in memory follows from them."""
        return ("byte_count",)

    def sign(self, texts: pa.Array) -> pa.StructArray:
        """The fingerprints of every text."""
        return fingerprints(texts, self.settings.min_tokens)

    def spans(self, signed: pa.Table, texts: Texts) -> pa.Table:
        """Every run that occurs before. Those documents are read that share a fingerprint with another one."""
        some = sharing_documents(signed["doc_id"], signed["hashes"])
        size = pc.sum(signed.filter(pc.is_in(signed["doc_id"], some))["byte_count"]).as_py() or 0
        return repeated_substrings(partial(texts, some), size, self.settings.min_tokens)


def fingerprints(text: pa.Array | pa.ChunkedArray, min_tokens: int = 50) -> pa.StructArray:
    """The fingerprints of every text: column `hashes` of table `substring_fingerprints`.

    Args:
        text: strings of any Arrow layout; nulls count as empty.
        min_tokens: tokens of the shortest run that is looked for.
    """
    from data_platform.kernels.substrings import winnow

    characters = character_table()
    length = (min_tokens + 1) // 2
    offsets, hashes = winnow(
        *text_buffers(text), characters.pages, characters.classes, length, min_tokens - length + 1
    )
    field = table("substring_fingerprints").schema.field("hashes")
    lists = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(hashes.view(np.int64)))
    return pa.StructArray.from_arrays([lists], fields=[field])


def sharing_documents(doc_id: pa.ChunkedArray, hashes: pa.ChunkedArray) -> pa.Array:
    """The documents that have a fingerprint in common with another one, or one of their own twice.

    Args:
        doc_id, hashes: columns of table `substring_fingerprints`, of the documents that are to be compared.
    """
    lists = [chunk for chunk in hashes.chunks if len(chunk)]
    keys = np.concatenate([np.empty(0, np.int64), *(chunk.flatten().to_numpy() for chunk in lists)]).view(np.uint64)
    sizes = np.concatenate([np.empty(0, np.int64), *(chunk.value_lengths().to_numpy() for chunk in lists)])
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    shared = np.zeros(len(sizes), bool)
    for own in _parts(keys):
        order = own[np.argsort(keys[own], kind="stable")]
        equal = keys[order[1:]] == keys[order[:-1]]
        twice = np.concatenate((order[1:][equal], order[:-1][equal]))
        shared[np.searchsorted(offsets, twice, side="right") - 1] = True
    return doc_id.filter(pa.array(shared)).combine_chunks()


def _parts(keys: np.ndarray) -> Iterator[np.ndarray]:
    """The places of the keys in parts of at most some `AT_ONCE`: equal keys are in the same one."""
    bits = min((len(keys) // AT_ONCE).bit_length(), _MOST_BITS)
    highest = keys.view(np.uint8)[np.dtype(np.uint64).itemsize - 1 :: np.dtype(np.uint64).itemsize]
    for part in range(1 << bits):
        # Hashes are even: so many parts of their range have as many keys each.
        yield np.flatnonzero(highest >> (8 - bits) == part) if bits else np.arange(len(keys))


def repeated_substrings(
    batches: Callable[[], Iterable[pa.RecordBatch | pa.Table]], text_bytes: int, min_tokens: int = 50
) -> pa.Table:
    """Every run of at least `min_tokens` tokens that occurs before: rows of table `duplicate_spans`.

    Documents are read three times, a batch at a time. The result is the same for any order and size of the batches.
    Memory: a sixth of a byte to a third per byte of text, and 24 bytes per repeated run of `min_tokens` tokens.

    Args:
        batches: gives the documents, the same each time: `doc_id`, `snapshot` and `text`.
        text_bytes: about how many bytes the texts have: the size of the table of counters follows from it.
        min_tokens: tokens of the shortest run.

    Raises:
        ValueError: if a doc_id occurs twice.
    """
    from data_platform.kernels.substrings import collect_runs, count_runs

    characters = character_table()
    # Two counters for every three bytes: some 4 to 8 per token, so that one run in 6 is taken for repeated by mistake.
    bits = max(_LEAST_BITS, int(text_bytes * 2 / 3).bit_length())
    counters = np.zeros(2**bits // COUNTERS_PER_BYTE, np.uint8)
    settings = characters.pages, characters.classes, min_tokens, counters, 64 - bits
    for batch in batches():
        count_runs(*text_buffers(batch["text"]), *settings)
    fields: tuple[list[np.ndarray], ...] = ([], [], [], [])
    ids, snapshots, documents = [], [], 0
    for batch in batches():
        keys, checks, places = collect_runs(*text_buffers(batch["text"]), *settings)
        places[0] += documents
        documents += batch.num_rows
        for parts, values in zip(fields, (keys, checks, *places), strict=True):
            parts.append(values.copy())
        ids.append(_column(batch, "doc_id"))
        snapshots.append(_column(batch, "snapshot"))
    del counters, settings
    about = pa.table({
        "doc_id": pa.chunked_array(ids, pa.string()), "snapshot": pa.chunked_array(snapshots, pa.string())
    })
    if repeated := documents - len(about["doc_id"].unique()):
        raise ValueError(f"doc_id must be unique, but {repeated} rows repeat one")
    types = (np.uint64, np.uint32, np.int32, np.int32)
    runs = (_joined(parts, type_) for parts, type_ in zip(fields, types, strict=True))
    return _spans(about, *runs, min_tokens, partial(_bytes, batches, min_tokens))


def _joined(parts: list[np.ndarray], type_: type) -> np.ndarray:
    """All parts as one array; each goes as soon as it is copied, so that nothing is there twice."""
    end = sum(map(len, parts))
    whole = np.empty(end, type_)
    while parts:
        part = parts.pop()
        whole[end - len(part) : end] = part
        end -= len(part)
    return whole


def _bytes(
    batches: Callable[[], Iterable[pa.RecordBatch | pa.Table]], min_tokens: int, texts: np.ndarray, tokens: np.ndarray
) -> np.ndarray:
    """First byte and byte behind the last token of runs, in two rows; the runs come by text and token."""
    from data_platform.kernels.substrings import bytes_of_runs

    characters = character_table()
    places, documents, done = np.empty((2, len(texts)), np.int32), 0, 0
    for batch in batches():
        until = int(np.searchsorted(texts, documents + batch.num_rows))
        places[:, done:until] = bytes_of_runs(
            *text_buffers(batch["text"]), characters.pages, characters.classes, min_tokens,
            texts[done:until] - np.int32(documents), tokens[done:until],
        )
        documents, done = documents + batch.num_rows, until
    return places


def _column(batch: pa.RecordBatch | pa.Table, name: str) -> pa.Array:
    values = batch[name].cast(pa.string())
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _spans(
    about: pa.Table, keys: np.ndarray, checks: np.ndarray, text: np.ndarray, token: np.ndarray, min_tokens: int,
    bytes_of: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> pa.Table:
    """Join repeated runs that follow each other, in both places, to spans."""
    from data_platform.kernels.substrings import first_occurrences, join_runs

    # A document is earlier if this number is smaller.
    sorted_rows = pc.sort_indices(about, [("snapshot", "ascending"), ("doc_id", "ascending")]).to_numpy()
    ranks = np.empty(len(sorted_rows), np.int64)
    ranks[sorted_rows] = np.arange(len(sorted_rows))
    firsts = np.empty(len(keys), np.int32 if len(keys) < 2**31 else np.int64)
    for own in _parts(keys):
        first_occurrences(own[np.argsort(keys[own])], keys, checks, text, token, ranks, firsts)
    heads, tails = join_runs(firsts, text, token)
    first = firsts[heads]
    told = np.unique(np.concatenate((heads, tails, first)))
    starts, ends = bytes_of(text[told], token[told]).astype(np.int64)
    at, matched = pa.array(text[heads]), pa.array(text[first])
    columns = {
        "doc_id": about["doc_id"].take(at),
        "snapshot": about["snapshot"].take(at),
        "kind": pa.repeat("substring", len(heads)),
        "start": starts[np.searchsorted(told, heads)],
        "end": ends[np.searchsorted(told, tails)],
        "matched_doc_id": about["doc_id"].take(matched),
        "matched_start": starts[np.searchsorted(told, first)],
        "tokens": (token[tails] - token[heads] + min_tokens).astype(np.int64),
        "occurrences": checks[first].astype(np.int64),
    }
    order = [(name, "ascending") for name in ("snapshot", "doc_id", "start")]
    return pa.table(columns, schema=table("duplicate_spans").schema).sort_by(order)
