"""MinHash signatures, cut into bands: the keys by which near-duplicates are found.

Here belongs how a text becomes band keys. Not here: what is done with equal keys (`duplicates/candidates.py`,
`duplicates/clusters.py`), and the words (`text/words.py`).

Broder 1997, "On the resemblance and containment of documents": under a random permutation of all shingles, two
documents with Jaccard similarity s have the same smallest shingle with probability s. A signature holds such minima for
bands x rows permutations; two documents are candidates if all rows of at least one band agree, which happens with
probability 1 - (1 - s^rows)^bands. FineWeb (Penedo et al. 2024, arXiv 2406.17557, section 3.4) takes word 5-grams and
14 bands of 8 rows: 0.05 at s = 0.5, 0.21 at 0.6, 0.57 at 0.7, 0.92 at 0.8, 0.9996 at 0.9.

A permutation is a*x + b modulo 2^32 with odd a, a bijection of the upper halves x of the shingle hashes (Dietzfelbinger
et al. 1997; that so simple a function serves on data that is hashed already: Mitzenmacher and Vadhan 2008). 32 bits
take two different shingles for one with a chance of 1 in 4 thousand million, and a quarter of the time of 64 bits.

Beside the keys a signature keeps a sketch: one byte of every minimum (b-bit minwise hashing with b = 8: Li and König,
WWW 2010). The share of equal bytes of two sketches, less the 1 in 256 that are equal by chance, estimates the
similarity of any two documents with a standard error of sqrt(s (1 - s) / permutations), 0.047 at the most for 112. And
the bytes of a band prove its key: documents of one bucket agree in 64 + 8 x rows bits, not in 64 alone.

Words, hashes and permutations are our own unless those of datatrove 0.10 are asked for (`datatrove.py`), which take
longer and give the pairs that datatrove finds, not others that are as good.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data_platform.core.tables import table
from data_platform.text.buffers import text_buffers
from data_platform.text.characters import character_table
from data_platform.text.identity import exact_hash, hexadecimal
from data_platform.text.words import word_ngram_hashes

OWN, DATATROVE = "own", "datatrove-0.10"
"""Whose words, hashes and permutations a signature is made of."""

_GOLDEN = 0x9E3779B97F4A7C15


def signatures(
    text: pa.Array | pa.ChunkedArray, ngram: int = 5, bands: int = 14, rows: int = 8, seed: int = 1,
    hashes: str = OWN,
) -> pa.StructArray:
    """The hashes by which duplicates of every text are found. Each text's depend on that text and the settings alone.

    Args:
        text: strings of any Arrow layout; nulls count as empty.
        ngram: words per shingle; words are those of `word_ngram_hashes`.
        bands: number of bands.
        rows: permutations per band.
        seed: seed of the permutations.
        hashes: `OWN`, or `DATATROVE` for the words, hashes and permutations of datatrove 0.10. Only signatures with the
            same five settings can be compared.

    Returns:
        One struct per text with the columns of table `document_signatures`: `exact_hash`, `shingle_count` (distinct
        shingles), `minhash_bands` (one key per band) and `minhash_sketch` (one byte per permutation). A text with fewer
        than `ngram` words has neither keys nor a sketch, so that it can only be an exact duplicate.

    Raises:
        ValueError: if `ngram`, `bands` or `rows` is less than 1, or `hashes` neither of the two.
    """
    if min(ngram, bands, rows) < 1:
        raise ValueError(f"ngram, bands and rows must be at least 1, not {ngram}, {bands} and {rows}")
    if hashes not in (OWN, DATATROVE):
        raise ValueError(f"hashes must be {OWN} or {DATATROVE}, not {hashes}")
    found = _of_datatrove if hashes == DATATROVE else _own
    exact, counts, keys, sketches = found(text, ngram, bands, bands * rows, seed)
    usable = counts > 0
    columns = {
        "exact_hash": exact,
        "shingle_count": pa.array(counts),
        "minhash_bands": pa.ListArray.from_arrays(
            pa.array(_offsets(usable, bands).astype(np.int32)), pa.array(keys[usable].reshape(-1))
        ),
        "minhash_sketch": pa.LargeBinaryArray.from_buffers(
            pa.large_binary(), len(counts),
            [None, pa.py_buffer(_offsets(usable, bands * rows)), pa.py_buffer(sketches[usable].reshape(-1))],
        ),
    }
    fields = [table("document_signatures").schema.field(name) for name in columns]
    return pa.StructArray.from_arrays(list(columns.values()), fields=fields)


def _own(text, ngram: int, bands: int, permutations: int, seed: int) -> tuple:
    from data_platform.kernels import minhash as kernels
    from data_platform.kernels import text_hashes

    characters = character_table()
    offsets, shingles, exact = text_hashes.hash_texts(
        *text_buffers(text), characters.pages, characters.classes, characters.folded, characters.lower, ngram
    )
    return hexadecimal(exact), *kernels.minhash_bands(offsets, shingles, *_permutations(permutations, seed), bands)


def _of_datatrove(text, ngram: int, bands: int, permutations: int, seed: int) -> tuple:
    from data_platform.kernels import minhash as kernels
    from data_platform.methods.duplicates import datatrove

    offsets, shingles = datatrove.ngram_hashes(text, ngram)
    minima = datatrove.minima(offsets, shingles, permutations, seed)
    return exact_hash(text), *kernels.band_keys(offsets, shingles, minima, bands)


def distinct_shingles(text: pa.Array | pa.ChunkedArray, ngram: int = 5, hashes: str = OWN) -> pa.LargeListArray:
    """The shingles of every text as the sorted set of their hashes: what Jaccard similarity is measured on."""
    from data_platform.kernels.jaccard import sort_distinct
    from data_platform.methods.duplicates import datatrove

    if hashes == DATATROVE:
        found = datatrove.ngram_hashes(text, ngram)
    else:
        shingles = word_ngram_hashes(text, ngram)
        found = shingles.offsets.to_numpy(), shingles.values.to_numpy()
    offsets, values = sort_distinct(*found)
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values))


def estimated_similarity(sketches: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Jaccard similarity of the documents whose sketches are the rows `left[i]` and `right[i]`, float64 from 0 to 1."""
    from data_platform.kernels import minhash as kernels

    by_chance = 1 / 256
    return np.clip((kernels.agreement(sketches, left, right) - by_chance) / (1 - by_chance), 0.0, 1.0)


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
