"""C4's rules for lines."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
from pydantic import Field

from data_platform.core.kinds.editor import LineRule, Lines, Normalize
from data_platform.core.kinds.method import Example, Section
from data_platform.text.buffers import TextBuffers, text_buffers

_CITATION_WORDS = ("edit", "citation needed")
# The authors' pattern takes any number of digits; a citation has few, and a telephone number in brackets is none.
_CITATION = re.compile(rb"\[[0-9]{0,4}\]|\[edit\]|\[citation needed\]")


class C4Lines(LineRule, name="c4_lines"):
    """C4's rules for lines.

    Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", JMLR 21
    (140), section 2.2, as in the authors' code and in `C4QualityFilter` of datatrove 0.10: a line goes if a word in it
    is longer than 1,000 characters, if it does not end with a terminal mark or ends with three full stops, if it has
    fewer than 3 words, if it mentions Javascript, or if it is about cookies or terms of use. Marks of citation such as
    [3] and [edit] are taken out; at the end of a line they are looked through. The phrases are English and the marks
    those of English: both are settings. Not here: C4's rules that drop documents (`methods/filters/c4.py`).
    """

    class Settings(Section):
        """C4's rules for lines. Without end marks, any end of a line will do."""

        end_marks: tuple[str, ...] = Field(default=(".", "?", "!", '"', "'"), description="What a line must end with.")
        min_words: int = Field(default=3, ge=0, description="Lines with fewer words go.")
        max_word_characters: int = Field(default=1_000, ge=1, description="Lines with a longer word go.")
        phrases: tuple[str, ...] = Field(
            default=("javascript", "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies",
                     "use cookies"),
            max_length=32, description="Lines in which one of these occurs go; ASCII letters match in either case.",
        )
        citations: bool = Field(default=True, description="Take out marks of citation such as [3] and [edit].")

    examples = (
        Example("Home | About\nThis is a sentence with a mark.\nTwo words.\nThis one has none",
                "This is a sentence with a mark.", {}, "section 2.2"),
        Example("We use cookies to make it better.\nIt says so in the book.[12]\nThis goes on and on...",
                "It says so in the book.", {}, "section 2.2"),
        Example("Home | About\nTwo words.", "Home | About", {"end_marks": [], "citations": False}, "section 2.2"),
    )

    @property
    def phrases(self) -> tuple[str, ...]:
        """Those of the settings."""
        return self.settings.phrases

    @property
    def end_marks(self) -> tuple[str, ...]:
        """Those of the settings."""
        return self.settings.end_marks

    @property
    def passed_over(self) -> tuple[str, ...]:
        """The words of marks of citation, if these are taken out."""
        return _CITATION_WORDS if self.settings.citations else ()

    def broken(self, lines: Lines) -> np.ndarray:
        """Lines that break one of the rules."""
        settings = self.settings
        broken = (lines.words < settings.min_words) | (lines.longest > settings.max_word_characters)
        broken |= lines.phrases != 0
        return broken | ~lines.finished if settings.end_marks else broken

    def edits(self, texts: pa.LargeStringArray) -> dict[int, list[Normalize]]:
        """Marks of citation, taken out."""
        return _citations(text_buffers(texts)) if self.settings.citations else {}


def _citations(buffers: TextBuffers) -> dict[int, list[Normalize]]:
    """Marks of citation by text, each once, in order of appearance."""
    found: dict[int, dict[str, None]] = {}
    offsets, data = buffers
    if not len(data):
        return {}
    view = memoryview(data)[int(offsets[0]) : int(offsets[-1])]
    for match in _CITATION.finditer(view):
        row = int(np.searchsorted(offsets, match.start() + offsets[0], side="right")) - 1
        if match.end() + offsets[0] <= offsets[row + 1]:
            found.setdefault(row, {})[match[0].decode()] = None
    return {row: [Normalize(source) for source in sources] for row, sources in found.items()}
