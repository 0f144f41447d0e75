"""Custody: whether a table holds what the platform committed, and nothing else.

A Delta table takes commits from any program, and a file takes bytes from anybody. So nothing is believed of a table but
what its log says all the way, and nothing of its files but what was said of them when they were written:

- The log is replayed twice, once with every commit and once with the platform's own; where the two differ, in files,
  schema, properties, protocol or transactions, custody is broken. A commit is the platform's if it says which code,
  settings and inputs made it and they give the recipe that it names, and if it says the digests of just the files that
  it adds. Of the platform's own logs, which are appended to, the digests alone are asked.
- Every commit says the link before it (`chain`), so that an edited entry is seen by the next; the latest link is kept
  beside the table, and table `lineage` says links, too, so that the end of a log cannot be cut off unseen.
- Checkpoints, which readers believe before they believe the log, have to say what the log says.
- Files have to be there, be no links to elsewhere, and have the digest with which they were committed.

It follows that a table which is restored to what the platform wrote is in order again, and that a compaction by another
program is a breach: it puts other bytes in the place of those that were checked. What this cannot see is a lake in
which somebody made up everything anew, links and all: against that there is a head of the chain kept elsewhere.

Commits by code that said no digests yet are no breach as long as they stand before the first that does: `undigested`
counts them. Here belong the log and the bytes. Not here: rows (`proof/`), and what is done about a breach (`flow`,
`stage`, `assets`, `pipeline/repair.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from data_platform.core.errors import PlainError, many
from data_platform.core.tables import kind_of, table
from data_platform.lake import chain
from data_platform.lake.chain import LOG, EntryUnreadable, Link
from data_platform.lake.copies import faults_of_copies, last_copied
from data_platform.lake.faults import StoreUnanswered
from data_platform.lake.lake import Lake, Partition, application, recipe_number
from data_platform.lake.ledger import (
    LAST_CHECKPOINT,
    Ledger,
    LogUnreadable,
    fault_of_kept,
    hold,
    ledger_of,
    ledger_path,
    listed_lately,
    note_look,
    seconds_since_look,
)
from data_platform.lake.links import links_of
from data_platform.lake.log import Commit, DataFile, State, checkpoint_fault, commit_of, is_within
from data_platform.lake.looks import list_log
from data_platform.lake.place import shown
from data_platform.lake.vacuumed import vacuumed_files
from data_platform.lake.writer import filesystem

_READERS = 16
_TAKEDOWN = "takedown"
"""What the commits of takedowns have in the place of an asset."""
_PIECE = 2**20
_CUT, _LINKED = "not of the size that was committed", "a link to elsewhere"
_AGAIN = 10.0
"""Seconds after which a process that goes from partition to partition looks at all of a log's folder again."""
_DEEPEST = 16
_FEW = 64
"""Folders within one another, since links may lead in circles, and files that are asked for one by one."""


class CustodyBroken(PlainError, RuntimeError):
    """A table holds rows that the platform did not write, or lacks some that it did. Nothing was built on it."""


@dataclass(frozen=True)
class Breach:
    """One way in which a partition, or all of a table, is not what the platform committed.

    Attributes:
        damage: whether files are lost that the same stage, from the same inputs, can make again.
    """

    table: str
    partition: str
    what: str
    damage: bool = False

    def __str__(self) -> str:
        return f"{self.table}{f'/{self.partition}' if self.partition else ''}: {self.what}"


