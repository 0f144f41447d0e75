"""A week of Dagster on sources that change, by five small stages in five jobs: `python -m benchmarks.week FOLDER`.

Code server, webserver and daemon run as processes of their own, as in a deployment; sensors tick at their own pace, and
runs are launched by the daemon. What people do is done by GraphQL (switching on, reloading, launching) and by files
(archives, the recipe); what happens to machines, by SIGKILL. Nights are not waited for: the tick of the schedule is
evaluated as of three o'clock, and what it asks for is launched. A day ends when nothing is under way and automation has
nothing more to ask for; from the event to then is its time to fresh, as long as it really took.

What was seen of a day is kept in the folder as soon as it has ended: the same command on the same folder goes on with
the day after, and prints the table of all.

The table says, for each day, how many runs were launched and by whom, how many of those that ended well wrote nothing
(there should be none), how many failed, and what was left, which `status` names.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
from tabulate import tabulate

from benchmarks.common import ROOT
from data_platform.core.settings import HOME_VARIABLE

_SENSORS = ("new_snapshots", "automation")
_QUIET_SECONDS = 75.0
"""Two ticks of a sensor and a little more: after so long without a run there is nothing to come."""
_LONGEST_DAY_SECONDS = 1_800.0


@dataclass
class Day:
    """What one day brought."""

    name: str
    event: str
    minutes: float = 0.0
    runs: Counter[str] = field(default_factory=Counter)
    wrote_nothing: int = 0
    failed: int = 0
    left: list[str] = field(default_factory=list)
    stale_in_ui: str = ""


class Deployment:
    """Code server, webserver and daemon on one recipe, in a folder."""

    def __init__(self, folder: Path) -> None:
        from tests.assets.toys import Toys, flow

        self.folder = folder
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), HOME_VARIABLE: os.environ[HOME_VARIABLE],
                            "DAGSTER_HOME": str(Path(os.environ[HOME_VARIABLE]) / "dagster")}
        from data_platform.resources.instance import open_instance

        self.instance = open_instance()
        self.world = Toys(folder, self.instance)
        self.flow = flow()
        self.names = self.world.names
        self.code, self.web = _free_port(), _free_port()
        self.workspace = folder / "workspace.yaml"
        self.workspace.write_text(json.dumps({"load_from": [{"grpc_server": {
            "host": "127.0.0.1", "port": self.code, "location_name": self.names.recipe}}]}))
        self.processes: list[subprocess.Popen] = []
        self.commands = {
            "code": ["dagster", "code-server", "start", "-f", str(self.world.location), "-h", "127.0.0.1",
                     "-p", str(self.code)],
            "web": ["dagster-webserver", "-w", str(self.workspace), "-h", "127.0.0.1", "-p", str(self.web)],
            "daemon": ["dagster-daemon", "run", "-w", str(self.workspace)],
        }

    @contextmanager
    def running(self) -> Iterator[Deployment]:
        """Start everything, the code server first; in the end all of it is gone."""
        try:
            for name, command in self.commands.items():
                with open(self.folder / f"{name}.log", "w") as log:
                    self.processes.append(subprocess.Popen(
                        [str(Path(sys.executable).parent / command[0]), *command[1:]], env=self.environment,
                        cwd=self.folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                    ))
                if name != "daemon":
                    _wait(lambda port=self.code if name == "code" else self.web: _answers(port), 300, f"no {name}")
            _wait(self._is_loaded, 300, "the code location does not load")
            yield self
        finally:
            for process in reversed(self.processes):
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
            for process in self.processes:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(20)
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """What the webserver answers to GraphQL."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.web}/graphql", json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as response:
            answer = json.load(response)
        if answer.get("errors"):
            raise RuntimeError(answer["errors"][0]["message"])
        return answer["data"]

    def _is_loaded(self) -> bool:
        found = self.ask("{ workspaceOrError { ... on Workspace { locationEntries { loadStatus locationOrLoadError "
                         "{ __typename ... on PythonError { message } } } } } }")
        entries = found["workspaceOrError"]["locationEntries"]
        for entry in entries:
            if (entry["locationOrLoadError"] or {}).get("__typename") == "PythonError":
                raise RuntimeError(entry["locationOrLoadError"]["message"])
        return bool(entries) and all(entry["loadStatus"] == "LOADED" for entry in entries)

    def _selector(self) -> dict[str, str]:
        return {"repositoryLocationName": self.names.recipe, "repositoryName": "__repository__"}

    def switch_on(self) -> None:
        """Switch the sensors on, as people do in the UI."""
        for word in _SENSORS:
            answer = self.ask(
                "mutation($s: SensorSelector!) { startSensor(sensorSelector: $s) { __typename ... on PythonError "
                "{ message } } }", s={**self._selector(), "sensorName": self.names.of_recipe(word)},
            )
            if answer["startSensor"]["__typename"] != "Sensor":
                raise RuntimeError(f"{word} cannot be switched on: {answer}")

    def reload(self) -> None:
        """Load the code location anew, as after a deployment."""
        self.ask("mutation($n: String!) { reloadRepositoryLocation(repositoryLocationName: $n) { __typename } }",
                 n=self.names.recipe)

    def stale(self, table: str, partition: str | None = None) -> str:
        """What the UI shows of an asset."""
        answer = self.ask(
            "query($k: [AssetKeyInput!]!, $p: String) { assetNodes(assetKeys: $k) { staleStatus(partition: $p) } }",
            k=[{"path": [self.names.recipe, table]}], p=partition,
        )
        return answer["assetNodes"][0]["staleStatus"]

    def night(self) -> str:
        """Evaluate the schedule, and launch what it asks for; what it says if that is nothing."""
        tick = self.world.tick("refresh")
        if not tick.run_requests:
            return tick.skip_message or ""
        selector = {**self._selector(), "pipelineName": self.names.of_recipe("refresh")}
        tags = [{"key": key, "value": value} for key, value in tick.run_requests[0].tags.items()]
        answer = self.ask(
            "mutation($e: ExecutionParams!) { launchRun(executionParams: $e) { __typename ... on PythonError { message "
            "} } }", e={"selector": selector, "runConfigData": {}, "mode": "default", "executionMetadata":
                        {"tags": tags}},
        )
        if answer["launchRun"]["__typename"] != "LaunchRunSuccess":
            raise RuntimeError(f"the night's run cannot be launched: {answer}")
        return ""

    def kill_a_run(self) -> None:
        """SIGKILL to the process of a run that is under way, whose events say which that is."""
        def at_work() -> int | None:
            for run in self.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
                for entry in self.instance.all_logs(run.run_id):
                    if entry.dagster_event and entry.dagster_event.pid:
                        return entry.dagster_event.pid
            return None

        found: list[int | None] = []
        _wait(lambda: bool(found.append(at_work()) or found[-1]), 600, "no run to kill")
        os.kill(found[-1], signal.SIGKILL)

    def open_runs(self) -> int:
        """How many runs are not at their end."""
        return sum(not run.is_finished for run in self.instance.get_runs())

    def settle(self, day: Day, began: float, seen: set[str]) -> None:
        """Wait until nothing is under way and nothing more is asked for, and note what the day brought."""
        quiet_since, last, limit = time.monotonic(), time.monotonic(), time.monotonic() + _LONGEST_DAY_SECONDS
        while time.monotonic() - quiet_since < _QUIET_SECONDS:
            if time.monotonic() > limit:
                day.left.append(f"not quiet after {_LONGEST_DAY_SECONDS / 60:.0f} minutes")
                break
            if self.open_runs():
                quiet_since = last = time.monotonic()
            time.sleep(1)
        day.minutes += (last - began) / 60
        self._count(day, seen)
        from data_platform.pipeline.status import plan

        day.left += [f"{status.place} {status.state}" for status in plan(self.world.workspace, self.flow)
                     if status.state != "fresh"]

    def _count(self, day: Day, seen: set[str]) -> None:
        lake = self.world.workspace.lake
        wrote = {row["run_id"] for name in self.flow if lake.exists(name) for row in lake.history(name)}
        for run in self.instance.get_runs():
            if run.run_id in seen:
                continue
            seen.add(run.run_id)
            by = next((tag for tag in ("dagster/sensor_name", "data_platform/refresh", "dagster/schedule_name")
                       if tag in run.tags), "people")
            who = run.tags.get("dagster/sensor_name", "").removeprefix(f"{self.names.recipe}_") or {
                "data_platform/refresh": "by the night's run", "dagster/schedule_name": "refresh"}.get(by, by)
            day.runs[who] += 1
            if run.status.value == "FAILURE":
                day.failed += 1
            elif run.run_id not in wrote and who != "refresh":
                day.wrote_nothing += 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(until: Callable[[], bool], seconds: float, otherwise: str) -> None:
    limit = time.monotonic() + seconds
    while True:
        with suppress(OSError):
            if until():
                return
        if time.monotonic() > limit:
            raise RuntimeError(otherwise)
        time.sleep(0.5)


