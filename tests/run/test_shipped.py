"""Recipes that come with the platform are found by name, and files of one's own before them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from data_platform.cli.main import main
from data_platform.run.recipe import load_recipe
from data_platform.run.shipped import recipe_file, shipped
from tests.conftest import REPOSITORY

DEMO = str(REPOSITORY / "recipes" / "demo.yaml")


def test_all_recipes_of_the_repository_come_along() -> None:
    assert shipped() == {path.stem: str(path) for path in (REPOSITORY / "recipes").glob("*.yaml")}


@pytest.mark.parametrize("given", ["demo", "demo.yaml", "recipes/demo.yaml"])
def test_a_recipe_that_comes_along_is_found_from_any_folder(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    assert recipe_file(given) == DEMO
    assert load_recipe(recipe_file(given)).name == "demo"


def test_a_file_of_ones_own_goes_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo.yaml").write_text("name: mine\n")
    assert recipe_file("demo.yaml") == "demo.yaml"
    assert recipe_file(str(tmp_path / "web.yaml")) == str(tmp_path / "web.yaml")
    assert recipe_file("elsewhere/demo.yaml") == "elsewhere/demo.yaml"


def test_the_command_line_names_what_comes_along_and_what_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(tmp_path / "home"))
    asked = CliRunner().invoke(main, ["run"])
    assert asked.exit_code == 2 and "demo, " in asked.output and "web" in asked.output
    absent = CliRunner().invoke(main, ["run", "dem"])
    assert absent.exit_code == 1 and "dem: cannot read the recipe" in absent.output
