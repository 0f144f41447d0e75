"""Crawls that read what others have made wait for those that are under way, whoever launched them.

Sensors and the nightly refresh launch such crawls one after the other; a backfill, or people, launch them at once.
Then the later one waits in its first step: each is crawled once, and finds what its revisits refer to. Those before it
do not wait for it, so that none waits for ever. Not here: what is asked for when (`sensors.py`).
"""

# Not `from __future__ import annotations`: Dagster reads the annotations of what it is given as objects.

from collections.abc import Mapping
from time import sleep

import dagster as dg

from data_platform.assets.busy import busy
from data_platform.assets.jobs import tables_of_jobs
from data_platform.assets.names import Names
from data_platform.core import stopping
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace

_LOOK_SECONDS = 2.0
_AT_WORK = (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)


def wait_for_those_before(
    context: dg.AssetExecutionContext, stage: Stage, workspace: Workspace, flow: Mapping[str, Stage], names: Names,
    snapshot: str | None,
) -> None:
    """Wait until no run is at the snapshots that the stage reads to make its own.

    Raises:
        Stopped: if the run is terminated meanwhile.
    """
    before = set(stage.follows(workspace, snapshot)) if stage.follows and snapshot is not None else set()
    said: set[str | None] = set()
    while before:
        at = busy(context.instance, names, tables_of_jobs(flow, names), context.run_id, _AT_WORK)
        # Not runs of many partitions at once: two of them would wait for each other.
        waited_for = at.places.get(stage.name, set()) & before
        if not waited_for:
            return
        if waited_for - said:
            context.log.info(f"waiting for runs of {', '.join(sorted(map(str, waited_for)))}, which come before")
            said |= waited_for
        stopping.check()
        sleep(_LOOK_SECONDS)
