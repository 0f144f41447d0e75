"""What another version of the platform left in a lake, and what the one that runs here makes of it.

Tables that older versions wrote are read as they are. What their code made otherwise is stale, and all that was made of
it; what no stage makes any more stays where it is. Not here: the state of each table (`status.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from data_platform.core.tables import PLATFORM_LOGS
from data_platform.lake.lake import Lake
from data_platform.lake.ledger import Last
from data_platform.pipeline.status import Status

_COMMIT_DIGITS = 12


@dataclass(frozen=True)
class Upgrade:
    """What of a lake other code wrote. Tables in the order of the flow.

    Attributes:
        written_by: commits of the platform that wrote the changed tables; none where it did not run from a checkout.
        changed: tables whose code is another one now.
        following: tables that are stale because of what they are made of.
        new: tables that are missing, in a lake that has others.
        unmade: tables that no stage of the recipe makes.
    """

    written_by: tuple[str, ...]
    changed: tuple[str, ...]
    following: tuple[str, ...]
    new: tuple[str, ...]
    unmade: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """What people have to know of it; nothing if the code is the one that wrote the lake."""
        lines = []
        if self.changed:
            by = f" by {', '.join(self.written_by)}" if self.written_by else ""
            lines.append(f"the platform's code has changed since this lake was written{by}; the next run makes anew")
            parts = {
                "because their code changed": self.changed, "because of what they are made of": self.following,
                "for the first time": self.new,
            }
            lines += [f"  {why}: {', '.join(tables)}" for why, tables in parts.items() if tables]
        if self.unmade:
            lines.append(f"not made by this recipe, and left as they are: {', '.join(self.unmade)}")
        return lines


def upgrade_of(lake: Lake, states: Sequence[Status]) -> Upgrade:
    """What of a lake other code wrote than that of the recipe's stages, whose states are all of `states`, in order."""
    last, flow = _last_commits(lake), dict.fromkeys(status.stage.name for status in states)
    changed = {}
    for status in states:
        row = last.get((status.stage.name, str(status.stage.partition(status.snapshot))))
        if row and row.code_version != status.stage.code_version:
            changed[status.stage.name] = row
    stale = {status.stage.name for status in states if status.state == "stale"}
    missing = {status.stage.name for status in states if status.state == "missing"}
    commits = sorted({row.git_commit[:_COMMIT_DIGITS] for row in changed.values()} - {""})
    return Upgrade(
        written_by=tuple(commits), changed=_in_order(flow, changed),
        following=_in_order(flow, stale - changed.keys()),
        new=_in_order(flow, missing - changed.keys()) if last else (),
        unmade=tuple(sorted({table for table, _ in last} - flow.keys())),
    )


def _in_order(flow: Iterable[str], names: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in flow if name in names)


def _last_commits(lake: Lake) -> dict[tuple[str, str], Last]:
    """The last commit of every partition of the tables that stages write for themselves, not of those beside."""
    found = {}
    for name in lake.tables():
        if name in PLATFORM_LOGS:
            continue
        ledger = lake.known(name)
        commits = ledger.last if ledger else {}
        if any(commit.asset_key == name for commit in commits.values()):
            found |= {(name, partition): commit for partition, commit in commits.items()}
    return found
