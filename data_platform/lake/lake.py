"""The lake: versioned Delta tables, read at pinned versions and written by one function.

The commit contract: every version of every table says which code, which configuration, which inputs and which run made
it, in the commit itself and in the `lineage` table. A partition is replaced by one commit through a handle pinned at
the version that was read, so that whoever comes second finds out. A partition that already carries the recipe that is
about to be written is left alone. Not here: what is written (`stages/`), Parquet (`writer.py`).

Idempotency rests on Delta's application transactions, which survive checkpoints and log cleanup where commit metadata
does not: the transaction of a partition holds the recipe that it carries.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction

from data_platform.core.columns import Column, Table
from data_platform.core.errors import PlainError
from data_platform.core.tables import COMPACTED, PLATFORM_LOGS, declaration, kind_of, table
from data_platform.lake import archive, chain, copies, unfinished
from data_platform.lake.chain import LOG
from data_platform.lake.compaction import blocks_of, delete_compacted, in_order, is_whole, write_blocks
from data_platform.lake.faults import StoreFault, faults_told, tried_again
from data_platform.lake.ledger import EVERY, Ledger, LogUnreadable, ledger_of
from data_platform.lake.log import COMMIT_KEY, application_of, recipe_number
from data_platform.lake.log import DataFile as LoggedFile
from data_platform.lake.looks import Looks, list_log
from data_platform.lake.place import reachable, shown, store_options
from data_platform.lake.vacuumed import vacuumed_files
from data_platform.lake.writer import DataFile, TableWriter, discard, filesystem, write_bytes

_CONFIGURATION = {
    # Lineage is read from the log: it must not be cleaned away before it was copied.
    "delta.logRetentionDuration": "interval 3650 days",
    "delta.deletedFileRetentionDuration": "interval 3650 days",
    "delta.checkpointInterval": str(EVERY),
}
_OF_LOGS = {"delta.deletedFileRetentionDuration": "interval 1 days"}
"""Checkpoints say for so long which files were written again as fewer; else they would grow with every commit."""
_HOOKS = PostCommitHookProperties(cleanup_expired_logs=False)
"""Logs are never cleaned: to look for what might be, delta-rs would look at every entry after every commit."""
_MAX_ATTEMPTS = 30
_LONGEST_PAUSE_SECONDS = 1.0
_READERS = 16
_PIECE = 2**20
_TABLES = 32
"""Of how many tables the commits that were read are at hand."""
_HISTORIES: dict[tuple[Any, ...], tuple[Looks, list[dict[str, Any]]]] = {}
"""What commits of tables say, oldest first, with how the entries looked that were read."""
_HELD = threading.local()


class TableMissing(PlainError, LookupError):
    """A table that was asked for and does not exist. The message says what exists."""


class LogDamaged(PlainError, RuntimeError):
    """The log of a table, or a table that is a log of the platform, is not there any more as a whole. The message says
    what to do."""


class VersionGone(PlainError, LookupError):
    """A version that cannot be read any more: a takedown, or a vacuum, has deleted files that it names."""


class ConcurrentWrite(PlainError, RuntimeError):
    """Another run wrote the partition with another recipe after this run had read it. Nothing was overwritten."""


@dataclass(frozen=True)
class Pin:
    """One input as it was read: a table at a version, and of which partition, carrying which recipe."""

    table: str
    table_id: str
    version: int
    partition: str
    recipe: str

    @cached_property
    def key(self) -> tuple[str, str, str, str]:
        """What of it determines rows that are made from it: all but the version."""
        return self.table, self.table_id, self.partition, self.recipe

    @cached_property
    def stated(self) -> str:
        """The same as JSON."""
        return json.dumps(self.key, separators=(",", ":"))


@dataclass(frozen=True)
class Provenance:
    """What made a commit. The recipe is a digest of code, configuration and inputs, and of nothing else."""

    asset_key: str
    code_version: str
    config: Mapping[str, Any]
    inputs: tuple[Pin, ...] = ()
    run_id: str = ""
    git_commit: str = ""

    @cached_property
    def recipe(self) -> str:
        """SHA-256 of what determines the rows. A retried run has another run id and the same recipe."""
        inputs = ",".join(pin.stated for pin in sorted(self.inputs, key=lambda pin: pin.key))
        made = json.dumps([self.code_version, self.config], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(f"{made[:-1]},[{inputs}]]".encode()).hexdigest()


@dataclass(frozen=True)
class Commit:
    """The outcome of a write: the version that now carries the recipe, and whether this write made it."""

    table: str
    table_id: str
    version: int
    rows: int
    written: bool


@dataclass(frozen=True)
class Partition:
    """The rows that one commit replaces: values of the first partition columns, or none for the whole table."""

    values: tuple[tuple[str, str], ...] = field(default=())

    def __str__(self) -> str:
        return "/".join(value for _, value in self.values)

    @classmethod
    def of(cls, declared: Table | str, *values: str | None) -> Partition:
        """The partition of a table, or of the one of that name, given by values of its leading partition columns."""
        names = declaration(declared).partition_by
        given = [value for value in values if value is not None]
        return cls(tuple(zip(names[: len(given)], given, strict=True)))


def application(table_name: str, partition: Partition) -> str:
    """The Delta application whose transactions tell the recipe that a partition carries."""
    return application_of(table_name, str(partition))


class Lake:
    """The tables under one URI. Cheap to make, picklable, holds no open handle."""

    def __init__(self, uri: str, storage_options: Mapping[str, str] | None = None) -> None:
        self.uri = reachable(uri)
        self.storage_options = store_options(self.uri, storage_options or {})
        self._seen: dict[str, Ledger | None] | None = None
        self._pins: dict[str, dict[str | None, Pin | None]] = {}

    def at_rest(self) -> Lake:
        """The lake as it is the first time that a table is asked for: for plans, which ask of every partition, and to
        which it need not be told what comes meanwhile. Files are read as ever."""
        still = Lake(self.uri, self.storage_options)
        still._seen = {}
        return still

    def ledger(self, name: str) -> Ledger | None:
        """What the log of table `name` leaves; None if there is no such table.

        Raises:
            LogUnreadable: if the log cannot be read as a whole.
        """
        if self._seen is None:
            return ledger_of(self, name)
        if name not in self._seen:
            self._seen[name] = ledger_of(self, name, list_log(self, name))
        return self._seen[name]

    def known(self, name: str) -> Ledger | None:
        """The ledger of a table; None if there is none, or if its log cannot be read as a whole."""
        try:
            return self.ledger(name)
        except LogUnreadable:
            return None

    def table_uri(self, name: str) -> str:
        """Where table `name` lives."""
        return f"{self.uri}/{name}"

    # -- reading ------------------------------------------------------------------------------------------------------

    def tables(self, *kinds: str) -> list[str]:
        """Names of the tables that exist, sorted; of these kinds alone, if any are given."""
        entries = filesystem(self.uri, self.storage_options).get_file_info(pa.fs.FileSelector("", allow_not_found=True))
        names = sorted(entry.base_name for entry in entries if entry.type == pa.fs.FileType.Directory)
        names = [name for name in names if not name.startswith("_") and (not kinds or kind_of(name) in kinds)]
        return [name for name in names if self.exists(name)]

    def exists(self, name: str) -> bool:
        """Whether table `name` has been created."""
        if self.known(name) is not None:
            return True
        with faults_told("read", self.table_uri(name)):
            return tried_again(lambda: DeltaTable.is_deltatable(self.table_uri(name), self.storage_options))

    def has_log(self, name: str) -> bool:
        """Whether a log of the platform is there; one that was never written is not.

        Raises:
            LogDamaged: if it was, and is gone: read as empty, or begun anew in silence, it would have forgotten what
                was taken down, or who wrote what.
        """
        if self.exists(name):
            return True
        if chain.is_kept(self, name):
            raise LogDamaged(f"the platform wrote {name} in {self.uri}, and it is gone; what to do: data-platform "
                             f"repair {name}")
        return False

    def open(self, name: str, version: int | None = None) -> DeltaTable:
        """A handle pinned at `version`, or at the latest.

        Raises:
            TableMissing: if there is no such table or version; the message lists the tables that exist.
        """
        # First, since what a writer left that was held up and killed would be taken for an entry.
        if version is not None and (past := self.past(name, version)) is not None:
            return past
        try:
            with faults_told("read", self.table_uri(name)):
                return tried_again(lambda: DeltaTable(
                    self.table_uri(name), version=version, storage_options=self.storage_options))
        except DeltaError as error:
            if version is not None and (past := archive.at_version(self, name, version)) is not None:
                return past
            if isinstance(error, TableNotFoundError):
                existing = ", ".join(self.tables()) or "none yet"
                raise TableMissing(f"no table {name!r} in {self.uri}; tables: {existing}") from error
            if version is None:
                raise TableMissing(f"table {name!r} in {self.uri} cannot be read: {self._fault_of_log(name)}; what to "
                                   f"do: data-platform repair {name}") from error
            raise TableMissing(f"table {name!r} has no version {version} in {self.uri}") from error

    def past(self, name: str, version: int) -> DeltaTable | None:
        """A handle of a version whose entries are archived, which only the lake can open; None if they are not."""
        known = self.known(name)
        return archive.at_version(self, name, version) if known is not None and version < known.looks.away else None

    def _fault_of_log(self, name: str) -> str:
        """What is wrong with the log of a table that cannot be opened, as far as its entries tell."""
        try:
            ledger_of(self, name, list_log(self, name))
        except LogUnreadable as error:
            return str(error)
        return f"its log in {shown(self.table_uri(name))}/{LOG} is damaged"

    def _damaged(self, name: str) -> LogDamaged:
        return LogDamaged(f"table {name} cannot be read: {self._fault_of_log(name)}; what to do: data-platform repair "
                          f"{name}, then run the recipe again")

    def pin(self, name: str, partition: str | None = None) -> Pin | None:
        """The latest version of `name` and the recipe that `partition` carries there; None if it was never written.

        For an unpartitioned table, or to pin one partition of a partitioned one.
        """
        found = self.pins(name, [partition])
        return found[0] if found else None

    def pins(self, name: str, partitions: Sequence[str | None]) -> list[Pin]:
        """Pins of those `partitions` that were written, all at one version of the table."""
        if self._seen is None:
            return [pin for pin in self._pinned(name, partitions) if pin is not None]
        # Stages that compare with all earlier partitions ask for the same again and again.
        known = self._pins.setdefault(name, {})
        unknown = [partition for partition in partitions if partition not in known]
        known.update(zip(unknown, self._pinned(name, unknown), strict=True))
        return [pin for partition in partitions if (pin := known[partition]) is not None]

    def _pinned(self, name: str, partitions: Sequence[str | None]) -> list[Pin | None]:
        """A pin for every one of the partitions; None for what was never written."""
        known = self.known(name)
        if known is not None:
            described, version, transactions = known.table_id, known.version, known.transactions.get
        elif self.exists(name):
            handle = self.open(name)
            described, version, transactions = str(handle.metadata().id), handle.version(), handle.transaction_version
        else:
            return [None] * len(partitions)
        carried = [(partition or "", transactions(application_of(name, partition or ""))) for partition in partitions]
        return [None if number is None else Pin(name, described, version, place, f"{number:015x}")
                for place, number in carried]

    def table(self, name: str, version: int | None = None) -> Table:
        """The declaration of table `name`, with the columns that it has at `version` where the recipe decides these.

        Of a table that is not declared, what Delta says of it.

        Raises:
            TableMissing: if the recipe decides its columns, or it is not declared, and there is no such table.
        """
        if kind_of(name) and not table(name).open:
            return table(name)
        return _stored(name, self.open(name, version))

    def schema(self, name: str, version: int | None = None) -> pa.Schema:
        """The Arrow schema of the table as Delta has it."""
        return pa.schema(self.open(name, version).schema().to_arrow())

    def column_names(self, name: str) -> list[str]:
        """The columns that a table has, in order; without opening it, if its log is at hand."""
        known = self.known(name)
        if known is None:
            return self.schema(name).names
        return [column["name"] for column in known.settings["metaData"]["schema"]["fields"]]

    def read(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        partition: str | None = None,
        version: int | None = None,
        where: pc.Expression | None = None,
        batch_rows: int = 8_192,
    ) -> pa.RecordBatchReader:
        """Stream rows of `name` at `version`, in bounded memory.

        Args:
            columns: the columns to read; all of them if None.
            partition: value of the first partition column.
            where: a further condition, pushed down to the files.
        """
        handle = self.open(name, version)
        declared = _stored(name, handle)
        filters = [(key, "=", value) for key, value in Partition.of(declared, partition).values]
        dataset = self._dataset(handle, name, filters)
        names = list(columns) if columns is not None else declared.column_names
        scanner = dataset.scanner(
            columns=names, filter=where, batch_size=batch_rows, batch_readahead=2, fragment_readahead=1
        )
        schema = pa.schema([declared.schema.field(column) for column in names])
        return pa.RecordBatchReader.from_batches(schema, self._batches(scanner, schema, name, handle, dataset.files))

    def _dataset(
        self, handle: DeltaTable, name: str, filters: Sequence[tuple[str, str, str]]
    ) -> pyarrow.dataset.Dataset:
        """The files of a version of a table, on a file system that tells its faults."""
        return handle.to_pyarrow_dataset(
            partitions=list(filters) or None, filesystem=filesystem(self.table_uri(name), self.storage_options))

    def _batches(
        self, scanner: pyarrow.dataset.Scanner, schema: pa.Schema, name: str, handle: DeltaTable, files: Sequence[str],
    ) -> Iterator[pa.RecordBatch]:
        try:
            for batch in scanner.to_batches():
                yield _cast(batch, schema)
        except FileNotFoundError:
            vacuumed = vacuumed_files(self, name, str(handle.metadata().id))
            went = [vacuumed[file] for file in map(unquote, files) if file in vacuumed]
            why = (f"files of it were vacuumed on {max(went):%Y-%m-%d}, when nothing needed it any more" if went else
                   "files of it were deleted, as a takedown does; see data-platform takedown --list")
            raise VersionGone(f"version {handle.version()} of {name} cannot be read any more: {why}") from None

    def read_table(self, name: str, columns: Sequence[str] | None = None, **where: Any) -> pa.Table:
        """Rows of `name` in memory: for narrow columns and single documents. Arguments as of `read`."""
        return self.read(name, columns, **where).read_all()

    def read_documents(self, pin: Pin, columns: Sequence[str], ids: pa.Array) -> Iterator[pa.Table]:
        """Rows of a pinned partition whose doc_id is among `ids`, row group by row group.

        Of row groups that hold none of them nothing but the ids is read: for a few documents of a long table.
        """
        handle = self.open(pin.table, pin.version)
        place = Partition.of(_stored(pin.table, handle), pin.partition or None)
        filters = [(key, "=", value) for key, value in place.values]
        for fragment in self._dataset(handle, pin.table, filters).get_fragments():
            for group in fragment.split_by_row_group():
                wanted = pc.is_in(group.to_table(columns=["doc_id"])["doc_id"], ids)
                if pc.any(wanted).as_py():
                    yield group.to_table(columns=list(columns)).filter(wanted)

    def count(self, name: str, partition: str | None = None, version: int | None = None) -> int:
        """Rows of a table or partition, from the log alone."""
        known = self.known(name)
        if known is not None and (version is None or known.unchanged_since(version, partition or "")):
            return known.rows(partition or "")
        handle = self.open(name, version)
        rows = pa.table(handle.get_add_actions(flatten=True))
        if not rows.num_rows:
            return 0
        for key, value in Partition.of(_stored(name, handle), partition).values:
            rows = rows.filter(pc.equal(rows[f"partition.{key}"], value))
        return pc.sum(rows["num_records"]).as_py() or 0

    def read_in_order(self, name: str, columns: Sequence[str]) -> pa.Table:
        """Rows of a log of the platform in the order in which they were committed, whatever clock any of them names."""
        known = self.known(name)
        if known is None:
            raise self._damaged(name)
        system = filesystem(self.table_uri(name), self.storage_options)

        def read(file: LoggedFile) -> pa.Table:
            try:
                with system.open_input_file(file.place) as source:
                    return pq.read_table(source, columns=list(columns))
            except (OSError, pa.ArrowException):
                where = shown(f"{self.table_uri(name)}/{file.place}")
                raise LogDamaged(f"{where} is gone or cannot be read; what to do: data-platform repair {name}"
                                 ) from None

        with ThreadPoolExecutor(_READERS) as pool:
            parts = list(pool.map(read, in_order(known.files())))
        schema = pa.schema([table(name).schema.field(column) for column in columns])
        return pa.concat_tables([schema.empty_table(), *(part.select(list(columns)).cast(schema) for part in parts)])

    # -- writing ------------------------------------------------------------------------------------------------------

    def writer(self, given: Table | str) -> TableWriter:
        """A writer of Parquet files for a table, or for the one of that name; what it returns goes to `replace`."""
        declared = declaration(given)
        return TableWriter(declared, self.table_uri(declared.name), self.storage_options)

    def carries(self, name: str, partition: Partition, provenance: Provenance) -> bool:
        """Whether the partition was written with exactly this recipe."""
        return self.carried(name, partition) == recipe_number(provenance.recipe)

    def replace(
        self,
        given: Table | str,
        partition: Partition,
        files: Sequence[DataFile],
        provenance: Provenance,
        basis: int | None,
        mends: Sequence[str] = (),
    ) -> Commit:
        """Replace `partition` of a table, or of the one of that name, by `files` in one commit, unless it already
        carries the recipe.

        `basis` is the recipe number that the partition carried when the work began (see `carried`): if another run has
        changed it to a third value since, nothing is written. Files that the commit `mends` it puts others in the place
        of, though the partition carries the recipe.

        Raises:
            ConcurrentWrite: another run wrote the partition with another recipe in the meantime.
        """
        declared = declaration(given)
        name = declared.name
        key, number = application(name, partition), recipe_number(provenance.recipe)
        rows = sum(file.rows for file in files)
        for _ in _attempts():
            handle = self._create(declared)
            basis_version = handle.version()
            known = self.known(name)
            try:
                at_hand = known is not None and known.version == basis_version
                carried = known.transactions.get(key) if at_hand else handle.transaction_version(key)
            except DeltaError:
                if not self._was_late(name, basis_version):
                    raise
                continue  # so many have committed since the handle was pinned that its entries are archived
            if carried is not None and carried == number and not mends:
                discard(list(files), self.table_uri(name), self.storage_options)
                self.record_lineage(name)
                return Commit(name, str(handle.metadata().id), handle.version(), rows, written=False)
            if carried != basis:
                raise ConcurrentWrite(
                    f"{name}/{partition} was written by another run with another recipe while this one worked; "
                    f"nothing was overwritten, run again"
                )
            try:
                if not self._commit(
                    handle, name, files,
                    self._properties(
                        name, basis_version, files, Transaction(key, number),
                        {COMMIT_KEY: _commit_metadata(partition, rows, provenance)},
                        **({"mends": list(mends)} if mends else {}),
                    ),
                    mode="overwrite",
                    # Columns of today: delta-rs renews the table's schema with the first partition that has others.
                    schema=Schema.from_arrow(declared.schema), partition_by=list(declared.partition_by),
                    partition_filters=[(key, "=", value) for key, value in partition.values] or None,
                ):
                    continue  # somebody committed since the handle was pinned: read again, then decide
            except (DeltaError, StoreFault):
                if not self._was_late(name, basis_version):
                    raise
                continue
            if self._was_late(name, basis_version):
                continue
            self._keep(name, basis_version + 1)
            self.record_lineage(name)
            version = self._version_of(name, partition, provenance)
            return Commit(name, str(handle.metadata().id), version, rows, written=True)
        raise ConcurrentWrite(f"{name}/{partition}: {_MAX_ATTEMPTS} commits in a row were overtaken; run again")

    def carried(self, name: str, partition: Partition) -> int | None:
        """The recipe number that the partition carries now, the `basis` of a later `replace`."""
        known = self.known(name)
        if known is not None:
            return known.transactions.get(application(name, partition))
        return self.open(name).transaction_version(application(name, partition)) if self.exists(name) else None

    def write(
        self, given: Table | str, partition: Partition, rows: pa.Table | pa.RecordBatchReader, provenance: Provenance
    ) -> Commit:
        """Write rows that are at hand: `replace` with one writer."""
        declared = declaration(given)
        basis = self.carried(declared.name, partition)
        writer = self.writer(declared)
        for batch in rows.to_batches() if isinstance(rows, pa.Table) else rows:
            writer.write(batch)
        return self.replace(declared, partition, writer.close(), provenance, basis)

    def append(self, name: str, rows: pa.Table, transaction: tuple[str, int] | None = None) -> None:
        """Append rows to a log of the platform itself, such as check results. Never for data: appends can double.

        `transaction` is an application and the version of it that the log has from now on.
        """
        writer = self.writer(name)
        for batch in rows.to_batches():
            writer.write(batch)
        files = writer.close()
        for _ in _attempts():
            if self._append(self._create(table(name)), name, files, Transaction(*transaction) if transaction else None):
                return
        raise ConcurrentWrite(f"{name}: {_MAX_ATTEMPTS} commits in a row were overtaken; run again")

    def append_once(self, name: str, rows: pa.Table, key: str) -> bool:
        """Append rows to a log of the platform, unless rows were appended under `key` before; says whether it did.

        The transaction of the key makes it safe to be killed and repeated.
        """
        application = f"data_platform/{name}/{key}"
        for _ in _attempts():
            handle = self._create(table(name))
            if handle.transaction_version(application) is not None:
                return False
            writer = self.writer(name)
            for batch in rows.to_batches():
                writer.write(batch)
            files = writer.close()
            if self._append(handle, name, files, Transaction(application, 1)):
                return True
            discard(files, self.table_uri(name), self.storage_options)
        raise ConcurrentWrite(f"{name}: {_MAX_ATTEMPTS} commits in a row were overtaken; run again")

    def _append(
        self, handle: DeltaTable, name: str, files: Sequence[DataFile], transaction: Transaction | None = None,
        mode: Literal["append", "overwrite"] = "append", **said: Any,
    ) -> bool:
        """Commit files to a log at the version of the handle; says whether nobody was faster."""
        version = handle.version()
        try:
            properties = self._properties(name, version, files, transaction, **said)
            if not self._commit(handle, name, files, properties, mode=mode, schema=handle.schema()):
                return False
        except (DeltaError, StoreFault):
            if not self._was_late(name, version):
                raise
            return False
        if self._was_late(name, version):
            return False
        self._keep(name, version + 1)
        if mode == "append" and name in COMPACTED:
            self._compact(name)
        return True

    def _was_late(self, name: str, version: int) -> bool:
        """Whether entries of a log were archived while a commit was made on top of a version, so that it is none."""
        return archive.is_in_the_past(self, name, version + 1)

    def _compact(self, name: str) -> None:
        """Write the rows of a log of the platform again as fewer files, if it has many; nothing if another run commits
        to it meanwhile, for there will be another time, or if files are damaged, of which custody tells."""
        known = self.known(name)
        if known is None or not known.sound or not (blocks := blocks_of(known.files())):
            return
        handle = self._latest(name)
        if handle.version() != known.version or not is_whole(self, name, known.files()):
            return
        files = write_blocks(self, name, blocks)
        compacts = {file.path: file.rows for file in known.files()}
        if self._append(handle, name, files, mode="overwrite", compacts=compacts):
            delete_compacted(self, name)
        else:
            discard(files, self.table_uri(name), self.storage_options)

    def _keep(self, name: str, version: int) -> None:
        """Keep what stands for the entry of a version that was just committed: a copy of it, and the link after it.

        Also of those before, as far as whoever wrote them was killed before this.
        """
        lacking = itertools.takewhile(
            lambda number: copies.copy_of(self, name, number) is None,
            range(version - 1, max(-1, version - 1 - chain.TOGETHER), -1),
        )
        for number in (*sorted(lacking), version):
            content = chain.read_bytes(self, name, number)
            if chain.custody_of(chain.actions_of(content)):
                copies.keep_copy(self, name, number, content)
        chain.keep(self, name, version)
        if not (version + 1) % EVERY:
            archive.put_away(self, name, version)

    def mend(
        self, given: Table | str, partition: Partition, files: Sequence[DataFile], provenance: Provenance,
        lost: Mapping[LoggedFile, str],
    ) -> Commit:
        """Put files that the same recipe made again in the place of those that a partition has lost.

        Where they are of the bytes that were lost, as they are wherever code and libraries are the same, they take the
        place of these, and no version of the table is another. Else the partition is committed again, and says which
        files it mends.

        Args:
            files: all files of the partition, made again.
            lost: the files that are lost, with the digest that each was committed with (empty if unknown).

        Raises:
            ConcurrentWrite: another run wrote the partition in the meantime.
        """
        declared = declaration(given)
        name, again = declared.name, {file.sha256: file for file in files}
        system = filesystem(self.table_uri(name), self.storage_options)
        known = self.known(name)
        if known is not None and all(digest in again for digest in lost.values()):
            for file, digest in lost.items():
                with system.open_input_stream(again[digest].path) as source:
                    write_bytes(system, file.place, iter(lambda source=source: source.read(_PIECE), b""))
            discard(list(files), self.table_uri(name), self.storage_options)
            return Commit(name, known.table_id, known.version, sum(file.rows for file in files), written=True)
        mends = [file.path for file in lost]
        return self.replace(declared, partition, files, provenance, self.carried(name, partition), mends)

    def _commit(
        self, handle: DeltaTable, name: str, files: Sequence[DataFile], properties: CommitProperties, **how: Any
    ) -> bool:
        """Commit files on top of the version of a handle; says whether that made the version after it, or somebody else
        did, so that it cannot come to it any more.

        A store that breaks off may have taken the commit, or take it later: the entry itself tells whose it is, and as
        long as there is none it is asked for with the same files, so that the version is made once in any case.

        Raises:
            StoreFault: no entry was there in the end. The files stay: one may yet come that names them.
        """
        version = handle.version() + 1
        unfinished.claim(self.table_uri(name), [file.path for file in files])

        def commit() -> bool:
            with faults_told("commit to", self.table_uri(name)):
                handle.create_write_transaction(
                    [_add_action(file) for file in files], commit_properties=properties,
                    post_commithook_properties=_HOOKS, **how,
                )
            return True

        try:
            return tried_again(commit, lambda: self._is_of(name, version, files))
        except CommitFailedError:
            return False

    def _is_of(self, name: str, version: int, files: Sequence[DataFile]) -> bool | None:
        """Whether a version of a table is the commit of just these files; None if there is no such version."""
        try:
            actions = chain.read_entry(self, name, version)
        except FileNotFoundError:
            return None
        except chain.EntryUnreadable:
            return False
        added = {unquote(value["path"]) for kind, value in actions if kind == "add"}
        return bool(files) and added == {file.path for file in files}

    def _properties(
        self, name: str, version: int, files: Sequence[DataFile], transaction: Transaction | None = None,
        metadata: Mapping[str, Any] | None = None, **said: Any,
    ) -> CommitProperties:
        """What every commit says beside its actions: `metadata`, and its custody, on top of a version."""
        custody = {
            "table": name, "files": {file.path: file.sha256 for file in files},
            "previous": chain.link_of(self, name, version), **said,
        }
        return CommitProperties(
            custom_metadata={**(metadata or {}), chain.CUSTODY_KEY: custody},
            app_transactions=[transaction] if transaction else None,
            max_commit_retries=0,
        )

    def _create(self, declared: Table) -> DeltaTable:
        there = self.has_log(declared.name) if declared.name in PLATFORM_LOGS else self.exists(declared.name)
        if not there and (made := self._made_table(declared)) is not None:
            self._keep(declared.name, 0)
            return made
        return self._latest(declared.name)

    def _made_table(self, declared: Table) -> DeltaTable | None:
        """A handle at the first version of a table that is not there yet; None if it is by now, whoever made it."""

        def make() -> DeltaTable:
            with faults_told("make", self.table_uri(declared.name)):
                return DeltaTable.create(
                    self.table_uri(declared.name),
                    schema=pa.schema(declared.schema),
                    partition_by=list(declared.partition_by),
                    name=declared.name,
                    description=declared.description,
                    configuration=_CONFIGURATION | (_OF_LOGS if declared.name in COMPACTED else {}),
                    storage_options=self.storage_options,
                    # With retries, a second creator would commit its own table id as version 1.
                    commit_properties=self._properties(declared.name, -1, []),
                )

        made = tried_again(make, lambda: self.exists(declared.name) or None)
        return made if isinstance(made, DeltaTable) else None

    def _latest(self, name: str) -> DeltaTable:
        """A handle at the latest version that this thread writes through, and nobody reads: it goes on with commits."""
        held: dict[tuple[Any, ...], DeltaTable] = _HELD.__dict__.setdefault("handles", {})
        # Another endpoint is another store, and a forked process lacks the threads that its parent's handles need.
        options = tuple(sorted(self.storage_options.items()))
        key = (os.getpid(), self.uri, name, options, os.environ.get("AWS_ENDPOINT_URL"))
        handle, known = held.pop(key, None), self.known(name)
        if handle is not None and known is not None and known.table_id == str(handle.metadata().id) and (
                handle.version() <= known.version):
            try:
                if handle.version() < known.version:
                    handle.update_incremental()
            except (DeltaError, OSError):  # a fault of the store, or what it would go on from is archived
                handle = self.open(name)
        else:
            handle = self.open(name)
        held[key] = handle
        return handle

    def _version_of(self, name: str, partition: Partition, provenance: Provenance) -> int:
        """The version that carries the recipe: the handle may already see later commits."""
        known = self.known(name)
        last = known.last.get(str(partition)) if known else None
        if last and last.recipe == provenance.recipe:
            return last.version
        for row in self.history(name):  # another run has written the partition since
            if row["partition"] == str(partition) and row["recipe"] == provenance.recipe:
                return row["version"]
        raise RuntimeError(f"{name}/{partition}: the commit of recipe {provenance.recipe[:12]} is not in the log")

    # -- lineage ------------------------------------------------------------------------------------------------------

    def history(self, name: str) -> list[dict[str, Any]]:
        """What made each version of `name`, newest first, from the commits themselves. Rows as in table `lineage`.

        A process reads every commit once.
        """
        known = self.known(name)
        if known is None:
            table_id, entries = self._log(name)
            return [_row(name, table_id, int(entry["version"]), entry) for entry in entries if entry.get(COMMIT_KEY)]
        key = (self.uri, name, tuple(sorted(self.storage_options.items())), os.environ.get("AWS_ENDPOINT_URL"))
        looks, rows = _HISTORIES.pop(key, (Looks(), []))
        if not known.looks.go_on_from(looks):
            looks, rows = Looks(), []
        if len(looks) < len(known.looks):
            rows = [*rows, *self._made(known, range(len(looks), known.version + 1))]
        _HISTORIES[key] = known.looks, rows
        if len(_HISTORIES) > _TABLES:
            _HISTORIES.pop(next(iter(_HISTORIES)), None)
        return rows[::-1]

    def last_commit(self, name: str, partition: str = "") -> dict[str, Any] | None:
        """What made a partition of `name` as it is now: one row as of `history`; None if it was never written."""
        known = self.known(name)
        if known is None:
            rows = self.history(name) if self.exists(name) else []
            return next((row for row in rows if row["partition"] == partition), None)
        last = known.last.get(partition)
        return self._made(known, range(last.version, last.version + 1))[0] if last else None

    def _made(self, known: Ledger, versions: Sequence[int]) -> list[dict[str, Any]]:
        """Rows of `history` of those of some versions that are the platform's, in their order."""
        read = chain.reader(self, known.name)

        def info_of(version: int) -> Mapping[str, Any]:
            return next((value for kind, value in read(version) if kind == "commitInfo"), {})

        if len(versions) < _READERS:
            infos = list(map(info_of, versions))
        else:
            with ThreadPoolExecutor(_READERS) as pool:
                infos = list(pool.map(info_of, versions))
        return [_row(known.name, known.table_id, version, info)
                for version, info in zip(versions, infos, strict=True) if info.get(COMMIT_KEY)]

    def _log(self, name: str) -> tuple[str, list[dict[str, Any]]]:
        """Table id and all entries of the log, newest first, with their true versions.

        delta-rs numbers the entries down from the latest version, which it asks for separately: with a commit in
        between, all numbers are off by one. The log is kept from the beginning, so the oldest must be version 0.
        """
        for _ in range(_MAX_ATTEMPTS):
            handle = self.open(name)
            with faults_told("read", f"{self.table_uri(name)}/_delta_log"):
                entries = handle.history()
            if entries and entries[-1]["version"] == 0:
                return str(handle.metadata().id), entries
        raise self._damaged(name)

    def record_lineage(self, name: str) -> None:
        """Append to `lineage` the commits of `name` that it lacks, also those of runs killed before they could.

        The transaction of `lineage` holds the last version that was copied, so that two runs never copy a commit twice.
        """
        if name in PLATFORM_LOGS:
            return
        for _ in _attempts():
            known = self.known(name)
            if known is None:
                if self.exists(name):
                    raise self._damaged(name)
                return
            key = f"data_platform/lineage/{known.table_id}"
            last = max((last.version for last in known.last.values()), default=-1)
            if last <= self._copied(key):
                return
            handle = self._create(table("lineage"))
            copied = self._copied(key, handle)
            missing = self._made(known, range(copied + 1, known.version + 1))
            if not missing:
                return
            writer = self.writer("lineage")
            for batch in pa.Table.from_pylist(missing, schema=table("lineage").schema).to_batches():
                writer.write(batch)
            files, last = writer.close(), missing[-1]["version"]
            seen = {"table": name, "table_id": known.table_id, "version": last, "link": chain.link_of(self, name, last)}
            if self._append(handle, "lineage", files, Transaction(key, last), seen=seen):
                return
            discard(files, self.table_uri("lineage"), self.storage_options)
        raise ConcurrentWrite(f"lineage of {name}: {_MAX_ATTEMPTS} commits in a row were overtaken; run again")

    def _copied(self, key: str, handle: DeltaTable | None = None) -> int:
        """The last version that `lineage` has copied of a table, at the version of the handle if there is one."""
        lineage = self.known("lineage")
        if handle is None or (lineage is not None and lineage.version == handle.version()):
            return lineage.transactions.get(key, -1) if lineage else -1
        copied = handle.transaction_version(key)
        return -1 if copied is None else copied

    def behind(self, name: str) -> int:
        """Of how many partitions of a table `lineage` lacks the last commit."""
        known = self.known(name)
        if known is None:
            return 0
        copied = self._copied(f"data_platform/lineage/{known.table_id}")
        return sum(last.version > copied for last in known.last.values())

    def repair_lineage(self) -> None:
        """Copy every commit that `lineage` lacks, of every table."""
        for name in self.tables():
            if name != "lineage":
                self.record_lineage(name)


