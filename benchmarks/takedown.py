"""Time and memory of the plan of a takedown on a lake of a million documents: `python -m benchmarks.takedown`.

The lake has the tables that are long or that a plan asks, with texts of a fixed size; the bar is that no text is read,
so that the plan of a lake with longer texts takes the same time. There is no peer: none of the pipelines that are
compared with elsewhere takes a document out of what it has written.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from tabulate import tabulate

from benchmarks.common import parser, run_measured
from benchmarks.dedup_lake import doc_id
from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.takedown.execute import Order, Places, plan_takedown
from data_platform.takedown.inventory import open_parquet, stored_table
from data_platform.takedown.plan import Selectors

TABLES = ("raw_crawls", "documents", "quality_signals", "filtered_documents", "document_signatures", "copy_pairs",
          "duplicates", "document_licenses", "deduplicated_documents", "mixture_all")
_BATCH = 10_000
_HOSTS = 20_000


def fill(folder: Path, documents: int, text_bytes: int) -> None:
    """Write the tables of a lake of so many documents, of which every tenth has a copy before it."""
    lake, random = Lake(str(folder)), np.random.default_rng(0)
    for name in TABLES:
        writer, schema = lake.writer(name), table(name).schema
        for start in range(0, documents, _BATCH):
            numbers = range(start, min(start + _BATCH, documents))
            ids = [doc_id(number) for number in numbers]
            copies = [doc_id(number - number % 10) for number in numbers]
            hosts = [f"host{number * 7919 % _HOSTS}.org" for number in numbers]
            given = {
                "doc_id": ids, "record_id": ids, "matched_id": copies, "cluster_id": copies, "host": hosts,
                "url": [f"https://{host}/{number}" for host, number in zip(hosts, numbers, strict=True)],
                "snapshot": ["one"] * len(ids), "text_hash": ids, "exact_hash": ids,
                "payload_digest": [id_ * 2 for id_ in ids],
            }
            long = {"text": text_bytes, "payload": text_bytes, "minhash_sketch": 112}
            for column, size in long.items():
                if column in schema.names:
                    given[column] = [random.bytes(size // 2).hex() if column == "text" else random.bytes(size)
                                     for _ in ids]
            columns = [pa.array(given[field.name], field.type) if field.name in given else _zeros(field, len(ids))
                       for field in schema]
            writer.write(pa.RecordBatch.from_arrays(columns, schema=schema))
        partition = Partition.of(name, *(["one"] if table(name).partition_by else []))
        lake.replace(name, partition, writer.close(), Provenance(name, "1", {}), None)


def _zeros(field: pa.Field, count: int) -> pa.Array:
    if pa.types.is_list(field.type):
        return pa.array([[]] * count, field.type)
    if pa.types.is_string(field.type) or pa.types.is_large_string(field.type) or "binary" in str(field.type):
        return pa.array([""] * count, field.type)
    return pa.array(np.zeros(count, np.int64)).cast(field.type)


def plan(folder: str, kind: str) -> dict[str, float]:
    """Plan one takedown; seconds, documents and peak memory."""
    selectors = {
        "document": {"documents": [doc_id(11)]}, "host": {"hosts": ["host7.org"]},
        "url": {"urls": ["https://www.host7919.org/1?utm_source=x"]},
    }[kind]
    started = time.perf_counter()
    made, _ = plan_takedown(Lake(folder), Order(Selectors.of(**selectors), "", ""), Places())
    return {"seconds": time.perf_counter() - started, "documents": len(made["documents"]),
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def sizes(folder: Path) -> tuple[int, int]:
    """Bytes of all data files, and of the long columns in them."""
    lake, total, long = Lake(str(folder)), 0, 0
    for name in TABLES:
        names = {column.name for column in table(name).columns if column.long}
        for file in stored_table(lake, name).files:
            total += file.bytes
            metadata = open_parquet(lake, file).metadata
            for group in range(metadata.num_row_groups):
                columns = (metadata.row_group(group).column(place) for place in range(metadata.num_columns))
                long += sum(c.total_compressed_size for c in columns if c.path_in_schema.split(".")[0] in names)
    return total, long


def main() -> None:
    """Fill lakes and plan takedowns in them, each in a process of its own."""
    arguments = parser(__doc__)
    arguments.add_argument("--documents", type=int, default=1_000_000)
    arguments.add_argument("--text-bytes", type=int, nargs="+", default=[200, 800])
    given = arguments.parse_args()
    rows = []
    for text_bytes in given.text_bytes:
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder), given.documents, text_bytes)
            total, long = sizes(Path(folder))
            for kind in ("document", "host", "url"):
                answer = run_measured([sys.executable, "-m", "benchmarks.takedown", "--plan", folder, kind]).answer
                rows.append([f"{given.documents:,}", text_bytes, f"{total / 1e9:.2f}", f"{long / 1e9:.2f}", kind,
                             answer["documents"], f"{answer['seconds']:.1f}", f"{answer['peak'] / 1e6:,.0f}"])
    print(tabulate(rows, ["documents", "bytes of text", "lake GB", "of it text GB", "takedown of a", "documents hit",
                          "seconds", "peak MB"], disable_numparse=True))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--plan"]:
        print(json.dumps(plan(*sys.argv[2:4])))
    else:
        main()
