"""From the sources of a recipe to the archives that are there: snapshots found by listing, then archives of each.

Not here: reading an archive (`crawl.py`, `files.py`), listing one place (`sources.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from data_platform.core.settings import NAME, home
from data_platform.ingest.settings import SNAPSHOT_PLACEHOLDER, EnvironmentFiles, EnvironmentPages, Source
from data_platform.ingest.sources import Archive, SourceError, list_matches, resolve


def expand(stated: Sequence[Source]) -> list[Source]:
    """The sources, each of one snapshot: one per snapshot found where paths hold the placeholder.

    An expanded source is called <source>-<snapshot>. A place that holds no snapshot yet gives no source: a folder that
    is watched may be empty.
    """
    sources: list[Source] = []
    for source in stated:
        if source.snapshot is not None:
            sources.append(source)
            continue
        for snapshot in sorted({found for path in source.paths for found in _snapshots(source.name, path)}):
            paths = tuple(path.replace(SNAPSHOT_PLACEHOLDER, snapshot) for path in source.paths)
            values = {**source.model_dump(), "name": f"{source.name}-{snapshot}", "snapshot": snapshot, "paths": paths}
            sources.append(type(source).model_validate(values))
    return sources


def _snapshots(source: str, path: str) -> set[str]:
    """Names that stand at the placeholder in the paths that exist."""
    tokens = {SNAPSHOT_PLACEHOLDER: "(?P<snapshot>[^/]+?)", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\{snapshot\}|\*\*|[*?])", path.split("://", 1)[-1].removeprefix("./"))
    first, *others = "".join(tokens.get(part, re.escape(part)) for part in parts).split(tokens[SNAPSHOT_PLACEHOLDER])
    pattern = re.compile(f"(?s:{first}{tokens[SNAPSHOT_PLACEHOLDER]}{'(?P=snapshot)'.join(others)}/?)\\Z")
    found = set()
    for match in list_matches(path.replace(SNAPSHOT_PLACEHOLDER, "*")):
        if hit := pattern.search(match):
            name = hit["snapshot"]
            if not re.match(NAME, name):
                raise SourceError(
                    f"source {source}: {name!r} cannot name a snapshot; use letters, digits, '.', '_', '-'"
                )
            found.add(name)
    return found


def archives_of(source: Source) -> list[Archive]:
    """The archives of a source of one snapshot, sorted by name.

    Raises:
        SourceError: if something is missing or cannot be read; the message names source and path.
    """
    if isinstance(source, EnvironmentPages | EnvironmentFiles):
        from data_platform.ingest.installed_archives import environment_archives

        return environment_archives(source, home() / "environment")
    return resolve(source)
