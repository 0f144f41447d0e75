"""The commit that is recorded is the platform's own, of its checkout or its build, never of a repository around it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _installed(place: Path) -> Path:
    """A copy of the module in a package below `place`, as much as it needs."""
    package = place / "data_platform" / "core"
    package.mkdir(parents=True)
    for name in ("__init__.py", "core/__init__.py", "core/checkout.py"):
        shutil.copy(REPOSITORY / "data_platform" / name, place / "data_platform" / name)
    return place


def _checkout(place: Path) -> Path:
    """The same beside the file that makes its folder the platform's own."""
    shutil.copy(REPOSITORY / "pyproject.toml", _installed(place))
    return place


def _recorded(place: Path, **variables: str) -> str:
    code = "from data_platform.core.checkout import git_commit; print(git_commit())"
    command = [sys.executable, "-c", code]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | variables
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.strip()


def _committed(folder: Path) -> str:
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "first")
    return _git(folder, "rev-parse", "HEAD")


def test_the_commit_of_the_checkout_and_whether_it_is_modified(tmp_path: Path) -> None:
    commit = _committed(_checkout(tmp_path))
    assert _recorded(tmp_path) == commit
    with (tmp_path / "data_platform" / "__init__.py").open("a") as file:
        file.write("# changed\n")
    assert _recorded(tmp_path) == f"{commit}+"


def test_a_repository_around_an_installed_package_is_not_the_checkout(tmp_path: Path) -> None:
    place = _installed(tmp_path / ".venv" / "site-packages")
    (tmp_path / "README").write_text("A project that uses the platform.")
    assert _committed(tmp_path)
    assert _recorded(place) == ""


def test_no_repository_no_commit(tmp_path: Path) -> None:
    assert _recorded(_installed(tmp_path)) == ""


def test_a_repository_into_which_the_package_was_copied_is_not_the_checkout(tmp_path: Path) -> None:
    assert _committed(_installed(tmp_path))
    assert _recorded(tmp_path) == ""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "neighbour"\n')
    assert _recorded(tmp_path) == ""
    (tmp_path / "pyproject.toml").write_text("[project\n")
    assert _recorded(tmp_path) == ""


def test_what_was_built_names_the_commit_that_it_was_built_from(tmp_path: Path) -> None:
    place = _installed(tmp_path)
    (place / "data_platform" / "commit.txt").write_text("9c2664d\n")
    assert _recorded(place) == "9c2664d"


def test_an_image_names_the_commit_that_it_was_told(tmp_path: Path) -> None:
    (_checkout(tmp_path) / "data_platform" / "commit.txt").write_text("9c2664d\n")
    assert _recorded(tmp_path) == "9c2664d"


def test_variables_that_name_another_repository_do_not_count(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    commit = _committed(_checkout(own))
    other.mkdir()
    (other / "README").write_text("A project whose hook runs the platform.")
    assert _committed(other) != commit
    assert _recorded(own, GIT_DIR=str(other / ".git")) == commit
    assert _recorded(_checkout(tmp_path / "unpacked"), GIT_DIR=str(other / ".git")) == ""
