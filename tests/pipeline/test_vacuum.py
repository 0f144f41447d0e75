"""A vacuum deletes what nothing needs: what is current stays, what was exported, and what either was made from."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from data_platform.cli.main import main
from data_platform.lake.custody import Custody
from data_platform.lake.lake import Lake, Partition, VersionGone
from data_platform.pipeline.flow import stages
from data_platform.pipeline.repair import repair
from data_platform.pipeline.vacuum import VacuumRefused, kept_since, vacuum
from data_platform.pipeline.verify import verify
from data_platform.publish.account import account_of
from data_platform.run.stage import execute as run_stage
from data_platform.run.workspace import Workspace
from data_platform.takedown.execute import Order, Places, begin, execute
from data_platform.takedown.plan import Selectors
from tests.lake.test_lake import NAME, made_by, verdicts
from tests.lake.test_lake_s3 import bucket  # noqa: F401 - a fixture
from tests.publish.lakes import make, typed, write
from tests.takedown.lakes import bring_up_to_date, ids_of, rows_of, workspace_over, write_texts

LONG_AGO = time.time() - 30 * 86_400


def now() -> datetime:
    return datetime.now(UTC)


def over(texts: Path, lake: Path, rules: str) -> Workspace:
    """The workspace of a lake under a rule set."""
    return workspace_over(texts, lake, filters={"rule_sets": {rules: {}}})


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of which most tables were written three times, under other settings each time, and its texts."""
    folder = tmp_path_factory.mktemp("vacuum")
    write_texts(folder / "texts")
    for rules in ("fineweb", "gopher_quality", "c4"):
        bring_up_to_date(over(folder / "texts", folder / "lake", rules))
    return folder


@pytest.fixture
def grown(template: Path, tmp_path: Path) -> Workspace:
    """A copy of it."""
    shutil.copytree(template / "lake", tmp_path / "lake")
    return over(template / "texts", tmp_path / "lake", "c4")


def parquet(lake: Lake) -> set[Path]:
    return {path for path in Path(lake.uri).rglob("*.parquet") if "_delta_log" not in path.parts}


def test_old_versions_go_and_everything_current_stays(grown: Workspace) -> None:
    workspace, lake = grown, grown.lake
    for name in ("filter_verdicts", "lineage"):
        lake.open(name).create_checkpoint()
    logs = {path: path.read_bytes() for path in Path(lake.uri).rglob("_delta_log/*")}
    tables = [name for name in lake.tables() if lake.count(name)]
    before = {name: rows_of(lake, name) for name in tables}
    there, old = parquet(lake), lake.pin("filter_verdicts", "one").version - 2
    assert not any(one.files for one in vacuum(lake, [], kept_since(7, None))), "all of it is of today"
    told = vacuum(lake, [], now(), dry=True)
    assert parquet(lake) == there and not lake.exists("vacuums")
    done = vacuum(lake, [], now())
    assert [one.to_dict() for one in done] == [one.to_dict() for one in told] and sum(len(one.old) for one in done) > 9
    gone = {Path(lake.uri, one.table, file.path) for one in done for file in one.files}
    assert there - gone == parquet(lake) - set(Path(lake.uri, "vacuums").iterdir())
    assert {name: rows_of(lake, name) for name in before} == before
    assert {path: path.read_bytes() for path in logs} == logs and sum("checkpoint" in path.name for path in logs) == 4
    assert not verify(lake, share=None).damaged and not bring_up_to_date(workspace)
    with pytest.raises(VersionGone, match=f"were vacuumed on {now():%Y-%m-%d}"):
        lake.read_table("filter_verdicts", version=old)
    (said,) = Custody(lake).altered_files("filter_verdicts", "one", old)
    assert str(said).startswith(
        f"filter_verdicts/one: 1 file vacuumed on {now():%Y-%m-%d}, when nothing needed it any more: {lake.uri}/")
    assert not any(one.files for one in vacuum(lake, [], now()))


