"""Partitions that a takedown has rewritten, as materialisations by it: Dagster calls them stale, as `status` does.

What made them was not the code of their stage, and so the version of the code that they carry is another than that of
their asset until a run makes them again. Not here: where takedowns stand (`observations.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import dagster as dg
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    DATA_VERSION_TAG,
    INPUT_DATA_VERSION_TAG_PREFIX,
    INPUT_EVENT_POINTER_TAG_PREFIX,
)

from data_platform.assets.names import Names
from data_platform.lake.lake import Lake
from data_platform.run.stage import Stage
from data_platform.takedown.removal_list import TAKEDOWN

_INPUTS = (INPUT_DATA_VERSION_TAG_PREFIX, INPUT_EVENT_POINTER_TAG_PREFIX)


def data_version_of(table_id: str, recipe: str) -> str:
    """The data version that Dagster knows a partition by, of the table's id and the recipe that the partition carries.
    """
    return f"{table_id}@{recipe}"


def rewritten(
    instance: dg.DagsterInstance, lake: Lake, stages: Iterable[Stage], names: Names
) -> Iterator[dg.AssetMaterialization]:
    """Materialisations of what takedowns wrote last, but for those that Dagster knows of."""
    for stage in stages:
        if not lake.exists(stage.name):
            continue
        last: dict[str, str] = {}
        for row in lake.history(stage.name):
            last.setdefault(row["partition"], row["run_id"] if row["asset_key"] == TAKEDOWN else "")
        for partition, takedown_id in last.items():
            if takedown_id and (event := _event(instance, lake, stage, names, partition or None, takedown_id)):
                yield event


def _event(
    instance: dg.DagsterInstance, lake: Lake, stage: Stage, names: Names, snapshot: str | None, takedown_id: str
) -> dg.AssetMaterialization | None:
    key, pin = names.asset(stage.name), lake.pin(stage.name, snapshot)
    version = data_version_of(pin.table_id, pin.recipe)
    known = instance.get_latest_data_version_record(key, is_source=False, partition_key=snapshot)
    before = known.asset_materialization.tags or {} if known and known.asset_materialization else {}
    if before.get(DATA_VERSION_TAG) == version:
        return None
    inputs = {tag: value for tag, value in before.items() if tag.startswith(_INPUTS)}
    return dg.AssetMaterialization(
        key, f"Rows were taken out by {takedown_id}; the next run makes the rest anew.",
        metadata={"takedown": takedown_id, "version": pin.version,
                  "dagster/row_count": lake.count(stage.name, snapshot)},
        partition=snapshot, tags={**inputs, CODE_VERSION_TAG: takedown_id, DATA_VERSION_TAG: version},
    )
