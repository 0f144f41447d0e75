"""The ledger of a table: what its log leaves, kept at hand and carried on commit by commit.

Whoever asks what a partition carries, of which files it is and which commit wrote it, need not read a log from its
beginning: a ledger is read once in a process, and goes on from there by the entries that came since. It is also kept
beside the table (`_custody/<table>.ledger`), so that another process reads it, and the entries after it, instead of
them all: what a commit or a plan takes does not grow with the commits before it.

A ledger is sound if every commit is the platform's and does what the platform's commits do. Only such a one is kept,
and with it what the entries looked like that it stands for, the time of change of each among it: if one of them looks
otherwise, the log is read again. So custody can ask the ledger first, and reads the whole log (`custody.py`) where it
is not sound. What proves something reads the whole log in any case.

Here belongs what a log leaves. Not here: what is wrong with a log (`custody.py`), and what one entry says (`log.py`).
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from data_platform.core.tables import PLATFORM_LOGS, kind_of, table
from data_platform.lake import chain
from data_platform.lake.chain import KEPT
from data_platform.lake.faults import StoreUnanswered
from data_platform.lake.log import (
    SETTINGS,
    Commit,
    DataFile,
    State,
    application_of,
    checkpoint_fault,
    commit_of,
    is_within,
    nothing_before,
    recipe_number,
)
from data_platform.lake.looks import Listing, Looks, entry_of, list_log, look_at
from data_platform.lake.writer import filesystem, write_bytes

if TYPE_CHECKING:
    from data_platform.lake.lake import Lake

LAST_CHECKPOINT = "_last_checkpoint"
EVERY = 100
"""Commits after which a ledger is written again; a checkpoint, too."""
_FORMAT = 2
_READERS = 16
_LOOKED_AT_LAST = 2 * EVERY
"""Of how many of the last entries a process that has just begun looks at size and times: more than readers read."""
_LINKS = 256
"""Of how many of the last versions the links are at hand."""
_MEMORY: dict[tuple[Any, ...], Ledger] = {}
_LOOKED_AT: dict[tuple[Any, ...], float] = {}
_BESIDE: dict[tuple[Any, ...], tuple[float, Mapping[str, str]]] = {}
"""When the folder of a log was listed last, and what lay there beside the entries."""


class LogUnreadable(ValueError):
    """A log has gaps, does not begin with version 0, or has an entry that cannot be read."""


@dataclass(frozen=True)
class Last:
    """The platform's last commit of a partition, as far as plans need it; the entry of its version says all of it."""

    version: int
    recipe: str
    rows: int
    asset_key: str
    code_version: str
    git_commit: str


@dataclass(frozen=True)
class Ledger:
    """A table after the last entry of its log that was read.

    Attributes:
        version: the last one.
        looks: how the entries up to it look.
        link: the link after it.
        guarded: whether a commit says digests.
        sound: whether every commit is the platform's, and does what the platform's commits do.
        by_path: the files that it has.
        digests: SHA-256 of these files, where the commits said it.
        transactions: the version of every application.
        settings: what the table says of itself.
        last: the last commit of every partition.
        links: the links after the last versions.
        checkpoints: how checkpoints look that say what the log says, by file.
        saved: up to which version it is kept beside the table.
    """

    name: str
    version: int = -1
    looks: Looks = field(default_factory=Looks)
    link: str = ""
    guarded: bool = False
    sound: bool = True
    by_path: Mapping[str, DataFile] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    transactions: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    last: Mapping[str, Last] = field(default_factory=dict)
    links: Mapping[int, str] = field(default_factory=dict)
    checkpoints: Mapping[str, str] = field(default_factory=dict)
    saved: int = -1

    @property
    def table_id(self) -> str:
        """The id of the table."""
        return str(self.settings.get("metaData", {}).get("id", ""))

    def files(self, partition: str = "") -> list[DataFile]:
        """The files of a partition, values joined by '/', or of all of the table."""
        if not partition:
            return list(self.by_path.values())
        wanted = tuple(partition.split("/"))
        files = self.parts.get(wanted[0], {}).values()
        return [file for file in files if file.partition[: len(wanted)] == wanted]

    @cached_property
    def parts(self) -> Mapping[str, Mapping[str, DataFile]]:
        """The files by path, by the value of the first partition column; carried on from the ledger before."""
        found: dict[str, dict[str, DataFile]] = {}
        for file in self.by_path.values():
            found.setdefault(_part_of(file), {})[file.path] = file
        return found

    def rows(self, partition: str = "") -> int:
        """How many rows a partition has, or all of the table."""
        return sum(file.rows for file in self.files(partition))

    def unchanged_since(self, version: int, partition: str = "") -> bool:
        """Whether a partition, or all of the table, is today what it was at an earlier version."""
        if version >= self.version:
            return version == self.version
        if not self.sound:
            return False
        if not partition:
            return all(last.version <= version for last in self.last.values())
        about = [last for place, last in self.last.items()
                 if is_within(place, partition) or is_within(partition, place)]
        return bool(about) and all(last.version <= version for last in about)

    @property
    def state(self) -> State:
        """As custody takes it."""
        return State(dict(self.by_path), dict(self.transactions), dict(self.settings))


