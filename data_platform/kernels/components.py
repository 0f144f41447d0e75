"""What pairs of rows connect: union-find, and the way from one row to another.

A forest is an array of parents, int64, in which every root is its own parent and the smallest member of its tree.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part


@part()
def root(parents, member):
    """The root of a member's tree; halves the way there."""
    while parents[member] != member:
        parents[member] = parents[parents[member]]
        member = parents[member]
    return member


@part()
def join(parents, one, two):
    """Join the trees of two members; return whether they were different ones."""
    one, two = root(parents, one), root(parents, two)
    parents[max(one, two)] = min(one, two)
    return one != two


@kernel()
def unite(parents, left, right):
    """Join the trees of every pair in the forest `parents`."""
    for pair in range(left.size):
        join(parents, left[pair], right[pair])


@kernel()
def flatten(parents):
    """Point every member of the forest `parents` at its root."""
    for member in range(parents.size):
        parents[member] = parents[parents[member]]  # a parent is smaller, and so already points at its root


@kernel(allocates=True)
def spread(starts, offsets, neighbours, edges, parents, ways):
    """Walk a graph breadth-first from all `starts`; write for every row the row it was reached from, and by which edge.

    Args:
        offsets, neighbours, edges: row i has the neighbours `neighbours[offsets[i]:offsets[i + 1]]`, over those edges.
        parents, ways: int64, -1 everywhere.
    """
    queue = np.empty(parents.size, np.int64)
    seen = np.zeros(parents.size, np.bool_)
    last = 0
    for start in starts:
        queue[last] = start
        seen[start] = True
        last += 1
    first = 0
    while first < last:
        row = queue[first]
        first += 1
        for position in range(offsets[row], offsets[row + 1]):
            other = neighbours[position]
            if not seen[other]:
                seen[other] = True
                parents[other], ways[other] = row, edges[position]
                queue[last] = other
                last += 1
