"""Where Dagster keeps its runs, events, schedules and logs: embedded by default, Postgres and S3 by environment.

`dagster.yaml` names the three classes here, since YAML has no conditionals. They put everything into one folder,
`$DAGSTER_HOME` or `dagster` in the platform's home, whoever asks: `dagster dev` typed in the checkout without any
setting (Dagster then makes a temporary home, but reads `./dagster.yaml`), `dagster-daemon` with `DAGSTER_HOME` set, and
the command line through `open_instance`. So all of them see the same runs. Not here: limits, retries and retention,
which are plain settings in `dagster.yaml`, and what assets run with (`lake/lake.py` and its neighbours).

- `DAGSTER_HOME`: the folder, instead of `dagster` in the platform's home.
- `DAGSTER_POSTGRES_URL`: runs, events and schedules in that Postgres database instead of SQLite.
- `DAGSTER_S3_LOG_BUCKET`: what steps print goes to that bucket, under `DAGSTER_S3_LOG_PREFIX` (default `dagster`). The
  usual `AWS_*` variables apply, `AWS_ENDPOINT_URL` among them.

The URL stays in the environment: it is never part of the settings that Dagster passes on command lines or displays.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from dagster import DagsterEventType, DagsterInstance
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeLogManager
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.root import LocalArtifactStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import create_db_conn_string
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy.exc import DBAPIError

import data_platform
from data_platform.core.errors import PlainError
from data_platform.core.extras import POSTGRES, need
from data_platform.core.settings import home
from data_platform.core.stopping import workers_deaf_to_interrupts
from data_platform.lake.faults import fault_of_disk

SETTINGS = Path(data_platform.__file__).with_name("dagster.yaml").resolve()
BUSY_TIMEOUT_SECONDS = 60
S3_UPLOAD_INTERVAL_SECONDS = 30
_RETRY_CURSORS = {
    f"EVENT_LOG_CONSUMER_CURSOR-{kind.value}" for kind in (DagsterEventType.RUN_FAILURE, DagsterEventType.RUN_SUCCESS)
}
_DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")


def dagster_home() -> Path:
    """The folder for Dagster's state: $DAGSTER_HOME, else `dagster` in the platform's home."""
    return Path(os.environ.get("DAGSTER_HOME") or home() / "dagster").absolute()


def open_instance() -> DagsterInstance:
    """The instance that the command line, the UI and the daemon share. Close it, or use it as a context.

    A folder without settings gets a link to the platform's, so that Dagster's own commands, which with `DAGSTER_HOME`
    read them there and nowhere else, agree with the platform's. Settings of your own take its place.
    """
    settings = dagster_home() / SETTINGS.name
    settings.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(settings.parent):
        if not settings.exists():
            settings.unlink(missing_ok=True)  # a link into a checkout that has moved
            settings.symlink_to(SETTINGS)
    with storage_faults_told():
        instance = DagsterInstance.from_config(str(settings.parent))
        # Each of the three databases is asked something: damage is found now, not in the middle of a run.
        instance.get_runs_count()
        instance.has_dynamic_partition("none", "none")
        instance.get_instigator_state("none", "none")
    return instance


class StorageUnusable(PlainError, OSError):
    """Dagster's records cannot be read or written. The message names the place, the cause and what to do."""


@contextmanager
def storage_faults_told() -> Iterator[None]:
    """Turn faults of the databases that hold runs, events and schedules into `StorageUnusable`."""
    try:
        yield
    except DBAPIError as error:
        cause = str(error.orig).splitlines()[0] if error.orig else type(error).__name__
        if os.environ.get("DAGSTER_POSTGRES_URL"):
            raise StorageUnusable(f"Dagster's records in Postgres (DAGSTER_POSTGRES_URL): {cause}") from error
        if found := fault_of_disk(str(dagster_home())):  # SQLite tells of an I/O error where it could say more
            raise StorageUnusable(f"Dagster's records in {dagster_home()}: {cause}: {found}") from error
        raise StorageUnusable(
            f"Dagster's records in {dagster_home()}: {cause}; if a file there is damaged, move history/ and schedules/ "
            "away: lakes do not depend on them, and runs go on from what lakes hold"
        ) from error


