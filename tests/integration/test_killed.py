"""Killed at any moment, the next run finishes the work: no row lost, none doubled."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from data_platform.assets.jobs import named_stretches
from data_platform.core.tables import table
from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.pipeline.status import plan
from data_platform.run.books import books
from data_platform.run.recipe import load_recipe
from data_platform.run.workspace import Workspace
from tests.integration.factory import DATA_TABLES, Undisturbed, factory, rows_of, small_lake, write_recipe

KILLS = 26


def _assert_equal(one: Lake, other: Lake) -> None:
    for name in DATA_TABLES:
        left, right = rows_of(one, name), rows_of(other, name)
        assert left.num_rows == right.num_rows, name
        assert left.equals(right), f"{name}: rows differ"


def test_the_books_of_the_undisturbed_run_balance(undisturbed: Undisturbed) -> None:
    workspace = Workspace(load_recipe(undisturbed.recipe), undisturbed.lake)
    counted = 0
    for status in plan(workspace):
        entry = books(workspace.lake, status.stage, status.snapshot)
        if entry:
            counted += 1
            assert entry.missing == 0, status.place
    assert counted >= 18
    assert rows_of(workspace.lake, "mixture_open").num_rows > 20


def test_a_second_run_writes_nothing(undisturbed: Undisturbed) -> None:
    lake = undisturbed.lake
    before = {name: lake.open(name).version() for name in lake.tables()}
    command = undisturbed.commands.start("run", str(undisturbed.recipe))
    assert command.wait(120) == 0
    assert "nothing was computed, nothing was written" in command.log.read_text()
    assert {name: lake.open(name).version() for name in lake.tables()} == before


@pytest.mark.slow
def test_killed_at_random_moments_the_tables_end_up_equal(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """At least one kill while each stage is at work: when its input was committed and it was not."""
    recipe, home = undisturbed.recipe, tmp_path / "home"
    chance = random.Random(20)
    workspace = Workspace(load_recipe(recipe), small_lake(home))
    flow = stages(workspace.recipe)
    order, jobs = list(flow), tuple(named_stretches(flow))
    kills: Counter[str] = Counter()
    with factory(tmp_path / "logs", home) as commands:
        targets = [*order, *chance.choices(order, k=KILLS - len(order))]
        for target in sorted(targets, key=order.index):
            command = commands.start("run", str(recipe))
            _wait_until_at_work(command, workspace.lake, order, target, jobs)
            # The first kill of each stage comes at once, since some stages are done in a moment.
            time.sleep(chance.uniform(0, 2.5 if kills[target] else 0.2))
            if command.finished:
                continue
            command.kill()
            kills[_first_missing(workspace.lake, order)] += 1
        command = commands.start("run", str(recipe))
        assert command.wait(900) == 0, command.log.read_text()[-3000:]
    print("killed while at work on:", dict(kills))
    assert sum(kills.values()) >= 20
    _assert_equal(workspace.lake, undisturbed.lake)
    assert all(status.state == "fresh" for status in plan(workspace))
    assert _lineage_agrees(workspace.lake)


def _wait_until_at_work(command, lake: Lake, order: list[str], target: str, jobs: tuple[str, ...]) -> None:
    """Until everything before `target` is committed and a run is under way: then it is at work, or about to be."""
    before = order[: order.index(target)]
    limit = time.monotonic() + 180
    while not command.finished and time.monotonic() < limit:
        under_way = any(line.startswith(jobs) for line in command.log.read_text().splitlines())
        if under_way and all(_written(lake, name) for name in before):
            return
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


@pytest.mark.slow
def test_two_runs_at_once_lose_and_double_nothing(undisturbed: Undisturbed, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with factory(tmp_path / "logs", home) as commands:
        both = [commands.start("run", str(undisturbed.recipe)) for _ in range(2)]
        statuses = [command.wait(400) for command in both]
        assert statuses == [0, 0], "\n\n".join(command.log.read_text()[-2000:] for command in both)
    lake = small_lake(home)
    _assert_equal(lake, undisturbed.lake)
    assert _lineage_agrees(lake)
    for name in DATA_TABLES:
        history = lake.history(name)
        assert len({(row["partition"], row["recipe"]) for row in history}) == len(history), f"{name} was written twice"


@pytest.mark.slow
def test_changing_one_threshold_rewrites_what_depends_on_it_and_nothing_else(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(undisturbed.home, home)
    lake = small_lake(home)
    before = {name: lake.open(name).version() for name in DATA_TABLES}
    text = undisturbed.recipe.read_text().replace(
        "domains: [documentation]", "domains: [documentation]\n  rule_sets: {gopher_quality: {min_words: 120}}"
    )
    with factory(tmp_path / "logs", home) as commands:
        command = commands.start("run", str(write_recipe(tmp_path, text)))
        assert command.wait(900) == 0, command.log.read_text()[-3000:]
    rewritten = {name for name in DATA_TABLES if lake.open(name).version() != before[name]}
    assert rewritten == {
        "filter_verdicts", "refinement_programs", "filtered_documents", "document_signatures", "copy_pairs",
        "duplicates", "document_terms", "deduplicated_documents", "scores_perplexity", "scores_quality",
        "quality_annotations", "plan_open", "mixture_open", "rejections",
    }
