"""The tables of audits: what each auditor of the recipe found in its mixture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_platform.core.kinds.answers import findings_of
from data_platform.core.kinds.auditor import AUDITOR
from data_platform.core.kinds.method import Entry
from data_platform.core.kinds.trainer import model_tables
from data_platform.core.tables import audit_table, mixture_table
from data_platform.lake.lake import Lake, Pin
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.models import models_of


def audit_stages(recipe: Recipe) -> list[Stage]:
    """One stage per entry of the recipe's `audits`."""
    return [
        Stage(
            name=entry.table, table=audit_table(entry.name), group="audits",
            inputs=(mixture_table(entry.settings.mixture).name, *model_tables(entry.models)),
            run=partial(_write, entry=entry), config=partial(_config, entry=entry), partitioned=AUDITOR.partitioned,
            pool=entry.method.pool, methods=(entry.method,), phase=AUDITOR.phase, books=None,
        )
        for entry in recipe.audits.values()
    ]


@dataclass(frozen=True)
class _Pinned:
    """A mixture at the version that the audit reads."""

    lake: Lake
    pin: Pin

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Columns of its rows, batch by batch."""
        return iter(self.lake.read(self.pin.table, list(columns), version=self.pin.version))


def _write(work: Work, entry: Entry) -> Files:
    folders = {name: Path(folder) for name, (_, folder) in models_of(work, entry.models).items()}
    found = entry.made(folders).audit(_Pinned(work.lake, work.pin(work.stage.inputs[0])))
    found = findings_of(entry.method, found, work.stage.declared.schema)
    return work.files(found.sort_by([("subject", "ascending"), ("measure", "ascending")]))


def _config(workspace: Workspace, snapshot: str | None, entry: Entry) -> Mapping[str, Any]:
    return entry.config()
