"""What is observed of what lies beside the tables of stages, and of runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pyarrow as pa

from data_platform.assets.effort import Effort
from data_platform.assets.expectations import Outcome
from data_platform.assets.names import Names, table_of
from data_platform.assets.observations import MEMORY_TAG, ROWS_TAG, SPEED_TAG, of_checks, of_step, tag_effort, takedowns
from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.run.stage import Passing, Stage

NAMES = Names("small")
STAGE = Stage("documents", "test", (), run=lambda work: {}, config=lambda workspace, snapshot: {}, books=Passing(),
              sides=("rejections", "archives"), checks=("taken_down",))


def put(lake: Lake, name: str, partition: Partition, rows: list[dict]) -> None:
    full = [{column.name: _empty(column.type) for column in table(name).columns} | row for row in rows]
    lake.write(name, partition, pa.Table.from_pylist(full, schema=table(name).schema), Provenance(name, "1", {}))


def _empty(type_: pa.DataType) -> object:
    if pa.types.is_list(type_):
        return []
    if pa.types.is_boolean(type_):
        return True
    if pa.types.is_timestamp(type_):
        return datetime(2026, 1, 1, tzinfo=UTC)
    return "x" if pa.types.is_string(type_) or pa.types.is_large_string(type_) else 0


def test_a_step_says_what_it_left_beside_its_table(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    for snapshot, reasons in (("one", ["empty", "empty", "odd"]), ("two", ["empty"])):
        rows = [{"stage": "documents", "snapshot": snapshot, "id": str(number), "reason": reason}
                for number, reason in enumerate(reasons)]
        put(lake, "rejections", STAGE.side_partition("rejections", snapshot), rows)
        put(lake, "archives", STAGE.side_partition("archives", snapshot),
            [{"snapshot": snapshot, "records": 5, "captured": 2, "rejected": 3, "complete": False}])
    put(lake, "takedowns", Partition(), [{"takedown_id": "a", "state": "begun"},
                                         {"takedown_id": "a", "state": "done", "documents": 4},
                                         {"takedown_id": "b", "state": "begun"}])
    commit = lake.write("documents", Partition.of("documents", "one"), table("documents").schema.empty_table(),
                        Provenance("documents", "1", {}))
    found = {table_of(one.asset_key): one.metadata for one in of_step(lake, STAGE, NAMES, "one", commit, Effort(2, 50))}
    assert found["rejections"]["rejected/documents"].value == 3
    assert [dict(record.data) for record in found["rejections"]["reasons"].records] == [
        {"reason": "empty", "rows": 2}, {"reason": "odd", "rows": 1},
    ]
    assert (found["archives"]["records"].value, found["archives"]["incomplete"].value) == (5, 1)
    assert found["lineage"]["version"].value == commit.version
    assert found["runs"]["seconds"].value == 2
    assert (found["takedowns"]["unfinished"].value, found["takedowns"]["documents removed"].value) == (1, 4)
    assert takedowns(Lake(str(tmp_path / "other"))) == {}


def test_failed_checks_are_told_in_sentences() -> None:
    outcomes = [Outcome("not_empty", False, "warning", {"rows": 0}),
                Outcome("documents_stay", True, "critical", {"documents": 3, "kept": 3})]
    found = of_checks(NAMES, STAGE, "one", outcomes).metadata
    assert (found["checks"].value, found["failed"].value, found["blocking"].value) == (2, 1, 0)
    assert dict(found["what failed"].records[0].data) == {"check": "not_empty", "found": "There are 0 rows."}


def test_a_run_carries_what_its_steps_took() -> None:
    @dg.op
    def nothing() -> None: ...

    @dg.job
    def job() -> None:
        nothing()

    with dg.DagsterInstance.ephemeral() as instance:
        run_id = job.execute_in_process(instance=instance).run_id
        tag_effort(instance, run_id, Effort(2, 100), 10)
        tag_effort(instance, run_id, Effort(2, 50), 30)
        tags = instance.get_run_by_id(run_id).tags
    assert (tags[ROWS_TAG], tags[SPEED_TAG], tags[MEMORY_TAG]) == ("40", "10.0", "100")
