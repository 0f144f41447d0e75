"""Faults of disks, files and stores, at every stage: `python -m benchmarks.faults [KIND...]`.

The law: a run that meets a fault either completes, or ends with exit status 1 and a sentence that has the path and the
cause, without a traceback; once the cause is gone, the next run completes, and the lake holds the rows that it would
hold without the fault. Kinds:

- `full`: the disk of the lake, or of the home, is full at ever later moments of a run;
- `readonly`, `permission`: the lake, or the home, cannot be written, before the first stage and after some;
- `cut`: one file after the other is cut to half, or to nothing: inputs, recipe, lists, logs, tables, databases;
- `store`: a lake on S3 behind a proxy that throttles, delays, breaks off and loses answers.

`full`, `readonly` and `permission` mount file systems or change users, and need root. There is no peer.
"""

from __future__ import annotations

import gzip
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common import ROOT, parser, show
from benchmarks.faulty_store import FaultyStore
from tests.integration.ui import free_port

KINDS = ("full", "readonly", "permission", "cut", "store")
LAKE, HOME = "lake", "home"
_MODULES = (
    "argparse", "bisect", "calendar", "cmd", "codecs", "collections", "contextlib", "copy", "csv", "datetime",
    "decimal", "difflib", "dis", "email", "enum", "fractions", "functools", "glob", "gzip", "heapq", "imaplib",
    "inspect", "io", "ipaddress", "json", "locale", "logging", "mailbox", "optparse", "os", "pdb", "pickle",
    "platform", "plistlib", "pprint", "profile", "queue", "random", "re", "sched", "shelve", "shlex", "smtplib",
)
_RECIPE = """
name: faults
lake: {lake}
sources:
  - {{name: rows, kind: files, snapshot: rows, domain: docs, paths: [{rows}]}}
filters: {{rule_sets: {{}}}}
mixtures:
  all: {{tokens: 100000, tiers: [0, 1, 2, 3, 4], weights: {{docs: 1}}}}
"""


@dataclass
class Ended:
    """How a command ended."""

    status: int
    said: str

    @property
    def is_a_sentence(self) -> bool:
        """Whether a failure is told as one should be."""
        return self.status == 1 and "Traceback" not in self.said and "Error: " in self.said

    @property
    def cause(self) -> str:
        """What was said of the cause."""
        lines = [line for line in self.said.splitlines() if ": " in line and not line.startswith("Error: 1 failure")]
        return lines[-1][:160] if lines else ""


@dataclass
class World:
    """A small corpus, its recipe, its lake and the home of the platform, all under one folder."""

    folder: Path
    lake: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    as_user: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lake = self.lake or str(self.folder / LAKE / "tables")
        self.rows = self.folder / "rows.jsonl.gz"
        with gzip.open(self.rows, "wt") as stream:
            for number, name in enumerate(_MODULES):
                text = f"{importlib.import_module(name).__doc__ or name}\n" * 2
                stream.write(json.dumps({"text": text, "url": f"https://docs.example/{number}"}) + "\n")
        self.recipe = self.folder / "faults.yaml"
        self.recipe.write_text(_RECIPE.format(lake=self.lake, rows=self.rows))
        for name in (LAKE, HOME):
            (self.folder / name).mkdir(exist_ok=True)

    def command(self, *words: str, seconds: float = 1_800) -> Ended:
        """Type a command."""
        environment = {**os.environ, "DATA_PLATFORM_HOME": str(self.folder / HOME), **self.environment}
        done = subprocess.run(
            [*self.as_user, sys.executable, "-m", "data_platform.cli.main", *words], cwd=ROOT, env=environment,
            capture_output=True, text=True, timeout=seconds, errors="replace",
        )
        return Ended(done.returncode, done.stdout + done.stderr)

    def run(self) -> Ended:
        """Run the recipe."""
        return self.command("run", str(self.recipe))

    def rows_kept(self) -> str:
        """What the lake holds: rows of every table, and a digest of the mixture's ids."""
        code = (
            "import sys, hashlib\n"
            "from data_platform.lake.lake import Lake\n"
            "lake = Lake(sys.argv[1])\n"
            "logs = {'lineage', 'check_results'}\n"
            "counts = {name: lake.read_table(name, [lake.table(name).column_names[0]]).num_rows\n"
            "          for name in lake.tables() if name not in logs}\n"
            "ids = sorted(lake.read_table('mixture_all', ['doc_id'])['doc_id'].to_pylist())\n"
            "lake.read_table('lineage')\n"
            "print(sorted(counts.items()), hashlib.sha256(''.join(ids).encode()).hexdigest()[:12], len(ids))\n"
        )
        done = subprocess.run([sys.executable, "-c", code, self.lake], cwd=ROOT, capture_output=True, text=True,
                              env={**os.environ, **self.environment})
        return done.stdout.strip() or done.stderr.splitlines()[-1]


