"""How often a document is to be repeated for the copies that were dropped.

FineWeb2 (Penedo et al. 2025, arXiv:2506.20920) drops all copies but one, and repeats what stays by the size of its
cluster: pages with few copies and pages with very many are of less quality than those between, as the share of them
shows that filters remove. Here belongs the weight of a size, and the derivation of weights from such shares, as in
misc/rehydration of github.com/huggingface/fineweb-2. Not here: sampling (`mixing/`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

FINEWEB2: Mapping[int, int] = {1: 1, 2: 2, 3: 3, 5: 5, 100: 8, 1000: 1}
"""The weights that the data card of FineWeb2 gives for all languages, by the least size that each holds for."""


def weights(sizes: np.ndarray, by_size: Mapping[int, int]) -> np.ndarray:
    """The weight of every cluster size: that of the largest size in `by_size` that is not above it; 1 below all."""
    steps = np.array(sorted(by_size), np.int64)
    values = np.array([1, *(by_size[int(step)] for step in steps)], np.int64)
    return values[np.searchsorted(steps, sizes, side="right")]


def learned_weights(
    sizes: np.ndarray, removal_rates: np.ndarray, overall_rate: float, most: int = 10, window: int = 5
) -> dict[int, int]:
    """Weights by least size, from the share of documents that filters remove from clusters of each size.

    A size whose documents are removed as often as all are, or more often, is not repeated; the size that is removed
    least is repeated `most` times; between the two the weight is linear in the rate. Weights are then averaged over
    `window` sizes, but for those at either end, and rounded, half to even. Published values: `most` is 10, `window` 5.

    Args:
        sizes: cluster sizes, ascending; the last one stands for all that are larger.
        removal_rates: share of documents removed, one per size.
        overall_rate: share of all documents that was removed.

    Raises:
        ValueError: if there are no sizes, they do not ascend, or there is not one rate for each.
    """
    sizes, rates = np.asarray(sizes), np.asarray(removal_rates, np.float64)
    if not len(sizes) or len(sizes) != len(rates) or (np.diff(sizes) <= 0).any():
        raise ValueError("there must be ascending cluster sizes and one removal rate for each")
    share = np.zeros(len(rates))
    if (below := rates < overall_rate).any():
        share[below] = (overall_rate - rates[below]) / (overall_rate - rates.min())
    exact = 1 + (most - 1) * share
    smooth = exact.copy()
    half = window // 2
    for place in range(half, len(sizes) - half):
        smooth[place] = exact[place - half : place + half + 1].mean()
    repeated = np.round(smooth).astype(np.int64)
    changes = np.nonzero(np.diff(repeated, prepend=-1))[0]
    return {int(sizes[place]): int(repeated[place]) for place in changes}
