"""The distributions that are installed here: what the sources and labels of the demo are made of.

Not here: what is made of them (`installed_records.py`, `environment.py`).
"""

from __future__ import annotations

import csv
import re
import sysconfig
from functools import cache
from importlib.metadata import Distribution, PackageMetadata, distributions

OWN_NAME = "data-platform"


@cache
def installed() -> tuple[Distribution, ...]:
    """The installed distributions by normalised name, without the platform itself, which changes as people edit it."""
    # Where packages are installed, not sys.path: libraries add folders of their own to that when they are imported.
    folders = list(dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")))
    found = {name_of(distribution): distribution for distribution in reversed(list(distributions(path=folders)))}
    found.pop(OWN_NAME, None)
    return tuple(found[name] for name in sorted(found))


@cache
def metadata_of(distribution: Distribution) -> PackageMetadata:
    """The metadata, which `Distribution.metadata` parses again at every look."""
    return distribution.metadata


@cache
def name_of(distribution: Distribution) -> str:
    """The name of a distribution as indexes normalise it."""
    return re.sub(r"[-_.]+", "-", metadata_of(distribution)["Name"] or "").lower()


@cache
def files_of(distribution: Distribution) -> tuple[str, ...]:
    """Names of the installed files from RECORD, which `Distribution.files` reads a hundred times slower."""
    lines = (distribution.read_text("RECORD") or "").splitlines()
    return tuple(dict.fromkeys(row[0] for row in csv.reader(lines) if row))


def installed_state() -> list[str]:
    """Name and version of every installed distribution, but for the platform itself."""
    return [f"{name_of(distribution)}=={distribution.version}" for distribution in installed()]
