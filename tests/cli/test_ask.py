"""Commands that answer for a document: what is shown of it, how it differs from another, why it was rejected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from data_platform.cli.main import main
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import load_recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from tests.conftest import REPOSITORY
from tests.takedown.lakes import NEAR, essay

STEERING = "title \x1b]0;owned\x07 of \u202ea page"
ROWS = [
    {"id": "alpha", "text": essay("alpha"), "url": "https://a.example/alpha"},
    {"id": "near", "text": NEAR, "url": "https://b.example/near", "meta": {"parent": "alpha", "parent_id": "alpha"}},
    {"id": 17, "text": "too short", "url": "https://a.example/17"},
    {"meta": '{"uuid": "inner-1"}', "text": essay("beta"), "url": "https://a.example/beta"},
    {"slug": "the-gamma", "text": essay("gamma"), "url": "https://a.example/gamma", "year": 2020},
    {"id": "steering", "text": f"{STEERING}\n{essay('delta')}", "url": "https://a.example/\x1b[2J", "year": 2020},
    {"id": "twice", "text": essay("epsilon"), "url": "https://a.example/1"},
    {"id": "twice", "text": essay("zeta"), "url": "https://a.example/2"},
    {"id": "lacking", "content": essay("eta"), "url": "https://a.example/lacking"},
]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe with its lake, written from rows of JSONL: up to a mixture that admits nothing of unknown licence."""
    folder = tmp_path_factory.mktemp("ask")
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    path = folder / "asked.yaml"
    path.write_text(yaml.safe_dump({
        "name": "asked", "lake": str(folder / "lake"),
        "sources": [{"name": "mine", "kind": "files", "snapshot": "one", "domain": "web",
                     "paths": [str(folder / "rows.jsonl")]}],
        "filters": {"rule_sets": {"gopher_quality": {"min_words": 40}, "c4": {"terminal_punctuation": 0}}},
        "rules": {"long": {"signal": "word_count", "min": 30}},
        "deduplication": {"guards": {"max_cluster_share": 1.0}},
        "mixtures": {"free": {"tokens": 1000, "tiers": [0, 1], "weights": {"web": 1}}},
    }, sort_keys=False))
    workspace = Workspace(load_recipe(path))
    for stage in stages(workspace.recipe).values():
        for snapshot in workspace.snapshots if stage.partitioned else [None]:
            execute(stage, workspace, snapshot)
    return path


