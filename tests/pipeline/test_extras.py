"""What needs a library that is not installed is refused before any work, with the name of the extra that brings it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from data_platform.cli.main import main
from data_platform.core.extras import EXTRAS, OPENLINEAGE, ExtraMissing, need
from data_platform.core.settings import RecipeError
from data_platform.pipeline.extras import extras_of
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import load_recipe
from tests.conftest import REPOSITORY

MIXTURE = "mixtures: {all: {tokens: 1000, weights: {web: 1}}}\n"
FILES = "sources: [{name: mine, kind: files, snapshot: one, domain: web, paths: [rows.jsonl]}]\n"
PAGES = "sources: [{name: pages, kind: environment_pages, snapshot: one, domain: web}]\n"
NEEDING = {
    "ray": f"name: r\n{FILES}{MIXTURE}engine: {{ray: auto}}\n",
    "trafilatura": f"name: r\n{FILES}{MIXTURE}extraction: {{engine: trafilatura}}\n",
    "demo": f"name: r\n{PAGES}{MIXTURE}",
    "openlineage": f"name: r\n{FILES}{MIXTURE}openlineage: {{file: events.jsonl}}\n",
}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without the extras."""
    libraries, found = {extra.library for extra in EXTRAS}, importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, package=None: None if name in libraries else found(name, package)
    )


@pytest.mark.parametrize("extra", NEEDING)
def test_a_recipe_is_refused_before_any_work(
    extra: str, bare: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(tmp_path / "home"))
    Path("mine.yaml").write_text(NEEDING[extra])
    Path("rows.jsonl").write_text('{"text": "one"}\n')
    done = CliRunner().invoke(main, ["run", "mine.yaml"])
    assert done.exit_code == 1
    assert done.output.count("\n") == 1 and f"not installed: pip install 'data-platform[{extra}]'" in done.output
    assert not (tmp_path / "home").exists()


def test_a_recipe_that_needs_none_asks_for_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: r\n{FILES}{MIXTURE}")
    assert list(extras_of(load_recipe(path))) == []
    monkeypatch.setenv("OPENLINEAGE_URL", "http://localhost:1")
    assert list(extras_of(load_recipe(path))) == [OPENLINEAGE]
    path.write_text(NEEDING["openlineage"])
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    assert list(extras_of(load_recipe(path))) == []


def test_options_of_an_engine_that_is_absent_name_its_extra(bare: None, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: r\n{FILES}{MIXTURE}extraction: {{engine: trafilatura, options: {{fast: true}}}}\n")
    with pytest.raises((ExtraMissing, RecipeError), match=r"data-platform\[trafilatura\]"):
        load_recipe(path)


def test_extras_are_those_of_the_distribution() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    extras = {name: [Requirement(text).name for text in texts] for name, texts in
              project["optional-dependencies"].items() if name not in ("all", "test")}
    installed = importlib.metadata.packages_distributions()
    bringing = {extra.name: sorted({canonicalize_name(name) for name in installed[extra.library]}) for extra in EXTRAS}
    assert extras == bringing
    assert project["optional-dependencies"]["all"] == [f"data-platform[{','.join(sorted(extras))}]"]
    base = {Requirement(text).name for text in project["dependencies"]}
    assert {"dagster", "dagster-aws", "pyarrow", "deltalake", "torch", "transformers", "great-expectations"} <= base


def test_another_engine_does_not_count_for_the_code_of_what_is_extracted(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    found = {}
    for engine in ("auto", "trafilatura"):
        path.write_text(f"name: r\n{FILES}{MIXTURE}extraction: {{engine: {engine}}}\n")
        found[engine] = stages(load_recipe(path))["documents"].modules
    assert "data_platform.extract.auto" in found["auto"] and "data_platform.extract.trafilatura" in found["trafilatura"]
    assert not any("trafilatura" in module for module in found["auto"])


def test_what_is_installed_is_not_refused() -> None:
    for extra in EXTRAS:
        need(extra)
