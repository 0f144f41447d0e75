"""What became of a commit by takedowns: rows went out of what it wrote, and nothing else changed.

A takedown deletes the files with rows that go, so that a version which was read when a mixture was made may be gone. In
its place stands the commit of the takedown, which says of which recipe it is the rest, as the partition carried it. So
a mixture that had none of the rows is audited on what is left, and needs no run before it can be.

Here belongs how commits follow on each other. Not here: what a takedown does (`data_platform/takedown`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from data_platform.lake.lake import recipe_number
from data_platform.takedown.removal_list import TAKEDOWN


def number_of(commit: Mapping[str, Any]) -> str:
    """The recipe of a commit as pins name it."""
    return f"{recipe_number(commit['recipe']):015x}"


def rest_of(commit: Mapping[str, Any]) -> str | None:
    """The number of the recipe of which a commit is the rest; None if it is no takedown's."""
    if commit["asset_key"] != TAKEDOWN:
        return None
    return (json.loads(commit["config"]).get(TAKEDOWN) or {}).get("of")


def left_of(history: Sequence[Mapping[str, Any]], commit: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The commits of takedowns that follow on a commit, each on the one before it, oldest first.

    Args:
        history: the commits of its table, newest first.
    """
    followed = []
    later = [row for row in reversed(history) if row["partition"] == commit["partition"]
             and row["version"] > commit["version"]]
    for row in later:
        if rest_of(row) != number_of(followed[-1] if followed else commit):
            break
        followed.append(row)
    return followed


def before(history: Sequence[Mapping[str, Any]], commit: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The commits of which a commit is the rest after takedowns, the latest first; none if it is no takedown's."""
    found: list[Mapping[str, Any]] = []
    while (wanted := rest_of(found[-1] if found else commit)) is not None:
        last = found[-1] if found else commit
        earlier = next(
            (row for row in history if row["partition"] == commit["partition"] and number_of(row) == wanted
             and row["version"] < last["version"]), None,
        )
        if earlier is None:
            break
        found.append(earlier)
    return found


def first_of(history: Sequence[Mapping[str, Any]], commit: Mapping[str, Any]) -> Mapping[str, Any]:
    """The commit of a run that a commit is, or of which it is the rest after takedowns."""
    return [commit, *before(history, commit)][-1]
