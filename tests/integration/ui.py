"""Drive the Dagster UI as a person does: start it, open pages, press Materialize, wait, take pictures.

For tests and for the pictures in the README. Not here: what is tested, and any code location.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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


def _is_ready(base_url: str) -> bool:
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
        while not _is_ready(base_url):
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
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait(timeout=10)
