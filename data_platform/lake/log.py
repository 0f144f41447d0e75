"""Entries of a table's log as commits, and the state that commits leave.

Here belongs what one entry says, whose it is, and what becomes of a table by it. Not here: how entries hang together
(`chain.py`), whether they are lawful (`custody.py`), and how they are read again and again (`ledger.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from data_platform.core.tables import COMPACTED, PLATFORM_LOGS, kind_of, table
from data_platform.lake import chain
from data_platform.lake.chain import CUSTODY_KEY, LOG
from data_platform.lake.faults import StoreUnanswered

COMMIT_KEY = "data_platform"
"""Under which a commit says which code, settings and inputs made it."""

_SAID = ("partition", "recipe", "code_version", "config", "inputs", "rows")
"""What a commit has to say to be the platform's."""
_UNKNOWN_OPERATION = "unknown operation"


@dataclass(frozen=True)
class DataFile:
    """A file as a commit added it, with rows that are deleted in it and values that readers would skip it by, both as
    JSON; the platform writes neither. Two entries are the same file if all but `version` agree."""

    path: str
    partition: tuple[str, ...]
    rows: int
    bytes: int
    deletions: str = ""
    values: str = ""
    version: int = field(default=-1, compare=False)

    @property
    def place(self) -> str:
        """Where it lies within the table."""
        return unquote(self.path)


@dataclass(frozen=True)
class Commit:
    """One version of a table: what its log entry says, and the files that it adds and takes away.

    Attributes:
        ours: whether it is the platform's.
        made: what the platform says of its own commits of data; None of others and of its own logs.
        doubt: why it is not the platform's although it claims to be.
        guarded: whether it or one before it says digests and links, as all code does since there are any.
        digested: whether it does itself.
        digests: SHA-256 of the files that it adds, by path; empty if it says none.
        linked: whether the entries before it are those that it was written on top of.
        link: the link after it.
        settings: what it makes of the table itself: schema and properties under 'metaData', and 'protocol'.
        seen: what a commit of `lineage` says of the table whose commits it copied: name, id, version and link.
        mends: files that were lost, in whose place it puts what the same recipe made again.
        compacts: files of a log of the platform whose rows it writes again as fewer files, with the rows of each.
    """

    version: int
    committed_at: datetime
    operation: str
    ours: bool
    made: Mapping[str, Any] | None
    doubt: str
    adds: tuple[DataFile, ...]
    removes: frozenset[str]
    transactions: Mapping[str, int]
    guarded: bool
    digested: bool
    digests: Mapping[str, str]
    linked: bool
    link: str
    settings: Mapping[str, Any]
    seen: Mapping[str, Any]
    mends: frozenset[str]
    compacts: Mapping[str, int]

    def __str__(self) -> str:
        return f"version {self.version} ({self.operation}, {self.committed_at:%Y-%m-%d %H:%M} UTC)"


@dataclass
class State:
    """A table after some commits: files by path, transactions, and what it says of itself."""

    files: dict[str, DataFile] = field(default_factory=dict)
    transactions: dict[str, int] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def after(cls, commits: Iterable[Commit]) -> State:
        """The state that commits leave."""
        state = cls()
        for commit in commits:
            state.add(commit)
        return state

    def add(self, commit: Commit) -> None:
        """What one more commit makes of it."""
        for path in commit.removes:
            self.files.pop(path, None)
        self.files.update((file.path, file) for file in commit.adds)
        self.transactions.update(commit.transactions)
        self.settings.update(commit.settings)


