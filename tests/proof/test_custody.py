"""Custody of tables: what another program does to them is seen, named and undone; what the platform does is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, write_deltalake

from data_platform.core.tables import table
from data_platform.lake.chain import CUSTODY_KEY
from data_platform.lake.custody import Custody, CustodyBroken
from data_platform.lake.lake import COMMIT_KEY, Lake, Partition, Provenance
from data_platform.lake.ledger import forget_all, listed_lately

NAME = "filter_verdicts"


def rows(snapshot: str, count: int) -> pa.Table:
    values = [{"doc_id": f"{number:032x}", "snapshot": snapshot, "kept": True, "reason": "", "failed": []}
              for number in range(count)]
    return pa.Table.from_pylist(values, schema=table(NAME).schema)


def write(lake: Lake, snapshot: str, count: int, code: str = "1") -> None:
    lake.write(NAME, Partition.of(NAME, snapshot), rows(snapshot, count), Provenance(NAME, code, {}))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(str(tmp_path))
    write(lake, "one", 3)
    write(lake, "two", 4)
    return lake


def append(handle: DeltaTable, **properties) -> None:
    made = CommitProperties(**properties) if properties else None
    write_deltalake(handle, rows("two", 1), mode="append", commit_properties=made)


def test_what_the_platform_writes_is_in_order_at_every_version(lake: Lake) -> None:
    write(lake, "one", 5, code="2")
    for version in (None, 0, 1, 2, 3):
        assert Custody(lake).breaches(NAME, version=version) == []
    assert Custody(lake).breaches("no_such_table") == []
    Custody(lake).refuse_breaches(NAME, "one")


@pytest.mark.parametrize(
    ("plant", "partition", "says"),
    [
        (append, "two", "version 3 (WRITE, "),
        (lambda handle: handle.delete("snapshot = 'two' and doc_id like '%0'"), "two", "took out 1 file with 4 rows"),
        (lambda handle: handle.update({"kept": "false"}, predicate="snapshot = 'one'"), "one", "put in 1 file with 3 "),
        (lambda handle: write_deltalake(handle, rows("one", 3), mode="overwrite", predicate="snapshot = 'one'"),
         "one", "put in 1 file with 3 rows and is no commit of the platform"),
    ],
    ids=["append", "delete", "update", "overwrite"],
)
def test_a_foreign_commit_is_named_in_the_partition_that_it_changed(
    lake: Lake, plant: Callable[[DeltaTable], None], partition: str, says: str
) -> None:
    plant(lake.open(NAME))
    custody = Custody(lake)
    found = custody.breaches(NAME)
    assert {breach.partition for breach in found} == {partition} and says in " ".join(map(str, found))
    assert custody.breaches(NAME, {"one": "two", "two": "one"}[partition]) == []
    assert custody.breaches(NAME, partition, version=2) == []
    assert [commit.version for commit in custody.foreign_commits(NAME)] == [3]
    with pytest.raises(CustodyBroken, match=r"put back version 2, .*: data-platform repair filter_verdicts"):
        custody.refuse_breaches(NAME, partition)


def test_what_is_put_back_is_in_order_and_remembered(lake: Lake) -> None:
    append(lake.open(NAME))
    lake.open(NAME).restore(2)
    custody = Custody(lake)
    assert custody.breaches(NAME) == [] and custody.breaches(NAME, "two", version=3)
    assert [commit.version for commit in custody.foreign_commits(NAME)] == [3, 4]


def test_a_commit_of_the_platform_on_top_hides_nothing(lake: Lake) -> None:
    append(lake.open(NAME))
    write(lake, "one", 5, code="2")
    assert {breach.partition for breach in Custody(lake).breaches(NAME)} == {"two"}
    assert "set the table aside" in Custody(lake).remedy(NAME)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ({"recipe": "0" * 64}, "it names no recipe"),
        (None, "it says no digests, and commits before it do"),
        ({"code_version": "2"}, "do not give the recipe that it names"),
        ({"inputs": "nothing"}, "cannot be read"),
    ],
    ids=["bare", "copied", "edited", "garbled"],
)
def test_a_commit_that_poses_as_the_platform(lake: Lake, made: dict | None, says: str) -> None:
    """Copied whole, the claim says nothing of the files; changed in any part, it does not give its recipe."""
    genuine = lake.open(NAME).history(1)[0][COMMIT_KEY]
    posing = made if made and len(made) == 1 and "recipe" in made else {**genuine, **(made or {})}
    append(lake.open(NAME), custom_metadata={COMMIT_KEY: posing})
    assert any(says in str(breach) for breach in Custody(lake).breaches(NAME, "two"))


def test_a_commit_that_was_copied_with_other_rows_of_the_same_number(lake: Lake) -> None:
    """Custody and all: it does not say the digests of its own files then, nor the link before it."""
    genuine = lake.open(NAME).history(1)[0]
    said = {key: genuine[key] for key in (COMMIT_KEY, CUSTODY_KEY)}
    write_deltalake(lake.open(NAME), rows("two", 4), mode="overwrite", predicate="snapshot = 'two'",
                    commit_properties=CommitProperties(custom_metadata=said))
    found = " ".join(map(str, Custody(lake).breaches(NAME, "two")))
    assert "it does not say the digests of just the files that it adds" in found
    assert "the log before version 3" in found


def test_a_recipe_that_was_set_without_the_rows(lake: Lake) -> None:
    other = Provenance(NAME, "2", {})
    transaction = {"appId": f"data_platform/{NAME}/two", "version": int(other.recipe[:15], 16)}
    entry = Path(lake.table_uri(NAME), "_delta_log", f"{3:020d}.json")
    entry.write_text(json.dumps({"txn": transaction}))
    assert lake.carries(NAME, Partition.of(NAME, "two"), other)
    assert "carries another recipe" in str(Custody(lake).breaches(NAME, "two")[0])


def test_what_a_listing_of_moments_ago_names_may_be_gone(lake: Lake) -> None:
    DeltaTable(lake.table_uri(NAME)).create_checkpoint()
    forget_all()
    assert lake.known(NAME) is not None and "_last_checkpoint" in listed_lately(lake, NAME, 60)
    (Path(lake.table_uri(NAME)) / "_delta_log/_last_checkpoint").unlink()
    assert Custody(lake, ledgers=True, listing=False).breaches(NAME, "one") == []


def test_a_log_with_a_gap_is_refused(lake: Lake) -> None:
    Path(lake.table_uri(NAME), "_delta_log", f"{1:020d}.json").unlink()
    with pytest.raises(CustodyBroken, match="gaps"):
        Custody(lake).breaches(NAME)


def test_an_entry_that_is_no_log_is_refused(lake: Lake) -> None:
    Path(lake.table_uri(NAME), "_delta_log", f"{2:020d}.json").write_text('{"add": "nothing"}')
    with pytest.raises(CustodyBroken, match="version 2 in the log of filter_verdicts cannot be read"):
        Custody(lake).breaches(NAME)


def test_rows_deleted_by_a_vector_are_seen(lake: Lake) -> None:
    """As Spark writes it: the same file again, with a vector of rows that no longer count."""
    log = Path(lake.table_uri(NAME), "_delta_log")
    entries = [json.loads(line) for line in (log / f"{2:020d}.json").read_text().splitlines()]
    add = next(entry["add"] for entry in entries if "add" in entry)
    vector = {"storageType": "u", "pathOrInlineDv": "ab^-aqEH.-t@S}K{vb[*k^", "offset": 1, "sizeInBytes": 36,
              "cardinality": 1}
    lines = [
        {"commitInfo": {"timestamp": 0, "operation": "DELETE"}},
        {"remove": {"path": add["path"], "dataChange": True, "deletionTimestamp": 0}},
        {"add": {**add, "deletionVector": vector}},
    ]
    (log / f"{3:020d}.json").write_text("\n".join(map(json.dumps, lines)))
    assert "put in 1 file with 3 rows" in str(Custody(lake).breaches(NAME, "two")[0])


def test_a_file_that_was_changed_or_taken_without_a_commit_is_seen(lake: Lake) -> None:
    (one,) = Path(lake.table_uri(NAME), "snapshot=one").iterdir()
    (two,) = Path(lake.table_uri(NAME), "snapshot=two").iterdir()
    assert Custody(lake).altered_files(NAME) == []
    one.write_bytes(one.read_bytes() + b"x")
    two.unlink()
    custody = Custody(lake)
    assert [str(breach) for breach in custody.altered_files(NAME, "one")] == [
        f"{NAME}/one: 1 file not of the size that was committed: {one} ({one.stat().st_size:,} of "
        f"{one.stat().st_size - 1:,} bytes)"
    ]
    assert [str(breach) for breach in custody.altered_files(NAME, "two")] == [
        f"{NAME}/two: 1 file of the commit not there any more: {two}"
    ]
