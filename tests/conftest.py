"""What all tests share: where the real data is, and a home of their own for everything that is written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
# Where a process loads readline, those it starts, such as xdist's, inherit a width that no terminal has.
os.environ.pop("COLUMNS", None)


def _group(nodeid: str) -> str:
    """What one process runs: the tests of a file, or all that share a factory or start a Ray."""
    file = nodeid.partition("::")[0]
    return "factory" if file.startswith("tests/integration/") or file.endswith("ray.py") else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run first what takes longest."""
    items.sort(key=lambda item: _group(item.nodeid) != "factory")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Hand groups to the processes of pytest-xdist. Its own `--dist loadgroup` sees no marks under pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid)

    return ByGroup(config, log)


def run_recipe(path: Path) -> None:
    """`data-platform run` in a process of its own, as people run it.

    Within a process of tests, Dagster sets logging up anew, and a handler of absl, if that is loaded, then closes the
    stream that pytest captures.
    """
    done = subprocess.run(
        [sys.executable, "-m", "data_platform.cli.main", "run", str(path)], capture_output=True, text=True,
        cwd=REPOSITORY,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real crawls and labels: $DATA_PLATFORM_TEST_DATA, or ../shared/data beside the checkout."""
    folder = Path(os.environ.get("DATA_PLATFORM_TEST_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"REAL DATA ABSENT: no folder {folder}; set DATA_PLATFORM_TEST_DATA to run this test")
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home of the platform for every test."""
    folder = tmp_path / "home"
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_definitions_state() -> Iterator[None]:
    """Dagster keeps the storage of the last instance in a context variable, and asks it when that instance is gone."""
    if "dagster" not in sys.modules:
        yield
        return
    from dagster._core.storage.defs_state.base import set_defs_state_storage

    with set_defs_state_storage(None):
        yield
