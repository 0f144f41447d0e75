"""Documents drawn by their scores."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
from pydantic import Field

from data_platform.core.kinds.method import Example, Section
from data_platform.core.kinds.selector import Choice, Selector
from data_platform.core.settings import Part


class Drawn(Selector, name="sample_drawn"):
    """A share of the documents, drawn without replacement with scores as logits (Wettig et al. 2024, QuRating,
    arXiv:2402.09739), by the Gumbel-top-k trick (Kool et al. 2019, arXiv:1903.06059). The chance of a document comes
    from a hash of its id."""

    class Settings(Section):
        """The score, the share, and how much the score counts."""

        score: str = Field(description="Column of a score, or entry.column.")
        fraction: float = Field(default=0.5, gt=0, le=1, description="Share of the documents.")
        temperature: float = Field(default=2.0, gt=0, description="The larger, the less the score counts.")
        seed: int = Field(default=0, ge=0, description="Seed of the draw.")

    examples = (
        Example(
            {"doc_id": ["a", "b", "c", "d"], "domain": ["web"] * 4, "token_count": [1, 1, 1, 1],
             "nearness": [0.0, 9.0, 8.0, 1.0]},
            {"selected": [False, True, True, False]}, {"score": "nearness", "temperature": 1e-3},
            "without temperature the draw takes the highest scores",
        ),
    )

    @classmethod
    def columns(cls, settings: Part) -> tuple[str, ...]:
        """The score."""
        return (settings.score,)

    def select(self, candidates: pa.Table) -> Choice:
        """Those whose score over the temperature, with Gumbel noise, is highest."""
        ids = candidates["doc_id"].to_pylist()
        uniform = np.array([self._uniform(doc_id) for doc_id in ids], np.float64)
        scores = candidates[self.settings.score].to_numpy().astype(np.float64)
        utility = scores / self.settings.temperature - np.log(-np.log(uniform))
        best = sorted(range(len(ids)), key=lambda row: (-utility[row], ids[row]))
        selected = np.zeros(len(ids), bool)
        selected[best[:int(np.ceil(self.settings.fraction * len(ids)))]] = True
        return Choice(utility, selected)

    def _uniform(self, doc_id: str) -> float:
        """A number between 0 and 1, neither of them."""
        digest = hashlib.blake2b(f"{self.settings.seed} {doc_id}".encode(), digest_size=6).digest()
        return (int.from_bytes(digest, "big") + 0.5) / 2**48
