"""Does MinHash find as many near-duplicates as theory says, and are those that it finds alike?

    python -m benchmarks.dedup_recall --data ../shared/data

The pairs are those of equal name in five snapshots of the OWASP cheat sheets: one page at two times, at every degree of
similarity, measured as the Jaccard similarity of word 5-grams. Nothing was tuned on them. One set of permutations finds
a pair or not, so the share found in a bin has a sampling error; pages of five snapshots are not independent, so the
error is estimated by drawing pages, not pairs (bootstrap), and beside it stands the mean over many seeds, in which the
error of the permutations is gone. Precision is the share of alike pairs among those found, of all pairs of documents.
"""

from __future__ import annotations

import itertools
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.common import parser, show
from data_platform.methods.duplicates.exact import ExactCopies
from data_platform.methods.duplicates.minhash import MinHash, distinct_shingles, recall, signatures

BINS = (0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.999, 1.0001)
RESAMPLED = 1_000


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, default=50, help="sets of permutations (default: %(default)s)")
    options.add_argument("--bands", type=int, default=14)
    options.add_argument("--rows", type=int, default=8)
    arguments = options.parse_args()
    names, texts = pages(arguments.data)
    left, right, similarity = _all_pairs(texts)
    same = np.array([names[one] == names[two] for one, two in zip(left, right, strict=True)])
    found = np.stack([
        _found(texts, left, right, arguments.bands, arguments.rows, seed) for seed in range(1, arguments.seeds + 1)
    ])
    _recall(names, left[same], similarity[same], found[:, same], arguments)
    _precision(similarity, same, found)
    _clusters(texts, names)


def pages(data: Path) -> tuple[list[str], list[str]]:
    """Names and texts of the cheat sheets of all snapshots.

    Raises:
        SystemExit: if the data folder does not have them.
    """
    names, texts = [], []
    for path in sorted((data / "domains").glob("cc-by-sa-*/owasp-cheatsheets-*.tar.xz")):
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and member.name.endswith(".md"):
                    names.append(Path(member.name).name)
                    texts.append(archive.extractfile(member).read().decode())
    if not names:
        raise SystemExit(f"no OWASP cheat sheets in {data}")
    return names, texts


