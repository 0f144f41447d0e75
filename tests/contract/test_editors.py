"""Editors: known edits are made, calls can be applied and say no personal data, and each text is edited by itself."""

from __future__ import annotations

import itertools

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.editor import Editor, Redact, Replace
from data_platform.core.kinds.method import Example
from data_platform.programs.inserted import MOST_INSERTED
from data_platform.programs.plan import Limits, Planned, Use, plan
from tests.contract.every import TEXTS, each, each_example, settings_of

BROKEN = ("âœ” No problems", "&lt;p&gt; humanitÃ©", "Mail a@example.org or 81.2.69.160.", "Read it.[12]\nHome\nTop")
"""Texts in which something is to be edited."""


def planned(editor: Editor, texts: list[str]) -> Planned:
    """Programs of texts, and what they make of them, where the recipe allows as much as it can."""
    return plan(
        pa.array(texts, pa.large_string()), pa.array(["web"] * len(texts)), [Use(editor.name, editor)],
        limits=Limits(inserted_bytes=MOST_INSERTED),
    )


@each_example(Editor)
def test_examples_hold(method: type[Editor], example: Example) -> None:
    done = planned(method(settings_of(method, example)), [example.given])
    assert done.refused.to_pylist() == [""]
    assert done.interpreted.text.to_pylist() == [example.gives]


@each(Editor)
@settings(max_examples=15, deadline=None)
@given(texts=st.lists(st.sampled_from(TEXTS + BROKEN) | st.text("aÃ©\n @.x[1]&;", max_size=30), min_size=1, max_size=6))
def test_a_text_is_edited_by_itself(method: type[Editor], texts: list[str]) -> None:
    editor = method(settings_of(method))
    together = planned(editor, texts)
    alone = [planned(editor, [text]) for text in texts]
    assert together.program.to_pylist() == [one.program[0].as_py() for one in alone]
    assert together.interpreted.text.to_pylist() == [one.interpreted.text[0].as_py() for one in alone]
    assert planned(editor, texts[::-1]).program.to_pylist() == together.program.to_pylist()[::-1]
    assert "malformed" not in together.interpreted.outcome.to_pylist()


@each(Editor)
@settings(max_examples=15, deadline=None)
@given(texts=st.lists(st.sampled_from(TEXTS + BROKEN), min_size=1, max_size=6))
def test_calls_are_within_their_texts(method: type[Editor], texts: list[str]) -> None:
    editor = method(settings_of(method))
    for row, calls in editor.edits(pa.array(texts, pa.large_string())).items():
        spans = sorted((call.start, call.end) for call in calls if isinstance(call, Replace | Redact))
        assert all(0 <= start <= end <= len(texts[row].encode()) for start, end in spans)
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
        if method.repairs:
            assert all(isinstance(call, Replace) and "\n" not in call.text for call in calls)
