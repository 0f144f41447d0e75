"""Arrow's string layouts, as the kernels see them."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pytest

from data_platform.text.buffers import text_buffers

TEXTS = ["first", "", "zwölf", "四"]


def _texts(array: pa.Array | pa.ChunkedArray) -> list[str]:
    offsets, data = text_buffers(array)
    assert not offsets.flags.writeable and not data.flags.writeable
    return [data[start:end].tobytes().decode() for start, end in pairwise(offsets)]


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_every_string_layout_gives_the_same_texts(type_: pa.DataType) -> None:
    assert _texts(pa.array(TEXTS, type_)) == TEXTS


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_slices_and_chunks_give_their_own_texts(type_: pa.DataType) -> None:
    array = pa.array(TEXTS, type_)
    assert _texts(array.slice(1, 2)) == TEXTS[1:3]
    assert _texts(pa.chunked_array([array, array.slice(2)])) == TEXTS + TEXTS[2:]
    assert _texts(pa.chunked_array([array.slice(3)])) == TEXTS[3:]


def test_nulls_are_empty_texts() -> None:
    assert _texts(pa.array([None, "a", None], pa.large_string())) == ["", "a", ""]
    assert _texts(pa.array([None, None], pa.string()).slice(1)) == [""]


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_empty_arrays_give_no_texts(type_: pa.DataType) -> None:
    assert _texts(pa.array([], type_)) == []
    assert _texts(pa.chunked_array([], type_)) == []
    assert _texts(pa.array(TEXTS, type_).slice(4)) == []


def test_what_is_no_string_is_refused() -> None:
    with pytest.raises(TypeError, match="strings, not of int64"):
        text_buffers(pa.array([1]))