class Custody:
    """The logs of a lake, each read once, asked about tables at any version.

    Args:
        ledgers: whether a ledger is believed that is sound and whose entries look as they did, so that a log is read
            from where that ends. What is to be proven is read as a whole.
        listing: whether the folder of a table is listed as a whole when its files are asked for, since all will be;
            else a few are asked for one by one, and the folder of its log is listed if that is some seconds ago.
    """

    def __init__(self, lake: Lake, ledgers: bool = False, listing: bool = True) -> None:
        self._lake, self._believing, self._listing_all = lake, ledgers, listing
        self._ledgers: dict[str, Ledger | None] = {}
        self._logs: dict[str, list[Commit]] = {}
        self._places: dict[str, dict[str, int]] = {}
        self._links: dict[str, set[str]] = {}
        self._found: dict[tuple[str, int | None], list[Breach]] = {}
        self._standing: dict[str, list[Breach]] = {}
        self._digests: dict[tuple[str, str], str | None] = {}
        self._rows: dict[tuple[str, str], int | None] = {}
        self._seen: dict[str, list[tuple[int, Mapping[str, Any]]]] | None = None

    def log(self, name: str) -> list[Commit]:
        """All commits of a table, oldest first.

        Raises:
            CustodyBroken: if the log does not reach back to version 0, or an entry of it cannot be read.
        """
        if name not in self._logs:
            self._logs[name] = read_log(self._lake, name)
        return self._logs[name]

    def readable(self, name: str) -> bool:
        """Whether the log of a table can be read from its beginning."""
        try:
            self.log(name)
        except CustodyBroken:
            return False
        return True

    def foreign_commits(self, name: str, version: int | None = None) -> list[Commit]:
        """Commits of others that changed the table, also those that were undone since."""
        return [
            commit for commit in self._until(name, version)
            if not commit.ours and (commit.adds or commit.removes or commit.settings or commit.transactions)
        ]

    def undigested(self, name: str, version: int | None = None) -> list[Commit]:
        """The platform's commits by code that said no digests yet, of files that the table still has."""
        there = {file.version for file in State.after(self._until(name, version)).files.values()}
        return [commit for commit in self.log(name) if commit.version in there and commit.ours and not commit.digested]

    def breaches(self, name: str, partition: str | None = None, version: int | None = None) -> list[Breach]:
        """How `partition` of a table, or all of it, differs from what the platform committed, as its own log, its
        checkpoints and the link that is kept tell; empty if in nothing, or if there is no such table.

        Args:
            partition: value of the first partition column, or of several joined by '/'.
            version: the version that is asked about; the latest if None.

        Raises:
            CustodyBroken: if the log does not reach back to version 0, or an entry of it cannot be read.
        """
        if (name, version) not in self._found:
            linked = [Breach(name, "", f"a link to elsewhere stands in the place of what the platform wrote: "
                                       f"{shown(f'{self._lake.uri}/{path}')}")
                      for path in links_of(self._lake, name, closely=not self._believing)]
            there = self._lake.exists(name) and (linked or not self._in_order(name, version))
            found = [*linked, *self._examine(name, version)] if there else linked
            self._found[name, version] = list(dict.fromkeys(found))
        return [breach for breach in self._found[name, version] if _concerns(breach.partition, partition)]

    def kept_otherwise(self, name: str) -> list[Breach]:
        """Where what is kept beside a table, for when something of its log is lost and for runs that do not read all
        of it, is not what the log says: copies of entries, and the ledger. None, if the log itself is in disorder."""
        if not self._lake.exists(name) or not self.readable(name) or self.breaches(name):
            return []
        commits = self.log(name)
        found = faults_of_copies(self._lake, name, [commit.link for commit in commits])
        if fault := fault_of_kept(self._lake, name, commits):
            found.append(f"{shown(f'{self._lake.uri}/{ledger_path(name)}')} {fault}")
        return [Breach(name, "", fault) for fault in found]

    def unwitnessed(self, name: str) -> list[Breach]:
        """Where table `lineage` says another history of a table than its log: of links, and of the last version."""
        if self._seen is None:
            self._seen = {}
            for commit in self.log("lineage") if self._lake.exists("lineage") else ():
                if commit.ours and commit.seen:
                    self._seen.setdefault(commit.seen.get("table_id", ""), []).append((commit.version, commit.seen))
        if not self._lake.exists(name):
            return []
        commits = self.log(name)
        own = State.after(commits).settings.get("metaData", {}).get("id", "")
        for _, seen in self._seen.get(own, ()):
            if seen.get("table") != name:
                continue
            if found := self.misses(name, Link(seen["version"], seen["link"])):
                return [Breach(name, "", f"{found}, as table lineage tells")]
        return []

    def altered_files(
        self, name: str, partition: str | None = None, version: int | None = None,
        contents: Collection[str] | None = (),
    ) -> list[Breach]:
        """Files of a partition that are not as they were when they were committed: not there, of another size, links
        to elsewhere, or of other bytes. None, if there is no such table.

        Args:
            contents: paths of the files whose bytes are read; all if None. Without any this is one listing of the
                table's folder, and no file is opened.
        """
        if not self._lake.exists(name):
            return []
        files = self.files(name, partition, version)
        there = self._sizes(name, files)
        gone = [file for file in files if file.place not in there]
        vacuumed = self._vacuumed(name) if gone else {}
        kinds: dict[str, list[DataFile]] = {
            "of the commit not there any more": [file for file in gone if file.place not in vacuumed],
            **{
                f"vacuumed on {at:%Y-%m-%d}, when nothing needed it any more": [
                    file for file in gone if vacuumed.get(file.place) == at]
                for at in sorted(set(vacuumed.values()))
            },
            _CUT: [
                file for file in files if there.get(file.place, file.bytes) != file.bytes
            ],
            _LINKED: [file for file in files if self._is_link(name, file.place)],
        }
        lengths = {file: f" ({there[file.place]:,} of {file.bytes:,} bytes)" for file in kinds[_CUT]}
        named = {file.path for some in kinds.values() for file in some}
        asked = [file for file in files if file.path not in named and (contents is None or file.path in contents)]
        if asked:
            other = kinds["not of the bytes that were committed"] = self._other_bytes(name, asked)
            changed = {file.path for file in other}
            kinds["not of as many rows as the log says"] = self._other_rows(
                name, [file for file in asked if file.path not in changed])
        return [
            Breach(name, place, f"{many(len(some), 'file')} {what}: {self._shown(name, some, lengths)}",
                   damage=what != _LINKED)
            for what, files in kinds.items() for place, some in _by_partition(files, partition)
        ]

    def _shown(self, name: str, files: Sequence[DataFile], notes: Mapping[DataFile, str]) -> str:
        """The path of the first of some files, with what is noted of it, and how many more there are."""
        first = files[0]
        more = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
        return f"{shown(f'{self._lake.table_uri(name)}/{first.place}')}{notes.get(first, '')}{more}"

    def lost_files(self, name: str, partition: str | None = None) -> dict[DataFile, str]:
        """Files of a partition that are not there, or not of their size, with the digests that they were committed with
        (empty where older code said none). No file is opened."""
        if not self._lake.exists(name):
            return {}
        files = self.files_with_digests(name, partition)
        there = self._sizes(name, list(files))
        return {file: digest for file, digest in files.items() if there.get(file.place) != file.bytes}

    def files_with_digests(self, name: str, partition: str | None = None) -> dict[DataFile, str]:
        """The files of a partition, with the digests that they were committed with (empty where older code said
        none)."""
        digests = self.digests(name)
        return {file: digests.get(file.path, "") for file in self.files(name, partition)}

    def damaged_files(self, name: str) -> list[DataFile]:
        """Files of a table that are not as they were committed, in whatever way. All are read."""
        files, there = self.files(name), self._listing(name)
        damaged = [file for file in files if there.get(file.place) != file.bytes or self._is_link(name, file.place)]
        rest = [file for file in files if file not in damaged]
        other = self._other_bytes(name, rest)
        return [*damaged, *other, *self._other_rows(name, [file for file in rest if file not in other])]

    def misses(self, name: str, link: Link) -> str:
        """What is wrong with the log of a table that had this link once; nothing if it has it still."""
        if link.version >= len(self.log(name)) and link.version in chain.versions_of(self._lake, name)[-_FEW:]:
            return _misses(read_log(self._lake, name), link)  # another run has committed since the log was read
        return _misses(self.log(name), link)

    def files(self, name: str, partition: str | None = None, version: int | None = None) -> list[DataFile]:
        """The files that a version of a table has, in a partition of it."""
        ledger = self._ledger(name)
        if ledger is not None and (version is None or ledger.unchanged_since(version, partition or "")):
            return ledger.files(partition or "")
        wanted = tuple(partition.split("/")) if partition else ()
        state = State.after(self._until(name, version))
        return [file for file in state.files.values() if file.partition[: len(wanted)] == wanted]

    def digests(self, name: str) -> dict[str, str]:
        """SHA-256 of files as the platform committed them, by path; of those by older code there is none."""
        if (ledger := self._ledger(name)) is not None:
            return dict(ledger.digests)
        return {path: digest for commit in self.log(name) if commit.ours for path, digest in commit.digests.items()}

    def strays(self, name: str) -> list[str]:
        """Data files in the folder of a table that no version of it names: writers that were killed leave some, and
        nobody who reads the table sees them."""
        known = {file.place for commit in self.log(name) for file in commit.adds}
        return sorted(
            path for path in self._listing(name)
            if not path.startswith(f"{LOG}/") and path.endswith(".parquet") and path not in known
        )

    def refuse_breaches(
        self, name: str, partition: str | None = None, version: int | None = None, files: bool = True
    ) -> None:
        """Nothing, if the partition is what the platform committed, or there is no such table yet. Files are asked for
        their size, and for their bytes where they lie on a disk of this machine; not at all without `files`, for what
        is to be replaced.

        Raises:
            CustodyBroken: if it is not; the message says how, and what to do.
        """
        found = self.breaches(name, partition, version)
        if not found and self._lake.exists(name):
            found = self.altered_files(name, partition, version, () if "://" in self._lake.uri or not files else None)
            found = [breach for breach in found if files or not breach.damage]
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            raise CustodyBroken(f"{found[0]}{more}; {self.remedy(name)}")

    def lawful_version(self, name: str) -> int | None:
        """The latest version that holds just what the platform wrote, with nothing between; None if there is none."""
        commits = self.log(name)
        lawful = State.after(commit for commit in commits if commit.ours)
        state, found = State(), None
        for commit in commits:
            state.add(commit)
            if state == lawful:
                found = commit.version
        return found

    def remedy(self, name: str) -> str:
        """What to do about a table in which something was changed from outside. No file is read for it."""
        repair = f"data-platform repair {name}"
        if not self._lake.exists(name):
            return f"it is gone: {repair}, then run the recipe again"
        read = [path for of, path in self._digests if of == name]
        if self.readable(name) and not self.breaches(name) and not self.unwitnessed(name) and not self.altered_files(
                name, contents=read):
            return f"{name} is in order now, and another version of it was read: run the recipe again"
        if self.readable(name) and not self.altered_files(name, contents=read):
            version, last = self.lawful_version(name), self.log(name)[-1].version
            if version is not None and version < last:
                return f"put back version {version}, which is what the platform wrote: {repair}"
            if version == last and all(commit.linked for commit in self.log(name)):
                return f"make anew what stands for the log, or set the table aside: {repair}, then run the recipe again"
        elif self.readable(name) and not self.breaches(name) and not self.unwitnessed(name):
            return f"give up the files that are damaged: {repair}, then run the recipe again, which makes them anew"
        return f"set the table aside: {repair}, then run the recipe again"

    # -- what is found ------------------------------------------------------------------------------------------------

    def _until(self, name: str, version: int | None) -> list[Commit]:
        return [commit for commit in self.log(name) if version is None or commit.version <= version]

    def _ledger(self, name: str) -> Ledger | None:
        """The ledger of a table, if ledgers are believed and this one is sound, its checkpoints and the link that is
        kept of it with it."""
        if not self._believing:
            return None
        if name not in self._ledgers and not self._listing_all and seconds_since_look(self._lake, name) < _AGAIN:
            # By who goes from one partition to the next; what has come to the log since is read in any case.
            known = self._lake.known(name)
            if known is not None and known.sound and self._is_kept(known):
                self._ledgers[name] = known
        if name not in self._ledgers:
            found = self._listed_lately(name) or self._listed_now(name)
            self._ledgers[name] = found
            if found is not None:
                note_look(self._lake, name)
        return self._ledgers[name]

    def _listed_lately(self, name: str) -> Ledger | None:
        """A sound ledger by the listing that this process, which has just begun, has made of the folder of the log;
        None if it has made none, or where all of a table is asked for."""
        others = None if self._listing_all else listed_lately(self._lake, name, _AGAIN)
        ledger = self._lake.known(name) if others is not None else None
        return ledger if ledger is not None and others is not None and self._is_sound(ledger, others) else None

    def _listed_now(self, name: str) -> Ledger | None:
        """A sound ledger by a new listing of the folder of the log."""
        try:
            listing = list_log(self._lake, name)
            ledger = ledger_of(self._lake, name, listing)
        except LogUnreadable:
            return None
        return ledger if ledger is not None and self._is_sound(ledger, listing.others) else None

    def _is_sound(self, ledger: Ledger, others: Mapping[str, str]) -> bool:
        """Whether a ledger is, and with it what lies beside the entries of its log."""
        return ledger.sound and self._stands(ledger, others) and self._is_kept(ledger)

    def _in_order(self, name: str, version: int | None) -> bool:
        """Whether a sound ledger tells that a table is in order, at this version as at every other."""
        ledger = self._ledger(name)
        return ledger is not None and (version is None or version <= ledger.version)

    def _is_kept(self, ledger: Ledger) -> bool:
        """Whether the link that is kept of a table is one of its own."""
        link = chain.kept_of(self._lake, ledger.name)
        if link is None:
            return not (ledger.version and ledger.guarded)
        return ledger.links.get(link.version) == link.digest

    def _stands(self, ledger: Ledger, others: Mapping[str, str]) -> bool:
        """Whether all that stands for a log says what the log says: checkpoints that were held against it before, by
        how they look, and others now."""
        unheld = {}
        for file, look in others.items():
            if file == LAST_CHECKPOINT or ledger.checkpoints.get(file) == look:
                continue
            if not file.endswith(".checkpoint.parquet") or file != f"{file[:20]}.checkpoint.parquet":
                return False
            unheld[file] = look
        if LAST_CHECKPOINT in others and not self._points_to(ledger.name, others):
            return False
        if any(checkpoint_fault(
            filesystem(self._lake.table_uri(ledger.name), self._lake.storage_options), ledger.name, int(file[:20]),
            State.after(self._until(ledger.name, int(file[:20]))),
        ) for file in unheld):
            return False
        if unheld:
            hold(self._lake, ledger, unheld)
        return True

    def _points_to(self, name: str, files: Collection[str]) -> bool:
        """Whether what points to the last checkpoint of a table points to one of these files."""
        system = filesystem(self._lake.table_uri(name), self._lake.storage_options)
        try:
            with system.open_input_stream(f"{LOG}/{LAST_CHECKPOINT}") as stream:
                content = stream.read()
        except FileNotFoundError:
            # A listing of moments ago may name what a repair has taken away since.
            return False
        try:
            version = json.loads(content)["version"]
        except (ValueError, KeyError, TypeError):
            return False
        return isinstance(version, int) and f"{version:020d}.checkpoint.parquet" in files

    def _sizes(self, name: str, files: Sequence[DataFile]) -> dict[str, int]:
        """Size of those files of a table that are there, by path."""
        if name in self._places or self._listing_all or len(files) > _FEW:
            return self._listing(name)
        system = filesystem(self._lake.table_uri(name), self._lake.storage_options)
        infos = system.get_file_info([file.place for file in files])
        return {info.path.lstrip("/"): info.size for info in infos if info.type == pyarrow.fs.FileType.File}

    def _listing(self, name: str) -> dict[str, int]:
        """Size of every file in the folder of a table, by path."""
        if name not in self._places and "://" not in self._lake.uri:
            links = self._links[name] = set()
            self._places[name] = dict(_sizes_below(self._lake.table_uri(name), links))
        if name not in self._places:
            system = filesystem(self._lake.table_uri(name), self._lake.storage_options)
            found = system.get_file_info(pyarrow.fs.FileSelector("", recursive=True))
            self._places[name] = {entry.path.lstrip("/"): entry.size for entry in found}
        return self._places[name]

    def _vacuumed(self, name: str) -> dict[str, datetime]:
        """When files of a table were vacuumed, by path."""
        return vacuumed_files(self._lake, name, str(State.after(self.log(name)).settings.get("metaData", {}).get("id")))

    def _is_link(self, name: str, place: str) -> bool:
        """Whether a file, or a folder between it and its table, is a symbolic link."""
        if "://" in self._lake.uri:
            return False
        if name in self._links:
            links, parts = self._links[name], place.split("/")
            return bool(links) and any("/".join(parts[:length]) in links for length in range(1, len(parts) + 1))
        root = Path(self._lake.table_uri(name))
        path = root / place
        return path.is_symlink() or any(folder.is_symlink() for folder in path.parents if root in folder.parents)

    def _other_bytes(self, name: str, files: Sequence[DataFile]) -> list[DataFile]:
        """Those of files that have another digest than the one they were committed with."""
        known = self.digests(name)
        asked = [file for file in files if file.path in known]
        unread = [file for file in asked if (name, file.path) not in self._digests]
        with ThreadPoolExecutor(min(_READERS, 2 * (os.cpu_count() or 1))) as pool:
            found = pool.map(lambda file: digest_of(self._lake, name, file.place), unread)
            self._digests.update(((name, file.path), digest) for file, digest in zip(unread, found, strict=True))
        return [file for file in asked if self._digests[name, file.path] != known[file.path]]

    def _other_rows(self, name: str, files: Sequence[DataFile]) -> list[DataFile]:
        """Those of files whose footers count other rows than the log: readers that count, or skip, go by the log."""
        asked = [file for file in files if not file.deletions]
        unread = [file for file in asked if (name, file.path) not in self._rows]
        with ThreadPoolExecutor(min(_READERS, 2 * (os.cpu_count() or 1))) as pool:
            found = pool.map(lambda file: rows_of(self._lake, name, file.place), unread)
            self._rows.update(((name, file.path), rows) for file, rows in zip(unread, found, strict=True))
        return [file for file in asked if self._rows[name, file.path] != file.rows]

    def _examine(self, name: str, version: int | None) -> Iterator[Breach]:
        commits = self._until(name, version)
        ours = [commit for commit in commits if commit.ours]
        actual, lawful = State.after(commits), State.after(ours)
        yield from _differences(name, commits, actual, lawful)
        for last in _last_commits(commits).values():
            yield from _contradictions(name, commits, last, actual)
        yield from _copies(name, commits)
        yield from _compactions(name, commits)
        yield from _settings(name, commits, actual, lawful)
        yield from _entries(name, commits)
        if name not in self._standing:
            self._standing[name] = [*self._checkpoints(name), *self._kept(name)]
        yield from self._standing[name]

    def _kept(self, name: str) -> Iterator[Breach]:
        """What the link tells that is kept beside the table."""
        commits = self.log(name)
        link = chain.kept_of(self._lake, name)
        if link is None:
            if len(commits) > 1 and any(commit.digested for commit in commits):
                yield Breach(name, "", f"the link that the platform keeps of it is gone: "
                                       f"{chain.kept_path(self._lake, name)}")
        elif not link.digest:
            yield Breach(name, "", f"the link that the platform keeps of it is cut or empty: "
                                   f"{chain.kept_path(self._lake, name)}")
        elif found := self.misses(name, link):
            yield Breach(name, "", f"{found}, as the link tells that is kept of it")
        copied = last_copied(self._lake, name)
        if copied >= len(commits) and copied not in chain.versions_of(self._lake, name)[-_FEW:]:
            yield Breach(name, "", f"its log ends with version {len(commits) - 1}, and there is a copy of its version "
                                   f"{copied} in {shown(f'{self._lake.uri}/{chain.KEPT}/{name}')}")

    def _checkpoints(self, name: str) -> Iterator[Breach]:
        """What readers are told who do not read the log: checkpoints, and what else stands for entries of it."""
        system = filesystem(self._lake.table_uri(name), self._lake.storage_options)
        infos = system.get_file_info(pyarrow.fs.FileSelector(LOG, recursive=True))
        files = sorted(
            info.path.lstrip("/").removeprefix(f"{LOG}/") for info in infos if info.type == pyarrow.fs.FileType.File
        )
        there = [file for file in files if ".checkpoint." in file]
        for file in there:
            version = file[:20]
            if not version.isdecimal() or file != f"{version}.checkpoint.parquet":
                yield Breach(name, "", f"{file} is a checkpoint of a kind that the platform does not write")
            elif int(version) >= len(self.log(name)):
                yield Breach(name, "", f"there is a checkpoint of version {int(version)}, which the log does not have")
            elif what := checkpoint_fault(system, name, int(version), State.after(self._until(name, int(version)))):
                yield Breach(name, "", f"the checkpoint of version {int(version)} {what}: "
                                       f"{shown(f'{self._lake.table_uri(name)}/{LOG}/{file}')}")
        for file in files:
            if file.endswith(".compacted.json") or file.startswith("_sidecars/") or file.endswith(".crc"):
                yield Breach(name, "", f"{file} stands for entries of the log, and the platform writes no such file")
        if LAST_CHECKPOINT in files and not self._points_to(name, there):
            yield Breach(name, "", "_last_checkpoint points to a checkpoint that is not there")


