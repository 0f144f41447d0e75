"""Repeated lines and paragraphs: what is the same, which is first, and that order and partitions do not matter."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.tables import table
from data_platform.methods.duplicates.passages import passage_hashes, repeated_passages

SCHEMA = table("passage_hashes").schema


def _hashes(texts: list[tuple[str, str]], kind: str = "line", min_words: int = 1) -> pa.Table:
    """Rows of the table; the ids of documents are their places."""
    found = passage_hashes(pa.array([text for _, text in texts], pa.large_string()), kind, min_words)
    columns = {
        "doc_id": [f"{number:032x}" for number in range(len(texts))], "snapshot": [crawl for crawl, _ in texts],
        **{name: found.field(name) for name in SCHEMA.names[2:]},
    }
    return pa.table(columns, schema=SCHEMA)


def _found(rows: pa.Table, kind: str = "line", least: int = 2) -> list[tuple]:
    spans = repeated_passages(rows, {kind: least}).to_pylist()
    return [
        (int(span["doc_id"], 16), span["start"], span["end"], int(span["matched_doc_id"], 16), span["matched_start"],
         span["occurrences"])
        for span in spans
    ]


def test_a_line_is_its_words_and_ends_behind_its_line_feed() -> None:
    (lines,) = passage_hashes(pa.array(["Über uns\n\n ... \n12 Ärzte"]), "line").to_pylist()
    assert lines["starts"] == [0, 17] and lines["ends"] == [10, 26]
    same = passage_hashes(pa.array(["  uber UNS! \n7 arzte\n", None]), "line").to_pylist()
    assert same[0]["hashes"] == lines["hashes"], "case, accents, signs, white space and which digits do not count"
    assert same[1]["hashes"] == []


def test_a_paragraph_goes_to_where_the_next_begins() -> None:
    text = "one\ntwo\n \n\nthree\n\n"
    (paragraphs,) = passage_hashes(pa.array([text]), "paragraph").to_pylist()
    assert [text[start:end] for start, end in zip(paragraphs["starts"], paragraphs["ends"], strict=True)] == [
        "one\ntwo\n \n\n", "three\n\n"
    ]
    (led,) = passage_hashes(pa.array(["\n\none  two\n"]), "paragraph").to_pylist()
    assert led["hashes"] == paragraphs["hashes"][:1] and led["starts"] == [2]


def test_short_lines_are_passed_over_if_so_wished() -> None:
    (lines,) = passage_hashes(pa.array(["one\none two\none two three"]), "line", min_words=2).to_pylist()
    assert lines["starts"] == [4, 12]
    with pytest.raises(ValueError, match="line or paragraph"):
        passage_hashes(pa.array(["x"]), "sentence")


def test_the_first_stays_by_crawl_then_id_then_place() -> None:
    texts = [("2024", "Imprint\nnew"), ("2023", "old\nimprint"), ("2023", "imprint\nIMPRINT")]
    assert _found(_hashes(texts)) == [(2, 0, 8, 1, 4, 4), (2, 8, 15, 1, 4, 4), (0, 0, 8, 1, 4, 4)]
    assert _found(_hashes(texts), least=5) == []


LINES = st.lists(st.sampled_from(["a", "b c", "B, c", "d", "", "-"]), max_size=6).map("\n".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["1", "2", "3"]), LINES), max_size=7), st.data())
def test_law_of_the_first_occurrence(texts: list[tuple[str, str]], data: st.DataObject) -> None:
    """What is told is what a set of lines seen would drop, reading crawl by crawl; in any order of rows; and a crawl
    that comes later changes nothing of what was told before."""
    rows = _hashes(texts)
    seen: dict[str, tuple[int, int]] = {}
    expected, counts = [], defaultdict(int)
    for number in sorted(range(len(texts)), key=lambda number: (texts[number][0], number)):
        position = 0
        for line in texts[number][1].split("\n"):
            words = line.lower().replace(",", "").strip("-")
            if words:
                counts[words] += 1
                if words in seen:
                    expected.append((number, position, *seen[words], words))
                else:
                    seen[words] = number, position
            position += len(line) + 1
    found = _found(rows.take(pa.array(data.draw(st.permutations(range(len(texts)))), pa.int64())))
    assert [(row[0], row[1], row[3], row[4], row[5]) for row in found] == [
        (*row[:4], counts[row[4]]) for row in expected
    ]
    before = rows.filter(pa.array([crawl < "3" for crawl, _ in texts], pa.bool_()))
    assert {row[:5] for row in _found(before)} == {row[:5] for row in found if texts[row[0]][0] < "3"}