def commit_of(name: str, version: int, actions: Sequence[tuple[str, Any]], before: Commit | None) -> Commit:
    info: Mapping[str, Any] = {}
    adds, removes, transactions, settings = [], set(), {}, {}
    for kind, value in actions:
        if kind == "commitInfo":
            info = value
        elif kind == "add":
            adds.append(file_of(name, version, value))
        elif kind == "remove":
            removes.add(value["path"])
        elif kind == "txn":
            transactions[value["appId"]] = value["version"]
        else:
            settings[kind] = SETTINGS[kind](value) if kind in SETTINGS else value
    custody = info[CUSTODY_KEY] if isinstance(info.get(CUSTODY_KEY), dict) else {}
    guarded = before is not None and before.guarded
    operation = str(info.get("operation", _UNKNOWN_OPERATION))
    made, doubt = _ours(info.get(COMMIT_KEY))
    ours = made is not None or (version == 0 and not (adds or removes))
    compacts = dict(custody.get("compacts") or {})
    if name in PLATFORM_LOGS:
        appends = bool(custody) or (operation == "WRITE" and not guarded)
        ours = ours or (appends and (not removes or (name in COMPACTED and _is_compaction(compacts, adds, removes))))
    digests = _digests(custody.get("files") or {}, adds)
    if ours and custody and custody.get("table") != name:
        doubt = f"it was made for {custody.get('table')}"
    elif ours and custody and digests is None:
        doubt = "it does not say the digests of just the files that it adds"
    elif ours and custody and "" in digests.values():
        doubt = "it carries on files that were altered before"
    elif ours and guarded and not custody:
        doubt = "it says no digests, and commits before it do"
    elif ours and any(file.values for file in adds):
        doubt = "it says values of its files by which readers skip them"
    else:
        doubt = doubt if made is None else ""
    ours = ours and not doubt
    link, stated = before.link if before else "", custody.get("previous")
    committed = datetime.fromtimestamp(info.get("timestamp", 0) / 1000, UTC)
    return Commit(
        version, committed, operation, ours, made if ours else None, doubt, tuple(adds), frozenset(removes),
        transactions, guarded or bool(custody), bool(custody), digests or {}, stated is None or stated == link,
        chain.link_after(stated if isinstance(stated, str) else link, actions), settings, custody.get("seen") or {},
        frozenset(custody.get("mends") or ()), compacts,
    )


def application_of(name: str, place: str) -> str:
    """The Delta application whose transactions tell the recipe that a partition carries."""
    return f"data_platform/{name}/{place}"


def recipe_number(recipe: str) -> int:
    """A recipe as a Delta transaction version: 60 bits of it, since versions are signed 64-bit integers."""
    return int(recipe[:15], 16)


def is_within(partition: str, whole: str) -> bool:
    """Whether a partition is another, or a part of it."""
    return not whole or partition == whole or partition.startswith(f"{whole}/")


def _is_compaction(compacts: Mapping[str, int], adds: Sequence[DataFile], removes: Collection[str]) -> bool:
    """Whether a commit says of just the files that it takes out how many rows they have, and adds as many."""
    return set(compacts) == set(removes) and sum(compacts.values()) == sum(file.rows for file in adds)


def nothing_before(version: int, link: str, guarded: bool) -> Commit:
    """What stands for a commit of which no more is known than that, for the next one to be read on top of."""
    return Commit(
        version, datetime.fromtimestamp(0, UTC), _UNKNOWN_OPERATION, True, None, "", (), frozenset(), {}, guarded,
        guarded, {}, True, link, {}, {}, frozenset(), {},
    )


def _digests(stated: Mapping[str, str], adds: Sequence[DataFile]) -> dict[str, str] | None:
    """Digests by the path that the log has; None if they are not those of the files that are added."""
    found = {
        file.path: stated[path] for file in adds for path in (file.place, file.path) if path in stated
    }
    return found if len(found) == len(adds) == len(stated) else None


def file_of(name: str, version: int, add: Mapping[str, Any]) -> DataFile:
    values = dict(add.get("partitionValues") or {})
    stats = json.loads(add["stats"]) if add.get("stats") else {}
    rows = int(stats.pop("numRecords", 0) or 0)
    told = {key: value for key, value in stats.items() if value not in (None, {}, True)}
    deletions = add.get("deletionVector")
    removed = deletions.get("cardinality", 0) if deletions else 0
    return DataFile(
        add["path"],
        tuple(str(values.get(column) or "") for column in _partition_columns(name, values)),
        rows - removed,
        int(add["size"]),
        json.dumps(deletions, sort_keys=True) if deletions else "",
        json.dumps(told, sort_keys=True) if told else "",
        version,
    )


def _partition_columns(name: str, values: Mapping[str, Any]) -> Sequence[str]:
    return table(name).partition_by if kind_of(name) else sorted(values)


