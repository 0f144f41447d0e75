"""Whether a lake is whole: every log, what stands for it, every file, what tables say of each other, and every export.

What a disk, a sync or a slip of the hand may have damaged is looked for, and what others may have changed. Sizes are
asked of all files, in one listing per table; bytes of as many as are wanted, and a sample says what it can have missed.
Logs are read as a whole, whatever was remembered of them. Nothing is changed, and no row is read: whether rows are
proven, the audit tells (`proof/`). Not here: what is done about damage (`repair.py`).
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from data_platform.core.errors import many
from data_platform.core.tables import PLATFORM_LOGS
from data_platform.lake import chain
from data_platform.lake.custody import Custody, CustodyBroken
from data_platform.lake.lake import Lake, LogDamaged, TableMissing
from data_platform.lake.vacuumed import vacuums_of
from data_platform.models.published import faults_of_models
from data_platform.pipeline.repair import NothingToRepair
from data_platform.proof.files import Looked
from data_platform.proof.logs import breaches_of_logs
from data_platform.proof.look import Share
from data_platform.publish.recorded import damage_of, recorded_exports


@dataclass(frozen=True)
class Damage:
    """One thing that is damaged: a table, or an export by its folder, what is wrong with it, and what to do."""

    what: str
    fault: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.fault}; what to do: {self.remedy}"


@dataclass(frozen=True)
class Verified:
    """What came of it.

    Attributes:
        damaged: what is wrong.
        notes: what is to be known, and is no damage.
        tables, exports: how many were asked about.
        files: of how many files the bytes were read.
    """

    damaged: tuple[Damage, ...]
    notes: tuple[str, ...]
    tables: int
    exports: int
    files: Looked

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {"damaged": [asdict(one) for one in self.damaged], "notes": list(self.notes), "tables": self.tables,
                "exports": self.exports, "files": self.files.to_dict()}


def verify(lake: Lake, names: Sequence[str] = (), share: Share = None) -> Verified:
    """Look at tables with the models that they name, all of a lake and its exports if none is named.

    Args:
        share: of how many files, drawn by chance, the bytes are compared with what was committed; of all if None.

    Raises:
        NothingToRepair: if there is no table of a name, and there was none.
    """
    custody, there = Custody(lake), lake.tables()
    known = sorted({*there, *chain.kept(lake)})
    if unknown := sorted(set(names) - set(known)):
        raise NothingToRepair(f"no table {', '.join(unknown)} in {lake.uri}; tables: {', '.join(known) or 'none yet'}")
    wanted = sorted(set(names) or known)
    drawn, looked = _draw(custody, [name for name in wanted if name in there], share)
    found: list[Damage] = []
    for name in wanted:
        remedy = f"data-platform repair {name}"
        found += [Damage(name, fault, remedy) for fault in _faults(lake, custody, name, drawn.get(name, ()))]
        models = faults_of_models(lake, name, contents=share != 0)
        found += [Damage(name, f"{name}: {fault}", remedy) for fault in models]
    if not names or set(names) & set(PLATFORM_LOGS):
        told = {damage.fault for damage in found}
        found += [Damage(breach.table, str(breach), f"data-platform repair {breach.table}")
                  for breach in breaches_of_logs(lake, custody)
                  if str(breach) not in told and (not names or breach.table in names)]
    exports, notes = [], list(_notes(lake, wanted))
    if not names:
        try:
            exports = recorded_exports(lake)
        except LogDamaged:
            exports = []  # of the table `exports` itself, which was told
        for export in exports:
            if not export.is_there:
                notes.append(f"export {export.path} is not there any more: moved or deleted as a whole; "
                             f"data-platform repair --exports writes it again")
                continue
            found += [Damage(f"export {export.path}", f"export {export.path}: {fault}", "data-platform repair")
                      for fault in damage_of(export, contents=share is None)]
    return Verified(tuple(dict.fromkeys(found)), tuple(notes), len(wanted), len(exports), looked)


def _draw(custody: Custody, names: Sequence[str], share: Share) -> tuple[dict[str, set[str]], Looked]:
    """The files whose bytes are read, by table."""
    files = {(name, file.path): file for name in names if custody.readable(name) for file in custody.files(name)}
    every = sorted(files)
    drawn = every if share is None else random.SystemRandom().sample(every, min(share, len(every)))
    chosen: dict[str, set[str]] = {}
    for name, path in drawn:
        chosen.setdefault(name, set()).add(path)
    known = {name: custody.digests(name) for name in chosen}
    return chosen, Looked(len(every), len(drawn), sum(path not in known[name] for name, path in drawn))


def _faults(lake: Lake, custody: Custody, name: str, contents: Collection[str]) -> Iterator[str]:
    """What is wrong with one table: its log and what stands for it, lineage, files, and whether it opens."""
    if not lake.exists(name):
        yield f"{name}: the table is gone, and the platform wrote it"
        return
    try:
        breaches = custody.breaches(name)
        yield from (str(breach) for breach in breaches)
        lake.open(name)
        yield from (str(breach) for breach in custody.altered_files(name, contents=contents))
        yield from (str(breach) for breach in custody.kept_otherwise(name))
    except (CustodyBroken, TableMissing) as error:
        yield f"{name}: {error}".split("; what to do")[0]
        return
    try:
        yield from (str(breach) for breach in custody.unwitnessed(name))
    except CustodyBroken:
        return  # of `lineage` itself, which is told of that


def _notes(lake: Lake, names: Sequence[str]) -> Iterator[str]:
    """What is left undone by runs that were killed, for which the next one makes up; and what was vacuumed."""
    for name in names:
        known = lake.known(name)
        if known is not None and (rows := vacuums_of(lake, name, known.table_id)):
            files = many(sum(len(row["files"]) for row in rows), "file")
            yield f"{name}: vacuumed, the last time on {rows[-1]['vacuumed_at']:%Y-%m-%d}: {files} that nothing needed"
        if name in PLATFORM_LOGS or not lake.exists(name):
            continue
        behind = lake.behind(name)
        if behind:
            yield (f"{name}: table lineage lacks its last commit of {many(behind, 'partition')}, as after a run that "
                   f"was killed; the next run adds it")
