"""Published rules that remove lines from web pages: C4's and CulturaX's.

Here belongs what judges a line by itself or by its place. Not here: rules that drop documents, those of C4 included
(curly brackets, lorem ipsum, too few sentences), which are expressions over signals (`filters/`).

C4
    Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", JMLR 21,
    section 2.2, as in the authors' code and in `C4QualityFilter` of datatrove 0.10: a line goes if a word in it is
    longer than 1,000 characters, if it does not end with a terminal mark or ends with three full stops, if it has
    fewer than 3 words, if it mentions Javascript, or if it is about cookies or terms of use. Marks of citation such as
    [3] and [edit] are taken out; at the end of a line they are looked through. The phrases are English and the marks
    those of English: both are fields of the recipe.
CulturaX
    Nguyen et al. 2023, "CulturaX: A Cleaned, Enormous, and Multilingual Dataset for Large Language Models in 167
    Languages", arXiv 2309.09400, section 2 (document refinement): short lines at the end of a document, which are
    footers; and the line with Javascript keywords, if it is the only one of the document and holds at least two of
    them: documents with more are about programming. The authors give neither the length nor the list of keywords. The
    length here is FineWeb's short line, 30 characters (arXiv 2406.17557, section 3.6); the keywords are in the recipe.
    A document in which every line is short is left alone.

In a document that loses lines, blank lines that would be left first, last or beside another go as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from data_platform.programs.program import Normalize, RemoveLines
from data_platform.programs.settings import C4Lines, CulturaXLines, LineRules
from data_platform.text.buffers import text_buffers

_CITATION_WORDS = ("edit", "citation needed")
# The authors' pattern takes any number of digits; a citation has few, and a telephone number in brackets is none.
_CITATION = re.compile(rb"\[[0-9]{0,4}\]|\[edit\]|\[citation needed\]")


def find_lines(
    text: pa.Array | pa.ChunkedArray, rules: LineRules
) -> dict[int, list[RemoveLines | Normalize]]:
    """Edits by row. Rows without any are left out.

    Args:
        text: strings of any Arrow layout.
        rules: which rules apply, with their thresholds.
    """
    from data_platform.kernels import edits as kernels

    c4, culturax = rules.c4, rules.culturax
    if c4 is None and culturax is None:
        return {}
    c4_phrases = c4.phrases if c4 else ()
    keywords = culturax.keywords if culturax else ()
    buffers = text_buffers(text)
    measures, occurring = kernels.measure_lines(
        *buffers, *_flat([phrase.lower() for phrase in (*c4_phrases, *keywords)]), *_flat(c4.end_marks if c4 else ()),
        *_flat(_CITATION_WORDS if c4 and c4.citations else ()),
    )
    rows, words = measures[:, 0], measures[:, 1]
    removed = np.zeros(len(rows), bool)
    if c4:
        removed |= _broken_c4(measures, occurring & _bits(0, len(c4_phrases)), c4)
    if culturax:
        removed |= _broken_culturax(measures, occurring & _bits(len(c4_phrases), len(keywords)), culturax)
    kernels.remove_orphans(rows, words, removed)
    edits = _runs(rows, removed)
    if c4 and c4.citations:
        for row, sources in _citations(buffers).items():
            edits.setdefault(row, []).extend(Normalize(source) for source in sources)
    return edits


def _broken_c4(measures: np.ndarray, occurring: np.ndarray, rules: C4Lines) -> np.ndarray:
    _, words, longest, _, finished = measures.T
    broken = (words < rules.min_words) | (longest > rules.max_word_characters) | (occurring != 0)
    return broken | (finished == 0) if rules.end_marks else broken


def _broken_culturax(measures: np.ndarray, occurring: np.ndarray, rules: CulturaXLines) -> np.ndarray:
    rows, _, _, characters, _ = measures.T
    # Short lines at the end: those after the last one that is long enough, in texts that have one.
    place = np.arange(len(rows))
    last = np.full(rows[-1] + 1 if len(rows) else 0, -1)
    long_enough = characters >= rules.min_last_line_characters
    last[rows[long_enough]] = place[long_enough]  # the last assignment stays
    footer = (last[rows] >= 0) & (place > last[rows])
    # The one line with keywords.
    with_keywords = occurring != 0
    alone = np.bincount(rows[with_keywords], minlength=len(last))[rows] == 1
    several = np.bitwise_count(occurring) >= rules.min_keywords
    return footer | (with_keywords & alone & several)


def _runs(rows: np.ndarray, removed: np.ndarray) -> dict[int, list[RemoveLines | Normalize]]:
    """Removed lines as ranges of line numbers by text."""
    places = np.flatnonzero(removed)
    if not len(places):
        return {}
    first_line = np.searchsorted(rows, np.arange(rows[-1] + 1))
    breaks = np.flatnonzero((np.diff(places) > 1) | (np.diff(rows[places]) > 0)) + 1
    starts, ends = places[np.concatenate(([0], breaks))], places[np.concatenate((breaks - 1, [len(places) - 1]))]
    edits: dict[int, list[RemoveLines | Normalize]] = {}
    for row, start, end in zip(
        rows[starts].tolist(), (starts - first_line[rows[starts]]).tolist(), (ends - first_line[rows[ends]]).tolist(),
        strict=True,
    ):
        edits.setdefault(row, []).append(RemoveLines(start, end))
    return edits


def _citations(buffers) -> dict[int, list[str]]:
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
    return {row: list(sources) for row, sources in found.items()}


def _bits(first: int, count: int) -> np.uint64:
    return np.uint64(((1 << count) - 1) << first)


def _flat(strings: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Strings as offsets and bytes, read-only as the kernels want them."""
    parts = [string.encode() for string in strings]
    offsets = np.concatenate(([0], np.cumsum([len(part) for part in parts], dtype=np.int64))).astype(np.int64)
    return offsets, np.frombuffer(b"".join(parts), np.uint8) if parts else np.empty(0, np.uint8)
