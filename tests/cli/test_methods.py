"""`data-platform methods`: what recipes can name is read off declarations."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from data_platform.cli.main import main
from data_platform.core import registry


def shown(*arguments: str, status: int = 0) -> str:
    """What the command prints."""
    result = CliRunner().invoke(main, ["methods", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_all_methods_are_listed_by_kind() -> None:
    told = json.loads(shown("--json"))
    assert [one["kind"] for one in told] == list(registry.kinds())
    for one in told:
        assert [each["name"] for each in one["methods"]] == list(registry.methods(registry.kinds()[one["kind"]]))
        assert all(each["summary"] for each in one["methods"])
    text = shown()
    assert all(each["name"] in text for one in told for each in one["methods"])


@pytest.mark.parametrize("named", ["rule set", "rule-set", "rule_set", "filters.rule_sets", "filters"])
def test_a_kind_goes_by_its_name_its_section_and_its_folder(named: str) -> None:
    text = shown(named)
    assert text.startswith("rule set: filters.rule_sets") and "gopher_quality" in text and "takedown:" in text


def test_a_method_is_shown_with_paper_settings_and_columns() -> None:
    text = shown("scorer", "perplexity")
    assert "arXiv:1911.00359" in text and "max_tokens" in text and "512" in text and "bits_per_byte" in text
    told = json.loads(shown("scorer", "perplexity", "--json"))
    (setting,) = (each for each in told["settings"] if each["name"] == "max_tokens")
    assert setting["default"] == 512 and setting["type"] == "integer >= 2" and not setting["required"]
    assert "needed" in shown("mixer", "fixed")


def test_thresholds_of_a_rule_set_are_shown_by_dialect() -> None:
    told = json.loads(shown("filters", "c4", "--json"))
    assert told["thresholds"]["c4@datatrove-0.10"]["min_sentences"] == 5
    assert "learned" in shown("filters", "culturax")


def test_what_does_not_exist_is_told_in_one_line() -> None:
    assert "perplexity is near" in shown("scorer", "perplexty", status=1)
    assert "there is no kind of method scorr; scorer" in shown("scorr", status=1)
