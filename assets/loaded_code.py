"""Whether the code that a process has loaded is still the code that lies there.

A code server keeps what it has loaded, while the processes of runs load what is there: what one of them makes is out of
date for the other, for ever, once somebody has updated the code. Not here: versions of code (`core/code.py` of the
platform), which count what decides rows and nothing else.
"""

from __future__ import annotations

from pathlib import Path

import data_platform

_TOP = Path(data_platform.__file__).parent
_FOLDERS = (_TOP, _TOP / "assets", _TOP / "resources")  # in a checkout the last two are links, which no search follows


def _standing() -> frozenset[tuple[str, int, int]]:
    """Every module of the platform, with its time and size."""
    files = ((path, path.stat()) for folder in _FOLDERS for path in folder.rglob("*.py"))
    return frozenset((str(path), found.st_mtime_ns, found.st_size) for path, found in files)


_LOADED = _standing()


def outdated() -> str:
    """What to do, in words, if the code is another by now; else empty."""
    if _standing() == _LOADED:
        return ""
    return ("the platform's code is another than this code location was loaded with: reload it on the page Deployment, "
            "or start `data-platform ui` again")
