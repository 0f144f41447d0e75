"""The command: what it says of names that nothing has."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from data_platform.cli.common import workspaces_of
from data_platform.cli.main import main
from tests.conftest import run_recipe
from tests.takedown.lakes import essay, write_recipe


@pytest.mark.parametrize(("option", "value", "words"), [
    ("--source", "nosuch", "source 'nosuch', or has it no more; sources: texts"),
    ("--doc", "0" * 32, f"document {'0' * 32}, or has it no more"),
    ("--license", "GPL-3.0-only", "licence GPL-3.0-only, or has it no more"),
])
def test_what_nothing_has_is_an_error(
    option: str, value: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(tmp_path / "home"))
    recipe = write_recipe(tmp_path, {"alpha": "Some words."}, tiers=(0, 1))
    result = CliRunner().invoke(main, ["takedown", option, value, "--recipe", str(recipe)])
    assert (result.exit_code, result.output.strip()) == (1, f"Error: no lake has anything of {words}")
    # An address may be kept out before anything of it has come.
    assert CliRunner().invoke(main, ["takedown", "--host", "a.example", "--recipe", str(recipe)]).exit_code == 0


def test_an_order_that_is_given_again_was_carried_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a kill between the last step of a takedown and its end."""
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(tmp_path / "home"))
    recipe = write_recipe(tmp_path, {name: essay(name) for name in ("alpha", "beta")})
    run_recipe(recipe)
    lake = workspaces_of(str(recipe))[0].lake
    document = lake.read_table("documents", ["doc_id"])["doc_id"][0].as_py()
    order = ["takedown", "--doc", document, "--recipe", str(recipe), "--execute", "--yes", "--by", "A. Uthor",
             "--reason", "asked for"]
    first, again, other = (
        CliRunner().invoke(main, args) for args in (order, order, [*order[:-1], "asked for by another"])
    )
    assert (first.exit_code, again.exit_code, other.exit_code) == (0, 0, 1), again.output
    assert "carried out already, as takedown " in again.output and "has it no more" in other.output
