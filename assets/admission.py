"""What comes into Dagster's queue of runs: none of a partition that no source has.

Dagster itself refuses unknown partitions of backfills, of sensors and of `dg launch`. It takes them in a run that is
launched by GraphQL or by `dagster job launch`, whose partition is a tag among others; and its UI lets people add any
word to the partitions. Such a run is refused here when it is submitted, before there is a process or a step. Not here:
runs that come into no queue, as those of `dagster job execute`, which their executor refuses (`executor.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import dagster as dg
from dagster._core.run_coordinator import SubmitRunContext
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    MAX_RETRIES_TAG,
    PARTITION_NAME_TAG,
)

from data_platform.assets.arrivals import UnknownSnapshot, refuse_strange
from data_platform.assets.names import RECIPE_TAG, Names

_PARTITIONS = (PARTITION_NAME_TAG, ASSET_PARTITION_RANGE_START_TAG, ASSET_PARTITION_RANGE_END_TAG)


class Coordinator(QueuedRunCoordinator):
    """Dagster's queue, which takes no run of a partition that no source has."""

    def submit_run(self, context: SubmitRunContext) -> dg.DagsterRun:
        """Put a run into the queue.

        Raises:
            UnknownSnapshot: if it is of a partition that no source has; Dagster shows the run as failed with that.
        """
        run = context.dagster_run
        try:
            for names in _recipes(context):
                for snapshot in asked_for(run.tags):
                    refuse_strange(self._instance, names, snapshot)
        except UnknownSnapshot:
            self._instance.add_run_tags(run.run_id, {MAX_RETRIES_TAG: "0"})  # it was no crash
            raise
        return super().submit_run(context)


def asked_for(tags: Mapping[str, str]) -> list[str]:
    """The partitions that a run with these tags is of, or that it begins and ends with."""
    return list(dict.fromkeys(tags[tag] for tag in _PARTITIONS if tag in tags))


def _recipes(context: SubmitRunContext) -> Iterator[Names]:
    """The recipes whose snapshots are the partitions of a run; none for what others have in the same Dagster."""
    run, graph = context.dagster_run, context.workspace.asset_graph
    if not run.asset_selection and RECIPE_TAG in run.tags:
        yield Names(run.tags[RECIPE_TAG])
    for recipe in dict.fromkeys(key.path[0] for key in run.asset_selection or ()):
        names = Names(recipe)
        keys = [key for key in run.asset_selection if key.path[0] == recipe and graph.has(key)]
        if any(graph.get(key).partitions_def == names.snapshots for key in keys):
            yield names
