"""The copies that stay: one document of each cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.run.stage import Dropped, Work
from data_platform.run.workspace import Workspace

if TYPE_CHECKING:
    from daft import DataFrame

COPIES = Dropped(
    "duplicates", "kind", lambda snapshot: ~pc.field("kept") & (pc.field("snapshot") == snapshot), "duplicate."
)
"""The copies that do not stay, in the books of whoever writes those that do."""


def kept_documents(work: Work) -> DataFrame:
    """The copies that stay, with the columns of table `deduplicated_documents`."""
    from daft import from_arrow

    from data_platform.duplicates.rehydration import weights

    kept = work.lake.read_table(
        "duplicates", ["doc_id", "cluster_size"], version=work.pin("duplicates").version,
        where=pc.field("kept") & (pc.field("snapshot") == work.snapshot),
    )
    repeated = weights(kept["cluster_size"].to_numpy(), work.recipe.deduplication.rehydration)
    made = ("cluster_size", "rehydration_weight")
    columns = [name for name in table("deduplicated_documents").column_names if name not in made]
    frame = engine.read(work.lake, work.pin("filtered_documents"), columns)
    return frame.join(from_arrow(kept.append_column("rehydration_weight", pa.array(repeated))), on="doc_id")


def weight_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    """The part of the recipe that decides the weights of the copies that stay."""
    return {"rehydration": {str(size): times for size, times in workspace.recipe.deduplication.rehydration.items()}}