def digest_of(lake: Lake, name: str, place: str) -> str | None:
    """SHA-256 of a file in the folder of a table; None if it cannot be read. The lock of the interpreter is free
    meanwhile, so that several are read at once."""
    try:
        if "://" not in lake.uri:
            return _digest_on_disk(str(Path(lake.table_uri(name), place)))
        made = hashlib.sha256()
        with filesystem(lake.table_uri(name), lake.storage_options).open_input_file(place) as stream:
            while piece := stream.read(_PIECE):
                made.update(piece)
        return made.hexdigest()
    except StoreUnanswered:
        raise
    except OSError:
        return None


def rows_of(lake: Lake, name: str, place: str) -> int | None:
    """Rows of a file in the folder of a table, as its footer counts them; None if that cannot be read."""
    try:
        with filesystem(lake.table_uri(name), lake.storage_options).open_input_file(place) as source:
            return pq.read_metadata(source).num_rows
    except StoreUnanswered:
        raise
    except (OSError, pa.ArrowException):
        return None


_known_digests: dict[tuple[object, ...], str] = {}
"""Digests of files that this process has read, by what changes if the file does; the last of these nobody can set."""


def _digest_on_disk(path: str) -> str:
    with open(path, "rb", buffering=0) as stream:
        state = os.fstat(stream.fileno())
        key = (path, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        if key not in _known_digests:
            _known_digests[key] = hashlib.file_digest(stream, "sha256").hexdigest()
        return _known_digests[key]


def _sizes_below(folder: str, links: set[str], within: str = "") -> Iterator[tuple[str, int]]:
    """Size of every local file below a folder, by its path in it. Links are followed, and added to `links`."""
    try:
        found = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in found:
        if entry.is_symlink():
            links.add(f"{within}{entry.name}")
        if entry.is_dir() and within.count("/") < _DEEPEST:
            yield from _sizes_below(entry.path, links, f"{within}{entry.name}/")
        elif entry.is_file():
            yield f"{within}{entry.name}", entry.stat().st_size


def _concerns(place: str, partition: str | None) -> bool:
    """Whether what is wrong with a place is wrong with a partition: it lies in it, or around it."""
    here, asked = [part.split("/") if part else [] for part in (place, partition)]
    shorter = min(len(here), len(asked))
    return here[:shorter] == asked[:shorter]


def _by_partition(files: Sequence[DataFile], partition: str | None) -> list[tuple[str, list[DataFile]]]:
    """Files by partition, if not one is asked about."""
    if partition:
        return [(partition, list(files))] if files else []
    grouped: dict[str, list[DataFile]] = {}
    for file in files:
        grouped.setdefault("/".join(file.partition), []).append(file)
    return sorted(grouped.items())


def _misses(commits: Sequence[Commit], link: Link) -> str:
    """What is wrong with a log that had this link once; nothing if it has it still."""
    if link.version >= len(commits):
        return f"its log ends with version {len(commits) - 1}, and had a version {link.version}"
    if commits[link.version].link != link.digest:
        return f"its log up to version {link.version} is not the one that was written"
    return ""


# -- logs -------------------------------------------------------------------------------------------------------------


def read_log(lake: Lake, name: str) -> list[Commit]:
    """The commits of a table from its log, oldest first.

    Raises:
        CustodyBroken: if the log does not reach back to version 0, or an entry of it cannot be read.
    """
    away, there = chain.log_of(lake, name)
    versions = [*range(away), *there]
    if not versions or versions != list(range(len(versions))):
        gap = next((version for version, found in enumerate(versions) if version != found), 0)
        raise CustodyBroken(f"the log of {name} has gaps or does not begin with version 0: it is damaged, or was "
                            f"tampered with: {chain.entry_path(lake, name, gap)} is not there; what to do: "
                            f"data-platform repair {name}, then run the recipe again")

    read_entry = chain.reader(lake, name, away)

    def read(version: int) -> list[tuple[str, Any]]:
        try:
            return read_entry(version)
        except EntryUnreadable as error:
            raise CustodyBroken(_unreadable(lake, name, version, version < away, str(error))) from None
        except FileNotFoundError:
            raise CustodyBroken(_unreadable(lake, name, version, version < away, "does not hold it")) from None

    with ThreadPoolExecutor(_READERS) as pool:
        entries = list(pool.map(read, versions))
    commits: list[Commit] = []
    for version, actions in enumerate(entries):
        try:
            commits.append(commit_of(name, version, actions, commits[-1] if commits else None))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError):
            raise CustodyBroken(_unreadable(lake, name, version, version < away, "is no entry of a log")) from None
    return commits


