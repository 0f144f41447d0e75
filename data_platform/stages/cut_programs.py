"""The stage that writes what becomes of evaluation items and of what repeats: a program per document that has some."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.repetition import cutting, dropping

_IDENTITY = ("doc_id", "snapshot")
_CUTS = pa.schema({"doc_id": pa.string(), "kind": pa.string(), "start": pa.int64(), "end": pa.int64()})
_REASONS = pa.schema({"doc_id": pa.string(), "reason": pa.string()})


def _write(work: Work) -> Files:
    import daft
    from daft import col

    from data_platform.duplicates.cutting import cut_batch, findings

    decontamination = work.recipe.decontamination
    found = findings(*_findings(work))
    fields = {name: table("cut_programs")[name].type for name in table("cut_programs").column_names[2:]}
    kernel = engine.batch_udf(
        partial(
            cut_batch, margin=decontamination.margin if decontamination else 0,
            max_cuts=decontamination.max_cuts if decontamination else 0, min_words=work.recipe.repetition.min_words,
            tokenizer=work.recipe.tokenizer,
        ),
        fields,
    )
    kept = engine.read(work.lake, work.pin("duplicates"), ["doc_id", "kept"]).where(col("kept"))
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    frame = frame.join(kept.select("doc_id"), on="doc_id", how="semi").join(daft.from_arrow(found), on="doc_id")
    written = kernel(*(col(name) for name in ("text", "spans", "reasons")))
    return engine.write(work.lake, frame.select(*_IDENTITY, written), [engine.Output("cut_programs")])


def _findings(work: Work) -> tuple[pa.Table, pa.Table]:
    """What is to be acted upon in one snapshot: spans that go, and reasons why documents go."""
    spans, reasons = [_CUTS.empty_table()], [_REASONS.empty_table()]
    if work.pins_of("duplicate_spans"):
        rows = _of_snapshot(work, "duplicate_spans", ["doc_id", "kind", "start", "end"])
        spans.append(rows.filter(pc.is_in(rows["kind"], pa.array(cutting(work.recipe), pa.string()))))
    if work.pins_of("redundant_documents"):
        rows = _of_snapshot(work, "redundant_documents", ["doc_id", "kind"])
        rows = rows.filter(pc.is_in(rows["kind"], pa.array(dropping(work.recipe), pa.string())))
        # A text within several goes once.
        reasons.append(rows.group_by(["doc_id", "kind"]).aggregate([]).rename_columns(["doc_id", "reason"]))
    if work.pins_of("contamination"):
        rows = _of_snapshot(work, "contamination", ["doc_id", "evaluation_set", "spans", "decision"])
        dropped = rows.filter(pc.equal(rows["decision"], "drop"))
        why = pc.binary_join_element_wise("contaminated", dropped["evaluation_set"], ".")
        reasons.append(pa.table({"doc_id": dropped["doc_id"], "reason": why}))
        cut = rows.filter(pc.equal(rows["decision"], "cut")).combine_chunks()
        some = cut["spans"].combine_chunks()
        flat = some.flatten()
        spans.append(pa.table({
            "doc_id": cut["doc_id"].take(pc.list_parent_indices(some)),
            "kind": pa.array(["contamination"] * len(flat), pa.string()),
            "start": flat.field("start"), "end": flat.field("end"),
        }))
    return (
        pa.concat_tables(rows.cast(_CUTS) for rows in spans), pa.concat_tables(rows.cast(_REASONS) for rows in reasons)
    )


def _of_snapshot(work: Work, name: str, columns: list[str]) -> pa.Table:
    pin = work.pin(name)
    where = None if table(name).partition_by else pc.field("snapshot") == work.snapshot
    return work.lake.read_table(name, columns, partition=pin.partition or None, version=pin.version, where=where)


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.text.tokenizer import tokenizer_name

    recipe = workspace.recipe
    limits = recipe.decontamination.model_dump(include={"margin", "max_cuts"}) if recipe.decontamination else {}
    return {
        "cut": cutting(recipe), "drop": dropping(recipe),
        "min_words": recipe.repetition.min_words, **limits, "tokenizer": tokenizer_name(recipe.tokenizer),
    }


CUT_PROGRAMS = Stage(
    name="cut_programs", group="deduplication", inputs=("filtered_documents", "duplicates"), run=_write, config=_config,
    phase="annotate", books=None,
)
