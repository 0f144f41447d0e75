"""Families of documents that new texts are made of, and their texts, as much of them at a time as memory may hold.

Here belongs who is whose parent and how texts are read. Not here: what is made of them, and what is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError
from data_platform.core.kinds.synthesiser import Synthesiser
from data_platform.lake.lake import Lake, Pin

TEXT_BYTES = 2**28
"""Bytes of texts that are read at a time. A family that has more is read as a whole."""


class FamilyError(PlainError, ValueError):
    """Families that a synthesiser must not name. The message says which of its method's rules they break."""


@dataclass(frozen=True)
class Families:
    """Lists of documents, each document by its place among all.

    Attributes:
        parents: places, family after family.
        offsets: where each family begins in `parents`, and where the last ends.
    """

    parents: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, family: int) -> np.ndarray:
        return self.parents[self.offsets[family]:self.offsets[family + 1]]

    @property
    def sizes(self) -> np.ndarray:
        """Parents of each family."""
        return np.diff(self.offsets)

    def of_parents(self) -> np.ndarray:
        """The family of every entry of `parents`."""
        return np.repeat(np.arange(len(self)), self.sizes)

    def taken(self, families: np.ndarray) -> Families:
        """Some families, in the order given."""
        sizes = self.sizes[families]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes)
        return Families(self.parents[np.repeat(self.offsets[families], sizes) + within], offsets)


def families_of(synthesiser: Synthesiser, documents: pa.Table, candidates: np.ndarray) -> Families:
    """The families that a synthesiser names of those of `documents` that are marked in `candidates`.

    They come in the order in which their first parents stand in `documents`, which is that of the table, so that texts
    can be read from one end to the other.

    Raises:
        FamilyError: if a family is empty, stands there twice, or names a document that was not handed over.
    """
    ids = documents["doc_id"].combine_chunks()
    # Handed over by id: the order of the table is nobody's business.
    offered = documents.filter(pa.array(candidates)).sort_by("doc_id").combine_chunks()
    named = synthesiser.families(offered)
    if isinstance(named, pa.ChunkedArray):
        named = named.combine_chunks()
    places = pc.index_in(named.flatten(), ids)
    parents = pc.fill_null(places, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    if (parents < 0).any() or not candidates[parents].all():
        raise FamilyError(f"{synthesiser.name}: a family names a document that it was not offered")
    sizes = pc.fill_null(named.value_lengths(), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    families = Families(parents, np.concatenate([[0], np.cumsum(sizes)]))
    if (sizes == 0).any():
        raise FamilyError(f"{synthesiser.name}: a family has no parents")
    if len({families[number].tobytes() for number in range(len(families))}) < len(families):
        raise FamilyError(f"{synthesiser.name}: two families are alike")
    first = np.minimum.reduceat(parents, families.offsets[:-1]) if len(families) else parents
    return families.taken(np.argsort(first, kind="stable"))


def batches(families: Families, sizes: np.ndarray, limit: int) -> Iterator[np.ndarray]:
    """Families in their order, as many at a time as have `limit` bytes of text, and at least one.

    Args:
        sizes: bytes of text of every document.
    """
    if not len(families):
        return
    texts = np.add.reduceat(sizes[families.parents], families.offsets[:-1])
    start, held = 0, 0
    for family, more in enumerate(texts.tolist()):
        if held and held + more > limit:
            yield np.arange(start, family)
            start, held = family, 0
        held += more
    yield np.arange(start, len(families))


def texts_of(lake: Lake, pin: Pin, ids: pa.Array, families: Families) -> pa.ListArray:
    """The texts of the parents of every family; `ids` has the id of each document, by its place."""
    wanted, places = np.unique(families.parents, return_inverse=True)
    wanted_ids = ids.take(pa.array(wanted))
    rows = pa.concat_tables(lake.read_documents(pin, ["doc_id", "text"], wanted_ids)).combine_chunks()
    order = pc.index_in(wanted_ids, rows["doc_id"].combine_chunks())
    texts = rows["text"].cast(pa.large_string()).combine_chunks()
    texts = texts.take(order.take(pa.array(places.reshape(-1))))
    return pa.ListArray.from_arrays(pa.array(families.offsets, pa.int32()), texts)