def _unreadable(lake: Lake, name: str, version: int, is_archived: bool, cause: str) -> str:
    return (f"version {version} in the log of {name} cannot be read: it is damaged, or was tampered with: "
            f"{chain.entry_path(lake, name, version, is_archived)} {cause}; "
            f"what to do: data-platform repair {name}, then run the recipe again")


# -- what is found ----------------------------------------------------------------------------------------------------


def _copies(name: str, commits: list[Commit]) -> Iterator[Breach]:
    """Commits that write the recipe which their partition carries already: the platform leaves such a one alone."""
    carried: dict[str, str] = {}
    for commit in commits:
        if not commit.made:
            continue
        partition, recipe = commit.made["partition"], commit.made["recipe"]
        if carried.get(partition) == recipe and not (commit.mends and commit.mends <= commit.removes):
            yield Breach(name, partition, f"{commit} copies the commit before it, which the platform never does")
        carried[partition] = recipe


def _compactions(name: str, commits: list[Commit]) -> Iterator[Breach]:
    """Commits that write the rows of files again and say other numbers of them than the log."""
    rows: dict[str, int] = {}
    for commit in commits:
        if any(rows.get(path) != count for path, count in commit.compacts.items()):
            yield Breach(name, "", f"{commit} says other rows of the files that it writes again than the log before it")
        rows.update((file.path, file.rows) for file in commit.adds)


