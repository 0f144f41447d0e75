"""The filter report and the threshold sweep, counted by hand on a small lake; and what a recipe with learned thresholds
makes of one."""

from __future__ import annotations

import json
import re
import tarfile
from dataclasses import replace
from pathlib import Path

import click
import pyarrow as pa
import pytest
from click.testing import CliRunner

from data_platform.cli import common
from data_platform.cli.report import report
from data_platform.core.kinds.rule_set import RuleSetError
from data_platform.core.tables import table
from data_platform.filtering.signals import quality_signals
from data_platform.lake.lake import Partition, Provenance, TableMissing
from data_platform.methods.scores.quality import Quality
from data_platform.pipeline.flow import phases, stages
from data_platform.reports.filtering import RULES, STAGES, TOTALS, filter_report, stage_report
from data_platform.reports.sweep import SWEEP, threshold_sweep
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from tests.filtering.lakes import workspace

GOOD = {"word_count": 100, "mean_word_length": 5.0, "alphabetic_word_fraction": 1.0, "stop_word_count": 8}
GOPHER = {"rule_sets": {"gopher_quality": {}}}


def _rows() -> list[dict]:
    """Three documents of one crawl that stay, one that is too short, one that is too short and has no stop words; and
    of another crawl one that stays."""
    return [
        {**GOOD, "snapshot": "one", "token_count": 10},
        {**GOOD, "snapshot": "one", "token_count": 20, "word_count": 60},
        {**GOOD, "snapshot": "one", "token_count": 30, "language": "de", "word_count": 70},
        {**GOOD, "snapshot": "one", "token_count": 40, "word_count": 49},
        {**GOOD, "snapshot": "one", "token_count": 50, "word_count": 10, "stop_word_count": 0},
        {**GOOD, "snapshot": "two", "token_count": 60},
    ]


def _judge(opened: Workspace) -> None:
    flow = stages(opened.recipe)
    for name in ("filter_thresholds", "filter_stop_words", "language_signals", "filter_verdicts",
                 "refinement_programs", "filtered_documents"):
        if name in flow:
            for snapshot in opened.snapshots if flow[name].partitioned else [None]:
                execute(flow[name], opened, snapshot)


def test_the_report_adds_up_per_crawl_and_language_in_documents_and_tokens(tmp_path: Path) -> None:
    opened = workspace(tmp_path, _rows(), GOPHER)
    _judge(opened)
    totals, rules = filter_report(opened.lake, opened.snapshots)
    assert totals.schema == TOTALS and rules.schema == RULES
    assert [tuple(row.values()) for row in totals.to_pylist()] == [
        ("one", "de", 1, 30, 1, 30, 0, 0), ("one", "en", 4, 120, 2, 30, 2, 90), ("two", "en", 1, 60, 1, 60, 0, 0),
    ]
    assert [tuple(row.values()) for row in rules.to_pylist()] == [
        ("one", "en", "gopher_quality.word_count", 2, 90, 2, 90, 1, 40),
        ("one", "en", "gopher_quality.stop_word_count", 0, 0, 1, 50, 0, 0),
    ]
    assert filter_report(opened.lake, ["two"]).totals["snapshot"].to_pylist() == ["two"]


def test_the_report_reads_the_documents_that_were_judged(tmp_path: Path) -> None:
    opened = workspace(tmp_path, _rows(), GOPHER)
    _judge(opened)
    before = filter_report(opened.lake, opened.snapshots)
    workspace(tmp_path, [{**row, "token_count": 1} for row in _rows()], GOPHER, version="2")
    assert filter_report(opened.lake, opened.snapshots).totals.equals(before.totals)


