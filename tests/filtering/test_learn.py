"""Learned thresholds: known answers, independence of order and partitioning, and languages that have none."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data_platform.core.kinds.rule_set import RuleSetError
from data_platform.core.tables import table
from data_platform.filtering.learn import Sample, learn, sample_columns
from data_platform.filtering.reference import ReferenceTextError, reference_archives, reference_texts
from data_platform.filtering.rules import judge, rule_set, verdicts, with_learned
from data_platform.filtering.settings import Filters


def _texts(language: str, count: int, signals: list[str], scale: float = 1.0) -> pa.Table:
    """`count` texts with the values 0, 1, 2, ... times `scale` for every signal, in a shuffled order of ids."""
    values = np.arange(count) * scale
    ids = [f"{number * 2654435761 % 2**32:08x}" for number in range(count)]
    return pa.table({"doc_id": ids, "language": [language] * count, **dict.fromkeys(signals, values)})


def _learned(name: str, texts: list[pa.Table], size: int = 10**6, **overrides: float) -> pa.Table:
    rules = rule_set(name, overrides)
    sample = Sample(size)
    for part in texts:
        sample.add(part)
    return learn(rules, sample.languages())


def _values(rows: pa.Table, language: str) -> dict[str, float]:
    return {row["threshold"]: row["value"] for row in rows.to_pylist() if row["language"] == language}


def test_culturax_takes_the_10th_percentile_of_what_should_be_high_and_the_90th_of_what_should_be_low() -> None:
    rules = rule_set("culturax")
    signals = sample_columns([rules])
    rows = _learned("culturax", [_texts("en", 1001, signals), _texts("de", 101, signals, 0.01), _texts("sv", 99, [
        *signals])])
    assert rows.schema == table("filter_thresholds").schema
    assert set(rows["language"].to_pylist()) == {"en", "de"}  # 99 Swedish texts are fewer than min_documents
    for threshold, bound in rules.learned.items():
        assert _values(rows, "en")[threshold] == pytest.approx(100 if bound.side == "min" else 900)
        assert _values(rows, "de")[threshold] == pytest.approx(0.1 if bound.side == "min" else 0.9)
    assert set(rows["documents"].to_pylist()) == {1001, 101} and set(rows["source"].to_pylist()) == {"documents"}
    wider = _learned("culturax", [_texts("en", 1001, signals)], lower_percentile=5, upper_percentile=95)
    assert _values(wider, "en")["min_words"] == pytest.approx(50)


def test_fineweb2_takes_tails_means_and_deviations_of_reference_text() -> None:
    rules = rule_set("fineweb2")
    rows = _learned("fineweb2", [_texts("de", 101, sample_columns([rules]), 0.01)])
    values, deviation = _values(rows, "de"), np.arange(101).std() * 0.01
    assert values["max_duplicate_line_fraction"] == pytest.approx(0.9)
    assert values["min_line_punctuation_fraction"] == pytest.approx(0.1)
    assert values["min_mean_word_length"] == 0 and values["max_mean_word_length"] == 1  # 0.5 ± 0.29, rounded
    assert values["min_alphabetic_word_fraction"] == 0  # 0.5 - 3 x 0.29, but no share is negative
    assert deviation == pytest.approx(0.2915, abs=1e-3)
    assert {row["threshold"]: row["method"] for row in rows.to_pylist()}["max_newline_to_word_ratio"] == (
        "most extreme 10%")
    assert set(rows["source"].to_pylist()) == {"reference"}


def test_fineweb2_measures_other_languages_by_what_published_thresholds_do_to_english() -> None:
    """English texts hold 0.00, 0.01, ... 1.00 of everything, Finnish ones twice that; but words of 0 to 20 letters."""
    signals = sample_columns([rule_set("fineweb2")])
    english, finnish = _texts("en", 101, signals, 0.01), _texts("fi", 101, signals, 0.02)
    place = english.column_names.index("mean_word_length")
    english = english.set_column(place, "mean_word_length", pa.array(np.arange(101) * 0.2))
    rows = _learned("fineweb2", [english, finnish])
    values = _values(rows, "fi")
    # Duplicate lines: 0.3 lies at 30 of 101 values in English, 0.2 / 0.2915 deviations below the mean, so twice that.
    assert values["max_duplicate_line_fraction"] == pytest.approx(0.6)
    assert values["max_top_4gram_character_fraction"] == pytest.approx(0.32)
    # Letters: 80 of 101 English texts have less than 0.8. Word length: 15 have less than 3, 50 have more than 10.
    assert values["min_alphabetic_word_fraction"] == pytest.approx(2 * 80 / 101)
    assert values["min_mean_word_length"] == pytest.approx(2 * 15 / 101)
    assert values["max_mean_word_length"] == pytest.approx(2 * (1 - 50 / 101))
    assert values["min_line_punctuation_fraction"] == pytest.approx(0.2)
    assert _values(rows, "en")["max_duplicate_line_fraction"] == pytest.approx(0.3)
    methods = {row["threshold"]: row["method"] for row in rows.to_pylist() if row["language"] == "fi"}
    assert methods["max_duplicate_line_fraction"] == "mean -0.686 sd, as English"
    assert methods["min_mean_word_length"] == "most extreme 14.851%, as English"


def test_fineweb2_falls_back_where_english_texts_repeat_nothing() -> None:
    signals = sample_columns([rule_set("fineweb2")])
    rows = _learned("fineweb2", [_texts("en", 101, signals, 0.0), _texts("fi", 101, signals, 0.01)])
    assert _values(rows, "fi")["max_duplicate_line_fraction"] == pytest.approx(0.9)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(60)), st.lists(st.integers(1, 59), max_size=4), st.integers(1, 80))
def test_nothing_depends_on_order_or_partitioning(order: list[int], cuts: list[int], size: int) -> None:
    texts = _texts("en", 60, ["mean_word_length"], 0.1)
    expected = Sample(size)
    expected.add(texts)
    shuffled, sample = texts.take(order), Sample(size)
    bounds = [0, *sorted(set(cuts)), 60]
    for start, end in pairwise(bounds):
        sample.add(shuffled.slice(start, end - start))
    (found,) = sample.languages().values()
    assert found.equals(expected.languages()["en"])
    assert found.num_rows == min(size, 60)
    assert found["doc_id"].to_pylist() == sorted(texts["doc_id"].to_pylist())[:size]


def _judged(keep_unlearned: bool, **overrides: float) -> list[dict]:
    rules = rule_set("culturax", overrides)
    signals = sample_columns([rule_set("culturax")])
    learned = _learned("culturax", [_texts("en", 1001, signals), _texts("de", 1001, signals, 0.01)], **overrides)
    documents = pa.table({
        "language": ["en", "de", "xx", "en"], "word_count": [500, 5, 5, 50], "character_count": [500, 5, 5, 500],
        **{name: [500, 5, 5, 500] for name in signals if name not in ("word_count", "character_count")},
    })
    return judge(*with_learned(documents, [rules], learned, keep_unlearned)).to_pylist()


def test_every_document_is_judged_by_the_thresholds_of_its_language() -> None:
    english, german, unknown, short = _judged(False)
    assert english["kept"] and german["kept"]
    assert unknown["failed"] == ["culturax.unlearned"]
    assert short["failed"] == ["culturax.word_count"]
    assert _judged(True)[2] == {"kept": True, "reason": "", "failed": []}


def test_a_threshold_of_the_recipe_goes_before_the_learned_one() -> None:
    english, german, *_ = _judged(False, min_words=10)
    assert english["kept"] and german["failed"] == ["culturax.word_count"]


def test_rule_sets_that_learn_are_refused_without_thresholds() -> None:
    with pytest.raises(RuleSetError, match=r"thresholds are learned per language and none are given: culturax"):
        verdicts(pa.table({"language": ["en"]}), {"culturax": {}})


def test_reference_texts_are_read_from_any_file_and_faults_are_told_without_text(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("A text of its own.\n\nWith two paragraphs.")
    with gzip.open(tmp_path / "rows.jsonl.gz", "wt") as rows:
        rows.write(json.dumps({"text": "A row."}) + "\n" + json.dumps({"text": ""}) + "\n")
    archives = reference_archives({"en": (str(tmp_path),)})
    batches = list(reference_texts("en", archives["en"]))
    assert sorted(pa.concat_tables(batches)["text"].to_pylist()) == [
        "A row.", "A text of its own.\n\nWith two paragraphs."]
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress(b'{"text": 3}\n'))
    with pytest.raises(ReferenceTextError, match=r"reference text of en, rows.jsonl.gz: text_not_string"):
        list(reference_texts("en", reference_archives({"en": (str(tmp_path),)})["en"]))


def test_reference_texts_that_hold_none_are_an_error(tmp_path: Path) -> None:
    """Otherwise every document of the language would be dropped as one whose thresholds were not learned."""
    (tmp_path / "rows.jsonl").write_text('{"txt": "A text under another name."}\n{"text": ""}\n')
    archives = reference_archives({"de": (str(tmp_path),)})
    with pytest.raises(ReferenceTextError, match=r"reference text of de: none in rows.jsonl; .* the field text"):
        list(reference_texts("de", archives["de"]))
    with pytest.raises(ValidationError, match=r"reference.de\s+Tuple should have at least 1 item"):
        Filters.model_validate({"reference": {"de": []}})
