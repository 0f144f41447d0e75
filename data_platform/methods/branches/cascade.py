"""Two linear classifiers in a row."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import Field

from data_platform.core.errors import PlainError
from data_platform.core.kinds.method import Example, Section
from data_platform.core.kinds.sorter import Judged, Labelled, Sorter
from data_platform.core.kinds.trainer import Trained
from data_platform.models.linear_classifier import features, text_words

HEADER = "cascade.json"
WEIGHTS = "weights.npz"
FORMAT = "data_platform.cascade.1"
FOLDS = 3
MAX_ITERATIONS = 1_000


class CascadeError(PlainError, ValueError):
    """Labels that no cascade can be trained on, or a folder that holds none. The message says what is missing."""


class TwoClassifiers(Sorter, name="cascade"):
    """Two linear classifiers in a row: the first misses little, the second lets little through that does not belong.

    InfiMM-WebMath-40B (Han et al. 2024, arXiv:2409.12568) filters for mathematics twice: a fastText classifier with a
    low threshold (0.4) before deduplication, for recall (section 3.1.3), and after it a second one trained on finer
    labels, for precision (section 3.1.6). Here both are logistic regressions on hashed word n-grams, as in
    `models/linear_classifier.py`:

    - the first reads word n-grams alone, in few buckets, and runs over everything;
    - the second is trained on what the first or the evidence proposes, among it the negatives that resemble the branch.
      It reads longer n-grams in more buckets and, beside them, how much of the text each piece of evidence takes.

    Both thresholds are learned from scores out of fold, the folds being groups of hosts: the first is the highest that
    keeps the recall asked for, the second the lowest that reaches the precision asked for. Held-out hosts take part in
    nothing of this; recall and precision are reported on them. The fit has no chance in it.

    A cascade is a folder with `cascade.json` (settings, thresholds, what was measured) and `weights.npz` (arrays
    alone). Not here: labels (`branches/labels.py`), the compiled loops (`kernels/ngrams.py`), and publishing
    (`models/store.py`).

    That evidence proposes beside the first classifier is RedStone's (Chang et al. 2024, arXiv:2412.03398).
    """

    class Settings(Section):
        """Two classifiers of a branch: a cheap one that misses little, and a precise one."""

        recall: float = Field(default=0.98, gt=0, le=1, description="Recall that the first classifier is set to.")
        precision: float = Field(default=0.95, gt=0, le=1, description="Precision that the second one is set to.")
        first_ngram: int = Field(default=1, ge=1, le=5, description="Longest word n-gram of the first classifier.")
        second_ngram: int = Field(default=2, ge=1, le=5, description="Longest word n-gram of the second classifier.")
        first_buckets: int = Field(default=2**16, ge=2, description="Hash buckets of the first classifier.")
        second_buckets: int = Field(default=2**18, ge=2, description="Hash buckets of the second classifier.")
        regularization: float = Field(default=100.0, gt=0, description="Inverse strength of the L2 penalty.")

    examples = (
        Example(
            [(text, label, f"{place}.example", place > 3) for place, (text, label) in enumerate([
                ("a theorem and its proof", 1), ("butter and sugar", 0), ("a lemma and its proof", 1),
                ("an egg and sugar", 0), ("the proof of a theorem", 1), ("sugar and butter", 0),
            ])],
            [True, False], {"first_buckets": 4096, "second_buckets": 4096}, "by hand: words of one class alone",
        ),
    )

    def train(self, labelled: Labelled, folder: Path) -> Trained:
        """Train both classifiers, and say what they reach on held-out hosts."""
        metrics = train_cascade(
            labelled.texts, labelled.labels, labelled.hosts, labelled.held_out, labelled.proposed, labelled.evidence,
            self.settings, folder,
        )
        size = self.settings.first_buckets + self.settings.second_buckets + labelled.evidence.shape[1] + 2
        return Trained(size, metrics["training_texts"], metrics)

    def loaded(self, folder: Path) -> CascadeScorer:
        """Both classifiers."""
        return CascadeScorer(folder)


def train_cascade(
    texts: pa.Array, labels: Sequence[int] | np.ndarray, hosts: Sequence[str], held_out: Sequence[bool] | np.ndarray,
    proposed: Sequence[bool] | np.ndarray, evidence: np.ndarray, settings: TwoClassifiers.Settings,
    folder: Path,
) -> dict[str, Any]:
    """Train both classifiers, set their thresholds, write them to `folder` and say what they reach on held-out hosts.

    Args:
        texts: the texts.
        labels: 1 for texts of the branch, 0 for others, one per text.
        hosts: where the texts are from; texts of one host are never on both sides of a split.
        held_out: which texts are measured on; all of a host or none.
        proposed: which texts the evidence of the branch speaks for: the second classifier judges them in any case.
        evidence: features of the second classifier beside words, float64 of shape (texts, features).
        settings: the recipe's part.
        folder: where to write; made if need be.

    Returns:
        Thresholds, and under `first` and `cascade` the counts of true and false positives and of false negatives on
        held-out hosts with `recall` and `precision` (null where nothing was to be found).

    Raises:
        CascadeError: if one class is missing on either side, or is all of one host: then there is nothing to fold.
    """
    labels, held_out = np.asarray(labels, np.int64), np.asarray(held_out, bool)
    proposed, hosts = np.asarray(proposed, bool), np.asarray(hosts)
    _check(labels, hosts, held_out)
    train = np.flatnonzero(~held_out)
    words = features(texts, settings.first_ngram, settings.first_buckets)
    first, first_scores = _fit(words[train], labels[train], hosts[train], settings.regularization)
    first_threshold = _threshold_for_recall(first_scores, labels[train], settings.recall)
    passed = (first_scores >= first_threshold) | proposed[train]
    hard = train[passed | _hardest(first_scores, labels[train], passed)]
    richer = _with_evidence(features(texts, settings.second_ngram, settings.second_buckets), evidence)
    second, second_scores = _fit(richer[hard], labels[hard], hosts[hard], settings.regularization)
    second_threshold = _threshold_for_precision(second_scores, labels[hard], settings.precision)

    candidates = (_score(first, words) >= first_threshold) | proposed
    taken = candidates & (_score(second, richer) >= second_threshold)
    metrics = {
        "first_threshold": float(first_threshold),
        "second_threshold": float(second_threshold),
        "training_texts": int(train.size),
        "training_positive": int(labels[train].sum()),
        "second_training_texts": int(hard.size),
        "held_out_texts": int(held_out.sum()),
        "held_out_hosts": len(set(hosts[held_out])),
        "first": agreement(candidates[held_out], labels[held_out]),
        "cascade": agreement(taken[held_out], labels[held_out]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    header = {
        "format": FORMAT, "first_ngram": settings.first_ngram, "second_ngram": settings.second_ngram,
        "evidence": int(evidence.shape[1]), "metrics": metrics,
    }
    (folder / HEADER).write_text(json.dumps(header, indent=1, sort_keys=True), encoding="utf-8")
    np.savez_compressed(
        folder / WEIGHTS, first=first[0], first_intercept=first[1], second=second[0][: settings.second_buckets],
        second_intercept=second[1], evidence=second[0][settings.second_buckets:],
    )
    return metrics


def agreement(taken: np.ndarray, labels: np.ndarray) -> dict[str, float | int | None]:
    """Counts of right and wrong decisions, with recall and precision; null where their denominator is 0."""
    labels = np.asarray(labels, bool)
    right, missed, wrong = (int((one & other).sum()) for one, other in (
        (taken, labels), (~taken, labels), (taken, ~labels)))
    return {
        "true_positives": right, "false_negatives": missed, "false_positives": wrong,
        "recall": right / (right + missed) if right + missed else None,
        "precision": right / (right + wrong) if right + wrong else None,
    }


class CascadeScorer:
    """Both classifiers of a folder written by `train_cascade`, with their thresholds.

    Raises:
        CascadeError: if the folder holds no cascade.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        path = Path(folder)
        try:
            header = json.loads((path / HEADER).read_text(encoding="utf-8"))
            with zipfile.ZipFile(path / WEIGHTS), np.load(path / WEIGHTS, allow_pickle=False) as arrays:
                self._arrays = {name: arrays[name] for name in arrays}
            if header["format"] != FORMAT:
                raise ValueError(f"format {header['format']!r} is not {FORMAT!r}")
            self._ngrams = header["first_ngram"], header["second_ngram"]
            self.first_threshold = header["metrics"]["first_threshold"]
            self.second_threshold = header["metrics"]["second_threshold"]
        except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise CascadeError(f"{path} holds no cascade: {error}") from error

    def first(self, texts: pa.Array) -> np.ndarray:
        """The probability of every text under the first classifier, float64."""
        return self._words(texts, "first", self._ngrams[0])

    def second(self, texts: pa.Array, evidence: np.ndarray) -> np.ndarray:
        """The probability of every text under the second classifier, float64.

        Args:
            texts: the texts.
            evidence: features as in training, of shape (texts, features).
        """
        words = self._words(texts, "second", self._ngrams[1])
        weights = self._arrays["evidence"]
        if evidence.shape[1] != weights.size:
            raise CascadeError(f"the cascade reads {weights.size} features of evidence, not {evidence.shape[1]}")
        with np.errstate(divide="ignore"):  # a probability that rounds to 0 or 1 is an infinite logit, as it should be
            logit = np.log(words) - np.log1p(-words)
        return _logistic(logit + evidence @ weights)

    def judge(self, texts: pa.Array, proposed: np.ndarray | None, evidence: np.ndarray) -> Judged:
        """Which documents the second classifier takes of those that the first or the evidence proposes; the second
        score is NaN where it was not asked."""
        first = self.first(texts)
        candidates = first >= self.first_threshold
        if proposed is not None:
            candidates |= proposed
        second = np.full(len(first), np.nan)
        if candidates.any():
            second[candidates] = self.second(texts.filter(pa.array(candidates)), evidence[candidates])
        return Judged(candidates & (second >= self.second_threshold), first, second)

    def _words(self, texts: pa.Array, name: str, ngram: int) -> np.ndarray:
        from data_platform.kernels.ngrams import score_ngrams

        weights, intercept = self._arrays[name], float(self._arrays[f"{name}_intercept"])
        return score_ngrams(*text_words(texts), ngram, weights, intercept)


