"""Programs cannot smuggle: what they put in is bounded and counted, however it is cut up, copied and spread."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data_platform.core.kinds.editor import Editor, Normalize, Redact, RemoveLines, Replace
from data_platform.methods.edits.settings import Refinement
from data_platform.programs.inserted import inserted_bytes, joins
from data_platform.programs.interpreter import interpret
from data_platform.programs.plan import TOO_MANY_JOINS, TOO_MUCH_INSERTED, Limits, Planned, Use, plan
from data_platform.programs.program import write
from data_platform.stages.refinement import editors

PAGE = "A page of its own, with nothing borrowed in it.\nIt has a second line, and cafÃ© in a third.\nThe end of it."
FOREIGN = "Somebody else wrote this line and sells it."


def _plan(program: str, *editors_: Use, limits: Limits | None = None, text: str = PAGE) -> Planned:
    wanted = [*editors(Refinement()), *editors_]
    return plan(pa.array([text], pa.large_string()), pa.array(["web"]), wanted, 0, pa.array([program]), limits)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _in_pieces(text: str, size: int) -> str:
    """A text put in piece by piece, each beside a character that goes."""
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    return "\n".join(f"replace(start={place}, end={place + 1}, text={_quoted(piece)})"
                     for place, piece in enumerate(pieces))


SMUGGLED = {
    "at once": f"replace(start=0, end={PAGE.index('cafÃ')}, text={_quoted(FOREIGN)})",
    "letter by letter": _in_pieces(FOREIGN, 1),
    "word by word": _in_pieces(FOREIGN, 6),
    "as the form of a word": f'normalize(source="nothing", target={_quoted(FOREIGN)})',
    "in the dialect of ProX": f'normalize(source_str="nothing", target_str={_quoted(FOREIGN)})',
    "a letter that stands often": 'normalize(source="i", target="Buy it. ")',
    "as escapes": "replace(start=0, end=1, text=" + "".join(f"\\u{ord(sign):04x}" for sign in FOREIGN).join('""') + ")",
    "in signs that are not seen": "replace(start=0, end=1, text=" + _quoted("​‌‍" * 9) + ")",
    "as a mark that the platform has not set": 'replace(start=0, end=1, text="<EMAIL><EMAIL>")',
    "in a repair of its own": f"replace(start={len(PAGE.encode()) - 3}, end={len(PAGE.encode()) - 2}, text=\"é\")",
    "copied from elsewhere in the page": f"replace(start=0, end=1, text={_quoted(PAGE[20:60])})",
}


@pytest.mark.parametrize("way", SMUGGLED)
def test_what_programs_from_outside_put_in_is_refused_and_told(way: str) -> None:
    planned = _plan(SMUGGLED[way])
    assert planned.refused.to_pylist() == [TOO_MUCH_INSERTED]
    assert planned.interpreted.text[0].as_py() == PAGE.replace("Ã©", "é") and planned.inserted.tolist() == [0]


def test_what_the_recipe_allows_is_put_in_and_counted() -> None:
    program = 'replace(start=0, end=1, text="The")\nnormalize(source="third", target="fourth")'
    planned = _plan(program, limits=Limits(9))
    assert planned.refused.to_pylist() == [""] and planned.inserted.tolist() == [9]
    assert planned.interpreted.text[0].as_py().startswith("The page of its own")
    assert _plan(program, limits=Limits(8)).refused.to_pylist() == [TOO_MUCH_INSERTED]
    with pytest.raises(ValidationError, match="max_inserted_bytes"):
        Refinement(max_inserted_bytes=100_000)


def test_what_a_program_takes_out_and_marks_is_free() -> None:
    program = 'remove_lines(start=1, end=1)\nredact(start=0, end=6, type="PHONE")\nnormalize(source=" borrowed")'
    planned = _plan(program)
    assert planned.refused.to_pylist() == [""] and planned.inserted.tolist() == [0]
    assert planned.interpreted.text[0].as_py() == "<PHONE> of its own, with nothing in it.\nThe end of it."


def test_what_stands_in_lines_that_go_is_not_put_in() -> None:
    planned = _plan('remove_lines(start=1, end=1)\nnormalize(source="second", target="longer than second")')
    assert planned.refused.to_pylist() == [""] and planned.inserted.tolist() == [0]


def test_a_text_that_is_nothing_but_what_is_put_in_is_counted_whole() -> None:
    text = pa.array([PAGE])
    program = pa.array([f"replace(start=0, end={len(PAGE.encode())}, text={_quoted(FOREIGN)})"])
    assert inserted_bytes(text, program, {}).tolist() == [len(FOREIGN.encode())]


def test_a_text_spelt_by_cutting_up_another_is_refused() -> None:
    pieces = [f"{sign}{number:03d}x{number * 37 % 101} " for number, sign in enumerate(FOREIGN)]
    text, calls, place = "".join(pieces), [], 0
    for piece in pieces:
        calls.append(Replace(place + 1, place + len(piece), ""))
        place += len(piece)
    planned = _plan(write(calls), text=text)
    assert interpret(pa.array([text]), pa.array([write(calls)])).text[0].as_py() == FOREIGN
    assert planned.refused.to_pylist() == [TOO_MANY_JOINS] and planned.interpreted.text[0].as_py() == text
    # A mark that stands in many places is one thing to take out, and lines are no cuts.
    marked = "\n".join(f"Line {number}.[edit]" for number in range(200))
    assert joins(pa.array([marked]), pa.array(['normalize(source="[edit]")'])).tolist() == [1]
    lines = write([Replace(0, len("Line 0.[edit]\n"), ""), RemoveLines(3, 90)])
    assert joins(pa.array([marked]), pa.array([lines])).tolist() == [0]


class Writer(Editor):
    """Puts its words before every text; a test."""

    words = "Bought! "

    def edits(self, texts: pa.LargeStringArray) -> dict[int, Sequence[Replace]]:
        return {row: [Replace(0, 1, f"{self.words}{text[0]}")] for row, text in enumerate(texts.to_pylist())}


class Mender(Writer):
    """The same, as if it repaired something."""

    repairs = True
    words = "Mended! "


class Marker(Editor):
    """Puts its words in the place of a word."""

    def edits(self, texts: pa.LargeStringArray) -> dict[int, Sequence[Normalize]]:
        return {row: [Normalize("page", "pages to buy")] for row in range(len(texts))}


def test_editors_share_one_bound_with_each_other_and_with_programs() -> None:
    uses = [Use(kind.__name__.lower(), kind(kind.Settings())) for kind in (Mender, Writer, Marker)]
    for use, words in zip(uses, ("Mended! A", "Bought! A", "pages to buy"), strict=True):
        planned = _plan("", use)
        assert planned.refused.to_pylist() == [f"{use.name}.{TOO_MUCH_INSERTED}"]
        assert "é" in planned.interpreted.text[0].as_py() and words not in planned.interpreted.text[0].as_py()
        planned = _plan("", use, limits=Limits(12))
        assert words in planned.interpreted.text[0].as_py() and planned.inserted.tolist() == [len(words)]
    planned = _plan('normalize(source="second", target="2nd")', *uses, limits=Limits(12))
    assert 0 < planned.inserted[0] <= 12 and planned.refused[0].as_py().endswith(TOO_MUCH_INSERTED)


_TEXT = st.text(st.sampled_from("ab é[]1\n"), min_size=1, max_size=60)
_CALLS = st.lists(st.one_of(
    st.builds(RemoveLines, st.integers(0, 3), st.integers(0, 4)),
    st.builds(Replace, st.integers(0, 40), st.integers(0, 50), st.text("axé", max_size=3)),
    st.builds(Redact, st.integers(0, 40), st.integers(0, 50), st.just("EMAIL")),
    st.builds(Normalize, st.text("ab 1", min_size=1, max_size=2), st.text("axé", max_size=3)),
), max_size=5)


@settings(deadline=None, max_examples=300)
@given(_TEXT, _CALLS, _CALLS, st.integers(0, 12))
def test_without_placeholders_a_refined_text_is_what_was_there_and_as_much_as_is_counted(
    text: str, first: list, second: list, allowed: int
) -> None:
    """The law: of a refined text so many bytes are not a part of the text before it, in order, as are counted."""
    program = write([*first, *second])
    planned = plan(pa.array([text], pa.large_string()), pa.array(["web"]), [], 0, pa.array([program]), Limits(allowed))
    refined = planned.interpreted.text[0].as_py().replace("<EMAIL>", "").encode()
    assert planned.inserted[0] <= allowed
    assert len(refined) - _common(refined, text.encode()) <= planned.inserted[0]


def _common(one: bytes, other: bytes) -> int:
    """Length of the longest common subsequence."""
    row = np.zeros(len(other) + 1, np.int64)
    for sign in one:
        before = row.copy()
        for place, there in enumerate(other):
            row[place + 1] = before[place] + 1 if sign == there else max(before[place + 1], row[place])
    return int(row[-1])
