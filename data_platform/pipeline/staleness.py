"""What a change of heart makes stale: a source that changed its licence or left, a changed ruling, a takedown.

A table is compared with the recipe as it is now by what it was built with, which its commits say all the way back: also
when some of what lies between was made anew already. Belongs here: what changed since, and whether a mixture may be
published. Not here: what is out of date for any other reason (`status.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from data_platform.core.errors import PlainError
from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.run.workspace import Workspace


class NotPublishable(PlainError, RuntimeError):
    """A mixture that must be rebuilt before it leaves the house. The message says why, and what to run."""


class LicenseChanges:
    """The changes of licences since tables were built. Commits are read once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stating = {name: stage for name, stage in stages(workspace.recipe).items() if stage.states_licenses}
        self._history: dict[str, list[dict[str, Any]]] = {}
        self._now: dict[tuple[str, str], Mapping[str, Any]] = {}

    def of(self, name: str, partition: str = "") -> list[str]:
        """What changed since a partition of table `name` was built, in words; empty if nothing did."""
        changes: dict[str, None] = {}
        for commit in self._built_from(name, partition):
            if commit["table"] in self._stating:
                changes |= dict.fromkeys(self._differences(commit))
        return list(changes)

    def _commits(self, name: str) -> list[dict[str, Any]]:
        if name not in self._history:
            self._history[name] = self._workspace.lake.history(name) if self._workspace.lake.exists(name) else []
        return self._history[name]

    def _built_from(self, name: str, partition: str) -> Iterator[dict[str, Any]]:
        """The commit that wrote a partition, and those of all that it was made from."""
        last = next((row for row in self._commits(name) if row["partition"] == partition), None)
        queue, seen = [last] if last else [], set()
        while queue:
            commit = queue.pop()
            yield commit
            for pin in json.loads(commit["inputs"]):
                key = (pin["table"], pin["partition"], pin["version"])
                if key in seen:
                    continue
                seen.add(key)
                queue += [
                    row for row in self._commits(pin["table"])
                    if row["partition"] == pin["partition"] and row["version"] <= pin["version"]
                ][:1]

    def _differences(self, commit: Mapping[str, Any]) -> Iterator[str]:
        before, now = json.loads(commit["config"]), self._stated_now(commit["table"], commit["partition"])
        old, new = before.get("registry") or {}, now.get("registry") or {}
        for source in sorted(old):
            if source not in new:
                # Taken out, or named otherwise: whatever it was built under holds no longer.
                yield f"source {source}: no longer in the recipe"
                continue
            claims = [(claim or {}).get("spdx", "none") for claim in (old[source], new[source])]
            if claims[0] != claims[1]:
                yield f"source {source}: licence {claims[0]} -> {claims[1]}"
        old, new = before.get("known_sources") or {}, now.get("known_sources") or {}
        for source in sorted(old.keys() | new.keys()):
            if old.get(source) != new.get(source):
                yield f"source {source}: what is known of it changed"
        old, new = _rulings(before), _rulings(now)
        for target in sorted(old.keys() | new.keys()):
            if old.get(target) != new.get(target):
                yield f"ruling on {target}: {old.get(target, 'none')} -> {new.get(target, 'none')}"

    def _stated_now(self, name: str, snapshot: str) -> Mapping[str, Any]:
        key = (name, snapshot)
        if key not in self._now:
            self._now[key] = json.loads(json.dumps(self._stating[name].config(self._workspace, snapshot)))
        return self._now[key]


def _rulings(config: Mapping[str, Any]) -> dict[str, str]:
    """What rulings are on, in words, to the licence that they state."""
    result = {}
    for ruling in config.get("rulings") or ():
        target = next(
            f"{field.replace('_', ' ')} {ruling[field]}" for field in ("doc_id", "url", "host", "source")
            if ruling.get(field)
        )
        result[target] = ruling["license"]
    return result


def taken_down_since(lake: Lake, name: str, partition: str = "") -> str | None:
    """The takedown that took rows out of a partition after it was built, until it is built again."""
    from data_platform.takedown.removal_list import TAKEDOWN

    commit = next((row for row in lake.history(name) if row["partition"] == partition), None)
    return commit["run_id"] if commit and commit["asset_key"] == TAKEDOWN else None


def ensure_publishable(workspace: Workspace, name: str) -> None:
    """Refuse a mixture that was built before a licence changed, or that a takedown has left to be rebuilt.

    Raises:
        NotPublishable: with what changed and what to run.
    """
    from data_platform.takedown.execute import unfinished

    lake = workspace.lake
    rebuild = f"run the recipe {workspace.recipe.name} again (data-platform run RECIPE), then export"
    if begun := unfinished(lake):
        raise NotPublishable(f"takedown {begun[0]['takedown_id']} has begun and is not done: nothing is published "
                             f"before it is; data-platform takedown --resume {begun[0]['takedown_id']}")
    every = LicenseChanges(workspace)
    for partition in dict.fromkeys(row["partition"] for row in lake.history(name)):
        if by := taken_down_since(lake, name, partition):
            raise NotPublishable(f"{name} has had rows taken down ({by}) since it was built: {rebuild}")
        if changes := every.of(name, partition):
            raise NotPublishable(f"{name} was built before licences changed ({'; '.join(changes)}): {rebuild}")
