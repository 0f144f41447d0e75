"""Pairers: when two texts, or passages of them, count as the same.

A kind for each of what they find: copies, which clusters are made of and of which one stays; documents that are to go
for another one, among those that stay; passages that repeat; and items of evaluation sets. Not here: what becomes of
what is found (`duplicates/`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import Field

from data_platform.core.kinds.method import Kind, Method, ModelReader, Section
from data_platform.core.settings import Part

Texts = Callable[[pa.Array], Iterable[pa.RecordBatch | pa.Table]]
"""Gives the documents of some doc_ids, in any order and in parts: `doc_id`, `snapshot` and `text`."""

class Keys(NamedTuple):
    """What some documents are known by: a key that is equal by chance is told by the proof beside it.

    Attributes:
        keys: int64, one per document, of no meaning where it has none.
        proofs: uint8, a row per document.
        rows: int64, the documents that have a key, in ascending order.
    """

    keys: np.ndarray
    proofs: np.ndarray
    rows: np.ndarray


COPY_PAIRER = Kind(
    name="pairer of copies", section="deduplication", folder="duplicates", family="",
    rows="keys per filtered document, and a pair for every document that joins a cluster", partitioned=True,
    phase="match", licence="none: a key is no text", takedown="rows go with their documents, by doc_id",
)


class CopyPairer(Method):
    """Says by which keys documents are copies of each other. Those of a document depend on it and the settings alone;
    they are made once, and compared with those of all snapshots before. What two documents have in common with a third
    makes them copies of each other, too.

    Of an example, `given` has values of the column that is read, and `gives` lists pairs of places that have a key in
    common.

    Attributes:
        reads: column of `filtered_documents` that keys are made of.
        gives: columns of `document_signatures` that hold them.
        copies: what two documents with a common key have in common, as in column `kind` of their pairs.
        same: whether it means that they are one text, so that nothing is to be measured.
        measured: whether the pairer can tell what similarity is measured on, so that a recipe can have pairs verified.
        batch_rows: documents per call of `sign`.
    """

    kind: ClassVar[Kind] = COPY_PAIRER
    reads: ClassVar[Literal["text", "url"]] = "text"
    copies: ClassVar[str]
    same: ClassVar[bool] = False
    measured: ClassVar[bool] = False
    batch_rows: ClassVar[int] = 128

    def sign(self, values: pa.Array) -> Mapping[str, pa.Array]:
        """The columns of `gives` by name, one value per document."""
        raise NotImplementedError

    def keys(self, signed: pa.Table) -> Iterable[Keys]:
        """The keys, one way to be equal after the other, of documents by the columns of `gives`."""
        raise NotImplementedError

    def shingles(self, texts: pa.Array) -> pa.LargeListArray:
        """Of every text the sorted set of hashes that Jaccard similarity is measured on, if it is `measured`."""
        raise NotImplementedError


PAIRS = pa.schema([
    pa.field("doc_id", pa.string(), False), pa.field("matched_doc_id", pa.string(), False),
    pa.field("similarity", pa.float64(), False),
])
"""Documents that are to go, each with one that it goes for or with several, the likest first, and how alike the two
are, from -1 to 1."""


class Pairing(Section):
    """Settings of every pairer of documents."""

    drop: bool = Field(default=True, description="Drop the document that is found; false: record it.")


DOCUMENT_PAIRER = Kind(
    name="pairer of documents", section="repetition.pairs", folder="duplicates", family="sketches",
    rows="a sketch per filtered document; one per pair of a document that is to go and one that it goes for, among "
         "those that stay after clusters",
    partitioned=True, phase="relate", licence="none: a pair is no text",
    takedown="rows go with either document, by doc_id",
)


class DocumentPairer(ModelReader):
    """Finds documents that are to go for another one. What is made of a text depends on that text, the settings and the
    models alone, and is made once; only what was made is compared over all snapshots, by a pairer that is given no
    models. The pairs are the same for any order and partitioning of the documents.

    Of an example, `given` has texts, or, of a pairer that reads models, what it makes of them as a mapping of columns
    to values; `gives` lists pairs of places: of the document that goes, and of the one that it goes for.

    Attributes:
        gives: columns of what is made of a text; none if only texts are compared.
        batch_rows: documents per call of `sketch`.
    """

    kind: ClassVar[Kind] = DOCUMENT_PAIRER
    Settings: ClassVar[type[Pairing]] = Pairing
    batch_rows: ClassVar[int] = 128

    @classmethod
    def sketched_by(cls, settings: Part) -> dict[str, Any]:
        """Those of the settings that decide what is made of a text. By default all but `drop`."""
        return settings.model_dump(mode="json", exclude={"drop"})

    def sketch(self, texts: pa.LargeStringArray) -> Mapping[str, Any]:
        """The columns of `gives` by name, one value per text."""
        raise NotImplementedError

    def pairs(self, sketched: pa.Table, texts: Texts) -> pa.Table:
        """The documents that are to go, as `PAIRS`, by doc_id. What one goes for may go for a third.

        Args:
            sketched: `doc_id` and what was made of the texts that are to be compared; of a pairer that reads models
                `model` too, the ids of those that made it.
            texts: reads texts again, for those that have to be.
        """
        raise NotImplementedError


class Cutting(Section):
    """Settings of every pairer of passages."""

    cut: bool = Field(default=True, description="Cut all but the first occurrence; false: record them.")


PASSAGE_PAIRER = Kind(
    name="pairer of passages", section="repetition", folder="duplicates", family="",
    rows="one per passage that occurs before, in documents that stay", partitioned=False, phase="relate",
    licence="none: a span is no text", takedown="rows go with either document, by doc_id",
)


class PassagePairer(Method):
    """Finds passages that were seen before: in an earlier snapshot, a document with a smaller id, or further up. What
    is made of a text is made once, as for a `DocumentPairer`.

    Of an example, `given` has texts, and `gives` lists what repeats: the place of the text, and the passage.

    Attributes:
        passage: what repeats, as in column `kind` of its rows.
        stored: the table that holds what is made of texts, and whose columns `sign` fills.
    """

    kind: ClassVar[Kind] = PASSAGE_PAIRER
    Settings: ClassVar[type[Cutting]] = Cutting
    passage: ClassVar[str]
    stored: ClassVar[str]

    def sign(self, texts: pa.Array) -> pa.StructArray:
        """What is made of every text."""
        raise NotImplementedError

    def spans(self, signed: pa.Table, texts: Texts) -> pa.Table:
        """Every passage that occurs before: rows of table `duplicate_spans`.

        Args:
            signed: `doc_id`, `snapshot`, the columns that `columns(settings)` names, and what was made of the texts
                that are to be compared.
            texts: reads texts again, for those that have to be.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Items:
    """The items of one evaluation set: unique ids, and the text of each field of each item."""

    name: str
    ids: list[str]
    fields: list[tuple[str, ...]]


