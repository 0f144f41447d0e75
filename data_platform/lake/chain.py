"""The chain over a table's commits: each says what all before it were, and one head stands for a whole lake.

Link n of a table is the SHA-256 of link n - 1 and of the entry of version n in the log, the first of the entry alone
(as in a hash list: Merkle 1979; Haber and Stornetta 1991). A commit of the platform carries the link before its own,
so that an entry cannot be edited, taken out or put in between without all that follow. The last link of every table,
hashed together, is the head of the lake: whoever keeps a head elsewhere can be shown that the history which it stood
for is the beginning of today's, and of it not a byte was changed.

The latest link of a table is also kept beside it, in `_custody/<table>.json`: a log that lost its end is known by it.

Entries are hashed in a form of their own: as JSON with sorted keys, line by line. Of the statistics of files only the
number of rows counts, since a takedown has to strike out values that other programs write there.

Here belongs the chain. Not here: what the commits do to files (`custody`), and who writes them (`lake`).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow.fs

from data_platform.lake.faults import faults_told
from data_platform.lake.place import shown
from data_platform.lake.writer import filesystem, write_bytes

if TYPE_CHECKING:
    from data_platform.lake.lake import Lake

CUSTODY_KEY = "data_platform_custody"
"""Under which a commit says of which table it is, what its files' digests are, and the link before it."""
KEPT = "_custody"
"""Folder of a lake in which the latest link of every table is kept."""
LOG = "_delta_log"
TOGETHER = 100
"""How many copies of entries are kept in one file."""
_READERS = 16


class EntryUnreadable(ValueError):
    """An entry of a log is no JSON of actions, or says something twice. The message is the cause."""


@dataclass(frozen=True)
class Link:
    """The link of a table after one of its versions."""

    version: int
    digest: str


def actions_of(content: bytes) -> list[tuple[str, Any]]:
    """The actions of an entry of a Delta log, in order, by kind.

    Raises:
        EntryUnreadable: if it is no such entry. Keys that stand twice are refused: readers differ in which counts.
    """
    if not content.strip(b"\0\n"):
        raise EntryUnreadable("is of zeros" if b"\0" in content else "is empty")
    try:
        lines = content.decode("utf-8").split("\n")
        parsed = [json.loads(line, object_pairs_hook=_once) for line in lines if line.strip()]
        return [next(iter(action.items())) for action in parsed if _is_single(action)]
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise EntryUnreadable("is cut, or no entry of a log") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _is_single(action: object) -> bool:
    if not isinstance(action, dict) or len(action) != 1:
        raise ValueError("not one action")
    return True


def link_after(previous: str, actions: Sequence[tuple[str, Any]]) -> str:
    """The link after an entry, as 64 hexadecimal digits; `previous` is the one before it, empty before the first."""
    lines = [
        json.dumps([kind, _counted(kind, value)], sort_keys=True, separators=(",", ":")) for kind, value in actions
    ]
    return hashlib.sha256("\n".join([previous, *lines]).encode("utf-8", "surrogatepass")).hexdigest()


def _counted(kind: str, value: Any) -> Any:
    """An action without statistics of values."""
    if kind not in ("add", "remove") or not isinstance(value, dict) or not isinstance(value.get("stats"), str):
        return value
    try:
        stats = json.loads(value["stats"])
    except ValueError:
        return value
    rows = stats.get("numRecords") if isinstance(stats, dict) else None
    return {**value, "stats": json.dumps({"numRecords": rows})}


def read_entry(lake: Lake, name: str, version: int) -> list[tuple[str, Any]]:
    """The actions of one version of a table.

    Raises:
        FileNotFoundError: if the log has no such version.
        EntryUnreadable: if it cannot be read.
    """
    return reader(lake, name)(version)


def reader(lake: Lake, name: str, away: int = 0) -> Callable[[int], list[tuple[str, Any]]]:
    """`read_entry` of one table, for many versions. Arguments as of `contents`."""
    content = contents(lake, name, away)
    return lambda version: actions_of(content(version))


def contents(lake: Lake, name: str, away: int = 0) -> Callable[[int], bytes]:
    """What gives the entry of a version of one table, for many versions: what is kept in one file is read once. It
    raises FileNotFoundError for what is neither in the log nor archived.

    Args:
        away: how many versions are known to be archived.
    """
    copies: dict[int, dict[int, bytes]] = {}

    def read(version: int) -> bytes:
        if version >= away:
            with suppress(FileNotFoundError):
                return read_bytes(lake, name, version)
        first = version - version % TOGETHER
        if first not in copies:
            copies[first] = bundle_of(lake, name, first)
        if version not in copies[first]:
            raise FileNotFoundError(f"{name} has no entry of version {version}")
        return copies[first][version]

    return read


