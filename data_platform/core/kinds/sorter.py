"""Sorters: which documents belong to a branch, as learned from labelled texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from data_platform.core.kinds.method import Kind, Method
from data_platform.core.kinds.trainer import Trained

SORTER = Kind(
    name="sorter", section="branches.<name>.cascade", folder="branches", family="",
    rows="one per document: the branch that takes it first", partitioned=True, phase="crawl",
    licence="none: a verdict is no text",
    takedown="rows go with their documents, by doc_id; trained anew if a labelled text goes",
)


@dataclass(frozen=True)
class Labelled:
    """Texts of which is known whether they belong to a branch.

    Attributes:
        texts: the texts.
        labels: 1 for texts of the branch, 0 for others, one per text.
        hosts: where the texts are from; texts of one host are never on both sides of a split.
        held_out: which texts are measured on; all of a host or none.
        proposed: which texts the evidence of the branch speaks for.
        evidence: what evidence finds in them, float64 of shape (texts, features).
    """

    texts: pa.Array
    labels: Sequence[int] | np.ndarray
    hosts: Sequence[str]
    held_out: Sequence[bool] | np.ndarray
    proposed: Sequence[bool] | np.ndarray
    evidence: np.ndarray


class Judged(NamedTuple):
    """What a sorter says of texts.

    Attributes:
        taken: bool, whether they belong to the branch.
        first: float64, the score by which they were proposed.
        second: float64, the score by which it was decided; NaN of what was not proposed.
    """

    taken: np.ndarray
    first: np.ndarray
    second: np.ndarray


class Judge(Protocol):
    """What was learned, ready to judge."""

    def judge(self, texts: pa.Array, proposed: np.ndarray | None, evidence: np.ndarray) -> Judged:
        """Whether texts belong to the branch.

        Args:
            texts: the texts.
            proposed: which of them the evidence of the branch speaks for; None if it has none.
            evidence: as in `Labelled`.
        """
        ...


class Sorter(Method):
    """Learns from labelled texts, and says of any text whether it belongs to the branch. What is said of a text depends
    on it, the evidence in it and what was learned alone.

    Of an example, `given` lists labelled texts as text, label, host and whether it is held out; `gives` says of each
    that is held out whether it is taken.
    """

    kind: ClassVar[Kind] = SORTER

    def train(self, labelled: Labelled, folder: Path) -> Trained:
        """Learn from what is not held out, measure on what is, and write files to `folder`."""
        raise NotImplementedError

    def loaded(self, folder: Path) -> Judge:
        """What `train` left in its folder."""
        raise NotImplementedError