def _part_of(file: DataFile) -> str:
    return file.partition[0] if file.partition else ""


# -- reading ----------------------------------------------------------------------------------------------------------


def ledger_of(lake: Lake, name: str, listing: Listing | None = None) -> Ledger | None:
    """The ledger of a table up to the last entry of its log; None if there is none.

    Without a listing, of the entries that were read before only the last is looked at again; or, where this process has
    read none, the last few hundred, and of those before, that they are the files that they were.

    Raises:
        LogUnreadable: if the log cannot be read as a whole.
    """
    key = _key(lake, name)
    ledger = _MEMORY.get(key)
    if ledger is not None and listing is None:
        found = _go_on(lake, ledger)
        if found is not None:
            _MEMORY[key] = found
            return found
    kept = None
    if listing is None:
        kept = _kept(lake, name)
        listing = list_log(lake, name, kept.looks.but_the_last(_LOOKED_AT_LAST) if kept else Looks())
        _BESIDE[key] = time.monotonic(), listing.others
    if not listing.versions:
        _MEMORY.pop(key, None)
        return None
    if (gap := listing.gap) is not None:
        raise LogUnreadable(f"the log of {name} has gaps or does not begin with version 0: "
                            f"{chain.entry_path(lake, name, gap)} is not there")
    looks = listing.looks
    if ledger is None or not looks.go_on_from(ledger.looks):
        ledger = kept or _kept(lake, name)
    if ledger is None or not looks.go_on_from(ledger.looks):
        ledger = Ledger(name)
    ledger = _fold(lake, ledger, looks, listing.others)
    if ledger.sound and ledger.version - ledger.saved >= EVERY:
        ledger = save(lake, ledger)
    _MEMORY[key] = ledger
    return ledger


def _go_on(lake: Lake, ledger: Ledger) -> Ledger | None:
    """The ledger with the entries that came since; None if its last entry is not the one that was read."""
    if look_at(lake, ledger.name, entry_of(ledger.version)) != ledger.looks.last:
        return None
    more: list[str] = []
    while (look := look_at(lake, ledger.name, entry_of(ledger.version + 1 + len(more)))) is not None:
        more.append(look)
    if not more:
        return ledger
    ledger = _fold(lake, ledger, ledger.looks.and_then(more), _checkpoints_at(lake, ledger.name, range(
        ledger.version + 1, ledger.version + 1 + len(more))))
    if ledger.sound and ledger.version - ledger.saved >= EVERY:
        ledger = save(lake, ledger)
    return ledger