def read_bytes(lake: Lake, name: str, version: int) -> bytes:
    """The entry of one version of a table as it is in the folder of its log.

    Raises:
        FileNotFoundError: if there is none.
    """
    root, path = lake.table_uri(name), f"{LOG}/{version:020d}.json"
    if "://" not in root:  # ten times as fast as by way of the store, and logs are long
        with faults_told("read", f"{root}/{path}"), open(os.path.join(root, path), "rb") as stream:
            return stream.read()
    with filesystem(root, lake.storage_options).open_input_stream(path) as stream:
        return stream.read()


def entry_path(lake: Lake, name: str, version: int, is_archived: bool = False) -> str:
    """Where the entry of a version lies, for people: in the folder of the log, or among copies that are the log now."""
    if is_archived:
        return shown(f"{lake.uri}/{bundle_path(name, version - version % TOGETHER)}")
    return shown(f"{lake.table_uri(name)}/{LOG}/{version:020d}.json")


def kept_path(lake: Lake, name: str) -> str:
    """Where the latest link of a table is kept, for people."""
    return shown(f"{lake.uri}/{KEPT}/{name}.json")


def bundle_path(name: str, first: int) -> str:
    """Where the copies of a hundred entries lie within a lake, from version `first` on."""
    return f"{KEPT}/{name}/{first:020d}.jsonl"


def bundle_of(lake: Lake, name: str, first: int) -> dict[int, bytes]:
    """The copies of a hundred entries by version, from `first` on: those that can be read."""
    try:
        with filesystem(lake.uri, lake.storage_options).open_input_stream(bundle_path(name, first)) as stream:
            return copies_in(stream.read())
    except FileNotFoundError:
        return {}


def copies_in(bundle: bytes) -> dict[int, bytes]:
    """The copies of entries in a file of many, by version: those that can be read."""
    copies = {}
    for line in bundle.splitlines():
        with suppress(ValueError, KeyError, TypeError):  # of one that is cut, the lines before are whole
            copy = json.loads(line)
            copies[int(copy["version"])] = str(copy["entry"]).encode()
    return copies


def link_of(lake: Lake, name: str, version: int) -> str:
    """The link of a table after `version`; before the first version it is empty.

    Goes back to the last commit that says its own predecessor: one entry, unless others wrote the last ones.
    """
    entries = []
    previous = ""
    for number in range(version, -1, -1):
        entries.append(read_entry(lake, name, number))
        stated = custody_of(entries[-1]).get("previous")
        if isinstance(stated, str):
            previous = stated
            break
    for actions in reversed(entries):
        previous = link_after(previous, actions)
    return previous


def custody_of(actions: Iterable[tuple[str, Any]]) -> Mapping[str, Any]:
    """What an entry says of its own custody; nothing if it is by another program, or by older code."""
    for kind, value in actions:
        if kind == "commitInfo" and isinstance(value, dict) and isinstance(value.get(CUSTODY_KEY), dict):
            return value[CUSTODY_KEY]
    return {}


def versions_of(lake: Lake, name: str) -> list[int]:
    """The versions that the log of a table has an entry of, ascending; those that are archived among them."""
    away, there = log_of(lake, name)
    return [*range(away), *there]


def log_of(lake: Lake, name: str) -> tuple[int, list[int]]:
    """How many versions of a table's log are archived, and those that its folder has an entry of, ascending."""
    system = filesystem(lake.table_uri(name), lake.storage_options)
    found = system.get_file_info(pyarrow.fs.FileSelector(LOG, allow_not_found=True))
    files = [entry.base_name for entry in found]
    there = sorted(int(file[:20]) for file in files if is_entry(file))
    count = archived(lake, name, there, files)
    return count, [version for version in there if version >= count]


def is_entry(file: str) -> bool:
    """Whether a file in the folder of a log is an entry."""
    return len(file) == 25 and file.endswith(".json") and file[:20].isdecimal()


def archived(lake: Lake, name: str, there: Sequence[int], files: Iterable[str]) -> int:
    """How many versions of a log, from the first on, are archived (`archive.py`): all before those that its folder has
    without a gap, if a checkpoint there stands for them, and their copies are kept.

    Args:
        there: versions of which there are entries in the folder, ascending.
        files: names of all files in the folder.
    """
    if not there or not (least := _without_gap(there)):
        return 0
    stands = any(file.endswith(".checkpoint.parquet") and file[:20].isdecimal() and int(file[:20]) >= least
                 for file in files)
    if not stands:
        return 0
    if "://" in lake.uri:
        infos = filesystem(lake.uri, lake.storage_options).get_file_info(pyarrow.fs.FileSelector(
            f"{KEPT}/{name}", allow_not_found=True))
        bundles = {info.base_name for info in infos}
    else:  # ten times as fast as by way of the store
        bundles = set(os.listdir(folder)) if os.path.isdir(folder := os.path.join(lake.uri, KEPT, name)) else set()
    wanted = (os.path.basename(bundle_path(name, first)) for first in range(0, least, TOGETHER))
    return least if all(bundle in bundles for bundle in wanted) else 0


