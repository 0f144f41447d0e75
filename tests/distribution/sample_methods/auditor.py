"""How varied the words of a mixture's domains are."""

from __future__ import annotations

from collections import Counter, defaultdict

import pyarrow as pa

from data_platform.core.kinds.auditor import Auditor, Mixture
from data_platform.core.kinds.method import Example


class Distinct(Auditor, name="sample_distinct"):
    """distinct-1 and distinct-2 of every domain: different words, and different pairs of words, over all words (Li et
    al. 2016, arXiv:1510.03055)."""

    examples = (
        Example(
            {"domain": ["web", "web", "books"], "text": ["a b a", "a b", "c"]},
            [("books", "distinct_1", 1.0), ("books", "distinct_2", 0.0), ("web", "distinct_1", 0.4),
             ("web", "distinct_2", 0.4)],
            {}, "by hand: of a b a a b two words and two pairs, ab and ba",
        ),
    )

    def audit(self, mixture: Mixture) -> pa.Table:
        """Two findings per domain that has words."""
        seen: dict[tuple[str, int], set[tuple[str, ...]]] = defaultdict(set)
        total: Counter[str] = Counter()
        for batch in mixture.read(["domain", "text"]):
            for domain, text in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                words = text.split()
                total[domain] += len(words)
                for length in (1, 2):
                    seen[domain, length].update(zip(*(words[start:] for start in range(length)), strict=False))
        found = [(domain, length) for domain in sorted(total) if total[domain] for length in (1, 2)]
        return pa.table({
            "subject": pa.array([domain for domain, _ in found], pa.string()),
            "measure": pa.array([f"distinct_{length}" for _, length in found], pa.string()),
            "value": pa.array([len(seen[key]) / total[key[0]] for key in found], pa.float64()),
        })
