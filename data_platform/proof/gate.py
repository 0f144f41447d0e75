"""The gate of a mixture: whether all of it is proven from the tables, and if not, why not.

A mixture is proven if every table on its way is what the platform committed, every row has an unbroken chain to its
record and to its evidence, and every licence is what the evidence says and of a tier that the mixture admits. The code
that made the mixture is not asked. Here belongs the verdict. Not here: what follows from it (`assets/gates.py`
blocks, `cli/export.py` refuses).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from data_platform.core.errors import PlainError
from data_platform.core.tables import short_name
from data_platform.lake.custody import CustodyBroken
from data_platform.lake.lake import Lake
from data_platform.proof import uses
from data_platform.proof.examination import Examination, examine
from data_platform.proof.look import CLOSELY, Look
from data_platform.proof.reading import Reader
from data_platform.proof.records import Records, check_records
from data_platform.proof.way import Way, way_of
from data_platform.run.workspace import Workspace


class Unproven(PlainError, RuntimeError):
    """A mixture of which something cannot be proven. The message says what, and how to see all of it."""


@dataclass(frozen=True)
class Proof:
    """What was asked of one version of a mixture, and what came of it."""

    table: str
    version: int
    admitted: tuple[int, ...] | None
    """Tiers that the mixture admits; None for a table that admits all."""
    way: Way
    examination: Examination
    policy: uses.Policy
    """What the mixture was made for, as its own commit names it."""
    records: Records

    @property
    def complete(self) -> bool:
        """Whether nothing was found."""
        return not self.way.breaches and not self.examination.findings

    def counts(self, kind: str) -> dict[str, int]:
        """Rows by finding of one kind: 'chain', 'license' or 'pending'."""
        return {
            f"{finding.table}: {finding.what}": len(finding.rows)
            for finding in self.examination.findings if finding.kind == kind
        }

    def reasons(self) -> list[str]:
        """Everything that was found, in one line each; empty if the proof is complete."""
        counted = {**self.counts("license"), **self.counts("chain"), **self.counts("pending")}
        return [f"{count:,} {'row' if count == 1 else 'rows'}: {what}" for what, count in counted.items()] + [
            str(breach) for breach in self.way.breaches
        ]


def prove(
    lake: Lake, name: str, version: int | None = None, admitted: Sequence[int] | None = None, texts: bool = False,
    look: Look = CLOSELY, workspace: Workspace | None = None,
) -> Proof:
    """Prove a version of a mixture, or of a branch, from the tables.

    Args:
        name: the table.
        admitted: tiers to hold it to; by default those that its own commit names.
        texts: whether to compare texts too: as far as they are passed on unchanged.
        look: how closely is looked at files and records.
        workspace: whose recipe detected the evidence; without it, that is not detected again.

    Raises:
        NotFound: if the platform wrote no such version.
        CustodyBroken: if rows cannot be read, and files or logs on the way are not what the platform wrote.
        CannotExamine: if older code wrote a table on the way, without what is asked for.
    """
    way = way_of(lake, name, version, files=look.files)
    stop = next(iter(way.stops.values()))
    if admitted is None:
        admitted = json.loads(stop.commit["config"]).get("tiers")
    tiers = None if admitted is None else tuple(sorted(admitted))
    policy = uses.Policy.of(json.loads(stop.commit["config"]))
    try:
        examination = examine(lake, way, tiers, texts)
        examination.findings += uses.findings(name, examination.rows, policy)
        made_anew = check_records(Reader(lake), way, examination.rows, look.records, workspace)
    except Exception:
        # What reads Parquet fails in many ways on bytes that were changed. Why it fails is known then.
        if not way.breaches:
            raise
        raise unreadable(name, stop.version, way) from None
    examination.findings.extend(made_anew.findings)
    return Proof(name, stop.version, tiers, way, examination, policy, made_anew)


def unreadable(name: str, version: int, way: Way) -> CustodyBroken:
    """What to raise where rows cannot be read because of breaches: all of them, and what to do."""
    said = "; ".join([*map(str, way.breaches), *ways_out(way).values()])
    return CustodyBroken(f"{name} version {version} cannot be examined: {said}")


def ways_out(way: Way) -> dict[str, str]:
    """What to do about every table on a way that is not what the platform wrote, by name."""
    return {name: way.custody.remedy(name) for name in dict.fromkeys(breach.table for breach in way.breaches)}


def refuse_unproven(
    lake: Lake, name: str, version: int | None = None, workspace: Workspace | None = None
) -> None:
    """Nothing, if the mixture is proven. Arguments as of `prove`.

    Raises:
        Unproven: if it is not.
    """
    proof = prove(lake, name, version, texts=True, workspace=workspace)
    if reasons := proof.reasons():
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        raise Unproven(f"{name} version {proof.version} cannot be proven: {reasons[0]}{more}; "
                       f"see all of it with: data-platform audit {short_name(name)}")