def _logistic(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(values, -700, 700)))


_Model = tuple[np.ndarray, float]


def _check(labels: np.ndarray, hosts: np.ndarray, held_out: np.ndarray) -> None:
    for value, meaning in ((1, "of the branch"), (0, "of other kinds")):
        mine = labels == value
        if not mine[held_out].any():
            raise CascadeError(f"no text {meaning} is held out; give labels of more hosts, or hold more of them out")
        if len(set(hosts[mine & ~held_out])) < 2:
            raise CascadeError(f"the texts {meaning} that are trained on must be of two hosts at least")


def _fit(matrix: Any, labels: np.ndarray, hosts: np.ndarray, regularization: float) -> tuple[_Model, np.ndarray]:
    """A classifier, and the scores that texts get from one that has seen no text of their host.

    Where the other hosts hold one class alone, the classifier itself scores: there is nothing else to learn from.
    """
    from scipy.sparse import csr_array
    from sklearn.linear_model import LogisticRegression

    # LIBLINEAR (Fan et al. 2008) is made for such matrices, a few times faster than L-BFGS, and takes 32-bit indices.
    parts = matrix.data, matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    matrix = csr_array(parts, shape=matrix.shape)

    def fitted(rows: np.ndarray) -> _Model:
        model = LogisticRegression(
            C=regularization, class_weight="balanced", max_iter=MAX_ITERATIONS, solver="liblinear", random_state=0
        )
        model.fit(matrix[rows], labels[rows])
        return model.coef_[0], float(model.intercept_[0])

    whole = fitted(np.arange(labels.size))
    scores = np.full(labels.size, np.nan)
    for measured in _folds(labels, hosts):
        rest = np.flatnonzero(~measured)
        model = fitted(rest) if len(set(labels[rest])) == 2 else whole
        scores[measured] = _score(model, matrix[measured])
    return whole, scores


