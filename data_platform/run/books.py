"""The books: for every stage, rows in = rows kept + rows dropped by reason.

Counted from committed tables, at the versions that the stage's own commit names, never from counters of a run: a run
that failed and was launched again cannot spoil them. Not here: what happens when they do not balance (`assets/`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pyarrow.compute as pc

from data_platform.lake.lake import Lake
from data_platform.run.stage import Stage

# Stages whose rows are neither documents nor records: nothing goes in that could come out.
WITHOUT_BOOKS = frozenset({
    "license_evidence", "copy_pairs", "contamination", "passage_hashes", "redundant_documents", "duplicate_spans",
    "cut_programs", "domain_labels", "domain_classifiers", "filter_thresholds", "filter_stop_words",
    "quality_labels",
})


@dataclass(frozen=True)
class Books:
    """Rows that went into a stage, rows that came out, and rows dropped, by reason."""

    incoming: int
    kept: int
    dropped: dict[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """Rows that nobody can account for; negative if there are more rows than went in."""
        return self.incoming - self.kept - sum(self.dropped.values())


def books(lake: Lake, stage: Stage, snapshot: str | None) -> Books | None:
    """The books of one partition of a stage as it was last committed; None for stages that have none.

    Raises:
        TableMissing: if the stage was never run.
    """
    if stage.name in WITHOUT_BOOKS or stage.kind in ("trainer", "auditor"):
        return None
    commit = next(row for row in lake.history(stage.name) if row["partition"] == str(stage.partition(snapshot)))
    inputs = json.loads(commit["inputs"])
    kept = lake.count(stage.name, snapshot if stage.partitioned else None, commit["version"])
    if stage.name == "raw_crawls":
        records = lake.read_table("archives", ["records"], partition=snapshot)["records"]
        incoming = pc.sum(records).as_py() or 0
    else:
        # The first input is the one whose rows pass through; what else is read explains them.
        incoming = sum(
            lake.count(pin["table"], pin["partition"] or None, pin["version"])
            for pin in inputs if pin["table"] == stage.inputs[0]
        )
    return Books(incoming, kept, _dropped(lake, stage, snapshot, inputs))


def _dropped(lake: Lake, stage: Stage, snapshot: str | None, inputs: list[dict[str, Any]]) -> dict[str, int]:
    if "rejections" in stage.sides:
        if not lake.exists("rejections"):
            return {}
        where = pc.field("snapshot") == snapshot if stage.partitioned else None
        return _counts(lake, "rejections", "reason", None, stage.name, where)
    versions = {pin["table"]: pin["version"] for pin in inputs}
    if stage.name in ("refinement_programs", "filtered_documents"):
        counts = _counts(lake, "filter_verdicts", "reason", versions["filter_verdicts"], snapshot, ~pc.field("kept"))
        if stage.name == "filtered_documents":
            where = pc.field("outcome") == "dropped"
            programs = _counts(lake, "refinement_programs", "reason", versions["refinement_programs"], snapshot, where)
            counts |= {f"refinement.{reason}": count for reason, count in programs.items()}
        return counts
    if stage.name == "deduplicated_documents":
        where = ~pc.field("kept") & (pc.field("snapshot") == snapshot)
        counts = _counts(lake, "duplicates", "kind", versions["duplicates"], None, where)
        dropped = {f"duplicate.{kind}": count for kind, count in counts.items()}
        if "cut_programs" in versions:
            where = pc.field("outcome") == "dropped"
            cut = _counts(lake, "cut_programs", "reason", versions["cut_programs"], snapshot, where)
            dropped |= {f"repetition.{reason}": count for reason, count in cut.items()}
        return dropped
    if stage.name.startswith("branch_"):
        own = stage.name.removeprefix("branch_")
        where = pc.field("domain") != own
        counts = _counts(lake, stage.inputs[0], "domain", versions[stage.inputs[0]], snapshot, where)
        return {f"other_domain.{domain}": count for domain, count in counts.items()}
    return {}


def _counts(
    lake: Lake, name: str, column: str, version: int | None, partition: str | None, where: pc.Expression | None
) -> dict[str, int]:
    counts: dict[str, int] = {}
    for batch in lake.read(name, [column], partition=partition, version=version, where=where, batch_rows=65_536):
        for item in pc.value_counts(batch.column(0)).to_pylist():
            counts[item["values"]] = counts.get(item["values"], 0) + item["counts"]
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
