"""What a run would do, without doing it: which tables of which snapshots, why, and how many bytes they read.

Bytes are those of archives and of files of tables as they are now: of what is made anew before it is read, they are a
guess, and of what was never made there are none. Not here: where stages stand (`status.py`), and the run itself
(`assets/launch.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.ingest.places import SourceError
from data_platform.lake.lake import Lake, Partition
from data_platform.pipeline.status import Status, plan
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace


@dataclass(frozen=True)
class Due:
    """A table of one snapshot that a run would make.

    Attributes:
        bytes_read: of archives, and of the files of the tables that it reads, as they are now.
        complete: whether that is what it will read: false if some of it is made first, or cannot be listed.
    """

    status: Status
    bytes_read: int
    complete: bool


def forecast(workspace: Workspace, flow: Mapping[str, Stage], only: Collection[str]) -> list[Due]:
    """What a run of the tables `only` would make, in the order of the flow."""
    statuses = plan(workspace, flow)
    due = {(status.stage.name, status.snapshot): status for status in statuses
           if status.state != "fresh" and status.stage.name in only}
    sizes: dict[tuple[str, str | None], int | None] = {}
    found = []
    for (_, snapshot), status in due.items():
        if not status.stage.inputs:
            size = _archives(workspace, snapshot)
            found.append(Due(status, size or 0, size is not None))
            continue
        places = [
            (name, one if flow[name].partitioned else None) for name in status.stage.inputs if name in flow
            for one in dict.fromkeys(status.stage.snapshots_read(name, snapshot, workspace) or [None])
        ]
        for place in places:
            if place not in sizes:
                sizes[place] = _files(workspace.lake, *place)
        there = [sizes[place] for place in places]
        whole = None not in there and not any(place in due for place in places)
        found.append(Due(status, sum(size or 0 for size in there), whole))
    return found


def _archives(workspace: Workspace, snapshot: str | None) -> int | None:
    """Bytes of the archives of a snapshot, 0 for a stage that reads none; None if they cannot be listed."""
    if snapshot is None:
        return 0
    try:
        return sum(archive.size for archive in workspace.archives(snapshot))
    except SourceError:
        return None


def _files(lake: Lake, name: str, snapshot: str | None) -> int | None:
    """Bytes of the files of a table or of one snapshot of it; None if it was never made."""
    if not lake.exists(name):
        return None
    rows = pa.table(lake.open(name).get_add_actions(flatten=True))
    for key, value in Partition.of(name, snapshot).values if snapshot else ():
        if rows.num_rows:
            rows = rows.filter(pc.equal(rows[f"partition.{key}"], value))
    return (pc.sum(rows["size_bytes"]).as_py() or 0) if rows.num_rows else 0