class Tally:
    """What came of each fault."""

    def __init__(self) -> None:
        self.lines: list[list[str]] = []
        self.failed = 0

    def note(self, kind: str, what: str, met: Ended, then: Ended | None, same: bool) -> None:
        """Note one fault: how the run that met it ended, how the next one did, and whether the rows are right."""
        good = (met.status == 0 or met.is_a_sentence) and (then is None or then.status == 0) and same
        self.failed += not good
        after = "" if then is None else "completes" if then.status == 0 else f"FAILS: {then.cause}"
        told = "completes" if met.status == 0 else met.cause if met.is_a_sentence else f"NO SENTENCE: {met.said[-200:]}"
        self.lines.append([kind, what, told, after, "same" if same else "DIFFERENT", "" if good else "BAD"])
        print(" | ".join(self.lines[-1]), flush=True)


@contextmanager
def disk(place: Path, size: str) -> Iterator[None]:
    """A disk of a size at a folder."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def grow(place: Path, kilobytes: int) -> None:
    """Make the disk at a folder larger."""
    subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", str(place)], check=True)


def full(folder: Path, right: str, tally: Tally) -> None:
    """The disk of the lake, or of the home, is full at ever later moments."""
    for part, step in ((LAKE, 100), (HOME, 300)):
        world = World(folder / f"full-{part}")
        with disk(world.folder / part, "16k"):
            for size in range(16, 12_000, step):
                grow(world.folder / part, size)
                met = world.run()
                if met.status == 0:
                    break
                tally.note("full", f"{part}, {size} kB", met, None, True)
            grow(world.folder / part, 20_000)
            tally.note("full", f"{part}, enough", met, world.run(), world.rows_kept() == right)


def readonly(folder: Path, right: str, tally: Tally) -> None:
    """The lake, or the home, is on a disk that cannot be written: from the first, and once half was made."""
    for part in (LAKE, HOME):
        for begun in (False, True):
            world = World(folder / f"readonly-{part}-{begun}")
            place = world.folder / part
            if begun:
                begin(world)
            subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
            try:
                subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
                met = world.run()
                if begun and part == LAKE:
                    tally.note("readonly", "lake, status", world.command("status"), None, True)
            finally:
                subprocess.run(["umount", "-l", str(place)], check=True)
            then = world.run()
            tally.note("readonly", f"{part}{', half made' if begun else ''}", met, then, world.rows_kept() == right)


def begin(world: World) -> None:
    """Make the first tables of a world."""
    code = ("import sys\n"
            "from data_platform.definitions import build_definitions\n"
            "from data_platform.run.recipe import load_recipe\n"
            "from data_platform.run.workspace import Workspace\n"
            "from data_platform.pipeline.flow import stages\n"
            "from data_platform.run.stage import execute\n"
            "opened = Workspace(load_recipe(sys.argv[1]))\n"
            "for name in ('raw_crawls', 'documents', 'license_evidence'):\n"
            "    execute(stages(opened.recipe)[name], opened, 'rows', 'begun')\n")
    environment = {**os.environ, "DATA_PLATFORM_HOME": str(world.folder / HOME)}
    subprocess.run([sys.executable, "-c", code, str(world.recipe)], cwd=ROOT, env=environment, check=True)


def permission(folder: Path, right: str, tally: Tally) -> None:
    """The lake, its files, the home or the source belong to somebody else, who grants nothing."""
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    for part in (LAKE, HOME, "tables that are there", "rows"):
        world = World(folder / f"permission-{part.split()[0]}", as_user=nobody)
        world.environment = {"HOME": str(world.folder / "user"), "PYTHONDONTWRITEBYTECODE": "1"}
        (world.folder / "user").mkdir()
        os.chmod(folder, 0o755)
        give(world.folder)
        place = {HOME: world.folder / HOME, "rows": world.rows}.get(part, world.folder / LAKE)
        if part.startswith("tables"):
            begin(world)
            give(world.folder / HOME)
        take(place)
        met = world.run()
        give(place)
        tally.note("permission", part, met, world.run(), world.rows_kept() == right)


def give(place: Path) -> None:
    """Let everybody have a file, or a folder with all that is in it."""
    subprocess.run(["chown", "-R", "65534:65534", str(place)], check=True)
    subprocess.run(["chmod", "-R", "u+rwX", str(place)], check=True)


def take(place: Path) -> None:
    """Let nobody but root have a file or a folder with all that is in it."""
    subprocess.run(["chown", "-R", "0:0", str(place)], check=True)
    subprocess.run(["chmod", "-R", "go-rwx", str(place)], check=True)


_CUT = (
    "rows.jsonl.gz", "faults.yaml", "home/recipes.json", "home/fingerprints.json", "home/dagster/history/runs.db",
    "home/dagster/history/runs/index.db", "home/dagster/schedules/schedules.db", "lake/tables/_custody/documents.json",
    "lake/tables/documents/_delta_log/*1.json", "lake/tables/documents/_delta_log/*0.json",
    "lake/tables/documents/**/*.parquet", "lake/tables/raw_crawls/**/*.parquet", "lake/tables/mixture_all/*.parquet",
    "lake/tables/lineage/_delta_log/*1.json", "lake/tables/check_results/**/*.parquet",
)


def cut(folder: Path, right: str, tally: Tally) -> None:
    """Every kind of file is cut to half, and to nothing, in a lake that is complete."""
    made = World(folder / "cut")
    assert made.run().status == 0
    for pattern in _CUT:
        for share in (0, 2):
            # Paths are in the lake's log and in the recipe: a copy takes the place of what it was made of.
            kept = folder / "kept"
            shutil.copytree(made.folder, kept)
            path = sorted(made.folder.glob(pattern))[0]
            content = path.read_bytes()
            path.write_bytes(content[: len(content) // share] if share else b"")
            met = made.run()
            if met.status:
                path.write_bytes(content)
            then = made.run()
            tally.note("cut", f"{pattern} to {'half' if share else 'nothing'}", met, then, made.rows_kept() == right)
            shutil.rmtree(made.folder)
            kept.rename(made.folder)


def store(folder: Path, right: str, tally: Tally, runs: int = 4, rate: float = 0.05) -> None:
    """A lake on S3 behind a proxy with faults: first every kind of them, then a store that is down."""
    port = free_port()
    moto = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for number in range(runs):
            with FaultyStore(f"http://127.0.0.1:{port}", number) as faulty:
                world = World(folder / f"store-{number}", lake=f"s3://lake/{number}", environment={
                    "AWS_ENDPOINT_URL": faulty.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                    "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
                })
                subprocess.run([sys.executable, str(ROOT / "deploy" / "make_buckets.py"), "lake"], check=True,
                               env={**os.environ, **world.environment})
                faulty.set_rate(rate)
                tries, met = 1, world.run()
                while met.status and met.is_a_sentence and tries < 8:
                    tries += 1
                    met = world.run()
                faulty.set_rate(0.0)
                faults = ", ".join(f"{count} {kind}" for kind, count in sorted(faulty.met().items()))
                tally.note("store", f"{faults}; {tries} runs", met, world.run(), world.rows_kept() == right)
    finally:
        moto.terminate()
        moto.wait()


def main() -> int:
    """Meet the faults and print what came of them."""
    arguments = parser(__doc__)
    arguments.add_argument("kinds", nargs="*", choices=[*KINDS, []], help="all, unless some are named")
    kinds = arguments.parse_args().kinds or KINDS
    tally = Tally()
    meet: dict[str, Callable[[Path, str, Tally], None]] = {
        "full": full, "readonly": readonly, "permission": permission, "cut": cut, "store": store,
    }
    with tempfile.TemporaryDirectory(prefix="faults") as folder:
        undisturbed = World(Path(folder) / "right")
        assert (first := undisturbed.run()).status == 0, first.said
        right = undisturbed.rows_kept()
        for kind in kinds:
            meet[kind](Path(folder), right, tally)
    show("Faults", ["kind", "what", "the run that met it", "the next run", "rows", ""], tally.lines)
    print(f"{len(tally.lines)} faults, {tally.failed} not as they should be")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
