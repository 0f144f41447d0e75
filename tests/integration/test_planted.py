"""A row that another program plants into any table stops the line: nothing is built on it, nothing is published, until
what the platform wrote is put back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner
from deltalake import DeltaTable, write_deltalake

from data_platform.cli.main import main
from data_platform.lake.lake import Lake
from data_platform.pipeline.status import plan
from data_platform.run.recipe import load_recipe
from data_platform.run.workspace import Workspace
from tests.integration.factory import Undisturbed, factory, small_lake

SMUGGLED = "ab" * 16


def smuggle(handle: DeltaTable, **values: object) -> None:
    """A copy of some row, with other values, appended."""
    row = pa.table(handle.to_pyarrow_table()).slice(0, 1)
    for column, value in values.items():
        field = row.schema.field(column)
        row = row.set_column(row.schema.get_field_index(column), field, pa.array([value], field.type))
    write_deltalake(handle, row, mode="append")


def updated(**values: str) -> Callable[[DeltaTable, str], None]:
    """Other values of one row, as SQL."""
    return lambda handle, doc_id: handle.update(values, predicate=f"doc_id = '{doc_id}'")


# What somebody does to each table, given the id of a document that is in the mixture.
PLANTS: dict[str, Callable[[DeltaTable, str], object]] = {
    "raw_crawls": lambda handle, doc_id: smuggle(handle, record_id=SMUGGLED),
    "documents": lambda handle, doc_id: smuggle(handle, doc_id=SMUGGLED, record_id=SMUGGLED),
    "license_evidence": lambda handle, doc_id: handle.delete(f"doc_id = '{doc_id}'"),
    "document_licenses": updated(license_spdx="'CC0-1.0'", license_tier="0"),
    "filtered_documents": updated(text="'other words'"),
    "duplicates": updated(kept="false"),
    "deduplicated_documents": lambda handle, doc_id: smuggle(handle, doc_id=SMUGGLED),
    "scores_quality": updated(quality_score="1.0"),
    "mixture_open": lambda handle, doc_id: smuggle(handle, doc_id=SMUGGLED, license_spdx="CC0-1.0", license_tier=0),
}
QUICK = ("license_evidence",)


@pytest.fixture
def copied(undisturbed: Undisturbed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Lake, Path]:
    """A copy of the small factory that may be spoilt: its lake, and its recipe."""
    home = tmp_path / "home"
    shutil.copytree(undisturbed.home, home)
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(home))
    return small_lake(home), undisturbed.recipe


def victim(lake: Lake) -> str:
    return lake.read_table("mixture_open", ["doc_id"], where=pc.field("domain") == "documentation")["doc_id"][0].as_py()


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_row_blocks_its_table_and_all_that_is_made_of_it(copied: tuple[Lake, Path], name: str) -> None:
    lake, recipe = copied
    before = lake.open(name).version()
    PLANTS[name](lake.open(name), victim(lake))
    found = {status.place: status for status in plan(Workspace(load_recipe(recipe), lake))}
    blocked = [status for status in found.values() if status.state == "blocked" and status.stage.name == name]
    assert blocked and all("is no commit of the platform" in status.why for status in blocked)
    assert found["mixture_open"].state == "blocked"
    lake.open(name).restore(before)
    assert all(status.state == "fresh" for status in plan(Workspace(load_recipe(recipe), lake)))


@pytest.mark.parametrize("name", [
    name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in PLANTS
])
def test_the_next_run_stops_and_publishes_nothing(copied: tuple[Lake, Path], tmp_path: Path, name: str) -> None:
    lake, recipe = copied
    before = {table: lake.open(table).version() for table in lake.tables()}
    PLANTS[name](lake.open(name), victim(lake))
    with factory(tmp_path / "logs", tmp_path / "home") as commands:
        command = commands.start("run", str(recipe))
        assert command.wait(240) == 1
        said = command.log.read_text()
        assert f"check custody of {name} failed" in said and "is no commit of the platform" in said
        changed = {table for table in lake.tables() if lake.open(table).version() != before[table]}
        assert changed == {name, "check_results"}, "nothing was built"
        failed = lake.read_table("check_results", ["table", "check", "passed", "blocking"]).to_pylist()
        assert {"table": name, "check": "custody", "passed": False, "blocking": True} in failed

        lake.open(name).restore(before[name])
        command = commands.start("run", str(recipe))
        assert command.wait(240) == 0, command.log.read_text()[-2000:]
    assert lake.open("mixture_open").version() == before["mixture_open"] + 2 * (name == "mixture_open")


def test_a_mixture_with_a_planted_row_is_not_exported(copied: tuple[Lake, Path], tmp_path: Path) -> None:
    lake, _ = copied
    audited = CliRunner().invoke(main, ["audit", "open", "--json"])
    report = json.loads(audited.stdout)
    assert audited.exit_code == 0 and report["proven"] and report["chain"]["complete"] == report["mixture"]["rows"] > 20
    PLANTS["mixture_open"](lake.open("mixture_open"), "")
    exported = CliRunner().invoke(main, ["export", "open", "--to", str(tmp_path / "shards")])
    assert exported.exit_code == 1 and "cannot be proven" in exported.output
    assert not (tmp_path / "shards").exists()

    audited = CliRunner().invoke(main, ["audit", "open", "--html", str(tmp_path / "audit.html")])
    assert audited.exit_code == 1 and SMUGGLED in audited.output and "is no commit of the platform" in audited.output
    assert "Not proven" in (tmp_path / "audit.html").read_text()
    old = CliRunner().invoke(main, ["audit", "open", "--version", "1"])
    assert old.exit_code == 0 and "proven: all" in old.output, "the version before is what it was"
