"""What is said of a failure: path and cause of files, and never a row."""

from __future__ import annotations

from pathlib import Path

import daft
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_platform.core.errors import FileFault, describe, faults_of
from data_platform.core.memory import remember


@pytest.mark.parametrize(("content", "cause"), [
    (b"", "it is damaged or cut; what to do: data-platform repair"),
    (b"half", "it is damaged or cut; what to do: data-platform repair"),
    (None, "No such file or directory"),
])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, cause: str) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": ["kept to themselves"] * 999}), path)
    frame = daft.read_parquet(str(path))
    whole = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(content and whole[: len(whole) // 2])
    with pytest.raises(Exception) as caught:
        frame.collect()
    assert describe(caught.value) == f"cannot read {path}: {cause}"


def test_messages_of_libraries_are_not_passed_on() -> None:
    assert "kept" not in describe(pa.ArrowInvalid("kept to themselves: /rows.parquet"))
    assert describe(OSError("Generic error\n\x1b[31m|\x1b[0m  no answer")) == "Generic error | no answer"


def test_what_is_written_is_named_where_a_full_disk_does_not_say_it(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    with pytest.raises(FileFault, match=f"^cannot write {path}: No space left on device$"), faults_of(path), \
            open("/dev/full", "w") as full:
        full.write("x")
    with pytest.raises(FileFault, match=f"^cannot write {path}/below: Not a directory$"):
        path.touch()
        remember(path / "below" / "known.json", {})
    with pytest.raises(ValueError, match="as it is"), faults_of(path):
        raise ValueError("as it is")
