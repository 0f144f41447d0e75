"""Which tables another run has written since is read from the lake, not remembered."""

from __future__ import annotations

from pathlib import Path

from data_platform.pipeline.flow import stages
from data_platform.pipeline.overtaken import carried, overtaken
from data_platform.pipeline.status import plan
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from tests.takedown.lakes import core, workspace_over, write_texts


def run(workspace: Workspace, run_id: str) -> None:
    """Write the first tables of a flow."""
    flow = stages(workspace.recipe)
    for name in (name for name in flow if name in core(flow)):
        for snapshot in workspace.snapshots if flow[name].partitioned else [None]:
            execute(flow[name], workspace, snapshot, run_id)


def test_other_settings_overtake_and_the_same_do_not(tmp_path: Path) -> None:
    write_texts(tmp_path / "texts", {"one": {"alpha": "Some words of a text.\n" * 9, "beta": "Others.\n" * 9}})
    mine = workspace_over(tmp_path / "texts", tmp_path / "lake")
    nothing = carried(mine, stages(mine.recipe))
    run(mine, "first")
    now = plan(mine)
    assert overtaken(mine, now, nothing, ["first"]) == []
    assert {one.same for one in overtaken(mine, now, nothing, ["mine"])} == {True}
    first = carried(mine, stages(mine.recipe))
    assert overtaken(mine, now, first, ["mine"]) == []

    other = workspace_over(tmp_path / "texts", tmp_path / "lake", filters={"rule_sets": {"fineweb": {}}})
    run(other, "second")
    found = overtaken(mine, plan(mine), nothing, ["first"])
    assert found == overtaken(mine, plan(mine), first, ["first"])
    assert {(one.same, one.run_id) for one in found} == {(False, "second")}
    assert "filter_verdicts/one" in {one.status.place for one in found}
    assert "raw_crawls/one" not in {one.status.place for one in found}
    assert "by run second" in str(found[0])
