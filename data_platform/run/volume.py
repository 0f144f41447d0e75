"""Whether a snapshot has as many rows as the history of its sources lets one expect.

Not here: what follows from it (`assets/gates.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from data_platform.core.errors import many
from data_platform.lake.lake import Lake
from data_platform.run.settings import Volume
from data_platform.run.workspace import Workspace

_NORMAL_QUARTILE = 0.6745
"""0.75 quantile of the standard normal distribution: the MAD of normal values is this share of their deviation."""
_NORMAL_MEAN = 0.7979
"""Mean absolute value of a standard normal variable, which takes the place where more than half are equal."""


@dataclass(frozen=True)
class Verdict:
    """Whether a number of rows is odd, the numbers between which it would not be, and why, in words."""

    odd: bool
    low: int
    high: int
    said: str


def verdict(rows: int, history: Sequence[int], settings: Volume, of: str) -> Verdict:
    """Judge a number of rows by those before.

    Snapshots differ by factors, not by differences: the modified z-score is of logarithms (see `Volume`).

    Args:
        of: what the history is of, in words.
    """
    if len(history) < settings.min_history:
        said = (f"{many(rows, 'row')}; {of}: {many(len(history), 'earlier number')}, and {settings.min_history} make a "
                "history")
        return Verdict(False, 0, 0, said)
    logs = np.log1p(np.asarray(history, np.float64))
    median = float(np.median(logs))
    distances = np.abs(logs - median)
    spread = float(np.median(distances)) / _NORMAL_QUARTILE or float(distances.mean()) / _NORMAL_MEAN
    reach = max(settings.deviations * spread, math.log1p(settings.min_change))
    low, high = math.floor(np.expm1(median - reach)), math.ceil(np.expm1(median + reach))
    low = max(low, 1 if min(history) else 0)  # none at all is odd wherever there always were some
    said = (f"{many(rows, 'row')}; {of}: {len(history):,} numbers, median {round(np.expm1(median)):,}, usual {low:,} "
            f"to {high:,}")
    return Verdict(not low <= rows <= high, low, high, said)


def volume(workspace: Workspace, name: str, snapshot: str, settings: Volume) -> Verdict:
    """Judge the rows of one snapshot of a table: by the other snapshots of the same sources of the recipe, or, where
    these have no other, by what earlier versions of the snapshot had.

    Raises:
        TableMissing: if the table was never written.
    """
    counts = _rows_by_snapshot(workspace.lake, name)
    series = _series(workspace)
    others = [other for other, sources in series.items() if sources == series.get(snapshot) and other != snapshot]
    if others:
        history = [counts[other] for other in others if other in counts]
        of = f"other snapshots of {', '.join(sorted(series[snapshot]))}"
    else:
        history = [row["rows"] for row in workspace.lake.history(name) if row["partition"] == snapshot][1:]
        of = "earlier versions of the snapshot"
    return verdict(counts.get(snapshot, 0), history, settings, of)


def _series(workspace: Workspace) -> dict[str, frozenset[str]]:
    """The sources of the recipe, as it states them, that each snapshot is of."""
    stated = {source.name for source in workspace.recipe.sources if source.snapshot is not None}
    found: dict[str, set[str]] = {}
    for name, source in workspace.sources.items():
        own = name if name in stated else name.removesuffix(f"-{source.snapshot}")
        found.setdefault(str(source.snapshot), set()).add(own)
    return {snapshot: frozenset(names) for snapshot, names in found.items()}


def _rows_by_snapshot(lake: Lake, name: str) -> dict[str, int]:
    """Rows of every snapshot of a table, from its log."""
    files = pa.table(lake.open(name).get_add_actions(flatten=True))
    if not files.num_rows:
        return {}
    sums = files.group_by("partition.snapshot").aggregate([("num_records", "sum")])
    return dict(zip(sums["partition.snapshot"].to_pylist(), sums["num_records_sum"].to_pylist(), strict=True))
