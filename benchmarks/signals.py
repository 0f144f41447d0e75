"""How fast are all signals together, on one core and two, in how much memory, and how much faster than datatrove?

    python -m benchmarks.signals --data ../shared/data

Speed and memory are measured on English text made from the real texts of the data folder: repeated in another order,
with every number in it changed, so that no copy equals another. Our side computes every column of `quality_signals`.
datatrove runs its four filters (Gopher quality and repetition, C4, FineWeb), each in a process of its own over the same
texts, and so do we, as its documents per second are summed over the four. Kernels are compiled before the clock starts.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from benchmarks.common import Measured, own_python, parser, peers_python, run_measured, show
from benchmarks.texts import english_texts
from data_platform.core.settings import home

BATCH_BYTES = 1 << 22
MEASURED_BYTES = 64_000_000
PEER_TEXTS = 200


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--per-origin", type=int, default=60, help="texts of each file (default: %(default)s)")
    options.add_argument("--megabytes", type=int, nargs="+", default=[10, 100, 1000], help="sizes to measure memory on")
    options.add_argument("--repeat", type=int, default=3, help="runs, of which the fastest counts")
    arguments = options.parse_args()
    folder = home() / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    texts = english_texts(arguments.data, arguments.per_origin)["text"].to_pylist()
    source = folder / "signal-texts.json"
    source.write_text(json.dumps(texts), "utf-8")
    _speed(source, arguments.repeat)
    _memory(source, arguments.megabytes)
    _peer(folder, texts)


def _ask(*arguments: object, cores: int | None = None) -> Measured:
    return run_measured([own_python(), "-m", "benchmarks.signals", "--child", *map(str, arguments)], cores)


def _speed(source: Path, repeat: int) -> None:
    rows = []
    cores = min(2, len(os.sched_getaffinity(0)))
    for threads in range(1, cores + 1):
        runs = [_ask("speed", source, MEASURED_BYTES, threads, cores=threads).answer for _ in range(repeat)]
        best = max(runs, key=lambda answer: answer["bytes"] / answer["seconds"])
        rows.append([threads, best["bytes"] / 1e6, best["seconds"], best["bytes"] / best["seconds"] / 1e6,
                     os.getloadavg()[0]])
    ratio = rows[-1][3] / rows[0][3]
    show("All signals: MB of text per second (fastest of the runs)",
         ["threads = cores", "MB", "seconds", "MB/s", "load of the machine"], rows)
    print(f"\n{cores} cores give {ratio:.2f} times one core. Bars: 40 MB/s on one core, 1.7 times on two.")


def _memory(source: Path, sizes: list[int]) -> None:
    rows = []
    for size in sizes:
        run = _ask("memory", source, size * 1_000_000, 1, cores=1)
        rows.append([size, run.answer["bytes"] / 1e6, run.peak_bytes / 1e6, run.answer["before"] / 1e6])
    show("Memory: text streamed in batches of 4 MB, repeated and perturbed real pages",
         ["MB asked", "MB scanned", "peak MB of the process", "of it before the first batch"], rows)
    print("\nBar: flat from 10 MB to 1 GB.")


def _peer(folder: Path, texts: list[str]) -> None:
    sample = texts[:: max(1, len(texts) // PEER_TEXTS)][:PEER_TEXTS]
    path = folder / "signal-peer-texts.json"
    path.write_text(json.dumps(sample), "utf-8")
    rows = []
    total = 0.0
    for name in ("GopherQualityFilter", "GopherRepetitionFilter", "C4QualityFilter", "FineWebQualityFilter"):
        seconds = run_measured([peers_python(), "-c", _DATATROVE, name, str(path)], 1).answer
        total += seconds
        rows.append([f"datatrove 0.10, {name}", len(sample), seconds, len(sample) / seconds])
    rows.append(["datatrove 0.10, all four", len(sample), total, len(sample) / total])
    answer = _ask("decide", path, 0, 1, cores=1).answer
    rows.append(["ours: all signals, verdicts of the four rule sets", len(sample), answer["seconds"],
                 len(sample) / answer["seconds"]])
    show("Documents per second, one process each, same texts, same run", ["what", "texts", "seconds", "texts/s"], rows)
    print(f"\nOurs is {total / answer['seconds']:.0f} times as fast. Bar: 100 times.")


_DATATROVE = """
import json, sys, time
from datatrove.data import Document
from datatrove.pipeline import filters
texts = json.load(open(sys.argv[2]))
judge = getattr(filters, sys.argv[1])()
judge.filter(Document(text="The first text loads the tokenizer. " * 9, id="0"))
start = time.perf_counter()
for text in texts:
    try:
        judge.filter(Document(text=text, id="0"))
    except ZeroDivisionError:
        pass
print(json.dumps(time.perf_counter() - start))
"""


def _batches(path: str, size: int) -> Iterator[pa.Array]:
    """Arrow batches of `size` bytes in all: the texts in ever new orders, with other numbers in them each time."""
    texts = json.loads(Path(path).read_text("utf-8"))
    generator = random.Random(0)
    done = turn = 0
    while done < size:
        other_digits = str.maketrans("0123456789", "".join(str((digit + turn) % 10) for digit in range(10)))
        turn += 1
        generator.shuffle(texts)
        batch, held = [], 0
        for text in texts:
            text = text.translate(other_digits)
            batch.append(text)
            held += len(text.encode())
            if held >= BATCH_BYTES:
                yield pa.array(batch, pa.large_string())
                done += held
                batch, held = [], 0
            if done >= size:
                return


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _child(task: str, path: str, size: str, threads: str) -> None:
    from data_platform.filtering.rules import verdicts
    from data_platform.filtering.signals import quality_signals

    quality_signals(pa.array(["The kernels are compiled or loaded here. 中文"]))
    if task == "memory":
        before = _resident()
        scanned = 0
        for batch in _batches(path, int(size)):
            quality_signals(batch)
            scanned += batch.nbytes
        print(json.dumps({"bytes": scanned, "before": before}))
        return
    if task == "decide":
        texts = pa.array(json.loads(Path(path).read_text("utf-8")), pa.large_string())
        sets = {name: {} for name in ("gopher_quality", "gopher_repetition", "c4", "fineweb")}
        verdicts(pa.Table.from_struct_array(quality_signals(texts[:2])), sets)
        start = time.perf_counter()
        verdicts(pa.Table.from_struct_array(quality_signals(texts)), sets)
        print(json.dumps({"seconds": time.perf_counter() - start}))
        return
    batches = list(_batches(path, int(size)))
    with ThreadPoolExecutor(int(threads)) as pool:
        list(pool.map(quality_signals, batches[: int(threads)]))
        start = time.perf_counter()
        list(pool.map(quality_signals, batches))
        seconds = time.perf_counter() - start
    print(json.dumps({"bytes": sum(batch.nbytes for batch in batches), "seconds": seconds}))


if __name__ == "__main__":
    if "--child" in sys.argv:
        _child(*sys.argv[sys.argv.index("--child") + 1 :])
    else:
        main()