def _without_gap(there: Sequence[int]) -> int:
    """The least of the versions that lead to the last without a gap."""
    if there[-1] - there[0] + 1 == len(there):
        return there[0]
    steps = zip(reversed(there), reversed(there[:-1]), strict=False)
    return next((version for version, before in steps if before != version - 1), there[0])


# -- the lake ---------------------------------------------------------------------------------------------------------


def ends(lake: Lake) -> dict[str, Link]:
    """The latest link of every table that is there, by name, as the logs give it.

    Raises:
        EntryUnreadable: if the last entry of a log cannot be read.
    """
    names = lake.tables()

    def end(name: str) -> Link:
        version = versions_of(lake, name)[-1]
        return Link(version, link_of(lake, name, version))

    with ThreadPoolExecutor(_READERS) as pool:
        return dict(zip(names, pool.map(end, names), strict=True))


def head(lake: Lake) -> str:
    """The head of a lake's history as 64 hexadecimal digits: a function of the chains of all of its tables.

    Raises:
        EntryUnreadable: if the last entry of a log cannot be read.
    """
    return head_of(ends(lake))


def head_of(links: Mapping[str, Link]) -> str:
    """The head over the latest links of tables, by name."""
    lines = [f"{name} {link.version} {link.digest}\n" for name, link in sorted(links.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


# -- what is kept beside ----------------------------------------------------------------------------------------------


def keep(lake: Lake, name: str, version: int) -> None:
    """Note the link of a table after a version that was just committed. Later ones of other runs are left to them."""
    system = filesystem(lake.uri, lake.storage_options)
    text = json.dumps({"version": version, "link": link_of(lake, name, version)})
    write_bytes(system, f"{KEPT}/{name}.json", [text.encode()])


def kept_of(lake: Lake, name: str) -> Link | None:
    """The link that was noted of a table; None if there is no note. A note that cannot be read is one of no table."""
    system = filesystem(lake.uri, lake.storage_options)
    try:
        with system.open_input_stream(f"{KEPT}/{name}.json") as stream:
            values = json.loads(stream.read())
        return Link(int(values["version"]), str(values["link"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return Link(0, "")


def is_kept(lake: Lake, name: str) -> bool:
    """Whether a link was noted of a table. On a disk nothing of delta-rs is asked: a process that has asked it once may
    not be forked, and definitions ask this as they are built."""
    if "://" not in lake.uri:
        return os.path.exists(os.path.join(lake.uri, KEPT, f"{name}.json"))
    return kept_of(lake, name) is not None


def kept(lake: Lake) -> list[str]:
    """The tables of which a link was noted, sorted."""
    system = filesystem(lake.uri, lake.storage_options)
    found = system.get_file_info(pyarrow.fs.FileSelector(KEPT, allow_not_found=True))
    return sorted(info.base_name.removesuffix(".json") for info in found if info.base_name.endswith(".json"))


def forget(lake: Lake, name: str) -> None:
    """Drop what is kept of a table (link, ledger, copies), because the table as such was removed by the platform."""
    system = filesystem(lake.uri, lake.storage_options)
    within = system.get_file_info(pyarrow.fs.FileSelector(f"{KEPT}/{name}", allow_not_found=True))
    for info in [*system.get_file_info([f"{KEPT}/{name}.json", f"{KEPT}/{name}.ledger"]), *within]:
        if info.type == pyarrow.fs.FileType.File:
            system.delete_file(info.path.lstrip("/"))


# -- copies kept elsewhere --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """A moment of a lake's history: the version of every table that there was, and when the last of them was made."""

    versions: Mapping[str, int]
    at: datetime


def find_head(chains: Mapping[str, Sequence[tuple[int, str]]], wanted: str) -> Moment | None:
    """The moment of a history that a head stood for; None if it stood for no moment of it.

    Args:
        chains: of every table, the time of every commit in milliseconds and the link after it, oldest first.
        wanted: the head, as 64 hexadecimal digits.

    Moments are told apart by the times of commits. A head that was taken while another program was in the middle of a
    commit, or across clocks that disagree, may stand for none of them: the links of all tables, which `ends` gives,
    say the same exactly.
    """
    commits = sorted(
        (at, name, version, digest) for name, chain in chains.items() for version, (at, digest) in enumerate(chain)
    )
    now: dict[str, Link] = {}
    for at, name, version, digest in commits:
        now[name] = Link(version, digest)
        if head_of(now) == wanted:
            return Moment({name: link.version for name, link in now.items()}, datetime.fromtimestamp(at / 1000, UTC))
    return None
