"""Runs that the command line started and that were killed: told apart from live ones, ended, their pool slots freed.

Dagster's daemon does this for the runs that it launched. A killed command leaves its run in state "started" for ever,
and with it the slots of the pools that it held: the next command would wait for them without end. A live command holds
a lock that the system releases when the process dies, however it dies. Not here: launching runs (`assets/launch.py`).
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.storage.tags import HIDDEN_TAG_PREFIX, MAX_RETRIES_TAG
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from data_platform.resources.instance import dagster_home, open_instance

COMMAND_TAG = f"{HIDDEN_TAG_PREFIX}data_platform/command"
"""The tag of runs that a command has launched, which lists of runs do not show."""
_OPEN = (dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED,
         dg.DagsterRunStatus.CANCELING)


@contextmanager
def alive() -> Iterator[dict[str, str]]:
    """Tags for the runs of this command, which is seen to be alive as long as the context lasts."""
    name = f"{socket.gethostname()}-{uuid.uuid4()}"
    path = _path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            # Dagster starts none of them again: the next command takes up what is left.
            yield {COMMAND_TAG: name, MAX_RETRIES_TAG: "0"}
        finally:
            path.unlink(missing_ok=True)


def locate(instance: dg.DagsterInstance, run_id: str, location: str, file: Path) -> None:
    """Say of the run of a command to which code location it belongs, as Dagster says of what it launches by itself.

    The timeline of the UI shows no other runs. Nothing, if it is said, or the run is no command's.

    Args:
        location: name of the code location.
        file: the file that defines it.
    """
    run = instance.get_run_by_id(run_id)
    if run is None or COMMAND_TAG not in run.tags or run.remote_job_origin:
        return
    place = ManagedGrpcPythonEnvCodeLocationOrigin(
        LoadableTargetOrigin(executable_path=sys.executable, python_file=str(file)), location
    )
    repository = RemoteRepositoryOrigin(place, SINGLETON_REPOSITORY_NAME)
    instance.run_storage.replace_job_origin(run, RemoteJobOrigin(repository, run.job_name))


def end_killed_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs of killed commands of this machine as failed, or as canceled if they were being terminated, and
    free what they held. Returns their ids."""
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=list(_OPEN))):
        if was_killed(run):
            end_killed(instance, run)
            ended.append(run.run_id)
    return ended


def end_killed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Mark the run of a killed command as failed, or as canceled if it was being terminated, and free what it held."""
    if run.status == dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, "the command was killed while it stopped")
    else:
        instance.report_run_failed(run, "the command was killed")
    instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def was_killed(run: dg.DagsterRun) -> bool:
    """Whether a run that is not at its end is one of a command of this machine that is gone."""
    name = run.tags.get(COMMAND_TAG, "")
    return name.startswith(f"{socket.gethostname()}-") and not _is_alive(name)


def _path(name: str) -> Path:
    return dagster_home() / "commands" / name


def _is_alive(name: str) -> bool:
    try:
        with open(_path(name), "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(lock.name)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def runs_at_work() -> list[str]:
    """Ids of runs that are under way, whoever launched them: those of commands that were killed are not among them."""
    with open_instance() as instance:
        return [run.run_id for run in open_runs(instance, _OPEN)]


def since_when(instance: dg.DagsterInstance | None = None) -> datetime | None:
    """When the oldest of the runs that are under way was made, by default in this home; None if there are none."""
    if instance is None:
        with open_instance() as opened:
            return since_when(opened)
    ids = [run.run_id for run in open_runs(instance)]
    records = instance.get_run_records(dg.RunsFilter(run_ids=ids)) if ids else []
    return min((record.create_timestamp for record in records), default=None)


def open_runs(
    instance: dg.DagsterInstance, statuses: Collection[dg.DagsterRunStatus] = (*_OPEN, dg.DagsterRunStatus.QUEUED)
) -> list[dg.DagsterRun]:
    """Runs of these statuses, by default those that have not come to their end, without those of killed commands."""
    return [run for run in instance.get_runs(dg.RunsFilter(statuses=list(statuses))) if not was_killed(run)]
