"""As much of every domain as of any other, as far as it lasts."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from pydantic import Field

from data_platform.core.kinds.method import Example, Section
from data_platform.core.kinds.mixer import Mixer


class UniMax(Mixer, name="sample_unimax"):
    """Uniform weights, but no domain more than a few times over; what it cannot take goes to the others in equal parts
    (Chung et al. 2023, UniMax, arXiv:2304.09151, algorithm 1)."""

    class Settings(Section):
        """The budget and how often a domain may be seen."""

        tokens: int = Field(ge=1, description="Token budget.")
        epochs: float = Field(default=4.0, gt=0, description="How often a domain may be seen at the most.")

    examples = (
        Example(
            {"domain": ["big", "middle", "small"], "documents": [9, 2, 1], "tokens": [1000, 100, 10]},
            {"big": 40 / 90, "middle": 40 / 90, "small": 10 / 90}, {"tokens": 90, "epochs": 1},
            "by hand: 10, then half of 80 each",
        ),
    )

    def weights(self, domains: pa.Table) -> Mapping[str, float]:
        """Shares of the budget that is spent, the smallest domain first."""
        sizes = dict(zip(domains["domain"].to_pylist(), domains["tokens"].to_pylist(), strict=True))
        given, left = {}, float(self.settings.tokens)
        for place, (domain, tokens) in enumerate(sorted(sizes.items(), key=lambda size: (size[1], size[0]))):
            given[domain] = min(left / (len(sizes) - place), self.settings.epochs * tokens)
            left -= given[domain]
        total = sum(given.values())
        return {domain: tokens / total for domain, tokens in given.items() if tokens}
