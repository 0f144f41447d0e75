"""Which commit of the platform runs: for the provenance of what it writes.

Not here: what decides whether rows are made anew (`code.py`).
"""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path


@cache
def git_commit() -> str:
    """Commit of the checkout that the platform runs from, with '+' if it is modified; '' outside a checkout.

    A repository that only lies around an installed platform, such as a project with its virtual environment, is none.
    """
    if (folder := checkout()) is None:
        return ""
    try:
        commit = _git(folder, "rev-parse", "HEAD").strip()
        status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + ("+" if status.strip() else "")


@cache
def checkout() -> Path | None:
    """The folder of the checkout that the platform runs from; None outside one."""
    folder = Path(__file__).resolve().parents[2]
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
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True).stdout