def _checkpoints_at(lake: Lake, name: str, versions: Iterable[int]) -> dict[str, str]:
    """How the checkpoints look that the platform's commits leave at some of these versions."""
    files = [f"{version:020d}.checkpoint.parquet" for version in versions if (version + 1) % EVERY == 0]
    looks = ((file, look_at(lake, name, file)) for file in files)
    return {file: look for file, look in looks if look is not None}


def _fold(lake: Lake, ledger: Ledger, looks: Looks, others: Mapping[str, str]) -> Ledger:
    """The ledger after all entries of which these are the looks: those that follow on it are read."""
    versions = range(ledger.version + 1, len(looks))
    if not versions:
        return ledger if looks == ledger.looks else replace(ledger, looks=looks)

    read_entry = chain.reader(lake, ledger.name, looks.away)

    def unreadable(version: int, cause: str) -> LogUnreadable:
        where = chain.entry_path(lake, ledger.name, version, version < looks.away)
        return LogUnreadable(f"version {version} in the log of {ledger.name} cannot be read: {where} {cause}")

    def read(version: int) -> list[tuple[str, Any]]:
        try:
            return read_entry(version)
        except chain.EntryUnreadable as error:
            raise unreadable(version, str(error)) from None
        except FileNotFoundError:
            raise unreadable(version, "does not hold it") from None

    if len(versions) < _READERS:
        entries = list(map(read, versions))
    else:
        with ThreadPoolExecutor(_READERS) as pool:
            entries = list(pool.map(read, versions))
    building = _Building(ledger)
    before = nothing_before(ledger.version, ledger.link, ledger.guarded) if ledger.version >= 0 else None
    for version, actions in zip(versions, entries, strict=True):
        try:
            before = commit_of(ledger.name, version, actions, before)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError):
            raise unreadable(version, "is no entry of a log") from None
        building.add(before)
        file = f"{version:020d}.checkpoint.parquet"
        if building.sound and file in others:
            building.hold(lake, version, file, others[file])
    return building.done(before, looks)


