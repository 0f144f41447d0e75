"""`data-platform ui`: all recipes that ran from a home, side by side, with their snapshots as partitions."""

from __future__ import annotations

import json
import os
import runpy
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from data_platform.cli.main import main
from data_platform.core.settings import RecipeError
from data_platform.run.identity import recipe_key
from data_platform.run.known import known_recipes, remember
from data_platform.run.recipe import load_recipe

RECIPE = """
name: {name}
sources:
  - {{name: here, snapshot: one, paths: [{folder}/one.warc]}}
  - {{name: listed, paths: ["{folder}/crawls/{{snapshot}}/*.warc"]}}
  - {{name: nowhere, paths: ["nosuch://{{snapshot}}/*.warc"]}}
mixtures: {{all: {{tokens: 9, weights: {{web: 1}}}}}}
"""


def write(folder: Path, name: str, called: str = "") -> str:
    path = folder / (called or f"{name}.yaml")
    path.write_text(RECIPE.format(name=name, folder=folder))
    return str(path)


@pytest.fixture
def surroundings() -> list[dict[str, str]]:
    """The environments of what `opened` lists."""
    return []


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, surroundings: list[dict[str, str]]) -> list[list[str]]:
    """The command lines that `ui` would become, in place of becoming them."""
    commands: list[list[str]] = []

    def become(path: str, command: list[str], environment: dict[str, str]) -> None:
        commands.append(command)
        surroundings.append(environment)

    monkeypatch.setattr(os, "execve", become)
    return commands


def test_the_last_run_comes_first_and_none_hides_another(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[list[str]]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("first", "broken", "gone", "second"):
        path = write(tmp_path, name)
        remember(path, load_recipe(path))
    remember("first.yaml", load_recipe("first.yaml"))
    (tmp_path / "broken.yaml").write_text("name: [")
    (tmp_path / "gone.yaml").unlink()
    said = CliRunner().invoke(main, ["ui"])
    assert said.exit_code == 0, said.output
    assert said.stderr.count("cannot be read: ") == 2 and f"{tmp_path}/broken.yaml: line 1" in said.stderr
    (command,) = opened
    workspace = Path(command[command.index("-w") + 1])
    locations = [item["python_file"]["location_name"] for item in yaml.safe_load(workspace.read_text())["load_from"]]
    assert locations == ["first", "second", "gone", "broken"]
    with pytest.raises(RecipeError, match=r"broken\.yaml: line 1"):
        runpy.run_path(str(workspace.parent / "broken.py"))


def test_a_location_has_its_snapshots_as_partitions_whatever_its_sources_do(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[list[str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    from data_platform.resources.instance import open_instance

    monkeypatch.chdir(tmp_path)
    odd = write(tmp_path, "odd-one", "it's \"{odd}\" #1\n.yaml")
    (tmp_path / "crawls" / "2026-30").mkdir(parents=True)
    (tmp_path / "crawls" / "2026-30" / "a.warc").touch()
    assert CliRunner().invoke(main, ["ui", "--recipe", odd]).exit_code == 0
    key = recipe_key(load_recipe(odd))
    definitions = runpy.run_path(str(home / "locations" / f"{key}.py"))["defs"]
    with open_instance() as instance:
        assert instance.get_dynamic_partitions(f"snapshots/{key}") == ["one", "2026-30"]
    assert "source nowhere cannot be listed" in caplog.text and "nosuch" in caplog.text
    (job,) = [job for job in definitions.resolve_all_job_defs() if job.name == f"{key}_crawl"]
    assert job.description.startswith("Step 1 of ") and "step by step, the jobs in this order" in job.description


def test_the_home_is_that_of_the_folder_in_which_it_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[list[str]], surroundings: list[dict[str, str]]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DATA_PLATFORM_HOME", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert CliRunner().invoke(main, ["ui", write(tmp_path, "any")]).exit_code == 0
    (environment,) = surroundings
    assert environment["DATA_PLATFORM_HOME"] == str(tmp_path / ".data-platform")
    assert environment["DAGSTER_HOME"] == str(tmp_path / ".data-platform" / "dagster")
    assert (tmp_path / ".data-platform" / "dagster" / "dagster.yaml").is_file()


def test_a_recipe_is_given_in_one_way(tmp_path: Path, home: Path) -> None:
    path = write(tmp_path, "any")
    for command in ("run", "status", "ui"):
        both = CliRunner().invoke(main, [command, path, "--recipe", f"{path}2"])
        assert both.exit_code == 2 and "two recipes" in both.output
    for arguments in ([path], ["--recipe", path]):
        assert CliRunner().invoke(main, ["status", *arguments]).output.startswith("Error: cannot read nosuch://")
    assert CliRunner().invoke(main, ["run"]).exit_code == 2


@pytest.mark.parametrize("content", ["", '{"a": "b', "[]", '{"a": 1}', "\0"])
def test_a_damaged_list_of_recipes_is_told(home: Path, tmp_path: Path, content: str) -> None:
    home.mkdir()
    (home / "recipes.json").write_text(content)
    path = write(tmp_path, "any")
    for arguments in (["status"], ["ui"], ["run", path]):
        said = CliRunner().invoke(main, arguments)
        assert said.exit_code == 1 and said.output.count("Error: ") == 1
    assert f"{home}/recipes.json: is damaged" in CliRunner().invoke(main, ["status"]).output
    (home / "recipes.json").unlink()
    remember(path, load_recipe(path))
    assert json.loads((home / "recipes.json").read_text()) == known_recipes() == {"any": path}
