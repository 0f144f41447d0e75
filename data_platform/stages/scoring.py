"""The stages that make the scoring models, and the one that scores documents with them."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.settings import home
from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.takedown.removal_list import LABELS, standing, without_removed

SEED = 0
LOADING = threading.Lock()
"""Held while a model is loaded: two threads that load at once would leave each other's weights unset."""
_SCORES = ("perplexity", "bits_per_byte", "perplexity_model", "quality_score", "quality_model")


def _write_labels(work: Work) -> Files:
    from data_platform.models.labels import label_table

    labels = label_table(work.recipe.scoring.quality_classifier.labels)
    return work.files(without_removed(labels, work.lake))


def _write_language_model(work: Work) -> Files:
    """The model at the recipe's path, used where it is; or one trained on the wanted texts that are not held out."""
    from data_platform.models.language_model import train_language_model
    from data_platform.models.perplexity import parameter_count
    from data_platform.models.store import model_digest, publish

    settings = work.recipe.scoring.language_model
    if settings.path:
        digest = model_digest(Path(settings.path))
        row = {
            "model_id": f"language_model@{digest[:12]}", "uri": str(Path(settings.path).absolute()), "sha256": digest,
            "license_spdx": settings.license, "parameters": parameter_count(settings.path), "training_texts": 0,
            "metrics": "{}",
        }
    else:
        labels = _labels(work)
        wanted = labels.filter(pc.equal(labels["label"], 1))
        train, held_out = (wanted.filter(pc.equal(wanted["split"], split))["text"] for split in ("train", "held_out"))
        with tempfile.TemporaryDirectory() as folder:
            metrics = train_language_model(train, settings, SEED, Path(folder), held_out)
            row = publish(
                Path(folder), work.lake.uri, "language_model", license_spdx="LicenseRef-unknown",
                parameters=metrics["parameters"], training_texts=metrics["training_texts"], metrics=metrics,
                storage_options=work.lake.storage_options,
            )
    return work.files(pa.Table.from_pylist([row], schema=table("language_model").schema))


def _write_classifier(work: Work) -> Files:
    from data_platform.models.linear_classifier import train_quality_classifier
    from data_platform.models.store import publish

    settings = work.recipe.scoring.quality_classifier
    labels = _labels(work)
    held_out = pc.equal(labels["split"], "held_out").to_numpy()
    with tempfile.TemporaryDirectory() as folder:
        metrics = train_quality_classifier(
            labels["text"], labels["label"].to_numpy(), settings, SEED, Path(folder), held_out
        )
        row = publish(
            Path(folder), work.lake.uri, "quality_classifier", license_spdx="LicenseRef-unknown",
            parameters=settings.buckets + 1, training_texts=labels.num_rows - int(held_out.sum()), metrics=metrics,
            storage_options=work.lake.storage_options,
        )
    return work.files(pa.Table.from_pylist([row], schema=table("quality_classifier").schema))


def _labels(work: Work) -> pa.Table:
    return work.rows("quality_labels").sort_by("label_id")


def _write_annotations(work: Work) -> Files:
    from daft import col

    models = {name: model_of(work, name) for name in ("language_model", "quality_classifier")}
    scoring = work.recipe.scoring
    kernel = engine.batch_udf(
        partial(score_documents, models=models, max_tokens=scoring.max_tokens, batch_tokens=scoring.batch_tokens),
        {name: table("quality_annotations")[name].type for name in _SCORES},
    )
    frame = engine.read(work.lake, work.pin("deduplicated_documents"), ["doc_id", "snapshot", "text"])
    return engine.write(
        work.lake, frame.select("doc_id", "snapshot", kernel(col("text"))), [engine.Output("quality_annotations")]
    )


def model_of(work: Work, name: str) -> tuple[str, str]:
    """Id and local folder of a model, its files verified."""
    from data_platform.models.store import fetch

    (row,) = work.rows(name).to_pylist()
    if not row["training_texts"]:
        return row["model_id"], row["uri"]
    cache = home() / "models"
    return row["model_id"], str(fetch(row["uri"], cache, row["sha256"], work.lake.storage_options))


def score_documents(
    texts: pa.Array, *, models: Mapping[str, tuple[str, str]], max_tokens: int, batch_tokens: int
) -> pa.StructArray:
    """All scores of a batch of texts: a struct array with the score columns of table `quality_annotations`."""
    (language_model, language_folder), (classifier, classifier_folder) = models.values()
    with LOADING:
        perplexity_scorer = _perplexity_scorer(language_folder, max_tokens, batch_tokens)
        quality_scorer = _quality_scorer(classifier_folder)
    perplexity, quality = perplexity_scorer.score(texts), quality_scorer.score(texts)
    columns = {
        "perplexity": perplexity.field("perplexity"),
        "bits_per_byte": perplexity.field("bits_per_byte"),
        "perplexity_model": pa.repeat(language_model, len(texts)),
        "quality_score": quality.field("quality_score"),
        "quality_model": pa.repeat(classifier, len(texts)),
    }
    return pa.StructArray.from_arrays([columns[name] for name in _SCORES], list(_SCORES))


@lru_cache(maxsize=1)
def _perplexity_scorer(folder: str, max_tokens: int, batch_tokens: int):
    from data_platform.models.perplexity import PerplexityScorer

    return PerplexityScorer(folder, max_tokens, batch_tokens)


@lru_cache(maxsize=1)
def _quality_scorer(folder: str):
    from data_platform.models.linear_classifier import QualityScorer

    return QualityScorer(folder)


def _labels_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.ingest.environment import reference_state

    labels = workspace.recipe.scoring.quality_classifier.labels
    state = reference_state() if labels.kind == "environment" else _files_state(labels.paths)
    taken_down = standing(workspace.lake).config(LABELS, "quality_labels")
    return {"labels": labels.model_dump(mode="json"), "state": state, **taken_down}


def _language_model_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    settings = workspace.recipe.scoring.language_model
    files = sorted(os.path.join(settings.path, name) for name in os.listdir(settings.path)) if settings.path else []
    return {"settings": settings.model_dump(mode="json"), "files": _files_state(files)}


def _files_state(paths: Any) -> list[list[Any]]:
    """Name, size and time of files: cheap to ask for at every plan."""
    import fsspec

    found = []
    for path in paths:
        system, name = fsspec.core.url_to_fs(path)
        info = system.info(name)
        found.append([path, info["size"], str(info.get("ETag") or info.get("mtime") or info.get("LastModified"))])
    return found


def _classifier_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return workspace.recipe.scoring.quality_classifier.model_dump(mode="json", exclude={"labels"})


def _annotations_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {"max_tokens": workspace.recipe.scoring.max_tokens, "batch_tokens": workspace.recipe.scoring.batch_tokens}


QUALITY_LABELS = Stage(
    name="quality_labels", group="scoring", inputs=(), run=_write_labels, config=_labels_config,
    partitioned=False,
)
LANGUAGE_MODEL = Stage(
    name="language_model", group="scoring", inputs=("quality_labels",), run=_write_language_model,
    config=_language_model_config,
    partitioned=False, pool="gpu",
)
QUALITY_CLASSIFIER = Stage(
    name="quality_classifier", group="scoring", inputs=("quality_labels",), run=_write_classifier,
    config=_classifier_config,
    partitioned=False,
)
QUALITY_ANNOTATIONS = Stage(
    name="quality_annotations", group="scoring",
    inputs=("deduplicated_documents", "language_model", "quality_classifier"), run=_write_annotations,
    config=_annotations_config,
    pool="gpu",
)
