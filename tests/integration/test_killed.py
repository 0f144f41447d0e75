"""Killed at any moment, the next run finishes the work: no row lost, none doubled."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from data_platform.books import books
from data_platform.columns import table
from data_platform.flow import plan, stages
from data_platform.lake import Lake
from data_platform.recipe import load_recipe
from data_platform.stage import Workspace
from tests.integration.factory import DATA_TABLES, Factory, factory, rows_of, write_recipe

KILLS = 24


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Factory]:
    """Recipe, home and commands of a factory in which the small recipe ran once, undisturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    home = folder / "home"
    recipe = write_recipe(folder)
    with factory(folder / "logs", home) as commands:
        command = commands.start("run", str(recipe))
        assert command.wait(300) == 0, command.log.read_text()[-3000:]
        yield recipe, home, commands


def _lake(home: Path) -> Lake:
    return Lake(str(home / "lakes" / "small"))


def _assert_equal(one: Lake, other: Lake) -> None:
    for name in DATA_TABLES:
        left, right = rows_of(one, name), rows_of(other, name)
        assert left.num_rows == right.num_rows, name
        assert left.equals(right), f"{name}: rows differ"


def test_the_books_of_the_undisturbed_run_balance(undisturbed) -> None:
    recipe, home, _ = undisturbed
    workspace = Workspace(load_recipe(recipe), _lake(home))
    counted = 0
    for status in plan(workspace):
        entry = books(workspace.lake, status.stage, status.snapshot)
        if entry:
            counted += 1
            assert entry.missing == 0, status.place
    assert counted >= 18
    assert rows_of(workspace.lake, "mixture_open").num_rows > 20


def test_a_second_run_writes_nothing(undisturbed) -> None:
    recipe, home, commands = undisturbed
    lake = _lake(home)
    before = {name: lake.open(name).version() for name in lake.tables()}
    command = commands.start("run", str(recipe))
    assert command.wait(120) == 0
    assert "nothing was computed, nothing was written" in command.log.read_text()
    assert {name: lake.open(name).version() for name in lake.tables()} == before


def test_killed_at_random_moments_the_tables_end_up_equal(undisturbed, tmp_path: Path) -> None:
    """At least one kill while each stage is at work: when its input was committed and it was not."""
    recipe, reference, _ = undisturbed
    home = tmp_path / "home"
    chance = random.Random(20)
    workspace = Workspace(load_recipe(recipe), _lake(home))
    order = list(stages(workspace.recipe))
    kills: Counter[str] = Counter()
    with factory(tmp_path / "logs", home) as commands:
        targets = [*order, *chance.choices(order, k=KILLS - len(order))]
        for target in sorted(targets, key=order.index):
            command = commands.start("run", str(recipe))
            _wait_until_at_work(command, workspace.lake, order, target)
            time.sleep(chance.uniform(0, 0.6))
            if command.finished:
                continue
            command.kill()
            kills[_first_missing(workspace.lake, order)] += 1
        command = commands.start("run", str(recipe))
        assert command.wait(300) == 0, command.log.read_text()[-3000:]
    print("killed while at work on:", dict(kills))
    assert sum(kills.values()) >= 20
    _assert_equal(workspace.lake, _lake(reference))
    assert all(status.state == "fresh" for status in plan(workspace))
    assert _lineage_agrees(workspace.lake)


def _wait_until_at_work(command, lake: Lake, order: list[str], target: str) -> None:
    """Until everything before `target` is committed: then it is at work, or about to be."""
    before = order[: order.index(target)]
    limit = time.monotonic() + 180
    while not command.finished and time.monotonic() < limit and not all(_written(lake, name) for name in before):
        time.sleep(0.05)


def _written(lake: Lake, name: str) -> bool:
    log = Path(lake.table_uri(name)) / "_delta_log"
    return (log / f"{2 if table(name).partition_by else 1:020d}.json").exists()


def _first_missing(lake: Lake, order: list[str]) -> str:
    return next((name for name in order if not _written(lake, name)), "after the last")


def _lineage_agrees(lake: Lake) -> bool:
    recorded = {(row["table"], row["version"]): row for row in lake.read_table("lineage").to_pylist()}
    committed = {
        (row["table"], row["version"]): row
        for name in lake.tables() if name not in ("lineage", "check_results") for row in lake.history(name)
    }
    return recorded == committed


def test_two_runs_at_once_lose_and_double_nothing(undisturbed, tmp_path: Path) -> None:
    recipe, reference, _ = undisturbed
    home = tmp_path / "home"
    with factory(tmp_path / "logs", home) as commands:
        both = [commands.start("run", str(recipe)) for _ in range(2)]
        statuses = [command.wait(400) for command in both]
        assert statuses == [0, 0], "\n\n".join(command.log.read_text()[-2000:] for command in both)
    _assert_equal(_lake(home), _lake(reference))
    assert _lineage_agrees(_lake(home))
    assert all(len({row["recipe"] for row in _lake(home).history(name)}) == len(_lake(home).history(name))
               for name in DATA_TABLES if name not in ("rejections",)), "a recipe was written twice"


def test_changing_one_threshold_rewrites_what_depends_on_it_and_nothing_else(undisturbed, tmp_path: Path) -> None:
    """Last in this module: it changes the undisturbed lake."""
    recipe, home, commands = undisturbed
    lake = _lake(home)
    before = {name: lake.open(name).version() for name in DATA_TABLES}
    text = recipe.read_text().replace("domains: [documentation]",
                                      "domains: [documentation]\n  rule_sets: {gopher_quality: {min_words: 120}}")
    changed = tmp_path / "small.yaml"
    changed.write_text(text)
    command = commands.start("run", str(changed))
    assert command.wait(300) == 0, command.log.read_text()[-3000:]
    rewritten = {name for name in DATA_TABLES if lake.open(name).version() != before[name]}
    assert rewritten == {
        "filter_verdicts", "filtered_documents", "document_signatures", "duplicates", "deduplicated_documents",
        "quality_annotations", "mixture_open", "rejections",
    }
