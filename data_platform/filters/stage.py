"""The stages that judge documents by heuristics: signals once, verdicts as expressions over them, and who passes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform import engine
from data_platform.columns import table
from data_platform.recipe import Filters, Language
from data_platform.stage import Files, Stage, Work, Workspace

_IDENTITY = ("doc_id", "snapshot")


def _write_signals(work: Work) -> Files:
    from daft import col
    from data_platform.filters.signals import quality_signals

    fields = {column.name: column.type for column in table("quality_signals").columns if column.name not in _IDENTITY}
    frame = engine.read(work.lake, work.pin("documents"), [*_IDENTITY, "text"])
    kernel = engine.batch_udf(quality_signals, fields)
    return engine.write(
        work.lake, frame.select(*_IDENTITY, kernel(col("text"))), [engine.Output("quality_signals")]
    )


def judge(
    domain: pa.Array, language: pa.Array, confidence: pa.Array, signals: pa.StructArray, *, filters: Filters,
    languages: Language,
) -> pa.StructArray:
    """Verdicts of one batch: the language cut, then every rule set on the domains that it applies to.

    Returns a struct array with the columns `kept`, `reason` and `failed` of table `filter_verdicts`.
    """
    from data_platform.filters.rules import verdicts

    judged = verdicts(pa.RecordBatch.from_struct_array(signals), dict(filters.rule_sets))
    failed = judged.field("failed")
    if filters.domains:
        exempt = pc.invert(pc.is_in(domain, pa.array(filters.domains)))
        nothing = pa.array([[]] * len(failed), failed.type)
        failed = pc.if_else(exempt, nothing, failed)
    cuts = []
    if languages.languages:
        outside = pc.invert(pc.is_in(language, pa.array(languages.languages)))
        cuts.append(pc.if_else(outside, "language.not_selected", pa.scalar(None, pa.string())))
    unsure = pc.less(confidence, languages.min_confidence)
    cuts.append(pc.if_else(unsure, "language.low_confidence", pa.scalar(None, pa.string())))
    failed = _prepend(cuts, failed)
    reason = pc.list_element(pc.if_else(pc.equal(pc.list_value_length(failed), 0), pa.scalar([""], failed.type),
                                        failed), 0)
    return pa.StructArray.from_arrays([pc.equal(reason, ""), reason, failed], ["kept", "reason", "failed"])


def _prepend(cuts: list[pa.Array], failed: pa.ListArray) -> pa.ListArray:
    """Lists of rules with those of `cuts` that are not null in front, row by row."""
    rows = len(failed)
    parents = [pa.array(range(rows))] * len(cuts) + [pc.list_parent_indices(failed)]
    values = [*cuts, pc.list_flatten(failed)]
    order = [pa.array([position] * len(value), pa.int32()) for position, value in enumerate(values)]
    flat = pa.table({
        "row": pa.concat_arrays([pc.cast(parent, pa.int64()) for parent in parents]),
        "order": pa.concat_arrays(order),
        "rule": pa.concat_arrays([pc.cast(value, pa.string()) for value in values]),
    })
    flat = flat.append_column("place", pa.array(range(flat.num_rows)))
    flat = flat.filter(pc.is_valid(flat["rule"])).sort_by([("row", "ascending"), ("order", "ascending"),
                                                           ("place", "ascending")])
    counts = pa.table({"row": pa.array(range(rows)), "zero": pa.array([0] * rows)}).join(
        flat.group_by("row").aggregate([("rule", "count")]), "row", join_type="left outer"
    ).sort_by("row")["rule_count"].fill_null(0)
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(counts.combine_chunks())])
    return pa.ListArray.from_arrays(offsets.cast(pa.int32()), flat["rule"].combine_chunks())


def _write_verdicts(work: Work) -> Files:
    from daft import col

    names = [column for column in table("quality_signals").column_names if column not in _IDENTITY]
    documents = engine.read(
        work.lake, work.pin("documents"), [*_IDENTITY, "domain", "language", "language_confidence"]
    )
    signals = engine.read(work.lake, work.pin("quality_signals"), ["doc_id", *names])
    frame = documents.join(signals, on="doc_id")
    kernel = engine.batch_udf(
        partial(_judge_columns, names=names, filters=work.recipe.filters, languages=work.recipe.language),
        {name: table("filter_verdicts")[name].type for name in ("kept", "reason", "failed")},
        batch_rows=8_192,
    )
    columns = (col(name) for name in ("domain", "language", "language_confidence", *names))
    return engine.write(work.lake, frame.select(*_IDENTITY, kernel(*columns)), [engine.Output("filter_verdicts")])


def _judge_columns(
    domain: pa.Array, language: pa.Array, confidence: pa.Array, *signals: pa.Array, names: list[str], filters: Filters,
    languages: Language,
) -> pa.StructArray:
    struct = pa.StructArray.from_arrays(list(signals), names)
    return judge(domain, language, confidence, struct, filters=filters, languages=languages)


def _write_filtered(work: Work) -> Files:
    from daft import col

    verdicts = engine.read(work.lake, work.pin("filter_verdicts"), ["doc_id", "kept"]).where(col("kept"))
    documents = engine.read(work.lake, work.pin("documents"), table("filtered_documents").column_names)
    frame = documents.join(verdicts.select("doc_id"), on="doc_id", how="semi")
    return engine.write(work.lake, frame, [engine.Output("filtered_documents")])


def _no_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {}


def _filter_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    language = workspace.recipe.language.model_dump(mode="json", exclude={"model"})
    # A mapping has no order in JSON, and the order of the rule sets decides which reason comes first.
    rule_sets = [[name, thresholds] for name, thresholds in workspace.recipe.filters.rule_sets.items()]
    return {"rule_sets": rule_sets, "domains": list(workspace.recipe.filters.domains), "language": language}


QUALITY_SIGNALS = Stage(
    name="quality_signals", group="filtering", inputs=("documents",), run=_write_signals, config=_no_config,
    code=("data_platform.filters.signals", "data_platform.text"), libraries=("numba",),
)
FILTER_VERDICTS = Stage(
    name="filter_verdicts", group="filtering", inputs=("documents", "quality_signals"), run=_write_verdicts,
    config=_filter_config, code=("data_platform.filters",),
)
FILTERED_DOCUMENTS = Stage(
    name="filtered_documents", group="filtering", inputs=("documents", "filter_verdicts"), run=_write_filtered,
    config=_no_config, code=("data_platform.filters.stage",),
)
