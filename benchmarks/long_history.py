"""A lake with a long history, as `growth` makes one, in a hundredth of the time: entries of logs are written as they
are, and not through the library of tables.

Every entry says what it would say otherwise: recipe, inputs at their versions, digests, and the link before it, so that
custody finds nothing wrong and a plan finds every partition up to date. Files of `lineage` and `check_results` that are
written again as fewer are not written at all, as if they had been deleted since. Not here: what is measured over such a
lake (`growth`).
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_platform.core.tables import table
from data_platform.lake import archive, chain
from data_platform.lake import lake as commits
from data_platform.lake.chain import CUSTODY_KEY, LOG
from data_platform.lake.lake import Lake, Partition, Pin
from data_platform.lake.ledger import EVERY, forget_all
from data_platform.lake.log import COMMIT_KEY, application_of, recipe_number
from data_platform.run.stage import Stage, provenance
from data_platform.run.workspace import Workspace

_MONTH = 30 * 86_400_000
"""How long ago files were taken out, in milliseconds: a history of this length is not made in a day, for which
checkpoints of the platform's logs say what was taken out."""
_FILES = 64
"""Files of a log of the platform that become one."""


class _Log:
    """The log of a table that is there, carried on by entries that are made here."""

    def __init__(self, lake: Lake, name: str) -> None:
        self.lake, self.name = lake, name
        known = lake.ledger(name)
        self.table_id, self.version, self.link = known.table_id, known.version, known.link
        self.files = {file.partition: file for file in known.files()}

    def commit(
        self, adds: list[dict[str, Any]], digests: Mapping[str, str], removes: list[str], transaction: tuple[str, int],
        said: Mapping[str, Any], metadata: Mapping[str, Any],
    ) -> int:
        """Write the next entry; returns when, in milliseconds."""
        now = int(time.time() * 1000)
        custody = {"table": self.name, "files": digests, "previous": self.link, **said}
        actions: list[tuple[str, Any]] = [("commitInfo", {
            "timestamp": now, "operation": "WRITE", "engineInfo": "benchmark", CUSTODY_KEY: custody, **metadata})]
        actions += [("add", {"modificationTime": now, "dataChange": True, **add}) for add in adds]
        old = {"deletionTimestamp": now - _MONTH, "dataChange": True}
        actions += [("remove", {"path": path, **old}) for path in removes]
        actions.append(("txn", {"appId": transaction[0], "version": transaction[1]}))
        self.version += 1
        path = Path(self.lake.table_uri(self.name), LOG, f"{self.version:020d}.json")
        path.write_text("".join(json.dumps({kind: value}) + "\n" for kind, value in actions), encoding="utf-8")
        self.link = chain.link_after(self.link, actions)
        return now

    def end(self) -> None:
        """Leave what stands for the log as commits leave it, and put away what that allows."""
        self.lake.open(self.name).create_checkpoint()
        chain.keep(self.lake, self.name, self.version)
        forget_all()
        archive.put_away(self.lake, self.name, self.version)


class _Data(_Log):
    """The log of a table of the flow: every partition has one file, a copy of the same."""

    def __init__(self, lake: Lake, name: str) -> None:
        super().__init__(lake, name)
        (self._first,) = self.files.values()
        self._digest = lake.ledger(name).digests[self._first.path]
        self._root = Path(lake.table_uri(name))
        self._paths = {"/".join(self._first.partition): self._first.path}
        self.pins: dict[str, Pin] = {}

    def write(self, stage: Stage, workspace: Workspace, snapshot: str, above: _Data | None) -> dict[str, Any]:
        """Write a partition; returns the row of `lineage` about it."""
        made = provenance(stage, workspace, snapshot, (above.pins[snapshot],) if above else ())
        path = f"snapshot={snapshot}/{uuid.uuid4()}.parquet"
        target = self._root / path
        target.parent.mkdir(exist_ok=True)
        os.link(self._root / self._first.path, target)
        add = {"path": path, "partitionValues": {"snapshot": snapshot}, "size": self._first.bytes,
               "stats": json.dumps({"numRecords": 1})}
        metadata = {COMMIT_KEY: commits._commit_metadata(Partition.of(self.name, snapshot), 1, made)}
        old, self._paths[snapshot] = self._paths.get(snapshot), path
        now = self.commit([add], {path: self._digest}, [old] if old else [],
                          (application_of(self.name, snapshot), recipe_number(made.recipe)), {}, metadata)
        number = f"{recipe_number(made.recipe):015x}"
        self.pins[snapshot] = Pin(self.name, self.table_id, self.version, snapshot, number)
        return commits._row(self.name, self.table_id, self.version, {"timestamp": now, **metadata})


