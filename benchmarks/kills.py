"""Commands killed at random moments over all kinds of stages: `python -m benchmarks.kills FOLDER --kills 300`.

A world is a lake of one small recipe: a crawl, rows of two sources, filters, copies, models, scores, derived texts, a
datastore, mixtures; then an export, a takedown, and all of it again. Each command is started as often as it takes, and
dies by SIGKILL, SIGINT or SIGTERM, to itself or to its whole group, at a moment that the dice tell. In the end every
table and every export is compared with those of a world that nobody disturbed, cell by cell. Four of six signals are
SIGKILL. Besides, SIGINT and SIGTERM must end the command within ten seconds, with status 130 or 143 and without a
traceback, and nothing that a command started may outlive it.

What was found stands in FOLDER/found.jsonl, world by world: started again, it goes on where it stopped, with the next
world. Signals of the world that is under way stand in FOLDER/under-way.jsonl, and count once it has been compared.

Not here: takedowns of many kinds (`takedown_worlds.py`). There is no peer.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import yaml

from benchmarks.common import ROOT, show
from data_platform.core.tables import PLATFORM_LOGS
from tests.takedown.lakes import essay

RECIPE = """
name: kills
sources:
  - {name: pages, kind: environment_pages, snapshot: pages, domain: documentation, limit: 4}
  - {name: free, kind: files, snapshot: rows, domain: web, paths: [FOLDER/one.jsonl]}
  - {name: mixed, kind: files, snapshot: rows, domain: web, paths: [FOLDER/two.jsonl]}
filters: {domains: [documentation], rule_sets: {gopher_repetition: {}}}
deduplication: {guards: {max_cluster_share: 1.0}}
labels: {kind: environment, limit: 40}
models:
  language_model: {steps: 2, width: 32, layers: 1, vocabulary: 300, context: 64, batch: 4}
  quality_classifier: {buckets: 1024}
scores: {perplexity: {max_tokens: 64}, quality: {}}
synthesis: {leads: {method: sample_lead}}
audits: {variety: {method: sample_distinct, mixture: open}}
datastores: {others: {tiers: [3, 4, 5]}}
mixtures:
  open: {tokens: 60000, tiers: [0, 1, 2], weights: {documentation: 1, web: 1, synthetic: 1}, scores: [quality_score]}
"""
NAME = "kills"
METHODS = ROOT / "tests" / "distribution"
"""An installed distribution, so to speak, with a synthesiser and an auditor."""
LIMIT_SECONDS = 10.0
_PR_SET_SECUREBITS = 28
SIGNALS = (signal.SIGKILL,) * 4 + (signal.SIGINT, signal.SIGTERM)
COLD_SHARE = 0.15
"""Of the commands, those that are a process from its first import on; the others fork from this one, which has made
its imports."""
PLACES = ("uri", "archive_uri")
_RUN = re.compile(r"^\w+( \w+)?: ", re.MULTILINE)
"""How a command tells that a run begins."""


@dataclass(frozen=True)
class World:
    """A folder with the home of the platform in it, and the commands that are run there."""

    folder: Path
    recipe: Path

    @property
    def home(self) -> Path:
        """The platform's home."""
        return self.folder / "home"

    @property
    def lake(self) -> Path:
        """The lake."""
        return self.home / "lakes" / NAME

    def commands(self, victim: str) -> list[tuple[str, list[str]]]:
        """What is done in a world, one after the other: a name and the arguments of the command."""
        recipe = str(self.recipe)
        order = ["takedown", "--doc", victim, "--recipe", recipe, "--execute", "--yes", "--reason", "asked for", "--by",
                 "A. Uthor", "--exports", "delete"]
        return [
            ("run", ["run", recipe]),
            ("export", ["export", "open", "--recipe", recipe, "--to", str(self.folder / "before")]),
            ("takedown", order),
            ("run again", ["run", recipe]),
            ("export again", ["export", "open", "--recipe", recipe, "--to", str(self.folder / "after")]),
        ]

    def environment(self) -> dict[str, str]:
        """Variables of its commands."""
        return {"DATA_PLATFORM_HOME": str(self.home), "PYTHONPATH": f"{ROOT}{os.pathsep}{METHODS}"}


