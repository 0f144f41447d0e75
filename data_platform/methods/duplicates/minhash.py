"""MinHash signatures, cut into bands: the keys by which near-duplicates are found."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from data_platform.core.columns import Column
from data_platform.core.kinds.method import Example, Section
from data_platform.core.kinds.pairer import CopyPairer, Keys
from data_platform.core.tables import table
from data_platform.methods.duplicates.exact import EXACT_HASH
from data_platform.text.buffers import text_buffers
from data_platform.text.characters import character_table
from data_platform.text.identity import hexadecimal
from data_platform.text.words import word_ngram_hashes

_GOLDEN = 0x9E3779B97F4A7C15


class MinHash(CopyPairer, name="minhash"):
    """Near-duplicates by MinHash signatures, cut into bands.

    Broder 1997, "On the resemblance and containment of documents": under a random permutation of all shingles, two
    documents with Jaccard similarity s have the same smallest shingle with probability s. A signature holds such minima
    for bands x rows permutations; two documents are candidates if all rows of at least one band agree, which happens
    with probability 1 - (1 - s^rows)^bands. FineWeb (Penedo et al. 2024, arXiv:2406.17557, section 3.4) takes word
    5-grams and 14 bands of 8 rows: 0.05 at s = 0.5, 0.21 at 0.6, 0.56 at 0.7, 0.92 at 0.8, 0.9996 at 0.9.

    A permutation is a*x + b modulo 2^32 with odd a, a bijection of the upper halves x of the shingle hashes
    (Dietzfelbinger et al. 1997; that so simple a function serves on data that is hashed already: Mitzenmacher and
    Vadhan 2008). 32 bits take two different shingles for one with a chance of 1 in 4 thousand million, and a quarter of
    the time of 64 bits.

    Beside the keys a signature keeps a sketch: one byte of every minimum (b-bit minwise hashing with b = 8: Li and
    König, WWW 2010). The share of equal bytes of two sketches, less the 1 in 256 that are equal by chance, estimates
    the similarity of any two documents with a standard error of sqrt(s (1 - s) / permutations), 0.047 at the most for
    112. And the bytes of a band prove its key: documents of one bucket agree in 64 + 8 x rows bits, not in 64 alone.

    Words, hashes and permutations are our own; those of datatrove are `datatrove.py`, which take longer and give the
    pairs that datatrove finds, not others that are as good. A text with fewer words than a shingle has neither keys nor
    a sketch, so that it can only be an exact copy. The hash of exact copies comes out of the same pass.
    """

    class Settings(Section):
        """Shingles, and how many permutations. Defaults are FineWeb's."""

        ngram: int = Field(default=5, ge=1, description="Words per shingle.")
        bands: int = Field(default=14, ge=1, description="Number of bands.")
        rows: int = Field(default=8, ge=1, description="Hashes per band.")
        seed: int = Field(default=1, ge=0, lt=2**32, description="Seed of the hash permutations.")

    gives = (
        EXACT_HASH,
        Column("shingle_count", pa.int64(), "Distinct word n-grams.", minimum=0),
        Column("minhash_bands", pa.list_(pa.int64()),
               "One hash per band; empty for texts shorter than one n-gram."),
        Column("minhash_sketch", pa.large_binary(), "One byte of every minimum, from which similarities are "
               "estimated; empty for texts shorter than one n-gram.", long=True),
    )
    copies = "minhash"
    measured = True
    examples = (
        Example(["a b c d e f", "A, b c; d e f!", "g h i j k l"], [(0, 1)], {}, "by hand: the same words"),
        Example(["a b c d e f g", "b c d e f g h"], [], {"bands": 1, "rows": 64}, "by hand: a similarity of 1/2"),
        Example(["a b", "a b"], [], {}, "by hand: fewer words than a shingle has"),
    )

    def sign(self, values: pa.Array) -> dict[str, pa.Array]:
        """The hashes by which copies of every text are found."""
        settings = self.settings
        made = signatures(values, settings.ngram, settings.bands, settings.rows, settings.seed)
        return {column.name: made.field(column.name) for column in self.gives}

    def keys(self, signed: pa.Table) -> Iterator[Keys]:
        """The keys of every band, proved by the bytes of the sketch that belong to it."""
        yield from band_keys(signed)

    def shingles(self, texts: pa.Array) -> pa.LargeListArray:
        """The set of shingles of every text."""
        return distinct_shingles(texts, self.settings.ngram)


def signatures(
    text: pa.Array | pa.ChunkedArray, ngram: int = 5, bands: int = 14, rows: int = 8, seed: int = 1
) -> pa.StructArray:
    """The hashes by which copies of every text are found. Each text's depend on that text and the settings alone.

    Args:
        text: strings of any Arrow layout; nulls count as empty.
        ngram: words per shingle; words are those of `word_ngram_hashes`.
        bands: number of bands.
        rows: permutations per band.
        seed: seed of the permutations. Only signatures with the same four settings can be compared.

    Returns:
        One struct per text with the columns `exact_hash`, `shingle_count` (distinct shingles), `minhash_bands` (one key
        per band) and `minhash_sketch` (one byte per permutation).

    Raises:
        ValueError: if `ngram`, `bands` or `rows` is less than 1.
    """
    from data_platform.kernels import text_hashes
    from data_platform.kernels.minhash import minhash_bands

    check_shape(ngram, bands, rows)
    characters = character_table()
    offsets, shingles, exact = text_hashes.hash_texts(
        *text_buffers(text), characters.pages, characters.classes, characters.folded, characters.lower, ngram
    )
    made = minhash_bands(offsets, shingles, *_permutations(bands * rows, seed), bands)
    return as_columns(hexadecimal(exact), *made)


