"""Checks of a stage in real Dagster runs over a real lake: what passes, what blocks, what is recorded."""

import json
import warnings
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from data_platform.assets.checks import stage_checks
from data_platform.assets.names import Names
from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.resources.workspace import WorkspaceResource
from data_platform.run.stage import Passing, Stage

NAMES = Names("small")
SECRET = "a sentence of a document"


def stage_of(name: str, partitioned: bool, inputs: tuple[str, ...] = ()) -> Stage:
    return Stage(
        name, "test", inputs, run=lambda work: {}, config=lambda workspace, snapshot: {},
        partitioned=partitioned, books=Passing() if inputs else None,
    )


def signals(snapshot: str, count: int) -> pa.Table:
    rows = [
        {**dict.fromkeys(table("quality_signals").column_names, 0), "doc_id": f"{number:032x}", "snapshot": snapshot}
        for number in range(count)
    ]
    return pa.Table.from_pylist(rows, schema=table("quality_signals").schema)


def verdicts(snapshot: str, ids: list[str]) -> pa.Table:
    rows = [{"doc_id": id_, "snapshot": snapshot, "kept": True, "reason": "", "failed": []} for id_ in ids]
    return pa.Table.from_pylist(rows, schema=table("filter_verdicts").schema)


class LakeOnly(WorkspaceResource):
    """A workspace of which only the lake is used, and the snapshots that it has."""

    @property
    def snapshots(self) -> list[str]:
        """Two."""
        return ["one", "two"]

    def open(self):
        """Itself."""
        return self

    def at_rest(self):
        """Itself."""
        return self

    @property
    def recipe(self) -> None:
        """None: only mixtures are checked against it."""

    @property
    def lake(self) -> Lake:
        """The lake under test."""
        return Lake(self.lake_uri)


def run(lake: Lake, ids: dict[str, list[str]]) -> dict[str, dg.ExecuteInProcessResult]:
    """From three documents in every snapshot make verdicts on `ids`, check them, and read them downstream."""
    name, above = "filter_verdicts", "quality_signals"

    @dg.asset(key=NAMES.asset(name), partitions_def=NAMES.snapshots)
    def written(context: dg.AssetExecutionContext) -> None:
        snapshot = context.partition_key
        lake.write(above, Partition.of(above, snapshot), signals(snapshot, 3), Provenance(above, "1", {}))
        made = Provenance(name, "1", {}, (lake.pin(above, snapshot),))
        lake.write(name, Partition.of(name, snapshot), verdicts(snapshot, ids[snapshot]), made)

    @dg.asset(name="downstream", deps=[NAMES.asset(name)], partitions_def=NAMES.snapshots)
    def downstream() -> None: ...

    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(NAMES.snapshots.name, list(ids))
    definitions = dg.Definitions(
        [written, downstream], asset_checks=[stage_checks(stage_of(name, True, (above,)), NAMES)],
        resources={"workspace": LakeOnly(recipe_path="", lake_uri=lake.uri)},
    )
    return {
        snapshot: definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, partition_key=snapshot, raise_on_error=False
        )
        for snapshot in ids
    }


def downstream_ran(result: dg.ExecuteInProcessResult) -> bool:
    return bool(result.asset_materializations_for_node("downstream"))