class _Building:
    """A ledger that is carried on. Its own copies are changed, never those of the ledger before."""

    def __init__(self, ledger: Ledger) -> None:
        self._from, self.sound = ledger, ledger.sound
        self._files, self._digests = dict(ledger.by_path), dict(ledger.digests)
        self._parts: dict[str, Mapping[str, DataFile]] = dict(ledger.parts)
        self._own: dict[str, dict[str, DataFile]] = {}
        self._transactions, self._settings = dict(ledger.transactions), dict(ledger.settings)
        self._last, self._links, self._checkpoints = dict(ledger.last), dict(ledger.links), dict(ledger.checkpoints)

    def add(self, commit: Commit) -> None:
        """What one more commit makes of it."""
        removed = [file for path in commit.removes if (file := self._files.pop(path, None)) is not None]
        for file in removed:
            self._digests.pop(file.path, None)
            self._part(file).pop(file.path, None)
        self._files.update((file.path, file) for file in commit.adds)
        for file in commit.adds:
            self._part(file)[file.path] = file
        self._digests.update(commit.digests)
        self._transactions.update(commit.transactions)
        self._settings.update(commit.settings)
        self._links[commit.version] = commit.link
        self.sound = self.sound and len(removed) == len(commit.removes) and self._is_sound(commit, removed)
        if commit.made:
            self._note(commit.made, commit.version)

    def _part(self, file: DataFile) -> dict[str, DataFile]:
        """The files of the part that a file is of, to be changed."""
        part = _part_of(file)
        if part not in self._own:
            self._own[part] = dict(self._parts.get(part, {}))
        return self._own[part]

    def _is_sound(self, commit: Commit, removed: Sequence[DataFile]) -> bool:
        """Whether a commit is the platform's, on top of those before it, and does what it says."""
        name = self._from.name
        if not (commit.ours and commit.linked) or any(file.deletions or file.values for file in commit.adds):
            return False
        if self._settings.get("metaData", {}).get("name") != name or not set(self._settings) <= set(SETTINGS):
            return False
        if commit.made is None:
            return commit.version == 0 or (name in PLATFORM_LOGS and all(
                commit.compacts.get(file.path) == file.rows for file in removed))
        place = commit.made["partition"]
        wanted = tuple(place.split("/")) if place else ()
        if any(file.partition[: len(wanted)] != wanted for file in (*commit.adds, *removed)):
            return False
        before = [last for other, last in self._last.items() if is_within(other, place)] if self._may_hold(place) else [
            last for last in (self._last.get(place),) if last]
        rows = sum(last.rows for last in before) - sum(file.rows for file in removed) + sum(
            file.rows for file in commit.adds)
        copies = place in self._last and self._last[place].recipe == commit.made["recipe"]
        if copies and not (commit.mends and commit.mends <= commit.removes):
            return False
        carried = self._transactions.get(application_of(name, place))
        return rows == commit.made["rows"] and carried == recipe_number(commit.made["recipe"])

    def _note(self, made: Mapping[str, Any], version: int) -> None:
        place = made["partition"]
        if self._may_hold(place):
            self._last = {other: last for other, last in self._last.items() if not is_within(other, place)}
        self._last[place] = Last(
            version, made["recipe"], made["rows"], made.get("asset_key", ""), made["code_version"],
            made.get("git_commit", ""),
        )

    def _may_hold(self, place: str) -> bool:
        """Whether a partition may hold others that were written for themselves."""
        depth = place.count("/") + 1 if place else 0
        return depth < (len(table(self._from.name).partition_by) if kind_of(self._from.name) else 9)

    def hold(self, lake: Lake, version: int, file: str, look: str) -> None:
        """Hold a checkpoint of the version that was just added against what the log says."""
        system = filesystem(lake.table_uri(self._from.name), lake.storage_options)
        state = State(self._files, self._transactions, self._settings)
        if not checkpoint_fault(system, self._from.name, version, state):
            self._checkpoints[file] = look

    def done(self, last: Commit, looks: Looks) -> Ledger:
        """The ledger after all that was added."""
        links = {version: self._links[version] for version in sorted(self._links)[-_LINKS:]}
        made = replace(
            self._from, version=last.version, looks=looks, link=last.link, guarded=last.guarded,
            sound=self.sound, by_path=self._files, digests=self._digests, transactions=self._transactions,
            settings=self._settings, last=self._last, links=links, checkpoints=self._checkpoints,
        )
        made.__dict__["parts"] = self._parts | self._own  # as `cached_property` would put it there
        return made


# -- what is kept beside ----------------------------------------------------------------------------------------------


def save(lake: Lake, ledger: Ledger) -> Ledger:
    """Keep a ledger beside its table; where nothing can be written it is not, and the log is read instead."""
    values = {
        "format": _FORMAT, "name": ledger.name, "version": ledger.version,
        "archived": ledger.looks.away, "looks": "\n".join(ledger.looks.there),
        "link": ledger.link, "guarded": ledger.guarded, "transactions": ledger.transactions,
        "settings": ledger.settings, "files": [astuple(file) for file in ledger.by_path.values()],
        "digests": ledger.digests, "last": {place: astuple(last) for place, last in ledger.last.items()},
        "links": ledger.links, "checkpoints": ledger.checkpoints,
    }
    with contextlib.suppress(OSError):
        write_bytes(filesystem(lake.uri, lake.storage_options), ledger_path(ledger.name), [json.dumps(values).encode()])
    return replace(ledger, saved=ledger.version)


def hold(lake: Lake, ledger: Ledger, checkpoints: Mapping[str, str]) -> None:
    """Note that checkpoints, which look like this, say what the log says."""
    held = replace(ledger, checkpoints={**ledger.checkpoints, **checkpoints})
    _MEMORY[_key(lake, ledger.name)] = save(lake, held) if held.saved >= 0 else held


