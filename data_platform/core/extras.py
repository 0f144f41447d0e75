"""Libraries that only some recipes need, and the extras of the distribution that bring them.

Whoever imports one of them asks `need` first, so that what is missing is told by the name under which pip installs it.
Not here: which recipes need which (`pipeline/extras.py`).
"""

from __future__ import annotations

import importlib.util
from typing import NamedTuple

from data_platform.core.errors import PlainError


class Extra(NamedTuple):
    """An optional dependency.

    Attributes:
        name: of the extra.
        library: name by which it is imported.
        user: what needs it, as people named it in a recipe or in the environment.
    """

    name: str
    library: str
    user: str


RAY = Extra("ray", "ray", "`engine: {ray: ...}`")
POSTGRES = Extra("postgres", "dagster_postgres", "$DAGSTER_POSTGRES_URL")
DEMO = Extra("demo", "readme_renderer", "a source of kind environment_pages")
TRAFILATURA = Extra("trafilatura", "trafilatura", "`extraction: {engine: trafilatura}`")
OPENLINEAGE = Extra("openlineage", "openlineage", "OpenLineage, which the recipe or the environment asks for,")
EXTRAS = (RAY, POSTGRES, DEMO, TRAFILATURA, OPENLINEAGE)


class ExtraMissing(PlainError, ImportError):
    """A library that comes with an extra alone is not installed. The message names both, and who needs it."""


def need(extra: Extra) -> None:
    """Ask for the library of an extra, before it is imported.

    Raises:
        ExtraMissing: if it is not installed.
    """
    if importlib.util.find_spec(extra.library) is None:
        raise ExtraMissing(
            f"{extra.user} needs {extra.library}, which is not installed: pip install 'data-platform[{extra.name}]'"
        )
