"""Ways back for tables that are not what the platform wrote.

What is least is tried first, and each time it is asked again whether the table is in order:

1. what a link leads to is put in its place, and entries of the log that are lost, cut or changed are put back from
   their copies (`entries.py`);
2. what stands for the log goes, and is made anew from it: checkpoints, and the link that is kept of the table;
3. a version that holds just what the platform wrote is put back, if its files are as they were committed;
4. of a table of the corpus, files that are damaged are set aside: the next run makes these partitions again from what
   they were made of, and the table keeps its versions;
5. the table is set aside: its folder goes to `_set_aside` in the lake, nothing of it is deleted, and `removed_tables`
   says so. A table of the corpus is then built anew by the next run. Of a log of the platform, the commits whose files
   are as they were committed are carried over, and what other tables still say is added: commits to `lineage`, what
   was taken down to `takedown_list`.

Copies of entries that are not what they were are made again once the log is in order, and models that a table names and
that are not what was published are set aside, so that the next run makes them again.

What was set aside still holds what it held: a takedown that comes later finds it there, and says so. Not here: what is
wrong (`lake/custody.py`), running (`flow.py`).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from data_platform.core.errors import PlainError, many
from data_platform.core.tables import PLATFORM_LOGS, table
from data_platform.lake import chain
from data_platform.lake.archive import put_back
from data_platform.lake.chain import LOG, Link
from data_platform.lake.copies import copy_again, faults_of_copies, last_copied
from data_platform.lake.custody import Commit, Custody, CustodyBroken, digest_of
from data_platform.lake.lake import Lake, TableMissing
from data_platform.lake.ledger import forget_ledger
from data_platform.lake.links import links_of, take_in
from data_platform.lake.writer import filesystem
from data_platform.models.published import MODELS, faults_of_models, models_in
from data_platform.models.store import fault_of
from data_platform.pipeline.entries import restore_entries
from data_platform.proof.logs import breaches_of_logs
from data_platform.takedown.execute import standing_entries

SET_ASIDE = "_set_aside"
_NAMED = 5
"""Partitions that are named."""


class NothingToRepair(PlainError, LookupError):
    """A table that was asked for is neither there, nor was it ever."""


@dataclass(frozen=True)
class Repair:
    """What was wrong with a table, and what was done about it."""

    table: str
    found: tuple[str, ...]
    done: str


def repair(lake: Lake, names: Sequence[str] = ()) -> list[Repair]:
    """Mend tables, all of a lake if none is named; of those that are in order nothing is said.

    Raises:
        NothingToRepair: if there is no table of a name, and there was none.
    """
    broken = {breach.table for breach in breaches_of_logs(lake, Custody(lake))}
    known = sorted({*lake.tables(), *chain.kept(lake), *broken})
    if unknown := sorted(set(names) - set(known)):
        raise NothingToRepair(f"no table {', '.join(unknown)} in {lake.uri}; tables: {', '.join(known) or 'none yet'}")
    done = []
    # What lineage says of others is believed while they are mended: it comes first.
    for name in sorted(set(names) or known, key=lambda name: (name != "lineage", name)):
        if found := faults(lake, name):
            done.append(Repair(name, tuple(found), _mend(lake, name)))
        if copies := _copy_again(lake, name):
            done.append(copies)
        if models := _give_up_models(lake, name):
            done.append(models)
    if done:
        lake.repair_lineage()
    return done


def faults(lake: Lake, name: str) -> list[str]:
    """What is wrong with a table: its log, its files, and whether readers can open it at all."""
    custody = Custody(lake)
    if name in PLATFORM_LOGS:
        found = [str(breach) for breach in breaches_of_logs(lake, custody) if breach.table == name]
    else:
        found = [] if lake.exists(name) else [f"{name}: the table is gone, and the platform wrote it"]
    if lake.exists(name):
        try:
            found += [str(breach) for breach in custody.breaches(name)]
            lake.open(name)
            others = [*custody.unwitnessed(name), *custody.altered_files(name, contents=None)]
            found += [str(breach) for breach in others]
        except (CustodyBroken, TableMissing) as error:
            found.append(str(error))
    return list(dict.fromkeys(found))


def _copy_again(lake: Lake, name: str) -> Repair | None:
    """Make anew what is kept beside a table whose log is in order: copies of entries, and the ledger."""
    custody = Custody(lake)
    if not (found := custody.kept_otherwise(name)):
        return None
    forget_ledger(lake, name)
    count = copy_again(lake, name, [commit.link for commit in custody.log(name)], _place_aside(lake, name))
    return Repair(name, tuple(map(str, found)), f"copied entries of its log again, as {many(count, 'file')}")


def _give_up_models(lake: Lake, name: str) -> Repair | None:
    """Set aside the models of a table that are not what was published: the next run makes them again."""
    if faults(lake, name) or not (found := faults_of_models(lake, name, contents=True)):
        return None
    moved = 0
    for file in lake.known(name).files():
        for model in models_in(lake, f"{name}/{file.place}"):
            if fault_of(model.uri, model.sha256, lake.storage_options, contents=True) and _move(
                    lake, f"{MODELS}/{model.place}", _place_aside(lake, MODELS)):
                moved += 1
    done = f"set aside {many(moved, 'model')}; the next run trains anew what is not there, if a recipe asks for it"
    return Repair(name, tuple(found), done)


def _mend(lake: Lake, name: str) -> str:
    said = []
    for path in links_of(lake, name):
        take_in(lake, path, _place_aside(lake, name))
        said.append(f"put what a link led to in its place: {path}")
    if said:
        forget_ledger(lake, name)
        if not faults(lake, name):
            return "; ".join(said)
    put_back(lake, name)  # checkpoints, which stand for what is archived, may have to go
    said += restore_entries(lake, name, _place_aside(lake, name)).words
    if said and not faults(lake, name):
        return "; ".join(said)
    if lake.exists(name) and Custody(lake).readable(name):
        if _renew(lake, name):
            said.append("wrote what stands for its log anew")
            if not faults(lake, name):
                return "; ".join(said)
        if (version := _put_back(lake, name)) is not None:
            return "; ".join([*said, f"put back version {version}, which is what the platform wrote"])
        if name not in PLATFORM_LOGS and (lost := _give_up_files(lake, name)):
            return "; ".join([*said, lost])
    return "; ".join([*said, _set_aside(lake, name)])


def _give_up_files(lake: Lake, name: str) -> str:
    """Set aside the files of a table that are not as they were committed, if nothing else is wrong with it; says what
    is lost. Nothing, if that is not all."""
    custody = Custody(lake)
    if custody.breaches(name) or custody.unwitnessed(name):
        return ""
    damaged = custody.damaged_files(name)
    if not damaged:
        return ""
    aside = _place_aside(lake, name)
    for file in damaged:
        _move_file(lake, name, file.place, aside)
    places = sorted({"/".join(file.partition) for file in damaged} - {""})
    more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    shown = f" of {', '.join(places[:_NAMED])}{more}" if places else ""
    rows = sum(file.rows for file in damaged)
    return (f"lost: {many(len(damaged), 'file')} with {many(rows, 'row')}{shown}; the next run makes these rows again "
            f"from what they were made of, if a recipe asks for the table")


def _move_file(lake: Lake, name: str, place: str, aside: str) -> None:
    """Move a file of a table out of the way, if it is there; of one that a link leads to, the link."""
    if "://" in lake.uri:
        root = filesystem(lake.uri, lake.storage_options)
        if root.get_file_info(f"{name}/{place}").type == pyarrow.fs.FileType.File:
            root.move(f"{name}/{place}", f"{aside}/{place}")
        return
    parts = Path(place).parts
    steps = [Path(*parts[:length]) for length in range(1, len(parts) + 1)]
    table_folder = Path(lake.table_uri(name))
    moved = next((step for step in steps if (table_folder / step).is_symlink()), steps[-1])
    if (table_folder / moved).is_symlink() or (table_folder / moved).exists():
        target = Path(lake.uri, aside, moved)
        target.parent.mkdir(parents=True, exist_ok=True)
        (table_folder / moved).rename(target)


# -- what stands for the log ------------------------------------------------------------------------------------------


def _renew(lake: Lake, name: str) -> bool:
    """Make anew what readers read in place of the log; says whether there was any."""
    system = filesystem(lake.table_uri(name), lake.storage_options)
    infos = system.get_file_info(pyarrow.fs.FileSelector(LOG, recursive=True))
    files = [info.path.lstrip("/") for info in infos if info.type == pyarrow.fs.FileType.File]
    stands = [
        path for path in files
        if ".checkpoint." in path or path.endswith((".compacted.json", ".crc", "/_last_checkpoint"))
        or path.startswith(f"{LOG}/_sidecars/")
    ]
    for path in stands:
        system.delete_file(path)
    try:
        if any(".checkpoint." in path for path in stands):
            lake.open(name).create_checkpoint()
    except TableMissing:
        return False
    kept = chain.kept_of(lake, name)
    # Gone, or cut: what else knows the end of the log is asked next. Changed, if all else says what the log says.
    missing = kept is None or not kept.digest or _is_borne_out(lake, name, kept)
    if missing:
        chain.keep(lake, name, chain.versions_of(lake, name)[-1])
    return bool(stands) or missing


def _is_borne_out(lake: Lake, name: str, kept: Link) -> bool:
    """Whether a link that is kept contradicts a log that its own links, every copy of an entry, and `lineage` say is
    what was written."""
    custody = Custody(lake)
    commits = custody.log(name)
    if not custody.misses(name, kept) or custody.unwitnessed(name) or not all(commit.linked for commit in commits):
        return False
    last = commits[-1].version
    return last_copied(lake, name) == last and not faults_of_copies(lake, name, [commit.link for commit in commits])


def _put_back(lake: Lake, name: str) -> int | None:
    """Restore the version that holds just what the platform wrote; None if there is none, or its files are not it."""
    custody = Custody(lake)
    version = custody.lawful_version(name)
    if version is None or version == custody.log(name)[-1].version:
        return None
    if custody.altered_files(name, version=version, contents=None):
        return None
    lake.open(name).restore(version, protocol_downgrade_allowed=True)
    return None if faults(lake, name) else version


# -- set aside --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Carried:
    """Rows of one commit of a log that are as they were committed, and its transactions."""

    rows: pa.Table
    transactions: tuple[tuple[str, int], ...]


def _set_aside(lake: Lake, name: str) -> str:
    carried, lost = _carried(lake, name) if name in PLATFORM_LOGS and name != "lineage" else ([], 0)
    place = _move(lake, name, _place_aside(lake, name))
    said = f"set it aside in {place}" if place else "noted that it is gone"
    row = _row(lake, name, place)
    chain.forget(lake, name)
    if name == "lineage":
        said += "; every commit that the logs have is in a new one"
    elif name in PLATFORM_LOGS:
        for commit in carried:
            lake.append(name, commit.rows, *commit.transactions[:1])
        added = _add_entries(lake) if name == "takedown_list" else 0
        rows = sum(commit.rows.num_rows for commit in carried) + added
        said += f"; a new one has {many(rows, 'row')}, and {many(max(0, lost - added), 'row')} are lost"
    else:
        said += "; the next run builds it anew, if a recipe asks for it"
    lake.append("removed_tables", pa.Table.from_pylist([row], schema=table("removed_tables").schema))
    return said


def _move(lake: Lake, name: str, target: str) -> str:
    """Move a folder of a lake out of the way, to a place within it; says where it is now. Nothing, if there is none."""
    root = filesystem(lake.uri, lake.storage_options)
    if "://" not in lake.uri:
        folder = Path(lake.table_uri(name))
        if not (folder.exists() or folder.is_symlink()):
            return ""
        Path(lake.uri, SET_ASIDE).mkdir(exist_ok=True)
        folder.rename(Path(lake.uri, target))
        return target
    infos = root.get_file_info(pyarrow.fs.FileSelector(name, allow_not_found=True, recursive=True))
    files = [info.path for info in infos if info.type == pyarrow.fs.FileType.File]
    for path in files:
        root.move(path, f"{target}/{path.removeprefix(f'{name}/')}")
    return target if files else ""


def _place_aside(lake: Lake, name: str) -> str:
    """A folder within the lake for what is set aside of a table, which there is not yet."""
    root = filesystem(lake.uri, lake.storage_options)
    aside = root.get_file_info(pyarrow.fs.FileSelector(SET_ASIDE, allow_not_found=True, recursive=True))
    taken = {info.path.split("/")[1] for info in aside if "/" in info.path}
    name = next(place for number in itertools.count(1) if (place := f"{name}-{number}") not in taken)
    return f"{SET_ASIDE}/{name}"


def _row(lake: Lake, name: str, place: str) -> dict[str, Any]:
    """What `removed_tables` says of a table that was set aside, as far as its log, or else `lineage`, tells it."""
    root = filesystem(lake.uri, lake.storage_options)
    infos = root.get_file_info(pyarrow.fs.FileSelector(place, recursive=True)) if place else []
    files = sorted((info.path.removeprefix(f"{place}/"), info.size) for info in infos
                   if info.type == pyarrow.fs.FileType.File)
    table_id, version = "", 0
    if lake.exists("lineage"):
        told = [row for row in lake.read_table("lineage", ["table", "table_id", "version"]).to_pylist()
                if row["table"] == name]
        table_id, version = (told[-1]["table_id"], told[-1]["version"]) if told else ("", 0)
    return {
        "table": name, "table_id": table_id, "version": version, "rows": 0, "rows_by_license": "{}",
        "files": len(files), "bytes": sum(size for _, size in files),
        "files_digest": hashlib.sha256("\n".join(f"{path} {size}" for path, size in files).encode()).hexdigest(),
        "removed_at": datetime.now(UTC),
    }


def _carried(lake: Lake, name: str) -> tuple[list[_Carried], int]:
    """What of a log can be carried over: the commits of the platform whose files are as they were committed, and how
    many rows the others had."""
    custody = Custody(lake)
    if not lake.exists(name) or not custody.readable(name):
        return [], 0
    digests, carried, lost = custody.digests(name), [], 0
    for commit in custody.log(name):
        if not commit.ours:
            continue
        rows = _rows(lake, name, commit, digests)
        if rows is None:
            lost += sum(file.rows for file in commit.adds)
        elif commit.adds or commit.transactions:
            carried.append(_Carried(rows, tuple(commit.transactions.items())))
    return carried, lost


def _rows(lake: Lake, name: str, commit: Commit, digests: dict[str, str]) -> pa.Table | None:
    schema = table(name).schema
    system, parts = filesystem(lake.table_uri(name), lake.storage_options), [schema.empty_table()]
    for file in commit.adds:
        found = digest_of(lake, name, file.place)
        if found is None or found != digests.get(file.path, found):
            return None
        with system.open_input_file(file.place) as source:
            parts.append(pq.read_table(source).select(schema.names).cast(schema))
    return pa.concat_tables(parts)


def _add_entries(lake: Lake) -> int:
    """Put on the standing list again what takedowns put on it, as they say it themselves; says how many entries."""
    added = 0
    for takedown_id, rows in standing_entries(lake):
        if lake.append_once("takedown_list", rows, takedown_id):
            added += rows.num_rows
    return added
