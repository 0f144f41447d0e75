"""Exact substrings: bytes per second and memory against the input, beside a whole suffix array.

The corpus is that of warc/pages-2020 and pages-2024, extracted by resiliparse, and repeated with words replaced: of
every repetition, one word in `--perturb` is new, so that runs of 50 tokens are repeated now and then. The peer is
libdivsufsort through pydivsufsort 0.0.20 (MIT): the suffix array of all bytes and its longest common prefixes (Kasai),
from which Lee et al. 2022 take every position whose prefix is long enough. Each runs in a process of its own on one
core. Time is that of the processor. Memory is the peak beyond what the process holds with the corpus in it; own text
comes in batches and need not be there at all, the peer's must. Both mark the bytes that stand in a passage of at least
50 tokens, or 250 bytes for the peer, that occurs before; for the peer this is neither timed nor measured. What they
mark is compared by its share of the text only, since tokens and bytes are different lengths.

    python -m benchmarks.substring [--data FOLDER] [--repeat N ...] [--perturb N]
"""

from __future__ import annotations

import pickle
import random
import sys
import tempfile
from pathlib import Path

from benchmarks.common import own_python, parser, peers_python, run_measured, show

_MEMORY = """
import json, pickle, sys, time
def reset():
    open("/proc/self/clear_refs", "w").write("5")  # the peak starts anew
    return memory("VmRSS")
def memory(name):
    lines = (line.split() for line in open("/proc/self/status"))
    return next(1024 * int(line[1]) for line in lines if line[0] == name + ":")
"""

_OURS = """
import pyarrow as pa, pyarrow.compute as pc
from data_platform.methods.duplicates.substrings import repeated_substrings
texts = pickle.load(open(sys.argv[1], "rb"))
ids = ["%032x" % number for number in range(len(texts))]
rows = pa.table({"doc_id": ids, "snapshot": ["one"] * len(ids), "text": pa.array(texts, pa.large_string())})
del texts
size, batches = rows["text"].nbytes, rows.to_batches(max_chunksize=128)
repeated_substrings(lambda: batches[:1], 1000)
before = reset()
started = time.process_time()
spans = repeated_substrings(lambda: batches, size)
seconds = time.process_time() - started
peak = memory("VmHWM") - before
marked, last = 0, ("", 0)
for row in spans.select(["doc_id", "start", "end"]).to_pylist():
    start = max(row["start"], last[1] if last[0] == row["doc_id"] else 0)
    marked += max(row["end"] - start, 0)
    last = row["doc_id"], max(row["end"], start)
print(json.dumps({"bytes": size, "seconds": seconds, "peak": peak, "marked": marked}))
"""

_PEER = """
import numpy as np
from pydivsufsort import divsufsort, kasai
texts = pickle.load(open(sys.argv[1], "rb"))
# Each document ends with a byte that UTF-8 never has, and its number, so that no match goes beyond it.
data = b"".join(text.encode() + b"\\xff" + number.to_bytes(4, "big") for number, text in enumerate(texts))
del texts
divsufsort(b"warm")
before = reset()
started = time.process_time()
order = divsufsort(data)
prefixes = kasai(data, order)
seconds = time.process_time() - started
peak = memory("VmHWM") - before
# Neighbours that agree in 250 bytes are one group; all of it but its first member repeats.
repeats = np.flatnonzero(prefixes[:-1] >= 250)
first = np.minimum.reduceat(order, np.flatnonzero(np.append(True, prefixes[:-1] < 250)[: len(order)]))
group = np.cumsum(np.append(0, prefixes[:-1] < 250)[: len(order)])
members = np.unique(np.concatenate([repeats, repeats + 1]))
later = order[members][order[members] != first[group[members]]]
edges = np.zeros(len(data) + 1, np.int32)
np.add.at(edges, later, 1)
np.add.at(edges, later + 250, -1)
marked = int((np.cumsum(edges) > 0).sum())
print(json.dumps({"bytes": len(data), "seconds": seconds, "peak": peak, "marked": marked}))
"""


def main() -> None:
    """Print one table: speed, memory and what was marked, for both, by size of the corpus."""
    options = parser(__doc__)
    options.add_argument("--repeat", type=int, nargs="+", default=[1, 4, 16], help="how often the pages are repeated")
    options.add_argument("--perturb", type=int, default=20, help="one word of so many is replaced in repetitions")
    settings = options.parse_args()
    from benchmarks.refinement import pages

    texts = [text for text in pages(settings.data) if text]
    table = []
    for repeat in settings.repeat:
        with tempfile.TemporaryDirectory() as folder:
            corpus = Path(folder) / "texts.pickle"
            corpus.write_bytes(pickle.dumps(_perturbed(texts, repeat, settings.perturb)))
            found = {}
            for name, python, code in (("own", own_python(), _OURS), ("divsufsort", peers_python(), _PEER)):
                found[name] = run_measured([python, "-c", _MEMORY + code, str(corpus)], cores=1).answer
                answer = found[name]
                table.append([
                    name, answer["bytes"] / 1e6, answer["bytes"] / 1e6 / answer["seconds"],
                    found["divsufsort"]["seconds"] / found["own"]["seconds"] if len(found) == 2 else None,
                    answer["peak"] / 1e6, answer["peak"] / answer["bytes"], answer["marked"] / answer["bytes"],
                ])
    show(
        f"Passages of 50 tokens that occur before, one core, one word of {settings.perturb} replaced",
        ("what", "MB of text", "MB/s", "own is faster by", "MB of memory", "bytes per byte", "share marked"), table,
    )


def _perturbed(texts: list[str], repeat: int, every: int) -> list[str]:
    """The texts, and again with words replaced, so many times in all."""
    chosen = random.Random(0)
    corpus = list(texts)
    for _ in range(repeat - 1):
        for text in texts:
            words = text.split(" ")
            for _ in range(len(words) // every):
                words[chosen.randrange(len(words))] = f"x{chosen.randrange(10**6)}"
            corpus.append(" ".join(words))
    return corpus


if __name__ == "__main__":
    sys.exit(main())