def check_shape(ngram: int, bands: int, rows: int) -> None:
    """That a signature can be made.

    Raises:
        ValueError: if one of the three is less than 1.
    """
    if min(ngram, bands, rows) < 1:
        raise ValueError(f"ngram, bands and rows must be at least 1, not {ngram}, {bands} and {rows}")


def as_columns(exact: pa.StringArray, counts: np.ndarray, keys: np.ndarray, sketches: np.ndarray) -> pa.StructArray:
    """Signatures as columns: lists of keys and bytes of sketches, empty where a text has no shingle."""
    usable = counts > 0
    columns = {
        "exact_hash": exact,
        "shingle_count": pa.array(counts),
        "minhash_bands": pa.ListArray.from_arrays(
            pa.array(_offsets(usable, keys.shape[1]).astype(np.int32)), pa.array(keys[usable].reshape(-1))
        ),
        "minhash_sketch": pa.LargeBinaryArray.from_buffers(
            pa.large_binary(), len(counts),
            [None, pa.py_buffer(_offsets(usable, sketches.shape[1])), pa.py_buffer(sketches[usable].reshape(-1))],
        ),
    }
    fields = [table("document_signatures").schema.field(name) for name in columns]
    return pa.StructArray.from_arrays(list(columns.values()), fields=fields)


def distinct_shingles(text: pa.Array | pa.ChunkedArray, ngram: int = 5) -> pa.LargeListArray:
    """The shingles of every text as the sorted set of their hashes: what Jaccard similarity is measured on."""
    from data_platform.kernels.jaccard import sort_distinct

    shingles = word_ngram_hashes(text, ngram)
    offsets, values = sort_distinct(shingles.offsets.to_numpy(), shingles.values.to_numpy())
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values))


def sketches_of(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Sketches as rows of uint8, zero where there is none, and which documents have one.

    Raises:
        ValueError: if they were made with different settings.
    """
    array = column.combine_chunks().cast(pa.large_binary())
    sizes = pc.binary_length(array).to_numpy(zero_copy_only=False)
    usable = sizes > 0
    widths = np.unique(sizes[usable])
    if len(widths) > 1:
        raise ValueError(f"signatures of different settings cannot be compared: {', '.join(map(str, widths))} hashes")
    result = np.zeros((len(array), int(widths[0]) if len(widths) else 0), np.uint8)
    if len(widths):
        offsets = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
        result[usable] = np.frombuffer(array.buffers()[2], np.uint8)[offsets[0] : offsets[-1]].reshape(-1, widths[0])
    return result, usable


def band_keys(signed: pa.Table) -> Iterator[Keys]:
    """The keys of every band, proved by the bytes of the sketch that belong to it.

    Raises:
        ValueError: if signatures were made with different settings.
    """
    lists = signed["minhash_bands"].combine_chunks()
    sketches, usable = sketches_of(signed["minhash_sketch"])
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    rows = np.nonzero(usable)[0]
    bands = np.unique(lengths[rows])
    if len(bands) > 1:
        raise ValueError(f"signatures of different settings cannot be compared: bands {', '.join(map(str, bands))}")
    if not len(rows):
        return
    values = lists.flatten().to_numpy().reshape(len(rows), -1)
    count = int(bands[0])
    width = sketches.shape[1] // count
    for band in range(count):
        keys = np.zeros(len(lists), np.int64)
        keys[rows] = values[:, band]
        yield Keys(keys, np.ascontiguousarray(sketches[:, band * width : (band + 1) * width]), rows)


def estimated_similarity(sketches: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Jaccard similarity of the documents whose sketches are the rows `left[i]` and `right[i]`, float64 from 0 to 1."""
    from data_platform.kernels.minhash import agreement

    by_chance = 1 / 256
    return np.clip((agreement(sketches, left, right) - by_chance) / (1 - by_chance), 0.0, 1.0)


def recall(similarity: np.ndarray | float, bands: int = 14, rows: int = 8) -> np.ndarray | float:
    """The chance that two documents of this Jaccard similarity share a key: 1 - (1 - s^rows)^bands."""
    return 1 - (1 - similarity**rows) ** bands


def _offsets(usable: np.ndarray, width: int) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(np.where(usable, width, 0))))


def _permutations(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Odd multipliers and increments of 32 bits, `count` of each: upper halves of the splitmix64 sequence from `seed`.

    NumPy's generators would do, but their streams may change between versions of NumPy.
    """
    start = _mix(np.array([seed % 2**64], np.uint64))
    steps = np.arange(1, 2 * count + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
    random = _mix(start + steps)
    upper = (random >> np.uint64(32)).astype(np.uint32)
    return upper[:count] | np.uint32(1), upper[count:]


def _mix(values: np.ndarray) -> np.ndarray:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
