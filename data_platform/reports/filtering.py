"""The filter report: what was kept and removed, per crawl and language, and which rule removed it.

Counted from committed tables at the versions that the verdicts' own commit names. Not here: how it is printed
(`cli/`), what would be kept under other thresholds (`sweep.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table_name
from data_platform.filtering.own import NAME as OWN
from data_platform.lake.lake import Lake, Pin

TOTALS = pa.schema({
    "snapshot": pa.string(), "language": pa.string(), "documents": pa.int64(), "tokens": pa.int64(),
    "kept_documents": pa.int64(), "kept_tokens": pa.int64(), "removed_documents": pa.int64(),
    "removed_tokens": pa.int64(),
})
"""One row per crawl and language, in that order."""

RULES = pa.schema({
    "snapshot": pa.string(), "language": pa.string(), "rule": pa.string(), "first_documents": pa.int64(),
    "first_tokens": pa.int64(), "any_documents": pa.int64(), "any_tokens": pa.int64(), "only_documents": pa.int64(),
    "only_tokens": pa.int64(),
})
"""One row per crawl, language and rule that was broken there, by documents removed: where it was the first reason
(these add up to what was removed), where it was broken at all, and where no other rule was."""


STAGES = pa.schema({
    "language": pa.string(), "stage": pa.string(), "documents": pa.int64(), "tokens": pa.int64(),
})
"""One row per language and stage, in the order of the stages: what there was after it."""

ADMISSION = pa.schema({"mixture": pa.string(), "rule": pa.string(), "documents": pa.int64()})
"""One row per mixture and rule of the recipe's own that kept documents out of it, the most frequent first."""


class FilterReport(NamedTuple):
    """`totals` as `TOTALS`, `rules` as `RULES`."""

    totals: pa.Table
    rules: pa.Table


def filter_report(lake: Lake, snapshots: Sequence[str]) -> FilterReport:
    """What the rules of the recipe kept and removed in those of `snapshots` that have verdicts.

    Documents are read without their text, one snapshot after the other, and counted by the engine.

    Raises:
        TableMissing: if there are no verdicts at all.
    """
    lake.open("filter_verdicts")
    totals, rules = [TOTALS.empty_table()], [RULES.empty_table()]
    for pin in lake.pins("filter_verdicts", snapshots):
        some_totals, some_rules = _count(lake, pin)
        totals.append(some_totals)
        rules.append(some_rules)
    order = [("snapshot", "ascending"), ("language", "ascending")]
    return FilterReport(
        pa.concat_tables(totals).sort_by(order),
        pa.concat_tables(rules).sort_by([
            *order, ("first_documents", "descending"), ("any_documents", "descending"), ("rule", "ascending")
        ]),
    )


def stage_report(lake: Lake, snapshots: Sequence[str]) -> pa.Table:
    """What is left of each language after extraction, filters, refinement and deduplication, over `snapshots`.

    Returns:
        A table as `STAGES`; stages that were not run are left out.

    Raises:
        TableMissing: if there are no verdicts at all.
    """
    totals = filter_report(lake, snapshots).totals
    after = {
        "extraction": [totals.select(["language", "documents", "tokens"])],
        "filters": [totals.select(["language", "kept_documents", "kept_tokens"])],
        "refinement": [_by_language(lake, pin) for pin in lake.pins("filtered_documents", snapshots)],
        "deduplication": [_by_language(lake, pin) for pin in lake.pins("deduplicated_documents", snapshots)],
    }
    languages = sorted(set(totals["language"].to_pylist()))
    rows = []
    for stage, parts in after.items():
        counts = dict.fromkeys(languages if parts else (), (0, 0))
        for part in parts:
            for language, *more in zip(*(column.to_pylist() for column in part.columns), strict=True):
                before = counts.get(language, (0, 0))
                counts[language] = (before[0] + more[0], before[1] + more[1])
        rows += [
            {"language": language, "stage": stage, "documents": documents, "tokens": tokens}
            for language, (documents, tokens) in counts.items()
        ]
    rows.sort(key=lambda row: row["language"])
    return pa.Table.from_pylist(rows, STAGES)


