"""What a recipe is called wherever several are side by side: in Dagster, in the platform's home.

Not here: what the name is put on (`assets/names.py`).
"""

from __future__ import annotations

import hashlib
import os
import re
from urllib.parse import unquote, urlsplit

from data_platform.core.settings import home
from data_platform.run.recipe import Recipe

_WORD = re.compile(r"[A-Za-z0-9_]+")


def recipe_key(recipe: Recipe) -> str:
    """A word, of letters, digits and underscores, that no recipe of another name or on another lake has.

    It is the name alone for a recipe whose name is such a word and whose lake is the one that the platform gives to
    that name. Any other gets eight digits of a digest of its name and lake behind it. Two files of one name on one lake
    have the same key: they make the same tables.
    """
    if _WORD.fullmatch(recipe.name) and place_of(recipe.lake_uri) == place_of(str(home() / "lakes" / recipe.name)):
        return recipe.name
    digest = hashlib.sha256(f"{recipe.name}\0{place_of(recipe.lake_uri)}".encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9_]+', '_', recipe.name)}_{digest}"


def place_of(uri: str) -> str:
    """The URI of a lake; a path in full, since it may be written from wherever one stands."""
    if uri.startswith("file://"):
        uri = unquote(urlsplit(uri).path)
    return uri.rstrip("/") if "://" in uri else os.path.abspath(uri)
