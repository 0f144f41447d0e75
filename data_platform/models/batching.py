"""How token sequences become windows of a model's context, and windows become batches of similar length.

Pure arithmetic over lengths. Not here: tokens, models, devices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np


class Window(NamedTuple):
    """Positions `start` to `stop` of one sequence, read at once; those from `first_target` on are predicted."""

    sequence: int
    start: int
    stop: int
    first_target: int


def windows(lengths: Sequence[int], context: int | None) -> list[Window]:
    """Windows of at most `context` positions that predict every position of every sequence but its first, once.

    A sequence that fits is one window. A longer one is read in steps of half a context, so that every position after
    the first window is predicted from at least context // 2 positions before it ("strided" evaluation: Hugging Face,
    "Perplexity of fixed-length models"). A context of None is unlimited. Sequences of one position have no window.
    """
    if context is not None and context < 2:
        raise ValueError(f"a context of {context} positions predicts nothing; it must be 2 or more")
    limit = context or max(lengths, default=1)
    result = []
    for sequence, length in enumerate(lengths):
        stop, target = min(length, limit), 1
        while target < length:
            result.append(Window(sequence, max(0, stop - limit), stop, target))
            target, stop = stop, min(length, stop + (limit + 1) // 2)
    return result


def batches(lengths: Sequence[int], budget: int) -> Iterator[np.ndarray]:
    """Indices of `lengths` in batches whose padded size, longest times count, is at most `budget`.

    Longest first, so that memory runs short at the first batch or never, and neighbours in length share a batch, so
    that little is padding. A sequence longer than the budget is a batch of its own.
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    start = 0
    while start < len(order):
        count = max(1, budget // max(1, int(lengths[order[start]])))
        yield order[start : start + count]
        start += count
