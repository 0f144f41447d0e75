"""The trained block classifier: boosted trees as flat arrays, evaluated in one compiled loop.

Here belongs the file of weights and what it computes. Not here: how it is trained (`benchmarks.train_extraction`), and
what its inputs mean (`features`). This module imports numba.

Two forests: the first scores each block by its features, the second by the same features and the first scores of the
block and its surroundings, as in stacked sequential learning (Cohen and Carvalho, IJCAI 2005).
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data_platform.kernels.compiled import kernel

WEIGHTS = Path(__file__).with_name("blocks.npz")
"""The weights, with where they come from in the entry `provenance`."""

DIGEST = "bc72aaa41bd7"
"""First 12 digits of the SHA-256 of `WEIGHTS`. It is part of the code, so that new weights make new versions."""


class Forest(NamedTuple):
    """Trees, one after the other.

    Attributes:
        feature: column that a node asks for; any for leaves.
        threshold: a node goes to its first child if the column is not larger, else to the second.
        child: [nodes, 2] children; a leaf is its own.
        value: of leaves.
        root: first node of each tree.
        depth: steps from the root to the deepest leaf of each tree.
        bias: what the values of the leaves are added to.
    """

    feature: np.ndarray
    threshold: np.ndarray
    child: np.ndarray
    value: np.ndarray
    root: np.ndarray
    depth: np.ndarray
    bias: float


class Model(NamedTuple):
    """Both forests, and the second score above which a block is content."""

    first: Forest
    second: Forest
    cut: float


def score(forest: Forest, table: np.ndarray) -> np.ndarray:
    """Probability that each row of `table` (float32) is content, float32."""
    return _score(*forest, table)


@cache
def load() -> Model:
    """The model that comes with the platform.

    Raises:
        ValueError: if the file is not the one that this version was made with.
    """
    data = WEIGHTS.read_bytes()
    if hashlib.sha256(data).hexdigest()[:12] != DIGEST:
        raise ValueError(f"{WEIGHTS.name} is not the file whose digest is {DIGEST}")
    with np.load(WEIGHTS) as arrays:
        first, second = (
            Forest(*(arrays[f"{name}_{field}"] for field in Forest._fields[:-1]), float(arrays[f"{name}_bias"]))
            for name in ("first", "second")
        )
        return Model(first, second, float(arrays["cut"]))


_ROWS = 32
"""Rows that go down the trees together: a table of so many fits the first cache, and bounds what is read again."""


@kernel(allocates=True)
def _score(feature, threshold, child, value, root, depth, bias, table):
    """See `score`. Rows go down a tree in step and wait at its leaves: no branch is to be predicted, and the steps of
    different rows overlap. Unsigned indices spare numba's look for negative ones.
    """
    sums = np.full(table.shape[0], bias)
    nodes = np.empty(_ROWS, np.uint32)
    for start in range(0, table.shape[0], _ROWS):
        part = table[start:start + _ROWS]
        count = np.uint64(part.shape[0])
        for tree in range(root.size):
            nodes[:] = root[tree]
            for _ in range(depth[tree]):
                for row in range(count):
                    node = np.uint64(nodes[row])
                    right = part[row, np.uint64(feature[node])] > threshold[node]
                    nodes[row] = child[node, np.uint64(right)]
            for row in range(count):
                sums[start + row] += value[nodes[row]]
    return (1 / (1 + np.exp(-sums))).astype(np.float32)
