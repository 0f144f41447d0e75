"""Decontamination: evaluation items found by the share of their words that was replaced, false alarms, and speed.

Items are those of GSM8K's test set and HumanEval. Each is planted in a real web page with a share of its words replaced
by words of other items, independently. False alarms are counted on what is known to be something else: GSM8K's training
questions and the pages of warc/pages-2020 and pages-2024. The defaults of the fuzzy variant were chosen on these items
and texts, so its rates are those of the data it was tuned on. Runs of 13 words that training and test questions of
GSM8K have in common are told apart: they are there.

    python -m benchmarks.decontamination [--data FOLDER]
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pyarrow as pa

from benchmarks.common import parser, show
from benchmarks.refinement import pages
from data_platform.methods.decontaminate.items import read_items
from data_platform.methods.decontaminate.ngrams import EvaluationIndex, build_index, find_overlaps
from data_platform.methods.decontaminate.settings import Decontamination

REPLACED = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)


def main() -> None:
    """Print two tables: recall and false alarms by method, and speed."""
    data = parser(__doc__).parse_args().data
    index, items = _index(data, None), _items(data)
    variants = {"13-grams": index, "and fuzzy, 3-grams, .4": _index(data, {})}
    variants |= {
        f"and fuzzy, {ngram}-grams, {share}": _index(data, {"ngram": ngram, "share": share})
        for ngram, share in ((3, 0.5), (4, 0.4), (5, 0.4))
    }
    web = [text for text in pages(data) if text]
    lines = (data / "eval-sets" / "gsm8k-train.jsonl").read_text(encoding="utf-8").splitlines()
    training = [f"{row['question']}\n{row['answer']}" for row in map(json.loads, lines)]
    table = []
    for name, tried in variants.items():
        recall = [_recall(tried, items, web, share) for share in REPLACED]
        alarms = [_fuzzy(tried, texts) for texts in (training, web)]
        table.append([name, *recall, *alarms])
    exact = sum(map(bool, find_overlaps(pa.array(training, pa.large_string()), index).to_pylist()))
    show(
        f"{len(items):,} items found, by the share of words replaced, and false alarms of the fuzzy variant",
        ("method", *(f"{share:.0%}" for share in REPLACED), f"{len(training):,} questions", f"{len(web):,} pages"),
        table,
    )
    print(f"\n{exact} training questions share a run of 13 words with a test question")
    corpus = pa.array(web * 4, pa.large_string())
    speed = []
    for name, tried in list(variants.items())[:2]:
        started = time.process_time()
        find_overlaps(corpus, tried)
        speed.append([name, corpus.nbytes / 1e6 / (time.process_time() - started)])
    show("Speed on one core", ("method", "MB/s"), speed)


def _settings(data: Path, fuzzy: dict | None) -> Decontamination:
    folder = data / "eval-sets"
    return Decontamination.model_validate({"fuzzy": fuzzy, "sets": {
        "gsm8k": {"paths": str(folder / "gsm8k-test.jsonl"), "fields": ["question", "answer"]},
        "humaneval": {"paths": str(folder / "HumanEval.jsonl.gz"), "fields": ["prompt", "canonical_solution"],
                      "id_field": "task_id"},
    }})


def _index(data: Path, fuzzy: dict | None) -> EvaluationIndex:
    settings = _settings(data, fuzzy)
    return build_index([read_items(name, one) for name, one in settings.sets.items()], settings)


def _items(data: Path) -> list[str]:
    sets = (read_items(name, one) for name, one in _settings(data, None).sets.items())
    return ["\n".join(parts) for one in sets for parts in one.fields]


def _recall(index: EvaluationIndex, items: list[str], web: list[str], share: float) -> float:
    chosen = random.Random(0)
    vocabulary = [word for item in items for word in item.split()]
    planted = []
    for item in items:
        words = [chosen.choice(vocabulary) if chosen.random() < share else word for word in item.split()]
        planted.append(f"{chosen.choice(web)[:2000]}\n{' '.join(words)}\n{chosen.choice(web)[:2000]}")
    found = find_overlaps(pa.array(planted, pa.large_string()), index).to_pylist()
    hits = sum(
        any((hit["evaluation_set"], hit["item_id"]) == (index.sets[place], index.ids[place]) for hit in hits)
        for place, hits in enumerate(found)
    )
    return hits / len(items)


def _fuzzy(index: EvaluationIndex, texts: list[str]) -> int:
    found = find_overlaps(pa.array(texts, pa.large_string()), index).to_pylist()
    return sum(any(hit["method"] == "fuzzy" for hit in hits) for hits in found)


if __name__ == "__main__":
    main()
