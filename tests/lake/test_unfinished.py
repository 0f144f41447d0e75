"""What a stage began and no commit names is deleted, whatever becomes of the stage."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_platform.core.stopping import Stopped
from data_platform.lake import unfinished
from data_platform.lake.lake import Lake, Partition
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
