"""Spans of a text: pairs of a start and an end, which is excluded."""

from __future__ import annotations


def union(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans as sorted ones that neither overlap nor touch."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
