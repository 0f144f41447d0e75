"""Custody: whether a table holds what the platform committed, and nothing else.

A Delta table takes commits from any program. A row that another program appends lies in a partition that still carries
its recipe, since the recipe is a transaction of the log and an append does not touch it. So a recipe alone proves
nothing: a partition carries it only if its files are those that the commits of the platform left there. The log is
replayed twice, once with every commit and once with the platform's own; where the two differ, custody is broken. A
commit is the platform's if it says which code, settings and inputs made it and they give the recipe that it names.

It follows that a table which is restored to what the platform wrote is in order again, and that a compaction by another
program is a breach: it puts other bytes in the place of those that were checked. What this cannot see is a commit by
somebody who makes up a recipe of the platform, with all fields; `examination` and `terms` look at the rows.

Here belongs the log. Not here: rows (`examination`, `terms`), and what is done about a breach (`flow`, `stage`,
`assets`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pyarrow.fs

from data_platform.core.errors import PlainError, many
from data_platform.core.tables import PLATFORM_LOGS, table
from data_platform.lake.lake import COMMIT_KEY, Lake, Partition, application, recipe_number
from data_platform.lake.writer import filesystem

_SAID = ("partition", "recipe", "code_version", "config", "inputs", "rows")
"""What a commit has to say to be the platform's."""
_READERS = 16
_TAKEDOWN = "takedown"
"""What the commits of takedowns have in the place of an asset."""


class CustodyBroken(PlainError, RuntimeError):
    """A table holds rows that the platform did not write, or lacks some that it did. Nothing was built on it."""


@dataclass(frozen=True)
class DataFile:
    """A file as a commit added it. Two entries are the same file if all but `version` agree."""

    path: str
    partition: tuple[str, ...]
    rows: int
    bytes: int
    deletions: str = ""
    version: int = field(default=-1, compare=False)


@dataclass(frozen=True)
class Commit:
    """One version of a table: what its log entry says, and the files that it adds and takes away."""

    version: int
    committed_at: datetime
    operation: str
    made: Mapping[str, Any] | None
    """What the platform says of its own commits; None if this is none, `doubt` if it claims to be one and is not."""
    doubt: str
    adds: tuple[DataFile, ...]
    removes: frozenset[str]
    transactions: Mapping[str, int]

    def __str__(self) -> str:
        return f"version {self.version} ({self.operation}, {self.committed_at:%Y-%m-%d %H:%M} UTC)"


@dataclass(frozen=True)
class Breach:
    """One way in which a partition is not what the platform committed."""

    table: str
    partition: str
    what: str

    def __str__(self) -> str:
        return f"{self.table}{f'/{self.partition}' if self.partition else ''}: {self.what}"


