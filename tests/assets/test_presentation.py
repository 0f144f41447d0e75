"""How assets present themselves: what the recipe says of them is on their pages, and what it cannot mean is refused."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from data_platform.assets.presentation import Presentation
from data_platform.assets.references import code_references
from data_platform.core import checkout
from data_platform.core.settings import RecipeError
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import load_recipe

SOURCES = "sources: [{name: crawl, snapshot: one, domain: web, paths: ['https://user:hidden@host/a.warc']}]\n"


def presentation(tmp_path: Path, more: str = "") -> Presentation:
    path = tmp_path / "shown.yaml"
    path.write_text(
        "name: shown\n" + SOURCES + more +
        "mixtures: {free: {tokens: 5000, tiers: [0, 1], weights: {web: 1}}}\n"
        "filters: {rule_sets: {gopher_quality: {min_words: 77}}}\n"
    )
    recipe = load_recipe(path)
    return Presentation(recipe, str(path), stages(recipe))


def of(shown: Presentation, name: str) -> dict:
    return shown.of(stages(shown.recipe)[name])


def test_tiers_weights_and_thresholds_are_in_the_description(tmp_path: Path) -> None:
    shown = presentation(tmp_path)
    mixture = of(shown, "mixture_free")["description"]
    assert "0: public domain; 1: permissive" in mixture and "weight of web | 100.0%" in mixture and "5,000" in mixture
    verdicts = of(shown, "filter_verdicts")["description"]
    assert "gopher_quality.min_words | 77" in verdicts and "gopher_quality.max_words | 100,000" in verdicts
    crawls = of(shown, "raw_crawls")["description"]
    assert "source crawl | crawl, snapshot one, domain web" in crawls and "hidden" not in crawls


def test_owners_kinds_and_tags_are_those_of_the_table_its_group_or_all(tmp_path: Path) -> None:
    shown = presentation(tmp_path, (
        "catalogue: {owners: ['team:text'], kinds: [warc], tags: {cost: low}, of: {mixtures: {owners: [a@example.org],"
        " tags: {cost: high}}, mixture_free: {tags: {use: training}}}}\n"
    ))
    found = of(shown, "mixture_free")
    assert found["owners"] == ["a@example.org"] and found["tags"] == {"cost": "high", "use": "training"}
    assert of(shown, "documents")["owners"] == ["team:text"] and of(shown, "documents")["tags"] == {"cost": "low"}
    assert found["kinds"] == {"deltalake", "warc", "python"}


def test_freshness_is_of_tables_and_groups(tmp_path: Path) -> None:
    shown = presentation(tmp_path, (
        "watch: {freshness: {mixtures: {fail_hours: 36, warn_hours: 24}, raw_crawls: {fail_hours: 6, deadline: "
        "'0 6 * * *', timezone: Europe/Paris}}}\n"
    ))
    assert of(shown, "mixture_free")["freshness_policy"] == dg.FreshnessPolicy.time_window(
        timedelta(hours=36), timedelta(hours=24)
    )
    assert of(shown, "raw_crawls")["freshness_policy"].timezone == "Europe/Paris"
    assert of(shown, "documents")["freshness_policy"] is None


@pytest.mark.parametrize(("more", "said"), [
    ("watch: {freshness: {mixture: {fail_hours: 3}}}\n", "no table or group"),
    ("catalogue: {of: {mixtures_free: {owners: ['team:x']}}}\n", "no table or group"),
    ("watch: {freshness: {mixtures: {fail_hours: 3, deadline: '61 * * * *'}}}\n", "[Cc]ron"),
    ("watch: {freshness: {mixtures: {fail_hours: 3, deadline: '0 6 * * *', timezone: Europe/Pari}}}\n", "Europe/Pari"),
    ("watch: {freshness: {mixtures: {fail_hours: 3, warn_hours: 4}}}\n", "warn_hours is less"),
    ("catalogue: {owners: [somebody]}\n", "neither team:NAME nor an address"),
    ("catalogue: {tags: {a b: c}}\n", "tag a b"),
])
def test_what_cannot_be_meant_is_refused(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        of(presentation(tmp_path, more), "mixture_free")
        of(presentation(tmp_path, more), "raw_crawls")


def test_code_and_recipe_are_referred_to(tmp_path: Path) -> None:
    shown = presentation(tmp_path)
    (found,) = code_references(stages(shown.recipe)["filter_verdicts"], shown.path).values()
    files = [Path(reference.file_path).name for reference in found.code_references]
    assert files[0] == "filter_verdicts.py" and files[-1] == "shown.yaml" and "gopher_quality.py" in files
    assert all(Path(reference.file_path).exists() for reference in found.code_references)


@pytest.mark.parametrize(("remote", "seen"), [
    ("https://user:token@github.com/some/corpus.git", "https://github.com/some/corpus"),
    ("git@gitlab.example.org:some/corpus.git", "https://gitlab.example.org/some/corpus"),
    ("ssh://git@github.com:22/some/corpus", "https://github.com/some/corpus"),
    ("/srv/corpus.git", ""),
])
def test_a_remote_is_known_without_its_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remote: str, seen: str
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "remote", "add", "origin", remote], check=True)
    monkeypatch.setattr(checkout, "checkout", lambda: tmp_path)
    checkout.web_address.cache_clear()
    try:
        assert checkout.web_address() == seen
    finally:
        checkout.web_address.cache_clear()
