"""Pictures of the UI, as README and docs show them: `python -m benchmarks.pictures FOLDER [NAME...]`.

A small recipe over the pages and files of installed packages is run in FOLDER, its jobs launched as people launch them
and worked off by Dagster's daemon; pictures are taken of it in Chromium on the way: before anything was run
(`first-contact`), while a step is at work (`running-step`), of what came out (`asset-graph`, `asset-page`,
`distribution`, `runs`), and of a table from which another program deleted rows (`failed-check`). They are written to
`docs/` of this checkout, those that are named or all. FOLDER is shown in some of them; it is made, and kept.

Whoever takes pictures looks at them: nothing here tells whether they show what they should.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.common import ROOT
from data_platform.core.settings import HOME_VARIABLE

RECIPE = """
name: handbook
sources:
  - {name: pages, kind: environment_pages, snapshot: "2026-11", domain: documentation, limit: 240}
  - {name: files, kind: environment_files, snapshot: "2026-12", domain: code, limit: 200, max_bytes: 20000}
filters:
  domains: [documentation]
labels: {kind: environment, limit: 60}
models:
  quality_classifier: {buckets: 4096}
scores:
  quality: {}
mixtures:
  open:
    tokens: 200000
    tiers: [0, 1, 2]
    weights: {documentation: 2, code: 1}
    scores: [quality_score]
catalogue:
  owners: ["team:text"]
  tags: {cost: low}
watch:
  freshness:
    mixtures: {fail_hours: 36, warn_hours: 30}
