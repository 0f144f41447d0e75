"""What deduplication found, told from its tables: rates, largest clusters, sizes as a picture, and evaluation items.

Counted from committed tables, duplicates with the documents at the versions that their own commit names. Ids are told,
texts are not read. Not here: how it is printed (`cli/`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError
from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Pin
from data_platform.run.recipe import Recipe

GROUPS = ("snapshot", "source", "language", "host")
"""What rates are told by."""

RATES = pa.schema({
    "by": pa.string(), "value": pa.string(), "documents": pa.int64(), "duplicates": pa.int64(), "tokens": pa.int64(),
    "duplicate_tokens": pa.int64(),
})
"""One row per value of each of `GROUPS`, those with most duplicates first. Duplicates are the copies that do not stay.
"""

CLUSTERS = pa.schema({
    "cluster_id": pa.string(), "size": pa.int64(), "snapshots": pa.list_(pa.string()), "hosts": pa.int64(),
    "doc_ids": pa.list_(pa.string()),
})
"""The largest clusters: the copy that stays, how many documents there are, their crawls, how many hosts, and ids."""


_BATCH_ROWS = 256


class NothingToScan(PlainError, LookupError):
    """Evaluation items cannot be looked for. The message says what is missing."""


@dataclass(frozen=True)
class SizeBin:
    """Clusters of `least` to `most` documents: how many clusters, and how many documents in them."""

    least: int
    most: int
    clusters: int
    documents: int

    @property
    def label(self) -> str:
        """The sizes as people write them."""
        return f"{self.least:,}" if self.least == self.most else f"{self.least:,} to {self.most:,}"


@dataclass(frozen=True)
class DuplicateReport:
    """Rates as `RATES`, clusters as `CLUSTERS`, sizes in powers of two, and the account of repetition by kind."""

    rates: pa.Table
    clusters: pa.Table
    sizes: list[SizeBin]
    repetition: list[dict[str, Any]]


def duplicate_report(lake: Lake, clusters: int = 10, members: int = 10) -> DuplicateReport:
    """What the latest version of table `duplicates` says, and the tables of repetition as far as there are some.

    Args:
        lake: the lake.
        clusters: how many of the largest clusters are told.
        members: how many ids of each, the one that stays first.

    Raises:
        TableMissing: if there are no clusters yet.
    """
    from daft import DataType, col, lit

    from data_platform.run import engine

    lake.open("duplicates")
    pin = lake.pin("duplicates")
    found = engine.read(lake, pin, ["doc_id", "cluster_id", "cluster_size", "kept"])
    about = engine.read_all(lake, _documents(lake, pin), ["doc_id", *GROUPS, "token_count"])
    rows = about.join(found, on="doc_id")
    one = DataType.int64()
    counted = rows.select(
        *GROUPS, lit(1).cast(one).alias("documents"), (~col("kept")).cast(one).alias("duplicates"),
        col("token_count").alias("tokens"), ((~col("kept")).cast(one) * col("token_count")).alias("duplicate_tokens"),
    )
    rates = [RATES.empty_table()]
    for by in GROUPS:
        sums = counted.groupby(by).sum(*RATES.names[2:]).to_arrow()
        sums = sums.rename_columns(["value", *RATES.names[2:]])
        sums = sums.append_column("by", pa.repeat(by, sums.num_rows)).select(RATES.names).cast(RATES)
        rates.append(sums.sort_by([("duplicates", "descending"), ("documents", "descending"), ("value", "ascending")]))
    heads = found.where(col("kept")).select("cluster_id", "cluster_size").to_arrow()
    heads = heads.sort_by([("cluster_size", "descending"), ("cluster_id", "ascending")])
    largest = heads.filter(pc.greater(heads["cluster_size"], 1)).slice(0, clusters)
    return DuplicateReport(
        pa.concat_tables(rates), _members(rows, largest, members), _sizes(heads["cluster_size"]), _repetition(lake)
    )


def _documents(lake: Lake, duplicates: Pin) -> list[Pin]:
    """The filtered documents that clusters were made of."""
    commit = next(row for row in lake.history("duplicates") if row["version"] <= duplicates.version)
    pins = [Pin(**pin) for pin in json.loads(commit["inputs"])]
    return [pin for pin in pins if pin.table == "filtered_documents"]


def _members(rows: Any, largest: pa.Table, members: int) -> pa.Table:
    """The documents of some clusters, as `CLUSTERS`."""
    from daft import col

    ids = largest["cluster_id"].to_pylist()
    some = rows.where(col("cluster_id").is_in(ids)).select("doc_id", "cluster_id", "snapshot", "host", "kept")
    some = some.to_arrow().sort_by([("kept", "descending"), ("doc_id", "ascending")])
    told = []
    for cluster_id, size in zip(ids, largest["cluster_size"].to_pylist(), strict=True):
        own = some.filter(pc.equal(some["cluster_id"], cluster_id))
        told.append({
            "cluster_id": cluster_id, "size": size, "snapshots": sorted(set(own["snapshot"].to_pylist())),
            "hosts": len(own["host"].unique()), "doc_ids": own["doc_id"].slice(0, members).to_pylist(),
        })
    return pa.Table.from_pylist(told, schema=CLUSTERS)


def _sizes(sizes: pa.ChunkedArray) -> list[SizeBin]:
    counts: dict[int, list[int]] = {}
    for item in pc.value_counts(sizes).to_pylist():
        size, clusters = item["values"], item["counts"]
        found = counts.setdefault(size.bit_length() - 1, [0, 0])
        found[0] += clusters
        found[1] += clusters * size
    return [
        SizeBin(2**power, 2 ** (power + 1) - 1, *counts.get(power, [0, 0]))
        for power in range(max(counts, default=-1) + 1)
    ]


def _repetition(lake: Lake) -> list[dict[str, Any]]:
    """Spans, pairs and cuts by kind: documents, findings, and bytes."""
    account = []
    if lake.exists("duplicate_spans"):
        rows = lake.read_table("duplicate_spans", ["doc_id", "kind", "start", "end"])
        for kind in sorted(rows["kind"].unique().to_pylist()):
            own = rows.filter(pc.equal(rows["kind"], kind))
            account.append({
                "kind": kind, "documents": len(own["doc_id"].unique()), "findings": own.num_rows,
                "bytes": pc.sum(pc.subtract(own["end"], own["start"])).as_py() or 0,
            })
    if lake.exists("redundant_documents"):
        rows = lake.read_table("redundant_documents", ["doc_id", "kind"])
        for kind in sorted(rows["kind"].unique().to_pylist()):
            own = rows.filter(pc.equal(rows["kind"], kind))
            account.append({
                "kind": kind, "documents": len(own["doc_id"].unique()), "findings": own.num_rows, "bytes": 0,
            })
    if lake.exists("cut_programs"):
        rows = lake.read_table("cut_programs", ["outcome", "bytes_before", "bytes_after"])
        for outcome in sorted(rows["outcome"].unique().to_pylist()):
            own = rows.filter(pc.equal(rows["outcome"], outcome))
            lost = pc.sum(pc.subtract(own["bytes_before"], own["bytes_after"])).as_py() or 0
            account.append({
                "kind": f"documents {outcome}", "documents": own.num_rows, "findings": own.num_rows, "bytes": lost
            })
    return account


# -- evaluation items -------------------------------------------------------------------------------------------------


def contamination_report(lake: Lake, recipe: Recipe, snapshots: Sequence[str]) -> tuple[list[dict[str, Any]], pa.Table]:
    """Of every evaluation set how many items and documents were found, and every finding, by id only.

    Returns:
        One account per set: its `items`, those `short` and `wordless`, those `found`, the `documents` they were found
        in, by decision, and the mean `overlap`. And the rows of `contamination` without spans, sorted.

    Raises:
        NothingToScan: if the recipe has no evaluation sets, or none of the snapshots was looked through.
        TableMissing: if nothing was looked for yet.
    """
    from data_platform.methods.decontaminate.items import read_items
    from data_platform.methods.decontaminate.ngrams import NgramOverlap

    if recipe.decontamination is None:
        raise NothingToScan(f"recipe {recipe.name} has no evaluation sets: name them under decontamination.sets")
    lake.open("contamination")
    columns = ["doc_id", "snapshot", "evaluation_set", "item_id", "method", "overlap", "decision"]
    pins = lake.pins("contamination", list(snapshots))
    if not pins:
        raise NothingToScan(f"table contamination has no snapshot {', '.join(snapshots)}")
    rows = [lake.read_table("contamination", columns, partition=pin.partition, version=pin.version) for pin in pins]
    found = pa.concat_tables(rows).sort_by([(name, "ascending") for name in ("evaluation_set", "item_id", "doc_id")])
    accounts = []
    for name, settings in recipe.decontamination.sets.items():
        index = NgramOverlap(recipe.decontamination).index([read_items(name, settings)])
        own = found.filter(pc.equal(found["evaluation_set"], name))
        decided = {
            decision: len(own.filter(pc.equal(own["decision"], decision))["doc_id"].unique())
            for decision in ("drop", "cut", "record")
        }
        accounts.append({
            "evaluation_set": name, "items": len(index.ids), "short": int((index.short & (index.words > 0)).sum()),
            "wordless": int((index.words == 0).sum()), "found": len(own["item_id"].unique()),
            "documents": len(own["doc_id"].unique()), **decided, "overlap": pc.mean(own["overlap"]).as_py(),
        })
    return accounts, found


FINDINGS = pa.schema({
    "id": pa.string(), "evaluation_set": pa.string(), "item_id": pa.string(), "method": pa.string(),
    "overlap": pa.float64(),
})
"""What was found in any table: the key of the row, the item, how, and how much of it."""


def scan_table(
    lake: Lake, recipe: Recipe, name: str, partition: str | None = None, version: int | None = None
) -> pa.Table:
    """Look for the evaluation items of a recipe in any table with a column `text`: rows of `FINDINGS`, sorted.

    Nothing is written. Texts are read in batches; rows are named by the first column of the table's key.

    Raises:
        NothingToScan: if the recipe has no evaluation sets, or the table no text or no such snapshot.
        TableMissing: if there is no such table or version.
    """
    from data_platform.methods.decontaminate.items import read_items
    from data_platform.methods.decontaminate.ngrams import NgramOverlap

    settings, declared = recipe.decontamination, table(name)
    if settings is None:
        raise NothingToScan(f"recipe {recipe.name} has no evaluation sets: name them under decontamination.sets")
    if "text" not in declared:
        raise NothingToScan(f"table {name} has no column text")
    if partition is not None and not declared.partition_by:
        raise NothingToScan(f"table {name} is not divided by snapshot")
    if partition is not None and lake.exists(name) and not lake.pins(name, [partition]):
        raise NothingToScan(f"table {name} has no snapshot {partition}")
    pairer = NgramOverlap(settings)
    index = pairer.index([read_items(each, one) for each, one in sorted(settings.sets.items())])
    key, found = declared.key[0], [FINDINGS.empty_table()]
    for batch in lake.read(name, [key, "text"], partition, version, batch_rows=_BATCH_ROWS):
        overlaps = pairer.find(batch["text"], index)
        items, rows = overlaps.flatten(), pc.list_parent_indices(overlaps)
        columns = [batch[key].cast(pa.string()).take(rows), *(items.field(field) for field in FINDINGS.names[1:])]
        found.append(pa.table(columns, schema=FINDINGS))
    return pa.concat_tables(found).sort_by([(field, "ascending") for field in ("evaluation_set", "item_id", "id")])


# -- pictures ---------------------------------------------------------------------------------------------------------

_BAR, _GAP, _LEFT, _WIDTH = 22, 8, 130, 460


def size_picture(sizes: Sequence[SizeBin]) -> str:
    """A histogram of documents by the size of their cluster, as SVG: one bar per power of two, on a linear scale."""
    total = sum(size.documents for size in sizes) or 1
    longest = max((size.documents for size in sizes), default=1) or 1
    height = len(sizes) * (_BAR + _GAP) + 60
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 210}" height="{height}" '
        'font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="white"/>',
        '<text x="10" y="24" font-size="15">Documents by the size of their cluster</text>',
    ]
    for place, size in enumerate(sizes):
        y = 44 + place * (_BAR + _GAP)
        width = _WIDTH * size.documents / longest
        share = f"{size.documents:,} in {size.clusters:,} clusters ({size.documents / total:.1%})"
        lines += [
            f'<text x="{_LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(size.label)}</text>',
            f'<rect x="{_LEFT}" y="{y}" width="{max(width, 1 if size.documents else 0):.1f}" height="{_BAR}" '
            'fill="#4a6fa5"/>',
            f'<text x="{_LEFT + width + 6:.1f}" y="{y + 15}">{escape(share)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
