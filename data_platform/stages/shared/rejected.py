"""Rows of table `rejections` for documents that did not enter a table."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table


def rejection_rows(stage: str, candidates: pa.Table, rejected: pa.Table) -> pa.Table:
    """The documents that did not enter the table of `stage`, as rows of table `rejections`.

    Args:
        candidates: `doc_id`, `snapshot`, `source` and `url` of the documents.
        rejected: `doc_id` and `reason` of those that did not enter.
    """
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
