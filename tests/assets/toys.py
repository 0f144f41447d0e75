"""A flow of five small stages in five jobs, over folders of one-line archives, in the platform's own Dagster.

Everything but what the stages compute is the product: plan, lake, checks, jobs, sensors, schedules, instance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from data_platform.assets.location import definitions_of
from data_platform.assets.names import Names, table_of
from data_platform.core.tables import table
from data_platform.pipeline.status import Status, plan
from data_platform.resources.instance import open_instance
from data_platform.resources.workspace import WorkspaceResource
from data_platform.run.recipe import load_recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace

RECIPE = """
name: toys
sources: [{{name: crawl, kind: files, paths: ["{folder}/{{snapshot}}/*.jsonl"]}}{more}]
mixtures: {{all: {{tokens: {tokens}, weights: {{web: 1}}}}}}
watch: {{vanished: {vanished}}}
"""
LOCATION = """
from data_platform.assets.location import definitions_of
from data_platform.run.recipe import load_recipe
from tests.assets.toys import {flow}

defs = definitions_of(load_recipe({recipe!r}), {recipe!r}, flow={flow}())
"""
BAD = "bad"
"""A line that the first stage takes and its check refuses."""
BROKEN = "broken"
"""A line at which the first stage fails."""


def _signals(work: Work) -> Files:
    lines = [line for archive in work.workspace.archives(work.snapshot)
             for line in Path(archive.uri).read_text().splitlines()]
    if BROKEN in lines:
        raise OSError("the archive is broken")
    # A line that is bad has the id of another: the check of keys sees it.
    ids = [hashlib.md5(f"{work.snapshot} {'' if line == BAD else number}".encode()).hexdigest()
           for number, line in enumerate(sorted(lines))]
    if BAD in lines:
        ids[-1] = ids[0]
    rows = [{"doc_id": one, "snapshot": work.snapshot, "language_stop_word_count": 1} for one in ids]
    return work.files(pa.Table.from_pylist(rows, schema=table("language_signals").schema))


def _verdicts(work: Work) -> Files:
    ids = work.rows("language_signals", ["doc_id"])["doc_id"].to_pylist()
    rows = [{"doc_id": one, "snapshot": work.snapshot, "kept": True, "reason": "", "failed": []} for one in ids]
    return work.files(pa.Table.from_pylist(rows, schema=table("filter_verdicts").schema))


def _words(work: Work) -> Files:
    count = work.count("filter_verdicts")
    rows = [{"language": "en", "word": f"w{count}", "share": 0.5}]
    return work.files(pa.Table.from_pylist(rows, schema=table("filter_stop_words").schema))


def _sketches(work: Work) -> Files:
    ids = [row["doc_id"] for row in work.rows("filter_verdicts", ["doc_id", "snapshot"]).to_pylist()
           if row["snapshot"] == work.snapshot]  # those of earlier snapshots are read as well
    rows = [{"doc_id": one, "snapshot": work.snapshot, "shingle_count": 1, "sketch": [1]} for one in ids]
    return work.files(pa.Table.from_pylist(rows, schema=table("document_sketches").schema))


def _signatures(work: Work) -> Files:
    ids = work.rows("document_sketches", ["doc_id"])["doc_id"].to_pylist()
    rows = [{"doc_id": one, "snapshot": work.snapshot, "exact_hash": one, "shingle_count": 1, "minhash_bands": [],
             "minhash_sketch": b""} for one in ids]
    return work.files(pa.Table.from_pylist(rows, schema=table("document_signatures").schema))


def _all(work: Work) -> Files:
    rows = work.rows("document_sketches", ["doc_id", "snapshot"]).to_pylist()
    rows = [{**row, "through": "robots", "record_id": row["doc_id"]} for row in rows]
    return work.files(pa.Table.from_pylist(rows, schema=table("reservations").schema))


def _archives(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {"archives": sorted([one.name, one.fingerprint] for one in workspace.archives(str(snapshot)))}


def _tokens(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {"tokens": workspace.recipe.mixtures["all"].tokens}


def _nothing(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {}


def _follows(workspace: Workspace, snapshot: str) -> list[str]:
    """Snapshots that begin with "web" read what those of them have that come before."""
    return [one for one in workspace.snapshots if one < snapshot and one.startswith("web") and snapshot[:3] == "web"]


def flow() -> dict[str, Stage]:
    """The stages: per snapshot, of all, per snapshot, of all. The second depends on the recipe."""
    stages = [
        Stage("language_signals", "ingestion", (), _signals, _archives, follows=_follows, phase="crawl", books=None),
        Stage("filter_verdicts", "filtering", ("language_signals",), _verdicts, _tokens, phase="filter", books=None),
        Stage("filter_stop_words", "filtering", ("filter_verdicts",), _words, _nothing, partitioned=False,
              phase="learn", books=None),
        Stage("document_sketches", "scores", ("filter_verdicts", "filter_stop_words"), _sketches, _nothing,
              phase="annotate", books=None, earlier=("filter_verdicts",)),
        Stage("reservations", "mixtures", ("document_sketches",), _all, _nothing, partitioned=False, phase="mix",
              books=None),
    ]
    return {stage.name: stage for stage in stages}


def comparing() -> dict[str, Stage]:
    """Stages of single snapshots alone, of which one also reads the snapshots before its own."""
    signals, verdicts, _, sketches, _ = flow().values()
    sketches = replace(sketches, inputs=("filter_verdicts",))
    copies = Stage("document_signatures", "duplicates", ("document_sketches",), _signatures, _nothing, phase="match",
                   books=None)
    return {stage.name: stage for stage in (signals, verdicts, sketches, copies)}


@dataclass
class Toys:
    """A recipe on a toy flow, and the instance that it runs in."""

    folder: Path
    instance: dg.DagsterInstance
    tokens: int = 1000
    more: str = ""
    vanished: str = "remove"
    flow: Callable[[], dict[str, Stage]] = flow

    def __post_init__(self) -> None:
        self.write()

    @property
    def recipe(self) -> Path:
        """Path of the recipe."""
        return self.folder / "toys.yaml"

    def write(self, **changes: Any) -> None:
        """Write the recipe, with other settings if some are given."""
        for name, value in changes.items():
            setattr(self, name, value)
        self.recipe.write_text(
            RECIPE.format(folder=self.folder / "crawls", tokens=self.tokens, more=self.more, vanished=self.vanished),
            encoding="utf-8",
        )

    def arrive(self, snapshot: str, *lines: str, name: str = "a") -> Path:
        """Put an archive into the folder of a snapshot."""
        path = self.folder / "crawls" / snapshot / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines or ("one", "two")), encoding="utf-8")
        return path

    @property
    def names(self) -> Names:
        """What Dagster knows the recipe's things by."""
        return Names.of(load_recipe(self.recipe))

    @property
    def definitions(self) -> dg.Definitions:
        """The code location, loaded anew."""
        return definitions_of(load_recipe(self.recipe), str(self.recipe), flow=self.flow())

    @property
    def workspace(self) -> Workspace:
        """The workspace, opened anew."""
        return Workspace(load_recipe(self.recipe))

    def plan(self) -> list[Status]:
        """Where every stage stands."""
        return plan(self.workspace, self.flow())

    def open_places(self) -> dict[str, str]:
        """What is not up to date, and its state."""
        return {status.place: status.state for status in self.plan() if status.state != "fresh"}

    def tick(self, word: str, cursor: str | None = None) -> Any:
        """What a sensor or schedule asks for now, as the daemon evaluates it."""
        repository = self.definitions.get_repository_def()
        name, given = self.names.of_recipe(word), {"workspace": WorkspaceResource(recipe_path=str(self.recipe))}
        if word in ("refresh", "vacuum"):
            with dg.build_schedule_context(
                self.instance, datetime.now(), resources=given, repository_def=repository
            ) as context:
                return repository.get_schedule_def(name).evaluate_tick(context)
        with dg.build_sensor_context(
            self.instance, cursor, repository_def=repository, resources=given
        ) as context:
            return repository.get_sensor_def(name).evaluate_tick(context)

    def execute(self, request: dg.RunRequest, job: str | None = None) -> dg.ExecuteInProcessResult:
        """Run what was asked for."""
        definitions = self.definitions
        return definitions.resolve_job_def(request.job_name or self.names.of_recipe(job)).execute_in_process(
            instance=self.instance, partition_key=request.partition_key, raise_on_error=False, tags=dict(request.tags),
            asset_selection=list(request.asset_selection) if request.asset_selection else None,
        )

    def begun(self, request: dg.RunRequest) -> dg.DagsterRun:
        """A run of what was asked for, before its first step."""
        definitions = self.definitions
        return self.instance.create_run_for_job(
            definitions.resolve_job_def(request.job_name), tags=dict(request.tags), status=dg.DagsterRunStatus.STARTED,
            asset_selection=frozenset(request.asset_selection) if request.asset_selection else None,
        )

    @property
    def location(self) -> Path:
        """A file that defines the code location."""
        path = self.folder / "location.py"
        path.write_text(LOCATION.format(recipe=str(self.recipe), flow=self.flow.__name__), encoding="utf-8")
        return path

    def written(self) -> int:
        """How many commits the lake has."""
        lake = self.workspace.lake
        return sum(lake.open(name).version() for name in self.flow() if lake.exists(name))


def asked(requests: list[dg.RunRequest]) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """Requests as job, snapshot and tables."""
    return [
        (request.job_name.partition("_")[2], request.partition_key, tuple(sorted(map(table_of,
                                                                                     request.asset_selection))))
        for request in requests
    ]


@contextmanager
def toys(folder: Path) -> Iterator[Toys]:
    """A world of toys in a folder, and in the home of the test."""
    with open_instance() as instance:
        yield Toys(folder, instance)
