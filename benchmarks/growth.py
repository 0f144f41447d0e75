"""What a commit and a plan take as a lake grows: snapshots by the thousand, one commit per table and snapshot.

    python -m benchmarks.growth [--snapshots 2000] [--rounds 1] [--folder FOLDER] [--history ROUNDS]

Stages without any work, in a chain of three, go the whole way that stages go (`run.stage.execute`: pins, custody,
Parquet, commit, lineage), with results of checks as Dagster's runs leave them. Snapshots are added one after the other;
with more rounds, all of them are made again under another setting, so that every partition has as many commits. With
`--history`, a lake of all snapshots that has so many rounds behind it is written first (`long_history`), and some
snapshots of it are made again, so that a hundred thousand commits need no hours. Shown are, by decade of commits:

- ms per commit: what one commit takes, that of a table, of its lineage or of results of checks, with all that goes
  before it, in a process that goes on;
- anew: the same where nothing is remembered but what lies in the lake, as in a process that has just begun;
- plan: a plan over all partitions, in such a process, and what it takes per partition;
- entries read and tables opened: of logs, and by the library of tables, per commit.

Times are of the process (`time.process_time`), since machines that are shared tell little by the clock. Belongs here:
growth of the lake. Not here: rows of a partition (`audit`, `dedup_scale`).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa

from benchmarks.common import parser, show
from benchmarks.long_history import write_history
from data_platform.core.tables import table
from data_platform.lake import chain, ledger
from data_platform.lake.custody import Custody
from data_platform.lake.lake import Lake, forget_handles
from data_platform.pipeline.status import Status, plan
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work, execute
from data_platform.run.workspace import Workspace

CHAIN = ("quality_signals", "filter_verdicts", "document_signatures")
"""Tables of one partition per snapshot, each made of the one before."""
_CHECKS = 5
_COMMITS = 3
"""Commits per table and snapshot: the table's, lineage's, and that of results of checks."""


class Growing(Workspace):
    """A workspace of as many snapshots as are wanted, and no archives."""

    def __init__(self, lake: Lake, setting: int = 0) -> None:
        super().__init__(Recipe.model_validate({
            "name": "growth", "sources": [{"name": "none", "kind": "files", "snapshot": "s00000", "paths": [__file__],
                                           "license": {"spdx": "MIT", "basis": "not read"}}],
            "mixtures": {"all": {"tokens": 1, "tiers": [0], "weights": {"web": 1}}},
        }), lake)
        self.count, self.setting = 0, setting

    @property
    def snapshots(self) -> list[str]:
        """Those that there are by now."""
        return [f"s{number:05d}" for number in range(self.count)]


def flow() -> dict[str, Stage]:
    """The stages."""
    def run(work: Work) -> Files:
        return work.files(row_of(work.stage.name, str(work.snapshot)))

    def config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
        # As long as what real stages say of their settings.
        return {"setting": workspace.setting, "rules": ["x" * 80 for _ in range(20)]}

    stages = [
        Stage(name=name, group="growth", inputs=CHAIN[max(0, place - 1):place], run=run, config=config, books=None)
        for place, name in enumerate(CHAIN)
    ]
    return {stage.name: stage for stage in stages}


def row_of(name: str, snapshot: str) -> pa.Table:
    """One row of a table, of values that say nothing."""
    columns = {}
    for field in table(name).schema:
        if field.name == "snapshot":
            value: Any = snapshot
        elif pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            value = "0" * 32
        elif pa.types.is_list(field.type) or pa.types.is_large_list(field.type):
            value = []
        elif pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            value = b""
        else:
            value = None if field.nullable else pa.scalar(0).cast(field.type).as_py()
        columns[field.name] = pa.array([value], field.type)
    return pa.table(columns, schema=table(name).schema)


def note_checks(lake: Lake, name: str, snapshot: str) -> None:
    """Results of checks as a run leaves them."""
    pin = lake.pin(name, snapshot)
    now = datetime.now(UTC)
    rows = [
        {"table": name, "partition": snapshot, "recipe": pin.recipe, "version": pin.version, "check": f"check {number}",
         "passed": True, "blocking": True, "detail": "{}", "run_id": "", "checked_at": now}
        for number in range(_CHECKS)
    ]
    lake.append("check_results", pa.Table.from_pylist(rows, table("check_results").schema))


def forget() -> None:
    """Forget what a process that has just begun would not know."""
    ledger.forget_all()
    forget_handles()


@dataclass
class Counts:
    """Entries of logs that were read, and tables that were opened."""

    entries: int = 0
    opened: int = 0


@contextmanager
def counting(counts: Counts) -> Iterator[None]:
    """Count what is read meanwhile."""
    read, opened = chain.read_bytes, deltalake.DeltaTable.__init__

    def reading(*arguments: Any) -> bytes:
        counts.entries += 1
        return read(*arguments)

    def opening(*arguments: Any, **named: Any) -> None:
        counts.opened += 1
        opened(*arguments, **named)

    chain.read_bytes, deltalake.DeltaTable.__init__ = reading, opening
    try:
        yield
    finally:
        chain.read_bytes, deltalake.DeltaTable.__init__ = read, opened


def add(workspace: Growing, stages: Mapping[str, Stage], snapshot: str) -> None:
    """Bring all tables up to date for one snapshot."""
    for name, stage in stages.items():
        execute(stage, workspace, snapshot)
        note_checks(workspace.lake, name, snapshot)


class Decade:
    """What was seen since the decade of commits began."""

    def __init__(self) -> None:
        self.going: list[float] = []
        self.anew: list[float] = []

    def add(self, workspace: Growing, stages: Mapping[str, Stage], snapshot: str, anew: bool) -> None:
        """Bring a snapshot up to date, and keep what it took."""
        if anew:
            forget()
        before = time.process_time()
        add(workspace, stages, snapshot)
        (self.anew if anew else self.going).append(time.process_time() - before)

    def row(
        self, workspace: Growing, stages: Mapping[str, Stage], counts: Counts, planned: tuple[float, list[Status]]
    ) -> list[str]:
        """A row of the table, with a plan and what it took."""
        lake, (took, states) = workspace.lake, planned
        commits = sum(lake.ledger(name).version for name in lake.tables())
        fresh, each = sum(status.state == "fresh" for status in states), len(stages) * _COMMITS
        made = each * (len(self.going) + len(self.anew))
        return [
            f"{workspace.count:,}", f"{commits:,}", f"{1000 * _mean(self.going) / each:.1f}",
            f"{1000 * _mean(self.anew) / each:.1f}", f"{took:,.0f}", f"{took / len(states):.2f}",
            f"{fresh:,} of {len(states):,}", f"{counts.entries / made:.1f}", f"{counts.opened / made:.2f}",
            f"{len(lake.ledger('lineage').files()):,}",
        ]


def plan_anew(workspace: Growing, stages: Mapping[str, Stage]) -> tuple[float, list[Status]]:
    """A plan as a process makes it that has just begun, and the milliseconds that it takes."""
    forget()
    before = time.process_time()
    states = plan(workspace, stages)
    return 1000 * (time.process_time() - before), states


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def after_history(
    workspace: Growing, stages: Mapping[str, Stage], snapshots: int, rounds: int, again: int
) -> list[str]:
    """A row of the table, of snapshots that are made again after so many rounds of all."""
    workspace.count, workspace.setting = 1, -1
    add(workspace, stages, "s00000")
    workspace.count, workspace.setting = snapshots, rounds - 1
    write_history(workspace, stages, rounds, _CHECKS)
    wrong = [breach for name in workspace.lake.tables() for breach in Custody(workspace.lake).breaches(name)]
    planned = plan_anew(workspace, stages)
    if wrong or any(status.state != "fresh" for status in planned[1]):
        raise RuntimeError(f"the history that was written is not as it should be: {wrong[:3]}")
    decade, counts = Decade(), Counts()
    workspace.setting = rounds
    with counting(counts):
        for number in range(again):
            decade.add(workspace, stages, f"s{number * snapshots // again:05d}", anew=number % 5 == 4)
    return decade.row(workspace, stages, counts, planned)


def main() -> None:
    """Grow a lake, and show what it took."""
    arguments = parser(__doc__)
    arguments.add_argument("--snapshots", type=int, default=2_000)
    arguments.add_argument("--rounds", type=int, default=1)
    arguments.add_argument("--history", type=int, default=0, help="rounds that are written first")
    arguments.add_argument("--again", type=int, default=100, help="snapshots that are made again after these")
    arguments.add_argument("--folder", type=Path, default=None, help="where the lake is made, and left")
    given = arguments.parse_args()
    stages, every = flow(), max(1, given.snapshots * given.rounds // 10)
    rows = []
    with tempfile.TemporaryDirectory() as place:
        workspace = Growing(Lake(str(given.folder or place)))
        if given.history:
            print(*after_history(workspace, stages, given.snapshots, given.history, given.again), sep=" | ", flush=True)
            return
        for turn in range(given.rounds):
            workspace.setting = turn
            for number in range(given.snapshots):
                if (done := turn * given.snapshots + number) % every == 0:
                    decade = Decade()
                    counts = Counts()
                workspace.count = max(workspace.count, number + 1)
                with counting(counts):
                    decade.add(workspace, stages, f"s{number:05d}", anew=done % max(1, every // 5) == 0)
                if (done + 1) % every == 0:
                    rows.append(decade.row(workspace, stages, counts, plan_anew(workspace, stages)))
                    print(*rows[-1], sep=" | ", flush=True)
    show("Growth", ("snapshots", "commits", "ms per commit", "anew", "plan, ms", "per partition", "fresh",
                    "entries read", "tables opened", "files of lineage"), rows)


if __name__ == "__main__":
    main()