def _attempts() -> Iterator[int]:
    """Numbers of attempts at a commit, with pauses by chance that grow: writers that are overtaken and all try again at
    once overtake each other again."""
    for number in range(_MAX_ATTEMPTS):
        time.sleep(random.uniform(0, min(_LONGEST_PAUSE_SECONDS, 0.005 * 2**number)) if number else 0)
        yield number


def forget_handles() -> None:
    """Close the handles that this thread writes through, and forget what commits say."""
    _HELD.__dict__.clear()
    _HISTORIES.clear()


def _stored(name: str, handle: DeltaTable) -> Table:
    """The declaration of a table; of an open one, or of one that is not declared, with the columns that it has."""
    known = table(name) if kind_of(name) else None
    if known and not known.open:
        return known
    columns = tuple(
        known[field.name] if known and field.name in known else Column(field.name, field.type, "", field.nullable)
        for field in pa.schema(handle.schema().to_arrow())
    )
    if known:
        return replace(known, columns=columns)
    described = handle.metadata()
    return Table(name, described.description or "", columns, key=(), partition_by=tuple(described.partition_columns))


def _row(name: str, table_id: str, version: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `lineage`, from what the entry of a commit says."""
    committed = datetime.fromtimestamp(entry["timestamp"] / 1000, UTC)
    return {"table": name, "table_id": table_id, "version": version, "committed_at": committed,
            **{key: entry[COMMIT_KEY][key] for key in _COMMIT_COLUMNS}}


_COMMIT_COLUMNS = (
    "partition", "asset_key", "run_id", "code_version", "git_commit", "recipe", "config", "inputs", "rows",
)


def _commit_metadata(partition: Partition, rows: int, provenance: Provenance) -> dict[str, Any]:
    return {
        "partition": str(partition),
        "asset_key": provenance.asset_key,
        "run_id": provenance.run_id,
        "code_version": provenance.code_version,
        "git_commit": provenance.git_commit,
        "recipe": provenance.recipe,
        "config": json.dumps(provenance.config, sort_keys=True),
        "inputs": json.dumps([asdict(pin) for pin in provenance.inputs], sort_keys=True),
        "rows": rows,
    }


def _add_action(file: DataFile) -> AddAction:
    return AddAction(
        path=file.path,
        size=file.bytes,
        partition_values=dict(file.partition),
        modification_time=file.modified_ms,
        data_change=True,
        stats=json.dumps({"numRecords": file.rows}),
    )


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Delta has one string type and no 'large' one; the registry's types come back here."""
    if batch.schema.equals(schema):
        return batch
    return pa.record_batch([batch.column(field.name).cast(field.type) for field in schema], schema=schema)