def test_a_bad_snapshot_is_blocked_and_a_good_one_is_not(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    good, bad = [f"{number:032x}" for number in range(3)], ["0" * 32, "0" * 32, SECRET]
    results = run(lake, {"good": good, "bad": bad, "lost": good[:2]})
    assert results["good"].success and downstream_ran(results["good"])
    assert not downstream_ran(results["lost"])
    assert not downstream_ran(results["bad"])
    failed = {
        evaluation.check_name: evaluation
        for evaluation in results["bad"].get_asset_check_evaluations() if not evaluation.passed
    }
    assert set(failed) == {"key_unique", "key_and_license_values", "up_to_date"}, "other code made it"
    assert not failed["up_to_date"].blocking and "code changed" in failed["up_to_date"].metadata["why"].value
    assert failed["key_unique"].metadata["duplicates"].value == 1
    assert SECRET not in "".join(str(event) for event in results["bad"].all_events)

    recorded = lake.read_table("check_results").to_pylist()
    assert {(row["partition"], row["check"]) for row in recorded if not row["passed"]} == {
        ("bad", "key_unique"), ("bad", "key_and_license_values"), ("lost", "books"),
    }
    assert {row["check"] for row in recorded if row["partition"] == "good" and row["blocking"]} == {
        "schema", "row_count", "key_unique", "not_null", "key_and_license_values", "custody", "books",
    }
    assert {row["recipe"] for row in recorded if row["partition"] == "good"} == {
        lake.pin("filter_verdicts", "good").recipe
    }
    (counted,) = [row for row in recorded if (row["partition"], row["check"]) == ("good", "row_count")]
    assert json.loads(counted["detail"]) == {"rows": 3, "committed_rows": 3}


def test_an_odd_value_warns_and_blocks_nothing(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    name = "language_model"
    row = {"model_id": "m", "uri": "u", "sha256": "not a digest", "license_spdx": "MIT", "parameters": 0,
           "training_texts": 0, "metrics": "{}"}
    rows = pa.Table.from_pylist([row], schema=table(name).schema)
    lake.write(name, Partition(), rows, Provenance(name, "1", {}))
    result = dg.materialize(
        [dg.AssetsDefinition.from_graph(_nothing, keys_by_output_name={"result": NAMES.asset(name)}),
         stage_checks(stage_of(name, False), NAMES)],
        resources={"workspace": LakeOnly(recipe_path="", lake_uri=lake.uri)},
    )
    assert result.success
    (failed,) = [evaluation for evaluation in result.get_asset_check_evaluations()
                 if not evaluation.passed and evaluation.check_name != "up_to_date"]
    assert (failed.check_name, failed.severity, failed.blocking) == ("values", dg.AssetCheckSeverity.WARN, False)


@dg.op
def _make_nothing() -> None: ...


@dg.graph
def _nothing():
    return _make_nothing()


def test_what_cannot_be_checked_fails_the_step_and_records_nothing(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    result = dg.materialize(
        [dg.AssetsDefinition.from_graph(_nothing, keys_by_output_name={"result": NAMES.asset("duplicates")}),
         stage_checks(stage_of("duplicates", False), NAMES)],
        resources={"workspace": LakeOnly(recipe_path="", lake_uri=lake.uri)},
        raise_on_error=False,
    )
    assert not result.success
    assert not result.get_asset_check_evaluations()
    assert not lake.exists("check_results")
    (failure,) = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    assert "never written" in failure.event_specific_data.error_display_string


@pytest.mark.parametrize("partitioned", [True, False])
def test_no_preview_warning_is_heard(partitioned: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", dg.PreviewWarning)
        name = "filter_verdicts" if partitioned else "duplicates"
        definitions = dg.Definitions(
            asset_checks=[stage_checks(stage_of(name, partitioned), NAMES)],
            resources={"workspace": LakeOnly(recipe_path="", lake_uri="")},
        )
        definitions.resolve_all_job_defs()


def alone(
    lake: Lake, *names: str, partition: str | None = "one", instance: dg.DagsterInstance | None = None
) -> dg.ExecuteInProcessResult:
    """Execute checks of what is stored, as the button on their page does: nothing is materialised. The button of
    partitioned checks names no partition.
    """
    name = "filter_verdicts"
    stage = stage_of(name, True, ("quality_signals",))

    @dg.asset(key=NAMES.asset(name), partitions_def=NAMES.snapshots)
    def never() -> None:
        raise AssertionError("nothing is materialised")

    definitions = dg.Definitions(
        [never], asset_checks=[stage_checks(stage, NAMES)],
        resources={"workspace": LakeOnly(recipe_path="", lake_uri=lake.uri)},
    )
    instance = instance or dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(NAMES.snapshots.name, ["one", "two"])
    keys = [dg.AssetCheckKey(NAMES.asset(name), check) for check in names]
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(asset_check_selection=set(keys))
    tags = {"dagster/partition": partition} if partition else {}
    return job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)


def test_a_check_can_be_executed_alone_and_says_what_it_found(tmp_path: Path) -> None:
    lake, name, above = Lake(str(tmp_path)), "filter_verdicts", "quality_signals"
    ids = [f"{number:032x}" for number in range(3)]
    lake.write(above, Partition.of(above, "one"), signals("one", 3), Provenance(above, "1", {}))
    made = Provenance(name, "1", {}, (lake.pin(above, "one"),))
    lake.write(name, Partition.of(name, "one"), verdicts("one", ids[:2]), made)
    (found,) = alone(lake, "key_unique").get_asset_check_evaluations()
    assert found.passed and found.description == "2 of 2 keys (doc_id) are unique."
    assert not lake.exists("check_results"), "what holds alone does not make a partition checked"
    (found,) = alone(lake, "books").get_asset_check_evaluations()
    assert not found.passed
    assert found.description == "3 rows in against 2 kept + 0 dropped: 1 unaccounted for."
    assert lake.read_table("check_results")["check"].to_pylist() == ["books"], "what failed is on record"
    every = ["schema", "row_count", "key_unique", "not_null", "key_and_license_values", "custody",
             "up_to_date", "books"]
    assert len(alone(lake, *every).get_asset_check_evaluations()) == len(every)
    before = len(lake.read_table("check_results"))
    alone(lake, "custody")
    assert len(lake.read_table("check_results")) == before + 1, "beside all others, one that holds counts"


def test_without_a_partition_all_that_are_stored_are_asked(tmp_path: Path) -> None:
    lake, name = Lake(str(tmp_path)), "filter_verdicts"
    nothing = alone(lake, "key_unique", partition=None)
    assert not nothing.success and "nothing to check" in str(nothing.all_events)
    lake.write(name, Partition.of(name, "one"), verdicts("one", ["0" * 32, "1" * 32]), Provenance(name, "1", {}))
    lake.write(name, Partition.of(name, "two"), verdicts("two", ["0" * 32, "0" * 32]), Provenance(name, "1", {}))
    instance = dg.DagsterInstance.ephemeral()
    for _ in range(2):  # as often as one likes
        done = alone(lake, "key_unique", partition=None, instance=instance)
    *each, found = done.get_asset_check_evaluations()
    assert {one.partition: one.passed for one in each} == {"one": True, "two": False}
    assert not found.passed and found.description == (
        "It holds of 1 of 2 partitions; of two: 1 of 2 keys (doc_id) are unique."
    )
    key = dg.AssetCheckKey(NAMES.asset(name), "key_unique")
    stored = instance.event_log_storage.get_asset_check_partition_info([key])
    assert {info.partition_key: info.latest_execution_status.value for info in stored if info.partition_key} == {
        "one": "SUCCEEDED", "two": "FAILED",
    }
