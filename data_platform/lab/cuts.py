"""A mixture cut by licence tier, and each cut drawn anew by the platform's own draw.

The cut at tier t admits the tiers of the mixture up to t, and else what the mixture admits, by the same mixer. All cuts
are drawn at one budget. A cut that has less than that is repeated as a whole, as far as it takes: more epochs than the
mixture allows are for whoever compares to tell.

Not here: texts and tokens (`ground.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.mixing.draw import Selection, select
from data_platform.mixing.settings import Mixture

_EVERYTHING = 2**62


@dataclass(frozen=True)
class Cut:
    """The part of a mixture within some licence tiers."""

    name: str
    tiers: tuple[int, ...]
    mixture: Mixture


def cuts_of(mixture: Mixture) -> list[Cut]:
    """One cut per tier that the mixture admits, each with the tiers below it; the last one is the mixture."""
    tiers = sorted(set(mixture.tiers))
    return [
        Cut(f"tier<={tier}", tuple(tiers[:number]), mixture.model_copy(update={"tiers": tuple(tiers[:number])}))
        for number, tier in enumerate(tiers, 1)
    ]


def admitted(candidates: pa.Table, cut: Cut) -> pa.Table:
    """The candidates that a cut draws from, whatever the budget, in the order of the draw."""
    everything = cut.mixture.model_copy(update={"tokens": _EVERYTHING, "max_epochs": 1.0})
    return _rows(candidates, select(candidates, everything, cut.name))


def draw(candidates: pa.Table, cut: Cut, tokens: int, seed: int) -> pa.Table:
    """Documents of a cut for a budget, counted by the recipe's tokenizer: the columns of candidates, `share`, the part
    of the tokens that the document's domain is given, and `repeats`, how often the document stands in one epoch.

    Args:
        candidates: as `stages.plans.candidates` gives them.
        tokens: the budget.
        seed: added to the mixture's.
    """
    there = admitted(candidates, cut)
    holds = float(np.dot(there["token_count"].to_numpy(), there["repeats"].to_numpy()))
    epochs = max(cut.mixture.max_epochs, tokens / holds if holds else 0.0)
    asked = {"tokens": tokens, "max_epochs": epochs, "seed": cut.mixture.seed + seed}
    return _rows(candidates, select(candidates, cut.mixture.model_copy(update=asked), cut.name))


def held(rows: pa.Table, tier: str) -> list[tuple[int, int, int]]:
    """Tier, documents and tokens of rows of candidates, whose tier is in the column `tier`."""
    grouped = rows.group_by(tier).aggregate([("doc_id", "count"), ("token_count", "sum")]).sort_by(tier)
    return [(row[tier], row["doc_id_count"], row["token_count_sum"]) for row in grouped.to_pylist()]


def without(candidates: pa.Table, ids: Sequence[str]) -> pa.Table:
    """Candidates other than those of `ids`."""
    return candidates.filter(pc.invert(pc.is_in(candidates["doc_id"], pa.array(ids, pa.string()))))


def _rows(candidates: pa.Table, selection: Selection) -> pa.Table:
    chosen = selection.chosen
    rows = candidates.take(pc.index_in(chosen["doc_id"], candidates["doc_id"].combine_chunks()))
    # Epochs of a document are those of its domain times how many documents it stands for.
    epochs, names = chosen["epochs"].to_numpy(), rows["domain"].combine_chunks().dictionary_encode()
    least = np.full(len(names.dictionary), np.inf)
    np.minimum.at(least, names.indices.to_numpy(), epochs)
    repeats = np.rint(epochs / least[names.indices.to_numpy()]).astype(np.int64)
    return rows.append_column("share", chosen["weight"]).append_column("repeats", pa.array(repeats))
