"""The text of a document at every stage at which the lake holds one, as captured, extracted, refined, cut, mixed.

Not here: what edits between two stages say of themselves (`refinement.py`), how texts are printed (`cli/`).
"""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import no_such
from data_platform.core.tables import PUBLISHED, table
from data_platform.lake.lake import Lake
from data_platform.reports.identity import NoDocument

CAPTURED = "raw_crawls"
_ON_THE_WAY = ("documents", "filtered_documents", "deduplicated_documents")


def text_tables(lake: Lake) -> list[str]:
    """The tables of a lake that hold texts of documents, in the order in which a document passes them."""
    found = [name for name in (CAPTURED, *_ON_THE_WAY) if lake.exists(name)]
    return [*found, *lake.tables("synthesiser"), *(name for kind in reversed(PUBLISHED) for name in lake.tables(kind))]


def tables_with(lake: Lake, doc_id: str, snapshot: str) -> list[str]:
    """Those of `text_tables` in which a document is."""
    return [
        name for name in text_tables(lake)
        if lake.read_table(name, [_key(name)], partition=_partition(name, snapshot),
                           where=pc.field(_key(name)) == doc_id).num_rows
    ]


def texts(lake: Lake, name: str, doc_ids: Collection[str], snapshot: str) -> dict[str, str]:
    """The texts of documents in a table, by doc_id; of `raw_crawls` the payload, decoded as extraction would."""
    key = _key(name)
    where = pc.field(key).isin(pa.array(list(doc_ids), pa.string()))
    partition = _partition(name, snapshot)
    if name != CAPTURED:
        rows = lake.read_table(name, [key, "text"], partition=partition, where=where)
        return dict(zip(rows[key].to_pylist(), rows["text"].to_pylist(), strict=True))
    rows = lake.read_table(name, [key, "payload", "charset", "mime"], partition=partition, where=where).to_pylist()
    return {row[key]: _decoded(row["payload"], row["charset"], "ml" in row["mime"]) for row in rows}


def text_of(lake: Lake, doc_id: str, snapshot: str, stage: str) -> str:
    """The text of a document at one stage.

    Raises:
        NoDocument: if it is not there; the message says at which stages it is.
    """
    there = tables_with(lake, doc_id, snapshot)
    if stage not in there:
        raise NoDocument(f"document {doc_id}: {no_such('text in table', stage, there)}")
    return texts(lake, stage, [doc_id], snapshot)[doc_id]


def _key(name: str) -> str:
    return "record_id" if name == CAPTURED else "doc_id"


def _partition(name: str, snapshot: str) -> str | None:
    return snapshot if "snapshot" in table(name).partition_by else None


def _decoded(payload: bytes, charset: str | None, markup: bool) -> str:
    """The characters of a payload; of what is no text, its bytes as Python writes them."""
    from data_platform.extract.decode import decode

    text = decode(payload, charset, markup=markup)
    return text if isinstance(text, str) else ascii(payload)[2:-1]
