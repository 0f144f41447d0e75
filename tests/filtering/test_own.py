"""Rules that a recipe states itself have verdicts, sweeps and reports as published ones."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from data_platform.cli.report import report
from data_platform.cli.sweep import sweep
from data_platform.core.kinds.rule_set import RuleSetError
from data_platform.core.settings import RecipeError
from data_platform.filtering.own import own_rules
from data_platform.filtering.rules import judge
from data_platform.filtering.settings import OwnRule
from data_platform.pipeline.flow import stages
from data_platform.reports.filtering import filter_report
from data_platform.reports.sweep import threshold_sweep
from data_platform.run.recipe import load_recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from tests.filtering.lakes import workspace

RULES = {
    "long_enough": {"signal": "word_count", "min": 50, "why": "Short pages are menus."},
    "mid_sized": {"signal": "token_count", "min": 10, "max": 100, "domains": ["web"]},
}
ROWS = [
    {"snapshot": "one", "word_count": 50, "token_count": 100},
    {"snapshot": "one", "word_count": 49, "token_count": 101},
    {"snapshot": "one", "word_count": 60, "token_count": 9},
    {"snapshot": "one", "word_count": 60, "token_count": 9, "domain": "books"},
]
NONE = {"rule_sets": {}}


def _judged(folder: Path, rules: dict = RULES) -> Workspace:
    opened = workspace(folder, ROWS, NONE, rules=rules, scores={"perplexity": {}})
    execute(stages(opened.recipe)["filter_verdicts"], opened, "one")
    return opened


def _failed(rules: dict[str, OwnRule], rows: pa.Table) -> list[list[str]]:
    return judge(rows, [own_rules(rules)]).field("failed").to_pylist()


def test_bounds_are_included_and_a_row_without_a_value_breaks_them() -> None:
    rows = pa.table({"domain": ["a"] * 5, "perplexity.bits": [None, 0.9, 1.0, 2.0, float("nan")]})
    rules = {
        "low": OwnRule(signal="perplexity.bits", min=1), "high": OwnRule(signal="perplexity.bits", max=1),
        "both": OwnRule(signal="perplexity.bits", min=1, max=2),
        "off": OwnRule(signal="perplexity.bits", max=float("inf")),
        "elsewhere": OwnRule(signal="perplexity.bits", max=0, domains=("b", "c")),
    }  # fmt: skip
    every = ["rules.low", "rules.high", "rules.both", "rules.off"]
    assert _failed(rules, rows) == [every, ["rules.low", "rules.both"], [], ["rules.high"], every]


def test_verdicts_name_the_rule_and_bounds_decide_what_is_stale(tmp_path: Path) -> None:
    opened = _judged(tmp_path)
    rows = opened.lake.read_table("filter_verdicts", ["doc_id", "reason", "failed"]).sort_by("doc_id").to_pylist()
    told = {row["doc_id"]: (row["reason"], row["failed"]) for row in rows}
    assert [told[f"{place * 7919 % 104729:032x}"] for place in range(4)] == [
        ("", []), ("rules.long_enough", ["rules.long_enough", "rules.mid_sized"]),
        ("rules.mid_sized", ["rules.mid_sized"]), ("", []),
    ]

    def config(**change: object) -> str:
        rules = {**RULES, "long_enough": {**RULES["long_enough"], **change}}
        other = workspace(tmp_path / "other", [], NONE, snapshots=["one"], rules=rules)
        return json.dumps(stages(other.recipe)["filter_verdicts"].config(other, "one"))

    assert config() == config(why="Another reason.") != config(min=51) and config() != config(domains=["web"])


def test_reports_show_them_with_their_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = _judged(tmp_path)
    rules = filter_report(opened.lake, ["one"]).rules.to_pylist()
    assert [(row["rule"], row["first_documents"], row["any_documents"], row["only_documents"]) for row in rules] == [
        ("rules.mid_sized", 1, 2, 1), ("rules.long_enough", 1, 1, 0),
    ]
    monkeypatch.setattr("data_platform.cli.report.workspaces_of", lambda *_: [opened])
    said = CliRunner().invoke(report, []).output
    assert "rules.long_enough: Short pages are menus." in said
    assert json.loads(CliRunner().invoke(report, ["--json"]).output)["why"] == {
        "rules.long_enough": "Short pages are menus."
    }
    assert CliRunner().invoke(report, ["--stages"]).exit_code == 0


def test_their_bounds_can_be_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = _judged(tmp_path, {**RULES, "surprise": {"signal": "perplexity.bits_per_byte", "max": 3}})

    def kept(threshold: str, *values: float) -> list[int]:
        found = threshold_sweep(opened.lake, opened.recipe, "rules", threshold, values)
        return found["kept_documents"].to_pylist()

    assert kept("long_enough.min", 0, 50, 60, 61) == [2, 2, 1, 0]
    assert kept("mid_sized.min", 0, 9, 10) == [3, 3, 2]
    assert kept("long_enough.max", 50, 100) == [1, 2]
    for wrong in ("mid_sized", "longer.min", "surprise", "long_enough.least"):
        with pytest.raises(RuleSetError, match=r"rules has no threshold .*; it has (long_enough.min, |surprise.min, )"):
            kept(wrong, 1)
    monkeypatch.setattr("data_platform.cli.sweep.workspaces_of", lambda *_: [opened])
    assert "rules.mid_sized.max" in CliRunner().invoke(sweep, ["rules", "mid_sized.max", "9", "101"]).output


@pytest.mark.parametrize(("rule", "told"), [
    ("{signal: word_cuont, min: 1}", "rules.mine.signal: there is no signal or score word_cuont; word_count"),
    ("{signal: url, min: 1}", "rules.mine.signal: there is no signal or score url"),
    ("{signal: perplexity.bits_per_bite, max: 1}", "rules.mine.signal: there is no signal or score perplexity.bits_"),
    ("{signal: language_stop_word_count, min: 1}", "rules.mine.signal: language_stop_word_count is counted only where"),
    ("{signal: word_count}", "rules.mine: give min, max or both"),
    ("{signal: word_count, min: 2, max: 1}", "rules.mine: min must not be more than max, but 2 is more than 1"),
    ("{signal: word_count, min: .nan}", "rules.mine.min: .nan is no number"),
    ("{signal: word_count, min: '${NOT_A_NUMBER}'}", "rules.mine.min: ${NOT_A_NUMBER} is no threshold"),
    ("{signal: word_count, min: 1, domains: [wbe]}", "rules.mine.domains: there is no domain wbe; web is near"),
    ("{signal: word_count, least: 1, max: 2}", "rules.mine.least: there is no field least"),
    ("{signal: perplexity, max: 1}", None), ("{signal: perplexity.bits_per_byte, max: .inf}", None),
    ("{signal: token_count, min: 1}", None), ("{signal: language_confidence, min: 0.5}", None),
])  # fmt: skip
def test_what_they_name_must_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: str, told: str | None
) -> None:
    monkeypatch.setenv("NOT_A_NUMBER", "nan")
    path = tmp_path / "recipe.yaml"
    path.write_text(f"""
name: small
sources: [{{name: pages, snapshot: one, paths: a.warc.gz}}]
rules: {{mine: {rule}}}
scores: {{perplexity: {{}}}}
mixtures: {{all: {{tokens: 10, weights: {{web: 1}}}}}}
""")
    if told is None:
        assert load_recipe(path).rules["mine"]
    else:
        with pytest.raises(RecipeError) as caught:
            load_recipe(path)
        assert told in str(caught.value) and len(str(caught.value).splitlines()) == 1


def test_a_rule_bounds_something() -> None:
    with pytest.raises(ValidationError, match="give min, max or both"):
        OwnRule(signal="word_count")
