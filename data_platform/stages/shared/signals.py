"""The signals of a snapshot beside columns of its documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.stages.shared.domains import with_domain

if TYPE_CHECKING:
    from daft import DataFrame

    from data_platform.lake.lake import Lake, Pin

_IDENTITY = ("doc_id", "snapshot")


def signal_rows(lake: Lake, pins: Mapping[str, Pin], labels: Sequence[str]) -> tuple[DataFrame, list[str]]:
    """The signals of one snapshot beside columns of its documents, and the names of the signals.

    Args:
        pins: by table: `documents`, `quality_signals`, and `language_signals` and `document_branches` where the recipe
            has them. The domain is the one that a document was sorted into.
        labels: columns of `documents`.
    """
    frame, names = engine.read(lake, pins["documents"], [*_IDENTITY, *labels]), []
    frame = with_domain(lake, pins, frame)
    for name in ("quality_signals", "language_signals"):
        if name in pins:
            signals = [column for column in table(name).column_names if column not in _IDENTITY]
            frame = frame.join(engine.read(lake, pins[name], ["doc_id", *signals]), on="doc_id")
            names += signals
    return frame, names
