"""CulturaX's rules for lines."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from data_platform.core.kinds.editor import LineRule, Lines
from data_platform.core.kinds.method import Example, Section

_LONG = "This is a line of a length that nobody calls short."


class CulturaXLines(LineRule, name="culturax_lines"):
    """CulturaX's rules for lines.

    Nguyen et al. 2023, "CulturaX: A Cleaned, Enormous, and Multilingual Dataset for Large Language Models in 167
    Languages", arXiv:2309.09400, section 2 (document refinement): short lines at the end of a document, which are
    footers; and the line with Javascript keywords, if it is the only one of the document and holds at least two of
    them: documents with more are about programming. The authors give neither the length nor the list of keywords. The
    length here is FineWeb's short line, 30 characters (arXiv:2406.17557, section 3.6); the keywords are settings. A
    document in which every line is short is left alone. Not here: CulturaX's rules that drop documents
    (`methods/filters/culturax.py`).
    """

    class Settings(Section):
        """CulturaX's rules for lines."""

        min_last_line_characters: int = Field(
            default=30, ge=0, description="Lines at the end of a document that are shorter go."
        )
        keywords: tuple[str, ...] = Field(
            default=("<script", "javascript", "jquery", "function(", "function (", "document.", "window.",
                     "getelementbyid", "addeventlistener", "onclick", "typeof ", "console.log", ".push(", "var ",
                     "innerhtml"),
            max_length=32, description="Keywords of Javascript.",
        )
        min_keywords: int = Field(
            default=2, ge=1,
            description="The only line of a document with keywords goes if it has so many different ones.",
        )

    examples = (
        Example(f"Short\n{_LONG}\nImprint\nTop", f"Short\n{_LONG}", {}, "section 2, document refinement"),
        Example(f"{_LONG}\nvar x = document.title;\n{_LONG}", f"{_LONG}\n{_LONG}", {}, "section 2"),
        Example("Only\nshort\nlines", "Only\nshort\nlines", {}, "by hand: nothing but short lines"),
    )

    @property
    def phrases(self) -> tuple[str, ...]:
        """The keywords."""
        return self.settings.keywords

    def broken(self, lines: Lines) -> np.ndarray:
        """Footers, and the one line with keywords."""
        rows, settings = lines.text, self.settings
        # Short lines at the end: those after the last one that is long enough, in texts that have one.
        place = np.arange(len(rows))
        last = np.full(rows[-1] + 1 if len(rows) else 0, -1)
        long_enough = lines.characters >= settings.min_last_line_characters
        last[rows[long_enough]] = place[long_enough]  # the last assignment stays
        footer = (last[rows] >= 0) & (place > last[rows])
        with_keywords = lines.phrases != 0
        alone = np.bincount(rows[with_keywords], minlength=len(last))[rows] == 1
        several = np.bitwise_count(lines.phrases) >= settings.min_keywords
        return footer | (with_keywords & alone & several)
