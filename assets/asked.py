"""From what is out of date to runs: which tables of which snapshot one run is to make now, and what has to wait.

It is the one answer of `data_platform/pipeline/status.py` that is carried out, whoever asks: the nightly refresh, the
sensors, the command. Not here: when it is asked for (`refresh.py`, `sensors.py`, `launch.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from data_platform.core.errors import PlainError
from data_platform.pipeline.status import Status
from data_platform.run.stage import Stage, pin_inputs, provenance
from data_platform.run.workspace import Workspace

DUE = ("missing", "stale", "unchecked")
"""States that a run can change; what is blocked waits for people."""

Place = tuple[str, str | None]
"""A table, and the snapshot of it."""


@dataclass(frozen=True)
class Asked:
    """What one run is to make: tables of one phase, of one snapshot or as a whole."""

    phase: str
    snapshot: str | None
    statuses: tuple[Status, ...]

    @property
    def tables(self) -> list[str]:
        """The tables, in the order in which data passes."""
        return [status.stage.name for status in self.statuses]

    @property
    def reads_sources(self) -> bool:
        """Whether the run reads archives."""
        return any(not status.stage.inputs and status.snapshot for status in self.statuses)


def runs_for(
    statuses: Sequence[Status], phase_of: Mapping[str, str], workspace: Workspace,
    states: Collection[str] = DUE, held: Collection[Place] = (),
) -> list[Asked]:
    """The runs whose inputs are all there now: one per phase and snapshot.

    A table is in one if all that it reads is up to date, or is made before it by the same run.

    Args:
        statuses: where every stage stands, in the order of the flow.
        phase_of: the phase of every table.
        states: which are to be changed.
        held: what is not to be tried, nor anything that reads it.
    """
    unsettled: dict[str, set[str | None]] = {}
    groups: dict[tuple[str, str | None], list[Status]] = {}
    made: dict[Place, tuple[str, str | None]] = {}
    for status in statuses:
        if status.state == "fresh":
            continue
        stage, group = status.stage, (phase_of[status.stage.name], status.snapshot)
        above = [place for place in read_by(stage, status.snapshot, workspace)
                 if place[1] in unsettled.get(place[0], ())]
        place = (stage.name, status.snapshot)
        if status.state in states and place not in held and all(made.get(one) == group for one in above):
            groups.setdefault(group, []).append(status)
            made[place] = group
        unsettled.setdefault(stage.name, set()).add(status.snapshot)
    return [Asked(phase, snapshot, tuple(some)) for (phase, snapshot), some in groups.items()]


def read_by(stage: Stage, snapshot: str | None, workspace: Workspace) -> list[Place]:
    """All partitions that a stage reads, whether its inputs have partitions or not."""
    return [
        (name, one) for name in stage.inputs
        for one in dict.fromkeys([None, *stage.snapshots_read(name, snapshot, workspace)])
    ]


def number_of(asked: Asked, workspace: Workspace) -> str:
    """A digest of what a run would make, of what and over what: who asks for the same again gets no second run.

    A failed run is so not asked for again before something has changed; one that goes back to what was there before
    last is asked for.
    """
    first = asked.statuses[0]
    try:
        wanted = provenance(first.stage, workspace, asked.snapshot, pin_inputs(first.stage, workspace, asked.snapshot))
        recipe = wanted.recipe
    except PlainError as error:
        recipe = str(error)
    versions = [[status.stage.name, status.stage.code_version, status.version, status.why]
                for status in asked.statuses]
    text = json.dumps([asked.phase, asked.snapshot, recipe, versions])
    return hashlib.sha256(text.encode()).hexdigest()[:20]