def _folds(labels: np.ndarray, hosts: np.ndarray) -> list[np.ndarray]:
    """At most `FOLDS` masks that together cover all texts: hosts dealt out by size, those with positives first."""
    names, members, sizes = np.unique(hosts, return_inverse=True, return_counts=True)
    positive = np.bincount(members, labels, names.size)
    order = np.lexsort((names, -sizes, -positive))
    folds = min(FOLDS, int((positive > 0).sum()), int((positive < sizes).sum()))
    place = np.empty(names.size, np.int64)
    place[order] = np.arange(names.size) % max(folds, 2)
    return [place[members] == fold for fold in range(max(folds, 2))]


def _score(model: _Model, matrix: Any) -> np.ndarray:
    return _logistic(matrix @ model[0] + model[1])


def _with_evidence(words: Any, evidence: np.ndarray) -> Any:
    import scipy.sparse

    return scipy.sparse.hstack([words, scipy.sparse.csr_array(evidence)], format="csr")


def _threshold_for_recall(scores: np.ndarray, labels: np.ndarray, recall: float) -> float:
    """The highest score that keeps at least `recall` of the texts with label 1, lowered by `_midway`."""
    wanted = np.sort(scores[labels == 1])
    return _midway(scores, wanted[int(np.floor((1 - recall) * wanted.size + 1e-9))])


def _threshold_for_precision(scores: np.ndarray, labels: np.ndarray, precision: float) -> float:
    """The lowest score that reaches `precision` (the one of the best, if none does), lowered by `_midway`."""
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(labels[order] == 1)
    reached = right / np.arange(1, labels.size + 1)
    # Only where a run of equal scores ends can a threshold lie.
    last = np.append(scores[order][1:] != scores[order][:-1], True)
    enough = np.flatnonzero(last & (reached >= precision))
    place = enough[-1] if enough.size else np.flatnonzero(last)[np.argmax(reached[last])]
    return _midway(scores, scores[order][place])


def _midway(scores: np.ndarray, threshold: float) -> float:
    """The middle between a threshold and the next lower score, where there is one, which decides alike on these scores:
    where the classes are far apart, texts a little unlike those of the training should not fall to the other side."""
    lower = scores[scores < threshold]
    return float((threshold + lower.max()) / 2 if lower.size else threshold)


def _hardest(scores: np.ndarray, labels: np.ndarray, passed: np.ndarray) -> np.ndarray:
    """So many of the negatives that were not passed, those of the highest scores, that there are as many as positives,
    and all positives: the second classifier must know both classes, however good the first is."""
    chosen = labels == 1
    missing = int(chosen.sum()) - int((passed & ~chosen).sum())
    others = np.flatnonzero(~chosen & ~passed)
    if missing > 0:
        chosen[others[np.argsort(-scores[others], kind="stable")[:missing]]] = True
    return chosen