def _all_pairs(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pairs of documents that have shingles, and their true similarity."""
    from data_platform.kernels import jaccard as kernels

    shingles = distinct_shingles(pa.array(texts, pa.large_string()))
    usable = np.nonzero(shingles.value_lengths().to_numpy())[0]
    left, right = (usable[side] for side in np.triu_indices(len(usable), 1))
    return left, right, kernels.jaccards(shingles.offsets.to_numpy(), shingles.values.to_numpy(), left, right)


def _found(
    texts: Sequence[str], left: np.ndarray, right: np.ndarray, bands: int, rows: int, seed: int
) -> np.ndarray:
    """Which pairs have a band in common."""
    signed = signatures(pa.array(texts, pa.large_string()), bands=bands, rows=rows, seed=seed)
    keys = np.zeros((len(texts), bands), np.int64)
    lists = signed.field("minhash_bands")
    usable = lists.value_lengths().to_numpy() > 0
    keys[usable] = lists.flatten().to_numpy().reshape(-1, bands)
    return np.logical_or.reduce([keys[left, band] == keys[right, band] for band in range(bands)])


def _recall(names: Sequence[str], left: np.ndarray, similarity: np.ndarray, found: np.ndarray, arguments) -> None:
    page = np.unique([names[row] for row in left], return_inverse=True)[1]
    chance = np.random.default_rng(0)
    drawn = np.stack([np.bincount(chance.integers(0, page.max() + 1, page.max() + 1), minlength=page.max() + 1)
                      for _ in range(RESAMPLED)])[:, page]
    theory = recall(similarity, arguments.bands, arguments.rows)
    rows = []
    for low, high in [*itertools.pairwise(BINS), (0, BINS[-1])]:
        some = (similarity >= low) & (similarity < high)
        weights = drawn[:, some]
        difference = (weights * (found[0, some] - theory[some])).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)
        first, expected = found[0, some].mean(), theory[some].mean()
        error = difference.std()
        rows.append([f"{low} to {min(high, 1)}", int(some.sum()), expected, first, error,
                     "yes" if abs(first - expected) <= 2 * error + 1 / some.sum() else "no", found[:, some].mean(),
                     found[:, some].mean(axis=1).std() / np.sqrt(len(found))])
    show(f"Recall of {len(similarity)} pairs of one page, {arguments.bands} bands of {arguments.rows}",
         ["Jaccard similarity", "pairs", "1-(1-s^r)^b", "found, seed 1", "sampling error", "within two",
          f"mean of {len(found)} seeds", "error of the mean"], rows)


def _precision(similarity: np.ndarray, same: np.ndarray, found: np.ndarray) -> None:
    rows = []
    for least in (0.5, 0.6, 0.7, 0.8):
        alike = similarity >= least
        shares = [[(seed & alike).sum() / max(1, seed.sum()), (seed & alike).sum() / alike.sum()] for seed in found]
        precision, reached = np.mean(shares, axis=0)
        first = found[0]
        rows.append([least, int(alike.sum()), int(first.sum()), (first & alike).sum() / first.sum(),
                     (first & alike).sum() / alike.sum(), precision, reached])
    strangers = found & ~same
    show("Precision among all pairs of documents, if those of at least this similarity are alike",
         ["least similarity", "alike", "found, seed 1", "precision", "recall", "precision, mean", "recall, mean"], rows)
    print(f"\nPairs found that are not of one name: {int(strangers[0].sum())} with seed 1, the least similar "
          f"{similarity[strangers.any(axis=0)].min(initial=1):.2f} with any seed (pages that were renamed). "
          f"Of all found with any seed the least similar pair: {similarity[found.any(axis=0)].min():.2f}.")


def _clusters(texts: Sequence[str], names: Sequence[str]) -> None:
    """What verification does to pairs and clusters, and how near estimates are."""
    from data_platform.duplicates.candidates import copy_pairs
    from data_platform.kernels import jaccard as kernels

    array = pa.array(texts, pa.large_string())
    signed = pa.Table.from_struct_array(signatures(array))
    ids = pa.array([f"{place:032x}" for place in range(len(texts))])
    documents = signed.append_column("doc_id", ids).append_column("snapshot", pa.array(["now"] * len(texts)))
    shingles = distinct_shingles(array)

    def of(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chosen = shingles.take(pa.array(rows))
        return (np.concatenate(([0], np.cumsum(chosen.value_lengths().to_numpy()))),
                chosen.flatten().to_numpy(zero_copy_only=False))

    rows = []
    pairers = [ExactCopies(ExactCopies.Settings()), MinHash(MinHash.Settings())]
    for verify in (None, 0.7, 0.8, 0.9):
        pairs = copy_pairs(documents, "now", pairers, verify, of)
        one, two = (np.array([int(name, 16) for name in pairs[side].to_pylist()]) for side in ("doc_id", "matched_id"))
        true = kernels.jaccards(shingles.offsets.to_numpy(), shingles.values.to_numpy(), one, two)
        same = np.mean([names[a] == names[b] for a, b in zip(one, two, strict=True)])
        given = pairs["similarity"].to_numpy(zero_copy_only=False)
        rows.append(["a band" if verify is None else f"at least {verify}", len(one), true.min(), true.mean(), same,
                     np.abs(given - true).mean(), np.abs(given - true).max()])
    show("Pairs that are stored, by what makes a pair",
         ["pair", "pairs", "least similar", "mean similarity", "of one name", "mean error of `similarity`", "largest"],
         rows)


if __name__ == "__main__":
    main()