def _differences(name: str, commits: list[Commit], actual: State, lawful: State) -> Iterator[Breach]:
    """What others put in and took out, by partition and commit."""
    by_version = {commit.version: commit for commit in commits}
    removed_in = {path: commit for commit in commits for path in commit.removes}
    put: dict[tuple[str, int], list[DataFile]] = {}
    took: dict[tuple[str, int], list[DataFile]] = {}
    for path, file in actual.files.items():
        if lawful.files.get(path) != file:
            put.setdefault(("/".join(file.partition), file.version), []).append(file)
    for path, file in lawful.files.items():
        if actual.files.get(path) != file:
            by = removed_in.get(path)
            took.setdefault(("/".join(file.partition), by.version if by else file.version), []).append(file)
    for verb, groups in (("put in", put), ("took out", took)):
        for (partition, version), files in sorted(groups.items()):
            commit = by_version[version]
            rows = sum(file.rows for file in files)
            amount = f"{many(len(files), 'file')} with {many(rows, 'row')}"
            yield Breach(name, partition, f"{commit} {verb} {amount} and is no commit of the platform{_why(commit)}")


def _why(commit: Commit) -> str:
    return f": {commit.doubt}" if commit.doubt else ""


def _last_commits(commits: list[Commit]) -> dict[str, Commit]:
    """The platform's last commit of every partition, but for parts of one that was written as a whole since."""
    found: dict[str, Commit] = {}
    for commit in commits:
        if commit.made:
            whole = commit.made["partition"]
            found = {partition: last for partition, last in found.items() if not is_within(partition, whole)}
            found[whole] = commit
    return found


