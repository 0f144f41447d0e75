"""A stage: what writes one table, from which inputs, under which part of the recipe, by which code.

`execute` is the only way from a stage to the lake: it pins the inputs, refuses those that somebody else wrote to, skips
what is already there, runs the stage, and commits side tables before the table itself, so that a table is never ahead
of what it has to account for. Not here: the stages themselves (`pipeline/flow.py` lists them) and anything of Dagster.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core import progress, stopping
from data_platform.core.checkout import git_commit
from data_platform.core.code import code_digest
from data_platform.core.columns import Table
from data_platform.core.errors import PlainError
from data_platform.core.kinds.method import Method
from data_platform.core.tables import table
from data_platform.lake import unfinished
from data_platform.lake.custody import Custody
from data_platform.lake.lake import Commit, Lake, Partition, Pin, Provenance, recipe_number
from data_platform.lake.writer import DataFile
from data_platform.models.published import faults_of_models
from data_platform.run.recipe import Recipe
from data_platform.run.workspace import Workspace

Files = dict[str, list[DataFile]]


class InputMissing(PlainError, LookupError):
    """A stage was asked to run before its inputs exist. The message names them."""


REJECTIONS = "rejections"
"""The side table of whatever a stage does not let in, partitioned by stage first."""


@dataclass(frozen=True)
class Dropped:
    """Rows of a table that say why something did not pass a stage.

    Attributes:
        table: an input of the stage, or a table that it writes beside its own.
        reason: column with the reason.
        where: which rows count, given the snapshot; all of them if it gives None.
        prefix: what stands before the reasons in the books.
    """

    table: str
    reason: str
    where: Callable[[str | None], pc.Expression | None]
    prefix: str = ""


@dataclass(frozen=True)
class Passing:
    """How rows pass through a stage: those of its first input come in, and come out or are dropped for a reason.

    Attributes:
        dropped: where the reasons stand. Those of what the stage rejects need no mention, if all of it counts.
        counted: table beside the stage's own, and its column of counts, whose sum comes in, where no input holds it.
        through: the inputs whose rows come in, if they are others than the first.
        parents: table beside the stage's own, and its column whose distinct values pass, where the stage's own rows
            are others than those that come in.
    """

    dropped: tuple[Dropped, ...] = ()
    counted: tuple[str, str] | None = None
    through: tuple[str, ...] = ()
    parents: tuple[str, str] | None = None


@dataclass(frozen=True)
class Stage:
    """How table `name` is made, and what there is to know of it for whoever runs, checks or shows it.

    Attributes:
        name: the table, and the Dagster asset.
        group: the asset group.
        phase: one word, of letters, for a run that begins with it; the group if there is none.
        inputs: tables that it reads.
        run: writes Parquet files for the table and its side tables, and returns them by table.
        config: the part of the recipe that decides its rows.
        partitioned: one commit per snapshot, or one for the whole table.
        sides: tables that the stage writes beside its own.
        pool: concurrency pool of its asset, if it needs a scarce device.
        earlier: those of its inputs of which it also reads all snapshots that come before its own in the recipe.
        follows: gives the snapshots before one, in the recipe, of which it reads what its own table has, where it has
            any: they are made first if they are made at the same time, and are not waited for else.
        table: the declaration of its table, where the recipe decides columns; else what `core/tables.py` declares.
        methods: the methods that it computes with: the code that their modules reach is part of its own.
        finds: further modules that it computes with, which it imports by names that the recipe decides.
        books: how rows pass through it; None if its rows are neither records nor documents, so that nothing goes in
            that could come out.
        checks: what is asked of its table beyond columns, custody and books, by the names of `assets/gates.py`.
        states_licenses: whether its configuration says which licences sources and rulings state.
        distributions: whether those of its columns are shown wherever it is materialised.
    """

    name: str
    group: str
    inputs: tuple[str, ...]
    run: Callable[[Work], Files]
    config: Callable[[Workspace, str | None], Mapping[str, Any]]
    partitioned: bool = True
    sides: tuple[str, ...] = ()
    pool: str | None = None
    earlier: tuple[str, ...] = ()
    follows: Callable[[Workspace, str], Sequence[str]] | None = None
    table: Table | None = None
    methods: tuple[type[Method], ...] = ()
    finds: tuple[str, ...] = ()
    phase: str = ""
    books: Passing | None = Passing()
    checks: tuple[str, ...] = ()
    states_licenses: bool = False
    distributions: bool = False

    def __post_init__(self) -> None:
        if not (self.phase or self.group).isalpha():
            raise ValueError(f"the phase of {self.name} is {self.phase or self.group!r} and not one word of letters")

    @property
    def declared(self) -> Table:
        """The declaration of the table that the stage writes."""
        return self.table or table(self.name)

    @property
    def kind(self) -> str:
        """The kind of its table."""
        return self.declared.kind

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that it computes with: what they reach is its code."""
        run = self.run.func if isinstance(self.run, partial) else self.run
        return (run.__module__, *self.finds, *(method.__module__ for method in self.methods))

    @property
    def code_version(self) -> str:
        """Digest of the declared columns, and of the code and libraries that the stage and its methods compute with."""
        schemas = tuple(str(self.declaration_of(name).schema) for name in (self.name, *self.sides))
        versions = tuple(f"{method.__module__}.{method.__qualname__} {method.version}" for method in self.methods)
        return _code_version(schemas, self.modules, versions)

    def partition(self, snapshot: str | None) -> Partition:
        """The part of the table that one run of the stage replaces."""
        return Partition.of(self.declared, snapshot if self.partitioned else None)

    def declaration_of(self, name: str) -> Table:
        """The declaration of a table that the stage writes: its own, or one beside it."""
        return self.declared if name == self.name else table(name)

    def snapshots_read(self, name: str, snapshot: str | None, workspace: Workspace) -> list[str]:
        """The snapshots of the partitioned input `name` that the stage reads for its own `snapshot`."""
        every = workspace.snapshots if not self.partitioned or name in self.earlier else []
        if not self.partitioned:
            return every
        return [*(every[: every.index(snapshot)] if snapshot in every else []), str(snapshot)]

    def side_partition(self, side: str, snapshot: str | None) -> Partition:
        """The part of a side table that one run of the stage replaces."""
        if table(side).partition_by[:1] == ("stage",):
            return Partition.of(side, self.name, snapshot if self.partitioned else None)
        return Partition.of(side, snapshot if self.partitioned else None)


