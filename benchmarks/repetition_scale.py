"""How do time and memory of repeated lines, paragraphs and substrings grow to a million documents?

    python -m benchmarks.repetition_scale --data ../shared/data

The documents are those of `dedup_scale`: real English texts, repeated and perturbed, cut at 1,000 characters; here
every sentence is a line and every fourth a paragraph. Only exact copies are dropped first, so that near-copies, which
repeat nearly all their passages, are left: more than a corpus holds after MinHash. The stages run over a lake, in a
process of their own on two cores that does nothing else.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks import dedup_lake
from benchmarks.common import own_python, parser, run_measured, show
from benchmarks.near_duplicates import Member, members
from benchmarks.texts import english_texts
from data_platform.core.settings import home

CORES = 2
REPETITION = {
    "lines": {"lines": {}, "paragraphs": {}}, "substrings": {"substrings": {}}, "containment": {"containment": {}},
}
TABLES = {
    "lines": ("passage_hashes", "duplicate_spans"), "substrings": ("substring_fingerprints", "duplicate_spans"),
    "containment": ("document_sketches", "redundant_documents"),
}


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--documents", type=int, nargs="+", default=[100_000, 1_000_000])
    options.add_argument("--length", type=int, default=1_000, help="longest document in characters")
    options.add_argument("--kinds", nargs="+", choices=list(TABLES), default=["lines", "substrings"])
    arguments = options.parse_args()
    folder = home() / "benchmarks" / "repetition-scale"
    texts = [text for text in english_texts(arguments.data)["text"].to_pylist() if len(text.split()) >= 50]
    rows = []
    for documents in arguments.documents:
        size = dedup_lake.fill(dedup_lake.clear(folder), _lined(members(texts, documents, arguments.length)))
        _measured(folder, "")
        for kind in arguments.kinds:
            run = _measured(folder, kind)
            rows.append([f"{documents:,}", size / 1e6, kind, *run.answer["seconds"], run.answer["cpu"],
                         run.peak_bytes / 1e9, run.answer["found"], os.getloadavg()[0]])
    dedup_lake.clear(folder)
    show(f"Repetition in {len(texts):,} real texts, repeated and perturbed, on {CORES} cores",
         ["documents", "MB", "kind", "seconds per document alone", "seconds of comparison", "CPU seconds", "peak GB",
          "found", "load of the machine"], rows)
    print("\nBar: less than 6 GB.")


def _lined(documents: Iterable[Member]) -> Iterator[Member]:
    """The documents with line feeds, which words that are joined by spaces have lost."""
    for member in documents:
        sentences = member.text.split(". ")
        lines = (("" if place % 4 else "\n") + sentence for place, sentence in enumerate(sentences))
        yield member._replace(text=".\n".join(lines).strip())


def _measured(folder: Path, kind: str):
    return run_measured([own_python(), "-m", "benchmarks.repetition_scale", "--child", str(folder), kind], CORES)


def child(folder: str, kind: str) -> None:
    """Find the clusters of exact copies; or, once they are there, what repeats, kernels compiled before."""
    import time

    settings = {"kinds": ["exact"], "guards": {"max_removal_rate": 1.0}}
    if not kind:
        dedup_lake.run(dedup_lake.workspace(Path(folder), **settings), dedup_lake.STAGES[:3])
        print("{}")
        return
    small = Path(folder).with_name("repetition-scale-small")
    dedup_lake.fill(dedup_lake.clear(small), members(["one two three four five six seven " * 20], 20, 500))
    tables = TABLES[kind]
    for place in (small, Path(folder)):
        work = dedup_lake.workspace(place, repetition=REPETITION[kind], **settings)
        if place == small:
            dedup_lake.run(work, dedup_lake.STAGES[:3])
        cpu = time.process_time()
        seconds = dedup_lake.run(work, tables)
        cpu = time.process_time() - cpu
    answer = {"seconds": list(seconds.values()), "cpu": cpu, "found": work.lake.count(tables[-1])}
    print(json.dumps(answer))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main()
