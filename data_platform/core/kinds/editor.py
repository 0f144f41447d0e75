"""Editors: what is mended or taken out inside texts, and the calls by which they say it.

What an editor may do to a text is what a call can say. Calls are written down as a program, counted by kind, and
applied by the interpreter of programs, so that a text can be rebuilt without the editor. Not here: how programs are
written, read and applied (`programs/`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow as pa

from data_platform.core.kinds.method import Kind, Method

PERSONAL_TYPES = ("EMAIL", "PHONE", "IP", "IBAN", "CREDIT_CARD")
"""The kinds of personal data that can be redacted."""
SECRET = "SECRET"
"""What gives access: a key, a token, a password."""
REDACTED_TYPES = (*PERSONAL_TYPES, SECRET)
"""What can be redacted; the placeholder of a kind is its name in angle brackets."""


@dataclass(frozen=True, slots=True)
class DropDocument:
    """The document goes. `reason` is a short code of a to z, 0 to 9, _ and full stops."""

    reason: str = ""

    def __str__(self) -> str:
        return f'drop_doc(reason="{self.reason}")' if self.reason else "drop_doc()"


@dataclass(frozen=True, slots=True)
class RemoveLines:
    """Lines `start` to `end` go, both included, counted from 0; all lines if `end` is None."""

    start: int
    end: int | None

    def __str__(self) -> str:
        return f"remove_lines(start={self.start}, end={self.end})" if self.end is not None else "remove_lines(all=True)"


@dataclass(frozen=True, slots=True)
class Normalize:
    """Every occurrence of `source`, from the left without overlap, becomes `target`."""

    source: str
    target: str = ""

    def __str__(self) -> str:
        return f"normalize(source={_quoted(self.source)}, target={_quoted(self.target)})"


@dataclass(frozen=True, slots=True)
class Replace:
    """Bytes `start` to `end`, the last excluded, become `text`."""

    start: int
    end: int
    text: str

    def __str__(self) -> str:
        return f"replace(start={self.start}, end={self.end}, text={_quoted(self.text)})"


@dataclass(frozen=True, slots=True)
class Redact:
    """Bytes `start` to `end`, the last excluded, become the placeholder of `type`, one of `REDACTED_TYPES`."""

    start: int
    end: int
    type: str

    def __str__(self) -> str:
        return f'redact(start={self.start}, end={self.end}, type="{self.type}")'


Call = DropDocument | RemoveLines | Normalize | Replace | Redact


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


EDITOR = Kind(
    name="editor", section="refinement.editors", folder="edits", family="",
    rows="one program per document that the filters keep, of the calls of all editors", partitioned=True,
    phase="filter", licence="that of the document: a program holds what is put into its text",
    takedown="rows go with their documents, by doc_id",
)


class Editor(Method):
    """Finds edits in texts. What is found in a text depends on it and the settings alone: it is the same for any batch,
    order and partitioning.

    Of an example, `given` is a text and `gives` what the edits make of it, None if the document goes.

    Attributes:
        repairs: whether its edits come before those of all others, which look at the repaired text. It gives nothing
            but `Replace`, and leaves the number of lines as it is.
    """

    kind: ClassVar[Kind] = EDITOR
    repairs: ClassVar[bool] = False

    def edits(self, texts: pa.LargeStringArray) -> Mapping[int, Sequence[Call]]:
        """The calls of every text by its place; texts without any are left out.

        Offsets are UTF-8 bytes of the text. Spans do not overlap; where those of several editors do, redactions win,
        then the editor that the recipe names first. Strings of `Normalize` are looked for in the text before repairs.
        """
        return {}


class Lines(NamedTuple):
    """What was measured of all lines of some texts, blank ones included, in order.

    Attributes:
        text: int64, the place of the text.
        words: int64, divided by white space.
        longest: int64, code points of the longest word.
        characters: int64, code points without white space around the line.
        finished: bool, whether it ends with one of the rule's marks and not with three full stops.
        phrases: uint64, a bit for every phrase of the rule that occurs, the first the lowest.
    """

    text: np.ndarray
    words: np.ndarray
    longest: np.ndarray
    characters: np.ndarray
    finished: np.ndarray
    phrases: np.ndarray


class LineRule(Editor):
    """Removes lines that it judges by themselves or by their place. All line rules of a recipe share one scan."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """At most 32 phrases that are looked for in lines; ASCII letters match in either case."""
        return ()

    @property
    def end_marks(self) -> tuple[str, ...]:
        """What may stand at the end of a finished line."""
        return ()

    @property
    def passed_over(self) -> tuple[str, ...]:
        """Words in square brackets that are looked through at the end of a line, as numbers are."""
        return ()

    def broken(self, lines: Lines) -> np.ndarray:
        """Which lines go: bool, one per line. Blank lines that would be left first, last or beside another in a text
        that loses lines go by themselves."""
        raise NotImplementedError
