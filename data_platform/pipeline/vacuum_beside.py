"""What lies beside the tables of a lake and nothing needs any more: published models, and what repairs set aside.

A model is needed as long as a file that stays, of a table of models or of one that is set aside, names it; what is
current, what it was made from, and exports hold such files (`vacuum.py`). What publishers that were killed left goes.

What was set aside is needed until something has taken its place: the table that it was of is there and in order, and
has every partition that was set aside. Of the platform's own logs, which are not made again from anything, it stays.

Models and what was set aside stay, too, as long as they are recent. Not here: files of tables (`vacuum.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pyarrow as pa

from data_platform.core.tables import PLATFORM_LOGS, kind_of
from data_platform.lake.chain import LOG
from data_platform.lake.lake import Lake
from data_platform.lake.place import shown
from data_platform.lake.vacuumed import Unneeded
from data_platform.models.published import KIND, MODELS, models_in
from data_platform.pipeline.repair import SET_ASIDE
from data_platform.pipeline.unused import Unused, stored

_DEPTH = {MODELS: 2, SET_ASIDE: 1}
"""How many folders lead to what is kept or goes as a whole."""
BESIDE = tuple(_DEPTH)
"""Folders of a lake beside its tables."""
_File = tuple[str, int, datetime | None]


def unused_beside(lake: Lake, tables: Sequence[Unused], since: datetime) -> list[Unused]:
    """What of models, and of what was set aside, is needed, and what is not.

    Args:
        tables: what was found of all tables of the lake.
        since: what was written or set aside since then is kept.
    """
    aside = _aside(lake, tables, since)
    return [found for found in (_models(lake, [*tables, aside], since), aside) if found.files or _holds(found)]


def remove_empty_folders(lake: Lake, name: str, paths: Iterable[str]) -> None:
    """Remove the folders of files that went, as far as they hold nothing any more; object stores have none. That of all
    models of a name stays, for somebody may be publishing one."""
    if "://" in lake.uri:
        return
    folders = {parent for path in paths for parent in PurePosixPath(path).parents}
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        place = Path(lake.table_uri(name), folder)
        if len(folder.parts) >= _DEPTH[name] and place.is_dir() and not os.listdir(place):
            place.rmdir()


def _holds(found: Unused) -> bool:
    return any(kept.files for kept in found.kept.values())


def _models(lake: Lake, tables: Sequence[Unused], since: datetime) -> Unused:
    found = Unused(MODELS)
    named = set[str]()
    for path in _tables_of_models(lake, tables):
        try:
            named.update(model.place for model in models_in(lake, path))
        except (OSError, pa.ArrowException):
            found.fault = f"{shown(f'{lake.uri}/{path}')} cannot be read, which names some"
    for place, files in _grouped(lake, MODELS).items():
        for path, size, _ in files:
            if place in named:
                found.kept["current"].add(size)
            elif _is_recent(lake, MODELS, place, files, since):
                found.kept["recent"].add(size)
            elif found.fault:
                found.kept["damaged"].add(size)
            else:
                (found.left if PurePosixPath(place).name.startswith(".") else found.old).append(
                    Unneeded(path, size, None))
    return found


def _tables_of_models(lake: Lake, tables: Sequence[Unused]) -> Iterator[str]:
    """The Parquet files that stay of tables of models, also of those that are set aside, by their paths in the lake."""
    for one in tables:
        going = {file.path for file in one.files}
        if one.table != SET_ASIDE and kind_of(one.table) != KIND:
            continue
        for path, _, _ in stored(lake, one.table):
            of = _table_aside(path) if one.table == SET_ASIDE else one.table
            if path.endswith(".parquet") and f"/{LOG}/" not in f"/{path}" and path not in going and kind_of(of) == KIND:
                yield f"{one.table}/{path}"


def _aside(lake: Lake, tables: Sequence[Unused], since: datetime) -> Unused:
    found, sound = Unused(SET_ASIDE), {one.table for one in tables if not one.fault}
    for place, files in _grouped(lake, SET_ASIDE).items():
        is_recent = _is_recent(lake, SET_ASIDE, place, files, since)
        is_replaced = _is_replaced(lake, _table_aside(place), files, sound)
        for path, size, _ in files:
            if is_recent:
                found.kept["recent"].add(size)
            elif not is_replaced:
                found.kept["damaged"].add(size)
            else:
                found.old.append(Unneeded(path, size, None))
    return found


def _is_replaced(lake: Lake, name: str, files: Sequence[_File], sound: set[str]) -> bool:
    """Whether a table is in order that has every partition of what was set aside of it; of models, whether they are
    needed is known by other rows."""
    if name == MODELS:
        return True
    if name in PLATFORM_LOGS or name not in sound or not (known := lake.known(name)):
        return False
    there = {str(PurePosixPath(file.place).parent) for file in known.files()}
    lost = {str(PurePosixPath(*PurePosixPath(path).parts[1:]).parent) for path, _, _ in files
            if path.endswith(".parquet") and f"/{LOG}/" not in path}
    return lost <= there


def _table_aside(path: str) -> str:
    """The table of a path below the folder of what was set aside: `documents-2/...` was of `documents`."""
    return path.split("/")[0].rpartition("-")[0]


def _grouped(lake: Lake, name: str) -> Mapping[str, list[_File]]:
    """The files below a folder of the lake, by the folders that are kept or go as a whole."""
    depth, grouped = _DEPTH[name], dict[str, list[_File]]()
    for file in stored(lake, name):
        parts = file[0].split("/")
        if len(parts) > depth:
            grouped.setdefault("/".join(parts[:depth]), []).append(file)
    return grouped


def _is_recent(lake: Lake, name: str, place: str, files: Sequence[_File], since: datetime) -> bool:
    """Whether a folder, or a file in it, was written, published again or moved since a moment."""
    times = [modified for _, _, modified in files if modified]
    if "://" not in lake.uri:
        state = os.stat(Path(lake.table_uri(name), place))  # a move changes the folder, and no file
        times.append(datetime.fromtimestamp(max(state.st_mtime, state.st_ctime), UTC))
    return not times or max(times) >= since
