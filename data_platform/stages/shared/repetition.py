"""What repetition a recipe looks for, and for what of it documents go."""

from __future__ import annotations

from data_platform.core.columns import Table
from data_platform.core.kinds.method import Entry
from data_platform.core.kinds.pairer import DocumentPairer, PassagePairer
from data_platform.core.registry import method
from data_platform.core.tables import sketches_table, table
from data_platform.run.recipe import Recipe

_OWN_TABLES = {"containment": "document_sketches", "semantic": "document_embeddings"}
"""The tables of the pairers that have a field of their own in the recipe."""


def passage_entries(recipe: Recipe, stored: str = "") -> list[Entry]:
    """The pairers of passages that the recipe asks for; those that keep what they make of texts in table `stored`."""
    wanted = recipe.repetition
    own = {"lines": wanted.lines, "paragraphs": wanted.paragraphs, "substrings": wanted.substrings}
    entries = [Entry(name, method(PassagePairer, name), settings) for name, settings in own.items() if settings]
    return [entry for entry in entries if stored in ("", entry.method.stored)]


def pair_entries(recipe: Recipe) -> list[Entry]:
    """The pairers of documents that the recipe asks for, in the order in which they look."""
    wanted = recipe.repetition
    own = {"containment": wanted.containment, "semantic": wanted.semantic}
    named = [Entry(name, method(DocumentPairer, name), settings) for name, settings in own.items() if settings]
    return [*named, *wanted.pairs.values()]


def sketch_table(entry: Entry) -> Table:
    """The table of what an entry makes of texts."""
    if name := _OWN_TABLES.get(entry.name):
        return table(name)
    return sketches_table(entry.name, entry.method.gives, entry.models)


def dropping(recipe: Recipe) -> list[str]:
    """Kinds of pairs for which the recipe drops documents."""
    return [entry.name for entry in pair_entries(recipe) if entry.settings.drop]


def cutting(recipe: Recipe) -> list[str]:
    """Kinds of passages that the recipe cuts."""
    return [entry.method.passage for entry in passage_entries(recipe) if entry.settings.cut]
