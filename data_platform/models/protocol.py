"""What every scorer is to its callers. Not here: any particular scorer."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import pyarrow as pa

from data_platform.core.tables import table

ANNOTATIONS = "quality_annotations"


@runtime_checkable
class Scorer(Protocol):
    """Says a few numbers about every text. A score depends on the text and the model, never on the other texts."""

    name: str
    """Stable short name of the scorer."""

    columns: tuple[str, ...]
    """The columns of `quality_annotations` that it fills."""

    def score(self, texts: pa.Array) -> pa.StructArray:
        """One struct per text, in the order of the texts; the fields are `columns`, never null, NaN or infinite.

        Raises:
            ValueError: if a text is null.
        """
        ...


def checked_texts(texts: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    """The texts as one array of large strings.

    Raises:
        ValueError: if a text is null.
    """
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if texts.null_count:
        raise ValueError(f"{texts.null_count} of {len(texts)} texts are null; a scorer reads texts")
    return texts.cast(pa.large_string())


def score_struct(**scores: object) -> pa.StructArray:
    """The result of a scorer: one array of numbers per column, typed as the column registry declares it."""
    fields = [pa.field(name, table(ANNOTATIONS)[name].type, nullable=False) for name in scores]
    arrays = [pa.array(values, field.type) for values, field in zip(scores.values(), fields, strict=True)]
    return pa.StructArray.from_arrays(arrays, fields=fields)
