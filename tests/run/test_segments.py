"""Blocks of shared memory of runs that died with all of their processes are removed by the next, and no others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from multiprocessing import shared_memory
from pathlib import Path

import pytest

from data_platform.run import segments

RUN = """
import time
import daft, pyarrow as pa
from data_platform.run import engine

def slowly(names):
    time.sleep(60)
    return pa.StructArray.from_arrays([names], ["name_again"])

kernel = engine.batch_udf(slowly, {"name_again": pa.string()}, processes=True, batch_rows=2)
frame = daft.from_pydict({"name": ["a"] * 99})
print(frame.select(kernel(daft.col("name"))).count_rows())
"""


def ours() -> set[str]:
    return {path.name for path in segments.FOLDER.glob("data-platform-*")}


@pytest.mark.skipif(not segments.FOLDER.is_dir(), reason="blocks have no names here")
def test_blocks_of_a_run_that_was_killed_as_a_whole_go_with_the_next() -> None:
    before = ours()
    killed = subprocess.Popen([sys.executable, "-c", RUN], start_new_session=True, stderr=subprocess.DEVNULL)
    for _ in range(600):
        if mine := {name for name in ours() - before if f"-{killed.pid}-" in name}:
            break
        time.sleep(0.1)
    assert mine, "rows of the run wait for its workers"
    assert not mine & set(segments.remove_left()), "it is alive"
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    other = shared_memory.SharedMemory(create=True, size=1)
    try:
        assert mine <= set(segments.remove_left()) and not mine & ours()
        assert Path(segments.FOLDER, other.name).exists(), "it is somebody else's"
    finally:
        other.close()
        other.unlink()


def test_a_number_that_was_given_to_another_process_is_told_apart(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(segments, "FOLDER", tmp_path)
    here = segments._identity(os.getpid())
    names = [f"data-platform-{here}-{'0' * 16}", f"data-platform-{here[:-1]}-{'0' * 16}",
             f"data-platform-1{here}-{'0' * 16}", "psm_01234567", "data-platform-notes"]
    for name in names:
        (tmp_path / name).touch()
    assert segments.remove_left() == [names[1]]
    assert {path.name for path in tmp_path.iterdir()} == {*names} - {names[1]}
