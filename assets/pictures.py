"""Pictures of distributions: plain SVG, small enough to lie in an event, shown by Dagster where Markdown is.

Bars lie, one a bin, so that labels of any length can be read. Not here: what is counted (`lake/distributions.py`).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from data_platform.lake.distributions import Distribution

MAX_BARS = {"category": 12, "fraction": 12, "magnitude": 24, "month": 24}
"""Bars of a distribution of each kind at the most; what is beyond them is summed up in the last."""
_WIDTH, _LINE, _BAR, _LEFT, _RIGHT = 340, 15, 11, 118, 52
_LABEL = 18


def markdown_picture(found: Sequence[Distribution], described: str, per_row: int = 2) -> str:
    """An image in Markdown with one panel per distribution; `described` is what is read where it cannot be seen."""
    encoded = base64.b64encode(svg(found, per_row).encode()).decode()
    return f"![{described}](data:image/svg+xml;base64,{encoded})"


def svg(found: Sequence[Distribution], per_row: int = 2) -> str:
    """The picture itself: panels side by side, bars as long as the share of tokens, or of rows where none are counted.
    """
    bars = [_bars(distribution) for distribution in found]
    rows = [list(zip(found, bars, strict=True))[start : start + per_row] for start in range(0, len(found), per_row)]
    heights = [(max(len(some) for _, some in row) + 2) * _LINE for row in rows]
    width, height = _WIDTH * min(per_row, len(found)), sum(heights)
    parts, top = [], 0
    for row, tall in zip(rows, heights, strict=True):
        parts += [_panel(one, some, number * _WIDTH, top) for number, (one, some) in enumerate(row)]
        top += tall
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="11"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
    )


def _bars(distribution: Distribution) -> list[tuple[str, int]]:
    """Labels and weights, no more than are drawn."""
    bars = [
        (item.label, item.documents if item.tokens is None else item.tokens) for item in distribution.bins
    ]
    if distribution.kind == "category":
        bars.sort(key=lambda bar: -bar[1])
    most = MAX_BARS[distribution.kind]
    if len(bars) > most:
        rest = bars[most - 1 :]
        bars = [*bars[: most - 1], (f"{len(rest):,} more", sum(weight for _, weight in rest))]
    return bars


def _panel(distribution: Distribution, bars: list[tuple[str, int]], left: int, top: int) -> str:
    total = sum(weight for _, weight in bars) or 1
    longest = max((weight for _, weight in bars), default=0) or 1
    unit = "tokens" if distribution.bins and distribution.bins[0].tokens is not None else "rows"
    room = _WIDTH - _LEFT - _RIGHT
    texts, rects = [], []
    for number, (label, weight) in enumerate(bars):
        y = (number + 1) * _LINE
        short = label if len(label) <= _LABEL else f"{label[: _LABEL - 1]}…"
        texts.append(f'<text x="{_LEFT - 5}" y="{y + 9}" text-anchor="end">{escape(short)}</text>')
        length = round(room * weight / longest, 1)
        rects.append(f'<rect x="{_LEFT}" y="{y}" width="{length:g}" height="{_BAR}"/>')
        texts.append(f'<text x="{_LEFT + length + 4:g}" y="{y + 9}">{weight / total:.1%}</text>')
    return (
        f'<g transform="translate({left},{top})" fill="#333"><text x="8" y="11" font-weight="bold">'
        f'{escape(distribution.column)} (share of {unit})</text>{"".join(texts)}'
        f'<g fill="#4f6df5">{"".join(rects)}</g></g>'
    )
