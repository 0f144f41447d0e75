"""Which extras of the distribution a recipe needs: asked before any work, so that none is missing in the middle."""

from __future__ import annotations

from collections.abc import Iterator

from data_platform.core.extras import DEMO, OPENLINEAGE, RAY, TRAFILATURA, Extra, need
from data_platform.publish.openlineage import is_asked
from data_platform.run.recipe import Recipe


def extras_of(recipe: Recipe) -> Iterator[Extra]:
    """The extras without which a recipe cannot be run here."""
    if recipe.engine != "native":
        yield RAY
    if recipe.extraction.engine == "trafilatura":
        yield TRAFILATURA
    if any(source.kind == "environment_pages" for source in recipe.sources):
        yield DEMO
    if is_asked(recipe):
        yield OPENLINEAGE


def need_extras(recipe: Recipe) -> None:
    """Refuse a recipe that needs what is not installed.

    Raises:
        ExtraMissing: naming the library and the extra.
    """
    for extra in extras_of(recipe):
        need(extra)
