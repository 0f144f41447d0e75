"""How much faster is MinHash deduplication than datatrove's, from documents to the table without duplicates?

    python -m benchmarks.dedup_speed --data ../shared/data

Both sides read the same documents (real English texts, repeated and perturbed, see `near_duplicates.py`) with the
same configuration (word 5-grams, 14 bands of 8) on the same two cores, one after the other in one run, and write the
documents that stay. Ours are four stages over a lake: signatures, pairs, clusters, kept documents, commits included.
datatrove's are its four, with the tokenizer that it takes for English (spaCy), with its cheapest (white space, by a
blank spaCy), and with nothing but str.split, which it does not have. Kernels are compiled and libraries loaded before
the clock starts, on both sides. On a machine that does other work too, compare processor time.

Which pairs are found depends on the hash functions where similarity is middling: beside the pairs of datatrove that we
find stands how many of them datatrove finds itself with another seed. With `hashes: datatrove-0.10` in the recipe,
words, hashes and permutations are datatrove's: that run is timed by itself, and must find the same pairs.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import dedup_lake
from benchmarks.common import own_python, parser, peers_python, run_measured, show
from benchmarks.near_duplicates import members
from benchmarks.texts import english_texts
from data_platform.core.settings import home

OURS = {"ours": "own", "ours, with hashes of datatrove": "datatrove-0.10"}
"""What is compared, and `deduplication.hashes` of each."""
FILES = 4
CORES = 2


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--documents", type=int, default=20_000)
    options.add_argument("--length", type=int, default=3_000, help="longest document in characters")
    options.add_argument("--repeat", type=int, default=3, help="runs of ours, of which the median counts")
    options.add_argument("--tokenizers", nargs="+", default=["default", "whitespace", "split"],
                         choices=["default", "whitespace", "split"], help="of datatrove")
    arguments = options.parse_args()
    folder = home() / "benchmarks" / "dedup-speed"
    texts = english_texts(arguments.data)["text"].to_pylist()
    texts = [text for text in texts if len(text.split()) >= 50]
    corpus = list(members(texts, arguments.documents, arguments.length))
    size = dedup_lake.fill(dedup_lake.clear(folder / "lake"), corpus)
    source = folder / "input"
    source.mkdir(parents=True, exist_ok=True)
    for part in range(FILES):
        with open(source / f"{part:05d}.jsonl", "w", encoding="utf-8") as out:
            for member in corpus[part::FILES]:
                out.write(json.dumps({"id": dedup_lake.doc_id(member.number), "text": member.text}) + "\n")
    print(f"{len(corpus):,} documents, {size / 1e6:.1f} MB, median {np.median([len(m.text) for m in corpus]):.0f} "
          f"characters, from {len(texts):,} real texts; {CORES} cores")

    ours = {name: _median([_ours(folder, hashes) for _ in range(arguments.repeat)]) for name, hashes in OURS.items()}
    wanted = [(name, seed) for name in arguments.tokenizers for seed in ((1, 2) if name == "default" else (1,))]
    peers = {(name, seed): _peer(folder, name, seed) for name, seed in wanted}
    _speed(len(corpus), size, ours, peers)
    if "default" not in arguments.tokenizers:
        return
    _pairs({dedup_lake.doc_id(member.number): member.text for member in corpus},
           {name: run.answer["clusters"] for name, run in ours.items()},
           {key: run.answer["clusters"] for key, run in peers.items()})


def _ours(folder: Path, hashes: str):
    return run_measured([own_python(), "-m", "benchmarks.dedup_speed", "--child", str(folder), hashes], CORES)


def _median(runs: list):
    return sorted(runs, key=lambda run: sum(run.answer["seconds"].values()))[len(runs) // 2]


def _peer(folder: Path, tokenizer: str, seed: int):
    script = Path(__file__).with_name("peer_minhash.py")
    return run_measured([peers_python(), str(script), str(folder), tokenizer, str(seed), str(FILES)], CORES)


def _speed(documents: int, size: int, ours, peers) -> None:
    mine, cpu = sum(ours["ours"].answer["seconds"].values()), ours["ours"].answer["cpu"]
    shown = ours | {f"datatrove, {name}": run for (name, seed), run in peers.items() if seed == 1}
    rows = []
    for name, run in shown.items():
        seconds = sum(run.answer["seconds"].values())
        rows.append([name, *_columns(documents, size, seconds), seconds / mine, run.answer["cpu"],
                     run.answer["cpu"] / cpu, run.peak_bytes / 1e6, _stages(run)])
    headers = ["", "seconds", "documents/s/core", "MB/s/core", "times ours", "CPU seconds", "times ours",
               "peak MB of one process", "by stage"]
    show("From documents to the table without duplicates", headers, rows)
    for name, run in ours.items():
        for (peer, seed), other in peers.items():
            if seed == 1:
                times = sum(other.answer["seconds"].values()) / sum(run.answer["seconds"].values())
                print(f"\ndatatrove, {peer}, takes {times:.1f} times as long as {name}. Bar: at least 10 times.")


def _columns(documents: int, size: int, seconds: float) -> list[float]:
    return [seconds, documents / seconds / CORES, size / 1e6 / seconds / CORES]


def _stages(run) -> str:
    return " ".join(f"{seconds:.2f}" for seconds in run.answer["seconds"].values())


def _pairs(
    texts: dict[str, str], ours: dict[str, dict[str, str]], peers: dict[tuple[str, int], dict[str, int]]
) -> None:
    """Share of the pairs that datatrove puts into one cluster which others do as well, by true similarity."""
    from data_platform.methods.duplicates.minhash import recall

    reference = _together(peers["default", 1])
    similarity = _similarities(texts, reference)
    others = {name: _together(found) for name, found in ours.items()}
    others |= {"datatrove, another seed": _together(peers["default", 2])}
    others |= {f"datatrove, {name}": _together(found) for (name, _), found in peers.items() if name != "default"}
    bins = [0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0001]
    rows = []
    for low, high in itertools.pairwise(bins):
        some = [pair for pair in reference if low <= similarity[pair] < high]
        if some:
            expected = np.mean([recall(similarity[pair]) for pair in some])
            rows.append([f"{low} to {min(high, 1)}", len(some), 100 * expected,
                         *(100 * len(found & set(some)) / len(some) for found in others.values())])
    for least in (0.0, 0.85, 0.9):
        some = {pair for pair in reference if similarity[pair] >= least}
        rows.append([f"{least} and more", len(some), 100 * np.mean([recall(similarity[pair]) for pair in some]),
                     *(100 * len(found & some) / len(some) for found in others.values())])
    show("Pairs in one cluster of datatrove: percent of them that others put into one cluster",
         ["Jaccard similarity", "pairs", "one pair alone, in theory", *others], rows)
    extra = {name: len(found - reference) for name, found in others.items()}
    wrong = _similarities(texts, others["ours"] - reference)
    print(f"\nPairs that datatrove does not have: {extra}; the least similar of ours among them: "
          f"{min(wrong.values(), default=1):.2f}. Bar: 99 % of the same pairs; with its hashes of all, with other ones "
          "where theory finds 99 % of them: from a similarity of 0.86.")


def _together(clusters: dict[str, object]) -> set[tuple[str, str]]:
    grouped = defaultdict(list)
    for doc_id, cluster in clusters.items():
        grouped[cluster].append(doc_id)
    return {pair for found in grouped.values() for pair in itertools.combinations(sorted(found), 2)}


def _similarities(texts: dict[str, str], pairs: set[tuple[str, str]]) -> dict[tuple[str, str], float]:
    from data_platform.kernels import jaccard as kernels
    from data_platform.methods.duplicates.minhash import distinct_shingles

    ids = sorted({doc_id for pair in pairs for doc_id in pair})
    place = {doc_id: number for number, doc_id in enumerate(ids)}
    shingles = distinct_shingles(pa.array([texts[doc_id] for doc_id in ids], pa.large_string()))
    listed = sorted(pairs)
    left, right = (np.array([place[pair[side]] for pair in listed], np.int64) for side in (0, 1))
    found = kernels.jaccards(shingles.offsets.to_numpy(), shingles.values.to_numpy(), left, right)
    return dict(zip(listed, found.tolist(), strict=True))


def child(folder: str, hashes: str) -> None:
    """Run our stages once on a small lake, to load and compile everything, and once on the whole."""
    base = Path(folder)
    dedup_lake.warm_up(base / "small", hashes=hashes)
    lake = dedup_lake.workspace(base / "lake", hashes=hashes)
    _forget(lake)
    cpu = time.process_time()
    seconds = dedup_lake.run(lake)
    cpu = time.process_time() - cpu
    found = lake.lake.read_table("duplicates", ["doc_id", "cluster_id", "cluster_size"]).to_pylist()
    clusters = {row["doc_id"]: row["cluster_id"] for row in found if row["cluster_size"] > 1}
    print(json.dumps({"seconds": seconds, "cpu": cpu, "clusters": clusters}))


def _forget(work) -> None:
    import shutil

    for name in dedup_lake.STAGES:
        shutil.rmtree(Path(work.lake.table_uri(name)), ignore_errors=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main()
