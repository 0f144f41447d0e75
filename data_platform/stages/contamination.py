"""The stage that finds items of evaluation sets in documents."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa

from data_platform.core.kinds.pairer import ItemPairer
from data_platform.core.tables import table
from data_platform.methods.decontaminate.ngrams import NgramOverlap
from data_platform.run import engine
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace

_IDENTITY = ("doc_id", "snapshot")


def _write(work: Work) -> Files:
    from daft import col

    from data_platform.methods.decontaminate.items import read_items

    settings = work.recipe.decontamination
    pairer = NgramOverlap(settings)
    index = pairer.index([read_items(name, one) for name, one in sorted(settings.sets.items())])
    actions = {name: one.action or settings.action for name, one in settings.sets.items()}
    fields = {name: table("contamination")[name].type for name in table("contamination").column_names[2:]}
    kernel = engine.batch_udf(
        partial(find_contamination, pairer=pairer, index=index, actions=actions),
        {"found": pa.list_(pa.struct([pa.field(name, type_) for name, type_ in fields.items()]))},
    )
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    frame = frame.select(*_IDENTITY, kernel(col("text"))).where(col("found").list_count() > 0).explode("found")
    return engine.write(
        work.lake, frame.select(*_IDENTITY, col("found").unnest()), [engine.Output("contamination")]
    )


def find_contamination(
    text: pa.Array, *, pairer: ItemPairer, index: Any, actions: Mapping[str, str]
) -> pa.StructArray:
    """What of the evaluation items is in every text of a batch, and what is done about it."""
    found = pairer.find(text, index)
    items = found.values
    sets = items.field("evaluation_set").to_pylist()
    short = items.field("short").to_pylist()
    decisions = ["record" if few else actions[name] for name, few in zip(sets, short, strict=True)]
    names = table("contamination").column_names[2:]
    columns = {"decision": pa.array(decisions, pa.string()), **{name: items.field(name) for name in names[:-1]}}
    rows = pa.StructArray.from_arrays([columns[name] for name in names], names)
    return pa.StructArray.from_arrays([pa.ListArray.from_arrays(found.offsets, rows)], ["found"])


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.methods.decontaminate.items import evaluation_state

    settings = workspace.recipe.decontamination
    config = settings.model_dump(mode="json", exclude={"margin", "max_cuts"})
    for one in config["sets"].values():
        del one["paths"]  # what they hold counts
    return {**config, "files": evaluation_state(settings.sets)}


CONTAMINATION = Stage(
    name="contamination", group="deduplication", inputs=("filtered_documents",), run=_write, config=_config,
    phase="filter", books=None, methods=(NgramOverlap,),
)