def forget_all() -> None:
    """Forget the ledgers that this process has at hand; those that are kept in lakes stay."""
    _MEMORY.clear()
    _LOOKED_AT.clear()
    _BESIDE.clear()


def forget_ledger(lake: Lake, name: str) -> None:
    """Forget the ledger of a table, also the one that is kept beside it: its log is read again."""
    _MEMORY.pop(_key(lake, name), None)
    with contextlib.suppress(FileNotFoundError):
        filesystem(lake.uri, lake.storage_options).delete_file(ledger_path(name))


def note_look(lake: Lake, name: str) -> None:
    """Note that all that lies in the folder of a log was looked at just now, and is as it should be."""
    _LOOKED_AT[_key(lake, name)] = time.monotonic()


def listed_lately(lake: Lake, name: str, seconds: float) -> Mapping[str, str] | None:
    """What lies in the folder of a log beside the entries, and how it looks, if this process listed it lately because
    it read the ledger; None if not."""
    at, others = _BESIDE.get(_key(lake, name), (-math.inf, {}))
    return others if time.monotonic() - at < seconds else None


def seconds_since_look(lake: Lake, name: str) -> float:
    """How long ago this process looked at all that lies in the folder of a log; without end, if it never did."""
    return time.monotonic() - _LOOKED_AT.get(_key(lake, name), -math.inf)


def _kept(lake: Lake, name: str) -> Ledger | None:
    """The ledger that is kept of a table; None if there is none, or none that can be read."""
    try:
        return _told(name, _read(lake, ledger_path(name)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def fault_of_kept(lake: Lake, name: str, commits: Sequence[Commit]) -> str:
    """What is wrong with the ledger that is kept of a table; nothing if there is none, if it says what the log says, or
    is of a format, or of versions, that nobody would believe.

    Args:
        commits: of the log, oldest first.
    """
    try:
        kept = _told(name, _read(lake, ledger_path(name)))
    except FileNotFoundError:
        return ""
    except StoreUnanswered:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "cannot be read"
    if kept is None or kept.version >= len(commits):
        return ""
    building = _Building(Ledger(name))
    for commit in commits[: kept.version + 1]:
        building.add(commit)
    made = building.done(commits[kept.version], kept.looks)
    for field_ in ("link", "guarded", "by_path", "digests", "transactions", "settings", "last", "links"):
        if getattr(made, field_) != getattr(kept, field_):
            return "says other things of the table than its log"
    return "" if made.sound else "is of a log that nobody would keep one of"


def _told(name: str, content: bytes) -> Ledger | None:
    """The ledger that a file says; None if it is one of another format or table."""
    values = json.loads(content)
    if values["format"] != _FORMAT or values["name"] != name:
        return None
    files = [DataFile(path, tuple(place), *rest) for path, place, *rest in values["files"]]
    looks = Looks(values["archived"], tuple(values["looks"].split("\n")) if values["looks"] else ())
    if len(looks) != values["version"] + 1:
        return None
    return Ledger(
        name, values["version"], looks, values["link"], values["guarded"], True,
        {file.path: file for file in files}, values["digests"], values["transactions"], values["settings"],
        {place: Last(*last) for place, last in values["last"].items()},
        {int(version): link for version, link in values["links"].items()}, values["checkpoints"],
        values["version"],
    )


def ledger_path(name: str) -> str:
    """Where the ledger of a table lies within a lake."""
    return f"{KEPT}/{name}.ledger"


def _read(lake: Lake, path: str) -> bytes:
    if "://" not in lake.uri:  # by way of the store it takes as long as what is made of it
        with open(os.path.join(lake.uri, path), "rb") as file:
            return file.read()
    with filesystem(lake.uri, lake.storage_options).open_input_stream(path) as stream:
        return stream.read()


def _key(lake: Lake, name: str) -> tuple[Any, ...]:
    # Another endpoint is another store, as in `writer.filesystem`.
    return lake.uri, name, tuple(sorted(lake.storage_options.items())), os.environ.get("AWS_ENDPOINT_URL")
