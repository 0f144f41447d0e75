"""Which commit of the platform runs: for the provenance of what it writes.

Not here: what decides whether rows are made anew (`code.py`).
"""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

COMMIT_FILE = "commit.txt"
"""File in the package that holds the commit, of what was built from a checkout (setup.py)."""
_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def git_commit() -> str:
    """Commit of the checkout that the platform runs from, or that it was built from, with '+' if that was modified.

    A repository that only lies around an installed platform, such as a project with its virtual environment, is none;
    '' if none is known.
    """
    if (folder := checkout()) is None:
        built = _PACKAGE / COMMIT_FILE
        return built.read_text(encoding="ascii").strip() if built.is_file() else ""
    try:
        commit = _git(folder, "rev-parse", "HEAD").strip()
        status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + ("+" if status.strip() else "")


@cache
def checkout() -> Path | None:
    """The folder of the checkout that the platform runs from: a repository of its own with its `pyproject.toml`, and
    not one into which somebody has copied the package. None outside one.
    """
    folder = _PACKAGE.parent
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if project != "data-platform":
        return None
    try:
        return folder if Path(_git(folder, "rev-parse", "--show-toplevel").strip()).resolve() == folder else None
    except (OSError, subprocess.CalledProcessError):
        return None


@cache
def web_address() -> str:
    """Where the checkout's remote `origin` is seen in a browser; '' if it has none, or one that is neither at GitHub
    nor at GitLab. Whatever the remote's address holds of users and passwords is left out.
    """
    if (folder := checkout()) is None:
        return ""
    try:
        remote = _git(folder, "remote", "get-url", "origin").strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
    found = re.fullmatch(r"(?:https://|ssh://)?(?:[^/@]*@)?([\w.-]*(?:github|gitlab)[\w.-]*)(?::\d+)?[:/](.+?)(?:\.git)?/?",
                         remote)
    return f"https://{found[1]}/{found[2]}" if found else ""


def _git(folder: Path, *arguments: str) -> str:
    """What git prints in a folder, whatever repository its variables name, as those of a hook of another do."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=own).stdout
