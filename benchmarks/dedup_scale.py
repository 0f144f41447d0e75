"""How do time and memory of deduplication grow from a hundred thousand to a million documents?

    python -m benchmarks.dedup_scale --data ../shared/data

Documents are real English texts, repeated and perturbed (see `near_duplicates.py`), cut at 1,000 characters so that a
million fit a small disk: what grows worse than the text does, grows with the number of documents. All four stages run
over a lake, in a process of their own on two cores; writing the lake is not measured. The exponent is the slope of the
logarithm of the seconds over that of the documents, by least squares. Then a later crawl comes in, which is compared
with the stored hashes of the first.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from benchmarks import dedup_lake
from benchmarks.common import own_python, parser, run_measured, show
from benchmarks.near_duplicates import Member, members
from benchmarks.texts import english_texts
from data_platform.core.settings import home

CORES = 2


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--documents", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    options.add_argument("--length", type=int, default=1_000, help="longest document in characters")
    arguments = options.parse_args()
    folder = home() / "benchmarks" / "dedup-scale"
    texts = [text for text in english_texts(arguments.data)["text"].to_pylist() if len(text.split()) >= 50]
    rows, grown, seconds = [], [], []
    for documents in arguments.documents:
        size = dedup_lake.fill(dedup_lake.clear(folder), members(texts, documents, arguments.length))
        run = _measured(folder, "one")
        took = run.answer["seconds"]
        total = sum(took.values())
        seconds.append(total)
        rows.append([f"{documents:,}", size / 1e6, total, *took.values(), run.answer["cpu"], documents / total,
                     run.peak_bytes / 1e9, run.answer["kept"], os.getloadavg()[0]])
        more = dedup_lake.fill(folder, _later(texts, documents, arguments.length), "two")
        later = _measured(folder, "one", "two")
        grown.append([f"{documents:,}", more / 1e6, sum(later.answer["seconds"].values()), total,
                      *later.answer["seconds"].values(), later.answer["cpu"], later.answer["kept"]])
        dedup_lake.clear(folder)
    headers = ["documents", "MB", "seconds", *(name.replace("_", " ") for name in dedup_lake.STAGES), "CPU seconds",
               "documents/s", "peak GB", "kept", "load of the machine"]
    show(f"Deduplication of {len(texts):,} real texts, repeated and perturbed, on {CORES} cores", headers, rows)
    show("Then a crawl of a tenth of the documents arrives, half of them changed copies of old ones",
         ["documents before", "MB that come", "seconds", "seconds before", *headers[3:8], "kept"], grown)
    if len(rows) > 1:
        logs = np.log(arguments.documents)
        wall, cpu = (np.polyfit(logs, np.log(values), 1)[0] for values in (seconds, [row[7] for row in rows]))
        print(f"\nSeconds grow with the power {wall:.2f} of the documents, CPU seconds with {cpu:.2f}. Bars: less than "
              "1.1, and less than 6 GB.")


def _measured(folder: Path, *snapshots: str):
    return run_measured([own_python(), "-m", "benchmarks.dedup_scale", "--child", str(folder), *snapshots], CORES)


def _later(texts: list[str], documents: int, length: int) -> Iterator[Member]:
    """A tenth as many documents again: half of them are copies of old ones with one word changed, half are new."""
    half = documents // 20
    for place, member in enumerate(members(texts, half, length, sizes=(1,))):
        changed = member.text.split()
        changed[place % len(changed)] = "changed"
        yield Member(documents + place, member.family, 0.0, " ".join(changed))
    for place, member in enumerate(members([text[::-1] for text in texts], half, length)):
        yield member._replace(number=documents + half + place)


def child(folder: str, *snapshots: str) -> None:
    """Compile everything on a small lake, then run the stages over the large one."""
    import time

    dedup_lake.warm_up(Path(folder).with_name("dedup-scale-small"))
    work = dedup_lake.workspace(Path(folder), snapshots)
    cpu = time.process_time()
    seconds = dedup_lake.run(work)
    cpu = time.process_time() - cpu
    kept = pc.sum(work.lake.read_table("duplicates", ["kept"])["kept"]).as_py()
    print(json.dumps({"seconds": seconds, "cpu": cpu, "kept": kept}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main()
