"""Synthesisers: new texts made of texts, each with its parents."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import ClassVar

import pyarrow as pa
from pydantic import Field

from data_platform.core.kinds.method import Kind, ModelReader, Section

SYNTHESISER = Kind(
    name="synthesiser", section="synthesis", folder="synthesize", family="derived",
    rows="any number per family of parents; every parent is told in `parents`, every document that is none in "
         "`rejections`",
    partitioned=True, phase="synthesize",
    licence="all of those of its parents (AND), the most restrictive tier; a parent's opt-out binds",
    takedown="a text goes with any of its parents",
)


class SynthesisSettings(Section):
    """What every synthesiser is asked for; the settings of one are a subclass."""

    domain: str = Field(default="synthetic", min_length=1, description="Domain that the texts count as.")
    from_domains: tuple[str, ...] = Field(
        default=(), description="Domains whose documents may be parents; all of them if none is named."
    )


class Synthesiser(ModelReader):
    """Makes texts of documents. What becomes of a family of parents depends on their texts, the settings and the
    models alone: it is the same for any batch, order and partitioning.

    Of an example, `given` lists families as lists of texts, and `gives` the texts that are made of each.

    Attributes:
        batch_rows: families per call.
        prompt: what a model was asked, if one was; told in `parents`.
    """

    kind: ClassVar[Kind] = SYNTHESISER
    Settings: ClassVar[type[SynthesisSettings]] = SynthesisSettings
    batch_rows: ClassVar[int] = 128
    prompt: ClassVar[str] = ""

    def families(self, documents: pa.Table) -> pa.ListArray:
        """Which documents of a snapshot are parents together: lists of their ids. By default each stands alone.

        A document may be in several families, or in none; no two families are alike, and none is empty. Which family
        has which parents must not depend on the order of `documents`.

        Args:
            documents: `doc_id`, `domain`, `language`, `token_count` and `columns(settings)`, without texts.
        """
        ids = documents["doc_id"].combine_chunks()
        return pa.ListArray.from_arrays(pa.array(range(len(ids) + 1), pa.int32()), ids)

    def derive(self, parents: pa.ListArray) -> pa.ListArray:
        """The new texts of every family: a list of strings, empty if nothing comes of it. Empty texts are none.

        Args:
            parents: per family the texts of its parents, in the order of `families`.
        """
        raise NotImplementedError


def derived_id(entry: str, method: str, parents: Sequence[str], ordinal: int) -> str:
    """The id of a derived text: 128 bits of a hash, as 32 hexadecimal digits.

    It holds the text to its parents: whoever names others names another text.

    Args:
        entry: of the recipe.
        method: name of the synthesiser.
        parents: ids of the family, in order.
        ordinal: number of the text among those of the family, from 0.
    """
    named = "\n".join([entry, method, str(ordinal), *parents])
    return hashlib.blake2b(named.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
