"""Arrow strings as the offsets and bytes that compiled kernels read.

Here belongs the one place that knows Arrow's string layouts. Not here: anything that looks at the bytes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class TextBuffers(NamedTuple):
    """Text i is `data[offsets[i]:offsets[i + 1]]`. Both arrays are read-only and share memory with Arrow if they can.

    Attributes:
        offsets: int64, one more than there are texts; the first need not be 0.
        data: uint8, UTF-8.
    """

    offsets: np.ndarray
    data: np.ndarray


def text_buffers(text: pa.Array | pa.ChunkedArray) -> TextBuffers:
    """The buffers of `text`, which may be string, large_string or string_view, sliced or chunked. Nulls become empty.

    Raises:
        TypeError: if `text` does not hold strings.
    """
    if isinstance(text, pa.ChunkedArray):
        text = text.combine_chunks() if text.num_chunks != 1 else text.chunk(0)
    if not (pa.types.is_string(text.type) or pa.types.is_large_string(text.type) or pa.types.is_string_view(text.type)):
        raise TypeError(f"text must be an Arrow array of strings, not of {text.type}")
    text = text.cast(pa.large_string())
    if text.null_count:
        text = pc.fill_null(text, "")
    _, offsets, data = text.buffers()
    return TextBuffers(
        _view(offsets, np.int64)[text.offset : text.offset + len(text) + 1] if len(text) else _view(bytes(8), np.int64),
        _view(data, np.uint8),
    )


def _view(buffer: pa.Buffer | bytes | None, dtype: type) -> np.ndarray:
    """`buffer` as a read-only array: kernels are compiled for read-only input alone, so they are compiled once."""
    array = np.frombuffer(buffer, dtype) if buffer is not None and len(buffer) else np.empty(0, dtype)
    array.flags.writeable = False
    return array