def test_what_each_stage_leaves_of_each_language(tmp_path: Path) -> None:
    words = "Ten words that are all kept by every rule here. "
    rows = [
        {**GOOD, "snapshot": snapshot, "language": language, "text": text, "token_count": tokens, "word_count": count}
        for snapshot, language, text, tokens, count in (
            ("one", "en", words, 10, 100), ("one", "en", words * 2, 20, 10), ("two", "en", "a@b.org " + words, 14, 100),
            ("two", "de", words, 40, 1), ("two", "fi", words, 5, 60),
        )
    ]  # fmt: skip
    opened = workspace(tmp_path, rows, GOPHER)
    _judge(opened)
    kept = opened.lake.read_table("filtered_documents", ["language", "token_count"]).to_pylist()
    tokens = {name: sum(row["token_count"] for row in kept if row["language"] == name) for name in ("en", "fi")}
    found = stage_report(opened.lake, opened.snapshots)
    assert found.schema == STAGES
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("de", "extraction", 1, 40), ("de", "filters", 0, 0), ("de", "refinement", 0, 0),
        ("en", "extraction", 3, 44), ("en", "filters", 2, 24), ("en", "refinement", 2, tokens["en"]),
        ("fi", "extraction", 1, 5), ("fi", "filters", 1, 5), ("fi", "refinement", 1, tokens["fi"]),
    ]
    assert stage_report(opened.lake, ["one"])["language"].to_pylist() == ["en"] * 3


def test_there_is_no_report_without_verdicts(tmp_path: Path) -> None:
    opened = workspace(tmp_path, _rows(), GOPHER)
    with pytest.raises(TableMissing, match="filter_verdicts"):
        filter_report(opened.lake, opened.snapshots)


def test_a_sweep_counts_what_each_threshold_would_keep(tmp_path: Path) -> None:
    opened = workspace(tmp_path, _rows(), GOPHER)
    _judge(opened)
    found = threshold_sweep(opened.lake, opened.recipe, "gopher_quality", "min_words", [10, 50, 65, 1000])
    assert found.schema == SWEEP
    assert found["kept_documents"].to_pylist() == [5, 4, 3, 0]  # without stop words, 10 words are not enough
    assert found["kept_tokens"].to_pylist() == [160, 120, 100, 0]
    assert found["removed_tokens"].to_pylist() == [50, 90, 110, 210]
    assert found["mean_quality"].to_pylist() == [None] * 4
    with pytest.raises(RuleSetError, match=r"gopher_quality has no threshold 'words'"):
        threshold_sweep(opened.lake, opened.recipe, "gopher_quality", "words", [1])
    with pytest.raises(RuleSetError, match=r"culturax.lower_percentile decides how thresholds are learned.*min_words"):
        threshold_sweep(opened.lake, opened.recipe, "culturax", "lower_percentile", [5, 10])
    with pytest.raises(RuleSetError, match=r"culturax learns its thresholds: run the recipe with it"):
        threshold_sweep(opened.lake, opened.recipe, "culturax", "min_words", [5, 10])


def test_the_cut_by_language_can_be_swept_for_all_and_for_one(tmp_path: Path) -> None:
    rows = [
        {**GOOD, "snapshot": "one", "language": language, "language_confidence": place / 10, "token_count": 1}
        for language in ("en", "de") for place in range(10)
    ]  # fmt: skip
    opened = workspace(tmp_path, rows, GOPHER)
    _judge(opened)

    def kept(threshold: str, *values: float, alone: bool = False) -> list[int]:
        found = threshold_sweep(opened.lake, opened.recipe, "language", threshold, values, alone)
        return found["kept_documents"].to_pylist()

    assert kept("min_confidence", -1, 0, 0.5, 1) == [20, 20, 10, 0]
    assert kept("min_confidence.de", 0, 0.5, 0.9, 1, alone=True) == [20, 15, 11, 10]
    for wrong in ("confidence", "min_confidence.deu", "min_confidence."):
        with pytest.raises(RuleSetError, match=rf"language has no threshold '{wrong}'; it has min_confidence, and"):
            kept(wrong, 0.5)