class Calendar:
    """The days that have ended, as they are kept in the folder, and those to come."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._path = deployment.folder / "days.json"
        kept = json.loads(self._path.read_text()) if self._path.exists() else {"days": [], "seen": []}
        self.days = [Day(**{**day, "runs": Counter(day["runs"])}) for day in kept["days"]]
        self._seen = set(kept["seen"])
        if self.days:
            deployment.world.write(tokens=kept["tokens"])

    def day(self, name: str, event: str, happens: Callable[[Day], Any]) -> None:
        """Let a day happen, unless it has ended in an earlier call."""
        if any(day.name == name for day in self.days):
            return
        today, began = Day(name, event), time.monotonic()
        happens(today)
        self._deployment.settle(today, began, self._seen)
        self.days.append(today)
        self._path.write_text(json.dumps({
            "days": [vars(day) for day in self.days], "seen": sorted(self._seen),
            "tokens": self._deployment.world.tokens,
        }))
        print(tabulate([_row(today)], tablefmt="plain"), flush=True)


def week(deployment: Deployment, calendar: Calendar) -> None:
    """The days, each with what happens on it."""
    from tests.assets.toys import BAD

    world, day = deployment.world, calendar.day

    def threshold(today: Day) -> None:
        world.write(tokens=2000)
        deployment.reload()
        _wait(deployment._is_loaded, 300, "the code location does not load")
        today.stale_in_ui = (f"threshold: filter {deployment.stale('filter_verdicts', 'one')}, below it "
                             f"{deployment.stale('reservations')}, above it "
                             f"{deployment.stale('language_signals', 'one')}")

    def change(today: Day) -> None:
        world.arrive("one", "one", "two", "new")
        with suppress(RuntimeError):  # what the UI shows then is in the table
            _wait(lambda: deployment.stale("language_signals", "one") == "STALE", 90, "")
        today.stale_in_ui = (f"archive: one {deployment.stale('language_signals', 'one')}, two "
                             f"{deployment.stale('language_signals', 'two')}")

    def vanish(today: Day) -> None:
        for archive in (world.folder / "crawls" / "two").iterdir():
            archive.unlink()
        (world.folder / "crawls" / "two").rmdir()

    def arrive_and_kill(today: Day) -> None:
        world.arrive("four")
        deployment.kill_a_run()

    def both(today: Day) -> None:
        world.arrive("five", "one", BAD)

    day("Monday", "two snapshots arrive; both sensors on", lambda today: deployment.switch_on())
    day("Tuesday", "a third arrives", lambda today: world.arrive("three"))
    day("Wednesday", "an archive changes", change)
    day("Thursday", "a threshold changes", threshold)
    day("Friday", "a fourth arrives, and its run is killed", arrive_and_kill)
    day("Saturday", "a fifth arrives, and fails its check", both)
    day("Sunday", "one vanishes, the fifth is mended", lambda today: (vanish(today), world.arrive("five")))
    day("Sunday night", "nothing is due", lambda today: today.left.append(deployment.night()))


def nights(deployment: Deployment, calendar: Calendar) -> None:
    """Two nights with the sensors off: several phases of several snapshots, of which one fails, are due at once."""
    from tests.assets.toys import BROKEN

    world = deployment.world
    for word in _SENSORS:
        deployment.ask("mutation($n: String!) { stopSensor(id: $n) { __typename } }", n=_sensor_id(deployment, word))

    def night(name: str, tokens: int, *lines: str) -> None:
        for snapshot in ("six", "seven"):
            world.arrive(snapshot, "one", "two", f"of the night {name}")
        world.arrive("eight", *lines)
        world.write(tokens=tokens)
        deployment.night()

    for name, tokens, lines in (("broken", 3000, (BROKEN,)), ("mended", 4000, ("one", "two"))):
        calendar.day(f"night, {name}", "three snapshots and a threshold are due",
                     lambda today, name=name, tokens=tokens, lines=lines: night(name, tokens, *lines))


def _sensor_id(deployment: Deployment, word: str) -> str:
    answer = deployment.ask(
        "query($s: SensorSelector!) { sensorOrError(sensorSelector: $s) { ... on Sensor { sensorState { id } } } }",
        s={**deployment._selector(), "sensorName": deployment.names.of_recipe(word)},
    )
    return answer["sensorOrError"]["sensorState"]["id"]


def _row(day: Day) -> list[Any]:
    runs = ", ".join(f"{count} {who}" for who, count in sorted(day.runs.items())) or "none"
    left = "; ".join(filter(None, day.left[:4])) + (f"; and {len(day.left) - 4} more" if len(day.left) > 4 else "")
    return [day.name, day.event, runs, day.wrote_nothing, day.failed, f"{day.minutes / 60:.2f}", left or "nothing",
            day.stale_in_ui]


def main() -> None:
    """Run the week and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path,
                        help="a folder for the home, the archives, the logs and the days that have ended")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[HOME_VARIABLE] = str(folder / "home")
    deployment = Deployment(folder)
    calendar = Calendar(deployment)
    if not calendar.days:
        for snapshot in ("one", "two"):
            deployment.world.arrive(snapshot)
    with deployment.running():
        week(deployment, calendar)
        nights(deployment, calendar)
    heads = ["day", "what happens", "runs", "wrote nothing", "failed", "hours to fresh", "left at its end", "UI"]
    print(tabulate([_row(day) for day in calendar.days], headers=heads, tablefmt="github"))


if __name__ == "__main__":
    main()
