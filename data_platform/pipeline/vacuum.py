"""Which files of a lake nothing needs any more, and their deletion.

A file of a table is needed if

- the latest version names it;
- it is of a partition at a version that something current was made from, directly or not: followed through the commits,
  pin by pin, with what was written beside each table, as audits, traces and stages that pin earlier snapshots read it;
- it is of an export's version, or of what that was made from: an attestation speaks of it, and a damaged export is
  written again from it;
- it was replaced, or written, since a moment that is given: somebody may be reading what was current then, and what is
  not committed yet may be.

The rest are files that old versions alone name, and files that no version names, which killed writers leave. Versions
that lose files cannot be read any more; their commits, and with them custody, stay as they are. A table that is not
what the platform wrote is left alone, since its way back may be an old version.

Everything is asked again each time, so that a vacuum that was killed is finished by the next. Here belongs what is
needed of tables. Not here: models and what was set aside (`vacuum_beside.py`), what is on record of vacuums
(`lake/vacuumed.py`), and what takedowns delete (`takedown/execute.py`), which goes by rows.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.fs

from data_platform.core.errors import PlainError
from data_platform.core.tables import PLATFORM_LOGS
from data_platform.lake.chain import LOG
from data_platform.lake.custody import Custody, CustodyBroken
from data_platform.lake.lake import Lake
from data_platform.lake.log import Commit, State
from data_platform.lake.vacuumed import Unneeded, Vacuum, delete_files, note, vacuumed_files
from data_platform.lake.writer import filesystem
from data_platform.pipeline.unused import Reason, Unused, stored
from data_platform.pipeline.vacuum_beside import BESIDE, remove_empty_folders, unused_beside
from data_platform.proof.after_takedown import first_of, left_of
from data_platform.publish.recorded import recorded_exports
from data_platform.takedown.execute import unfinished
from data_platform.takedown.removal_list import TAKEDOWN

_WRITTEN = re.compile(rf"(?!{LOG}/).*\.parquet(#\d+)?|{LOG}/([^/]*#\d+|_commit_[^/]*\.tmp)", re.DOTALL)
"""Data files, and what stands beside a file of a table or of its log until it is whole. Nothing else of a log is asked
about: whatever lies there is what readers go by."""

_Row = Mapping[str, Any]


class VacuumRefused(PlainError, RuntimeError):
    """A vacuum cannot tell what is needed. The message says why, and what to do; nothing was deleted."""


def vacuum(lake: Lake, names: Sequence[str], kept_since: datetime, dry: bool = False) -> list[Unused]:
    """Delete the files of tables, all of a lake and what lies beside them if none is named, that nothing needs; says of
    every table what goes.

    Args:
        kept_since: what was replaced or written since then is kept.
        dry: whether nothing is deleted.

    Raises:
        VacuumRefused: if it cannot be told what is needed, or there is no table of a name.
    """
    now = datetime.now(UTC)
    there = lake.tables()
    if unknown := sorted(set(names) - set(there)):
        raise VacuumRefused(f"no table {', '.join(unknown)} in {lake.uri}; tables: {', '.join(there) or 'none yet'}")
    if begun := unfinished(lake):
        name = begun[0]["takedown_id"]
        raise VacuumRefused(f"takedown {name} has begun and is not done: data-platform takedown --resume {name}")
    needed = _Needed(lake, there)
    found = [needed.unused(name, kept_since) for name in there if not names or name in names]
    if not names:
        found += unused_beside(lake, found, kept_since)
    if dry:
        return found
    vacuums = []
    for one in found:
        known = vacuumed_files(lake, one.table, one.table_id) if one.files else {}
        fresh = tuple(file for file in one.files if file.path not in known)
        vacuums.append(Vacuum(one.table, one.table_id, one.version, kept_since, fresh))
    note(lake, vacuums, now)
    for one in found:
        delete_files(lake, one.table, [file.path for file in one.files])
        if one.table in BESIDE:
            remove_empty_folders(lake, one.table, [file.path for file in one.files])
    return found


def kept_since(days: float, oldest_run: datetime | None) -> datetime:
    """The moment since which everything is kept: so many days ago, or when the oldest run that is under way began."""
    moment = datetime.now(UTC) - timedelta(days=days)
    return moment if oldest_run is None else min(moment, oldest_run)


class _Needed:
    """What is needed of a lake's tables, by partition and version."""

    def __init__(self, lake: Lake, names: Sequence[str]) -> None:
        self._lake, self._custody = lake, Custody(lake)
        try:
            self._logs = {name: self._custody.log(name) for name in names}
        except CustodyBroken as error:
            raise VacuumRefused(f"it cannot be told what is needed: {error}") from None
        self._ids = {name: str(State.after(log).settings.get("metaData", {}).get("id", ""))
                     for name, log in self._logs.items()}
        self._commits = {name: _by_place(log) for name, log in self._logs.items() if name not in PLATFORM_LOGS}
        self._beside = self._by_recipe()
        # Versions of partitions, as ascending numbers: of what is current and all behind it, then of exports.
        current = [(name, place, rows[0]["version"]) for name, places in self._commits.items()
                   for place, rows in places.items()]
        self._lineage = self._closure(current)
        self._exports = self._closure(self._exported())

    def unused(self, name: str, since: datetime) -> Unused:
        """What of a table is needed, and what is not."""
        log, custody = self._logs[name], self._custody
        found = Unused(name, self._ids[name], log[-1].version)
        faults = [*custody.breaches(name), *custody.unwitnessed(name), *custody.altered_files(name)]
        if faults:
            found.fault = f"{faults[0]}; what to do: data-platform repair {name}"
        system = filesystem(self._lake.table_uri(name), self._lake.storage_options)
        spans, written = _spans(log), _written(system)
        for path, size, modified in stored(self._lake, name):
            if not _WRITTEN.fullmatch(path):
                continue
            named = spans.get(path, ())
            reason = self._reason(name, named)
            if reason == "current":
                found.kept[reason].add(size)
                continue
            # Where a clock was wrong, the later of the times counts that are on record.
            times = [written.get(named[-1].removed), log[named[-1].removed].committed_at] if named else [modified]
            if reason is None and (not any(times) or max(filter(None, times)) >= since):
                reason = "recent"
            if reason is None and faults:
                reason = "damaged"
            if reason is not None:
                found.kept[reason].add(size)
            elif named:
                found.old.append(Unneeded(path, size, named[-1].added))
            else:
                found.left.append(Unneeded(path, size, None))
        return found

    def _reason(self, name: str, spans: Sequence[_Span]) -> Reason | None:
        """Why a file is needed, by the spans in which versions name it; None if it is not."""
        if spans and spans[-1].removed is None:
            return "current"
        if any(_is_read(self._lineage.get(name, {}), span) for span in spans):
            return "lineage"
        return "exports" if any(_is_read(self._exports.get(name, {}), span) for span in spans) else None

    def _exported(self) -> Iterator[tuple[str, str, int]]:
        """Every partition of the versions that were exported, and the version of the commit that wrote it."""
        for export in recorded_exports(self._lake):
            if self._ids.get(export.table) == export.table_id:
                yield from self._at(export.table, export.version)

    def _at(self, name: str, version: int) -> Iterator[tuple[str, str, int]]:
        """Every partition of a version of a table, and the version of the commit that wrote it."""
        for place, rows in self._commits.get(name, {}).items():
            if row := _last(rows, version):
                yield name, place, row["version"]

    def _closure(self, roots: Iterable[tuple[str, str, int]]) -> dict[str, dict[tuple[str, ...], list[int]]]:
        """Versions of commits, ascending, by table and partition: of those that are given, and of all that they were
        made from, with what was written beside."""
        queue = list(roots)
        seen = set(queue)

        def add(found: Iterable[tuple[str, str, int]]) -> None:
            fresh = set(found) - seen
            seen.update(fresh)
            queue.extend(fresh)

        while queue:
            name, place, version = queue.pop()
            row = _last(self._commits[name][place], version)
            for pin in json.loads(row["inputs"]):
                add(self._pinned(pin))
            add(self._followers(name, row))
            add(one for one in self._beside.get(self._origin(name, row), {}).values() if one[0] != name)
        result: dict[str, dict[tuple[str, ...], list[int]]] = {}
        for name, place, version in sorted(seen):
            result.setdefault(name, {}).setdefault(_parts(place), []).append(version)
        return result

    def _pinned(self, pin: Mapping[str, Any]) -> Iterable[tuple[str, str, int]]:
        """The commits of what was read: of one partition, or of all of a table of which it names none that is known."""
        name, place = pin["table"], pin["partition"]
        if self._ids.get(name) != pin["table_id"]:
            return []  # it was removed since, with all of its versions
        row = _last(self._commits.get(name, {}).get(place, ()), pin["version"])
        return [(name, place, row["version"])] if row else self._at(name, pin["version"])

    def _followers(self, name: str, row: _Row) -> list[tuple[str, str, int]]:
        """What takedowns have left of a commit: it is read in its place."""
        rows = self._commits[name][row["partition"]]
        if rows[0]["version"] == row["version"]:
            return []
        return [(name, row["partition"], one["version"]) for one in left_of(rows, row)]

    def _origin(self, name: str, row: _Row) -> str:
        """The recipe of a commit, or of the one that takedowns left it of."""
        if row["asset_key"] != TAKEDOWN:
            return row["recipe"]
        return first_of(self._commits[name][row["partition"]], row)["recipe"]

    def _by_recipe(self) -> dict[str, dict[tuple[str, str], tuple[str, str, int]]]:
        """The last commit of every partition by the recipe that it carries, or carried before takedowns: tables that
        are written side by side have the same."""
        found: dict[str, dict[tuple[str, str], tuple[str, str, int]]] = {}
        for name, places in self._commits.items():
            for place, rows in places.items():
                for row in rows:
                    side_by_side = found.setdefault(self._origin(name, row), {})
                    side_by_side.setdefault((name, place), (name, place, row["version"]))
        return found