def test_the_command_reports_on_recipes_with_verdicts_and_names_crawls_without_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two recipes one was never run to its verdicts; of the other, a crawl held nothing."""
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(tmp_path / "home"))
    recipes = {}
    for name in ("early", "judged"):
        recipe = {
            "name": name, "sources": [{"name": "none", "snapshot": "none", "paths": ["none"]}],
            "lake": str(tmp_path / name / "lake"), "mixtures": {"all": {"tokens": 1, "weights": {"web": 1}}},
        }
        recipes[name] = str(tmp_path / f"{name}.yaml")
        Path(recipes[name]).write_text(json.dumps(recipe), encoding="utf-8")
    opened = workspace(tmp_path / "judged", [], {"rule_sets": {"culturax": {}}}, snapshots=("none",))
    _judge(opened)
    monkeypatch.setattr(common, "known_recipes", lambda: recipes)
    said = CliRunner().invoke(report, []).output
    assert re.search("none: no documents +0", said) and "early" not in said
    whole = CliRunner().invoke(report, ["filter_thresholds", "--snapshot", "none", "--recipe", recipes["judged"]])
    assert whole.exit_code == 2 and "one table over all snapshots" in whole.output
    for arguments in (["--snapshot", "non"], ["documents", "--snapshot", "non"]):
        failed = CliRunner().invoke(report, [*arguments, "--recipe", recipes["judged"]])
        assert failed.exit_code == 1 and "no snapshot 'non' in recipe judged; there are none" in failed.output


def test_values_of_a_sweep_may_be_negative() -> None:
    from data_platform.cli.sweep import sweep

    context = sweep.make_context("sweep", ["language", "min_words", "-0.5", "-2e3", "1", "--json", "-inf"])
    assert context.params["values"] == (-0.5, -2000.0, 1.0, float("-inf"))
    with pytest.raises(click.BadParameter, match="'--alnoe' is not a valid float"):
        sweep.make_context("sweep", ["language", "min_words", "1", "--alnoe"])


def test_a_sweep_means_the_scores_of_what_is_kept(tmp_path: Path) -> None:
    opened = workspace(tmp_path, _rows(), GOPHER)
    _judge(opened)
    kept = opened.lake.read_table("filtered_documents", ["doc_id", "token_count"], partition="one").to_pylist()
    rows = [
        {"doc_id": row["doc_id"], "snapshot": "one", "quality_score": row["token_count"] / 100} for row in kept
    ]
    name = "quality_annotations"
    declared = replace(table(name), columns=(*table(name).columns, *Quality.gives))
    opened.lake.write(declared, Partition.of(name, "one"), pa.Table.from_pylist(rows, declared.schema),
                      Provenance(name, "1", {}))
    found = threshold_sweep(opened.lake, opened.recipe, "gopher_quality", "min_words", [50, 65, 1000], alone=True)
    assert found["scored_documents"].to_pylist() == [3, 2, 0]
    assert found["mean_quality"].to_pylist() == pytest.approx([0.2, 0.2, None])


def _ramp(snapshot: str, language: str, count: int, of: int = 1) -> list[dict]:
    """`count` documents whose word counts are 1000, 1001, ...; every `of`-th goes to the snapshot."""
    return [{"snapshot": snapshot, "language": language, "word_count": 1000 + number} for number in range(0, count, of)]


def test_culturax_learns_over_all_crawls_and_judges_by_language(tmp_path: Path) -> None:
    rows = [{**row, "snapshot": "one" if row["word_count"] % 3 else "two"} for row in _ramp("one", "en", 201)]
    opened = workspace(tmp_path, [*rows, *_ramp("two", "sv", 5)], {"rule_sets": {"culturax": {}}})
    _judge(opened)
    learned = opened.lake.read_table("filter_thresholds")
    assert {(row["language"], row["documents"]) for row in learned.to_pylist()} == {("en", 201)}
    (words,) = [row for row in learned.to_pylist() if row["threshold"] == "min_words"]
    assert (words["value"], words["method"], words["signal"]) == (1020, "percentile 10", "word_count")
    totals, rules = filter_report(opened.lake, opened.snapshots)
    assert sum(totals["removed_documents"].to_pylist()) == 20 + 5
    found = {(row["language"], row["rule"]): row["any_documents"] for row in rules.to_pylist()
             if row["snapshot"] == "two"}
    assert found["sv", "culturax.unlearned"] == 5
    alone = [row for row in rules.to_pylist() if row["language"] == "en"]
    assert {row["rule"] for row in alone} == {"culturax.word_count"}


def test_thresholds_do_not_depend_on_how_documents_lie_in_crawls(tmp_path: Path) -> None:
    ramp = _ramp("one", "en", 150)
    split = [{**row, "snapshot": "two" if number % 4 else "one"} for number, row in enumerate(ramp)]
    tables = []
    for name, rows in (("whole", ramp), ("split", split[::-1])):
        opened = workspace(tmp_path / name, rows, {"rule_sets": {"culturax": {"sample_documents": 150}}})
        _judge(opened)
        tables.append(opened.lake.read_table("filter_thresholds"))
    assert tables[0].equals(tables[1])


def test_learned_thresholds_are_a_stage_only_where_a_recipe_asks_for_them(tmp_path: Path) -> None:
    plain = stages(workspace(tmp_path / "a", _rows(), GOPHER).recipe)
    assert "filter_thresholds" not in plain
    learning = stages(workspace(tmp_path / "b", _rows(), {"rule_sets": {"culturax": {}}}).recipe)
    assert learning["filter_thresholds"].inputs == ("documents", "quality_signals")
    assert "filter_thresholds" in learning["filter_verdicts"].inputs and len(phases(learning)) == len(phases(plain)) + 2
    given = {name: 0 for name in ("min_words", "min_characters", "min_lines", "min_stop_word_ratio",
                                  "min_language_confidence")}
    given |= {f"max_{name}": 1 for name in ("character_repetition_ratio", "word_repetition_ratio", "short_line_ratio",
                                            "special_character_ratio", "short_line_character_ratio")}
    fixed = stages(workspace(tmp_path / "c", _rows(), {"rule_sets": {"culturax": given}}).recipe)
    assert "filter_thresholds" not in fixed, "nothing is left to learn"


def _reference(shared_data: Path, folder: Path, language: str) -> list[str]:
    """50 texts of 20 sentences of a language, in a JSONL file of the folder."""
    with tarfile.open(shared_data / "langid" / "lingua-testdata.tar.xz") as archive:
        sentences = archive.extractfile(f"sentences/{language}.txt").read().decode().splitlines()
    texts = [" ".join(sentences[at : at + 20]) for at in range(0, 1000, 20)]
    (folder / f"{language}.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return texts


def test_fineweb2_adapts_to_every_language_that_reference_texts_are_named_for(
    shared_data: Path, tmp_path: Path
) -> None:
    """Real sentences: German, and Finnish with its long words, each by its own thresholds; a third by none."""
    texts = {language: _reference(shared_data, tmp_path, language) for language in ("de", "fi", "sv")}
    rows = []
    for language, some in texts.items():
        for text in [*some[:5], " ".join(word[::-1] for word in some[5].split())]:
            (signals,) = quality_signals(pa.array([text], pa.large_string())).to_pylist()
            rows.append({**signals, "snapshot": "one", "language": language, "text": text})
    reference = {language: [str(tmp_path / f"{language}.jsonl")] for language in ("de", "fi")}
    opened = workspace(tmp_path, rows, {"rule_sets": {"fineweb2": {"min_documents": 50}}, "reference": reference})
    _judge(opened)
    learned = {(row["language"], row["threshold"]): row["value"]
               for row in opened.lake.read_table("filter_thresholds").to_pylist()}
    assert learned["fi", "max_mean_word_length"] > learned["de", "max_mean_word_length"]
    assert learned["de", "min_alphabetic_word_fraction"] > 0.5
    judged = opened.lake.read_table("filter_verdicts", ["doc_id", "failed"]).to_pylist()
    named = {row["doc_id"]: row["language"] for row in opened.lake.read_table("documents").to_pylist()}
    backwards = [row for row in judged if "fineweb2.stop_word_count" in row["failed"]]
    assert sorted(named[row["doc_id"]] for row in backwards) == ["de", "fi"], "words written backwards"
    assert all(row["failed"] == ["fineweb2.unlearned"] for row in judged if named[row["doc_id"]] == "sv")


def test_fineweb2_needs_reference_texts(tmp_path: Path) -> None:
    with pytest.raises(RuleSetError, match="fineweb2 learns its thresholds from reference texts: name some under"):
        stages(workspace(tmp_path, _rows(), {"rule_sets": {"fineweb2": {}}}).recipe)
