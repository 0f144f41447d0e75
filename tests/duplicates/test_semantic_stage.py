"""Semantic duplicates through a recipe: real articles and planted copies that MinHash does not find."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from data_platform.lake.lake import Lake
from data_platform.methods.duplicates.minhash import distinct_shingles
from data_platform.models.embeddings import Embedder
from data_platform.models.language_model import train_language_model
from data_platform.models.settings import LanguageModel
from data_platform.run.recipe import Recipe
from data_platform.run.workspace import Workspace
from tests.duplicates.corpora import fill, numbered, rows_of, run

CONTEXT, LONGEST, PLANTED = 384, 1_800, 8
TABLES = (
    "document_signatures", "copy_pairs", "duplicates", "model_language_model", "document_embeddings",
    "redundant_documents", "cut_programs", "deduplicated_documents",
)


class Articles(NamedTuple):
    """Rows of documents, the planted copies by the id of what they are copies of, a model, and a threshold for it."""

    rows: list[dict[str, Any]]
    planted: dict[str, str]
    model: Path
    threshold: float


def _reworded(text: str, chance: random.Random) -> str:
    """The same words, of which one of four has changed places with one near it."""
    words = text.split(" ")
    for place in range(0, len(words) - 4, 4):
        other = place + chance.randrange(1, 4)
        words[place], words[other] = words[other], words[place]
    return " ".join(words)


@pytest.fixture(scope="module")
def articles(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Articles:
    """Articles of WikiText-2. The threshold is half-way between the planted pairs and all others, of these very texts:
    that of a model must be found by looking at it."""
    text = (shared_data / "domains" / "cc-by-sa-3.0" / "wikitext-2-valid.txt").read_text()
    texts = [article.strip()[:LONGEST] for article in re.split(r"\n = [^=\n]+ = \n", text) if len(article) > LONGEST]
    chance = random.Random(1)
    copies = [_reworded(article, chance) for article in texts[:PLANTED]]
    model = tmp_path_factory.mktemp("model")
    shape = LanguageModel(layers=1, width=64, vocabulary=1000, context=CONTEXT, steps=3, batch=4)
    train_language_model(pa.chunked_array([texts]), shape, 0, model, pa.chunked_array([texts[:3]]))
    vectors = np.array(Embedder(model, max_tokens=CONTEXT).embed(pa.array(texts + copies)).to_pylist())
    cosines = vectors @ vectors.T
    planted = [cosines[place, len(texts) + place] for place in range(PLANTED)]
    for place in range(PLANTED):
        cosines[place, len(texts) + place] = cosines[len(texts) + place, place] = -1
    np.fill_diagonal(cosines, -1)
    assert min(planted) > cosines.max(), "the model tells them apart"
    ids = numbered(len(texts) + PLANTED)
    rows = [{"doc_id": doc_id, "text": text} for doc_id, text in zip(ids, texts + copies, strict=True)]
    threshold = float(min(planted) + cosines.max()) / 2
    return Articles(rows, dict(zip(ids[len(texts) :], ids, strict=False)), model, threshold)


def _workspace(folder: Path, articles: Articles, snapshots: list[str]) -> Workspace:
    labels = folder / "labels.jsonl"
    if not labels.exists():  # one that is written again is a new one
        labels.write_text('{"text": "good", "label": true}\n{"text": "bad", "label": false}\n')
    recipe = Recipe.model_validate({
        "name": "articles", "sources": [{"name": name, "snapshot": name, "paths": ["none"]} for name in snapshots],
        "labels": {"kind": "files", "paths": [str(labels)]},
        "models": {"language_model": {"path": str(articles.model), "license": "MIT"}},
        "repetition": {"semantic": {
            "max_tokens": CONTEXT, "threshold": articles.threshold, "documents_per_cluster": 1_000,
        }},
        "mixtures": {"all": {"tokens": 1, "weights": {"web": 1}}},
    })
    return Workspace(recipe, Lake(str(folder / "lake")))


@pytest.mark.parametrize(("crawls", "seed"), [(1, 0), (2, 1), (3, 2)])
def test_reworded_copies_go_whatever_the_crawls(tmp_path: Path, articles: Articles, crawls: int, seed: int) -> None:
    chance = random.Random(seed)
    names = [f"crawl-{number}" for number in range(crawls)]
    rows = [{**row, "snapshot": names[place % crawls]} for place, row in enumerate(articles.rows)]
    chance.shuffle(rows)
    for count in range(1, crawls + 1):  # crawl after crawl
        work = _workspace(tmp_path, articles, names[:count])
        if count == 1:
            fill(work.lake, rows, files=crawls)
        pins = {name: work.lake.pin("document_embeddings", name) for name in names[: count - 1]}
        run(work, TABLES)
        assert all(work.lake.pin("document_embeddings", name).recipe == pin.recipe for name, pin in pins.items())
    assert rows_of(work.lake, "copy_pairs").num_rows == 0, "MinHash finds none of them"
    found = rows_of(work.lake, "redundant_documents").to_pylist()
    pairs = {frozenset((row["doc_id"], row["matched_doc_id"])) for row in found}
    assert pairs == {frozenset(pair) for pair in articles.planted.items()}
    assert {row["kind"] for row in found} == {"semantic"}
    assert all(row["similarity"] >= articles.threshold for row in found)
    kept = set(rows_of(work.lake, "deduplicated_documents")["doc_id"].to_pylist())
    assert kept == {row["doc_id"] for row in rows} - {row["doc_id"] for row in found}
    outcome = [(row["doc_id"], row["matched_doc_id"]) for row in found]
    assert _OUTCOMES.setdefault("pairs", outcome) == outcome, "the same ones go, whatever the crawls"
    assert not any(commit.written for some in run(work, TABLES).values() for commit in some)


_OUTCOMES: dict[str, list[tuple[str, str]]] = {}


def test_reworded_copies_are_no_near_copies(articles: Articles) -> None:
    from data_platform.kernels.jaccard import jaccards

    place = {row["doc_id"]: number for number, row in enumerate(articles.rows)}
    shingles = distinct_shingles(pa.array([row["text"] for row in articles.rows]))
    left, right = (np.array([place[name] for name in side]) for side in zip(*articles.planted.items(), strict=True))
    assert jaccards(shingles.offsets.to_numpy(), shingles.values.to_numpy(), left, right).max() < 0.3
