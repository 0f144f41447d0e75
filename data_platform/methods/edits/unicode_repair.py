"""Repair of broken Unicode by ftfy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pyarrow as pa

from data_platform.core.kinds.editor import Editor, Replace
from data_platform.core.kinds.method import Example
from data_platform.text.buffers import text_buffers


class UnicodeRepair(Editor, name="unicode"):
    """Repair of broken Unicode: mojibake, left-over HTML entities and control characters, by ftfy.

    ftfy (Speer 2019, doi:10.5281/zenodo.2591652) undoes what came of text that was decoded with the wrong encoding. Its
    repairs are written down as replaced spans, so that a refined text can be rebuilt without ftfy or with another
    version of it. Not here: the normal form and line ends, which extraction sees to (`extract/clean.py`).

    The options are those of FineWeb-2's pipeline (`FTFYFormatter` of datatrove 0.10): what cannot be read is repaired,
    and no style is imposed. Curly quotes, ligatures and full-width characters stay as they are; entities are read until
    the first '<' of a text. A line that would become several lines is left as it is.

    ftfy takes a text apart line by line at 1 to 2 MB/s. A compiled scan with ftfy's own table of characters finds the
    lines in which it could change anything: those with a control character, an entity, or two neighbours that ftfy's
    heuristic could hold against them. The others are passed over, with the same result.
    """

    repairs = True
    examples = (
        Example("âœ” No problems", "✔ No problems", {}, "the first example of ftfy's documentation"),
        Example("l’humanitÃ©", "l’humanité", {}, "the documentation of ftfy"),  # noqa: RUF001
        Example("&macr;\\_(ツ)_/&macr;", "¯\\_(ツ)_/¯", {}, "by hand: entities, and nothing else"),
        Example("<b>&amp;</b>", "<b>&amp;</b>", {}, "by hand: entities of a text with markup"),
    )

    def edits(self, texts: pa.LargeStringArray) -> dict[int, list[Replace]]:
        """Repairs, in order."""
        from data_platform.kernels.arrays import collect
        from data_platform.kernels.broken_unicode import find_suspicious_lines

        offsets, data = text_buffers(texts)
        repairs: dict[int, list[Replace]] = {}
        lines = collect(6, find_suspicious_lines, offsets, data, _character_classes())
        for row, start, end, plain, first, last in lines.tolist():
            if first >= 0 and not _looks_bad(data[max(start, first - _MARGIN) : min(end, last + _MARGIN)]):
                continue
            line = data[start:end].tobytes().decode()
            fixed = _fix(line, bool(plain))
            if fixed == line or fixed.count("\n") != line.count("\n"):
                continue
            begin = start - int(offsets[row])
            repairs.setdefault(row, []).extend(
                Replace(begin + from_, begin + to, new) for from_, to, new in _differences(line, fixed)
            )
        return repairs


# Bytes around a suspicious character that ftfy's heuristic may look at: its longest sequence has 7 characters.
_MARGIN = 28


def _looks_bad(part: np.ndarray) -> bool:
    """ftfy's own heuristic on the part of a line that the scan points at; halves of characters at its ends are cut."""
    from ftfy.badness import is_bad

    return is_bad(part.tobytes().decode(errors="ignore"))


def _fix(line: str, plain: bool) -> str:
    import ftfy

    return ftfy.fix_text(line, _config(plain))


@cache
def _config(unescape_html: bool):
    from ftfy import TextFixerConfig

    return TextFixerConfig(
        unescape_html=unescape_html, fix_latin_ligatures=False, fix_character_width=False, uncurl_quotes=False,
        fix_line_breaks=False, normalization="NFC", explain=False,
    )


@cache
def _character_classes() -> np.ndarray:
    """What `broken_unicode.find_suspicious_lines` must know of characters, from ftfy's tables.

    Its heuristic (`ftfy.badness.BADNESS_RE`) matches neighbours of which one at least is more than an ordinary letter,
    but for a few characters that it holds suspicious beside anything.
    """
    import re

    from ftfy.badness import MOJIBAKE_CATEGORIES
    from ftfy.chardata import CONTROL_CHARS

    from data_platform.kernels.broken_unicode import COMMON, CONTROL, SUSPICIOUS, TELLING

    classes = np.zeros(0x10000, np.uint8)
    everything = "".join(map(chr, [*range(0x80, 0xD800), *range(0xE000, 0x10000)]))
    for name, members in MOJIBAKE_CATEGORIES.items():
        kind = COMMON if name in ("lower_common", "upper_common", "kaomoji", "common") else TELLING
        for character in re.findall(f"[{members}]", everything):
            classes[ord(character)] |= kind
    for point in map(ord, "ŒœÂÃЂ"):
        classes[point] |= SUSPICIOUS
    for point in (*CONTROL_CHARS, *range(0x80, 0xA0)):
        classes[point] |= CONTROL
    return classes


def _differences(before: str, after: str) -> Iterator[tuple[int, int, str]]:
    """Where two lines differ: byte offsets in `before`, and what stands there in `after`."""
    old, new = before.split(" "), after.split(" ")
    if len(old) != len(new):
        old, new = [before], [after]
    position = 0
    for one, other in zip(old, new, strict=True):
        if one != other:
            yield _difference(one, other, position)
        position += len(one.encode()) + 1


def _difference(one: str, other: str, position: int) -> tuple[int, int, str]:
    """The span in which two words differ, never empty in the first."""
    shorter = min(len(one), len(other))
    head = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    limit = shorter - head
    tail = next((place for place in range(limit) if one[-1 - place] != other[-1 - place]), limit)
    if head + tail == len(one):  # something is only put in: take a neighbour along
        head, tail = (head - 1, tail) if head else (head, tail - 1)
    start = position + len(one[:head].encode())
    return start, start + len(one[head : len(one) - tail].encode()), other[head : len(other) - tail]
