"""Extraction of one Arrow batch: what a dataframe engine calls in its workers.

Here belongs the passage between Arrow and the engines. Not here: any rule of extraction.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from data_platform.core.tables import table
from data_platform.extract.choose import Choice
from data_platform.extract.protocol import Extracted
from data_platform.extract.settings import Extraction

FIELDS = pa.struct([
    pa.field("title", pa.string()),
    pa.field("text", pa.large_string()),
    pa.field("images", table("documents")["images"].type),
    pa.field("extractor", pa.string(), nullable=False),
    pa.field("rejection", pa.string()),
    pa.field("detail", pa.string()),
])
"""Of `extract_batch`: `text` is null and `rejection` a reason (see `protocol.Rejected`), or the other way round.
`title` and `detail` may be null; `images` may be empty; `extractor` is the engine and its version in both cases."""


def extract_batch(
    payload: pa.Array, mime: pa.Array, charset: pa.Array, url: pa.Array, record_type: pa.Array, settings: Extraction
) -> pa.StructArray:
    """Extract every payload of a batch; one struct of `FIELDS` per row, in order.

    A row does not depend on the others. Bad data becomes a rejection and never an exception.

    Args:
        payload: binary or large_binary; null counts as empty.
        mime: MIME types without parameters.
        charset: character sets as declared by the transport, null if it declares none.
        url: URLs of the records.
        record_type: record types of `raw_crawls.record_type`.
        settings: the recipe's part.

    Raises:
        ValueError: if the recipe sets an option that the engine does not have.
    """
    choice = Choice(settings)
    rows = zip(*map(_values, (payload, mime, charset, url, record_type)), strict=True)
    results = [_extract(choice, *row) for row in rows]
    return pa.StructArray.from_arrays(
        [
            pa.array(values, field.type)
            for values, field in zip(zip(*results, strict=True) if results else [()] * len(FIELDS), FIELDS, strict=True)
        ],
        fields=list(FIELDS),
    )


def _values(array: pa.Array) -> Iterable[object]:
    """Values one by one, so that only one payload at a time is copied out of the batch."""
    return (value.as_py() for value in array)


def _extract(
    choice: Choice, payload: bytes | None, mime: str | None, charset: str | None, url: str | None,
    record_type: str | None,
) -> tuple[str | None, str | None, list[dict[str, object]], str, str | None, str | None]:
    engine = choice.of(mime or "", record_type or "", url or "")
    result = engine.extract(payload or b"", mime or "", charset, url or "")
    if isinstance(result, Extracted):
        return result.title, result.text, [image._asdict() for image in result.images], engine.version, None, None
    return None, None, [], engine.version, result.reason, result.detail or None