def ask(recipe: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--recipe", str(recipe)])


def told(recipe: Path, *arguments: str) -> Any:
    result = ask(recipe, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(("asked", "url"), [
    ("alpha", "https://a.example/alpha"), ("17", "https://a.example/17"), ("inner-1", "https://a.example/beta"),
    ("the-gamma", "https://a.example/gamma"), ("https://b.example/near", "https://b.example/near"),
])
def test_a_document_is_known_by_the_id_of_its_row_and_by_its_url(recipe: Path, asked: str, url: str) -> None:
    found = told(recipe, "show", asked)
    assert found["url"] == url
    again = told(recipe, "show", found["doc_id"])
    assert {**again, "own_id": None} == {**found, "own_id": None}


def test_an_id_of_several_rows_or_of_none_is_told(recipe: Path) -> None:
    several = ask(recipe, "show", "twice")
    assert several.exit_code == 1 and "2 documents are called 'twice'" in several.output
    assert "a.example/1" in several.output and "a.example/2" in several.output
    for nothing in ("nothing", "2020", "f" * 32):
        assert "no document" in ask(recipe, "show", nothing).output


def test_show_tells_every_rule_with_what_was_measured(recipe: Path) -> None:
    found = told(recipe, "show", "17")
    broken = {rule["rule"]: rule for rule in found["rules"] if rule["holds"] is False}
    assert broken["gopher_quality.word_count"]["values"] == {"word_count": 2}
    assert broken["gopher_quality.word_count"]["thresholds"]["min_words"] == 40
    assert broken["rules.long"]["asks"] == ">= 30 long.min"
    sentences = next(rule for rule in found["rules"] if rule["rule"] == "c4.too_few_sentences")
    assert list(sentences["values"]) == ["c4_unpunctuated_sentence_count"]  # the signal that the switch chose
    assert found["verdict"] == {"kept": False, "reason": "gopher_quality.word_count"}
    assert [drop["stage"] for drop in found["dropped"]] == ["filtered_documents"]
    assert found["text"] == {"table": "documents", "text": "too short"}
    assert found["own_id"] == {"field": "id", "value": "17"}


def test_show_tells_of_copies_and_of_mixtures_that_did_not_take_it(recipe: Path) -> None:
    pair = {name: told(recipe, "show", name) for name in ("alpha", "near")}
    (kept,) = [found for found in pair.values() if found["duplicates"]["kept"]]
    (dropped,) = [found for found in pair.values() if not found["duplicates"]["kept"]]
    assert [one["doc_id"] for one in kept["duplicates"]["others"]] == [dropped["doc_id"]]
    (drop,) = dropped["dropped"]
    assert drop["reason"] == "duplicate.minhash" and drop["because"][0]["values"]["matched_id"] == kept["doc_id"]
    (drop,) = kept["dropped"]
    assert (drop["stage"], drop["reason"]) == ("plan_free", "license_tier")
    assert drop["because"][0]["thresholds"] == {"tiers": [0, 1]}
    assert drop["because"][0]["values"]["license_tier"] == 4


def test_text_is_printed_where_it_is_asked_for_and_steers_no_terminal(recipe: Path) -> None:
    shown = ask(recipe, "show", "steering", "--text", "all", "--stage", "raw_crawls")
    assert r"title \x1b]0;owned\x07 of \u202ea page" in shown.output
    assert "delta" not in ask(recipe, "show", "steering", "--text", "none").output
    listed = ask(recipe, "rejected", "--limit", "1000")
    assert "delta" not in listed.output and "too short" not in listed.output
    assert "too short" in ask(recipe, "rejected", "--text", "--reason", "gopher_quality").output
    for output in (shown.output, listed.output, ask(recipe, "trace", "free", "steering").output):
        assert not set(output) & {"\x1b", "\x07", "\u202e"}


def test_rejected_agrees_with_the_books_and_counts_every_rule_that_is_asked_for(recipe: Path) -> None:
    found = told(recipe, "rejected", "--limit", "4")
    counts = {(row["stage"], row["reason"]): row["count"] for row in found["counts"]}
    assert counts["raw_crawls", "empty_payload"] == 1
    assert counts["filtered_documents", "gopher_quality.word_count"] == 1
    assert counts["deduplicated_documents", "duplicate.minhash"] == 1
    assert counts["plan_free", "license_tier"] == 6
    assert sum(counts.values()) == len(ROWS)
    assert len(found["rejected"]) == 4 and len({row["reason"] for row in found["rejected"]}) == 4
    later = told(recipe, "rejected", "--reason", "rules.long", "--text")
    assert [(row["own_id"], row["reason"], row["text"]) for row in later["rejected"]] == [
        ("17", "rules.long", "too short")]
    assert told(recipe, "rejected", "--stage", "duplicates", "--source", "mine")["counts"] == [
        {"stage": "deduplicated_documents", "reason": "duplicate.minhash", "count": 1}]
    for wrong, near in (("--reason=gopher_qualty", "gopher_quality"), ("--source=mein", "mine"),
                        ("--stage=filter_verdict", "filter_verdicts")):
        result = ask(recipe, "rejected", wrong)
        assert result.exit_code == 1 and near in result.output


def test_what_never_came_in_is_told_with_its_place_and_what_to_mend(recipe: Path) -> None:
    (row,) = told(recipe, "rejected", "--stage", "raw_crawls", "--text")["rejected"]
    assert (row["archive"], row["text"]) == ("rows.jsonl", None)
    assert row["detail"] == "no field text; the row has content, id, url"
    assert told(recipe, "show", row["doc_id"])["dropped"][0]["detail"] == row["detail"]
    assert told(recipe, "show", "lacking")["doc_id"] == row["doc_id"]


def test_diff_compares_two_documents_and_one_with_itself_at_any_stage(recipe: Path) -> None:
    found = told(recipe, "diff", "alpha", "near")
    assert found["first"]["table"] == "filtered_documents"  # one of the two goes no further
    assert [line[:1] for line in found["difference"]].count("+") == 2
    assert .9 < found["similarity"] < 1
    assert "the same text" in ask(recipe, "diff", "inner-1").output
    captured = told(recipe, "diff", "17", "alpha", "--stage", "raw_crawls", "--stage", "documents")
    assert (captured["first"]["text"], captured["second"]["table"]) == ("too short", "documents")
    beside = ask(recipe, "diff", "alpha", "near", "--side-by-side").output
    assert " | " in beside and "equal lines" in beside
    assert "only documents, raw_crawls" in ask(recipe, "diff", "17", "--stage", "filtered").output


def test_other_commands_take_the_id_of_a_row(recipe: Path) -> None:
    doc_id = told(recipe, "show", "inner-1")["doc_id"]
    assert doc_id in ask(recipe, "trace", "free", "inner-1").output
    assert told(recipe, "refinement", "inner-1") == told(recipe, "refinement", doc_id)
    (plan,) = told(recipe, "takedown", "--doc", "inner-1", "--keep-near-copies")
    assert [one["id"] for one in plan["documents"]] == [doc_id]


def test_lines_fit_eighty_columns(recipe: Path) -> None:
    for command in (["show", "17", "--text", "none"], ["rejected"], ["diff", "alpha", "near", "-y"]):
        done = subprocess.run(
            [sys.executable, "-m", "data_platform.cli.main", *command, "--recipe", str(recipe)], text=True,
            capture_output=True, cwd=REPOSITORY, env={**os.environ, "COLUMNS": "80"}, check=True,
        )
        long = [line for line in done.stdout.splitlines() if len(line) > 80 and not line.startswith("recipe ")]
        assert not long