class Custody:
    """The logs of a lake, each read once, asked about tables at any version."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._logs: dict[str, list[Commit]] = {}
        self._sizes: dict[str, dict[str, int]] = {}
        self._found: dict[tuple[str, int | None], list[Breach]] = {}

    def log(self, name: str) -> list[Commit]:
        """All commits of a table, oldest first."""
        if name not in self._logs:
            self._logs[name] = read_log(self._lake, name)
        return self._logs[name]

    def foreign_commits(self, name: str, version: int | None = None) -> list[Commit]:
        """Commits of others that added or removed files, also those that were undone since."""
        return [
            commit for commit in self._until(name, version)
            if commit.made is None and (commit.adds or commit.removes)
        ]

    def breaches(self, name: str, partition: str | None = None, version: int | None = None) -> list[Breach]:
        """How `partition` of a table, or all of it, differs from what the platform committed; empty if in nothing, or
        if there is no such table.

        Args:
            partition: value of the first partition column, or of several joined by '/'.
            version: the version that is asked about; the latest if None.
        """
        if (name, version) not in self._found:
            # What the platform keeps of its own work is appended to: there is no partition that carries a recipe.
            passed_over = name in PLATFORM_LOGS or not self._lake.exists(name)
            self._found[name, version] = [] if passed_over else list(_examine(name, self._until(name, version)))
        wanted = tuple(partition.split("/")) if partition else ()
        return [
            breach for breach in self._found[name, version]
            if tuple(breach.partition.split("/"))[: len(wanted)] == wanted
        ]

    def altered_files(self, name: str, partition: str | None = None, version: int | None = None) -> list[Breach]:
        """Files of a partition that are not there any more, or not as long as when they were committed.

        One listing of the table's folder; no file is opened.
        """
        wanted = tuple(partition.split("/")) if partition else ()
        files = [
            file for file in _replay(self._until(name, version)).values() if file.partition[: len(wanted)] == wanted
        ]
        if name not in self._sizes:
            system = filesystem(self._lake.table_uri(name), self._lake.storage_options)
            found = system.get_file_info(pyarrow.fs.FileSelector("", recursive=True))
            self._sizes[name] = {entry.path.lstrip("/"): entry.size for entry in found}
        there = self._sizes[name]
        gone = [file for file in files if unquote(file.path) not in there]
        other = [file for file in files if there.get(unquote(file.path), file.bytes) != file.bytes]
        return [
            Breach(name, partition or "", f"{many(len(some), 'file')} {what}") for some, what in (
                (gone, "of the commit not there any more"), (other, "not of the size that was committed")
            ) if some
        ]

    def refuse_breaches(self, name: str, partition: str | None = None, version: int | None = None) -> None:
        """Nothing, if the partition is what the platform committed, or there is no such table yet.

        Raises:
            CustodyBroken: if it is not; the message says how, and what to do.
        """
        if found := self.breaches(name, partition, version):
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            raise CustodyBroken(f"{found[0]}{more}; {self.remedy(name)}")

    def remedy(self, name: str) -> str:
        """What to do about a table in which something was changed from outside."""
        commits = self.log(name)
        lawful = _replay([commit for commit in commits if commit.made])
        uri = self._lake.table_uri(name)
        for commit in reversed(commits):
            if _same(_replay(commits[: commit.version + 1]), lawful):
                return f'put back what the platform wrote: deltalake.DeltaTable("{uri}").restore({commit.version})'
        return f"no version of {uri} holds just what the platform wrote: move the table away and run again"

    def _until(self, name: str, version: int | None) -> list[Commit]:
        return [commit for commit in self.log(name) if version is None or commit.version <= version]


def read_log(lake: Lake, name: str) -> list[Commit]:
    """The commits of a table from its log, oldest first.

    Raises:
        CustodyBroken: if the log does not reach back to version 0, or an entry of it cannot be read.
    """
    system = filesystem(lake.table_uri(name), lake.storage_options)
    found = system.get_file_info(pyarrow.fs.FileSelector("_delta_log"))
    versions = sorted(
        int(entry.base_name[:20]) for entry in found
        if entry.base_name.endswith(".json") and len(entry.base_name) == 25 and entry.base_name[:20].isdecimal()
    )
    if versions != list(range(len(versions))):
        raise CustodyBroken(f"the log of {name} has gaps or does not begin with version 0: it was tampered with")

    def read(version: int) -> Commit:
        with system.open_input_stream(f"_delta_log/{version:020d}.json") as stream:
            text = stream.read()
        try:
            return _parse(name, version, text.decode("utf-8"))
        except (ValueError, KeyError, TypeError, AttributeError):
            message = f"version {version} in the log of {name} cannot be read: it was tampered with"
            raise CustodyBroken(message) from None

    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(read, versions))


def _parse(name: str, version: int, text: str) -> Commit:
    info: dict[str, Any] = {}
    adds, removes, transactions = [], set(), {}
    for line in text.splitlines():
        if not line.strip():
            continue
        ((kind, value),) = json.loads(line).items()
        if kind == "commitInfo":
            info = value
        elif kind == "add":
            adds.append(_file(name, version, value))
        elif kind == "remove":
            removes.add(value["path"])
        elif kind == "txn":
            transactions[value["appId"]] = value["version"]
    made, doubt = _ours(info.get(COMMIT_KEY))
    committed = datetime.fromtimestamp(info.get("timestamp", 0) / 1000, UTC)
    return Commit(version, committed, str(info.get("operation", "unknown operation")), made, doubt, tuple(adds),
                  frozenset(removes), transactions)


def _file(name: str, version: int, add: Mapping[str, Any]) -> DataFile:
    values = add.get("partitionValues") or {}
    stats = json.loads(add["stats"]) if add.get("stats") else {}
    deletions = add.get("deletionVector")
    removed = deletions.get("cardinality", 0) if deletions else 0
    return DataFile(
        add["path"],
        tuple(str(values.get(column) or "") for column in table(name).partition_by),
        int(stats.get("numRecords", 0)) - removed,
        int(add["size"]),
        json.dumps(deletions, sort_keys=True) if deletions else "",
        version,
    )


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


def _examine(name: str, commits: list[Commit]) -> Iterator[Breach]:
    actual, lawful = _replay(commits), _replay([commit for commit in commits if commit.made])
    yield from _differences(name, commits, actual, lawful)
    for last in _last_commits(commits).values():
        yield from _contradictions(name, commits, last, actual)
    yield from _copies(name, commits)


def _copies(name: str, commits: list[Commit]) -> Iterator[Breach]:
    """Commits that write the recipe which their partition carries already: the platform leaves such a one alone."""
    carried: dict[str, str] = {}
    for commit in commits:
        if not commit.made:
            continue
        partition, recipe = commit.made["partition"], commit.made["recipe"]
        if carried.get(partition) == recipe:
            yield Breach(name, partition, f"{commit} copies the commit before it, which the platform never does")
        carried[partition] = recipe


def _replay(commits: list[Commit]) -> dict[str, DataFile]:
    """The files of a table after some commits, by path."""
    files: dict[str, DataFile] = {}
    for commit in commits:
        for path in commit.removes:
            files.pop(path, None)
        files.update((file.path, file) for file in commit.adds)
    return files


def _same(one: Mapping[str, DataFile], other: Mapping[str, DataFile]) -> bool:
    return one.keys() == other.keys() and all(one[path] == other[path] for path in one)


def _differences(
    name: str, commits: list[Commit], actual: Mapping[str, DataFile], lawful: Mapping[str, DataFile]
) -> Iterator[Breach]:
    """What others put in and took out, by partition and commit."""
    by_version = {commit.version: commit for commit in commits}
    removed_in = {path: commit for commit in commits for path in commit.removes}
    put: dict[tuple[str, int], list[DataFile]] = {}
    took: dict[tuple[str, int], list[DataFile]] = {}
    for path, file in actual.items():
        if lawful.get(path) != file:
            put.setdefault(("/".join(file.partition), file.version), []).append(file)
    for path, file in lawful.items():
        if actual.get(path) != file:
            by = removed_in.get(path)
            took.setdefault(("/".join(file.partition), by.version if by else file.version), []).append(file)
    for verb, groups in (("put in", put), ("took out", took)):
        for (partition, version), files in sorted(groups.items()):
            commit = by_version[version]
            rows = sum(file.rows for file in files)
            amount = f"{many(len(files), 'file')} with {many(rows, 'row')}"
            doubt = f": {commit.doubt}" if commit.doubt else ""
            yield Breach(name, partition, f"{commit} {verb} {amount} and is no commit of the platform{doubt}")


def _last_commits(commits: list[Commit]) -> dict[str, Commit]:
    """The platform's last commit of every partition, but for parts of one that was written as a whole since."""
    found: dict[str, Commit] = {}
    for commit in commits:
        if commit.made:
            whole = commit.made["partition"]
            found = {partition: last for partition, last in found.items() if not _within(partition, whole)}
            found[whole] = commit
    return found


