"""The law of takedowns, tried on random corpora: the next run builds all of it again and ends clean.

A few worlds here, with each kind of order; `benchmarks/takedown_worlds.py` tries many, and kills takedowns and runs.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from data_platform.lake.lake import Lake
from data_platform.run.workspace import Workspace
from data_platform.takedown.execute import Order
from data_platform.takedown.plan import Selectors
from tests.takedown import worlds


def _law(seed: int, folder: Path, takedowns: int = 2) -> None:
    workspace = Workspace(worlds.make_world(seed, folder / "texts"), Lake(str(folder / "lake")))
    worlds.run(workspace)
    for number in range(takedowns):
        order = worlds.order_of(random.Random(seed + 100 * number), workspace)
        receipt = worlds.take_down(workspace, order)
        assert receipt is None or receipt["absent"], order
        assert list(worlds.audit_faults(workspace)) == [], order
        worlds.run(workspace)
        assert list(worlds.faults(workspace)) == [], order
    assert list(worlds.left_of(workspace)) == []


def test_after_any_takedown_the_next_run_ends_clean(tmp_path: Path) -> None:
    _law(2, tmp_path, takedowns=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 2, 11, *range(100, 110)])
def test_after_any_takedown_the_next_run_ends_clean_in_more_worlds(seed: int, tmp_path: Path) -> None:
    _law(seed, tmp_path)


@pytest.mark.slow
def test_a_corpus_of_which_nothing_is_left_runs(tmp_path: Path) -> None:
    """Nothing was removed by a wrong setting: the guard against that holds its tongue."""
    workspace = Workspace(worlds.make_world(3, tmp_path / "texts"), Lake(str(tmp_path / "lake")))
    worlds.run(workspace)
    sources = [source.name for source in workspace.recipe.sources]
    assert worlds.take_down(workspace, Order(Selectors.of(sources=sources), "asked for", "A. Uthor"))["absent"]
    worlds.run(workspace)
    assert workspace.lake.count("documents") == 0 and list(worlds.faults(workspace)) == []
