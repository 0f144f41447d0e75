"""Faults of disks, files and stores, at every stage: `python -m benchmarks.faults FOLDER [KIND...]`.

The law: a run that meets a fault either completes, or ends with an exit status that is not 0 and a sentence that has
the path and the cause, without a traceback; once the cause is gone, the next run completes, and the lake holds the rows
that it would hold without the fault. Kinds:

- `full`: the disk of the lake, of the home, or of temporary files is full at ever later moments of a run;
- `readonly`, `permission`: lake, home, caches or inputs cannot be written or read, from the first or after some
  stages;
- `inputs`, `tables`, `home`, `exports`: one file after the other is cut to half, or to nothing;
- `store`: a lake on S3 behind a proxy that throttles, delays, breaks off and loses answers;
- `writers`: 16 writers at once on one table, two runs at once on one lake.

What was found stands in FOLDER/found.jsonl, fault by fault: started again, it goes on with the next. `full`, `readonly`
and `permission` mount file systems or change users, and need root. There is no peer.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, show
from benchmarks.fault_world import HOME, LAKE, TEMPORARY, Ended, World, preload
from benchmarks.faulty_store import FaultyStore
from benchmarks.kills import in_a_child
from data_platform.kernels.cache import cache_home
from tests.integration.ui import free_port

NOBODY = 65534
_LAKE_KB, _HOME_KB, _EXPORT_KB, _WIDE_KB = 1_600, 15_000, 200, 2_100
"""What a run or an export writes in all, roughly. Every run adds its records to a home, failed ones too."""
_INPUTS = (
    "faults.yaml", "inputs/rows.jsonl.gz", "inputs/rows.parquet", "inputs/pages.warc.gz", "inputs/lid.ftz",
    "inputs/rulings.yaml", "inputs/lists/adult/domains", "inputs/items.jsonl", "inputs/labels.jsonl",
    "inputs/own/config.json", "inputs/own/model.safetensors", "inputs/own/tokenizer.json",
)
_TABLES = (
    "_custody/documents.json", "_custody/documents/*1.json", "documents/_delta_log/*1.json",
    "documents/_delta_log/*0.json", "documents/**/*.parquet", "raw_crawls/**/*.parquet", "archives/**/*.parquet",
    "model_quality_classifier/*.parquet", "models/quality_classifier/*/manifest.json",
    "models/quality_classifier/*/*.npz", "models/quality_classifier/*/classifier.json", "plan_open/*.parquet",
    "mixture_open/*.parquet", "mixture_open/_delta_log/*1.json", "lineage/_delta_log/*1.json", "lineage/*.parquet",
    "check_results/**/*.parquet",
)
_HOME = (
    "recipes.json", "fingerprints.json", "dagster/history/runs.db", "dagster/history/runs/index.db",
    "dagster/history/runs/*-*.db", "dagster/schedules/schedules.db", "dagster/dagster.yaml",
)
_EXPORT = ("manifest.json", "SHA256SUMS", "attestation.json", "NOTICE", "spdx.json", "croissant.json", "*.parquet")


@dataclass(frozen=True)
class Unit:
    """Some faults that are met in one world, by kind and name, and what makes them happen."""

    kind: str
    name: str
    meet: Callable[[Trial], None]


class Trial:
    """One unit under way: its folder, and what was found."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind, self.found = folder, kind, list[dict[str, Any]]()

    def note(self, what: str, met: list[Ended], then: Ended | None, same: bool, silent: bool = False) -> None:
        """Note a fault: how the commands that met it ended, how the next one did, and whether the rows are right.

        Args:
            silent: that a command completed and said nothing, where it must have seen the fault.
        """
        good = same and all(one.is_good and (one.status == 0 or self._named(one)) for one in met)
        good = good and (then is None or (then.status == 0 and then.is_good))
        after = "" if then is None else "completes" if then.status == 0 else f"FAILS: {then.cause}"
        line = {
            "kind": self.kind, "what": what, "met": " || ".join(dict.fromkeys(one.cause for one in met)), "then": after,
            "rows": "same" if same else "DIFFERENT", "good": good and not silent, "silent": silent,
            "stopped": any(one.status for one in met),
        }
        self.found.append(line)
        print(" | ".join(("     " if line["good"] else " BAD ", self.kind, what, line["met"], after, line["rows"],
                          "SILENT" * silent)), flush=True)


    def _named(self, ended: Ended) -> bool:
        """Whether a failure names the path, where a disk is at fault; of files, their tables may be named instead."""
        return self.kind not in ("full", "readonly", "permission") or str(self.folder) in ended.cause


