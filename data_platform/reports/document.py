"""All that the tables say of one document: where it comes from, how far it came, and what was decided about it why.

What stands in the lake now. Not here: the way back of a row of a mixture, with versions, runs and code
(`proof/trace.py`), and how it is printed (`cli/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.lake.lake import Lake
from data_platform.proof.trace import held_terms_of, unless_taken_down
from data_platform.reports.identity import Known
from data_platform.reports.judged import verdicts_of
from data_platform.reports.rejected import drops_of
from data_platform.reports.texts import tables_with

_MOST_COPIES = 100


def account(lake: Lake, known: Known) -> dict[str, Any]:
    """What is known of a document, as nested plain values without its text.

    Raises:
        TakenDown: if it was taken down, or kept out as what was taken down before.
    """
    doc_id, snapshot = known.doc_id, known.snapshot
    unless_taken_down(lake, doc_id)
    tables = tables_with(lake, doc_id, snapshot)
    verdict = verdicts_of(lake, snapshot, [doc_id]).get(doc_id)
    return {
        "doc_id": doc_id, "own_id": dict(zip(("field", "value"), known.own_id, strict=True)) if known.own_id else None,
        "snapshot": snapshot, "source": known.source, "url": known.url,
        "record": _row(lake, "raw_crawls", known, _RECORD),
        "document": _row(lake, "documents", known, _DOCUMENT),
        "texts": tables,
        "dropped": [asdict(drop) for drop in drops_of(lake, known)],
        "verdict": None if verdict is None else {"kept": verdict.kept, "reason": verdict.reason},
        "rules": [] if verdict is None else [asdict(rule) for rule in verdict.rules],
        "signals": {} if verdict is None else verdict.signals,
        "branch": _row(lake, "document_branches", known),
        "refinement": _row(lake, "refinement_programs", known),
        "license": _row(lake, "document_licenses", known), "terms": _row(lake, "document_terms", known),
        **held_terms_of(lake, [doc_id]),
        "reservation": _row(lake, "reservations", known),
        "evidence": _rows(lake, "license_evidence", known), "credit": _row(lake, "document_credits", known),
        "duplicates": _copies(lake, known),
        "redundant": _rows(lake, "redundant_documents", known),
        "repeated_passages": _rows(lake, "duplicate_spans", known),
        "contamination": _rows(lake, "contamination", known),
        "cuts": _row(lake, "cut_programs", known),
        "scores": _by_entry(lake, known, [*lake.tables("scorer"), *lake.tables("selector")]),
        "mixtures": _by_entry(lake, known, lake.tables("plan")),
    }


_RECORD = ("record_type", "archive", "archive_uri", "offset", "length", "fetched_at", "http_status", "content_type",
           "mime", "charset", "payload_digest", "payload_bytes")
_DOCUMENT = ("title", "language", "language_confidence", "script", "claimed_language", "domain", "byte_count",
             "token_count", "extractor")
_UNTOLD = ("doc_id", "snapshot", "text", "program", "notices")


def _rows(lake: Lake, name: str, known: Known, columns: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Rows of a table that are about a document, without texts; none if there is no such table."""
    if not lake.exists(name):
        return []
    key = "record_id" if name == "raw_crawls" else "doc_id"
    there = lake.table(name).column_names
    names = [column for column in columns or there if column in there and column not in _UNTOLD]
    partition = known.snapshot if "snapshot" in table(name).partition_by else None
    return lake.read_table(name, names, partition=partition, where=pc.field(key) == known.doc_id).to_pylist()


def _row(lake: Lake, name: str, known: Known, columns: Sequence[str] = ()) -> dict[str, Any] | None:
    rows = _rows(lake, name, known, columns)
    return rows[0] if rows else None


def _copies(lake: Lake, known: Known) -> dict[str, Any]:
    """The cluster of a document: its own row, and the others of it; empty for one that was never compared."""
    own = _row(lake, "duplicates", known)
    if own is None:
        return {}
    where = (pc.field("cluster_id") == own["cluster_id"]) & (pc.field("doc_id") != known.doc_id)
    columns = ["doc_id", "snapshot", "source", "kind", "kept", "matched_id", "similarity", "license_spdx",
               "license_tier"]
    others = lake.read_table("duplicates", columns, where=where).sort_by("doc_id")
    return {**own, "others": others.slice(0, _MOST_COPIES).to_pylist()}


def _by_entry(lake: Lake, known: Known, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What tables of entries of the recipe say of a document, by entry; those that do not have it are left out."""
    found = {table(name).entry: _row(lake, name, known) for name in names}
    return {entry: row for entry, row in found.items() if row is not None}