def _metadata(value: Mapping[str, Any]) -> dict[str, Any]:
    """What a table says of itself, as far as it matters to who reads it: from an entry, or from a checkpoint."""
    return {
        "id": value["id"], "name": value.get("name"), "schema": json.loads(value["schemaString"]),
        "partition_by": list(value.get("partitionColumns") or []),
        "configuration": dict(value.get("configuration") or {}),
    }


def _protocol(value: Mapping[str, Any]) -> dict[str, Any]:
    features = (*(value.get("readerFeatures") or ()), *(value.get("writerFeatures") or ()))
    return {"versions": [value["minReaderVersion"], value["minWriterVersion"]], "features": sorted(set(features))}


SETTINGS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "metaData": _metadata, "protocol": _protocol,
}
"""Actions that change a table itself and not its rows. Others that do are of features that the platform never uses."""


def _ours(made: Any) -> tuple[Mapping[str, Any] | None, str]:
    """What the platform says of a commit, if it is its own; else None and, if it claims to be, why it is not."""
    if made is None:
        return None, ""
    if not isinstance(made, dict) or any(name not in made for name in _SAID):
        return None, "it names no recipe"
    try:
        inputs = sorted(
            (pin["table"], pin["table_id"], pin["partition"], pin["recipe"]) for pin in json.loads(made["inputs"])
        )
        text = json.dumps([made["code_version"], json.loads(made["config"]), inputs], sort_keys=True,
                          separators=(",", ":"))
    except (ValueError, KeyError, TypeError):
        return None, "its settings or inputs cannot be read"
    if hashlib.sha256(text.encode()).hexdigest() != made["recipe"]:
        return None, "its code, settings and inputs do not give the recipe that it names"
    return made, ""


# -- checkpoints ------------------------------------------------------------------------------------------------------


_PARSED = ("stats_parsed", "partitionValues_parsed")
"""Fields in which checkpoints may say again, for readers that prefer them, what their files hold."""


_READ = ("add", "txn", "metaData", "protocol")
_UNUSED = ("sidecar", "checkpointMetadata", "domainMetadata")
"""Columns of checkpoints: what custody asks about, and what features use that the platform does not."""


def _unknown_fields(adds: pa.StructType) -> str:
    return " and ".join(field for field in _PARSED if adds.get_field_index(field) >= 0)


def _told(name: str, rows: pa.Table, version: int) -> State:
    """The state that the rows of a checkpoint give."""
    state = State()
    for kind in rows.column_names:
        for value in rows[kind].drop_null().to_pylist():
            if kind == "add":
                file = file_of(name, version, value)
                state.files[file.path] = file
            elif kind == "txn":
                state.transactions[value["appId"]] = value["version"]
            else:
                state.settings[kind] = SETTINGS[kind](value)
    return state


def checkpoint_fault(system: pyarrow.fs.FileSystem, name: str, version: int, expected: State) -> str:
    """What is wrong with the checkpoint of a version; nothing if it says what the log says, which is `expected`.

    Args:
        system: the file system rooted at the table.
    """
    try:
        with system.open_input_file(f"{LOG}/{version:020d}.checkpoint.parquet") as source:
            parquet = pq.ParquetFile(source)
            names = [field for field in (*_READ, *_UNUSED) if field in parquet.schema_arrow.names]
            if "add" in names and (more := _unknown_fields(parquet.schema_arrow.field("add").type)):
                return f"has {more} of its files, which the platform does not write and readers skip files by"
            rows = parquet.read(columns=names)
        counts = {field: len(rows[field]) - rows[field].null_count for field in names}
        if said := [field for field in _UNUSED if counts.get(field)]:
            return f"says something under {said[0]}, which the platform does not use"
        told = _told(name, rows, version)
    except StoreUnanswered:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError):
        return "cannot be read"
    for what, one, other in (
        ("files", told.files, expected.files), ("transactions", told.transactions, expected.transactions),
        ("settings of the table", told.settings, expected.settings),
    ):
        if one != other:
            return f"says other {what} than the log"
    once = {"add": len(told.files), "txn": len(told.transactions), "metaData": 1, "protocol": 1}
    if twice := [field for field, count in once.items() if counts.get(field, 0) > count]:
        return f"says something under {twice[0]} twice, which readers read twice"
    return ""
