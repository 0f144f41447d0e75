"""What findings come to: programs, margins, and reasons."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from data_platform.core.tables import table
from data_platform.duplicates.cutting import FINDINGS, cut_batch, findings, with_margin
from data_platform.programs.interpreter import rebuild

SPANS, REASONS = FINDINGS.field("spans").type, FINDINGS.field("reasons").type


def _cut(text: str, spans: list[tuple[str, int, int]], reasons: tuple[str, ...] = (), **settings: int) -> dict:
    some = [{"kind": kind, "start": start, "end": end} for kind, start, end in spans]
    made = cut_batch(pa.array([text]), pa.array([some], SPANS), pa.array([list(reasons)], REASONS), **settings)
    assert [field.name for field in made.type] == table("cut_programs").column_names[2:]
    return made[0].as_py()


def test_overlapping_spans_are_cut_once_and_counted_by_kind() -> None:
    row = _cut("one two three four", [("substring", 4, 13), ("line", 8, 14), ("line", 0, 1)])
    assert row["program"] == 'replace(start=0, end=1, text="")\nreplace(start=4, end=14, text="")'
    assert rebuild("one two three four", row["program"]) == "ne four"
    assert (row["substring_bytes"], row["line_bytes"], row["bytes_before"], row["bytes_after"]) == (9, 7, 18, 7)
    assert row["outcome"] == "refined" and row["tokens_after"] > 0


def test_documents_go_for_a_reason() -> None:
    assert _cut("text", [], ("containment", "semantic"))["reason"] == "containment"
    gone = _cut("text", [("line", 0, 4)])
    assert (gone["outcome"], gone["reason"], gone["bytes_after"], gone["tokens_after"]) == (
        "dropped", "nothing_left", 0, 0
    )
    short = _cut("one two three four", [("line", 0, 8)], min_words=3)
    assert short["reason"] == "too_short"
    assert _cut("one two", [], min_words=3)["outcome"] == "unchanged", "it has lost nothing"


def test_evaluation_items_go_with_a_margin_of_characters() -> None:
    text = "ääää0123ßßßß"
    row = _cut(text, [("contamination", 8, 12)], margin=2)
    assert rebuild(text, row["program"]) == "ääßß" and row["contamination_bytes"] == 4 + 4 + 4
    many = "x y " * 20
    spans = [("contamination", place, place + 1) for place in range(0, 60, 8)]
    assert _cut(many, spans, max_cuts=8)["outcome"] == "refined"
    assert _cut(many, spans, max_cuts=7)["reason"] == "contaminated.cuts"


@given(st.text(max_size=20), st.data(), st.integers(0, 8))
def test_margins_end_between_characters(text: str, data: st.DataObject, margin: int) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    places = [len(text[:place].encode()) for place in (start, end)]
    expected = [len(text[: max(0, start - margin)].encode()), len(text[: end + margin].encode())]
    assert with_margin(text.encode(), [tuple(places)], margin) == [tuple(expected)]


def test_findings_are_gathered_by_document() -> None:
    spans = pa.table({"doc_id": ["b", "a", "b"], "kind": ["line"] * 3, "start": [5, 0, 1], "end": [6, 1, 2]})
    reasons = pa.table({"doc_id": ["c", "b"], "reason": ["semantic", "containment"]})
    assert findings(spans, reasons).to_pylist() == [
        {"doc_id": "a", "spans": [{"kind": "line", "start": 0, "end": 1}], "reasons": []},
        {"doc_id": "b", "spans": [{"kind": "line", "start": 1, "end": 2}, {"kind": "line", "start": 5, "end": 6}],
         "reasons": ["containment"]},
        {"doc_id": "c", "spans": [], "reasons": ["semantic"]},
    ]
    assert findings(spans.slice(0, 0), reasons.slice(0, 0)).num_rows == 0