def admission_report(lake: Lake, mixtures: Iterable[str], snapshots: Sequence[str]) -> pa.Table:
    """The documents of `snapshots` that mixtures did not admit for a rule of the recipe's own over a score.

    Returns:
        A table as `ADMISSION`; mixtures that keep nothing out, or were never planned, are left out.
    """
    plans = {table_name("plan", mixture): mixture for mixture in mixtures}
    if not lake.exists("rejections"):
        return ADMISSION.empty_table()
    asked = pc.field("stage").isin(pa.array(list(plans), pa.string()))
    asked &= pc.field("snapshot").isin(pa.array(snapshots, pa.string()))
    rows = lake.read_table("rejections", ["stage", "reason"], where=asked)
    rows = rows.filter(pc.starts_with(rows["reason"], f"{OWN}."))
    counted = rows.group_by(["stage", "reason"]).aggregate([([], "count_all")])
    found = pa.table([
        pa.array([plans[stage] for stage in counted["stage"].to_pylist()], pa.string()), counted["reason"],
        counted["count_all"],
    ], ADMISSION.names)
    return found.cast(ADMISSION).sort_by([
        ("mixture", "ascending"), ("documents", "descending"), ("rule", "ascending")
    ])


def _by_language(lake: Lake, pin: Pin) -> pa.Table:
    """Documents and tokens by language."""
    from daft import DataType, col, lit

    from data_platform.run import engine

    frame = engine.read(lake, pin, ["language", "token_count"])
    one = lit(1).cast(DataType.int64())
    counted = frame.select("language", one.alias("documents"), col("token_count").alias("tokens"))
    return counted.groupby("language").sum("documents", "tokens").to_arrow()


def judged_pins(lake: Lake, verdicts: Pin) -> Iterator[Pin]:
    """The inputs that the verdicts of a snapshot were made from, at the versions that were read."""
    commit = next(
        row for row in lake.history("filter_verdicts")
        if row["partition"] == verdicts.partition and row["version"] <= verdicts.version
    )
    return (Pin(**pin) for pin in json.loads(commit["inputs"]))


def _count(lake: Lake, verdicts: Pin) -> tuple[pa.Table, pa.Table]:
    from daft import DataType, col, lit

    from data_platform.run import engine

    documents = next(pin for pin in judged_pins(lake, verdicts) if pin.table == "documents")
    judged = engine.read(lake, documents, ["doc_id", "language", "token_count"]).join(
        engine.read(lake, verdicts, ["doc_id", "kept", "reason", "failed"]), on="doc_id"
    )
    one, tokens = lit(1).cast(DataType.int64()), col("token_count")

    def where(condition, value):
        return condition.cast(DataType.int64()) * value

    by_language = judged.select(
        "language", one.alias("documents"), tokens.alias("tokens"),
        where(col("kept"), one).alias("kept_documents"), where(col("kept"), tokens).alias("kept_tokens"),
    )
    totals = by_language.groupby("language").sum(
        "documents", "tokens", "kept_documents", "kept_tokens"
    ).to_arrow()
    broken = judged.where(~col("kept")).with_column("alone", col("failed").list_count() == 1).explode("failed")
    first = col("reason") == col("failed")
    by_rule = broken.select(
        "language", col("failed").alias("rule"),
        where(first, one).alias("first_documents"), where(first, tokens).alias("first_tokens"),
        one.alias("any_documents"), tokens.alias("any_tokens"),
        where(col("alone"), one).alias("only_documents"), where(col("alone"), tokens).alias("only_tokens"),
    )
    rules = by_rule.groupby("language", "rule").sum(*RULES.names[3:]).to_arrow()
    for what in ("documents", "tokens"):
        totals = totals.append_column(f"removed_{what}", pc.subtract(totals[what], totals[f"kept_{what}"]))
    return _named(totals, verdicts.partition, TOTALS), _named(rules, verdicts.partition, RULES)


def _named(rows: pa.Table, snapshot: str, schema: pa.Schema) -> pa.Table:
    rows = rows.append_column("snapshot", pa.array([snapshot] * rows.num_rows, pa.string()))
    return rows.select(schema.names).cast(schema)
