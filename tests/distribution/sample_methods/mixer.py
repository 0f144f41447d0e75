"""As much of every domain as of any other, as far as it lasts."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.mixer import Mixer


class UniMax(Mixer, name="sample_unimax"):
    """Uniform weights, but no domain more than a few times over; what it cannot take goes to the others in equal parts
    (Chung et al. 2023, UniMax, arXiv:2304.09151, algorithm 1)."""

    examples = (
        Example(
            {"domains": {"domain": ["big", "middle", "small"], "documents": [9, 2, 1], "tokens": [1000, 100, 10]},
             "tokens": 90, "max_epochs": 1},
            {"big": 40 / 90, "middle": 40 / 90, "small": 10 / 90}, {},
            "by hand: 10, then half of 80 each",
        ),
    )

    def weights(self, domains: pa.Table, tokens: int, max_epochs: float) -> Mapping[str, float]:
        """Shares of the budget that is spent, the smallest domain first."""
        sizes = dict(zip(domains["domain"].to_pylist(), domains["tokens"].to_pylist(), strict=True))
        given, left = {}, float(tokens)
        for place, (domain, size) in enumerate(sorted(sizes.items(), key=lambda one: (one[1], one[0]))):
            given[domain] = min(left / (len(sizes) - place), max_epochs * size)
            left -= given[domain]
        total = sum(given.values())
        return {domain: share / total for domain, share in given.items() if share}
