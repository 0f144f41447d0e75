"""Entries of logs that were lost, cut or changed, put back from the copies that are kept of them.

A copy is put back only if the history says that it is the entry: the one after it, or what is kept of the table, gives
the link after it. A last entry that was cut off while it was written, before anything was kept of it, was never
committed as far as anybody knows: it is set aside, and the table is what it was before. Not here: what else is done
about a table (`repair.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.fs

from data_platform.lake import chain
from data_platform.lake.chain import LOG, EntryUnreadable, Link
from data_platform.lake.copies import copy_of, last_copied
from data_platform.lake.faults import StoreUnanswered
from data_platform.lake.lake import Lake
from data_platform.lake.writer import filesystem, write_bytes


@dataclass(frozen=True)
class Restored:
    """What became of a log: versions whose entries were put back, and one that was cut off and set aside."""

    versions: tuple[int, ...] = ()
    dropped: int | None = None

    @property
    def words(self) -> list[str]:
        """What was done, in words; nothing if nothing was."""
        said = []
        if self.versions:
            shown = ", ".join(map(str, self.versions[:5])) + (
                f" and {len(self.versions) - 5} more" if len(self.versions) > 5 else "")
            said.append(f"put back the log's entry of version {shown} from the copy that is kept")
        if self.dropped is not None:
            said.append(f"set aside version {self.dropped}, which was cut off while it was written: it is version "
                        f"{self.dropped - 1} again, and the next run makes anew what that lacks")
        return said


def restore_entries(lake: Lake, name: str, aside: str) -> Restored:
    """Put back what can be of the log of a table.

    Args:
        aside: folder within the lake for what lay in the place of entries that were put back.
    """
    there, kept = set(chain.versions_of(lake, name)), chain.kept_of(lake, name)
    end = max([*there, last_copied(lake, name), kept.version if kept else -1], default=-1)
    stated = {version: _stated(_read(lake, name, version) if version in there else None, copy_of(lake, name, version))
              for version in range(end + 1)}
    proven = _proven(lake, name, kept) if kept and kept.digest else {}
    restored, previous = [], ""
    for version in range(end + 1):
        actions = _read(lake, name, version) if version in there else None
        wanted = {proven[version]} if version in proven else set(stated.get(version + 1, ()))
        link = _link(previous, actions)
        if link is not None and (not wanted or link in wanted):
            previous = link
            continue
        copy = copy_of(lake, name, version)
        copied = _link(previous, _actions(copy)) if copy is not None else None
        if copied is not None and (copied in wanted or (not wanted and link is None)):
            _set_aside(lake, name, version, aside)
            write_bytes(filesystem(lake.table_uri(name), lake.storage_options), f"{LOG}/{version:020d}.json", [copy])
            restored.append(version)
            previous = copied
        elif link is None and version == end and version in there and version and (
                kept is None or kept.version < version):
            _set_aside(lake, name, version, aside)
            _system(lake, name).delete_file(f"{LOG}/{version:020d}.json")
            return Restored(tuple(restored), version)
        else:
            previous = link or previous
    return Restored(tuple(restored))


def _proven(lake: Lake, name: str, kept: Link) -> dict[int, str]:
    """The links after versions, from the one that is kept backwards, as far as entries or copies bear each other out:
    whatever else stands there, this is the history that was kept."""
    found, wanted = {}, kept.digest
    for version in range(kept.version, -1, -1):
        found[version] = wanted
        either = (_read(lake, name, version), _actions(copy_of(lake, name, version) or b""))
        actions = next((one for one in either if _link("", one) == wanted), None)
        said = chain.custody_of(actions).get("previous") if actions is not None else None
        if not isinstance(said, str):
            break
        wanted = said
    return found


def _system(lake: Lake, name: str) -> pyarrow.fs.FileSystem:
    return filesystem(lake.table_uri(name), lake.storage_options)


def _set_aside(lake: Lake, name: str, version: int, aside: str) -> None:
    try:
        content = chain.read_bytes(lake, name, version)
    except StoreUnanswered:
        raise
    except OSError:
        return
    if content:
        root = filesystem(lake.uri, lake.storage_options)
        write_bytes(root, f"{aside}/{LOG}/{version:020d}.json", [content])


def _read(lake: Lake, name: str, version: int) -> list[tuple[str, Any]] | None:
    try:
        return _whole(chain.read_entry(lake, name, version))
    except StoreUnanswered:
        raise
    except (EntryUnreadable, OSError):
        return None


def _actions(content: bytes) -> list[tuple[str, Any]] | None:
    try:
        return _whole(chain.actions_of(content))
    except EntryUnreadable:
        return None


def _whole(actions: list[tuple[str, Any]]) -> list[tuple[str, Any]] | None:
    """An entry without any action, or cut off between two, lacks what every commit says of itself, or files that it
    says it adds."""
    adds, said = sum(kind == "add" for kind, _ in actions), chain.custody_of(actions).get("files")
    is_whole = any(kind == "commitInfo" for kind, _ in actions) and (said is None or len(said) == adds)
    return actions if is_whole else None


def _link(previous: str, actions: Sequence[tuple[str, Any]] | None) -> str | None:
    if actions is None:
        return None
    said = chain.custody_of(actions).get("previous")
    return chain.link_after(said if isinstance(said, str) else previous, actions)


def _stated(actions: Sequence[tuple[str, Any]] | None, copy: bytes | None) -> set[str]:
    """The links before an entry, as it and its copy say."""
    every = [actions, _actions(copy) if copy is not None else None]
    said = [chain.custody_of(one).get("previous") for one in every if one is not None]
    return {link for link in said if isinstance(link, str)}