def _within(partition: str, whole: str) -> bool:
    """Whether a partition is another, or a part of it."""
    return not whole or partition == whole or partition.startswith(f"{whole}/")


def _taken_out(commits: list[Commit], last: Commit) -> int:
    """Rows that takedowns have taken out of parts of a partition since it was written as a whole.

    They rewrote what was written beside a table part by part once; now they rewrite it as it was written.
    """
    whole, taken = last.made["partition"], 0
    for commit in commits[last.version + 1 :]:
        made = commit.made
        if made and made.get("asset_key") == _TAKEDOWN and made["partition"] != whole and _within(
            made["partition"], whole
        ):
            before, after = (
                _rows(_replay(commits[:version]), made["partition"]) for version in (commit.version, commit.version + 1)
            )
            taken += max(0, before - after)
    return taken


def _rows(files: Mapping[str, DataFile], partition: str) -> int:
    place = tuple(partition.split("/")) if partition else ()
    return sum(file.rows for file in files.values() if file.partition[: len(place)] == place)


def _contradictions(
    name: str, commits: list[Commit], last: Commit, actual: Mapping[str, DataFile]
) -> Iterator[Breach]:
    """Where the last commit of a partition says other things than the log: of the recipe carried, and of rows."""
    partition = last.made["partition"]
    place = tuple(partition.split("/")) if partition else ()
    rows = _rows(actual, partition)
    if rows != last.made["rows"] and rows != last.made["rows"] - _taken_out(commits, last):
        yield Breach(name, partition, f"holds {many(rows, 'row')}, and {last} says {last.made['rows']:,}")
    names = table(name).partition_by
    key = application(name, Partition(tuple(zip(names[: len(place)], place, strict=True))))
    carried = [commit.transactions[key] for commit in commits if key in commit.transactions]
    if not carried or carried[-1] != recipe_number(last.made["recipe"]):
        yield Breach(name, partition, f"carries another recipe than {last}, which wrote it")
