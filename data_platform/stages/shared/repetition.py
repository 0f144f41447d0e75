"""What repetition a recipe looks for, and for what of it documents go."""

from __future__ import annotations

from typing import Any

from data_platform.run.recipe import Recipe


def passages(recipe: Recipe) -> dict[str, Any]:
    """The settings of each kind of passage that the recipe compares: `line`, `paragraph`."""
    wanted = {"line": recipe.repetition.lines, "paragraph": recipe.repetition.paragraphs}
    return {kind: one for kind, one in wanted.items() if one}


def dropping(recipe: Recipe) -> list[str]:
    """Kinds of pairs for which the recipe drops documents."""
    wanted = recipe.repetition
    kinds = {"containment": wanted.containment, "semantic": wanted.semantic}
    return [kind for kind, one in kinds.items() if one and one.drop]
