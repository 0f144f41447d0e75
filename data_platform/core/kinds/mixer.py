"""Mixers: which share of a mixture each domain is given. Who is admitted and what is drawn is not theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pyarrow as pa

from data_platform.core.kinds.method import Kind, Method

MIXER = Kind(
    name="mixer", section="mixtures.<name>.mixer", folder="mix", family="",
    rows="one weight per domain", partitioned=False, phase="mix",
    licence="none: a weight is no text", takedown="weights are found anew from what stays",
)


class Mixer(Method):
    """Finds a weight for every domain. The platform admits documents, shares the budget, draws, and counts epochs
    (`mixing/`).

    Of an example, `given` has `domains` by column, `tokens` and `max_epochs`, and `gives` their weights by name.
    """

    kind: ClassVar[Kind] = MIXER

    def weights(self, domains: pa.Table, tokens: int, max_epochs: float) -> Mapping[str, float]:
        """Domain to weight, not negative and not all zero; the platform normalises. A domain left out has none.

        Args:
            domains: one row per domain with admitted documents, by name: `domain`, `documents`, `tokens`.
            tokens: budget of the mixture.
            max_epochs: how often the mixture lets a document be seen at the most.
        """
        raise NotImplementedError

    def named(self) -> frozenset[str]:
        """Domains that the settings name: each has to be one that the recipe knows."""
        return frozenset()
