"""The two classifiers: thresholds by hand, held-out hosts untouched, and the scorer agreeing with the training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from data_platform.branches.settings import Cascade, DomainLabels
from data_platform.methods.branches.cascade import (
    CascadeError,
    CascadeScorer,
    _folds,
    _threshold_for_precision,
    _threshold_for_recall,
    agreement,
    train_cascade,
)

SETTINGS = Cascade(
    labels=(DomainLabels(kind="environment"),), first_buckets=2**12, second_buckets=2**13, recall=1.0, precision=1.0
)


def corpus() -> tuple[pa.Array, np.ndarray, list[str], np.ndarray]:
    """Texts of twelve hosts: every second one writes of proofs, the others of cakes; the last four are held out."""
    generator = np.random.default_rng(0)
    words = {1: ["theorem", "lemma", "proof", "integral", "matrix"], 0: ["butter", "sugar", "oven", "cake", "egg"]}
    texts, labels, hosts = [], [], []
    for host in range(12):
        for _ in range(6):
            label = host % 2
            chosen = [*generator.choice(words[label], 6), *generator.choice(["the", "of", "and", "we"], 6)]
            texts.append(" ".join(generator.permutation(chosen)))
            labels.append(label)
            hosts.append(f"host-{host}.example")
    held_out = np.array([int(host[5:].split(".")[0]) >= 8 for host in hosts])
    return pa.array(texts, pa.large_string()), np.array(labels), hosts, held_out


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("cascade")
    texts, labels, hosts, held_out = corpus()
    evidence = np.column_stack([labels * 0.5, np.zeros(labels.size)])
    return folder, train_cascade(
        texts, labels, hosts, held_out, np.zeros(labels.size, bool), evidence, SETTINGS, folder
    )


def test_separable_classes_are_separated_on_hosts_never_seen(trained: tuple[Path, dict]) -> None:
    metrics = trained[1]
    assert metrics["held_out_hosts"] == 4 and metrics["held_out_texts"] == 24 and metrics["training_texts"] == 48
    assert metrics["first"]["recall"] == metrics["cascade"]["recall"] == metrics["cascade"]["precision"] == 1.0


def test_the_scorer_decides_as_the_training_measured(trained: tuple[Path, dict]) -> None:
    folder, metrics = trained
    texts, labels, _, held_out = corpus()
    scorer = CascadeScorer(folder)
    first, second = scorer.first(texts), scorer.second(texts, np.column_stack([labels * 0.5, np.zeros(labels.size)]))
    taken = (first >= scorer.first_threshold) & (second >= scorer.second_threshold)
    assert agreement(taken[held_out], labels[held_out]) == metrics["cascade"]
    with pytest.raises(CascadeError, match="reads 2 features"):
        scorer.second(texts, np.zeros((labels.size, 3)))


def test_training_again_in_another_order_gives_the_same_decisions(trained: tuple[Path, dict], tmp_path: Path) -> None:
    texts, labels, hosts, held_out = corpus()
    order = np.random.default_rng(1).permutation(labels.size)
    evidence = np.column_stack([labels * 0.5, np.zeros(labels.size)])
    metrics = train_cascade(
        texts.take(pa.array(order)), labels[order], [hosts[place] for place in order], held_out[order],
        np.zeros(labels.size, bool), evidence[order], SETTINGS, tmp_path,
    )
    assert metrics["cascade"] == trained[1]["cascade"]
    assert metrics["first_threshold"] == pytest.approx(trained[1]["first_threshold"], abs=0.02)


def test_thresholds_by_hand() -> None:
    scores, labels = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([1, 0, 1, 1, 0])
    # Midway to the next lower score: a text between them is as near to one as to the other.
    assert _threshold_for_recall(scores, labels, 1.0) == pytest.approx(0.55)
    assert _threshold_for_recall(scores, labels, 0.66) == pytest.approx(0.65)
    assert _threshold_for_precision(scores, labels, 0.75) == pytest.approx(0.55)
    assert _threshold_for_precision(scores, labels, 1.0) == pytest.approx(0.85)
    assert _threshold_for_precision(np.array([0.9, 0.8]), np.array([0, 1]), 1.0) == 0.8, "the best there is"
    assert _threshold_for_recall(np.array([0.9, 0.1]), np.array([1, 0]), 1.0) == pytest.approx(0.5)


def test_a_host_is_in_one_fold_and_every_text_in_one() -> None:
    _, labels, hosts, _ = corpus()
    folds = np.column_stack(_folds(labels, np.array(hosts)))
    assert (folds.sum(axis=1) == 1).all()
    assert all(len({tuple(folds[row]) for row in range(len(hosts)) if hosts[row] == host}) == 1 for host in set(hosts))


def test_labels_that_cannot_be_learned_from_say_so(tmp_path: Path) -> None:
    texts, labels, hosts, held_out = corpus()
    none = np.zeros(labels.size, bool)
    with pytest.raises(CascadeError, match="no text of the branch is held out"):
        train_cascade(texts, labels, hosts, none, none, np.zeros((labels.size, 0)), SETTINGS, tmp_path)
    with pytest.raises(CascadeError, match="two hosts at least"):
        train_cascade(texts, labels, ["one"] * labels.size, held_out, none, np.zeros((labels.size, 0)), SETTINGS,
                      tmp_path)
    with pytest.raises(CascadeError, match="holds no cascade"):
        CascadeScorer(tmp_path / "nowhere")
