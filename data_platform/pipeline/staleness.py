"""What a change of heart makes stale: a source that changed its licence or left, a changed ruling, a takedown.

A table is compared with the recipe as it is now by what it was built with, which its commits say all the way back: also
when some of what lies between was made anew already. Belongs here: what of licences changed since. Not here: what is
out of date for any other reason (`status.py`), and what a mixture is held to before it is published (`today.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from data_platform.core.errors import PlainError
from data_platform.pipeline.flow import stages
from data_platform.run.workspace import Workspace


class NotPublishable(PlainError, RuntimeError):
    """A mixture that must be rebuilt before it leaves the house. The message says why, and what to run."""


class LicenseChanges:
    """The changes of licences since tables were built. Commits are read once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stating = {name: stage for name, stage in stages(workspace.recipe).items() if stage.states_licenses}
        self._history: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self._last: dict[tuple[str, str], dict[str, Any] | None] = {}
        self._now: dict[tuple[str, str], Mapping[str, Any]] = {}

    def of(self, name: str, partition: str = "", vanished: bool = True) -> list[str]:
        """What changed since a partition of table `name` was built, in words; empty if nothing did.

        Args:
            vanished: whether it counts that another snapshot is gone, of which a partition has no row. What was read
                with it is stale for that, and made again without it.
        """
        changes: dict[str, None] = {}
        for commit in self.built_from(name, partition):
            if commit["table"] in self._stating and (vanished or not self._is_gone(commit, partition)):
                changes |= dict.fromkeys(self.between(commit))
        return list(changes)

    def _is_gone(self, commit: Mapping[str, Any], partition: str) -> bool:
        """Whether a commit is of a snapshot that no source has any more, and the partition is of another one."""
        snapshot = commit["partition"]
        return bool(partition) and snapshot != partition and snapshot not in self._workspace.snapshots

    def last_commit(self, name: str, partition: str) -> dict[str, Any] | None:
        """The commit that wrote a partition last; None if there is none."""
        return self._commit(name, partition)

    def built_from(
        self, name: str, partition: str | None = "", version: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """The commit that wrote a partition of a version of a table, by default the latest, and those of all that it
        was made from; for all partitions if it is None."""
        places = self._commits(name) if partition is None else [partition]
        queue = [commit for place in places if (commit := self._commit(name, place, version))]
        seen = set()
        while queue:
            commit = queue.pop()
            yield commit
            for pin in json.loads(commit["inputs"]):
                key = (pin["table"], pin["partition"], pin["version"])
                if key in seen:
                    continue
                seen.add(key)
                if made := self._commit(pin["table"], pin["partition"], pin["version"]):
                    queue.append(made)

    def between(self, commit: Mapping[str, Any]) -> Iterator[str]:
        """What is stated of licences now, and was stated otherwise when a commit was made, in words."""
        before, now = json.loads(commit["config"]), self._stated_now(commit["table"], commit["partition"])
        old, new = before.get("registry") or {}, now.get("registry") or {}
        for source in sorted(old):
            if source not in new:
                # Taken out, or named otherwise: whatever it was built under holds no longer.
                yield f"source {source}: no longer in the recipe"
                continue
            if old[source] != new[source]:
                claims = [(claim or {}).get("spdx", "none") for claim in (old[source], new[source])]
                if claims[0] != claims[1]:
                    yield f"source {source}: licence {claims[0]} -> {claims[1]}"
                else:
                    yield f"source {source}: what its licence {claims[0]} is claimed on changed"
        old, new = before.get("known_sources") or {}, now.get("known_sources") or {}
        for source in sorted(old.keys() | new.keys()):
            if old.get(source) != new.get(source):
                yield f"source {source}: what is known of it changed"
        old, new = _rulings(before), _rulings(now)
        for target in sorted(old.keys() | new.keys()):
            if old.get(target) != new.get(target):
                yield f"ruling on {target}: {_licenses(old.get(target))} -> {_licenses(new.get(target))}"

    def _commit(self, name: str, partition: str, version: int | None = None) -> dict[str, Any] | None:
        """The commit that wrote a partition of a version of a table, by default the latest; None if there is none.

        Where that is the last one, as it is for most that is read, no other is read for it.
        """
        lake = self._workspace.lake
        known = lake.known(name)
        last = known.last.get(partition) if known else None
        if last is not None and (version is None or last.version <= version):
            if (name, partition) not in self._last:
                self._last[name, partition] = lake.last_commit(name, partition)
            return self._last[name, partition]
        rows = self._commits(name).get(partition, ())
        return next((row for row in rows if version is None or row["version"] <= version), None)

    def _commits(self, name: str) -> dict[str, list[dict[str, Any]]]:
        """The commits of a table by partition, newest first."""
        if name not in self._history:
            found = self._history.setdefault(name, {})
            for row in self._workspace.lake.history(name) if self._workspace.lake.exists(name) else ():
                found.setdefault(row["partition"], []).append(row)
        return self._history[name]

    def _stated_now(self, name: str, snapshot: str) -> Mapping[str, Any]:
        key = (name, snapshot)
        if key not in self._now:
            self._now[key] = json.loads(json.dumps(self._stating[name].config(self._workspace, snapshot)))
        return self._now[key]


def _rulings(config: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """What rulings are on, in words, to the rulings: there may be several on one thing."""
    result: dict[str, list[Mapping[str, Any]]] = {}
    for ruling in config.get("rulings") or ():
        target = next(
            f"{field.replace('_', ' ')} {ruling[field]}" for field in ("doc_id", "url", "host", "source")
            if ruling.get(field)
        )
        result.setdefault(target, []).append(ruling)
    return result


def _licenses(rulings: list[Mapping[str, Any]] | None) -> str:
    """The licences that rulings on one thing state."""
    return ", ".join(ruling["license"] for ruling in rulings or ()) or "none"
