"""How much of target texts is made of the n-grams that the tiers and domains of a mixture hold.

The Open License Corpus is compared in this way with what a model is asked about (Min et al. 2023, SILO,
arXiv:2308.04430): where the free tiers have few n-grams of a domain, a model that was trained on them is weak there,
and a datastore of the other tiers has most to give. A share grows with the words that it is sought in, so the words are
told beside it: compare what has as many.

Words are those of `text/words.py`: without case, marks and diacritics, all numbers alike. Texts are counted and never
shown. Not here: evaluation items that must not occur (`methods/decontaminate/`), and how it is printed (`cli/`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.lake.lake import Lake
from data_platform.methods.decontaminate.items import read_items
from data_platform.methods.decontaminate.settings import EvaluationSet
from data_platform.text.words import word_ngram_hashes

OVERLAP = pa.schema({
    "mixture": pa.string(), "license_tier": pa.int8(), "domain": pa.string(), "documents": pa.int64(),
    "words": pa.int64(), "target": pa.string(), "ngram": pa.int64(), "coverage": pa.float64(), "types": pa.float64(),
})
"""One row per mixture, tier, domain, target and length of n-grams. A null domain stands for all domains of the tier, a
null tier for all tiers. `coverage` is the share of the target's n-grams, repetitions counted, that occur there, `types`
the share of its distinct n-grams; null if the target has none of that length."""

_TEXTS = 512


class _Target:
    """The n-grams of a target: distinct hashes in order, and how often each occurs."""

    def __init__(self, texts: pa.Array, length: int) -> None:
        self.length = length
        self.hashes, self.counts = np.unique(_ngrams(texts, length), return_counts=True)

    def among(self, hashes: np.ndarray) -> np.ndarray:
        """Which of them are among some hashes: bool, one per distinct n-gram."""
        return np.isin(self.hashes, hashes)

    def coverage(self, found: np.ndarray) -> float | None:
        """The share of occurrences that were found."""
        return float(self.counts[found].sum() / self.counts.sum()) if len(found) else None


def ngram_overlap(
    mixtures: Sequence[tuple[Lake, str]], targets: Mapping[str, EvaluationSet], ngrams: Sequence[int]
) -> pa.Table:
    """Rows of `OVERLAP`, sorted, of the latest versions of tables that hold texts under licences.

    Memory is that of the targets' n-grams, one bit for each per tier and domain, and a batch of texts.

    Args:
        mixtures: lakes and names of tables in them, such as mixture_open.
        targets: target texts by name, a field or several per row.
        ngrams: lengths in words, each at least 1.

    Raises:
        SourceError, EvaluationSetError: if the files of a target cannot be read.
    """
    wanted = {
        (name, length): _Target(texts, length)
        for name, target in sorted(targets.items()) for texts in [_texts(name, target)]
        for length in sorted(set(ngrams))
    }
    rows = []
    for lake, mixture in mixtures:
        documents: dict[tuple, int] = defaultdict(int)
        words: dict[tuple, int] = defaultdict(int)
        found: dict[tuple, np.ndarray] = {}
        for tier, domain, texts in _parts(lake, mixture):
            groups = ((None, None), (tier, None), (tier, domain))
            hashes = {length: _ngrams(texts, length) for length in {1, *ngrams}}
            for group in groups:
                documents[group] += len(texts)
                words[group] += len(hashes[1])
            for key, target in wanted.items():
                seen = target.among(hashes[target.length])
                for group in groups:
                    found[group, key] = found[group, key] | seen if (group, key) in found else seen
        rows += [
            {
                "mixture": mixture, "license_tier": group[0], "domain": group[1], "documents": documents[group],
                "words": words[group], "target": key[0], "ngram": key[1], "coverage": wanted[key].coverage(seen),
                "types": float(seen.mean()) if len(seen) else None,
            }
            for (group, key), seen in found.items()
        ]
    keys = ("mixture", "license_tier", "domain", "target", "ngram")
    return pa.Table.from_pylist(rows, schema=OVERLAP).sort_by([(key, "ascending") for key in keys])


def _parts(lake: Lake, table: str) -> Iterator[tuple[int, str, pa.Array]]:
    """Texts of one tier and domain at a time."""
    for batch in lake.read(table, ["license_tier", "domain", "text"]):
        rows = pa.table(batch)
        groups = rows.select(["license_tier", "domain"]).group_by(["license_tier", "domain"]).aggregate([])
        for group in groups.to_pylist():
            chosen = pc.and_(
                pc.equal(rows["license_tier"], group["license_tier"]), pc.equal(rows["domain"], group["domain"])
            )
            texts = rows["text"].filter(chosen)
            for start in range(0, len(texts), _TEXTS):
                yield group["license_tier"], group["domain"], texts.slice(start, _TEXTS)


def _texts(name: str, target: EvaluationSet) -> pa.Array:
    return pa.array(["\n".join(parts) for parts in read_items(name, target).fields], pa.large_string())


def _ngrams(texts: pa.Array | pa.ChunkedArray, length: int) -> np.ndarray:
    """Hashes of all n-grams of some texts, with repetitions."""
    return word_ngram_hashes(texts, length).values.to_numpy()