def write_recipe(folder: Path) -> Path:
    """The recipe, and the rows that it reads."""
    folder.mkdir(parents=True, exist_ok=True)
    licenses = ("CC0-1.0", "MIT", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0")
    for place, name in enumerate(("one", "two")):
        rows = [
            {"text": essay(f"{name if number % 4 else 'both'}{number}"), "license": licenses[number % 5],
             "url": f"https://{name}.example/{number}"}
            for number in range(place, 12 + place)
        ]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = folder / "kills.yaml"
    recipe.write_text(RECIPE.replace("FOLDER", str(folder)))
    return recipe


# -- processes ---------------------------------------------------------------------------------------------------------


@dataclass
class Process:
    """A command in a session of its own."""

    pid: int
    log: Path
    status: int | None = None

    def poll(self) -> bool:
        """Whether it is at its end."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def wait(self, seconds: float) -> bool:
        """Whether it came to its end in time."""
        limit = time.monotonic() + seconds
        while not self.poll() and time.monotonic() < limit:
            time.sleep(0.02)
        return self.poll()

    def survivors(self, seconds: float) -> int:
        """How many of its session are left, after it had some time to take them with it."""
        limit = time.monotonic() + seconds
        while (left := _session(self.pid)) and time.monotonic() < limit:
            time.sleep(0.1)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        return len(left)


def _session(leader: int) -> list[int]:
    members = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = entry.read_text(errors="replace").rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if int(session) == leader and state != "Z" and int(entry.parent.name) != leader:
            members.append(int(entry.parent.name))
    return members


class Place(Protocol):
    """Where commands are typed."""

    @property
    def folder(self) -> Path:
        """For what they print."""

    def environment(self) -> dict[str, str]:
        """Variables of the commands."""


def start(world: Place, arguments: Sequence[str], cold: bool, bare: bool = False, log: str = "command.log") -> Process:
    """Start a command, from the first import on or with imports made; if `bare`, without root's power over files."""
    world.folder.mkdir(parents=True, exist_ok=True)
    said = world.folder / log
    with open(said, "wb", buffering=0) as stream:
        if cold:
            command = [sys.executable, "-m", "data_platform.cli.main", *arguments]
            started = subprocess.Popen(command, stdout=stream, stderr=stream, start_new_session=True, cwd=ROOT,
                                       env={**os.environ, **world.environment()})
            started.returncode = 0  # waited for here
            return Process(started.pid, said)
        pid = os.fork()
        if pid:
            return Process(pid, said)
        status = 1
        try:
            os.setsid()
            if bare:
                _drop_capabilities()
            os.environ.update(world.environment())
            tempfile.tempdir = None  # to be asked of the environment again
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
            from data_platform.cli.main import main as command

            command(list(arguments))
        except SystemExit as stop:
            status = int(stop.code or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    raise AssertionError


def _drop_capabilities() -> None:
    """Give up all capabilities (capset and prctl of Linux), for this process and those that it starts: root may then
    use the files that are root's, and no other."""
    system = ctypes.CDLL(None, use_errno=True)
    no_root, header, nothing = 0b11, (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if system.prctl(_PR_SET_SECUREBITS, no_root, 0, 0, 0) or system.capset(header, nothing):
        raise OSError(ctypes.get_errno(), "cannot give up capabilities")


def in_a_child(work: Callable[[], Any]) -> Any:
    """What a function gives in a process of its own: what delta-rs runs on does not survive a fork of this one.

    Raises:
        RuntimeError: if it fails; the message is its traceback.
    """
    with tempfile.NamedTemporaryFile(suffix=".json") as answer:
        if not (child := os.fork()):
            try:
                Path(answer.name).write_text(json.dumps({"value": work()}))
                os._exit(0)
            except BaseException:
                Path(answer.name).write_text(json.dumps({"fault": traceback.format_exc()}))
                os._exit(1)
        os.waitpid(child, 0)
        told = json.loads(Path(answer.name).read_text())
    if "fault" in told:
        raise RuntimeError(told["fault"])
    return told["value"]


# -- what a world holds ------------------------------------------------------------------------------------------------


def commits(lake: Path) -> dict[str, int]:
    """How many commits every table has, from the names of files alone."""
    return {log.parent.name: len(list(log.glob("*.json"))) for log in lake.glob("*/_delta_log")}


def rows_of(world: World) -> dict[str, str]:
    """A digest of every cell of every table and export by name, in the order of keys; places and times left out."""
    import hashlib

    import pyarrow as pa
    import pyarrow.parquet as pq

    from data_platform.lake.lake import Lake

    def digest(rows: pa.Table, key: Sequence[str]) -> str:
        rows = rows.drop_columns([name for name in PLACES if name in rows.column_names])
        texts = sorted(repr([row[name] for name in key]) + repr(row) for row in rows.to_pylist())
        return f"{rows.num_rows} rows {hashlib.sha256(chr(0).join(texts).encode()).hexdigest()[:16]}"

    lake = Lake(str(world.lake))
    found = {
        name: digest(lake.read_table(name), [column for column in lake.table(name).key])
        for name in lake.tables() if name not in PLATFORM_LOGS
    }
    for folder in ("before", "after"):
        shards = sorted((world.folder / folder).rglob("*.parquet"))
        if shards:
            rows = pa.concat_tables([pq.read_table(shard) for shard in shards], promote_options="default")
            found[f"export {folder}"] = digest(rows, ["doc_id"])
    return found


def fresh(world: World) -> list[str]:
    """What is not fresh, and what lineage and commits say differently."""
    from data_platform.lake.lake import Lake
    from data_platform.pipeline.status import plan
    from data_platform.run.recipe import load_recipe
    from data_platform.run.workspace import Workspace

    lake = Lake(str(world.lake))
    left = [f"{status.place} is {status.state}: {status.why}"
            for status in plan(Workspace(load_recipe(str(world.recipe)), lake)) if status.state != "fresh"]
    recorded = {(row["table"], row["version"]) for row in lake.read_table("lineage").to_pylist()}
    committed = {(row["table"], row["version"]) for name in lake.tables() if name not in PLATFORM_LOGS
                 for row in lake.history(name)}
    return left + [f"lineage and commits differ: {len(recorded ^ committed)}"] * (recorded != committed)


def some_document(world: World) -> str:
    """A document of the mixture that is taken down."""
    from data_platform.lake.lake import Lake

    ids = Lake(str(world.lake)).read_table("mixture_open", ["doc_id"])["doc_id"].to_pylist()
    return sorted(ids)[len(ids) // 2]


@dataclass(frozen=True)
class Reference:
    """The undisturbed world: rows and commits after each command, how long each took, and whom the takedown is of."""

    victim: str
    rows: Mapping[str, str]
    commits: Mapping[str, Mapping[str, int]]
    seconds: Mapping[str, float]

    @classmethod
    def made(cls, folder: Path) -> Reference:
        """The one in `folder`, made there if it is not yet."""
        known = folder / "reference.json"
        if not known.exists():
            world = World(folder / "undisturbed", write_recipe(folder / "inputs"))
            shutil.rmtree(world.folder, ignore_errors=True)
            victim, counts, seconds = "", {}, {}
            for number in range(5):
                name, arguments = world.commands(victim)[number]
                began = time.monotonic()
                process = start(world, arguments, cold=False)
                if not process.wait(1800) or process.status:
                    raise SystemExit(f"undisturbed, {name} failed: {process.log.read_text()[-3000:]}")
                seconds[name], counts[name] = time.monotonic() - began, commits(world.lake)
                victim = victim or in_a_child(lambda: some_document(world))
            if left := in_a_child(lambda: fresh(world)):
                raise SystemExit(f"undisturbed, the world is not at its end: {left}")
            rows = in_a_child(lambda: rows_of(world))
            known.write_text(json.dumps({"victim": victim, "rows": rows, "commits": counts, "seconds": seconds}))
        return cls(**json.loads(known.read_text()))


# -- kills -------------------------------------------------------------------------------------------------------------


class Trial:
    """One world that is disturbed, from its first command to its comparison."""

    def __init__(self, seed: int, folder: Path, reference: Reference, kills: int) -> None:
        self.dice, self.reference = random.Random(seed), reference
        self.world = World(folder / "disturbed", write_recipe(folder / "inputs"))
        self.kills, self.faults, self.signalled = kills, list[str](), list[dict[str, Any]]()

    @cached_property
    def _order(self) -> list[str]:
        from data_platform.pipeline.flow import stages
        from data_platform.run.recipe import load_recipe

        return list(stages(load_recipe(str(self.world.recipe))))

    def run(self) -> dict[str, Any]:
        """Disturb a world and compare it with the one that nobody disturbed."""
        shutil.rmtree(self.world.folder, ignore_errors=True)
        (self.world.folder.parent / "under-way.jsonl").unlink(missing_ok=True)
        names = [name for name, _ in self.world.commands("")]
        shares = [max(self.reference.seconds[name], 5) for name in names]
        for (name, arguments), share in zip(self.world.commands(self.reference.victim), shares, strict=True):
            wanted = max(1, round(self.kills * share / sum(shares)))
            self._disturb(name, arguments, wanted, self.reference.seconds[name])
        self.faults += in_a_child(lambda: fresh(self.world))
        found = in_a_child(lambda: rows_of(self.world))
        self.faults += [
            f"{name}: {found.get(name)} and not {self.reference.rows.get(name)}"
            for name in sorted(found.keys() | self.reference.rows.keys() - set(PLATFORM_LOGS))
            if found.get(name) != self.reference.rows.get(name)
        ]
        return {"signals": self.signalled, "faults": self.faults}

    def _disturb(self, name: str, arguments: list[str], wanted: int, seconds: float) -> None:
        """Start a command, and end it by signals until `wanted` were in time; then let it come to its own end."""
        start_seconds = min(self.reference.seconds.values())  # what every command takes before it has done anything
        for number in range(4 * wanted):
            if sum(one["command"] == name for one in self.signalled) >= wanted:
                break
            process = start(self.world, arguments, cold=self.dice.random() < COLD_SHARE)
            if process.wait(self.dice.uniform(0, 2 * (seconds / wanted + (number and start_seconds)))):
                if process.status:
                    self.faults.append(f"{name} ended with {process.status}: {process.log.read_text()[-1500:]}")
                break
            self._signal(process, name)
        else:
            process = start(self.world, arguments, cold=False)
        if process.status is None or process.status < 0 or process.status in (130, 143):
            process = start(self.world, arguments, cold=False)
        if not process.wait(60 * 20):
            self.faults.append(f"{name} does not end: {process.log.read_text()[-1500:]}")
        elif process.status:
            self.faults.append(f"{name} ended with {process.status}: {process.log.read_text()[-1500:]}")

    def _signal(self, process: Process, name: str) -> None:
        number, group = self.dice.choice(SIGNALS), self.dice.random() < 0.5
        at = self._at_work(process, name)
        began = time.monotonic()
        (os.killpg if group else os.kill)(process.pid, number)
        ended = process.wait(60)
        took = time.monotonic() - began
        left = process.survivors(5)
        if not ended:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)
        said = process.log.read_text(errors="replace")
        if number != signal.SIGKILL and process.status == 0:
            return  # it had ended by itself
        self.signalled.append({"signal": number.name, "command": name, "at": at, "seconds": took})
        with open(self.world.folder.parent / "under-way.jsonl", "a") as stream:
            stream.write(json.dumps(self.signalled[-1]) + "\n")
        if left:
            self.faults.append(f"{left} processes outlived {name} at {at}, ended by {number.name}")
        if number == signal.SIGKILL:
            return
        if not ended or took > LIMIT_SECONDS:
            self.faults.append(f"{number.name} took {took:.1f} s to end {name} at {at}")
        elif process.status != 128 + number and not (process.status == -number and not said):
            self.faults.append(f"{number.name} ended {name} at {at} with {process.status}: {said[-1500:]}")
        if "Traceback" in said:
            self.faults.append(f"{number.name} at {at} left a traceback: {said[-1500:]}")

    def _at_work(self, process: Process, name: str) -> str:
        """The stage that is at work: the first whose commits are not all there."""
        if not name.startswith("run"):
            return name
        if not _RUN.search(process.log.read_text(errors="replace")):
            return "start and plan"
        there, all_ = commits(self.world.lake), self.reference.commits[name]
        return next((table for table in self._order if there.get(table, 0) < all_.get(table, 0)), "the last checks")


def tally(folder: Path) -> Counter[str]:
    """How many of each signal were sent so far."""
    counts: Counter[str] = Counter()
    for found in _found(folder):
        counts.update(one["signal"] for one in found["signals"])
    return counts


def _found(folder: Path) -> list[dict[str, Any]]:
    path = folder / "found.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def report(folder: Path) -> int:
    """Print what was found; returns the number of faults."""
    found = _found(folder)
    signals = [one for world in found for one in world["signals"]]
    names = [number.name for number in dict.fromkeys(SIGNALS)]
    places = Counter((one["at"], one["signal"]) for one in signals)
    show("Signals by what was at work", ["at work", *names],
         [[at, *(places[at, name] for name in names)] for at in dict.fromkeys(one["at"] for one in signals)]
         + [["all", *(sum(one["signal"] == name for one in signals) for name in names)]])
    ends = sorted(one["seconds"] for one in signals if one["signal"] != "SIGKILL")
    if ends:
        print(f"\nseconds from SIGINT or SIGTERM to the end: median {ends[len(ends) // 2]:.1f}, most {ends[-1]:.1f}")
    faults = [fault for world in found for fault in world["faults"]]
    print(f"{len(found)} worlds compared cell by cell with an undisturbed one; {len(faults)} faults")
    for fault in faults:
        print(f"- {fault}")
    return len(faults)


def main() -> None:
    """Disturb worlds until enough signals were sent."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path, help="where worlds and findings lie")
    arguments.add_argument("--kills", type=int, default=300, help="signals in all (default: %(default)s)")
    arguments.add_argument("--each", type=int, default=100, help="signals in one world (default: %(default)s)")
    arguments.add_argument("--report", action="store_true", help="print what was found so far, and do nothing")
    given = arguments.parse_args()
    folder = given.folder.absolute()
    if not given.report:
        _preload(yaml.safe_load(RECIPE))
        reference = Reference.made(folder)
        while (sent := sum(tally(folder).values())) < given.kills:
            began = time.monotonic()
            found = Trial(len(_found(folder)), folder, reference, min(given.each, given.kills - sent)).run()
            with open(folder / "found.jsonl", "a") as stream:
                stream.write(json.dumps(found) + "\n")
            print(f"{len(found['signals'])} signals, {len(found['faults'])} faults, {time.monotonic() - began:.0f} s",
                  flush=True)
            if found["faults"]:
                shutil.copytree(folder / "disturbed", folder / f"fault-{len(_found(folder))}", symlinks=True,
                                dirs_exist_ok=True)
    sys.exit(1 if report(folder) else 0)


def _preload(recipe: Mapping[str, Any]) -> None:
    """Import what commands need, so that forks have it."""
    sys.path.append(str(METHODS))
    import data_platform.assets.launch
    import data_platform.cli.export
    import data_platform.cli.run
    import data_platform.cli.takedown
    import data_platform.pipeline.flow
    import data_platform.proof.trace  # noqa: F401
    from data_platform.definitions import build_definitions

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{recipe['name']}.yaml")
        path.write_text(RECIPE.replace("FOLDER", folder))
        build_definitions(str(path))


if __name__ == "__main__":
    main()
