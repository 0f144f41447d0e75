"""A small factory for integration tests: a recipe over the installed distributions, and commands run as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from data_platform.core.tables import table
from data_platform.lake.lake import Lake

RECIPE = """
name: small
sources:
  - {name: package-pages, kind: environment_pages, snapshot: pages, domain: documentation, limit: 24}
  - {name: package-files, kind: environment_files, snapshot: files, domain: code, limit: 60, max_bytes: 20000}
filters:
  domains: [documentation]
labels: {kind: environment, limit: 60}
models:
  language_model: {steps: 3, width: 32, layers: 1, vocabulary: 300, context: 64, batch: 4}
  quality_classifier: {buckets: 4096}
scores:
  perplexity: {max_tokens: 64}
  quality: {}
mixtures:
  open:
    tokens: 60000
    tiers: [0, 1, 2]
    weights: {documentation: 1, code: 1}
    scores: [quality_score, perplexity]
"""

# Tables whose rows are the corpus; the others are logs of the platform.
DATA_TABLES = (
    "archives", "raw_crawls", "rejections", "documents", "license_evidence", "document_credits",
    "license_notices", "document_licenses", "quality_signals",
    "filter_verdicts", "refinement_programs", "filtered_documents", "document_signatures", "copy_pairs",
    "duplicates", "reservations", "document_terms", "quality_labels", "model_language_model",
    "model_quality_classifier", "deduplicated_documents", "scores_perplexity", "scores_quality",
    "quality_annotations", "plan_open", "mixture_open",
)


def write_recipe(folder: Path, text: str = RECIPE) -> Path:
    """A recipe file in `folder`."""
    path = folder / "small.yaml"
    path.write_text(text)
    return path


def rows_of(lake: Lake, name: str) -> pa.Table:
    """All rows of a table in the order of its key, without the places of lake and archives."""
    declared = table(name)
    rows = lake.read_table(name)
    rows = rows.drop_columns([name for name in ("uri", "archive_uri") if name in rows.column_names])
    return rows.sort_by([(column, "ascending") for column in declared.key]).combine_chunks()


@dataclass
class Command:
    """A `data-platform` command in a process group of its own."""

    pid: int
    log: Path
    done: Path

    def kill(self) -> None:
        """SIGKILL to the process and all that it started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        while _alive(self.pid):
            time.sleep(0.01)

    @property
    def finished(self) -> bool:
        """Whether the command came to its own end."""
        return self.done.exists() and self.done.read_text() != ""

    def wait(self, seconds: float) -> int:
        """The exit status of the command.

        Raises:
            TimeoutError: if it does not end in time, or died without a word.
        """
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if self.finished:
                return int(self.done.read_text())
            if not _alive(self.pid) and not self.finished:
                break
            time.sleep(0.05)
        raise TimeoutError(f"no end after {seconds} s; its output: {self.log.read_text()[-2000:]}")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Factory:
    """Starts commands in the platform's home `home`."""

    def __init__(self, process: subprocess.Popen, folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._started: list[Command] = []

    def start(self, *arguments: str) -> Command:
        """Start `data-platform` with `arguments`."""
        number = len(self._started) + 1
        log, done = (self._folder / f"command-{number}.{suffix}" for suffix in ("log", "status"))
        log.touch()
        self._process.stdin.write(json.dumps([arguments, str(log), str(done)]) + "\n")
        self._process.stdin.flush()
        self._started.append(Command(int(self._process.stdout.readline()), log, done))
        return self._started[-1]

    def stop(self) -> None:
        """Kill what is still running."""
        for command in self._started:
            if not command.finished:
                command.kill()


@dataclass
class Undisturbed:
    """A factory in which the small recipe ran to its end: recipe, home, commands, and what the run printed."""

    recipe: Path
    home: Path
    commands: Factory
    output: str

    @property
    def lake(self) -> Lake:
        """The lake of the small recipe."""
        return small_lake(self.home)


def small_lake(home: Path) -> Lake:
    """The lake of the small recipe in `home`."""
    return Lake(str(home / "lakes" / "small"))


@contextmanager
def factory(folder: Path, home: Path, installed: Path | None = None) -> Iterator[Factory]:
    """A factory whose commands share the platform's home `home` and write their logs to `folder`.

    Args:
        installed: folder with distributions that are to be on the path beside those of the environment.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "DATA_PLATFORM_HOME": str(home)}
    if installed:
        path = [str(installed), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(path)
    environment.pop("DAGSTER_HOME", None)
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("zygote.py"))], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env=environment, cwd=Path(__file__).resolve().parents[2],
    )
    try:
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the process that starts commands did not come up")
        commands = Factory(process, folder)
        try:
            yield commands
        finally:
            commands.stop()
    finally:
        process.stdin.close()
        process.wait(timeout=30)
