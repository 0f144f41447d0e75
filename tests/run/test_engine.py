"""The engine: what it writes, and what it leaves alone while it does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import daft
import pyarrow as pa
import pytest

from data_platform.core.columns import Column, Table
from data_platform.core.errors import KernelError
from data_platform.lake.lake import Lake
from data_platform.run import engine

NAMES = Table(
    "names", "Names.", (Column("doc_id", pa.string(), "A name."), Column("snapshot", pa.string(), "A snapshot.")),
    key=("doc_id",),
)
WRITE = """
import sys

import daft

from data_platform.lake.lake import Lake
from data_platform.run import engine
from tests.run.test_engine import NAMES

engine.write(Lake(sys.argv[1]), daft.from_pydict({"doc_id": ["a"], "snapshot": ["one"]}), [engine.Output(NAMES)])
assert "torch" not in sys.modules, "writing loads torch"
"""


def test_rows_are_written_without_torch(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", WRITE, str(tmp_path)], check=True)


def test_rows_go_to_every_table_that_wants_them(tmp_path: Path) -> None:
    frame = daft.from_pydict({"doc_id": ["a", "b"], "snapshot": ["one", "two"], "chosen": [True, False]})
    other = Table("chosen", "Some names.", NAMES.columns, key=NAMES.key)
    files = engine.write(Lake(str(tmp_path)), frame, [engine.Output(NAMES), engine.Output(other, where="chosen")])
    assert {name: sum(file.rows for file in some) for name, some in files.items()} == {"names": 2, "chosen": 1}


@pytest.mark.parametrize("leaves", [SystemExit(3), ValueError("a text")])
def test_a_function_that_fails_or_leaves_ends_the_work(tmp_path: Path, leaves: BaseException) -> None:
    def fail(names: pa.Array) -> pa.Array:
        raise leaves

    kernel = engine.batch_udf(fail, {"doc_id": pa.string()})
    frame = daft.from_pydict({"name": ["a"], "snapshot": ["one"]})
    with pytest.raises(KernelError, match=type(leaves).__name__) as told:
        engine.write(Lake(str(tmp_path)), frame.select("snapshot", kernel(daft.col("name"))), [engine.Output(NAMES)])
    assert "a text" not in str(told.value)


def test_rows_that_a_table_cannot_hold_end_the_work(tmp_path: Path) -> None:
    frame = daft.from_pydict({"doc_id": ["a"] * 99, "snapshot": ["one"] * 99})
    frame = frame.with_column("doc_id", daft.lit(None).cast(daft.DataType.string()))
    with pytest.raises(ValueError, match=r"names\.doc_id must not be null"):
        engine.write(Lake(str(tmp_path)), frame, [engine.Output(NAMES)])
