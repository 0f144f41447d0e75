"""The domain that a document was sorted into, where the recipe has branches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from data_platform.run import engine

if TYPE_CHECKING:
    from daft import DataFrame

    from data_platform.lake.lake import Lake, Pin


def with_domain(lake: Lake, pins: Mapping[str, Pin], frame: DataFrame) -> DataFrame:
    """`frame` with the domain that its documents were sorted into, if the recipe has branches."""
    if "document_branches" not in pins:
        return frame
    sorted_into = engine.read(lake, pins["document_branches"], ["doc_id", "domain"])
    return frame.exclude("domain").join(sorted_into, on="doc_id")
