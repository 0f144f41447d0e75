"""Rules beside what was measured: by hand on small lakes, and every rule set against the values that it compares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from data_platform.core import registry
from data_platform.core.kinds.rule_set import RuleSet
from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.reports.judged import Judged, Verdict, verdicts_of
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from tests.filtering.lakes import workspace
from tests.reports.test_filtering import GOOD, _judge


def judged(opened: Workspace, snapshot: str = "one") -> dict[str, Verdict]:
    _judge(opened)
    ids = opened.lake.read_table("documents", ["doc_id"], partition=snapshot)["doc_id"].to_pylist()
    return verdicts_of(opened.lake, snapshot, ids)


def one_of(verdict: Verdict, rule: str) -> Judged:
    (found,) = [one for one in verdict.rules if one.rule == rule]
    return found


@pytest.mark.parametrize("name", [
    name for method in registry.methods(RuleSet).values() if not method.learns_from for name in method.names()
])
def test_what_is_told_of_a_rule_is_what_it_compares(tmp_path: Path, name: str) -> None:
    """Of every dialect: a rule that bounds one signal holds just where the value is within the thresholds told."""
    rows = [{**GOOD, "snapshot": "one", "token_count": 1, **extra} for extra in (
        {}, {"word_count": 3, "character_count": 20}, {"duplicate_line_fraction": 0.9, "line_count": 4},
        {"c4_sentence_count": 9, "whitespace_word_count": 200, "line_punctuation_fraction": 1.0},
    )]
    compared = 0
    for verdict in judged(workspace(tmp_path, rows, {"rule_sets": {name: {}}})).values():
        mine = [rule for rule in verdict.rules if rule.rule.startswith(f"{name}.")]
        assert mine and verdict.kept == all(rule.holds for rule in mine)
        for rule in mine:
            assert rule.values and rule.asks, rule
            sides = [part.split()[:2] for part in rule.asks.split(", ") if part.startswith((">=", "<="))]
            if sides and len(rule.values) == 1:
                (value,) = rule.values.values()
                within = all(value >= float(at) if side == ">=" else value <= float(at) for side, at in sides)
                assert rule.holds == within, rule
                compared += 1
    assert compared


def test_rules_of_domains_languages_and_urls_are_told_as_they_apply(tmp_path: Path) -> None:
    row = {**GOOD, "snapshot": "one", "token_count": 1, "word_count": 10, "claimed_language": None}
    rows = [
        {**row, "doc_id": "1" * 32, "url": "https://bad.example/x", "language_confidence": 0.6},
        {**row, "doc_id": "2" * 32, "domain": "code", "language": "de", "language_confidence": 0.6},
    ]
    opened = workspace(
        tmp_path, rows,
        {"rule_sets": {"gopher_quality": {"min_words": 50}}, "domains": ["web"],
         "urls": {"rules": {"unwanted": {"hosts": ["bad.example"]}}}},
        language={"languages": ["en"], "min_confidence": 0.5, "cut_offs": {"de": 0.7}},
        rules={"long": {"signal": "word_count", "min": 20, "domains": ["code"]}},
    )
    web, code = (judged(opened)[digit * 32] for digit in "12")
    assert one_of(web, "url.unwanted").holds is False
    assert one_of(web, "url.unwanted").values == {"url": "https://bad.example/x"}
    assert one_of(web, "gopher_quality.word_count").holds is False
    assert one_of(code, "gopher_quality.word_count").holds is None
    assert (one_of(web, "rules.long").holds, one_of(code, "rules.long").holds) == (None, False)
    assert one_of(web, "language.low_confidence").asks == ">= 0.5 min_confidence"
    low = one_of(code, "language.low_confidence")
    assert (low.holds, low.asks) == (False, ">= 0.7 min_confidence.de")
    assert one_of(code, "language.not_selected").asks == "one of en"


def test_learned_thresholds_are_those_of_the_language(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"snapshot": "one", "language": "en", "word_count": 1000 + number} for number in range(201)
    ]
    rows.append({"snapshot": "one", "language": "sv", "doc_id": "a" * 32})
    opened = workspace(tmp_path, rows, {"rule_sets": {"culturax": {}}})
    found = judged(opened)
    learned = {(row["language"], row["threshold"]): row["value"]
               for row in opened.lake.read_table("filter_thresholds").to_pylist()}
    dropped = next(verdict for verdict in found.values() if verdict.reason.startswith("culturax.")
                   and verdict.reason != "culturax.unlearned")
    rule = one_of(dropped, dropped.reason)
    assert rule.holds is False
    assert rule.thresholds == {name: learned["en", name] for name in rule.thresholds}
    assert one_of(found["a" * 32], "culturax.unlearned").holds is False


def test_thresholds_are_those_that_decided_whatever_the_recipe_says_by_now(tmp_path: Path) -> None:
    rows = [{**GOOD, "snapshot": "one", "token_count": 1, "word_count": 60}]
    opened = workspace(tmp_path, rows, {"rule_sets": {"gopher_quality": {"min_words": 80}}})
    (verdict,) = judged(opened).values()
    assert one_of(verdict, "gopher_quality.word_count").thresholds["min_words"] == 80
    changed = opened.recipe.model_copy(update={"filters": opened.recipe.filters.model_copy(
        update={"rule_sets": {"gopher_quality": {"min_words": 40}}})})
    later = Workspace(changed, Lake(opened.lake.uri))
    (same,) = verdicts_of(later.lake, "one", [*judged_ids(later)]).values()
    assert one_of(same, "gopher_quality.word_count").thresholds["min_words"] == 80
    execute(stages(changed)["filter_verdicts"], later, "one")
    (new,) = verdicts_of(later.lake, "one", [*judged_ids(later)]).values()
    assert new.kept and one_of(new, "gopher_quality.word_count").thresholds["min_words"] == 40


def judged_ids(opened: Workspace) -> list[str]:
    return opened.lake.read_table("documents", ["doc_id"])["doc_id"].to_pylist()
