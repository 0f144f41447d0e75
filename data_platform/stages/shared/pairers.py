"""What makes documents copies of each other: the pairers that the recipe's settings mean."""

from __future__ import annotations

from data_platform.core.kinds.method import Entry
from data_platform.core.kinds.pairer import CopyPairer
from data_platform.core.registry import method
from data_platform.run.recipe import Recipe

_OF_HASHES = {"own": "minhash", "datatrove-0.10": "minhash_datatrove"}


def copy_entries(recipe: Recipe) -> dict[str, Entry]:
    """The pairers of copies with the recipe's settings, by what copies have in common, in the order in which they
    tell."""
    wanted = recipe.deduplication
    names = {"exact": "exact", "url": "url", "minhash": _OF_HASHES[wanted.hashes]}
    entries = {}
    for copies, name in names.items():
        found = method(CopyPairer, name)
        settings = wanted.model_dump(include=set(found.Settings.model_fields))
        entries[copies] = Entry(name, found, found.Settings(**settings))
    return entries