def test_what_is_stale_keeps_what_it_was_made_from_and_tables_can_be_named(
    grown: Workspace, template: Path, tmp_path: Path,
) -> None:
    lake = grown.lake
    workspace = over(template / "texts", tmp_path / "lake", "fineweb")

    pin = lake.pin("filter_verdicts", "one")
    run_stage(stages(workspace.recipe)["filter_verdicts"], workspace, "one")
    (done,) = vacuum(lake, ["filter_verdicts"], now())
    assert done.kept["lineage"].files == 1 and done.old, "refined programs are of the version before"
    assert lake.read_table("filter_verdicts", partition="one", version=pin.version).num_rows
    assert any(one.files for one in vacuum(lake, [], now(), dry=True)), "others were left as they were"
    with pytest.raises(VacuumRefused, match="no table nowhere"):
        vacuum(lake, ["nowhere"], now())


def test_an_exported_version_is_kept_with_all_that_it_was_made_from(tmp_path: Path) -> None:
    lake = make(str(tmp_path))
    row = {"mixture": "mixture_open", "table_id": lake.pin("mixture_open").table_id, "version": 1, "format": "parquet",
           "path": str(tmp_path / "gone"), "rows": 1, "manifest_sha256": "0" * 64}
    lake.append("exports", typed("exports", [row]))
    exported = account_of(lake, "open", 1).commits
    for turn in range(2):
        write(lake, "mixture_open", [], config={"turn": turn})
    done = {one.table: one for one in vacuum(lake, [], now())}
    assert done["mixture_open"].kept["exports"].files == 1
    assert account_of(lake, "open", 1).commits == exported
    assert lake.read_table("mixture_open", version=1).num_rows


def test_what_killed_writers_left_goes_once_it_is_old(grown: Workspace, tmp_path: Path) -> None:
    lake = grown.lake
    folder = Path(lake.uri, "raw_crawls", "snapshot=one")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / "link").symlink_to(elsewhere)
    left = [folder / "whole.parquet", folder / "begun.parquet#1", folder.parent / "_delta_log" / "_commit_1.json.tmp"]
    others = [folder / "notes.txt", elsewhere / "other.parquet", folder / "of_now.parquet"]
    for path in (*left, *others):
        path.write_bytes(b"PAR1")
        if path.name != "of_now.parquet":
            os.utime(path, (LONG_AGO, LONG_AGO))
    (done,) = vacuum(lake, ["raw_crawls"], kept_since(7, None))
    assert not any(path.exists() for path in left) and all(path.exists() for path in others)
    assert (len(done.left), len(done.old), done.kept["recent"].files) == (3, 0, 1)
    assert kept_since(7, now() - timedelta(days=8)) < kept_since(7, now() - timedelta(days=3)) < kept_since(0, None)


def test_a_table_that_others_changed_is_left_alone_until_it_is_put_back(grown: Workspace) -> None:
    lake = grown.lake
    lake.open("filter_verdicts").delete()
    done = {one.table: one for one in vacuum(lake, [], now())}
    assert not done["filter_verdicts"].files and "data-platform repair" in done["filter_verdicts"].fault
    assert done["filter_verdicts"].kept["damaged"].files and done["filtered_documents"].old


def test_what_was_set_aside_goes_once_something_has_taken_its_place(grown: Workspace) -> None:
    workspace, lake = grown, grown.lake
    (path,) = (Path(lake.uri, "filter_verdicts", file.place) for file in Custody(lake).files("filter_verdicts", "one"))
    path.write_bytes(path.read_bytes()[:-1])
    repair(lake)
    aside = Path(lake.uri, "_set_aside", "filter_verdicts-1", "snapshot=one", path.name)
    done = {one.table: one for one in vacuum(lake, [], now())}
    assert aside.exists() and done["_set_aside"].kept["damaged"].files == 1
    bring_up_to_date(workspace)
    done = {one.table: one for one in vacuum(lake, [], kept_since(7, None))}
    assert aside.exists() and done["_set_aside"].kept["recent"].files == 1
    shutil.copytree(Path(lake.uri, "lineage"), Path(lake.uri, "_set_aside", "lineage-1"))
    done = {one.table: one for one in vacuum(lake, [], now())}
    assert not aside.parents[1].exists() and len(done["_set_aside"].old) == 1
    assert Path(lake.uri, "_set_aside", "lineage-1").exists(), "logs of the platform are not made again from anything"
    assert not verify(lake, share=None).damaged and not bring_up_to_date(workspace)


