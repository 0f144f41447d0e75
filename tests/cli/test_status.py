"""The command that says what is out of date, of a lake that has lost a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from data_platform.cli.common import workspaces_of
from data_platform.cli.main import main
from tests.conftest import run_recipe
from tests.takedown.lakes import essay, write_recipe


def test_a_damaged_file_is_told_and_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(tmp_path / "home"))
    recipe = write_recipe(tmp_path, {name: essay(name) for name in ("alpha", "beta")})
    run_recipe(recipe)

    def states() -> dict[str, tuple[str, int | None]]:
        told = CliRunner().invoke(main, ["status", str(recipe), "--json"])
        assert told.exit_code == 0, told.output
        return {row["table"]: (row["state"], row["tokens"]) for row in json.loads(told.output)[0]["tables"]}

    before = states()
    assert before["documents"][0] == "fresh" and before["documents"][1]
    (file,) = Path(workspaces_of(str(recipe))[0].lake.uri, "documents").rglob("*.parquet")
    whole = file.read_bytes()
    for damaged in (whole[:200], b"", None):
        if damaged is None:
            file.unlink()
        else:
            file.write_bytes(damaged)
        assert states()["documents"] == ("stale", None)
        assert CliRunner().invoke(main, ["status", str(recipe)]).exit_code == 0
    run_recipe(recipe)
    assert states() == before
