"""The best part by one score."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pydantic import Field

from data_platform.core.kinds.method import Example, Section
from data_platform.core.kinds.selector import Choice, Selector
from data_platform.core.order import hashed_order
from data_platform.core.settings import Part


class TopFraction(Selector, name="top_fraction"):
    """The documents with the highest score, up to a share of all tokens: how DCLM-Baseline is cut (Li et al. 2024,
    arXiv:2406.11794, section 4.4, which keeps a tenth of the documents by a fastText score; here tokens count). Of
    documents with equal scores a hash of the doc_id decides."""

    class Settings(Section):
        """The score and the share."""

        score: str = Field(default="quality_score", description="Column of a score, or entry.column.")
        fraction: float = Field(default=0.1, gt=0, le=1, description="Share of the tokens that is kept at the most.")
        lowest: bool = Field(default=False, description="Keep the lowest scores instead, such as of a perplexity.")

    examples = (
        Example(
            given={"doc_id": ["a", "b", "c", "d"], "domain": ["web"] * 4, "token_count": [10, 10, 10, 10],
                   "quality_score": [0.1, 0.9, 0.5, 0.7]},
            gives={"selected": [False, True, False, True]}, settings={"fraction": 0.5},
            source="by hand: the two best of four documents of one length are half of the tokens",
        ),
    )

    @classmethod
    def columns(cls, settings: Part) -> tuple[str, ...]:
        """The score."""
        return (settings.score,)

    def select(self, candidates: pa.Table) -> Choice:
        """The best documents whose tokens together stay within the share."""
        scores = candidates[self.settings.score].to_numpy().astype(np.float64)
        utility = -scores if self.settings.lowest else scores
        chance = np.empty(len(utility), np.int64)
        order = hashed_order(candidates["doc_id"].combine_chunks(), 0)
        chance[order] = np.arange(len(order))
        best = np.lexsort((chance, -utility))
        tokens = candidates["token_count"].to_numpy()
        within = np.cumsum(tokens[best]) <= self.settings.fraction * tokens.sum()
        selected = np.zeros(len(utility), bool)
        selected[best[within]] = True
        return Choice(utility, selected)
