"""Rule sets and verdicts: bounds from both sides, order of reasons, and errors that say what exists."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from data_platform.columns import table
from data_platform.filters.rule_set import RuleSetError
from data_platform.filters.rules import RULE_SETS, VERDICT, rule_set, verdicts
from data_platform.filters.signals import quality_signals

BOTH = {"gopher_quality": {}, "fineweb": {}}

GOOD = {
    "character_count": 6_000,
    "word_count": 1_000,
    "mean_word_length": 4.8,
    "hash_to_word_ratio": 0.0,
    "ellipsis_to_word_ratio": 0.0,
    "bullet_line_fraction": 0.0,
    "ellipsis_line_fraction": 0.0,
    "alphabetic_word_fraction": 0.98,
    "stop_word_count": 8,
    "line_count": 20,
    "line_punctuation_fraction": 0.9,
    "short_line_fraction": 0.1,
    "duplicate_line_character_fraction": 0.0,
    "newline_to_word_ratio": 0.02,
}

# Published thresholds: Gopher arXiv 2112.11446 A.1.1, FineWeb as in datatrove 0.10. +1 keeps at most, -1 at least.
BOUNDS = [
    ("gopher_quality", "word_count", "min_words", 50, -1),
    ("gopher_quality", "word_count", "max_words", 100_000, 1),
    ("gopher_quality", "mean_word_length", "min_mean_word_length", 3.0, -1),
    ("gopher_quality", "mean_word_length", "max_mean_word_length", 10.0, 1),
    ("gopher_quality", "hash_to_word_ratio", "max_hash_to_word_ratio", 0.1, 1),
    ("gopher_quality", "ellipsis_to_word_ratio", "max_ellipsis_to_word_ratio", 0.1, 1),
    ("gopher_quality", "bullet_line_fraction", "max_bullet_line_fraction", 0.9, 1),
    ("gopher_quality", "ellipsis_line_fraction", "max_ellipsis_line_fraction", 0.3, 1),
    ("gopher_quality", "alphabetic_word_fraction", "min_alphabetic_word_fraction", 0.8, -1),
    ("gopher_quality", "stop_word_count", "min_stop_words", 2, -1),
    ("fineweb", "line_punctuation_fraction", "min_line_punctuation_fraction", 0.12, -1),
    ("fineweb", "short_line_fraction", "max_short_line_fraction", 0.67, 1),
    ("fineweb", "duplicate_line_character_fraction", "max_duplicate_line_character_fraction", 0.01, 1),
    ("fineweb", "newline_to_word_ratio", "max_newline_to_word_ratio", 0.3, 1),
]


def _table(*rows: dict[str, float]) -> pa.Table:
    schema = pa.schema([field for field in table("quality_signals").schema if field.name in GOOD])
    return pa.Table.from_pylist([{**GOOD, **row} for row in rows], schema)


def _next(value: float, direction: int) -> float:
    """The smallest step beyond a bound."""
    return value + direction if isinstance(value, int) else float(np.nextafter(value, direction * math.inf))


def test_every_threshold_is_tested() -> None:
    assert {(name, threshold) for name, _, threshold, _, _ in BOUNDS} == {
        (name, threshold) for name, rules in RULE_SETS.items() for threshold in rules.thresholds
    }


@pytest.mark.parametrize(("set_name", "signal", "threshold", "bound", "direction"), BOUNDS)
def test_a_bound_is_kept_and_what_is_beyond_is_not(
    set_name: str, signal: str, threshold: str, bound: float, direction: int
) -> None:
    assert rule_set(set_name).thresholds[threshold] == bound
    at, beyond = verdicts(_table({signal: bound}, {signal: _next(bound, direction)}), BOTH).to_pylist()
    assert at == {"kept": True, "reason": "", "failed": []}
    assert beyond == {"kept": False, "reason": f"{set_name}.{signal}", "failed": [f"{set_name}.{signal}"]}


@pytest.mark.parametrize(("set_name", "signal", "threshold", "bound", "direction"), BOUNDS)
def test_a_threshold_can_be_changed_and_switched_off(
    set_name: str, signal: str, threshold: str, bound: float, direction: int
) -> None:
    beyond = _next(bound, direction)
    for value in (beyond, direction * math.inf):
        assert verdicts(_table({signal: beyond}), {set_name: {threshold: value}})[0]["kept"].as_py()
    assert rule_set(set_name).thresholds[threshold] == bound  # the published set is untouched


def test_the_first_broken_rule_in_the_order_of_the_recipe_is_the_reason() -> None:
    row = {"word_count": 3, "hash_to_word_ratio": 1.0, "newline_to_word_ratio": 1.0}
    gopher = ["gopher_quality.word_count", "gopher_quality.hash_to_word_ratio"]
    fineweb = ["fineweb.newline_to_word_ratio"]
    for order, failed in ((BOTH, gopher + fineweb), (dict(reversed(BOTH.items())), fineweb + gopher)):
        found = verdicts(_table({}, row, {}), order)
        assert found.type == VERDICT
        assert found.field("kept").to_pylist() == [True, False, True]
        assert found.field("reason").to_pylist() == ["", failed[0], ""]
        assert found.field("failed").to_pylist() == [[], failed, []]


def test_verdicts_have_the_types_of_their_table() -> None:
    schema = table("filter_verdicts").schema
    assert all(field.equals(schema.field(field.name)) for field in VERDICT)


def test_no_rule_sets_keep_everything_and_no_rows_give_no_verdicts() -> None:
    assert verdicts(_table({"word_count": 0}), {}).to_pylist() == [{"kept": True, "reason": "", "failed": []}]
    assert verdicts(_table(), BOTH).to_pylist() == []
    assert verdicts(_table(), {}).to_pylist() == []


def test_rows_keep_their_order_in_large_and_chunked_tables() -> None:
    words = np.random.default_rng(0).integers(0, 100, 200_000)
    signals = _table({}).take([0] * len(words))
    place = signals.schema.get_field_index("word_count")
    signals = signals.set_column(place, signals.field(place), pa.chunked_array([words[:70_000], words[70_000:]]))
    found = verdicts(signals, BOTH)
    assert (found.field("kept").to_numpy(zero_copy_only=False) == (words >= 50)).all()
    batch = signals.combine_chunks().to_batches()[0]
    assert verdicts(batch.slice(500, 100), BOTH).equals(verdicts(signals.slice(500, 100), BOTH))


def test_unknown_names_are_refused_with_what_exists() -> None:
    with pytest.raises(RuleSetError, match=r"no rule set 'gopher'; there are gopher_quality, fineweb"):
        rule_set("gopher")
    with pytest.raises(RuleSetError, match=r"fineweb has no threshold 'min_words'; it has min_line_punctuation_fr"):
        verdicts(_table({}), {"fineweb": {"min_words": 3}})


@pytest.mark.parametrize("value", ["50", None, True, math.nan])
def test_thresholds_are_numbers(value: object) -> None:
    with pytest.raises(RuleSetError, match=r"gopher_quality.min_words must be a number"):
        rule_set("gopher_quality", {"min_words": value})


def test_missing_and_null_signals_are_refused() -> None:
    with pytest.raises(RuleSetError, match="word_count"):
        verdicts(_table({}).drop_columns(["word_count"]), BOTH)
    nulls = _table({}).drop_columns(["word_count"]).append_column("word_count", pa.array([None], pa.int64()))
    with pytest.raises(RuleSetError, match=r"must not be null; rules that met a null: gopher_quality.word_count"):
        verdicts(nulls, BOTH)


def test_curated_text_passes_and_each_reason_is_one_that_exists(shared_data: Path) -> None:
    samples = shared_data / "domains" / "mixed-samples"

    def judge(name: str) -> Counter[str]:
        lines = (samples / f"{name}.jsonl").read_text("utf-8").splitlines()
        signals = quality_signals(pa.array([json.loads(line)["text"] for line in lines], pa.large_string()))
        found = verdicts(pa.Table.from_struct_array(signals), {"gopher_quality": {}})
        return Counter(found.field("reason").to_pylist())

    # These samples have been through the same rules at their source; LaTeX headings of a line have not.
    for name in ("redpajama-c4-refined", "redpajama-cc-2023-06-refined", "the-pile-nih-refined"):
        assert judge(name)[""] == 10
    assert judge("arxiv")["gopher_quality.word_count"] > 0
