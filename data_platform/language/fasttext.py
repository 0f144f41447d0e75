"""A fastText classifier, read from its file into arrays that compiled kernels use.

Here belongs the layout of `.bin` and `.ftz` files of supervised models (Joulin et al., arXiv:1607.01759; product
quantisation: arXiv:1612.03651), version 12 and 11 of the format as fastText 0.9.2 writes it. Not here: what a model
predicts (`kernels/fasttext.py`) and what its labels mean (`labels.py`).

Matrices that are not quantised stay in the file and are mapped, so that the worker processes of a machine share one
copy of a model of gigabytes. Quantised ones are small and are expanded once.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data_platform.core.errors import PlainError

_MAGIC = 793712314
_SUPERVISED = 3
_ARGUMENTS = struct.Struct("<ii12id")
_DICTIONARY = struct.Struct("<iiiqq")
_ENTRY = struct.Struct("<qb")


class ModelError(PlainError, ValueError):
    """A file that is not a fastText classifier. The message names it and what is wrong."""


class Parameters(NamedTuple):
    """What the kernel needs of a model.

    Attributes:
        loss: 1 hierarchical softmax, 2 negative sampling, 3 softmax, 4 one against all.
        bucket: number of hash buckets of n-grams.
        minn, maxn: shortest and longest character n-gram in code points; none if `maxn` is 0.
        word_ngrams: longest word n-gram.
        pruned: -1 if every bucket has a row, 0 if none has, else the number of buckets that have one.
        words: number of words; ids from there on are labels.
        names: uint8, words and labels in UTF-8, one after the other.
        name_offsets: int64, one more than there are words and labels.
        hashes: uint32, FNV-1a of each word and label.
        slots: int32, open hash table from hash to id, -1 where free; its length is a power of two.
        row_of_bucket: int32[bucket] if `pruned` > 0, else empty: the row after the words', -1 for none.
        present: uint8, one bit per bucket that has a row, the lowest first; empty like `row_of_bucket`. Most n-grams of
            a pruned model have none, and this fits the cache of a core.
        rows: float32[words + buckets, dimension], embeddings.
        outputs: float32[dimension, labels or inner nodes], transposed, so that classes lie side by side.
        scales: float32, factor of each output.
        left, right: int32, the Huffman tree of hierarchical softmax; -1 at leaves, which come first.
    """

    loss: int
    bucket: int
    minn: int
    maxn: int
    word_ngrams: int
    pruned: int
    words: int
    names: np.ndarray
    name_offsets: np.ndarray
    hashes: np.ndarray
    slots: np.ndarray
    row_of_bucket: np.ndarray
    present: np.ndarray
    rows: np.ndarray
    outputs: np.ndarray
    scales: np.ndarray
    left: np.ndarray
    right: np.ndarray


@dataclass(frozen=True)
class FastText:
    """A classifier: its labels without `__label__`, in the order of its classes, and its parameters."""

    labels: tuple[str, ...]
    parameters: Parameters


def read_model(path: Path) -> FastText:
    """Read the model at `path`.

    Raises:
        FileNotFoundError: if there is none.
        ModelError: if the file is no supervised fastText model, or ends early.
    """
    with path.open("rb") as file:
        try:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:
            raise ModelError(f"{path} is empty") from None
    try:
        return _parse(_Reader(data), path)
    except (struct.error, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{path} is no complete fastText model: {error}") from None


class _Reader:
    """Values one after the other from a buffer."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def unpack(self, layout: struct.Struct | str) -> tuple:
        layout = struct.Struct(layout) if isinstance(layout, str) else layout
        values = layout.unpack_from(self.data, self.at)
        self.at += layout.size
        return values

    def name(self) -> bytes:
        """The bytes up to the next null byte."""
        end = self.data.find(b"\0", self.at)
        if end < 0:
            raise ValueError("a name does not end")
        name = self.data[self.at : end]
        self.at = end + 1
        return name

    def array(self, dtype: str, count: int) -> np.ndarray:
        """The next `count` values, not copied and not always aligned."""
        values = np.frombuffer(self.data, dtype, count, self.at) if count else np.empty(0, dtype)
        self.at += values.nbytes
        return values


