"""How text of strangers is shown: what would steer a terminal, or turn a line around, is written out.

Not here: what is shown (`cli/`).
"""

from __future__ import annotations

import re

# Controls but for tab and line feed, marks that turn the direction of a line around, separators that some terminals
# break lines at, and halves of pairs, which no stream can write. Joiners and blanks of other scripts are text.
_STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """The text with what steers a terminal written out as in Python, lines and tabs as they are."""
    return _STEERS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def on_one_line(text: str) -> str:
    """The same with line feeds and tabs written out, too: for titles, URLs and ids."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")
