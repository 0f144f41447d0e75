"""The Dagster instance: one for every way of starting, shared by processes, on SQLite, Postgres and S3."""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import dagster as dg
import pytest
from dagster._daemon.auto_run_reexecution.event_log_consumer import DAGSTER_EVENT_TYPES, _fetch_persisted_cursors
from moto.server import ThreadedMotoServer

from data_platform.resources.instance import (
    BUSY_TIMEOUT_SECONDS,
    SETTINGS,
    ComputeLogs,
    StorageUnusable,
    dagster_home,
    open_instance,
)

TOY = """
import dagster as dg

@dg.asset
def toy() -> None:
    print("printed by the toy")

defs = dg.Definitions([toy])
"""


@dg.op
def speak() -> None:
    print("printed by the step")


@dg.job(executor_def=dg.in_process_executor)
def speaking() -> None:
    speak()


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DAGSTER_HOME", "DAGSTER_POSTGRES_URL", "DAGSTER_S3_LOG_BUCKET", "DAGSTER_S3_LOG_PREFIX"):
        monkeypatch.delenv(name, raising=False)


def run_speaking() -> str:
    with open_instance() as instance:
        result = speaking.execute_in_process(instance=instance)
        assert result.success
        return result.run_id


# -- embedded ---------------------------------------------------------------------------------------------------------


def test_runs_outlive_the_process_in_the_home_of_the_platform(home: Path) -> None:
    run_id = run_speaking()
    with open_instance() as instance:
        assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.SUCCESS
        assert instance.root_directory == str(home / "dagster")
    assert (home / "dagster" / "history" / "runs.db").is_file()
    logs = list((home / "dagster" / "storage" / run_id).rglob("*.out"))
    assert [log.read_text() for log in logs] == ["printed by the step\n"]


def test_dagster_typed_plainly_in_the_checkout_shares_that_instance(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "toy.py").write_text(TOY)
    shutil.copy(SETTINGS, checkout)
    ours = run_speaking()
    command = [sys.executable, "-m", "dagster", "asset", "materialize", "-f", "toy.py", "--select", "toy"]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    with open_instance() as instance:
        runs = {run.run_id: run.status for run in instance.get_runs()}
        assert ours in runs and len(runs) == 2
        assert instance.get_latest_materialization_event(dg.AssetKey("toy"))
    assert not list(checkout.glob(".tmp_dagster_home_*"))


def test_dagster_home_is_where_dagster_says_it_is(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "elsewhere"))
    run_id = run_speaking()
    assert (tmp_path / "elsewhere" / "history" / "runs.db").is_file()
    assert not home.exists()
    with dg.DagsterInstance.get() as instance:
        assert instance.get_run_by_id(run_id)
        assert not instance.telemetry_enabled
    command = [sys.executable, "-m", "dagster", "instance", "info"]
    told = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert f"$DAGSTER_HOME: {tmp_path / 'elsewhere'}" in told
    assert "class: Artifacts" in told and "granularity: op" in told


def test_settings_of_your_own_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    own = tmp_path / "dagster.yaml"
    own.write_text("concurrency: {runs: {max_concurrent_runs: 77}}\n")
    with open_instance() as instance:
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 77
    assert own.read_text().startswith("concurrency")
    own.unlink()
    own.symlink_to(tmp_path / "a checkout that moved" / "dagster.yaml")
    with open_instance() as instance:
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 4
    assert own.resolve() == SETTINGS


def test_limits_are_in_force() -> None:
    with open_instance() as instance:
        assert not instance.telemetry_enabled and not instance.nux_enabled
        assert instance.run_retries_enabled and instance.run_retries_max_retries == 2
        assert not instance.get_settings("run_retries")["retry_on_asset_or_op_failure"]
        assert instance.run_monitoring_enabled
        assert instance.get_settings("run_monitoring")["free_slots_after_run_end_seconds"] == 300
        limits = instance.get_concurrency_config()
        assert limits.pool_config.pool_granularity.value == "op"
        instance.event_log_storage.initialize_concurrency_limit_to_default("gpu")
        assert instance.event_log_storage.get_concurrency_info("gpu").slot_count == 1
        instance.event_log_storage.set_concurrency_slots("gpu", 4)
        assert instance.event_log_storage.get_concurrency_info("gpu").slot_count == 4


def test_every_database_waits_for_a_lock() -> None:
    with open_instance() as instance:
        for storage in (instance.run_storage, instance.schedule_storage):
            with storage.connect() as connection:
                waits = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
                journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
            assert (waits, journal) == (BUSY_TIMEOUT_SECONDS * 1000, "wal")
        with instance.event_log_storage.index_connection() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() >= 30_000


def _write_runs(folder: str, number: int) -> int:
    os.environ["DATA_PLATFORM_HOME"] = folder
    with open_instance() as instance:
        for step in range(3):
            run_id = f"00000000-0000-0000-{number:04d}-{step:012d}"
            instance.add_run(dg.DagsterRun("job", run_id=run_id))
            instance.add_run_tags(run_id, {"step": str(step)})
            instance.report_engine_event("still here", run_id=run_id, job_name="job")
    return number


