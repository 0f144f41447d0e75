"""The recipes that come with the platform (`recipes/`), which people name from any folder.

Not here: reading a recipe (`recipe.py`).
"""

from __future__ import annotations

import os
from pathlib import Path

import data_platform

_FOLDER = Path(data_platform.__file__).with_name("recipes").resolve()  # in a checkout a link


def shipped() -> dict[str, str]:
    """Paths of the recipes that come with the platform, by the words for them."""
    return {path.stem: str(path) for path in sorted(_FOLDER.glob("*.yaml"))}


def recipe_file(given: str) -> str:
    """The recipe that is meant: the file at a path if there is one, else what comes with the platform by that name.

    Args:
        given: a path; or `demo`, `demo.yaml` or `recipes/demo.yaml` for one that comes along.

    Returns:
        A path; what was given if there is neither.
    """
    folder, name = os.path.split(given)
    if Path(given).expanduser().is_file() or folder not in ("", "recipes"):
        return given
    return shipped().get(name.removesuffix(".yaml"), given)