class Worlds:
    """The worlds without faults, made once in a folder: how every other one begins, and what it must come to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def world(self, wide: bool, name: str = "world") -> World:
        """A world that nothing was done in yet."""
        return World(self.folder / name, wide).made()

    def whole(self, wide: bool = True) -> World:
        """A complete world, the wide one with an export of its mixture: a copy at the place where it was made."""
        kept, world = self.folder / f"kept-{'wide' if wide else 'small'}", World(self.folder / "world", wide)
        made = kept / "made"  # by which code: other code makes other tables due
        if not made.exists() or made.read_text() != _code():
            world.made()
            for words in (("run", str(world.recipe)), *([self.export(world)] if wide else [])):
                if (ended := world.command(*words)).status:
                    raise SystemExit(f"without a fault, {words[0]} failed: {ended.said}")
            (world.folder / "made").write_text(_code())
            shutil.rmtree(kept, ignore_errors=True)
            world.folder.rename(kept)
        shutil.rmtree(world.folder, ignore_errors=True)
        shutil.copytree(kept, world.folder, symlinks=True)
        return world

    def due(self) -> World:
        """The small world, complete but for its mixture, of which the recipe asks something else since."""
        world = self.whole(wide=False)
        world.recipe.write_text(world.recipe.read_text().replace("tokens: 100000", "tokens: 100001"))
        return world

    @staticmethod
    def export(world: World) -> tuple[str, ...]:
        """The command that exports the mixture of a world."""
        return "export", "open", "--recipe", str(world.recipe), "--to", str(world.folder / "export")

    def right(self, wide: bool) -> str:
        """What the lake of a world holds that no fault was met in."""
        known = self.folder / f"right-{'wide' if wide else 'small'}.txt"
        if not known.exists():
            known.write_text(self.whole(wide).held())
        return known.read_text()


def _code() -> str:
    """A digest of the platform's code."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "data_platform").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


# -- disks -------------------------------------------------------------------------------------------------------------


