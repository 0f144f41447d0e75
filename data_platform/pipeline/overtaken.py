"""Several runs at once on one lake: which tables another run has written since, read again and never remembered.

Runs of one recipe write the same rows, whoever is first. Runs of two recipes that share tables overtake each other:
what one of them was asked for is then not there, however well its own steps ended. Not here: that no commit overwrites
what it has not read (`lake/lake.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from data_platform.pipeline.status import Status, last_commit
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace

OURS = ("fresh", "unchecked")
"""States of a place whose rows are those that the recipe asks for."""


@dataclass(frozen=True)
class Overtaken:
    """A place that another run wrote: what is there now is of this recipe (`same`), or it is not."""

    status: Status
    run_id: str
    same: bool

    def __str__(self) -> str:
        return f"{self.status.place}{'' if self.same else f' ({self.status.why})'}, by run {self.run_id or '?'}"


def carried(workspace: Workspace, flow: Mapping[str, Stage]) -> dict[str, int | None]:
    """The recipe number that every place of a flow carries now."""
    places = [Status(stage, snapshot, "fresh") for stage in flow.values()
              for snapshot in (workspace.snapshots if stage.partitioned else [None])]
    return {
        place.place: workspace.lake.carried(place.stage.name, place.stage.partition(place.snapshot)) for place in places
    }


def overtaken(
    workspace: Workspace, now: Iterable[Status], before: Mapping[str, int | None], runs: Collection[str]
) -> list[Overtaken]:
    """The places that other runs wrote while this command was at work.

    Args:
        now: where everything stands.
        before: what every place carried when the command began (`carried`).
        runs: the ids of its runs.
    """
    found = []
    for status in now:
        partition = status.stage.partition(status.snapshot)
        if workspace.lake.carried(status.stage.name, partition) == before.get(status.place):
            continue
        commit = last_commit(workspace, status.stage.name, str(partition))
        if (run_id := commit["run_id"] if commit else "") not in runs:
            found.append(Overtaken(status, run_id, status.state in OURS))
    return found
