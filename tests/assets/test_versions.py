"""Versions of code: what of a recipe decides the rows of an asset, or of anything above it, is part of its version."""

from pathlib import Path

from data_platform.assets.versions import versions_of
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import load_recipe

RECIPE = """
name: small
sources: [{{name: crawl, snapshot: one, paths: [{path}], license: {{spdx: {license}, basis: a test}}}}]
filters: {{rule_sets: {{gopher_quality: {{min_stop_words: {words}}}}}}}
mixtures: {{all: {{tokens: {tokens}, weights: {{web: 1}}}}}}
"""


def _versions(folder: Path, **changes: object) -> dict[str, str]:
    values = {"path": "none", "license": "MIT", "words": 2, "tokens": 1000} | changes
    path = folder / "small.yaml"
    path.write_text(RECIPE.format(**values), encoding="utf-8")
    recipe = load_recipe(path)
    return versions_of(stages(recipe), recipe)


def _changed(folder: Path, **changes: object) -> set[str]:
    before, after = _versions(folder), _versions(folder, **changes)
    return {name for name in before if before[name] != after[name]}


def test_a_threshold_changes_the_versions_of_all_that_is_made_below_it(tmp_path: Path) -> None:
    changed = _changed(tmp_path, words=3)
    assert {"filter_verdicts", "filtered_documents", "duplicates", "plan_all", "mixture_all"} <= changed
    assert not {"raw_crawls", "documents", "license_evidence", "document_licenses"} & changed


def test_the_size_of_a_mixture_changes_that_alone(tmp_path: Path) -> None:
    assert _changed(tmp_path, tokens=2000) == {"plan_all", "mixture_all"}


def test_what_is_of_one_snapshot_changes_no_version_of_all(tmp_path: Path) -> None:
    assert not _changed(tmp_path, path="elsewhere")