@contextmanager
def disk(place: Path, kilobytes: int) -> Iterator[None]:
    """A disk of a size at a folder."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def grow(place: Path, kilobytes: int) -> None:
    """Make the disk at a folder larger."""
    subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", str(place)], check=True)


def used(place: Path) -> int:
    """How much of the disk at a folder is taken, in kB."""
    state = os.statvfs(place)
    return (state.f_blocks - state.f_bfree) * state.f_frsize // 1024


def full(worlds: Worlds, part: str, wide: bool, step: int) -> Callable[[Trial], None]:
    """The disk of a part of the world is full at ever later moments: after every `step` kB that a run could write."""

    def meet(trial: Trial) -> None:
        right, world = worlds.right(wide), worlds.world(wide)
        place = world.folder / part
        with disk(place, 16):
            while (met := world.run()).status != 0 and len(trial.found) < 100:
                trial.note(f"{part}, {used(place)} kB", [met], None, True)
                grow(place, used(place) + step)
            grow(place, 2**20)
            trial.note(f"{part}, enough", [met], world.run(), world.held() == right)

    return meet


def full_for_export(worlds: Worlds, step: int) -> Callable[[Trial], None]:
    """The disk that an export is written to is full at ever later moments."""

    def meet(trial: Trial) -> None:
        world, place = worlds.whole(), worlds.folder / "world" / "full"
        place.mkdir()
        words = (*worlds.export(world)[:-1], str(place / "export"))
        with disk(place, 16):
            size = 16
            while (met := world.command(*words)).status != 0 and len(trial.found) < 100:
                trial.note(f"export, {size} kB", [met], None, True)
                grow(place, size := size + step)
            trial.note("export, enough", [met], world.command("check-export", str(place / "export")), True)

    return meet


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    """A folder that cannot be written."""
    subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def readonly(worlds: Worlds, later: bool) -> Callable[[Trial], None]:
    """Parts of the world are on disks that cannot be written: from the first, or when the mixture alone is due."""

    def meet(trial: Trial) -> None:
        right, world = worlds.right(False), worlds.due() if later else worlds.world(False)
        for part in (LAKE, HOME, TEMPORARY):
            with read_only(world.folder / part):
                met = [world.run(), world.command("status", str(world.recipe))]
            trial.note(f"{part}{', all but the mixture made' * later}", met, None, True)
        trial.note("nothing any more", [], world.run(), world.held() == right)

    return meet


def permission(worlds: Worlds, later: bool) -> Callable[[Trial], None]:
    """Parts of the world belong to somebody else, who grants nothing: from the first, or when the mixture is due."""

    def meet(trial: Trial) -> None:
        right, world = worlds.right(False), worlds.due() if later else worlds.world(False)
        cache = world.folder / "cache"
        shutil.copytree(cache_home(), cache / "data-platform" / "kernels")
        world.variables |= {"XDG_CACHE_HOME": str(cache)}
        world.bare = True
        for part in (LAKE, HOME, TEMPORARY, "cache", "inputs/rows.jsonl.gz", "faults.yaml"):
            _give(world.folder / part, NOBODY)
            met = [world.run()]
            _give(world.folder / part, 0)
            trial.note(f"{part}{', all but the mixture made' * later}", met, None, True)
        then = world.run()
        trial.note("nothing any more", [], then, then.status == 0 and world.held() == right)

    return meet


def _give(place: Path, user: int) -> None:
    """Let one user have a file, or a folder with all that is in it, and nobody else."""
    subprocess.run(["chown", "-R", f"{user}:{user}", str(place)], check=True)
    subprocess.run(["chmod", "-R", "go-rwx", str(place)], check=True)


# -- files -------------------------------------------------------------------------------------------------------------


def cut(
    worlds: Worlds, pattern: str, share: float, words: Callable[[World], list[tuple[str, ...]]], input_: bool = False
) -> Callable[[Trial], None]:
    """The last file that matches a pattern is cut to a share of its length, in a world that is complete.

    Args:
        words: of the commands that meet it.
        input_: whether the file is people's own, and has to come back, whatever becomes of the run.
    """

    def meet(trial: Trial) -> None:
        wide = trial.kind != "home"  # which is asked once something is due
        right, world = worlds.right(wide), worlds.whole() if wide else worlds.due()
        if not (paths := sorted(world.folder.glob(pattern))):
            raise SystemExit(f"no file is called {pattern}")
        path = paths[-1]
        content = path.read_bytes()
        path.unlink()  # it may be a link to somebody else's
        path.write_bytes(content[:int(len(content) * share)])
        met = [world.command(*some) for some in words(world)]
        shorter = input_ and _is_whole(path, content, int(len(content) * share))
        silent = (input_ or trial.kind == "tables") and not shorter and not any(str(path) in one.said for one in met)
        if input_ or any(one.status for one in met):
            path.write_bytes(content)
        then = world.run()
        what = f"{pattern} cut to {'half' if share else 'nothing'}{', which is a shorter one' * shorter}"
        trial.note(what, met, then, world.held() == right, silent)

    return meet


def _is_whole(path: Path, content: bytes, length: int) -> bool:
    """Whether the beginning of a file is itself one, so that nobody can know that it was cut: lists, whose last line
    may have no end, and JSON lines that are cut between two of them."""
    lines = path.suffix == ".jsonl" and b"\n" in content[length - 1 : length + 1]
    return length > 0 and (lines or path.parent.parent.name == "lists")


def _run(world: World) -> list[tuple[str, ...]]:
    return [("run", str(world.recipe))]


def _look_and_run(world: World) -> list[tuple[str, ...]]:
    return [("verify", "--recipe", str(world.recipe)), ("run", str(world.recipe))]


def _status_and_run(world: World) -> list[tuple[str, ...]]:
    return [("status",), ("run", str(world.recipe))]


def _check_and_export(world: World) -> list[tuple[str, ...]]:
    return [("check-export", str(world.folder / "export")), Worlds.export(world)]


# -- stores and writers ------------------------------------------------------------------------------------------------


@contextmanager
def emulator() -> Iterator[str]:
    """An S3 endpoint with an empty bucket, `lake`."""
    port = free_port()
    moto = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        subprocess.run([sys.executable, str(ROOT / "deploy" / "make_buckets.py"), "lake"], check=True,
                       env={**os.environ, **_aws(endpoint)})
        yield endpoint
    finally:
        moto.terminate()
        moto.wait()


def _aws(endpoint: str) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}


def store(worlds: Worlds, seed: int, rate: float, most: int = 8) -> Callable[[Trial], None]:
    """A lake on S3 behind a proxy with faults: runs until one completes, `most` of them, then one without faults."""

    def meet(trial: Trial) -> None:
        right = worlds.right(False)
        with emulator() as endpoint, FaultyStore(endpoint, seed) as faulty:
            world = World(worlds.folder / "world", lake="s3://lake/tables", variables=_aws(faulty.url)).made()
            faulty.set_rate(rate)
            met = [world.run()]
            while met[-1].status and met[-1].is_good and len(met) < most:
                met.append(world.run())
            faulty.set_rate(0.0)
            faults = ", ".join(f"{count} {kind}" for kind, count in sorted(faulty.met().items()))
            trial.note(f"{rate:.0%}: {faults}; {len(met)} runs", met, world.run(), world.held() == right)

    return meet


def commits(worlds: Worlds, seed: int, rate: float, count: int = 30) -> Callable[[Trial], None]:
    """Commits to a table on S3 behind a proxy with faults, each asked for once: how many end with an error, and whether
    any is lost or doubled. Who waits for an answer does not wait as long as the slowest takes."""

    def meet(trial: Trial) -> None:
        with emulator() as endpoint, FaultyStore(endpoint, seed) as faulty:
            told, wrong = in_a_child(lambda: _commit_many(faulty, rate, count))
            faults = ", ".join(f"{number} {kind}" for kind, number in sorted(faulty.met().items()))
        came = f"{count} commits, {len(told)} ended with an error, {wrong or 'none'} lost or doubled"
        ended = [Ended(1, f"Error: {one}") for one in told] or [Ended(0, "")]
        trial.note(f"{rate:.0%}: {faults}; {came}", ended, None, not wrong)

    return meet


def _commit_many(faulty: FaultyStore, rate: float, count: int) -> tuple[list[str], str]:
    """What the commits that failed said, and which partitions have not the rows of the last commit that did not."""
    from data_platform.lake.faults import StoreFault
    from data_platform.lake.lake import Lake, Partition
    from tests.lake.test_lake import NAME, made_by, verdicts

    os.environ.update(_aws(faulty.url))
    lake, told, right = Lake("s3://lake/tables", {"timeout": "2s"}), list[str](), dict[str, set[int]]()
    faulty.set_rate(rate)
    for number in range(count):
        name = f"s{number % 8}"
        try:
            lake.write(NAME, Partition.of(NAME, name), verdicts(name, 1, number), made_by(str(number)))
            right[name] = {number}
        except StoreFault as error:  # it may have come to it, or not
            told.append(str(error))
            right[name] = {number} | right.get(name, set())
    faulty.set_rate(0.0)
    lake.repair_lineage()
    rows = Counter((row["snapshot"], int(row["doc_id"], 16)) for row in
                   lake.read_table(NAME, ["snapshot", "doc_id"]).to_pylist())
    wrong = [name for name, numbers in right.items()
             if sum(rows[name, number] for number in numbers) != 1 or sum(
                 count for (place, _), count in rows.items() if place == name) != 1]
    copied = sorted(row["version"] for row in lake.read_table("lineage", ["table", "version"]).to_pylist()
                    if row["table"] == NAME)
    wrong += ["lineage"] * (copied != sorted(row["version"] for row in lake.history(NAME)))
    return told, ", ".join(wrong)


def store_down(worlds: Worlds) -> Callable[[Trial], None]:
    """A store that nobody answers for, before the first commit and once the lake is complete."""

    def meet(trial: Trial) -> None:
        right = worlds.right(False)
        nobody = f"http://127.0.0.1:{free_port()}"
        with emulator() as endpoint:
            world = World(worlds.folder / "world", lake="s3://lake/tables", variables=_aws(nobody)).made()
            for when in ("before the first commit", "when all is there"):
                world.variables = _aws(nobody)
                met = [world.run(), world.command("status", str(world.recipe))]
                world.variables = _aws(endpoint)
                trial.note(f"down {when}", met, world.run(), world.held() == right)

    return meet


def writers(worlds: Worlds, count: int = 16, times: int = 6) -> Callable[[Trial], None]:
    """Many processes write partitions of one table at once, some of them the same."""

    def meet(trial: Trial) -> None:
        folder = worlds.folder / "world"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        children = [_forked(lambda number=number: _write_partitions(folder, number, times)) for number in range(count)]
        failed = sum(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0 for pid in children)
        wrong = in_a_child(lambda: _wrong_partitions(folder, count, times))
        said = f"{count} writers, {count * times} commits, {failed} failed, {wrong or 'none'} lost or doubled"
        trial.note(said, [Ended(1 if failed else 0, said)], None, not wrong)

    return meet


def _forked(work: Callable[[], None]) -> int:
    if child := os.fork():
        return child
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def _write_partitions(folder: Path, number: int, times: int) -> None:
    from data_platform.lake.lake import Lake, Partition
    from tests.lake.test_lake import NAME, made_by, verdicts

    lake = Lake(str(folder))
    for time_ in range(times):
        name = f"{number}-{time_}"
        lake.write(NAME, Partition.of(NAME, name), verdicts(name, 2, number), made_by(name))


def _wrong_partitions(folder: Path, count: int, times: int) -> str:
    from data_platform.lake.lake import Lake
    from tests.lake.test_lake import NAME

    lake = Lake(str(folder))
    lake.repair_lineage()
    rows = Counter(lake.read_table(NAME, ["snapshot"])["snapshot"].to_pylist())
    names = [f"{number}-{time_}" for number in range(count) for time_ in range(times)]
    told = Counter(row["partition"] for row in lake.read_table("lineage", ["table", "partition"]).to_pylist()
                   if row["table"] == NAME)
    wrong = sorted(name for name in {*rows, *names} if rows[name] != 2 or told[name] != 1)
    return ", ".join(wrong)


def two_runs(worlds: Worlds) -> Callable[[Trial], None]:
    """Two runs at once on one lake, with other settings: one completes, the other says that it was overtaken."""

    def meet(trial: Trial) -> None:
        world = worlds.world(False)
        other = World(world.folder / "other", lake=world.lake)
        other.made().recipe.write_text(world.recipe.read_text().replace("rule_sets: {}", "rule_sets: {c4: {}}"))
        began = time.monotonic()
        running = [one.started("run", str(one.recipe)) for one in (world, other)]
        for process in running:
            process.wait(600)
        ended = [Ended(process.status, process.log.read_text(errors="replace")) for process in running]
        told = [one for one in ended if one.status == 1 and "overtaken" in one.said]
        said = f"two runs, {time.monotonic() - began:.0f} s: {len(told)} overtaken"
        right = sum(one.status == 0 for one in ended) == 1 and len(told) == 1
        then = world.run()
        trial.note(said, ended, then, right and world.held() == worlds.right(False))

    return meet


# -- all of it ---------------------------------------------------------------------------------------------------------


def units(folder: Path, moments: int) -> list[Unit]:
    """All faults, in order.

    Args:
        moments: at about how many of them each disk is full.
    """
    worlds = Worlds(folder)
    found = [
        Unit("full", LAKE, full(worlds, LAKE, False, _LAKE_KB // moments)),
        Unit("full", HOME, full(worlds, HOME, False, _HOME_KB // moments)),
        Unit("full", TEMPORARY, full(worlds, TEMPORARY, False, 64)),
        Unit("full", "export", full_for_export(worlds, _EXPORT_KB // moments)),
        Unit("full", "wide", full(worlds, LAKE, True, _WIDE_KB // moments)),
    ]
    for later in (False, True):
        when = "later" if later else "first"
        found += [Unit("readonly", when, readonly(worlds, later)), Unit("permission", when, permission(worlds, later))]
    files: list[tuple[str, str, Callable[[World], list[tuple[str, ...]]]]] = [
        *(("inputs", path, _run) for path in _INPUTS),
        *(("tables", f"lake/tables/{path}", _look_and_run) for path in _TABLES),
        *(("home", f"home/{path}", _status_and_run) for path in _HOME),
        *(("exports", f"export/**/{path}", _check_and_export) for path in _EXPORT),
    ]
    for kind, pattern, words in files:
        for share in (0.0, 0.5):
            found.append(Unit(kind, f"{pattern} {share}", cut(worlds, pattern, share, words, kind == "inputs")))
    found += [Unit("writers", "sixteen", writers(worlds)), Unit("writers", "two runs", two_runs(worlds))]
    found += [Unit("store", f"{seed} {rate}", store(worlds, seed, rate))
              for seed, rate in enumerate((0.02, 0.05, 0.05, 0.1))]
    found += [Unit("store", f"commits {rate}", commits(worlds, seed, rate)) for seed, rate in enumerate((0.02, 0.1))]
    found.append(Unit("store", "down", store_down(worlds)))
    return found


def report(found: list[Mapping[str, Any]]) -> int:
    """Print the tally; returns how many were not as they should be."""
    kinds = list(dict.fromkeys(line["kind"] for line in found))
    rows = []
    for kind in kinds:
        some = [line for line in found if line["kind"] == kind]
        rows.append([kind, len(some), sum(line["stopped"] for line in some), sum(not line["stopped"] for line in some),
                     sum(line["then"] == "completes" for line in some), sum(line["rows"] != "same" for line in some),
                     sum(not line["good"] for line in some)])
    show("Faults", ["kind", "faults", "told in a sentence", "completed all the same", "next runs that completed",
                    "other rows than without the fault", "not as they should be"], rows)
    wrong = [line for line in found if not line["good"]]
    for line in wrong:
        silent = " | silent" * line["silent"]
        print(f"- {line['kind']}, {line['what']}: {line['met']} | {line['then']} | {line['rows']}{silent}")
    return len(wrong)


def main() -> int:
    """Meet the faults that were not met yet, and print what came of all."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path, help="where worlds and findings lie")
    arguments.add_argument("kinds", nargs="*", help="all, unless some are named")
    arguments.add_argument("--only", default="", help="units whose name holds this alone")
    arguments.add_argument("--moments", type=int, default=12, help="at which each disk is full (default: %(default)s)")
    arguments.add_argument("--report", action="store_true", help="print what was found so far, and do nothing")
    given = arguments.parse_intermixed_args()
    folder = given.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    every = units(folder, given.moments)
    kinds = dict.fromkeys(unit.kind for unit in every)
    if unknown := set(given.kinds) - set(kinds):
        arguments.error(f"no kind {', '.join(sorted(unknown))}; kinds: {', '.join(kinds)}")
    path = folder / "found.jsonl"
    met = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    wanted = [unit for unit in every if unit.kind in (given.kinds or kinds) and given.only in unit.name]
    todo = [unit for unit in wanted if (unit.kind, unit.name) not in {(one["kind"], one["unit"]) for one in met}]
    if not given.report:
        preload()
        for number, unit in enumerate(todo, 1):
            began = time.monotonic()
            unit.meet(trial := Trial(folder, unit.kind))
            with open(path, "a") as stream:
                for line in trial.found:
                    met.append({**line, "unit": unit.name, "seconds": round(time.monotonic() - began, 1)})
                    stream.write(json.dumps(met[-1]) + "\n")
            print(f"{number} of {len(todo)} done, {time.monotonic() - began:.0f} s", flush=True)
    return 1 if report([line for line in met if line["kind"] in (given.kinds or kinds)]) else 0


if __name__ == "__main__":
    sys.exit(main())
