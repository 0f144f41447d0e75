"""The files of a proof: which there are behind a mixture, and which of them were read and found as they were committed.

Bytes are hashed again and compared with the digests of the commits: of all files, of as many as are asked for, drawn by
chance, or of none. A sample says what it can have missed. Not here: how files are read (`lake/custody.py`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from data_platform.lake.custody import Breach, Custody
from data_platform.proof.look import Share

SPARED = 0.01
"""The share of altered files, or records, for which a sample says how likely it misses all of them."""


@dataclass(frozen=True)
class Looked:
    """What was looked at of many.

    Attributes:
        total: how many there are.
        read: how many were looked at.
        undigested: those of them of which the platform said no digest when it wrote them.
    """

    total: int
    read: int
    undigested: int = 0

    @property
    def escapes(self) -> float:
        """Probability that not one is among those that were read, if one in a hundred was altered, at least one."""
        return escape(self.total, self.read, max(1, round(SPARED * self.total)))

    def to_dict(self) -> dict[str, float]:
        """As plain values."""
        return {**vars(self), "escapes": self.escapes}


def escape(total: int, read: int, altered: int) -> float:
    """Probability that a sample without replacement of `read` of `total` meets none of `altered` (hypergeometric)."""
    if not total or altered > total - read:
        return 0.0
    return math.exp(sum(math.log1p(-read / (total - place)) for place in range(altered)))


def check_files(
    custody: Custody, places: Sequence[tuple[str, str, int | None]], share: Share
) -> tuple[Looked, list[Breach]]:
    """Check the files of places, each table, partition and version: that they are there, of their size, no links, and,
    of as many as `share` says, that their bytes are those that were committed."""
    known = {name: custody.digests(name) for name, _, _ in places}
    files = {
        (name, file.path): file.path in known[name]
        for name, partition, version in places for file in custody.files(name, partition or None, version)
    }
    every = sorted(files)
    drawn = every if share is None else random.SystemRandom().sample(every, min(share, len(every)))
    chosen: dict[str, set[str]] = {}
    for name, path in drawn:
        chosen.setdefault(name, set()).add(path)
    found = [
        breach for name, partition, version in places
        for breach in custody.altered_files(name, partition or None, version, chosen.get(name, set()))
    ]
    return Looked(len(every), len(drawn), sum(not files[key] for key in drawn)), list(dict.fromkeys(found))
