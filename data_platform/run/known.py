"""The recipes that ran from a home of the platform, in `recipes.json` of that home: by them, commands find lakes.

Not here: reading a recipe (`recipe.py`).
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data_platform.core.errors import PlainError
from data_platform.core.memory import write_whole
from data_platform.core.settings import home
from data_platform.lake.place import shown
from data_platform.run.identity import recipe_key
from data_platform.run.recipe import Recipe


class RegistryUnusable(PlainError, OSError):
    """The file of known recipes cannot be read or written. The message names it, the cause and what to do."""


def known_recipes() -> dict[str, str]:
    """Absolute paths of the recipe files that were run from here, by the word that stands for each, the last run last.

    Raises:
        RegistryUnusable: if the file is there and cannot be read.
    """
    path = _file()
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(known, dict) or not all(isinstance(recipe, str) for recipe in known.values()):
            raise ValueError
        return known
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise RegistryUnusable(f"{shown(str(path))}: cannot be read: {error.strerror}") from error
    except ValueError:
        raise RegistryUnusable(
            f"{shown(str(path))}: is damaged, so nobody knows which recipes were run from here; move it away, and run "
            "each recipe again (what is up to date is not computed anew)"
        ) from None


def remember(recipe_path: str, recipe: Recipe) -> None:
    """Note a recipe that is run.

    Raises:
        RegistryUnusable: if it cannot be noted.
    """
    path, place = _file(), os.path.abspath(os.path.expanduser(recipe_path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(path.with_suffix(".lock")):
            before, key = known_recipes(), recipe_key(recipe)
            known = {one: other for one, other in before.items() if other != place and one != key} | {key: place}
            if list(known.items()) != list(before.items()):
                write_whole(path, json.dumps(known, indent=2))
    except OSError as error:
        if isinstance(error, PlainError):
            raise
        raise RegistryUnusable(f"{shown(str(path))}: cannot be written: {error.strerror}") from error


def location_file(key: str) -> Path:
    """Where the file lies that defines the code location of a recipe, by the word that stands for it."""
    return home() / "locations" / f"{key}.py"


def _file() -> Path:
    return home() / "recipes.json"


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
