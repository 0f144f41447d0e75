"""The documents among which repetition is looked for: those that stay after clusters, and go for no other reason.

What is contained in others or says the same is found first; then passages are compared among the documents that remain,
so that the first occurrence of a passage is never in a document that goes for another reason.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.run.stage import Work
from data_platform.stages.shared.repetition import dropping


def staying(work: Work) -> pa.Array:
    """The documents that stay after clusters, without those that go as contaminated or for another document."""
    rows = work.rows("duplicates", ["doc_id", "kept"])
    ids = rows.filter(rows["kept"])["doc_id"]
    for gone in _gone(work):
        ids = ids.filter(pc.invert(pc.is_in(ids, gone)))
    return ids.combine_chunks()


def _gone(work: Work) -> Iterator[pa.Array]:
    if work.pins_of("contamination"):
        rows = work.rows("contamination", ["doc_id", "decision"])
        yield rows.filter(pc.equal(rows["decision"], "drop"))["doc_id"].combine_chunks()
    if work.pins_of("redundant_documents"):
        rows = work.rows("redundant_documents", ["doc_id", "kind"])
        kinds = pa.array(dropping(work.recipe), pa.string())
        yield rows.filter(pc.is_in(rows["kind"], kinds))["doc_id"].combine_chunks()


def texts(work: Work, ids: pa.Array) -> Iterator[pa.Table]:
    """Ids, snapshots and texts of some documents of all snapshots, part by part."""
    for pin in work.pins_of("filtered_documents"):
        for rows in work.lake.read_documents(pin, ["doc_id", "text"], ids):
            yield rows.append_column("snapshot", pa.repeat(pin.partition, rows.num_rows))
