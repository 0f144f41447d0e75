"""The way of a mixture: every partition of every table that it was made of, at the version that was read, and the
commits that wrote them.

Followed through the commits, from the pins of each to the commit that wrote what it pinned, so that it stays the same
for an old version whatever was written since. Not here: rows (`examination`), one row's way
(`data_platform.proof.trace`).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from data_platform.lake.custody import Breach, Custody, CustodyBroken
from data_platform.lake.lake import Lake
from data_platform.models.published import faults_of_models
from data_platform.proof.after_takedown import before, first_of, left_of, number_of
from data_platform.proof.files import Looked, check_files
from data_platform.proof.logs import breaches_of_logs, logs_of, rows_of_log
from data_platform.proof.look import Share
from data_platform.proof.trace import NotFound, commit_beside


@dataclass(frozen=True)
class Stop:
    """One partition of a table as it was read on the way, and the commit that wrote it."""

    table: str
    partition: str
    version: int
    """The version that was read: that of the commit, or a later one that left the partition as it was."""
    commit: Mapping[str, Any]
    read_as: tuple[str, ...] = ()
    """Recipes of earlier commits of which this one is the rest after takedowns, as pins name them."""

    @property
    def whole(self) -> Stop:
        """All partitions of the table at that version."""
        return replace(self, partition="")


@dataclass
class Way:
    """All stops, the mixture first, by table and partition; and where the way is broken, as `custody` tells."""

    custody: Custody
    stops: dict[tuple[str, str], Stop] = field(default_factory=dict)
    breaches: list[Breach] = field(default_factory=list)
    files: Looked = field(default_factory=lambda: Looked(0, 0))
    """What was read of the files on the way, and of the platform's own logs."""

    def of(self, table: str) -> list[Stop]:
        """The stops at a table."""
        return [stop for (name, _), stop in self.stops.items() if name == table]

    @property
    def tables(self) -> list[str]:
        """Tables on the way, nearest first."""
        return list(dict.fromkeys(name for name, _ in self.stops))


def way_of(
    lake: Lake, name: str, version: int | None = None, custody: Custody | None = None, files: Share = 0
) -> Way:
    """The way of a version of a mixture, or of another table, back to the crawls.

    Breaches are: a partition that is not what its commit left there, files that are not as they were committed, a pin
    that no commit answers to, two recipes of one partition on the same way, a table without what was
    written beside it (rejections, parents of derived texts, texts of notices, the archives that crawls were read from),
    a commit that the table `lineage` tells otherwise or not at all, what is kept beside a table and is not what its log
    says, models that are not what was published, and a log of the platform itself that is not what it wrote. The
    latest version of a mixture is held to what the tables on its way are today, an older one to what they were.

    Args:
        files: of how many files the bytes are compared with what was committed; of all if None.

    Raises:
        CustodyBroken: if the log of a table on the way cannot be read from its beginning, or that of the mixture lost
            its end.
        NotFound: if the platform wrote no such version; the message lists those that it wrote.
    """
    custody = custody or Custody(lake)
    history: dict[str, list[dict[str, Any]]] = {}

    def commits(table: str) -> list[dict[str, Any]]:
        if table not in history:
            history[table] = lake.history(table) if lake.exists(table) else []
        return history[table]

    own, beside, latest = commits(name), _beside(lake), version is None
    if version is None:
        version = lake.open(name).version()
    elif version not in {commit["version"] for commit in own} | {one.version for one in custody.log(name)[1:]}:
        known = ", ".join(str(commit["version"]) for commit in reversed(own))
        raise _absent(custody, name, f"{name} has no version {version}; versions: {known}")
    way = Way(custody)
    queue: deque[Stop] = deque()
    for commit in own:
        if commit["version"] <= version and (name, commit["partition"]) not in way.stops:
            stop = way.stops[name, commit["partition"]] = Stop(name, commit["partition"], version, commit)
            queue.append(stop)
    if not queue:
        raise _absent(custody, name, f"{name} has no version {version} that the platform wrote")
    way.breaches.extend(custody.breaches(name, None, version))
    while queue:
        stop = queue.popleft()
        first = first_of(commits(stop.table), stop.commit)
        for place in sorted(beside.get((first["asset_key"], first["recipe"]), set()) - {(stop.table, stop.partition)}):
            _add_side(way, stop, place, first, commits(place[0]), custody)
        for pin in json.loads(stop.commit["inputs"]):
            place = pin["table"], pin["partition"]
            if place in way.stops:
                _compare(way, pin)
                continue
            commit = next((row for row in commits(pin["table"]) if row["partition"] == pin["partition"]
                           and row["version"] <= pin["version"]), None)
            if commit is None or commit["table_id"] != pin["table_id"]:
                what = f"no commit in its log wrote what was read as version {pin['version']}"
                way.breaches.append(Breach(*place, what))
                continue
            way.stops[place] = _stop_at(place, pin["version"], commit, commits(pin["table"]))
            _compare(way, pin)
            way.breaches.extend(custody.breaches(*place, way.stops[place].version))
            queue.append(way.stops[place])
    for named in way.tables:
        way.breaches.extend(custody.unwitnessed(named))
        faults = faults_of_models(lake, named, contents=files is None)
        way.breaches.extend(Breach(named, "", fault, damage=True) for fault in faults)
    for place in way.stops if latest else ():
        way.breaches.extend(custody.breaches(*place))
    way.breaches.extend(breaches_of_logs(lake, custody))
    for named in (*way.tables, *logs_of(lake)):
        way.breaches.extend(custody.kept_otherwise(named))
    places = [(stop.table, stop.partition, stop.version) for stop in way.stops.values()]
    places += [(log, "", None) for log in logs_of(lake) if custody.readable(log)]
    way.files, altered = check_files(custody, places, files)
    way.breaches.extend(altered)
    way.breaches.extend(_disagreements(lake, way))
    way.breaches = list(dict.fromkeys(way.breaches))
    return way


