"""The commit contract: idempotent, compare-and-swap, with lineage, one partition per commit."""

from __future__ import annotations

import json
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from daft import col, lit
from deltalake import write_deltalake

from data_platform.core.columns import Column, Table
from data_platform.core.tables import FAMILIES, TABLES, table
from data_platform.lake.custody import Custody
from data_platform.lake.lake import ConcurrentWrite, Lake, Partition, Pin, Provenance, TableMissing
from data_platform.run import engine

NAME = "filter_verdicts"


def verdicts(snapshot: str, count: int, start: int = 0) -> pa.Table:
    rows = [
        {"doc_id": f"{number:032x}", "snapshot": snapshot, "kept": True, "reason": "", "failed": []}
        for number in range(start, start + count)
    ]
    return pa.Table.from_pylist(rows, schema=table(NAME).schema)


def made_by(code: str, run: str = "run", inputs: tuple[Pin, ...] = ()) -> Provenance:
    return Provenance(NAME, code, {"threshold": 1}, inputs, run, "abc")


def write(lake: Lake, snapshot: str, rows: pa.Table, code: str = "1", run: str = "run"):
    return lake.write(NAME, Partition.of(NAME, snapshot), rows, made_by(code, run))


def test_one_commit_replaces_one_partition_and_no_other(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    write(lake, "a", verdicts("a", 3))
    write(lake, "b", verdicts("b", 5, 10))
    write(lake, "a", verdicts("a", 2, 50), code="2")
    assert (lake.count(NAME, "a"), lake.count(NAME, "b"), lake.count(NAME)) == (2, 5, 7)
    assert sorted(lake.read_table(NAME, ["doc_id"], partition="a")["doc_id"].to_pylist()) == [
        f"{50:032x}", f"{51:032x}"
    ]
    assert lake.count(NAME, "a", version=1) == 3, "the old version stays readable"


def test_the_same_recipe_is_written_once_whatever_the_run(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    first = write(lake, "a", verdicts("a", 3), run="one")
    second = write(lake, "a", verdicts("a", 3), run="two")
    assert first.written and not second.written
    assert lake.open(NAME).version() == first.version
    files = [path for path in (tmp_path / NAME).rglob("*.parquet")]
    assert len(files) == 1, "the files of the write that was not needed are removed"


def test_an_empty_partition_is_remembered_as_written(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    assert write(lake, "a", verdicts("a", 0)).written
    assert not write(lake, "a", verdicts("a", 0)).written
    assert lake.count(NAME, "a") == 0
    assert lake.pin(NAME, "a") is not None and lake.pin(NAME, "b") is None


def test_a_partition_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    write(lake, "a", verdicts("a", 3))
    partition = Partition.of(NAME, "a")
    basis = lake.carried(NAME, partition)
    writer = lake.writer(NAME)
    writer.write(verdicts("a", 1).to_batches()[0])
    write(lake, "a", verdicts("a", 4), code="other")
    with pytest.raises(ConcurrentWrite, match="nothing was overwritten"):
        lake.replace(NAME, partition, writer.close(), made_by("mine"), basis)
    assert lake.count(NAME, "a") == 4


def _write_in_process(arguments: tuple[str, str, str]) -> bool:
    uri, snapshot, run = arguments
    return write(Lake(uri), snapshot, verdicts(snapshot, 100), run=run).written


def test_runs_at_once_neither_lose_nor_double_rows(tmp_path: Path) -> None:
    jobs = [(str(tmp_path), f"s{number % 3}", f"run{number}") for number in range(12)]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        written = pool.map(_write_in_process, jobs, chunksize=1)
        pool.close()  # workers end by themselves: SIGTERM, which leaving the block sends, may be ignored
        pool.join()
    lake = Lake(str(tmp_path))
    assert sum(written) == 3
    assert {snapshot: lake.count(NAME, snapshot) for snapshot in ("s0", "s1", "s2")} == {
        "s0": 100, "s1": 100, "s2": 100
    }
    assert lake.open(NAME).version() == 3
    assert len({row["table_id"] for row in lake.history(NAME)}) == 1
    assert lake.count("lineage") == 3


def write_by_threads(arguments: tuple[str, int, int]) -> list[bool]:
    """Write two partitions per writer, each writer in a thread of its own; says what was written."""
    uri, first, count = arguments
    lake = Lake(uri)

    def write_two(number: int) -> list[bool]:
        return [write(lake, f"w{number}-{part}", verdicts(f"w{number}-{part}", 10)).written for part in range(2)]

    with ThreadPoolExecutor(count) as pool:
        return [written for both in pool.map(write_two, range(first, first + count)) for written in both]


def sixteen_writers(uri: str) -> None:
    """Two processes with eight writers each: nothing is lost, nothing is told twice, nobody is sent away."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        written = pool.map(write_by_threads, [(uri, 0, 8), (uri, 8, 8)], chunksize=1)
        pool.close()
        pool.join()
    lake = Lake(uri)
    assert [*map(len, written)] == [16, 16] and all(map(all, written))
    assert lake.count(NAME) == 320 and lake.open(NAME).version() == 32
    assert sorted(row["version"] for row in lake.read_table("lineage").to_pylist()) == list(range(1, 33))


def test_sixteen_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    sixteen_writers(str(tmp_path))


def test_lineage_table_and_commits_agree(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    pin = Pin("documents", "some-id", 7, "a", "00000000000000f")
    lake.write(NAME, Partition.of(NAME, "a"), verdicts("a", 3), made_by("1", inputs=(pin,)))
    write(lake, "b", verdicts("b", 2))
    lineage = lake.read_table("lineage").sort_by("version").to_pylist()
    assert lineage == sorted(lake.history(NAME), key=lambda row: row["version"])
    assert json.loads(lineage[0]["inputs"]) == [
        {"table": "documents", "table_id": "some-id", "version": 7, "partition": "a", "recipe": "00000000000000f"}
    ]
    assert lineage[0]["rows"] == 3


def test_lineage_of_a_run_killed_before_it_was_recorded_is_repaired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(Lake, "record_lineage", lambda self, name: None)
        write(lake, "a", verdicts("a", 3))
    assert not lake.exists("lineage")
    lake.repair_lineage()
    lake.repair_lineage()
    assert lake.count("lineage") == 1


def test_the_recipe_is_code_configuration_and_inputs_and_nothing_else() -> None:
    pin = Pin("documents", "id", 3, "a", "f")
    base = Provenance("x", "1", {"a": 1}, (pin,), "run", "commit")
    assert base.recipe == Provenance("x", "1", {"a": 1}, (pin,), "other run", "other commit").recipe
    # The version at which an input is read may grow by commits to other partitions.
    assert base.recipe == Provenance("x", "1", {"a": 1}, (Pin("documents", "id", 9, "a", "f"),)).recipe
    others = [
        Provenance("x", "2", {"a": 1}, (pin,)),
        Provenance("x", "1", {"a": 2}, (pin,)),
        Provenance("x", "1", {"a": 1}, (Pin("documents", "id", 3, "a", "e"),)),
        Provenance("x", "1", {"a": 1}, (Pin("documents", "other", 3, "a", "f"),)),
        Provenance("x", "1", {"a": 1}),
    ]
    assert len({base.recipe, *(other.recipe for other in others)}) == 6


def test_null_where_the_registry_forbids_it_is_refused_without_values(tmp_path: Path) -> None:
    rows = verdicts("a", 2).set_column(2, pa.field("kept", pa.bool_()), pa.array([None, True]))
    with pytest.raises(ValueError, match=r"filter_verdicts\.kept must not be null, 1 of"):
        Lake(str(tmp_path)).writer(NAME).write(rows.to_batches()[0])


def test_missing_tables_and_versions_say_what_exists(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    with pytest.raises(TableMissing, match="tables: none yet"):
        lake.open(NAME)
    write(lake, "a", verdicts("a", 1))
    with pytest.raises(TableMissing, match="tables: filter_verdicts, lineage"):
        lake.open("documents")
    with pytest.raises(TableMissing, match="no version 99"):
        lake.open(NAME, version=99)


def test_reading_streams_the_registry_types_and_filters(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    labels = pa.Table.from_pylist(
        [{"label_id": f"{n:032x}", "origin": "o", "text": "t" * n, "label": n % 2, "split": "train"} for n in range(9)],
        schema=table("quality_labels").schema,
    )
    lake.write("quality_labels", Partition(), labels, Provenance("quality_labels", "1", {}))
    reader = lake.read("quality_labels", ["text", "label"], where=pc.field("label") == 1, batch_rows=2)
    assert reader.schema.field("text").type == pa.large_string()
    assert sorted(reader.read_all()["text"].to_pylist()) == ["t", "ttt", "ttttt", "ttttttt"]


def test_text_is_kept_out_of_the_log(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    rows = [{"label_id": "0" * 32, "origin": "o", "text": "a secret sentence", "label": 1, "split": "train"}]
    labels = pa.Table.from_pylist(rows, schema=table("quality_labels").schema)
    lake.write("quality_labels", Partition(), labels, Provenance("quality_labels", "1", {}))
    log = "".join(path.read_text() for path in (tmp_path / "quality_labels" / "_delta_log").glob("*.json"))
    assert "num" in log and "secret" not in log


def test_a_table_takes_the_columns_of_today_with_the_first_partition_that_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(str(tmp_path))
    today = table(NAME)
    earlier = replace(today, columns=tuple(column for column in today.columns if column.name != "reason"))
    monkeypatch.setitem(TABLES, NAME, earlier)
    for snapshot in ("a", "b"):
        write(lake, snapshot, verdicts(snapshot, 2))
    monkeypatch.setitem(TABLES, NAME, today)
    write(lake, "a", verdicts("a", 3), code="2")
    assert lake.schema(NAME).names == today.column_names
    assert lake.read_table(NAME, ["reason"], partition="a")["reason"].to_pylist() == [""] * 3
    assert lake.count(NAME, "b") == 2, "rows that were not written again stay as they were"
    assert "reason" not in lake.schema(NAME, version=2).names


def _opinions(entry: str, *more: Column) -> Table:
    """A table of a family whose columns the recipe decides."""
    return Table(
        f"opinion_{entry}", "What somebody thinks of every document.",
        (*(table(NAME)[name] for name in ("doc_id", "snapshot")), *more), key=("doc_id",), kind="opinion", entry=entry,
        open=True,
    )


def test_a_table_whose_columns_the_recipe_decides_is_read_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAMILIES, "opinion", _opinions)
    lake, declared = Lake(str(tmp_path)), _opinions("mine", Column("liked", pa.float32(), "How much."))
    rows = pa.table({"doc_id": ["1", "2", "3"], "snapshot": ["a", "a", "b"], "liked": [0.5, 1.0, 0.0]}, declared.schema)
    for snapshot in ("a", "b"):
        some = rows.filter(pc.equal(rows["snapshot"], snapshot))
        lake.write(declared, Partition.of(declared, snapshot), some, made_by("1"))
    name = declared.name
    assert (table(name).kind, table(name).entry, "liked" in table(name)) == ("opinion", "mine", False)
    assert lake.tables("opinion") == [name] and lake.tables("mixture") == []
    stored = lake.table(name)
    assert stored.schema.equals(declared.schema) and (stored.key, stored.kind) == (("doc_id",), "opinion")
    assert lake.read_table(name, partition="a")["liked"].to_pylist() == [0.5, 1.0]
    assert (lake.count(name, "a"), lake.count(name)) == (2, 3)
    assert lake.pin(name, "b").partition == "b" and len(lake.pins(name, ["a", "b", "c"])) == 2
    frame = engine.read(lake, lake.pin(name, "b"), ["doc_id", "liked"])
    files = engine.write(lake, frame.with_columns({"snapshot": lit("c")}), [engine.Output(declared)])
    lake.replace(declared, Partition.of(declared, "c"), files[name], made_by("1"), None)
    assert lake.read_table(name, ["doc_id", "liked"], partition="c").to_pylist() == [{"doc_id": "3", "liked": 0.0}]


@pytest.mark.parametrize("folder", ["plain", "a b", "café", "a[1]*", "50%", "a%20b", "a#b"])
def test_the_engine_reads_wherever_a_lake_lies_and_whatever_a_snapshot_is_called(tmp_path: Path, folder: str) -> None:
    lake = Lake(str(tmp_path / folder))
    for snapshot in ("one", "2026 Frühling", "a=b + c", "it's (1) & 2 @3"):
        partition = Partition.of(NAME, snapshot)
        lake.write(NAME, partition, verdicts(snapshot, 3), made_by("1"))
        frame = engine.read(lake, lake.pin(NAME, snapshot), ["doc_id", "snapshot", "kept", "reason", "failed"])
        assert set(frame.to_pydict()["snapshot"]) == {snapshot}
        files = engine.write(lake, frame.where(col("doc_id") < f"{2:032x}"), [engine.Output(table(NAME))])
        lake.replace(table(NAME), partition, files[NAME], made_by("2"), lake.carried(NAME, partition))
        assert lake.count(NAME, snapshot) == lake.read_table(NAME, partition=snapshot).num_rows == 2
        assert Custody(lake, ledgers=True).breaches(NAME) == []


def test_a_table_of_another_program_is_read_as_it_is(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    write_deltalake(lake.table_uri("guests"), pa.table({"name": ["x"], "day": ["a"]}), partition_by=["day"])
    assert lake.tables() == ["guests"] and lake.tables("core") == []
    assert lake.read_table("guests", partition="a").to_pylist() == [{"name": "x", "day": "a"}]
    assert lake.count("guests", "b") == 0
    with pytest.raises(TableMissing, match="no table 'hosts'"):
        lake.table("hosts")
