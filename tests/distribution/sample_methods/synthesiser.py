"""Texts without a model: the beginning of one document, and two documents in one."""

from __future__ import annotations

import re

import pyarrow as pa
from pydantic import Field

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.synthesiser import Synthesiser, SynthesisSettings

_SENTENCES = re.compile(r"(?<=[.!?])\s+")


class Lead(Synthesiser, name="sample_lead"):
    """The first sentences as a summary: the lead-3 baseline (See et al. 2017, arXiv:1704.04368). Of a text that has no
    more nothing is made."""

    class Settings(SynthesisSettings):
        """The length of a summary."""

        sentences: int = Field(default=3, ge=1, description="Sentences of a summary.")

    examples = (
        Example([["One. Two! Three? Four."]], [["One. Two! Three?"]], {}, "by hand"),
        Example([["One. Two."], ["One. Two."]], [["One."], ["One."]], {"sentences": 1}, "by hand"),
        Example([["One. Two. Three."]], [[]], {}, "by hand: there is no more"),
    )

    def derive(self, parents: pa.ListArray) -> pa.ListArray:
        """One summary per text, or none."""
        made = []
        for (text,) in parents.to_pylist():
            sentences = _SENTENCES.split(text.strip())
            first = " ".join(sentences[:self.settings.sentences])
            made.append([first] if len(sentences) > self.settings.sentences else [])
        return pa.array(made, pa.list_(pa.large_string()))


class Pairs(Synthesiser, name="sample_pairs"):
    """Every second document by id with the one before, a sentence of each in turn.

    none: made for the tests, to have texts of two parents.
    """

    examples = (
        Example([["One. Two.", "Ein. Zwei. Drei."]], [["One. Ein. Two. Zwei."]], {}, "by hand"),
    )

    def families(self, documents: pa.Table) -> pa.ListArray:
        """Pairs of neighbours in the order of ids; of an odd number the last is in none."""
        ids = sorted(documents["doc_id"].to_pylist())
        return pa.array([[*pair] for pair in zip(ids[::2], ids[1::2], strict=False)], pa.list_(pa.string()))

    def derive(self, parents: pa.ListArray) -> pa.ListArray:
        """One text per pair, as long as the shorter of the two lasts."""
        made = []
        for texts in parents.to_pylist():
            turns = zip(*(_SENTENCES.split(text.strip()) for text in texts), strict=False)
            made.append([" ".join(sentence for turn in turns for sentence in turn)])
        return pa.array(made, pa.list_(pa.large_string()))
