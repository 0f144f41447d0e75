"""Documents as the sequences that a run reads, in the exact order in which it reads them.

Every domain gets its share of the run's tokens, to the token: its documents are read pass by pass, and the last one is
cut where the share ends. The passes of all domains are laid beside each other over the whole run, so that at any moment
domains have been read in the proportion of their shares, and a document that is seen twice is seen in the first and in
the second half. Documents are joined, each after a token that ends the one before, and cut into sequences whatever
their borders (as GPT-3: Brown et al. 2020, arXiv:2005.14165, appendix B).

Not here: which documents those are (`lab/`), and what a pass is ordered by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

BEFORE = 0
"""The token before every document; no text is read as it."""


@dataclass(frozen=True)
class Reading:
    """What a run reads, and what that comes to.

    Attributes:
        sequences: int32, (sequences, context + 1), in order; each begins with the last token of the one before.
        seen: tokens read of every document, the one before it included.
        epochs: by domain, tokens read over tokens of the documents that were read.
        digest: SHA-256 of the documents in the order in which they are read, with the place where each is cut.
    """

    sequences: np.ndarray
    seen: np.ndarray
    epochs: Mapping[str, float]
    digest: str


def pack(
    ids: Sequence[str], tokens: Sequence[np.ndarray], domains: Sequence[str], shares: Mapping[str, float],
    count: int, context: int, order: Callable[[int], np.ndarray], repeats: np.ndarray | None = None,
) -> Reading:
    """Lay documents out as `count` sequences.

    Args:
        ids: of the documents.
        tokens: of every document.
        domains: of every document.
        shares: by domain, not negative; those of domains with documents are taken relative to each other.
        count: how many sequences.
        context: tokens of a sequence.
        order: gives the places of all documents in the order of a pass, counted from 0.
        repeats: how often a document stands in one pass; once, if not given.

    Raises:
        ValueError: if no domain with documents has a share.
    """
    lengths = np.array([len(some) + 1 for some in tokens], np.int64)
    repeats = np.ones(len(lengths), np.int64) if repeats is None else repeats
    labels = np.asarray(domains, object)
    wanted = _granted({domain: shares.get(domain, 0.0) for domain in sorted(set(domains))}, count * context + 1)
    orders = _Orders(order, repeats)
    documents, cuts, places, epochs = [], [], [], {}
    for domain, budget in wanted.items():
        members = labels == domain
        read, cut = _passes(lengths, members, orders, budget)
        documents.append(read)
        cuts.append(cut)
        places.append((np.cumsum(cut) - cut / 2) / budget)
        epochs[domain] = budget / int((lengths * repeats)[np.unique(read)].sum())
    documents, cuts, places = map(np.concatenate, (documents, cuts, places))
    # Equal places are left in the order of domains' names: sorting is stable.
    sequence = np.argsort(places, kind="stable")
    documents, cuts = documents[sequence], cuts[sequence]
    stream = np.concatenate([
        np.concatenate(([BEFORE], tokens[document][:cut - 1])) for document, cut in zip(documents, cuts, strict=True)
    ]).astype(np.int32)
    seen = np.bincount(documents, cuts, len(lengths)).astype(np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(stream, context + 1)[::context]
    read = "\n".join(f"{ids[document]} {cut}" for document, cut in zip(documents, cuts, strict=True))
    return Reading(windows, seen, epochs, hashlib.sha256(f"{context}\n{read}".encode()).hexdigest())


def _granted(shares: Mapping[str, float], length: int) -> dict[str, int]:
    """Whole tokens by domain, which sum to the length: the largest share has what rounding leaves."""
    total = sum(shares.values())
    if not total > 0:
        raise ValueError("no domain that has documents has a share")
    granted = {domain: int(length * share / total) for domain, share in shares.items()}
    granted[max(shares, key=shares.__getitem__)] += length - sum(granted.values())
    return {domain: tokens for domain, tokens in granted.items() if tokens}


class _Orders:
    """The order of every pass over all documents, each made once."""

    def __init__(self, order: Callable[[int], np.ndarray], repeats: np.ndarray) -> None:
        self._order, self._repeats = order, repeats
        self._made: list[np.ndarray] = []

    def of(self, number: int) -> np.ndarray:
        """Documents in the order of a pass, those that repeat as often as they do, evenly apart."""
        while len(self._made) <= number:
            places = np.asarray(self._order(len(self._made)))
            often = self._repeats[places]
            again = np.arange(often.sum()) - np.repeat(np.cumsum(often) - often, often)
            rank = (np.repeat(np.arange(len(places)), often) / len(places) + again) / np.repeat(often, often)
            self._made.append(np.repeat(places, often)[np.argsort(rank, kind="stable")])
        return self._made[number]


def _passes(
    lengths: np.ndarray, members: np.ndarray, orders: _Orders, budget: int
) -> tuple[np.ndarray, np.ndarray]:
    """Documents of one domain in the order in which they are read, and how many tokens of each, `budget` in all."""
    read, left = [], budget
    number = 0
    while left > 0:
        order = orders.of(number)
        order = order[members[order]]
        ends = np.cumsum(lengths[order])
        taken = order[:np.searchsorted(ends, left) + 1]
        read.append(taken)
        left -= int(lengths[taken].sum())
        number += 1
    documents = np.concatenate(read)
    cut = lengths[documents]
    cut[-1] += min(left, 0)
    return documents, cut
