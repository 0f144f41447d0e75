"""One small factory that ran undisturbed, shared by all integration tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.factory import Undisturbed, factory, write_recipe


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    """The small recipe, run once to its end. Tests read its lake and do not change it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    recipe = write_recipe(folder)
    with factory(folder / "logs", folder / "home") as commands:
        command = commands.start("run", str(recipe))
        assert command.wait(900) == 0, command.log.read_text()[-3000:]
        yield Undisturbed(recipe, folder / "home", commands, command.log.read_text())