def _absent(custody: Custody, name: str, message: str) -> CustodyBroken | NotFound:
    """What to raise of a version that is not there: that its log is broken, and what to do, if it is."""
    if broken := dict.fromkeys([*custody.breaches(name), *custody.unwitnessed(name)]):
        return CustodyBroken("; ".join([message, *map(str, broken), custody.remedy(name)]))
    return NotFound(message)


def _stop_at(
    place: tuple[str, str], version: int, commit: Mapping[str, Any], history: Sequence[Mapping[str, Any]]
) -> Stop:
    """A partition as it was read at a version, or what takedowns have left of it since: what they deleted is gone."""
    if rest := left_of(history, commit):
        commit = rest[-1]
        version = commit["version"]
    return Stop(*place, version, commit, tuple(map(number_of, before(history, commit))))


def _beside(lake: Lake) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """The places that were written together, as table and partition, by stage and recipe, as `lineage` tells."""
    rows = rows_of_log(lake, "lineage", ["asset_key", "recipe", "table", "partition"]) or []
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault((row["asset_key"], row["recipe"]), set()).add((row["table"], row["partition"]))
    return found


def _add_side(
    way: Way, stop: Stop, place: tuple[str, str], written: Mapping[str, Any], commits: list[dict[str, Any]],
    custody: Custody,
) -> None:
    """What was written beside a stop, by the same commit of a stage: parents of derived texts, texts of notices,
    rejections, the archives that crawls were read from."""
    if place in way.stops:
        return
    commit = commit_beside(commits, place[1], written)
    if commit is None:
        what = f"no commit in its log was made with version {stop.commit['version']} of {stop.table}"
        way.breaches.append(Breach(*place, what))
        return
    way.stops[place] = Stop(*place, commit["version"], commit)
    way.breaches.extend(custody.breaches(*place, commit["version"]))


def _compare(way: Way, pin: Mapping[str, Any]) -> None:
    stop = way.stops[pin["table"], pin["partition"]]
    if pin["recipe"] not in (number_of(stop.commit), *stop.read_as):
        what = f"was read with another recipe at version {pin['version']} than version {stop.version} carries"
        way.breaches.append(Breach(stop.table, stop.partition, what))


def _disagreements(lake: Lake, way: Way) -> list[Breach]:
    """Commits that the table `lineage`, which was written at the same time, tells otherwise or alone."""
    if not lake.exists("lineage"):
        return []  # which the logs tell
    columns = ["table", "table_id", "version", "partition", "recipe", "rows", "run_id"]
    rows = rows_of_log(lake, "lineage", columns)
    if rows is None:
        return [Breach("lineage", "", "its rows cannot be read")]
    recorded = {(row["table"], row["table_id"], row["version"]): row for row in rows}
    found = []
    for stop in way.stops.values():
        row = recorded.get((stop.table, stop.commit["table_id"], stop.commit["version"]))
        if row is None:
            what = f"the table lineage does not know version {stop.commit['version']}"
            found.append(Breach(stop.table, stop.partition, what))
        elif any(row[column] != stop.commit[column] for column in columns):
            what = f"the log and the table lineage tell different things of version {stop.commit['version']}"
            found.append(Breach(stop.table, stop.partition, what))
    ids = {stop.table: stop.commit["table_id"] for stop in way.stops.values()}
    latest = {name: way.custody.log(name)[-1].version for name in ids}
    for (name, table_id, version), row in recorded.items():
        if ids.get(name) == table_id and version > latest[name]:
            what = f"its log ends with version {latest[name]}, and the table lineage knows a version {version}"
            found.append(Breach(name, row["partition"], what))
    return found
