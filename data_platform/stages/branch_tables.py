"""The stages that write one table per branch."""

from __future__ import annotations

import pyarrow.compute as pc

from data_platform.core.tables import branch_table, table
from data_platform.run import engine
from data_platform.run.stage import Dropped, Files, Passing, Stage, Work


def branch_stage(name: str) -> Stage:
    """The stage of the table of one branch."""
    return Stage(
        name=branch_table(name).name, group="branches",
        inputs=("deduplicated_documents", "document_branches", "document_terms"), run=_write,
        config=lambda workspace, snapshot: {}, phase="annotate", checks=("current",),
        books=Passing((
            Dropped("deduplicated_documents", "domain", lambda snapshot: pc.field("domain") != name, "other_domain."),
        )),
    )


def _write(work: Work) -> Files:
    from daft import col

    name, declared = work.stage.declared.entry, work.stage.declared.column_names

    def part(source: str) -> list[str]:
        return [column for column in declared if column in table(source) and column != "snapshot"]

    texts = [*part("deduplicated_documents"), "snapshot"]
    frame = engine.read(work.lake, work.pin("deduplicated_documents"), texts).where(col("domain") == name)
    for source in ("document_branches", "document_terms"):
        others = [column for column in part(source) if column not in texts or column == "doc_id"]
        frame = frame.join(engine.read(work.lake, work.pin(source), others), on="doc_id")
    frame = frame.select(*(col(column) for column in declared))
    return engine.write(work.lake, frame, [engine.Output(work.stage.name)])
