"""The same rows come out on Ray."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import load_recipe
from tests.integration.factory import RECIPE, Undisturbed, rows_of, write_recipe
from tests.integration.run_stages import core


@pytest.mark.slow
def test_core_stages_on_a_local_ray_give_equal_tables(undisturbed: Undisturbed, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "engine: {ray: auto}\n" + RECIPE)
    script = Path(__file__).with_name("run_stages.py")
    done = subprocess.run(
        [sys.executable, str(script), str(recipe), str(tmp_path / "lake")], capture_output=True, text=True, timeout=400,
        cwd=script.parents[2],
    )
    assert done.returncode == 0, done.stderr[-3000:]
    ray = Lake(str(tmp_path / "lake"))
    for name in ("archives", *core(stages(load_recipe(recipe)))):
        assert rows_of(ray, name).equals(rows_of(undisturbed.lake, name)), name
