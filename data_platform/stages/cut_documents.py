"""The stage that writes the copies that stay, without what their cut programs take from them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.programs.replay import replay
from data_platform.run import engine
from data_platform.run.stage import Dropped, Files, Passing, Stage, Work
from data_platform.stages.shared.copies import COPIES, kept_documents, weight_config


def _write(work: Work) -> Files:
    from daft import col

    columns = ["doc_id", "program", "outcome", "bytes_after", "tokens_after"]
    programs = engine.read(work.lake, work.pin("cut_programs"), columns)
    documents = kept_documents(work).join(programs, on="doc_id", how="left")
    documents = documents.where(col("outcome").is_null() | (col("outcome") != "dropped"))
    made = ("text", "byte_count", "token_count")
    carried = [name for name in table("deduplicated_documents").column_names if name not in made]
    kernel = engine.batch_udf(replay, {"text": pa.large_string(), "byte_count": pa.int64()})
    frame = documents.select(
        *carried, kernel(col("text"), col("program"), col("bytes_after").fill_null(col("byte_count"))),
        col("tokens_after").fill_null(col("token_count")).alias("token_count"),
    )
    return engine.write(work.lake, frame, [engine.Output("deduplicated_documents")])


CUT_DOCUMENTS = Stage(
    name="deduplicated_documents", group="deduplication", inputs=("filtered_documents", "duplicates", "cut_programs"),
    run=_write, config=weight_config, phase="annotate",
    books=Passing((
        COPIES, Dropped("cut_programs", "reason", lambda snapshot: pc.field("outcome") == "dropped", "repetition."),
    )),
    checks=("licenses_current", "sources_stay"), distributions=True,
)
