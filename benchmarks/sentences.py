"""Sentences that models of rights are trained on: files of patterns, expanded, and what a trained model makes of them.

A file of patterns has sections, '[en limit]': a language and a label. A line of a section is a pattern: {a|b|} is one
of its choices, <USER> one of the list that a line 'USER = this | that' of the same language gives. Patterns are held
out of a first training by their hash, so that the figures of what a model knows are of patterns that it never saw.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from data_platform.licenses.votes import SLOTS, STEP

HELD_OUT = 10
"""One pattern in so many is kept out of training."""
_CHOICE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"<([A-Z]+)>")


@dataclass(frozen=True)
class Sentence:
    """A sentence, its label, what it counts for, what it is counted with, and whether it is kept out of training."""

    text: str
    label: str
    weight: float
    kind: str
    held_out: bool = False


def of_patterns(file: Path, per_pattern: int, common: Mapping[str, list[str]] | None = None) -> Iterator[Sentence]:
    """The sentences of a file of patterns, equally many per pattern if it has as many; `common` lists are of all."""
    lists = {**(common or {})}
    language = label = ""
    for line in file.read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if opened := re.fullmatch(r"\[(\w+) (\w+)\]", line):
            if opened[1] != language:
                lists = {**(common or {})}
            language, label = opened[1], opened[2]
        elif named := re.match(r"([A-Z]+) = (.*)", line):
            lists[named[1]] = named[2].split(" | ")
        else:
            draw = random.Random(line)
            texts = {expand(line, lists, draw) for _ in range(per_pattern)}
            held_out = crc32(line.encode()) % HELD_OUT == 0
            # What is printed in one wording counts as much as a few dozen of the many wordings of another pattern.
            weight = (per_pattern / len(texts)) ** 0.5
            for text in sorted(texts):
                yield Sentence(text, label, weight, f"{language} {label}", held_out)


def expand(pattern: str, lists: dict[str, list[str]], draw: random.Random) -> str:
    """One sentence of a pattern: <NAME> is one of a list, {a|b} one of its choices, inner ones first."""
    while True:
        if match := _CHOICE.search(pattern):
            chosen = draw.choice(match[1].split("|"))
        elif match := _NAME.search(pattern):
            chosen = draw.choice(lists[match[1]])
        else:
            return " ".join(pattern.split())
        pattern = pattern[:match.start()] + chosen + pattern[match.end():]


def fit(rows: csr_matrix, is_so: Sequence[bool], weights: Sequence[float], doubt: float) -> np.ndarray:
    """Weights by slot in steps of `STEP`, the bias last with `doubt` added to it, as int8; `rows` are of `matrix`."""
    model = LogisticRegression(C=20.0, max_iter=300, solver="liblinear")
    model.fit(rows, is_so, weights)
    exact = np.append(model.coef_[0], model.intercept_ + doubt)
    return np.clip(np.rint(exact / STEP), -127, 127).astype(np.int8)


def matrix(slots: Sequence[Sequence[int]], width: int = SLOTS) -> csr_matrix:
    """One row per sentence: each of its slots is one over the root of their number."""
    starts = np.concatenate([[0], np.cumsum([len(one) for one in slots])])
    values = np.concatenate([np.full(len(one), len(one) ** -0.5) for one in slots if one])
    return csr_matrix((values, np.concatenate([one for one in slots if one]), starts), shape=(len(slots), width))


def shares(sentences: Sequence[Sentence], taken: Sequence[bool]) -> Iterator[list]:
    """Rows of kind, sentences, how many of them were taken for what is asked, and their share."""
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for one, is_taken in zip(sentences, taken, strict=True):
        by_kind[f"{one.kind}{', held out' if one.held_out else ''}"].append(bool(is_taken))
    for kind, found in sorted(by_kind.items()):
        yield [kind, len(found), sum(found), sum(found) / len(found)]
