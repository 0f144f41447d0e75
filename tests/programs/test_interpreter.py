"""The interpreter: laws of replay, of malformed programs, of lines and of spans; and what ProX writes."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.editor import DropDocument, Normalize, Redact, RemoveLines, Replace
from data_platform.programs.interpreter import EDIT_KINDS, NOTHING_LEFT, interpret, rebuild
from data_platform.programs.program import Malformed, placeholder, read, write

TEXT = "zero\none 1\n\ntwo é x\nthree"


def _run(text: str, program: str) -> tuple[str, str, str]:
    made = interpret(pa.array([text]), pa.array([program]))
    return made.text[0].as_py(), made.outcome[0].as_py(), made.reason[0].as_py()


@pytest.mark.parametrize(
    ("program", "refined"),
    [
        ("", TEXT),
        ("keep_doc()\nkeep_all()\nuntouch_doc()\n\n", TEXT),
        ("remove_lines(start=1, end=2)", "zero\ntwo é x\nthree"),
        ("remove_lines(start=0, end=0)", "one 1\n\ntwo é x\nthree"),
        ("remove_lines(start=3, end=4)", "zero\none 1\n"),
        ("remove_lines(start=4, end=4)\nremove_lines(start=0, end=1)\nremove_lines(start=1, end=2)", "two é x"),
        ('replace(start=16, end=18, text="e")', "zero\none 1\n\ntwo e x\nthree"),
        ('redact(start=5, end=10, type="PHONE")\nredact(start=0, end=4, type="EMAIL")',
         "<EMAIL>\n<PHONE>\n\ntwo é x\nthree"),
        ('normalize(source="o", target="\\u00f6\\n")', "zerö\n\nö\nne 1\n\ntwö\n é x\nthree"),
        ('normalize(source="absent", target="")', TEXT),
        # What is inside a removed line goes with it.
        ('redact(start=5, end=8, type="IP")\nnormalize(source="o", target="0")\nremove_lines(start=1, end=1)',
         "zer0\n\ntw0 é x\nthree"),
        # The dialect of ProX.
        ('remove_lines(line_start=000, line_end=002)\nnormalize(source_str="two ", target_str="")', "é x\nthree"),
        ('  normalize(source_str="thr")  ', "zero\none 1\n\ntwo é x\nee"),
    ],
)  # fmt: skip
def test_programs_do_what_they_say(program: str, refined: str) -> None:
    text, outcome, reason = _run(TEXT, program)
    assert (text, outcome, reason) == (refined, "unchanged" if refined == TEXT else "refined", "")
    assert rebuild(TEXT, program) == refined


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("drop_doc()", "drop_doc"),
        ('drop_doc(reason="too_short")\nremove_lines(start=0, end=1)', "too_short"),
        ("remove_lines(all=True)", NOTHING_LEFT),
        ("remove_lines(start=0, end=1)\nremove_lines(start=3, end=4)", NOTHING_LEFT),
    ],
)
def test_documents_are_dropped_with_a_reason(program: str, reason: str) -> None:
    assert _run(TEXT, program) == (TEXT, "dropped", reason)
    assert rebuild(TEXT, program) is None


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("I would keep this document.", "bad_syntax"),
        ("remove_lines(1, 2)", "bad_syntax"),
        ("remove_lines(start=1, end=2", "bad_syntax"),
        ("remove_lines(start=1, end=2) # menu", "bad_syntax"),
        ("remove_lines(start=1, end=2,)", "bad_syntax"),
        ("remove_lines(start=1, start=1, end=2)", "bad_syntax"),
        ("remove_lines(start=-1, end=2)", "bad_syntax"),
        ('normalize(source="a"b", target="")', "bad_syntax"),
        ('normalize(source="\\ud800", target="")', "bad_syntax"),
        ("exec(start=1)", "unknown_call"),
        ("remove_lines(start=1)", "bad_arguments"),
        ("remove_lines(start=1, line_start=1, end=2)", "bad_arguments"),
        ("remove_lines(start=1, end=True)", "bad_arguments"),
        ("drop_doc(start=1)", "bad_arguments"),
        ('normalize(source="", target="x")', "bad_arguments"),
        ('redact(start=0, end=4, type="NAME")', "bad_arguments"),
        ("remove_lines(start=2, end=1)", "line_out_of_range"),
        ("remove_lines(start=4, end=5)", "line_out_of_range"),
        ("remove_lines(start=99999999999, end=99999999999)", "line_out_of_range"),
        ('replace(start=3, end=3, text="")', "span_out_of_range"),
        ('replace(start=23, end=27, text="")', "span_out_of_range"),
        ('replace(start=17, end=18, text="")', "inside_character"),
        ('replace(start=15, end=17, text="")', "inside_character"),
        ('redact(start=0, end=4, type="IP")\nreplace(start=3, end=5, text="")', "overlap"),
        ('redact(start=0, end=6, type="IP")\nremove_lines(start=1, end=1)', "overlap"),
        # The line feed before the last line goes with that line.
        ('redact(start=16, end=21, type="IP")\nremove_lines(start=4, end=4)', "overlap"),
        ('normalize(source="two")\nnormalize(source="wo")', "overlap"),
        ("remove_lines(start=0, end=0)\ndrop_doc()\nremove_lines(start=9, end=9)", "line_out_of_range"),
    ],
)
def test_a_malformed_program_leaves_its_text_and_no_other(program: str, reason: str) -> None:
    made = interpret(pa.array([TEXT, TEXT, TEXT]), pa.array(["remove_lines(start=0, end=2)", program, ""]))
    assert made.text.to_pylist() == ["two é x\nthree", TEXT, TEXT]
    assert made.outcome.to_pylist() == ["refined", "malformed", "unchanged"]
    assert made.reason.to_pylist() == ["", reason, ""]
    assert not made.counts[1:].any() and not made.removed_bytes[1:].any()


_WORDS = st.text(st.sampled_from("ab é漢😀\n"), max_size=40)


@st.composite
def _edited(draw: st.DrawFn) -> tuple[str, list, str]:
    """A text, calls whose spans do not overlap, and the refined text by the plainest means."""
    text = draw(_WORDS)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pieces = [(start, end) for start, end in pairwise(cuts) if draw(st.booleans())]
    calls, edited, position = [], [], 0
    for start, end in pieces:
        new = draw(st.sampled_from(["", "x", "é\n", "<", None]))
        byte_start, byte_end = len(text[:start].encode()), len(text[:end].encode())
        calls.append(Redact(byte_start, byte_end, "IBAN") if new is None else Replace(byte_start, byte_end, new))
        edited += [text[position:start], placeholder("IBAN") if new is None else new]
        position = end
    calls = draw(st.permutations(calls))
    return text, calls, "".join([*edited, text[position:]])


@settings(deadline=None)  # the first call compiles
@given(st.lists(_edited(), max_size=6))
def test_spans_in_any_order_are_replaced_and_the_account_is_right(cases: list) -> None:
    texts = pa.array([text for text, _, _ in cases], pa.large_string())
    made = interpret(texts, pa.array([write(calls) for _, calls, _ in cases], pa.string()))
    for row, (text, calls, refined) in enumerate(cases):
        if calls and not refined.strip(" \n"):
            assert made.reason[row].as_py() == NOTHING_LEFT
            continue
        assert made.text[row].as_py() == refined
        assert made.counts[row].sum() == len(calls)
        assert made.removed_bytes[row].sum() == len(text.encode()) - len(refined.encode())


@given(_WORDS, st.data())
def test_removed_lines_leave_the_others(text: str, data: st.DataObject) -> None:
    lines = text.split("\n")
    removed = data.draw(st.sets(st.integers(0, len(lines) - 1)))
    made = interpret(pa.array([text]), pa.array([write(RemoveLines(line, line) for line in sorted(removed))]))
    kept = [line for place, line in enumerate(lines) if place not in removed]
    if removed and not "".join(kept).strip():
        assert made.reason[0].as_py() == NOTHING_LEFT
    else:
        assert made.text[0].as_py() == "\n".join(kept)
        assert made.counts[0, EDIT_KINDS.index("lines")] == len(removed)


_CALLS = st.lists(
    st.one_of(
        st.builds(RemoveLines, st.integers(0, 10**9), st.integers(0, 10**9)),
        st.builds(Normalize, st.text(min_size=1), st.text()),
        st.builds(Replace, st.integers(0, 10**9), st.integers(0, 10**9), st.text()),
        st.builds(Redact, st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(["EMAIL", "CREDIT_CARD"])),
        st.just(DropDocument()), st.just(DropDocument("too_short")), st.just(RemoveLines(0, None)),
    )
)  # fmt: skip


@given(_CALLS)
def test_a_program_reads_as_it_was_written(calls: list) -> None:
    assert read(write(calls)) == calls


@given(st.text(), st.text())
def test_any_text_is_a_program_or_malformed(text: str, program: str) -> None:
    refined, outcome, reason = _run(text, program)
    try:
        read(program)
    except Malformed as error:
        assert (refined, outcome, reason) == (text, "malformed", error.reason)
    else:
        assert outcome != "refined" or refined != text or program


def test_layouts_of_texts_make_no_difference_and_nothing_is_copied_for_nothing() -> None:
    texts = pa.array([TEXT, "x", None, TEXT], pa.large_string())
    programs = pa.array(["", "", None, 'redact(start=0, end=4, type="IP")'])
    assert interpret(texts, pa.array([""] * 4)).text.buffers()[2].address == texts.buffers()[2].address
    expected = interpret(texts, programs).text.to_pylist()
    assert expected[3].startswith("<IP>") and expected[:2] == [TEXT, "x"]
    for layout in (texts.cast(pa.string()), texts.cast(pa.string_view()), pa.chunked_array([texts[:1], texts[1:]])):
        assert interpret(layout, programs).text.to_pylist() == expected
    assert interpret(texts[1:], programs[1:]).text.to_pylist() == expected[1:]
    with pytest.raises(ValueError, match="1 programs for 4 texts"):
        interpret(texts, pa.array([""]))
