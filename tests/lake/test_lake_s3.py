"""The commit contract in an object store: a real S3 endpoint on this machine."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from collections.abc import Iterator

import boto3
import pyarrow.compute as pc
import pytest
from botocore.exceptions import EndpointConnectionError

from benchmarks.audit_lake import MIXTURE, make_lake
from data_platform.lake.custody import Custody
from data_platform.lake.lake import Lake, Partition
from data_platform.pipeline.repair import repair
from data_platform.proof.gate import prove
from tests.integration.ui import free_port
from tests.lake.test_lake import NAME, made_by, sixteen_writers, verdicts


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of a server in a process of its own: delta-rs holds the interpreter lock while it waits for answers."""
    port = free_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _create_bucket("lake", seconds=60)
        yield "s3://lake/tables"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _create_bucket(name: str, seconds: float) -> None:
    limit = time.monotonic() + seconds
    while True:
        try:
            boto3.client("s3").create_bucket(Bucket=name)
            return
        except EndpointConnectionError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.2)


def _write_in_process(arguments: tuple[str, str, str]) -> bool:
    uri, snapshot, run = arguments
    return Lake(uri).write(NAME, Partition.of(NAME, snapshot), verdicts(snapshot, 50), made_by("1", run)).written


def test_writes_are_idempotent_and_concurrent_runs_lose_nothing(bucket: str) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        written = pool.map(_write_in_process, [(bucket, f"s{n % 2}", f"run{n}") for n in range(6)], chunksize=1)
        pool.close()  # workers end by themselves: SIGTERM, which leaving the block sends, may be ignored
        pool.join()
    lake = Lake(bucket)
    assert sum(written) == 2
    assert (lake.count(NAME, "s0"), lake.count(NAME, "s1"), lake.count("lineage")) == (50, 50, 2)
    assert lake.tables() == [NAME, "lineage"]
    assert lake.read_table(NAME, ["doc_id"], where=pc.field("snapshot") == "s1").num_rows == 50


@pytest.mark.slow
def test_sixteen_writers_at_once_lose_nothing(bucket: str) -> None:
    sixteen_writers(bucket)


def test_the_engine_reads_and_writes_there(bucket: str) -> None:
    from daft import col

    from data_platform.run import engine

    engine.configure("native")
    lake = Lake(bucket)
    partition = Partition.of(NAME, "a")
    lake.write(NAME, partition, verdicts("a", 10), made_by("1"))
    frame = engine.read(lake, lake.pin(NAME, "a"), ["doc_id", "snapshot", "kept", "reason", "failed"])
    files = engine.write(lake, frame.where(col("doc_id") < f"{4:032x}"), [engine.Output(NAME)])
    lake.replace(NAME, partition, files[NAME], made_by("2"), lake.carried(NAME, partition))
    assert lake.count(NAME, "a") == 4


@pytest.mark.slow
def test_a_mixture_is_proven_from_tables_in_an_object_store(bucket: str) -> None:
    lake = make_lake(bucket, 20, ("one",))
    proof = prove(lake, f"mixture_{MIXTURE}")
    assert proof.complete and proof.examination.rows.num_rows == 20
    lake.open("documents").delete("true")
    assert "took out 1 file" in " ".join(map(str, Custody(lake).breaches("documents")))


def test_a_file_that_is_changed_in_a_bucket_is_named_and_made_again(bucket: str) -> None:
    lake = Lake(bucket)
    lake.write(NAME, Partition.of(NAME, "one"), verdicts("one", 50), made_by("1"))
    assert not repair(lake)
    (path,) = [file.place for file in Custody(lake).files(NAME)]
    store, key = boto3.client("s3"), f"tables/{NAME}/{path}"
    content = bytearray(store.get_object(Bucket="lake", Key=key)["Body"].read())
    content[100] ^= 1
    store.put_object(Bucket="lake", Key=key, Body=bytes(content))
    assert "not of the bytes that were committed" in str(Custody(lake).altered_files(NAME, contents=None))
    (done,) = repair(lake)
    assert "lost: 1 file with 50 rows of one" in done.done
    assert store.get_object(Bucket="lake", Key=f"tables/_set_aside/{NAME}-1/{path}")["Body"].read() == content
    lost = Custody(lake).lost_files(NAME, "one")
    writer = lake.writer(NAME)
    for batch in verdicts("one", 50).to_batches():
        writer.write(batch)
    assert lake.mend(NAME, Partition.of(NAME, "one"), writer.close(), made_by("1"), lost).version == 1
    assert not repair(lake) and lake.read_table(NAME).num_rows == 50
