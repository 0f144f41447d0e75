"""What derived texts are made of, as table `parents` says now.

Not here: what it said when a version of another table was made (`proof/way.py`).
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.lake.lake import Lake


def parents_of(lake: Lake, ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Ids of the documents that those of `ids` are made of which were made of others, each once."""
    if not lake.exists("parents"):
        return pa.chunked_array([], pa.string())
    wanted = pc.field("derived_id").isin(ids.combine_chunks())
    rows = lake.read("parents", ["parent_id"], where=wanted, batch_rows=65_536)
    return pa.chunked_array([pa.chunked_array([batch.column(0).unique() for batch in rows], pa.string()).unique()])


def with_parents(lake: Lake, rows: pa.Table) -> pa.Table:
    """Rows with `doc_id` and other columns of strings, and such rows of all documents that any of them is made of.

    Of a parent that is not among the deduplicated documents any more nothing but the id is known.
    """
    parents = parents_of(lake, rows["doc_id"])
    if not len(parents):
        return rows
    where = pc.field("doc_id").isin(parents.combine_chunks())
    there = lake.read_table("deduplicated_documents", rows.column_names, where=where)
    gone = parents.filter(pc.invert(pc.is_in(parents, there["doc_id"].combine_chunks())))
    empty = pa.repeat(pa.scalar("", pa.string()), len(gone))
    unknown = pa.table({name: gone if name == "doc_id" else empty for name in rows.column_names})
    return pa.concat_tables([rows, there, unknown], promote_options="default")