def _taken_out(commits: list[Commit], last: Commit) -> int:
    """Rows that takedowns have taken out of parts of a partition since it was written as a whole.

    They rewrote what was written beside a table part by part once; now they rewrite it as it was written.
    """
    whole, taken = last.made["partition"], 0
    for commit in commits[last.version + 1 :]:
        made = commit.made
        if made and made.get("asset_key") == _TAKEDOWN and made["partition"] != whole and is_within(
            made["partition"], whole
        ):
            before, after = (
                _rows(State.after(commits[:version]), made["partition"])
                for version in (commit.version, commit.version + 1)
            )
            taken += max(0, before - after)
    return taken


def _rows(state: State, partition: str) -> int:
    place = tuple(partition.split("/")) if partition else ()
    return sum(file.rows for file in state.files.values() if file.partition[: len(place)] == place)


def _contradictions(name: str, commits: list[Commit], last: Commit, actual: State) -> Iterator[Breach]:
    """Where the last commit of a partition says other things than the log: of the recipe carried, and of rows."""
    partition = last.made["partition"]
    place = tuple(partition.split("/")) if partition else ()
    rows = _rows(actual, partition)
    if rows != last.made["rows"] and rows != last.made["rows"] - _taken_out(commits, last):
        yield Breach(name, partition, f"holds {many(rows, 'row')}, and {last} says {last.made['rows']:,}")
    names = table(name).partition_by if kind_of(name) else ()
    key = application(name, Partition(tuple(zip(names[: len(place)], place, strict=False))))
    carried = [commit.transactions[key] for commit in commits if key in commit.transactions]
    if not carried or carried[-1] != recipe_number(last.made["recipe"]):
        yield Breach(name, partition, f"carries another recipe than {last}, which wrote it")


