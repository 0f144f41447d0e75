"""Two synthesisers small enough to know their texts by heart."""

from __future__ import annotations

import pyarrow as pa
from pydantic import Field

from data_platform.core.kinds.synthesiser import Synthesiser, SynthesisSettings


class Couples(Synthesiser, name="couples"):
    """The first lines of two documents, which stand beside each other by id; an odd one is left over."""

    prompt = "Join two."
    batch_rows = 2

    def families(self, documents: pa.Table) -> pa.ListArray:
        """Two by two, in the order of their ids."""
        ids = sorted(documents["doc_id"].to_pylist())
        return pa.array([ids[place:place + 2] for place in range(0, len(ids) - 1, 2)], pa.list_(pa.string()))

    def derive(self, parents: pa.ListArray) -> pa.ListArray:
        """One text per couple."""
        return pa.array([["\n".join(text.split("\n")[0] for text in both)] for both in parents.to_pylist()],
                        pa.list_(pa.large_string()))


class Lines(Synthesiser, name="lines"):
    """Some lines of a document, each a text; of short documents nothing."""

    class Settings(SynthesisSettings):
        """Which lines."""

        numbers: tuple[int, ...] = Field(default=(0, 1), description="Numbers of the lines, from 0.")

    def derive(self, parents: pa.ListArray) -> pa.ListArray:
        """The lines that a document has, of those that are asked for; empty ones too, which are no texts."""
        made = []
        for (text,) in parents.to_pylist():
            lines = text.split("\n")
            made.append([lines[number] for number in self.settings.numbers if number < len(lines)])
        return pa.array(made, pa.list_(pa.string()))