"""
_JOBS = ("crawl", "match", "deduplicate", "annotate", "mix")
_PER_SNAPSHOT = ("crawl", "match", "annotate")
_LAUNCH = """mutation($e: ExecutionParams!) { launchRun(executionParams: $e) { __typename
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_STATE = "query($r: ID!) { runOrError(runId: $r) { ... on Run { status stepStats { status } } } }"
_SHOWN = 'not (group:"records" or group:"sources")'
"""What of the graph is shown: the way of the data, without what is noted beside it."""
_LONGEST_SECONDS = 1_800.0


class Studio:
    """The UI of a recipe, and a browser in front of it.

    Args:
        url: of the webserver.
        wanted: names of the pictures that are taken; all if there are none.
    """

    def __init__(self, url: str, page: Any, recipe: str, wanted: Collection[str]) -> None:
        self.url, self.page, self.recipe, self._wanted = url, page, recipe, wanted

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """What the webserver answers to GraphQL."""
        from tests.integration import ui

        return ui.graphql(self.url, query, **variables)

    def take(self, name: str, path: str, prepare: Callable[[], Any] = lambda: None, settle: float = 4) -> None:
        """Open a page, bring it to what is to be seen, and take its picture."""
        from tests.integration import ui

        if self._wanted and name not in self._wanted:
            return
        self.page.goto(f"{self.url}{path}")
        self.page.wait_for_load_state("load")
        prepare()
        self.page.mouse.move(5, 5)
        ui.screenshot(self.page, ROOT / "docs" / f"{name}.png", settle)
        print(name, flush=True)

    def see(self, text: str) -> Any:
        """Wait until a text is to be seen."""
        found = self.page.get_by_text(text).first
        found.wait_for(timeout=180_000)
        return found

    def launch(self, job: str, partition: str | None = None) -> str:
        """Launch a job of the recipe; returns the id of the run."""
        (where,) = self.ask("{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } }"
                            " }")["repositoriesOrError"]["nodes"]
        answer = self.ask(_LAUNCH, e={
            "selector": {"repositoryName": where["name"], "repositoryLocationName": where["location"]["name"],
                         "pipelineName": f"{self.recipe}_{job}"},
            "runConfigData": {}, "mode": "default",
            "executionMetadata": {"tags": [{"key": "dagster/partition", "value": partition}] if partition else []},
        })["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise RuntimeError(f"{job} cannot be launched: {answer}")
        return str(answer["run"]["runId"])

    def state(self, run: str) -> dict[str, Any]:
        """Where a run stands."""
        return self.ask(_STATE, r=run)["runOrError"]

    def until(self, run: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until a run has come to something."""
        limit = time.monotonic() + _LONGEST_SECONDS
        while not reached(state := self.state(run)):
            if time.monotonic() > limit or state["status"] in ("FAILURE", "CANCELED"):
                raise RuntimeError(f"run {run} is {state['status']}")
            time.sleep(1)
        return state


def _is_at_work(state: dict[str, Any]) -> bool:
    """Whether some steps have ended and one is at work."""
    steps = [step["status"] for step in state["stepStats"]]
    return steps.count("SUCCESS") >= 2 and "IN_PROGRESS" in steps


def make(studio: Studio) -> None:
    """Launch all jobs of the recipe, one after the other, and take a picture of the first at work."""
    for job in _JOBS:
        for partition in ("2026-11", "2026-12") if job in _PER_SNAPSHOT else (None,):
            run = studio.launch(job, partition)
            if job == _JOBS[0] and partition == "2026-11":
                studio.until(run, _is_at_work)
                studio.take("running-step", f"/runs/{run}", lambda: studio.see("Executing (1)"), settle=1)
            studio.until(run, lambda state: state["status"] == "SUCCESS")


def tamper(lake_uri: str) -> None:
    """What another program does that knows Delta and not the platform: delete rows."""
    from deltalake import DeltaTable

    DeltaTable(f"{lake_uri}/documents").delete("token_count < 200")


def main() -> None:
    """Run the recipe and take the pictures."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("names", nargs="*", help="pictures to take; all if none is named")
    given = arguments.parse_args()
    home, recipe = given.folder / "home", given.folder / "handbook.yaml"
    home.mkdir(parents=True, exist_ok=True)
    recipe.write_text(RECIPE.lstrip(), encoding="utf-8")
    environment = {HOME_VARIABLE: str(home), "DAGSTER_HOME": str(home / "dagster"), "PYTHONPATH": str(ROOT)}
    os.environ.update(environment)
    from data_platform.assets.names import Names
    from data_platform.definitions import prepare_instance, write_locations
    from data_platform.lake.lake import Lake
    from data_platform.run.recipe import load_recipe
    from tests.integration import ui

    loaded = load_recipe(recipe)
    lake, prefix = Lake(loaded.lake_uri), Names.of(loaded).recipe
    prepare_instance()
    locations = write_locations({prefix: str(recipe)})  # as `data-platform ui` does
    with ui.dagster_dev(locations.parent, given.folder / "dagster.log", environment, 600) as url, ui.browser_page(
            1600, 1000) as page:
        studio = Studio(url, page, prefix, given.names)
        page.set_default_timeout(180_000)
        if not lake.exists("raw_crawls"):
            studio.take("first-contact", f"/locations/{prefix}/jobs/{prefix}_crawl",
                        lambda: studio.see("To make everything once"))
            make(studio)
        studio.take("asset-graph", f"/asset-groups~{quote(_SHOWN)}/", lambda: expand(studio))
        studio.take("asset-page", f"/assets/{prefix}/mixture_open?view=overview", lambda: studio.see("weight of"))
        studio.take("distribution", f"/assets/{prefix}/documents?view=partitions&partition=2026-11",
                    lambda: open_distributions(studio))
        studio.take("runs", f"/assets/{prefix}/runs?view=events", lambda: studio.see("rows per second"))
        tamper(lake.uri)
        studio.take("failed-check", f"/assets/{prefix}/documents?view=checks&checkDetail=custody",
                    lambda: execute_all(studio))


def expand(studio: Studio) -> None:
    """Show the assets of all groups, with as much room as there is."""
    studio.page.locator("svg foreignObject").first.wait_for()
    studio.page.get_by_text("Hide navigation").click()
    studio.page.locator("[aria-label='panel_show_right']").first.click()
    studio.page.mouse.click(800, 900)
    studio.page.keyboard.press("Alt+KeyE")


def open_distributions(studio: Studio) -> None:
    """Open the picture of the distributions of a partition."""
    row = studio.page.locator("tr", has=studio.page.get_by_text("distributions", exact=True)).last
    row.get_by_text(re.compile("Show Markdown")).click()
    studio.page.locator(".dagster-dialog img, .dagster-dialog svg").first.wait_for()


def execute_all(studio: Studio) -> None:
    """Press the button that asks all checks, and wait for what custody found."""
    studio.page.get_by_role("button", name="Execute all").click()
    studio.see("is no commit of the platform")


if __name__ == "__main__":
    main()