def _parse(reader: _Reader, path: Path) -> FastText:
    from data_platform.kernels.fasttext import fill_slots

    magic, version, _dim, _ws, _epoch, _min_count, _neg, word_ngrams, loss, model, bucket, minn, maxn, _rate, _t = (
        reader.unpack(_ARGUMENTS)
    )
    if magic != _MAGIC or version not in (11, 12):
        raise ModelError(f"{path} is no fastText model of format 11 or 12")
    if model != _SUPERVISED or loss not in (1, 2, 3, 4):
        raise ModelError(f"{path} holds word vectors, not a classifier")
    if version == 11:
        maxn = 0  # supervised models of that age were trained without character n-grams
    size, words, n_labels, _tokens, pruned = reader.unpack(_DICTIONARY)
    entries = [(reader.name(), *reader.unpack(_ENTRY)) for _ in range(size)]
    if n_labels < 1 or size != words + n_labels:
        raise ModelError(f"{path} is no complete fastText model: its dictionary ends early")
    names = np.frombuffer(b"".join(name for name, _, _ in entries), np.uint8)
    name_offsets = np.cumsum([0, *(len(name) for name, _, _ in entries)])
    row_of_bucket = np.empty(0, np.int32)
    if pruned > 0:
        pairs = reader.array("<i4", 2 * pruned).reshape(-1, 2)
        row_of_bucket = np.full(bucket, -1, np.int32)
        row_of_bucket[pairs[:, 0]] = pairs[:, 1]
    (quantized,) = reader.unpack("<?")
    rows, norms = _quantized(reader) if quantized else _dense(reader)
    rows = rows * norms[:, None] if norms is not None else rows
    (quantized_output,) = reader.unpack("<?")
    outputs, scales = _quantized(reader) if quantized and quantized_output else _dense(reader)
    if outputs.shape != (n_labels, rows.shape[1]):
        raise ModelError(f"{path} has {n_labels} labels and an output matrix of {outputs.shape}")
    hashes, slots = fill_slots(names, name_offsets, 1 << (2 * size).bit_length())
    counts = np.array([count for _, count, _ in entries[words:]], np.int64)
    left, right = _huffman(counts) if loss == 1 else (np.empty(0, np.int32),) * 2
    labels = tuple(_cut(names, name_offsets[words:]))
    present = np.packbits(row_of_bucket >= 0, bitorder="little")
    scales = np.ones(len(outputs), np.float32) if scales is None else scales
    arrays = (
        names, name_offsets, hashes, slots, row_of_bucket, present, rows, np.ascontiguousarray(outputs.T), scales,
        left, right,
    )
    for array in arrays:
        array.flags.writeable = False  # kernels are compiled for read-only input alone
    return FastText(labels, Parameters(loss, bucket, minn, maxn, word_ngrams, pruned, words, *arrays))


def _cut(names: np.ndarray, offsets: np.ndarray) -> list[str]:
    return [
        names[first:last].tobytes().decode("utf-8").removeprefix("__label__")
        for first, last in pairwise(offsets)
    ]


def _dense(reader: _Reader) -> tuple[np.ndarray, None]:
    rows, columns = reader.unpack("<qq")
    return reader.array("<f4", rows * columns).reshape(rows, columns), None


def _quantized(reader: _Reader) -> tuple[np.ndarray, np.ndarray | None]:
    """The rows of a product-quantised matrix, of length 1 if the second answer gives their norms."""
    with_norms, rows, columns, size = reader.unpack("<?qqi")
    codes = reader.array("u1", size)
    _dim, subspaces, width, last_width, centroids = _quantizer(reader)
    matrix = np.empty((rows, columns), np.float32)
    for subspace, code in enumerate(codes.reshape(rows, subspaces).T):
        first = subspace * width
        of_subspace = centroids[first * 256 :][: 256 * (last_width if subspace == subspaces - 1 else width)]
        of_subspace = of_subspace.reshape(256, -1)
        matrix[:, first : first + of_subspace.shape[1]] = of_subspace[code]
    if not with_norms:
        return matrix, None
    codes = reader.array("u1", rows)
    *_, centroids = _quantizer(reader)
    return matrix, centroids[codes]


def _quantizer(reader: _Reader) -> tuple[int, int, int, int, np.ndarray]:
    dimension, subspaces, width, last_width = reader.unpack("<4i")
    return dimension, subspaces, width, last_width, reader.array("<f4", 256 * dimension)


def _huffman(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Children of each node of the Huffman tree over labels, which are sorted by falling count.

    Node i < labels is label i; the root is the last one. Of two equally rare, the inner node is taken first.
    """
    labels = len(counts)
    count = [*counts.tolist(), *[10**15] * (labels - 1)]
    left, right = np.full((2, 2 * labels - 1), -1, np.int32)
    leaf, inner = labels - 1, labels
    for node in range(labels, 2 * labels - 1):
        rarest = []
        for _ in range(2):
            if leaf >= 0 and count[leaf] < count[inner]:
                rarest.append(leaf)
                leaf -= 1
            else:
                rarest.append(inner)
                inner += 1
        left[node], right[node] = rarest
        count[node] = count[rarest[0]] + count[rarest[1]]
    return left, right
