"""The command: what it says of names that nothing has."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from data_platform.cli.main import main
from tests.takedown.lakes import write_texts


@pytest.mark.parametrize(("option", "value", "words"), [
    ("--source", "nosuch", "source 'nosuch', or has it no more; sources: texts"),
    ("--doc", "0" * 32, f"document {'0' * 32}, or has it no more"),
    ("--license", "GPL-3.0-only", "licence GPL-3.0-only, or has it no more"),
])
def test_what_nothing_has_is_an_error(
    option: str, value: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(tmp_path / "home"))
    write_texts(tmp_path / "texts", {"one": {"alpha": "Some words."}})
    recipe = tmp_path / "recipe.yaml"
    source = {"name": "texts", "kind": "files", "snapshot": "one", "paths": [str(tmp_path / "texts")]}
    mixtures = {"all": {"tokens": 1000, "tiers": [0, 1], "weights": {"web": 1}}}
    recipe.write_text(yaml.safe_dump({"name": "small", "sources": [source], "mixtures": mixtures}))
    result = CliRunner().invoke(main, ["takedown", option, value, "--recipe", str(recipe)])
    assert (result.exit_code, result.output.strip()) == (1, f"Error: no lake has anything of {words}")
    # An address may be kept out before anything of it has come.
    assert CliRunner().invoke(main, ["takedown", "--host", "a.example", "--recipe", str(recipe)]).exit_code == 0