@dataclass(frozen=True)
class Work:
    """What a stage is given: the workspace, the snapshot if it is partitioned, and its inputs at pinned versions."""

    stage: Stage
    workspace: Workspace
    snapshot: str | None
    pins: tuple[Pin, ...]

    @property
    def lake(self) -> Lake:
        """The lake."""
        return self.workspace.lake

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return self.workspace.recipe

    def pins_of(self, name: str) -> list[Pin]:
        """All pinned partitions of the input `name`."""
        return [pin for pin in self.pins if pin.table == name]

    def pin(self, name: str) -> Pin:
        """The one pin of input `name`: an unpartitioned table, or this stage's own snapshot."""
        (pin,) = self.pins_of(name)
        return pin

    @property
    def pin_of_table(self) -> dict[str, Pin]:
        """The pins by table, for a stage that reads one partition of each."""
        return {pin.table: pin for pin in self.pins}

    def count(self, name: str) -> int:
        """How many rows all pinned partitions of the input `name` have, from the log."""
        return sum(self.lake.count(name, pin.partition or None, pin.version) for pin in self.pins_of(name))

    def rows(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows of all pinned partitions of the input `name`, in memory: for narrow columns."""
        return pa.concat_tables(
            self.lake.read_table(name, columns, partition=pin.partition or None, version=pin.version)
            for pin in self.pins_of(name)
        )

    def files(self, rows: pa.Table, name: str | None = None) -> Files:
        """Write rows that are at hand to files of the table `name`, by default the stage's own; to be committed."""
        declared = self.stage.declaration_of(name or self.stage.name)
        writer = self.lake.writer(declared)
        for batch in rows.to_batches():
            writer.write(batch)
        return {declared.name: writer.close()}


def pin_inputs(stage: Stage, workspace: Workspace, snapshot: str | None) -> tuple[Pin, ...]:
    """Pin what the stage reads: its own snapshot of partitioned inputs, or all snapshots if it is not partitioned; and
    the snapshots before its own of inputs that it compares with.

    Raises:
        InputMissing: if an input, or the snapshot of it, was not written yet.
    """
    pins: list[Pin] = []
    for name in stage.inputs:
        if not table(name).partition_by:
            wanted: Sequence[str | None] = [None]
        else:
            wanted = stage.snapshots_read(name, snapshot, workspace)
        found = (
            [pin] if wanted == [None] and (pin := workspace.lake.pin(name))
            else workspace.lake.pins(name, [part for part in wanted if part])
        )
        if len(found) < len(wanted):
            missing = sorted({str(part or "") for part in wanted} - {pin.partition for pin in found})
            raise InputMissing(f"{stage.name} needs {name} first" + (f": {', '.join(missing)}" if any(missing) else ""))
        pins.extend(found)
    return tuple(pins)


def provenance(
    stage: Stage, workspace: Workspace, snapshot: str | None, pins: tuple[Pin, ...], run_id: str = ""
) -> Provenance:
    """What a commit of the stage would say of itself now."""
    return Provenance(
        asset_key=stage.name,
        code_version=stage.code_version,
        config=json.loads(json.dumps(stage.config(workspace, snapshot))),
        inputs=pins,
        run_id=run_id,
        git_commit=git_commit(),
    )


def execute(stage: Stage, workspace: Workspace, snapshot: str | None, run_id: str = "") -> Commit:
    """Bring the stage's table up to date for one snapshot, or as a whole, and say at which version it is.

    Does nothing if the table already carries what would be written and has all its files, those of models that it names
    among them: lost ones are made again. May be killed at any moment and run again.

    Raises:
        InputMissing: an input was not written yet.
        CustodyBroken: an input, or what is to be replaced, is not what the platform wrote.
        ConcurrentWrite: another run wrote other rows in the meantime.
    """
    lake, custody = workspace.lake, Custody(workspace.lake, ledgers=True, listing=False)
    pins = pin_inputs(stage, workspace, snapshot)
    for pin in pins:
        custody.refuse_breaches(pin.table, pin.partition, pin.version)
    made = provenance(stage, workspace, snapshot, pins, run_id)
    partition = stage.partition(snapshot)
    places = [(side, stage.side_partition(side, snapshot)) for side in stage.sides] + [(stage.name, partition)]
    lost = {name: custody.lost_files(name, str(place)) for name, place in places}
    if faults_of_models(lake, stage.name):  # the folders that rows name are a part of the table
        lost[stage.name] = custody.files_with_digests(stage.name)
    if lake.carries(stage.name, partition, made) and not lacking(stage, lake, snapshot) and not any(lost.values()):
        lake.record_lineage(stage.name)
        pin = lake.pin(stage.name, snapshot if stage.partitioned else None)
        return Commit(stage.name, pin.table_id, pin.version, lake.count(stage.name, _value(partition)), written=False)
    for name, place in places:
        custody.refuse_breaches(name, str(place), files=False)
    basis = [lake.carried(name, place) for name, place in places]
    through = [pin for pin in pins if pin.table in stage.inputs[:1]]
    rows = sum(lake.count(pin.table, pin.partition or None, pin.version) for pin in through) if through else None
    place = f"{stage.name}/{snapshot}" if snapshot else stage.name
    with unfinished.deleted_on_failure(), progress.step(place, rows):
        files = stage.run(Work(stage, workspace, snapshot, pins))
        stopping.check()
    commits = []
    for (name, place), before in zip(places, basis, strict=True):
        declared, written = stage.declaration_of(name), files.get(name, [])
        if lost[name] and before == recipe_number(made.recipe):
            commits.append(lake.mend(declared, place, written, made, lost[name]))
        else:
            commits.append(lake.replace(declared, place, written, made, before))
    return commits[-1]


def lacking(stage: Stage, lake: Lake, snapshot: str | None) -> list[str]:
    """Tables beside the stage's own that it has not written for a snapshot: they were set aside."""
    return [side for side in stage.sides if lake.carried(side, stage.side_partition(side, snapshot)) is None]


def _value(partition: Partition) -> str | None:
    return partition.values[0][1] if partition.values else None


@cache
def _code_version(schemas: tuple[str, ...], modules: tuple[str, ...], versions: tuple[str, ...]) -> str:
    text = "\0".join([*schemas, code_digest(*modules), *versions])
    return hashlib.sha256(text.encode()).hexdigest()[:12]
