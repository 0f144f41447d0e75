"""What a stage began and no commit names is deleted, whatever becomes of the stage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from data_platform.core.stopping import Stopped
from data_platform.lake import unfinished
from data_platform.lake.lake import Lake, Partition
from tests.conftest import REPOSITORY
from tests.lake.test_lake import NAME, made_by, verdicts, write


def files(folder: Path) -> list[str]:
    """Names of all data files, whole or not."""
    return sorted(path.name for path in folder.rglob("*.parquet*"))


@pytest.mark.parametrize("failure", [RuntimeError, Stopped])
@pytest.mark.parametrize("whole", [True, False])
def test_what_a_failed_stage_began_is_deleted(tmp_path: Path, failure: type[BaseException], whole: bool) -> None:
    lake = Lake(str(tmp_path))
    write(lake, "a", verdicts("a", 3))
    before = files(tmp_path)
    with pytest.raises(failure), unfinished.deleted_on_failure():
        writer = lake.writer(NAME)
        writer.write(verdicts("b", 3).to_batches()[0])
        if whole:
            writer.close()
        raise failure
    del writer
    assert files(tmp_path) == before and lake.count(NAME) == 3


def test_what_was_committed_stays(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    with pytest.raises(Stopped), unfinished.deleted_on_failure():
        write(lake, "a", verdicts("a", 3))
        raise Stopped
    assert lake.read_table(NAME).num_rows == 3 and lake.read_table("lineage").num_rows == 1


def test_what_is_given_up_is_never_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "_given_up", False)
    lake = Lake(str(tmp_path))
    write(lake, "a", verdicts("a", 3))
    before = files(tmp_path)
    writer = lake.writer(NAME)
    writer.write(verdicts("b", 3).to_batches()[0])
    done = writer.close()
    writer.write(verdicts("b", 2).to_batches()[0])
    unfinished.give_up()
    assert files(tmp_path) == before
    with pytest.raises(Stopped):
        lake.replace(NAME, Partition.of(NAME, "b"), done, made_by("1"), None)
    assert lake.count(NAME) == 3


def test_a_writer_that_is_left_open_is_ended_before_the_interpreter(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from data_platform.lake.lake import Lake\n"
        "from tests.lake.test_lake import NAME, verdicts\n"
        "whole, open_ = (Lake(sys.argv[1]).writer(NAME) for _ in range(2))\n"
        "whole.write(verdicts('a', 3).to_batches()[0])\n"
        "whole.close()\n"
        "open_.write(verdicts('b', 3).to_batches()[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, cwd=REPOSITORY)
    assert (done.returncode, done.stderr) == (0, "")
    # What is whole may be committed by another process.
    assert len(files(tmp_path)) == 1 and "snapshot=a" in str(next(tmp_path.rglob("*.parquet")))