def test_processes_that_start_at_once_in_a_fresh_home_all_succeed(home: Path) -> None:
    processes = 3
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["data_platform.resources.instance"])
    with context.Pool(processes) as pool:
        pool.map(time.sleep, [0.1] * processes, chunksize=1)  # all are up before the first opens the instance
        written = pool.starmap(_write_runs, [(str(home), number) for number in range(processes)], chunksize=1)
        pool.close()  # workers end by themselves: SIGTERM, which leaving the block sends, may be ignored
        pool.join()
    assert sorted(written) == list(range(processes))
    with open_instance() as instance:
        assert instance.get_runs_count() == 3 * processes


@pytest.mark.parametrize("name", ["history/runs.db", "history/runs/index.db", "schedules/schedules.db"])
def test_damaged_records_are_told_and_empty_ones_made_anew(home: Path, name: str) -> None:
    open_instance().dispose()
    path = home / "dagster" / name
    path.write_bytes(path.read_bytes()[:5000] + b"cut")
    with pytest.raises(StorageUnusable, match=rf"{home}/dagster: .*; if a file there is damaged, move history/"):
        open_instance()
    path.write_bytes(b"")
    with open_instance() as instance:
        instance.add_dynamic_partitions("snapshots", ["one"])
        assert instance.get_dynamic_partitions("snapshots") == ["one"]


# -- Postgres ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def postgres() -> Iterator[str]:
    """URL of a fresh Postgres server, reachable through a socket only."""
    folders = [*os.environ["PATH"].split(os.pathsep), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    found = shutil.which("pg_ctl", path=os.pathsep.join(folders))
    if not found:
        pytest.skip("POSTGRES ABSENT: no pg_ctl found; install the package postgresql to run this test")
    programs = Path(found).resolve().parent
    # Postgres refuses to run as root. The folder is not pytest's: those are private, and too long for a socket's path.
    user = {"user": "nobody"} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="postgres") as folder:
        if user:
            shutil.chown(folder, "nobody")
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder, **user}
        data, log = f"{folder}/data", f"{folder}/log"
        subprocess.run([programs / "initdb", "-D", data, "-U", "dagster", "--auth", "trust", "--no-sync"], **quiet)
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        subprocess.run([programs / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"], **quiet)
        try:
            yield f"postgresql://dagster@/postgres?host={folder}"
        finally:
            subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **quiet)


def test_a_postgres_url_moves_runs_events_and_schedules_there(
    postgres: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", postgres)
    run_id = run_speaking()
    with open_instance() as instance:
        assert type(instance.run_storage).__name__ == "PostgresRunStorage"
        assert type(instance.event_log_storage).__name__ == "PostgresEventLogStorage"
        assert type(instance.schedule_storage).__name__ == "PostgresScheduleStorage"
        assert instance.get_run_by_id(run_id).is_success
        assert instance.all_logs(run_id)
        assert postgres not in str(instance.get_ref()), "the URL holds a password: it stays in the environment"
    assert not (home / "dagster" / "history").exists()
    monkeypatch.delenv("DAGSTER_POSTGRES_URL")
    with open_instance() as instance:
        assert instance.get_run_by_id(run_id) is None


# -- S3 ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Endpoint of an S3 server with an empty bucket `logs`, named by the usual variables."""
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        boto3.client("s3").create_bucket(Bucket="logs")
        yield endpoint
    finally:
        server.stop()


def test_a_bucket_receives_what_steps_print(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_S3_LOG_BUCKET", "logs")
    monkeypatch.setenv("DAGSTER_S3_LOG_PREFIX", "team/dagster")
    run_id = run_speaking()
    client = boto3.client("s3")
    keys = [found["Key"] for found in client.list_objects_v2(Bucket="logs")["Contents"]]
    (printed,) = [key for key in keys if key.endswith(".out")]
    assert printed.startswith(f"team/dagster/storage/{run_id}/")
    assert client.get_object(Bucket="logs", Key=printed)["Body"].read() == b"printed by the step\n"


def test_without_a_bucket_logs_are_files() -> None:
    with open_instance() as instance:
        assert isinstance(instance.compute_log_manager, ComputeLogs)
        path = instance.compute_log_manager.get_captured_local_path(["run", "step"], "out")
    assert Path(path).is_relative_to(dagster_home())


def test_the_daemon_warns_of_no_new_home(caplog: pytest.LogCaptureFixture) -> None:
    with open_instance() as instance:
        found = _fetch_persisted_cursors(instance, DAGSTER_EVENT_TYPES, logging.getLogger("daemon"))
        assert set(found.values()) == {0} and not caplog.records
        run_speaking()
    with open_instance() as instance:
        assert set(_fetch_persisted_cursors(instance, DAGSTER_EVENT_TYPES, logging.getLogger("daemon")).values()) == {0}
