"""A linear quality classifier over hashed word n-grams: trained by scikit-learn, applied by a compiled kernel.

Logistic regression on bags of word n-grams is how web text has been chosen since GPT-3 (Brown et al. 2020, appendix A:
logistic regression on hashed tokens, wanted against raw crawl); hashed features are those of Weinberger et al. 2009,
"Feature Hashing for Large Scale Multitask Learning", without signs. The features of a text are the counts of its word
n-grams of every length up to `ngram`, each in the bucket that its hash names, divided by their Euclidean length. Words
are the normalised words of `text/words.py`, so case, punctuation and digits do not count. Both classes have the same
weight, whatever their sizes, so .5 is where they balance.

A classifier is a folder with `classifier.json` (settings and what was measured) and `weights.npz` (arrays alone, no
pickles). Not here: the labelled texts (`labels.py`), the compiled loop (`kernels/ngrams.py`), publishing (`store.py`).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from data_platform.core.errors import PlainError
from data_platform.models.settings import QualityClassifier
from data_platform.text.words import word_ngram_hashes

if TYPE_CHECKING:
    import scipy.sparse

HEADER = "classifier.json"
WEIGHTS = "weights.npz"
FORMAT = "data_platform.hashed_word_ngrams.1"
MAX_ITERATIONS = 1_000
_PROBE = pa.array(["The naïve CATS sat 3 times in 東京, от Москвы до Straße 42."])


class ClassifierError(PlainError, ValueError):
    """A directory that holds no usable classifier. The message names the directory and what is wrong with it."""


def train_quality_classifier(
    texts: pa.Array | pa.ChunkedArray,
    labels: Sequence[int] | np.ndarray,
    settings: QualityClassifier,
    seed: int,
    folder: Path,
    held_out: Sequence[bool] | np.ndarray | None = None,
    held_out_share: float = 0.2,
) -> dict[str, Any]:
    """Train a classifier on labelled texts and write it to `folder`.

    Args:
        texts: the texts.
        labels: 1 wanted, 0 not, one per text.
        settings: size of the n-grams, buckets, regularisation.
        seed: seed of the split, if `held_out` is not given. The fit itself has no chance in it.
        folder: where to write; made if need be.
        held_out: which texts are measured on and not trained on, one per text.
        held_out_share: share of each class that is, if `held_out` is not given.

    Returns:
        Counts (`training_texts`, `training_wanted`, `held_out_texts`, `held_out_wanted`), `held_out_roc_auc`,
        `held_out_accuracy` at .5 with both classes weighed the same, `parameters`, `features` (buckets with a weight),
        `iterations`.

    Raises:
        ValueError: if one of the classes is missing among the texts to train on or among those held out.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score

    labels = np.asarray(labels, dtype=np.int32)
    measured = _split(labels, held_out_share, seed) if held_out is None else np.asarray(held_out, dtype=bool)
    for part, name in ((labels[~measured], "to train on"), (labels[measured], "held out")):
        if set(part) != {0, 1}:
            raise ValueError(
                f"{int((part == 1).sum())} texts {name} are wanted and {int((part == 0).sum())} are not; the "
                "classifier needs both, and no other labels than 1 and 0"
            )
    matrix = features(texts, settings.ngram, settings.buckets)
    model = LogisticRegression(C=settings.regularization, class_weight="balanced", max_iter=MAX_ITERATIONS)
    model.fit(matrix[~measured], labels[~measured])
    scores = model.predict_proba(matrix[measured])[:, 1]
    weights = model.coef_[0]
    metrics = {
        "training_texts": int((~measured).sum()),
        "training_wanted": int(labels[~measured].sum()),
        "held_out_texts": int(measured.sum()),
        "held_out_wanted": int(labels[measured].sum()),
        "held_out_roc_auc": float(roc_auc_score(labels[measured], scores)),
        "held_out_accuracy": float(balanced_accuracy_score(labels[measured], scores >= 0.5)),
        "parameters": weights.size + 1,
        "features": int(np.count_nonzero(weights)),
        "iterations": int(model.n_iter_[0]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    header = {"format": FORMAT, "ngram": settings.ngram, "buckets": settings.buckets, "metrics": metrics,
              "probe": _probe(settings.ngram, settings.buckets)}  # fmt: skip
    (folder / HEADER).write_text(json.dumps(header, indent=1, sort_keys=True), encoding="utf-8")
    np.savez_compressed(folder / WEIGHTS, weights=weights, intercept=model.intercept_)
    return metrics


def features(texts: pa.Array | pa.ChunkedArray, ngram: int, buckets: int) -> scipy.sparse.csr_array:
    """The features of every text as a sparse matrix of shape (texts, buckets), rows of Euclidean length 1 or 0."""
    import scipy.sparse

    from data_platform.kernels.ngrams import ngram_buckets

    offsets, found = ngram_buckets(*text_words(texts), ngram, buckets)
    counts = scipy.sparse.csr_array((np.ones(found.size), found, offsets), shape=(len(offsets) - 1, buckets))
    counts.sum_duplicates()
    lengths = np.sqrt(counts.power(2).sum(axis=1))
    counts.data /= np.repeat(lengths, np.diff(counts.indptr))
    return counts


def text_words(texts: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets and hashes of the words of every text."""
    words = word_ngram_hashes(texts, 1)
    return words.offsets.to_numpy(), words.values.to_numpy()


def _split(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Mark about `share` of each class, one text at least, by a seeded draw."""
    generator = np.random.default_rng(seed)
    measured = np.zeros(labels.size, dtype=bool)
    for label in (0, 1):
        members = generator.permutation(np.flatnonzero(labels == label))
        measured[members[: max(1, round(share * members.size))]] = True
    return measured


def load_classifier(folder: Path) -> tuple[int, np.ndarray, float]:
    """Longest n-gram, weights and intercept of the classifier in `folder`.

    Raises:
        ClassifierError: if the folder is missing or holds no such classifier.
    """
    if not folder.is_dir():
        raise ClassifierError(f"{folder} is not a directory; give one as written by train_quality_classifier")
    read = HEADER
    try:
        header = json.loads((folder / HEADER).read_text(encoding="utf-8"))
        kind, ngram, buckets, probe = (header[name] for name in ("format", "ngram", "buckets", "probe"))
        read = WEIGHTS
        with zipfile.ZipFile(folder / WEIGHTS), np.load(folder / WEIGHTS, allow_pickle=False) as arrays:
            weights, intercept = arrays["weights"], arrays["intercept"]
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ClassifierError(f"{folder} holds no quality classifier, or {read} in it is cut: {error}") from error
    if kind != FORMAT:
        raise ClassifierError(f"{folder}: format {kind!r} is not {FORMAT!r}")
    if weights.shape != (buckets,) or weights.dtype != np.float64 or intercept.shape != (1,):
        raise ClassifierError(f"{folder}: the weights do not fit the {buckets} buckets of {HEADER}")
    if probe != _probe(ngram, buckets):
        raise ClassifierError(f"{folder}: this version finds other features in a text; train the classifier anew")
    return ngram, weights, float(intercept[0])


def _probe(ngram: int, buckets: int) -> list[int]:
    """The buckets of one text: they tell whether a classifier was trained on the features that are found here."""
    from data_platform.kernels.ngrams import ngram_buckets

    return ngram_buckets(*text_words(_PROBE), ngram, buckets)[1].tolist()
