"""MinHash signatures, cut into bands: the keys by which near-duplicates are found.

Here belongs how a text becomes band keys. Not here: what is done with equal keys (`candidates.py`, `clusters.py`), and
the words (`text/words.py`).

Broder 1997, "On the resemblance and containment of documents": under a random permutation of all shingles, two
documents with Jaccard similarity s have the same smallest shingle with probability s. A signature holds such minima for
bands x rows permutations; two documents are candidates if all rows of at least one band agree, which happens with
probability 1 - (1 - s^rows)^bands. FineWeb (Penedo et al. 2024, arXiv 2406.17557, section 3.4) takes word 5-grams and
14 bands of 8 rows: 0.05 at s = 0.5, 0.21 at 0.6, 0.57 at 0.7, 0.92 at 0.8, 0.9996 at 0.9.

A permutation is a*x + b modulo 2^64 with odd a, a bijection of the 64-bit shingle hashes x (Dietzfelbinger et al. 1997;
that so simple a function serves on data that is hashed already: Mitzenmacher and Vadhan 2008).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data_platform.columns import table
from data_platform.dedup.exact import exact_hash
from data_platform.text.words import word_ngram_hashes

_GOLDEN = 0x9E3779B97F4A7C15


def signatures(
    text: pa.Array | pa.ChunkedArray, ngram: int = 5, bands: int = 14, rows: int = 8, seed: int = 1
) -> pa.StructArray:
    """The hashes by which duplicates of every text are found. Each text's depend on that text and the settings alone.

    Args:
        text: strings of any Arrow layout; nulls count as empty.
        ngram: words per shingle; words are those of `word_ngram_hashes`.
        bands: number of bands.
        rows: permutations per band.
        seed: seed of the permutations. Only signatures with the same four settings can be compared.

    Returns:
        One struct per text with the columns of table `document_signatures`: `exact_hash`, `shingle_count` (distinct
        shingles) and `minhash_bands` (one key per band). A text with fewer than `ngram` words has no band keys, so that
        it can only be an exact duplicate.

    Raises:
        ValueError: if `ngram`, `bands` or `rows` is less than 1.
    """
    if min(bands, rows) < 1:
        raise ValueError(f"bands and rows must be at least 1, not {bands} and {rows}")
    from data_platform.dedup import kernels

    shingles = word_ngram_hashes(text, ngram)
    counts, keys = kernels.minhash_bands(
        shingles.offsets.to_numpy(), shingles.values.to_numpy(), *_permutations(bands * rows, seed), bands
    )
    offsets = np.concatenate(([0], np.cumsum(np.where(counts > 0, bands, 0)))).astype(np.int32)
    columns = {
        "exact_hash": exact_hash(text),
        "shingle_count": pa.array(counts),
        "minhash_bands": pa.ListArray.from_arrays(pa.array(offsets), pa.array(keys[counts > 0].reshape(-1))),
    }
    fields = [table("document_signatures").schema.field(name) for name in columns]
    return pa.StructArray.from_arrays(list(columns.values()), fields=fields)


def _permutations(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Odd multipliers and increments, `count` of each: the splitmix64 sequence that starts at the mixed `seed`.

    NumPy's generators would do, but their streams may change between versions of NumPy.
    """
    start = _mix(np.array([seed % 2**64], np.uint64))
    steps = np.arange(1, 2 * count + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
    random = _mix(start + steps)
    return random[:count] | np.uint64(1), random[count:]


def _mix(values: np.ndarray) -> np.ndarray:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