OVERLAP = pa.struct([
    ("evaluation_set", pa.string()), ("item_id", pa.string()), ("method", pa.string()), ("overlap", pa.float64()),
    ("spans", pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64())]))), ("short", pa.bool_()),
])
"""What is found of one item in one document: its set and id, how it was found, how much of it, where, and whether it is
too short to be acted upon. Spans are bytes, end excluded, sorted, and do not touch."""


ITEM_PAIRER = Kind(
    name="pairer of items", section="decontamination", folder="decontaminate", family="",
    rows="one per document and evaluation item that it holds", partitioned=True, phase="filter",
    licence="none: a span is no text", takedown="rows go with their documents, by doc_id",
)


class ItemPairer(Method):
    """Finds items of evaluation sets in texts. What is found in a text depends on that text, the items and the settings
    alone.

    Of an example, `given` has `items` and `texts`, and `gives` lists pairs of places: of a text, and of an item in it.
    """

    kind: ClassVar[Kind] = ITEM_PAIRER

    def index(self, sets: Sequence[Items]) -> Any:
        """What is to be looked for, made once; the same for any order of sets and items."""
        raise NotImplementedError

    def find(self, texts: pa.Array, index: Any) -> pa.ListArray:
        """What is found in every text: a list of `OVERLAP`, sorted by set and item id."""
        raise NotImplementedError
