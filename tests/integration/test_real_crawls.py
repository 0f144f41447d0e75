"""The example recipe on real crawls: two snapshots of the web, as far as the licensed mixture's inputs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.run.books import books
from data_platform.run.recipe import load_recipe
from data_platform.run.workspace import Workspace
from tests.conftest import REPOSITORY
from tests.integration.run_stages import core


@pytest.mark.slow
def test_two_snapshots_of_the_web_balance_to_the_record(
    shared_data: Path, tmp_path: Path, monkeypatch
) -> None:
    """511 and 442 pages (pages.tsv), each with a licence row; nothing is lost on the way to the deduplicated tables."""
    monkeypatch.setenv("DATA_PLATFORM_TEST_DATA", str(shared_data))
    recipe = REPOSITORY / "recipes" / "web.yaml"
    script = Path(__file__).with_name("run_stages.py")
    done = subprocess.run(
        [sys.executable, str(script), str(recipe), str(tmp_path / "lake")], capture_output=True, text=True, timeout=500,
        cwd=REPOSITORY,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lake = Lake(str(tmp_path / "lake"))
    assert (lake.count("raw_crawls", "pages-2020"), lake.count("raw_crawls", "pages-2024")) == (511, 442)
    loaded = load_recipe(recipe)
    flow, workspace = stages(loaded), Workspace(loaded, lake)
    for name in core(flow):
        for snapshot in workspace.snapshots if flow[name].partitioned else [None]:
            entry = books(lake, flow[name], snapshot)
            assert entry is None or entry.missing == 0, (name, snapshot)
    tiers = lake.read_table("document_licenses", ["license_tier"])["license_tier"].to_pylist()
    free = sum(tier <= 2 for tier in tiers)
    # 64 pages carry a CC licence by the annotation; what is uncertain must not count as free.
    assert 20 <= free <= 64
