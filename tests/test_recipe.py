"""Recipes: what is accepted, and how a mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_platform.core.settings import RecipeError
from data_platform.run.recipe import load_recipe

MINIMAL = """
name: small
sources: [{name: pages, snapshot: one, paths: a.warc.gz}]
mixtures: {all: {tokens: 10, weights: {web: 1}}}
"""


def load(tmp_path: Path, text: str):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    return load_recipe(path)


def test_defaults_are_the_published_ones(tmp_path: Path) -> None:
    recipe = load(tmp_path, MINIMAL)
    assert (recipe.deduplication.ngram, recipe.deduplication.bands, recipe.deduplication.rows) == (5, 14, 8)
    assert recipe.engine == "native" and recipe.sources[0].kind == "crawl"
    assert recipe.lake_uri.endswith("lakes/small")


def test_shipped_recipes_are_valid() -> None:
    for path in (Path(__file__).resolve().parents[1] / "recipes").glob("*.yaml"):
        assert load_recipe(path).name == path.stem


def test_environment_variables_and_their_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = MINIMAL.replace("a.warc.gz", '"${CRAWLS:-/crawls}/a.warc.gz"')
    assert load(tmp_path, text).sources[0].paths == ("/crawls/a.warc.gz",)
    monkeypatch.setenv("CRAWLS", "s3://bucket")
    assert load(tmp_path, text).sources[0].paths == ("s3://bucket/a.warc.gz",)
    with pytest.raises(RecipeError, match="environment variable NOWHERE is not set"):
        load(tmp_path, MINIMAL.replace("a.warc.gz", '"${NOWHERE}/a.warc.gz"'))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("name: small", "name: small\nfilterz: {}"), "filterz: there is no field filterz; filters is near"),
        (("tokens: 10", "tokens: 0"), "mixtures.all.tokens"),
        (("weights: {web: 1}", "weights: {web: 0}"), "not all zero"),
        (("weights: {web: 1}", "weights: {web: 1}, tiers: [7]"), "tiers are 0 to 5"),
        (("snapshot: one, ", ""), "give a snapshot"),
        (("snapshot: one", "snapshot: 'a,b'"), "snapshot"),
        (("paths: a.warc.gz}", "paths: a.warc.gz}, {name: pages, snapshot: one, paths: b}"), "must be unique"),
        (("weights: {web: 1}", "weights: {web: 1}, rehydrate: true"), "rehydrate needs deduplication.rehydration"),
        (("paths: a.warc.gz", "kind: ftp, paths: a"), "kind"),
        (("name: small", "name: small\nfilters: {domains: [wbe]}"), "filters.domains: there is no domain"),
        (("name: small", "name: small\nbranches: {math: {domains: [math]}}"), "math.domains: there is no domain"),
    ],
)
def test_a_mistake_names_the_file_and_the_field(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(RecipeError, match=r"recipe\.yaml") as caught:
        load(tmp_path, MINIMAL.replace(*change))
    assert message in str(caught.value)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nowhere\.yaml: cannot read the recipe"):
        load_recipe(tmp_path / "nowhere.yaml")
