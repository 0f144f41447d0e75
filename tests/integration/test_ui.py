"""The Dagster UI in a real browser: the graph is drawn, an asset is materialised, its metadata is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_platform.lake.lake import Lake
from data_platform.run.recipe import load_recipe
from tests.conftest import REPOSITORY
from tests.integration.factory import write_recipe

pytestmark = pytest.mark.ui


def test_a_partition_is_materialised_from_the_ui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.integration import ui

    if not Path(ui.CHROMIUM).exists():
        pytest.skip(f"CHROMIUM ABSENT: no {ui.CHROMIUM}; install Debian's package chromium to run this test")
    home = tmp_path / "home"
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(home))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    from data_platform.assets.names import Names
    from data_platform.resources.instance import open_instance

    recipe = write_recipe(tmp_path)
    names = Names.of(load_recipe(recipe))
    with open_instance() as instance:
        instance.add_dynamic_partitions(names.snapshots.name, ["pages", "files"])
    environment = {"DATA_PLATFORM_HOME": str(home), "DATA_PLATFORM_RECIPE": str(recipe)}
    with ui.dagster_dev(REPOSITORY, tmp_path / "dagster.log", environment) as url, ui.browser_page() as page:
        ui.open_graph(page, url)
        drawn = " ".join(page.locator("svg foreignObject").all_text_contents())
        for group in ("ingestion", "extraction", "licenses", "filtering", "deduplication", "scores", "mixtures"):
            assert group in drawn, f"group {group} is not in the graph"
        (run,) = ui.materialize(page, url, f"{names.recipe}/raw_crawls", ["pages"])
        page.goto(f"{url}/assets/{names.recipe}/raw_crawls?view=overview")
        page.get_by_text("record_id").first.wait_for()
        ui.screenshot(page, tmp_path / "asset.png")
    lake = Lake(str(home / "lakes" / "small"))
    assert lake.count("raw_crawls", "pages") == 24
    assert lake.history("raw_crawls")[0]["run_id"] == run
    checks = lake.read_table("check_results").to_pylist()
    assert {check["table"] for check in checks} == {"raw_crawls"} and all(check["passed"] for check in checks)
