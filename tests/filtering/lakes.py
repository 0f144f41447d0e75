"""A small lake of documents and signals, for tests of what is done with them: no text, no measuring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.run.recipe import Recipe
from data_platform.run.workspace import Workspace

Row = Mapping[str, Any]


def workspace(
    folder: Path, rows: Sequence[Row], filters: Mapping[str, Any], version: str = "1", snapshots: Sequence[str] = (),
    **parts: Any,
) -> Workspace:
    """A workspace whose lake holds a document, its signals and no more for each row.

    A row names a `snapshot`, columns of `documents` and of `quality_signals`; every other column holds zeros.
    `snapshots` may name some without documents, `parts` are other sections of the recipe.
    """
    snapshots = list(dict.fromkeys([*snapshots, *(row["snapshot"] for row in rows)]))
    recipe = Recipe.model_validate({
        "name": "small", "sources": [{"name": name, "snapshot": name, "paths": ["none"]} for name in snapshots],
        "filters": filters, **parts, "mixtures": {"all": {"tokens": 1, "weights": {"web": 1}}},
    })
    lake = Lake(str(folder / "lake"))
    for name in ("documents", "quality_signals"):
        for snapshot in snapshots:
            some = [
                _row(name, {"doc_id": f"{place * 7919 % 104729:032x}", "domain": "web", "language": "en",
                            "language_confidence": 1.0, **row})
                for place, row in enumerate(rows) if row["snapshot"] == snapshot
            ]
            lake.write(name, Partition.of(name, snapshot), pa.Table.from_pylist(some, table(name).schema),
                       Provenance(name, version, {}))
    return Workspace(recipe, lake)


def _row(name: str, values: Row) -> dict[str, Any]:
    return {column.name: values.get(column.name, zero(column.type)) for column in table(name).columns}


def zero(kind: pa.DataType) -> Any:
    """A value of a type that says nothing."""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return ""
    if pa.types.is_temporal(kind):
        return datetime(2024, 1, 1, tzinfo=UTC)
    return False if pa.types.is_boolean(kind) else [] if pa.types.is_list(kind) else 0
