"""Drive the Dagster UI as a person does: start it, open pages, press Materialize, wait, take pictures.

For tests and for the pictures in the README. Not here: what is tested, and any code location.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)


def free_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def graphql(base_url: str, query: str, **variables: Any) -> dict[str, Any]:
    """The `data` that the webserver answers to `query`.

    Raises:
        RuntimeError: if the answer holds errors.
    """
    request = urllib.request.Request(
        f"{base_url}/graphql",
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.load(response)
    if answer.get("errors"):
        raise RuntimeError(f"GraphQL: {answer['errors'][0]['message']}")
    return answer["data"]


_READY = """{
  instance { daemonHealth { allDaemonStatuses { healthy required } } }
  workspaceOrError { ... on Workspace { locationEntries { loadStatus locationOrLoadError {
    __typename ... on PythonError { message } } } } }
}"""


def is_ready(base_url: str) -> bool:
    """Whether server, daemons and all code locations are up.

    Raises:
        RuntimeError: if a code location does not load.
    """
    try:
        answer = graphql(base_url, _READY)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    locations = answer["workspaceOrError"].get("locationEntries", [])
    for location in locations:
        found = location["locationOrLoadError"]
        if found and found["__typename"] == "PythonError":
            raise RuntimeError(f"the code location does not load: {found['message']}")
    daemons = answer["instance"]["daemonHealth"]["allDaemonStatuses"]
    return (
        bool(locations)
        and all(location["loadStatus"] == "LOADED" for location in locations)
        and all(daemon["healthy"] for daemon in daemons if daemon["required"])
    )


@contextmanager
def dagster_dev(
    folder: Path, log: Path, environment: Mapping[str, str] | None = None, timeout_seconds: float = 120
) -> Iterator[str]:
    """Run `dagster dev` in `folder` on a free port, and give the base URL once code, daemons and server are ready.

    What it prints goes to `log`. In the end the server and everything it started is gone.

    Args:
        environment: variables to add to this process's.

    Raises:
        RuntimeError: if it stops, does not load the code, or is not ready in time; the message holds the log's end.
    """
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "dagster", "dev", "--host", "127.0.0.1", "--port", str(port)]
    with open(log, "w") as output:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **(environment or {})}, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + timeout_seconds
        while not is_ready(base_url):
            if process.poll() is not None:
                raise RuntimeError(f"dagster dev stopped with code {process.returncode}:\n{_end(log)}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"dagster dev was not ready after {timeout_seconds:.0f} s:\n{_end(log)}")
            time.sleep(0.5)
        yield base_url
    finally:
        _stop(process)


def _end(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask as Ctrl-C does, then end what is left of the process group, run workers included."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


# -- the browser ------------------------------------------------------------------------------------------------------


@contextmanager
def browser_page(width: int = 1600, height: int = 1000) -> Iterator[Page]:
    """A page of a headless Chromium, closed in the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(_FLAGS))
        try:
            yield browser.new_page(viewport={"width": width, "height": height})
        finally:
            browser.close()


def open_graph(page: Page, base_url: str, asset: str | None = None) -> None:
    """Open the global asset graph, with `asset` selected if given, and wait until its nodes are drawn."""
    # A slash in the key would begin another part of the path.
    page.goto(f"{base_url}/asset-groups/{quote(asset or '', safe='')}")
    button = "Materialize selected" if asset else "Materialize all"
    page.locator("button", has_text=button).wait_for()
    page.locator("svg foreignObject").first.wait_for()


def materialize(
    page: Page,
    base_url: str,
    asset: str,
    partitions: Sequence[str] | None = None,
    timeout_seconds: float = 300,
) -> list[str]:
    """Select `asset` in the graph, press Materialize, answer the dialogs and wait until the runs have ended.

    Args:
        partitions: keys to tick in the dialog of a partitioned asset; all of them if None.

    Returns:
        Ids of the runs, all successful.

    Raises:
        RuntimeError: if a run failed, or has not ended in time; the message names run and status.
    """
    before = {run["runId"] for run in _runs(base_url)}
    backfills = {backfill["id"] for backfill in _backfills(base_url)}
    open_graph(page, base_url, asset)
    page.locator("button", has_text="Materialize selected").click()
    _answer_dialogs(page, partitions)
    return wait_for_runs(base_url, before, backfills, timeout_seconds)


def _answer_dialogs(page: Page, partitions: Sequence[str] | None) -> None:
    """Upstream is missing: confirm. Which partitions: tick them, launch. Without a dialog the run is on its way."""
    confirm = page.locator(".dagster-dialog button", has_text=re.compile("^Confirm"))
    launch = page.locator(".dagster-dialog button", has_text=re.compile("^Launch"))
    launched = page.locator("a:visible", has_text=re.compile("^View$"))  # in the message about the launched run
    confirm.or_(launch).or_(launched).first.wait_for()
    if confirm.is_visible():
        confirm.click()
        launch.or_(launched).first.wait_for()
    if not launch.is_visible():
        return
    dialog = page.locator(".dagster-dialog")
    if partitions is None:
        dialog.locator("button", has_text=re.compile("^All$")).click()
    else:
        dialog.get_by_text("Select a partition").click()
        options = page.locator(".dagster-popover label")
        for partition in partitions:
            page.get_by_placeholder("Filter partitions").fill(partition)
            options.filter(has=page.locator(f'span:text-is("{partition}")')).click()
        # Off the options, whose tips would take the key; forced, since what lies over the title does not matter.
        dialog.get_by_text("Partition selection").hover(force=True)
        page.keyboard.press("Escape")
    launch.click()
    dialog.wait_for(state="detached")


def _runs(base_url: str) -> list[dict[str, Any]]:
    answer = graphql(base_url, "{ runsOrError(limit: 500) { ... on Runs { results { runId status } } } }")
    return answer["runsOrError"]["results"]


def _backfills(base_url: str) -> list[dict[str, Any]]:
    answer = graphql(
        base_url, "{ partitionBackfillsOrError(limit: 100) { ... on PartitionBackfills { results { id status } } } }"
    )
    return answer["partitionBackfillsOrError"]["results"]


def wait_for_runs(
    base_url: str, runs_before: set[str], backfills_before: set[str], timeout_seconds: float = 300
) -> list[str]:
    """Wait until runs other than `runs_before` were started and all of them have ended, backfills included.

    Returns and raises as `materialize`.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        runs = [run for run in _runs(base_url) if run["runId"] not in runs_before]
        backfills = [backfill for backfill in _backfills(base_url) if backfill["id"] not in backfills_before]
        if failed := [each for each in runs + backfills if "FAIL" in each["status"] or "CANCEL" in each["status"]]:
            raise RuntimeError(f"these did not succeed: {failed}")
        running = [run for run in runs if run["status"] != "SUCCESS"]
        running += [backfill for backfill in backfills if backfill["status"] != "COMPLETED_SUCCESS"]
        if runs and not running:
            return [run["runId"] for run in runs]
        if time.monotonic() > deadline:
            raise RuntimeError(f"after {timeout_seconds:.0f} s these have not ended: {running or 'no run was started'}")
        time.sleep(0.5)


def screenshot(page: Page, path: Path, settle_seconds: float = 2) -> None:
    """Take a picture once the page is quiet: the UI polls for ever, so there is no event to wait for."""
    page.wait_for_timeout(settle_seconds * 1000)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
