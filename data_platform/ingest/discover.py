"""From the sources of a recipe to the archives that are there: snapshots found by listing, then archives of each.

Not here: reading an archive (`crawl.py`, `files.py`), listing one place (`sources.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from data_platform.core.settings import SNAPSHOT, home
from data_platform.ingest.settings import SNAPSHOT_PLACEHOLDER, EnvironmentFiles, EnvironmentPages, Source
from data_platform.ingest.sources import Archive, SourceError, list_matches, resolve

_SNAPSHOT = TypeAdapter(Annotated[str, Field(pattern=SNAPSHOT)])
_SET_ASIDE = (".", "_")
"""What names begin with that are no data: hidden folders, and those that Hadoop and Spark keep for themselves."""


class Listed(NamedTuple):
    """What listing found: sources, each of one snapshot, and in words what was passed over."""

    sources: list[Source]
    passed_over: list[str]


def expand(stated: Sequence[Source], known: Callable[[str], Iterable[str]] = lambda source: ()) -> Listed:
    """The sources, each of one snapshot: one per snapshot found where paths hold the placeholder.

    An expanded source is called <source>-<snapshot>. A place that holds no snapshot yet gives no source: a folder that
    is watched may be empty. What is called as no snapshot can be is passed over, and keeps no other from being found.
    Of a source that cannot be listed now, the snapshots that are known are there: so they do not count as gone, wait
    for it by themselves, and other sources go on.

    Args:
        known: gives the snapshots that a source was found to have before.

    Raises:
        SourceError: if a source cannot be listed, and none of its snapshots is known.
    """
    sources: list[Source] = []
    passed_over: list[str] = []
    for source in stated:
        if source.snapshot is not None:
            sources.append(source)
            continue
        try:
            found = {name for path in source.paths for name in _names(path) if not name.startswith(_SET_ASIDE)}
        except SourceError as error:
            if not (found := set(known(source.name))):
                raise
            passed_over.append(f"source {source.name}: cannot be listed, so what arrived is not known: {error}")
        for snapshot in sorted(found):
            if not _can_name(snapshot):
                passed_over.append(f"source {source.name}: {snapshot!r} cannot name a snapshot and is passed over; use "
                                   f"letters, digits, blanks within, and . _ - + = @ & ' ( )")
                continue
            paths = tuple(path.replace(SNAPSHOT_PLACEHOLDER, snapshot) for path in source.paths)
            values = {**source.model_dump(), "name": f"{source.name}-{snapshot}", "snapshot": snapshot, "paths": paths}
            sources.append(type(source).model_validate(values))
    return Listed(sources, passed_over)


def _can_name(snapshot: str) -> bool:
    """Whether a recipe could name the snapshot, and Dagster a partition."""
    try:
        _SNAPSHOT.validate_python(snapshot)
    except ValidationError:
        return False
    return "..." not in snapshot


def _names(path: str) -> Iterator[str]:
    """Names that stand at the placeholder in the paths that exist."""
    tokens = {SNAPSHOT_PLACEHOLDER: "(?P<snapshot>[^/]+?)", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\{snapshot\}|\*\*|[*?])", path.split("://", 1)[-1].removeprefix("./"))
    first, *others = "".join(tokens.get(part, re.escape(part)) for part in parts).split(tokens[SNAPSHOT_PLACEHOLDER])
    pattern = re.compile(f"(?s:{first}{tokens[SNAPSHOT_PLACEHOLDER]}{'(?P=snapshot)'.join(others)}/?)\\Z")
    for match in list_matches(path.replace(SNAPSHOT_PLACEHOLDER, "*")):
        if hit := pattern.search(match):
            yield hit["snapshot"]


def archives_of(source: Source) -> list[Archive]:
    """The archives of a source of one snapshot, sorted by name.

    Raises:
        SourceError: if something is missing or cannot be read; the message names source and path.
    """
    if isinstance(source, EnvironmentPages | EnvironmentFiles):
        from data_platform.ingest.installed_archives import environment_archives

        return environment_archives(source, home() / "environment")
    return resolve(source)
