"""Which commit of the platform runs: for the provenance of what it writes.

Not here: what decides whether rows are made anew (`code.py`).
"""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path


@cache
def git_commit() -> str:
    """Commit of the checkout that the platform runs from, with '+' if it is modified; '' outside a checkout.

    A repository that only lies around an installed platform, such as a project with its virtual environment, is none.
    """
    folder = Path(__file__).resolve().parents[2]
    try:
        if Path(_git(folder, "rev-parse", "--show-toplevel").strip()).resolve() != folder:
            return ""
        commit = _git(folder, "rev-parse", "HEAD").strip()
        status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + ("+" if status.strip() else "")


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True).stdout
