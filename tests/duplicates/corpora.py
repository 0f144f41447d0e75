"""Small corpora of texts, deduplicated in memory or through a lake, for tests of what comes out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.duplicates.candidates import copy_pairs
from data_platform.duplicates.clusters import find_duplicates
from data_platform.lake.lake import Commit, Lake, Partition, Provenance
from data_platform.methods.duplicates.exact import ExactCopies
from data_platform.methods.duplicates.minhash import MinHash, distinct_shingles, signatures
from data_platform.methods.duplicates.url import UrlCopies, url_hash
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import Recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace

Row = Mapping[str, Any]
DAY = datetime(2024, 1, 1, tzinfo=UTC)
STAGES = ("document_signatures", "copy_pairs", "duplicates", "deduplicated_documents")


def numbered(count: int) -> list[str]:
    """Document ids whose order is not that of their numbers."""
    return [f"{place * 7919 % 104729:032x}" for place in range(count)]


def signed(documents: Sequence[Row], **settings: int) -> pa.Table:
    """Rows with `doc_id`, `snapshot` and `text` (and `url`, if they have one) as `document_signatures`."""
    texts = pa.array([row["text"] for row in documents], pa.large_string())
    urls = pa.array([row.get("url", "") for row in documents], pa.string())
    found = signatures(texts, **settings)
    columns = [pa.array([row[name] for row in documents], pa.string()) for name in ("doc_id", "snapshot")]
    return pa.table([*columns, url_hash(urls), *found.flatten()], schema=table("document_signatures").schema)


def found_pairs(
    documents: pa.Table, snapshot: str, kinds: Collection[str] = ("exact", "minhash"), *verified: Any
) -> pa.Table:
    """The pairs of one snapshot by what copies may have in common; `verified` is handed on to `copy_pairs`."""
    pairers = [pairer(pairer.Settings()) for pairer in (ExactCopies, UrlCopies, MinHash) if pairer.copies in kinds]
    return copy_pairs(documents, snapshot, pairers, *verified)


def pairs_in_turn(
    documents: pa.Table, snapshots: Sequence[str], kinds: Collection[str] = ("exact", "minhash"),
    verify: float | None = None, texts: Mapping[str, str] | None = None, ngram: int = 5,
) -> pa.Table:
    """The pairs of every snapshot in turn, each compared with itself and those before it, as the stage does."""
    found = []
    for place, snapshot in enumerate(snapshots):
        so_far = documents.filter(pc.is_in(documents["snapshot"], pa.array(snapshots[: place + 1])))
        ids = so_far["doc_id"].combine_chunks().sort()

        def shingles(rows: np.ndarray, ids: pa.Array = ids) -> tuple[np.ndarray, np.ndarray]:
            chosen = pa.array([texts[name] for name in ids.take(pa.array(rows)).to_pylist()], pa.large_string())
            lists = distinct_shingles(chosen, ngram)
            return lists.offsets.to_numpy(), lists.values.to_numpy()

        found.append(found_pairs(so_far, snapshot, kinds, verify, shingles))
    return pa.concat_tables(found)


def clustered(documents: pa.Table, pairs: pa.Table, keep: Sequence[str] = (), **columns: Sequence[Any]) -> pa.Table:
    """Table `duplicates` of signatures and pairs; `columns` are what `find_duplicates` needs beside them."""
    count = documents.num_rows
    filled = {"source": ["web"] * count, "license_spdx": ["MIT"] * count, "license_tier": [1] * count, **columns}
    for name, values in filled.items():
        type_ = table("document_licenses")[name].type if name.startswith("license") else None
        documents = documents.append_column(name, pa.array(values, type_))
    return find_duplicates(documents, pairs, keep)


def members(duplicates: pa.Table) -> dict[str, frozenset[str]]:
    """The cluster of every document, as the set of its members."""
    grouped: dict[str, set[str]] = {}
    for doc_id, cluster in zip(duplicates["doc_id"].to_pylist(), duplicates["cluster_id"].to_pylist(), strict=True):
        grouped.setdefault(cluster, set()).add(doc_id)
    return {doc_id: frozenset(cluster) for cluster in grouped.values() for doc_id in cluster}


def workspace(
    folder: Path, snapshots: Sequence[str], engine: Any = "native", repetition: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Workspace:
    """A workspace over a lake in `folder` for a recipe with these snapshots and settings of deduplication."""
    recipe = Recipe.model_validate({
        "name": "small", "engine": engine,
        "sources": [{"name": name, "snapshot": name, "paths": ["none"]} for name in snapshots],
        "deduplication": settings, "repetition": repetition or {},
        "mixtures": {"all": {"tokens": 1, "weights": {"web": 1}}},
    })
    return Workspace(recipe, Lake(str(folder / "lake")))


def fill(lake: Lake, rows: Sequence[Row], files: int = 1) -> None:
    """Write the inputs of deduplication for every snapshot that a row names, each in so many files.

    A row names `doc_id`, `snapshot`, `text`, and columns of `filtered_documents` and `document_licenses` at will.
    """
    for snapshot in dict.fromkeys(row["snapshot"] for row in rows):
        own = [row for row in rows if row["snapshot"] == snapshot]
        for name in ("filtered_documents", "document_licenses", "quality_signals"):
            written = []
            for part in range(files):
                some = pa.Table.from_pylist([_row(name, row) for row in own[part::files]], table(name).schema)
                writer = lake.writer(name)
                for batch in some.to_batches():
                    writer.write(batch)
                written += writer.close()
            place = Partition.of(name, snapshot)
            ids = sorted((row["doc_id"], row["text"]) for row in own)
            lake.replace(name, place, written, Provenance(name, "1", {"rows": ids}), lake.carried(name, place))


def _row(name: str, row: Row) -> dict[str, Any]:
    values = {"source": row["snapshot"], "domain": "web", "language": "en", "license_tier": 1, "license_spdx": "MIT",
              "byte_count": len(row["text"].encode()), **row}
    return {
        column.name: values.get(column.name, _blank(column.type)) for column in table(name).columns
    }


def _blank(type_: pa.DataType) -> Any:
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return ""
    if pa.types.is_boolean(type_):
        return False
    return DAY if pa.types.is_temporal(type_) else 0


def run(work: Workspace, names: Sequence[str] = STAGES) -> dict[str, list[Commit]]:
    """Bring everything about duplicates up to date; the commits by table."""
    flow = stages(work.recipe)
    return {
        name: [execute(flow[name], work, snapshot)
               for snapshot in (work.snapshots if flow[name].partitioned else [None])]
        for name in names
    }


def rows_of(lake: Lake, name: str) -> pa.Table:
    """All rows of a table, sorted by doc_id."""
    keys = [key for key in table(name).key]
    return lake.read_table(name).sort_by([(key, "ascending") for key in keys]).combine_chunks()