def test_takedowns_and_vacuums_get_along(grown: Workspace) -> None:
    workspace, lake = grown, grown.lake
    order = Order(Selectors(documents=(ids_of(lake)["beta"],)), "a letter", "somebody")
    begin(lake, order, Places())
    with pytest.raises(VacuumRefused, match="has begun and is not done"):
        vacuum(lake, [], now())
    assert execute(lake, order, Places())["absent"]
    assert any(one.old for one in vacuum(lake, [], now()))
    assert not verify(lake, share=None).damaged
    bring_up_to_date(workspace)
    vacuum(lake, [], now())
    assert not verify(lake, share=None).damaged and "beta" not in ids_of(lake)


_SLOW = """
import sys, time
from datetime import UTC, datetime
from data_platform.lake import vacuumed
from data_platform.lake.lake import Lake
from data_platform.pipeline import vacuum

def slowly(lake, name, paths):
    for path in paths:
        vacuumed.delete_files(lake, name, [path])
        print(path, flush=True)
        time.sleep(0.05)

vacuum.delete_files = slowly
vacuum.vacuum(Lake(sys.argv[1]), [], datetime.now(UTC))
"""


def test_killed_in_the_middle_the_next_one_finishes(grown: Workspace) -> None:
    workspace, lake = grown, grown.lake
    planned = sum(len(one.files) for one in vacuum(lake, [], now(), dry=True))
    with subprocess.Popen([sys.executable, "-c", _SLOW, lake.uri], stdout=subprocess.PIPE) as process:
        for _ in range(3):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert not verify(lake, share=None).damaged and not bring_up_to_date(workspace)
    rest = sum(len(one.files) for one in vacuum(lake, [], now()))
    assert 0 < rest < planned and not any(one.files for one in vacuum(lake, [], now()))
    noted = [file["path"] for row in lake.read_table("vacuums").to_pylist() for file in row["files"]]
    assert len(noted) == len(set(noted)) == planned


def test_the_command_says_what_went_and_why_the_rest_stays(
    grown: Workspace, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    lake = grown.lake
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(tmp_path / "home"))
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        f"name: small\nlake: {lake.uri}\nsources:\n  - {{name: s, kind: files, snapshot: one, paths: [{template}]}}\n"
        "mixtures:\n  all: {tokens: 1, weights: {web: 1}}\n")

    def said(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["vacuum", *arguments, "--recipe", str(recipe)])
        assert result.exit_code == 0, result.output
        return result.output

    assert "0 files with 0 bytes went" in said()
    assert "would go" in said("--retain", "0", "--dry-run") and "without --dry-run they go" in said(
        "--retain", "0", "--dry-run", "filter_verdicts")
    assert '"deleted": true' in said("--retain", "0", "--json") and "0 files with 0 bytes went" in said("--retain", "0")


def test_an_object_store_is_vacuumed_too(bucket: str) -> None:  # noqa: F811
    lake = Lake(bucket)
    for code in ("1", "2"):
        lake.write(NAME, Partition.of(NAME, "a"), verdicts("a", 3), made_by(code))
    writer = lake.writer(NAME)
    for batch in verdicts("b", 2).to_batches():
        writer.write(batch)
    (left,) = writer.close()
    time.sleep(1.1)  # a store tells times in seconds
    (done,) = vacuum(lake, [NAME], now())
    assert [file.path for file in done.left] == [left.path] and len(done.old) == 1
    assert lake.read_table(NAME).num_rows == 3 and not verify(lake, share=None).damaged
    with pytest.raises(VersionGone, match="were vacuumed on"):
        lake.read_table(NAME, version=1)