_SETTING_NAMES = {"metaData": "its schema or its properties", "protocol": "its protocol"}


def _settings(name: str, commits: list[Commit], actual: State, lawful: State) -> Iterator[Breach]:
    """What others changed of the table itself, and whether its log is its own."""
    for kind in sorted(actual.settings.keys() | lawful.settings.keys()):
        if actual.settings.get(kind) != lawful.settings.get(kind):
            by = next(commit for commit in reversed(commits) if kind in commit.settings)
            what = _SETTING_NAMES.get(kind, f"{kind}, which the platform does not use")
            yield Breach(name, "", f"{by} changed {what} and is no commit of the platform{_why(by)}")
    for key in sorted(actual.transactions):
        if actual.transactions[key] != lawful.transactions.get(key):
            by = next(commit for commit in reversed(commits) if key in commit.transactions)
            yield Breach(name, "", f"{by} set the transaction {key} and is no commit of the platform{_why(by)}")
    if (of := actual.settings.get("metaData", {}).get("name")) != name:
        yield Breach(name, "", f"it is no table of the platform's making: its log is that of {of or 'no table'}")


def _entries(name: str, commits: list[Commit]) -> Iterator[Breach]:
    """Entries of the log that are not those that were written."""
    for commit in commits:
        if not commit.linked:
            yield Breach(name, "", f"the log before {commit} is not the one that this was written on top of: an entry "
                                   "was changed, put in or taken out")
