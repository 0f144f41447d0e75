"""The card of a source: what is claimed, traced and seen of its licence, and what that amounts to for its documents.

Here belongs what a lake knows of one source as a whole. Not here: mixtures (`account.py`), and how a chain of known
sources is followed (`licenses/lineage.py`).
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError
from data_platform.lake.lake import Lake
from data_platform.licenses.lineage import summary
from data_platform.proof.lineage import TABLE as LINEAGE
from data_platform.spdx.uses import asks_attribution, asks_share_alike, use_of

_SEEN = ["location", "scope", "license_spdx"]


class NoSource(PlainError, LookupError):
    """A lake holds nothing of a source of that name. The message lists those that it holds."""


def sources_in(lake: Lake) -> list[str]:
    """Names of the sources that a lake holds documents of."""
    if not lake.exists("documents"):
        return []
    names = (pc.unique(batch["source"]).to_pylist() for batch in lake.read("documents", ["source"]))
    return sorted({name for some in names for name in some})


def source_card(lake: Lake, source: str) -> dict[str, Any]:
    """What is known of a source, in plain values: by snapshot, and its chain if it is a known one.

    Raises:
        NoSource: if the lake holds nothing of it.
    """
    rows = lake.read_table("documents", ["doc_id", "snapshot", "token_count"], where=pc.field("source") == source)
    if not rows.num_rows:
        raise NoSource(f"no source {source!r}; sources: {', '.join(sources_in(lake)) or 'none yet'}")
    rows = rows.append_column("license_spdx", _column(lake, "document_licenses", "license_spdx", rows["doc_id"]))
    rows = rows.append_column("license_tier", _column(lake, "document_licenses", "license_tier", rows["doc_id"]))
    known = (lake.read_table(LINEAGE, where=pc.field("source") == source).to_pylist() if lake.exists(LINEAGE) else [])
    return {
        "source": source, "documents": rows.num_rows, "tokens": pc.sum(rows["token_count"]).as_py() or 0,
        "snapshots": sorted(pc.unique(rows["snapshot"]).to_pylist()), "claims": _claims(lake, source),
        "licenses": _licenses(rows), "evidence": _evidence(lake, rows["doc_id"]),
        "known": summary([row for row in known if row["snapshot"] == max(row["snapshot"] for row in known)])
        if known else None,
    }


def _column(lake: Lake, name: str, column: str, doc_ids: pa.ChunkedArray) -> pa.ChunkedArray:
    if not lake.exists(name):
        return pa.chunked_array([pa.nulls(len(doc_ids))])
    found = lake.read_table(name, ["doc_id", column])
    return found[column].take(pc.index_in(doc_ids, found["doc_id"].combine_chunks()))


def _licenses(rows: pa.Table) -> list[dict[str, Any]]:
    """Documents and tokens by what was decided, most tokens first."""
    keys = ["license_spdx", "license_tier"]
    counted = rows.group_by(keys).aggregate([("token_count", "count"), ("token_count", "sum")]).to_pylist()
    return sorted(({
        "license_spdx": row["license_spdx"], "license_tier": row["license_tier"],
        **({"use": use_of(row["license_spdx"]), "attribution": asks_attribution(row["license_spdx"]),
            "share_alike": asks_share_alike(row["license_spdx"])} if row["license_spdx"] else {}),
        "documents": row["token_count_count"], "tokens": row["token_count_sum"] or 0,
    } for row in counted), key=lambda row: (-row["tokens"], str(row["license_spdx"])))


def _evidence(lake: Lake, doc_ids: pa.ChunkedArray) -> list[dict[str, Any]]:
    """What was seen of the licences of the documents, where, and of how many."""
    if not lake.exists("license_evidence"):
        return []
    seen = lake.read_table("license_evidence", ["doc_id", *_SEEN])
    seen = seen.filter(pc.is_in(seen["doc_id"], doc_ids.combine_chunks()))
    counted = seen.group_by(_SEEN).aggregate([("doc_id", "count_distinct")]).to_pylist()
    found = [{**{name: row[name] for name in _SEEN}, "documents": row["doc_id_count_distinct"]} for row in counted]
    return sorted(found, key=lambda row: (-row["documents"], *(row[name] for name in _SEEN)))


def _claims(lake: Lake, source: str) -> list[dict[str, Any]]:
    """What the recipe claimed of the source when its evidence was gathered, by snapshot."""
    found, seen = [], set()
    for commit in lake.history("license_evidence") if lake.exists("license_evidence") else []:
        claim = (json.loads(commit["config"]).get("registry") or {}).get(source)
        if claim and commit["partition"] not in seen:
            found.append({"snapshot": commit["partition"], **claim})
        seen.add(commit["partition"])
    return sorted(found, key=lambda claim: claim["snapshot"])
