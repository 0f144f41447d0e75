"""The books: for every stage, rows in = rows kept + rows dropped by reason.

Counted from committed tables, at the versions that the stage's own commit names, never from counters of a run: a run
that failed and was launched again cannot spoil them. Not here: what happens when they do not balance (`assets/`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.lake.lake import Lake, TableMissing
from data_platform.run.stage import REJECTIONS, Dropped, Stage


@dataclass(frozen=True)
class Books:
    """Rows that went into a stage, rows that came out, and rows dropped, by reason."""

    incoming: int
    kept: int
    dropped: dict[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """Rows that nobody can account for; negative if there are more rows than went in."""
        return self.incoming - self.kept - sum(self.dropped.values())


def books(lake: Lake, stage: Stage, snapshot: str | None) -> Books | None:
    """The books of one partition of a stage as it was last committed; None for stages that have none.

    Raises:
        TableMissing: if the stage was never run.
    """
    if stage.books is None:
        return None
    commit = lake.last_commit(stage.name, str(stage.partition(snapshot)))
    if commit is None:
        raise TableMissing(f"{stage.name} was never written{f' for {snapshot}' if snapshot else ''}")
    pins = json.loads(commit["inputs"])
    if stage.books.parents:
        kept = _distinct(lake, stage, snapshot, *stage.books.parents)
    else:
        kept = lake.count(stage.name, snapshot if stage.partitioned else None, commit["version"])
    if stage.books.counted:
        name, column = stage.books.counted
        incoming = pc.sum(lake.read_table(name, [column], partition=snapshot)[column]).as_py() or 0
    else:
        # The first input is the one whose rows pass through, or those that are named; what else is read explains them.
        through = stage.books.through or stage.inputs[:1]
        incoming = sum(
            lake.count(pin["table"], pin["partition"] or None, pin["version"])
            for pin in pins if pin["table"] in through
        )
    dropped: dict[str, int] = {}
    told = {found.table for found in stage.books.dropped}
    rejected = (_REJECTED,) if REJECTIONS in stage.sides and REJECTIONS not in told else ()
    for found in (*stage.books.dropped, *rejected):
        dropped |= _counts(lake, stage, snapshot, pins, found)
    return Books(incoming, kept, dropped)


_REJECTED = Dropped(
    REJECTIONS, "reason", lambda snapshot: None if snapshot is None else pc.field("snapshot") == snapshot
)


def _distinct(lake: Lake, stage: Stage, snapshot: str | None, side: str, column: str) -> int:
    """Distinct values in a column of the part of a side table that the stage wrote."""
    where = pc.field("snapshot") == snapshot
    partition = str(stage.side_partition(side, snapshot)).partition("/")[0]
    rows = lake.read(side, [column], partition, where=where, batch_rows=65_536)
    return len(pa.chunked_array([batch.column(0).unique() for batch in rows], pa.string()).unique())


def _counts(
    lake: Lake, stage: Stage, snapshot: str | None, pins: list[dict[str, Any]], dropped: Dropped
) -> dict[str, int]:
    """Rows by reason, the most frequent first: of an input at the version that was read, of a side table as it is."""
    name = dropped.table
    if name in stage.sides:
        if not lake.exists(name):
            return {}
        version, partition = None, str(stage.side_partition(name, snapshot)).partition("/")[0] or None
    else:
        version = next(pin["version"] for pin in pins if pin["table"] == name)
        partition = snapshot if lake.table(name, version).partition_by else None
    counts: dict[str, int] = {}
    rows = lake.read(
        name, [dropped.reason], partition, version, where=dropped.where(snapshot if stage.partitioned else None),
        batch_rows=65_536,
    )
    for batch in rows:
        for item in pc.value_counts(batch.column(0)).to_pylist():
            counts[item["values"]] = counts.get(item["values"], 0) + item["counts"]
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {f"{dropped.prefix}{reason}": count for reason, count in ordered}