@dataclass(frozen=True)
class _Span:
    """From which version on a table names a file of a partition, and the version that took it out again, if any did."""

    added: int
    removed: int | None
    partition: tuple[str, ...]


def _spans(log: Sequence[Commit]) -> dict[str, list[_Span]]:
    """When versions named files, by path within the table; a version that was put back names some again."""
    found: dict[str, list[_Span]] = {}
    places: dict[str, str] = {}
    for commit in log:
        for path in commit.removes:
            # A file may be put in again by the commit that takes it out.
            if (place := places.get(path)) and found[place][-1].removed is None:
                found[place][-1] = replace(found[place][-1], removed=commit.version)
        for file in commit.adds:
            places[file.path] = file.place
            found.setdefault(file.place, []).append(_Span(commit.version, None, file.partition))
    return found


def _is_read(read: Mapping[tuple[str, ...], list[int]], span: _Span) -> bool:
    """Whether a partition is read at a version that names a file of it."""
    for length in range(len(span.partition) + 1):
        versions = read.get(span.partition[:length], [])
        place = bisect_left(versions, span.added)
        if place < len(versions) and (span.removed is None or versions[place] < span.removed):
            return True
    return False


def _written(system: pyarrow.fs.FileSystem) -> dict[int, datetime | None]:
    """When the entries in the folder of a log were written, by version."""
    infos = system.get_file_info(pyarrow.fs.FileSelector(LOG))
    return {int(info.base_name[:20]): info.mtime for info in infos
            if info.base_name.endswith(".json") and info.base_name[:-5].isdecimal()}


def _by_place(log: Sequence[Commit]) -> dict[str, list[_Row]]:
    """What the platform's commits of data say, by partition, newest first."""
    found: dict[str, list[_Row]] = {}
    for commit in reversed(log):
        if commit.made is not None:
            found.setdefault(commit.made["partition"], []).append({"asset_key": "", **commit.made,
                                                                   "version": commit.version})
    return found


def _last(rows: Sequence[_Row], version: int) -> _Row | None:
    """The last of the commits of a partition, newest first, up to a version."""
    return next((row for row in rows if row["version"] <= version), None)


def _parts(place: str) -> tuple[str, ...]:
    return tuple(place.split("/")) if place else ()