class _Rows(_Log):
    """The log of `lineage` or `check_results`: rows are appended, and their files written again as one."""

    def __init__(self, lake: Lake, name: str) -> None:
        super().__init__(lake, name)
        self._rows = lake.read_in_order(name, table(name).schema.names).to_pylist()
        self._there = {file.path: file.rows for file in lake.ledger(name).files()}

    def append(self, rows: list[dict[str, Any]], transaction: tuple[str, int], said: Mapping[str, Any]) -> None:
        """Append rows; what is in no file of today is not written."""
        self._rows += rows
        path = f"{uuid.uuid4()}.parquet"
        self._add(path, len(rows), 1, "0" * 64, [], transaction, said)
        if len(self._there) > _FILES:
            self._compact(f"000000-9-{uuid.uuid4()}.parquet", 1, "0" * 64)

    def end(self) -> None:
        """Write all rows as one file."""
        writer = self.lake.writer(self.name)
        for batch in pa.Table.from_pylist(self._rows, schema=table(self.name).schema).to_batches(max_chunksize=8_192):
            writer.write(batch)
        (file,) = writer.close()
        target = f"000000-9-{uuid.uuid4()}.parquet"
        root = Path(self.lake.table_uri(self.name))
        (root / file.path).rename(root / target)
        self._compact(target, file.bytes, file.sha256)
        while (self.version + 1) % EVERY:  # where commits leave a checkpoint, which the archive wants
            self._add("", 0, 0, "", [], ("benchmark", self.version), {})
        super().end()

    def _compact(self, path: str, size: int, digest: str) -> None:
        compacts = dict(self._there)
        self._there.clear()
        self._add(path, sum(compacts.values()), size, digest, list(compacts), ("benchmark", self.version),
                  {"compacts": compacts})

    def _add(self, path: str, rows: int, size: int, digest: str, removes: list[str], transaction: tuple[str, int],
             said: Mapping[str, Any]) -> None:
        add = {"path": path, "partitionValues": {}, "size": size, "stats": json.dumps({"numRecords": rows})}
        self._there |= {path: rows} if path else {}
        self.commit([add] if path else [], {path: digest} if path else {}, removes, transaction, said, {})


def write_history(workspace: Workspace, stages: Mapping[str, Stage], rounds: int, checks: int) -> None:
    """Write all snapshots of a workspace so many times, the last time under its setting of now; one is there already.

    Args:
        checks: results per partition.
    """
    lake = workspace.lake
    data = {name: _Data(lake, name) for name in stages}
    lineage, results = _Rows(lake, "lineage"), _Rows(lake, "check_results")
    last = workspace.setting
    for turn in range(rounds):
        workspace.setting = last - rounds + turn + 1
        for snapshot in workspace.snapshots:
            above = None
            for name, stage in stages.items():
                log = data[name]
                row = log.write(stage, workspace, snapshot, above)
                above = log
                seen = {"table": name, "table_id": log.table_id, "version": log.version, "link": log.link}
                lineage.append([row], (f"data_platform/lineage/{log.table_id}", log.version), {"seen": seen})
                results.append([{
                    "table": name, "partition": snapshot, "recipe": log.pins[snapshot].recipe, "version": log.version,
                    "check": f"check {number}", "passed": True, "blocking": True, "detail": "{}", "run_id": "",
                    "checked_at": datetime.now(UTC),
                } for number in range(checks)], ("benchmark", log.version), {})
    for log in (*data.values(), lineage, results):
        log.end()
    forget_all()
