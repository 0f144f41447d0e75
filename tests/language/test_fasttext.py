"""Equality with fastText to the last bit, on models of every kind; broken files; a model with GlotLID's labels."""

from __future__ import annotations

import random
import tarfile
from pathlib import Path

import fasttext
import numpy as np
import pyarrow as pa
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.language import identify as module
from data_platform.language.fasttext import ModelError, read_model
from data_platform.language.identify import identify
from tests.language.models import train_by_counting, write_model

ALPHABET = "abcdeéüßжщяひ漢字가🙂  \t"
WORDS = ("</s>", "a", "ab", "été", "жя", "漢字")
BUCKETS = 997
KINDS = {
    "softmax": {"loss": "softmax"},
    "one against all": {"loss": "ova"},
    "negative sampling": {"loss": "ns", "word_ngrams": 2},
    "hierarchical softmax": {"loss": "hs", "minn": 1, "maxn": 6},
    "words alone": {"loss": "hs", "minn": 0, "maxn": 0, "word_ngrams": 3},
    "of the older format": {"version": 11},
    "quantised": {"loss": "hs", "kept_buckets": list(range(0, BUCKETS, 3))},
    "quantised with word n-grams": {"loss": "softmax", "word_ngrams": 2, "kept_buckets": list(range(0, BUCKETS, 2))},
    "quantised without buckets": {"loss": "softmax", "kept_buckets": []},
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Models of random weights. Names of labels differ in length, so that matrices lie at odd places of the files."""
    folder = tmp_path_factory.mktemp("models")
    found = {}
    for number, (kind, options) in enumerate(KINDS.items()):
        generator = np.random.default_rng(number)
        n_labels, dimension = 3 + 5 * number, 4 + 3 * number
        n_rows = len(WORDS) + len(options.get("kept_buckets", range(BUCKETS)))
        labels = [*("de", "en", "fr")[: number % 4], *(f"q{a}{b}" for a in "abcdefg" for b in "hijklmno")][:n_labels]
        found[kind] = write_model(
            folder / f"{number}.bin", WORDS, labels,
            generator.normal(size=(n_rows, dimension)), generator.normal(size=(n_labels, dimension)),
            buckets=BUCKETS, **options,
        )
    return found


def ours(texts: list[str], path: Path) -> list[tuple[str, float]]:
    answers = identify(pa.array(texts, pa.string()), str(path)).to_pylist()
    return [(answer["language"], answer["confidence"]) for answer in answers]


def theirs(texts: list[str], path: Path) -> list[tuple[str, float]]:
    model = fasttext.load_model(str(path))
    answers = []
    for text in texts:
        labels, probabilities = model.predict(" ".join(text.split())) if regex.search(r"\p{L}", text) else ((), ())
        answers.append((labels[0].removeprefix("__label__"), min(probabilities[0], 1.0)) if labels else ("und", 0.0))
    return answers


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_equal_to_fasttext_to_the_last_bit(kind: str, models: dict[str, Path]) -> None:
    generator = random.Random(kind)
    texts = ["".join(generator.choices(ALPHABET, k=generator.randrange(200))) for _ in range(300)]
    texts += ["a </s> b", "__label__qah ab", "__label__ab", "ab\0été", "漢字 " * 400, "a" * 1_999, *WORDS]
    assert ours(texts, models[kind]) == theirs(texts, models[kind])


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(st.text(max_size=300), max_size=4))
def test_any_text_gets_the_answer_of_fasttext(texts: list[str]) -> None:
    path = Path(str(module.default_model()))
    assert ours(texts, path) == theirs(texts, path)


def test_broken_files_are_refused_by_name(models: dict[str, Path], tmp_path: Path) -> None:
    whole = models["quantised"].read_bytes()
    broken = tmp_path / "broken.bin"
    for length in (*range(0, 200, 7), len(whole) // 2, len(whole) - 1):
        broken.write_bytes(whole[:length])
        with pytest.raises(ModelError, match=r"broken\.bin"):
            read_model(broken)
    broken.write_bytes(b"PK\3\4" + whole[4:])
    with pytest.raises(ModelError, match="no fastText model of format 11 or 12"):
        read_model(broken)
    vectors = bytearray(whole)
    vectors[8 + 4 * 7] = 2  # skip-gram
    broken.write_bytes(vectors)
    with pytest.raises(ModelError, match="word vectors, not a classifier"):
        read_model(broken)


def test_a_model_with_labels_like_glotlid_means_the_same_codes(shared_data: Path, tmp_path: Path) -> None:
    """Trained on half of the sentences of nine languages, asked about the other half."""
    labels = {
        "en": ("eng_Latn", "en", "Latn"), "de": ("deu_Latn", "de", "Latn"), "ru": ("rus_Cyrl", "ru", "Cyrl"),
        "ar": ("arb_Arab", "ar", "Arab"), "zh": ("cmn_Hani", "zh", "Hani"), "ja": ("jpn_Jpan", "ja", "Jpan"),
        "sr": ("srp_Cyrl", "sr", "Cyrl"), "sw": ("swh_Latn", "sw", "Latn"), "tl": ("fil_Latn", "fil", "Latn"),
    }  # fmt: skip
    texts = {}
    with tarfile.open(shared_data / "langid" / "lingua-testdata.tar.xz") as archive:
        for code in labels:
            lines = archive.extractfile(f"sentences/{code}.txt").read().decode("utf-8").splitlines()
            texts[code] = lines[:200]
    path = train_by_counting(tmp_path / "lid.bin", {labels[code][0]: some[::2] for code, some in texts.items()})
    for code, some in texts.items():
        answers = identify(pa.array(some[1::2]), str(path)).to_pylist()
        right = [(answer["language"], answer["script"]) == labels[code][1:] for answer in answers]
        assert sum(right) / len(right) >= 0.95, code
