"""The stage that samples a mixture: one table per mixture of the recipe, made of pinned versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import mixture_table, table
from data_platform.mixing.protocol import REJECTED
from data_platform.run import engine
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace


def mixture_stage(name: str) -> Stage:
    """The stage of the mixture called `name` in the recipe."""

    def config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
        return workspace.recipe.mixtures[name].model_dump(mode="json")

    return Stage(
        name=mixture_table(name).name, group="mixtures",
        inputs=("deduplicated_documents", "quality_annotations", "document_licenses"),
        run=_write_mixture, config=config, partitioned=False, sides=("rejections",),
    )


def _write_mixture(work: Work) -> Files:
    from daft import col, from_arrow, lit

    from data_platform.mixing.protocol import REPETITIONS
    from data_platform.mixing.weights import select
    from data_platform.spdx.schemes import mask_of

    name = work.stage.declared.entry
    mixture = work.recipe.mixtures[name]
    candidates = _candidates(work, [REPETITIONS.name] if mixture.rehydrate else [])
    of_class = mask_of(mixture.license_classes, candidates["license_spdx"], candidates["license_basis"])
    selection = select(candidates.filter(of_class), mixture, name)

    others = candidates.filter(pc.invert(of_class))["doc_id"]
    others = pa.table([others, pa.repeat(pa.scalar("license_class"), len(others))], schema=REJECTED)
    rejections = rejection_rows(work.stage.name, candidates, pa.concat_tables([others, selection.rejected]))
    rejected = work.files(rejections, "rejections")

    declared = work.stage.declared.column_names
    licenses = [column for column in declared if column in table("document_licenses") and column not in ("snapshot",)]
    scores = [column for column in declared if column in table("quality_annotations") and column not in ("snapshot",)]
    texts = [column for column in declared if column in table("deduplicated_documents")]
    frame = engine.read_all(work.lake, work.pins_of("deduplicated_documents"), texts)
    frame = frame.join(from_arrow(selection.chosen), on="doc_id")
    frame = frame.join(engine.read_all(work.lake, work.pins_of("quality_annotations"), scores), on="doc_id")
    frame = frame.join(engine.read_all(work.lake, work.pins_of("document_licenses"), licenses), on="doc_id")
    frame = frame.with_columns({"phase": lit(mixture.phase)}).select(*(col(column) for column in declared))
    files = engine.write(work.lake, frame, [engine.Output(work.stage.name)])
    return {**files, **rejected}


def _candidates(work: Work, more: list[str]) -> pa.Table:
    """Narrow columns of every deduplicated document, with its licence and quality score."""
    narrow = ["doc_id", "snapshot", "source", "domain", "url", "token_count", *more]
    result = work.rows("deduplicated_documents", narrow)
    joined = {"document_licenses": ("license_spdx", "license_tier", "license_basis"),
              "quality_annotations": ("quality_score",)}
    for name, columns in joined.items():
        other = work.rows(name, ["doc_id", *columns])
        place = pc.index_in(result["doc_id"], other["doc_id"].combine_chunks())
        for column in columns:
            result = result.append_column(column, other[column].take(place))
    return result


def rejection_rows(stage: str, candidates: pa.Table, rejected: pa.Table) -> pa.Table:
    """The documents that did not enter the table of `stage`, as rows of table `rejections`."""
    rows = candidates.take(pc.index_in(rejected["doc_id"], candidates["doc_id"].combine_chunks()))
    count = rows.num_rows
    columns = {
        "stage": pa.array([stage] * count, pa.string()),
        "snapshot": rows["snapshot"],
        "id": rows["doc_id"],
        "source": rows["source"],
        "archive": pa.array([""] * count, pa.string()),
        "offset": pa.array([-1] * count, pa.int64()),
        "url": rows["url"],
        "record_type": pa.array(["document"] * count, pa.string()),
        "reason": rejected["reason"],
        "detail": pa.array([""] * count, pa.string()),
    }
    return pa.table(columns, schema=table("rejections").schema)
