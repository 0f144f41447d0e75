"""The commit that is recorded is that of the platform's own checkout, never of a repository around it."""

from __future__ import annotations

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


def _recorded(place: Path) -> str:
    code = "from data_platform.core.checkout import git_commit; print(git_commit())"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=True).stdout.strip()


def _committed(folder: Path) -> str:
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "first")
    return _git(folder, "rev-parse", "HEAD")


def test_the_commit_of_the_checkout_and_whether_it_is_modified(tmp_path: Path) -> None:
    commit = _committed(_installed(tmp_path))
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
