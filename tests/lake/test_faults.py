"""Faults of disks and stores: told in a line with path and cause, and nothing is lost by them."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from benchmarks.faulty_store import FAULTS, FaultyStore
from data_platform.lake import chain, copies, custody, faults, ledger
from data_platform.lake.faults import StoreFault, StoreUnanswered
from data_platform.lake.lake import Lake, Partition
from data_platform.lake.log import State, checkpoint_fault
from data_platform.lake.writer import filesystem, write_bytes
from data_platform.pipeline import entries
from tests.integration.ui import free_port
from tests.lake.test_archive import append, numbers
from tests.lake.test_lake import NAME, made_by, verdicts


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """An S3 endpoint in a process of its own, with a bucket."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        environment = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                       "AWS_DEFAULT_REGION": "us-east-1"}
        maker = Path(__file__).resolve().parents[2] / "deploy" / "make_buckets.py"
        subprocess.run([sys.executable, maker, "lake"], env={**os.environ, **environment}, check=True)
        yield endpoint
    finally:
        server.terminate()
        server.wait(20)


def use(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    for name, value in {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                        "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)


def replaced(lake: Lake, snapshot: str, number: int, tries: int = 20) -> int:
    """Write a partition as runs do until one completes; returns how many did not."""
    for failed in range(tries):
        try:
            lake.write(NAME, Partition.of(NAME, snapshot), verdicts(snapshot, 1, number), made_by(str(number)))
        except StoreFault as error:
            assert "\n" not in str(error) and "s3://lake/" in str(error)
            continue
        return failed
    raise AssertionError(f"{tries} runs in a row did not complete")


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.02, 0.1])
def test_nothing_is_lost_or_doubled_by_a_faulty_store(
    rate: float, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultyStore(store, seed=7, faults=tuple(fault for fault in FAULTS if fault != "late")) as faulty:
        use(monkeypatch, faulty.url)
        lake = Lake(f"s3://lake/{rate}")
        replaced(lake, "first", 9)
        faulty.set_rate(rate)
        assert not any(replaced(lake, f"s{number % 2}", number) for number in range(5))
        faulty.set_rate(0.0)
        assert len(faulty.met()) > 3
        kept = lake.read_table(NAME, ["snapshot", "doc_id"]).to_pylist()
        assert sorted((row["snapshot"], int(row["doc_id"], 16)) for row in kept) == [("first", 9), ("s0", 4), ("s1", 3)]
        lake.repair_lineage()
        copied = [row["version"] for row in lake.read_table("lineage", ["table", "version"]).to_pylist()
                  if row["table"] == NAME]
        assert sorted(copied) == sorted({row["version"] for row in lake.history(NAME)})


def test_what_breaks_off_is_read_again_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_PAUSES", (0.0, 0.0))
    broken = OSError("Generic S3 error: error decoding response body (os error 104)")
    for answers, tries in (([broken, broken, "rows"], 3), ([broken] * 3, 3), ([OSError("denied")], 1),
                           ([FileNotFoundError("gone (os error 2)")], 1)):
        asked = iter(answers)

        def read(asked: Iterator[Any] = asked) -> str:
            answer = next(asked)
            if isinstance(answer, Exception):
                raise answer
            return answer

        if answers[-1] == "rows":
            assert faults.tried_again(read) == "rows"
        else:
            with pytest.raises(OSError, match=re.escape(str(answers[-1]))):
                faults.tried_again(read)
        assert next(asked, None) is None and len(answers) == tries


def test_a_commit_whose_answer_was_lost_keeps_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that took a commit and is asked again refuses it: the files that it names must stay."""
    commit = DeltaTable.create_write_transaction

    def lost(*arguments: Any, **named: Any) -> None:
        commit(*arguments, **named)
        raise CommitFailedError("Transaction failed: Version 1 already exists")

    lake = Lake(str(tmp_path / "lake"))
    monkeypatch.setattr(DeltaTable, "create_write_transaction", lost)
    assert lake.write(NAME, Partition.of(NAME, "a"), verdicts("a", 3), made_by("1")).written
    assert lake.read_table(NAME).num_rows == 3 and lake.read_table("lineage").num_rows == 1


@pytest.mark.parametrize("when", ["never", "before", "late", "by another"])
def test_a_commit_that_got_no_answer_is_made_once(when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a store took what it did not answer to: never, before it broke off, while it is asked again, or somebody
    else was faster."""
    monkeypatch.setattr(faults, "_PAUSES", (0.0, 0.0))
    commit, asked = DeltaTable.create_write_transaction, list[tuple[Any, ...]]()
    lake, other = Lake(str(tmp_path / "lake")), Lake(str(tmp_path / "lake"))
    lake.write(NAME, Partition.of(NAME, "a"), verdicts("a", 1), made_by("0"))

    def unsure(handle: DeltaTable, *arguments: Any, **named: Any) -> None:
        if str(handle.metadata().name) != NAME:
            return commit(handle, *arguments, **named)
        asked.append(arguments)
        if len(asked) > 1:
            if when == "late":
                commit(DeltaTable(lake.table_uri(NAME), version=handle.version()), *arguments, **named)
            return commit(handle, *arguments, **named)
        if when == "before":
            commit(handle, *arguments, **named)
        if when == "by another":
            with monkeypatch.context() as patch:
                patch.setattr(DeltaTable, "create_write_transaction", commit)
                other.write(NAME, Partition.of(NAME, "b"), verdicts("b", 2), made_by("1"))
        raise OSError("Generic S3 error: HTTP error: error sending request: operation timed out")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", unsure)
    assert lake.write(NAME, Partition.of(NAME, "a"), verdicts("a", 3, 10), made_by("1")).written
    assert len(asked) == (1 if when == "before" else 2)
    assert lake.count(NAME, "a") == lake.read_table(NAME, partition="a").num_rows == 3
    recorded = [row["version"] for row in lake.read_table("lineage").to_pylist()]
    assert sorted(recorded) == list(range(1, 4 if when == "by another" else 3))


def test_a_log_is_appended_to_once_whatever_answer_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_PAUSES", (0.0, 0.0))
    commit, asked = DeltaTable.create_write_transaction, list[bool]()

    def lost(handle: DeltaTable, *arguments: Any, **named: Any) -> None:
        asked.append(True)
        if len(asked) % 3 != 1:
            commit(handle, *arguments, **named)
        if len(asked) % 3 != 0:
            raise OSError("Generic S3 error: error decoding response body (os error 104)")

    lake = Lake(str(tmp_path / "lake"))
    append(lake, 0)
    monkeypatch.setattr(DeltaTable, "create_write_transaction", lost)
    for number in range(1, 6):
        append(lake, number)
    assert len(asked) > 6 and numbers(lake) == list(range(6))


def test_a_store_that_never_answers_is_named_and_no_file_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not answered to may yet be carried out: the files that it names must be there then."""
    monkeypatch.setattr(faults, "_PAUSES", (0.0, 0.0))
    commit, asked = DeltaTable.create_write_transaction, list[Any]()

    def never(handle: DeltaTable, *arguments: Any, **named: Any) -> None:
        asked.append(lambda: commit(handle, *arguments, **named))
        raise OSError("Generic S3 error: HTTP error: error sending request: connection closed before message completed")

    lake = Lake(str(tmp_path / "lake"))
    lake.write(NAME, Partition.of(NAME, "a"), verdicts("a", 1), made_by("0"))
    with monkeypatch.context() as patch:
        patch.setattr(DeltaTable, "create_write_transaction", never)
        with pytest.raises(StoreFault, match=rf"^cannot commit to {tmp_path}/lake/{NAME}: .*connection closed"):
            lake.write(NAME, Partition.of(NAME, "a"), verdicts("a", 3), made_by("1"))
    assert len(asked) == 3
    asked[0]()
    assert lake.count(NAME, "a") == lake.read_table(NAME).num_rows == 3
    assert not lake.write(NAME, Partition.of(NAME, "a"), verdicts("a", 3), made_by("1")).written
    assert lake.read_table(NAME).num_rows == 3 and lake.count("lineage") == 2


def test_what_moved_on_while_it_failed_is_read_from_where_it_was() -> None:
    class Moving(io.BytesIO):
        """Moves on, and then fails, every other time."""

        def read(self, size: int | None = -1) -> bytes:
            content = super().read(size)
            self.times = getattr(self, "times", 0) + 1
            if self.times % 2:
                raise OSError("Generic S3 error: error decoding response body (os error 104)")
            return content

    stream = faults._Telling(Moving(b"abcdef"), "read", "s3://lake/file")
    assert [stream.read(2) for _ in range(4)] == [b"ab", b"cd", b"ef", b""]


def test_a_file_whose_end_got_no_answer_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system, landed = filesystem(str(tmp_path), {}), [True, False]

    class Unanswered(faults._Telling):
        def close(self) -> None:
            if self._doing == "read" or landed.pop(0):
                self._raw.close()
            if self._doing == "write":
                raise StoreFault("cannot write s3://lake/file: connection closed")

    monkeypatch.setattr(faults, "_Telling", Unanswered)
    assert write_bytes(system, "one", [b"bytes"])[0] == 5
    with pytest.raises(StoreFault, match="connection closed"):
        write_bytes(system, "two", iter([b"bytes"]))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB, which only root can mount."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]).returncode:
        pytest.skip("NO DISK: mounting one needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_told_wherever_it_fills(small_disk: Path) -> None:
    lake, filler = Lake(str(small_disk / "lake")), small_disk / "filler"
    told = 0
    for left in range(0, 40_000, 4096):
        filler.write_bytes(bytes(49_152 - left))
        try:
            lake.write(NAME, Partition.of(NAME, "a"), verdicts("a", 1), made_by("1"))
        except StoreFault as error:
            assert re.fullmatch(rf"cannot [a-z ]+ {small_disk}/lake\S*: No space left on device", str(error))
            told += 1
            filler.unlink()
            continue
        break
    assert told
    filler.unlink(missing_ok=True)
    subprocess.run(["mount", "-o", "remount,size=1m", str(small_disk)], check=True)
    lake.write(NAME, Partition.of(NAME, "a"), verdicts("a", 1), made_by("1"))
    assert lake.read_table(NAME).num_rows == 1


def test_a_disk_that_is_read_only_is_told(small_disk: Path) -> None:
    lake = Lake(str(small_disk / "lake"))
    lake.write(NAME, Partition.of(NAME, "a"), verdicts("a", 1), made_by("1"))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreFault, match=rf"cannot write {small_disk}/lake/{NAME}/\S+: Read-only file system"):
        lake.write(NAME, Partition.of(NAME, "b"), verdicts("b", 1), made_by("1"))
    with pytest.raises(StoreFault, match=rf"cannot make {small_disk}/other/{NAME}: Read-only file system"):
        Lake(str(small_disk / "other")).write(NAME, Partition.of(NAME, "b"), verdicts("b", 1), made_by("1"))
    assert lake.read_table(NAME).num_rows == 1


def test_a_lake_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreFault, match=r"file/lake\S*: Not a directory"):
        Lake(str(tmp_path / "file" / "lake")).tables()


def test_a_file_that_a_store_does_not_give_is_not_taken_for_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a repair would set aside what is in order."""
    broken = StoreUnanswered("cannot read s3://lake/documents/file: the store answers 503 Service Unavailable")

    class Down:
        def open_input_file(self, path: str) -> None:
            raise broken

        open_input_stream = open_input_file

    lake = Lake("s3://lake/tables")
    for module in (custody, chain, copies, ledger):
        monkeypatch.setattr(module, "filesystem", lambda *_: Down())
    for ask in (
        lambda: custody.digest_of(lake, "documents", "file"), lambda: custody.rows_of(lake, "documents", "file"),
        lambda: checkpoint_fault(Down(), "documents", 0, State()), lambda: copies.copy_of(lake, "documents", 0),
        lambda: chain.bundle_of(lake, "lineage", 0), lambda: ledger.fault_of_kept(lake, "documents", []),
        lambda: entries._read(lake, "documents", 0),
    ):
        with pytest.raises(StoreUnanswered):
            ask()
