"""Lakes that an older takedown left in contradiction with their own commits: the next run heals them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from data_platform.core.tables import table
from data_platform.lake.custody import Custody
from data_platform.lake.lake import Lake, Partition
from data_platform.run.workspace import Workspace
from data_platform.takedown import execute as taking_down
from data_platform.takedown.execute import Order, Places, execute
from data_platform.takedown.inventory import stored_table
from data_platform.takedown.plan import Selectors
from tests.lake.test_lake import made_by
from tests.takedown import worlds
from tests.takedown.lakes import workspace_over, write_texts


def _by_folder(lake: Lake, name: str) -> list[Partition]:
    """The parts that a takedown rewrote once: by folder, whatever was committed as one."""
    columns = table(name).partition_by
    values = {tuple((column, dict(file.partition)[column]) for column in columns)
              for file in stored_table(lake, name).files if file.current}
    return [Partition(value) for value in sorted(values)]


@pytest.fixture
def stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A lake in which a document that a mixture had rejected was taken down as it was done once."""
    write_texts(tmp_path / "texts")
    mixtures = {"all": {"tokens": 700, "tiers": [0, 1, 2, 3, 4], "weights": {"web": 1}}}
    workspace = workspace_over(tmp_path / "texts", tmp_path / "lake", mixtures=mixtures)
    worlds.run(workspace)
    rejected = workspace.lake.read_table("rejections", ["stage", "snapshot", "id"]).to_pylist()
    gone = [row["id"] for row in rejected if row["stage"] == "plan_all"][:1]
    with monkeypatch.context() as patch:
        patch.setattr(taking_down, "_partitions", _by_folder)
        execute(workspace.lake, Order(Selectors.of(documents=gone), "asked for", "A. Uthor"), Places(), [])
    return workspace


def test_a_lake_that_could_never_run_again_runs(stuck: Workspace) -> None:
    written = {row["partition"] for row in stuck.lake.history("rejections")}
    assert "plan_all" in written and {"plan_all/one", "plan_all/two"} & written
    assert "plan_all" in worlds.run(stuck) and list(worlds.faults(stuck)) == []


def test_what_takes_rows_out_of_a_part_and_is_no_takedown_is_a_breach(stuck: Workspace) -> None:
    lake = stuck.lake
    assert Custody(lake).breaches("rejections", "plan_all") == []
    for snapshot in ("one", "two"):
        rows = lake.read_table("rejections", partition="plan_all")
        rows = rows.filter(pa.compute.equal(rows["snapshot"], snapshot))
        if rows.num_rows:
            lake.write("rejections", Partition.of("rejections", "plan_all", snapshot), rows.slice(1), made_by("other"))
            break
    assert "says" in str(Custody(lake).breaches("rejections", "plan_all")[0])