class Storage(DagsterSqliteStorage):
    """Runs, events and schedules: Postgres if `DAGSTER_POSTGRES_URL` names one, else SQLite for several processes.

    Two things that Dagster's own SQLite storage lacks for that: the databases are made by one process at a time (two
    that start at once in a fresh home otherwise fail with "table already exists"), and runs and schedules wait for a
    lock as patiently as events do (Dagster leaves them at SQLite's 5 s, after which a write fails with "database is
    locked").
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        with _one_at_a_time(Path(base_dir)):
            for name in _DATABASES:
                if (path := Path(base_dir, name)).is_file() and not path.stat().st_size:
                    path.unlink()  # what a full disk leaves: Dagster makes tables in files alone that are not there
            super().__init__(base_dir, inst_data=inst_data)
        self._run_storage = SqliteRunStorage(_patient(os.path.join(base_dir, "history"), "runs"))
        self._schedule_storage = SqliteScheduleStorage(_patient(os.path.join(base_dir, "schedules"), "schedules"))
        _begin(self)

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        """No settings: the environment decides."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> DagsterStorage:
        """The storage that the environment asks for."""
        if url := os.environ.get("DAGSTER_POSTGRES_URL"):
            need(POSTGRES)
            from dagster_postgres import DagsterPostgresStorage

            storage = DagsterPostgresStorage(_with_driver(url), inst_data=inst_data)
            _begin(storage)
            return storage
        return cls.from_local(str(dagster_home()), inst_data=inst_data)


class ComputeLogs(LocalComputeLogManager):
    """What steps print: S3 if `DAGSTER_S3_LOG_BUCKET` names a bucket, else files."""

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        """No settings: the environment decides."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> ComputeLogManager:
        """The manager that the environment asks for."""
        folder = str(dagster_home() / "storage")
        if bucket := os.environ.get("DAGSTER_S3_LOG_BUCKET"):
            from dagster_aws.s3.compute_log_manager import S3ComputeLogManager

            return S3ComputeLogManager(
                bucket,
                local_dir=folder,
                inst_data=inst_data,
                prefix=os.environ.get("DAGSTER_S3_LOG_PREFIX", "dagster"),
                skip_empty_files=True,
                upload_interval=S3_UPLOAD_INTERVAL_SECONDS,
            )
        return cls(folder, inst_data=inst_data)

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:
        """Capture what is printed; the processes that Dagster starts for that leave interrupts to this one."""
        with ExitStack() as stack:
            with workers_deaf_to_interrupts():
                captured = stack.enter_context(super().capture_logs(log_key))
            yield captured


class Artifacts(LocalArtifactStorage):
    """The folder that Dagster calls the root of an instance."""

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        """No settings: the environment decides."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> Artifacts:
        """The folder that the environment asks for."""
        return cls(str(dagster_home()), inst_data=inst_data)


def _begin(storage: DagsterStorage) -> None:
    """Note from where on the daemon looks for failed runs to start again: it warns of a storage where that is not said.
    """
    runs = storage.run_storage
    if missing := _RETRY_CURSORS - runs.get_cursor_values(_RETRY_CURSORS).keys():
        last = storage.event_log_storage.get_maximum_record_id() or 0
        runs.set_cursor_values(dict.fromkeys(missing, str(last)))


def _with_driver(url: str) -> str:
    """Name the driver that dagster-postgres installs: from version 2.1 on, SQLAlchemy takes another one by default."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", url)


def _patient(folder: str, database: str) -> str:
    """Connection string whose `timeout` SQLAlchemy hands to `sqlite3.connect`."""
    return f"{create_db_conn_string(folder, database)}?timeout={BUSY_TIMEOUT_SECONDS}"


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder`; the system releases it if the process dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "initialize.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
