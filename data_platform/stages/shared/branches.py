"""The branches of a recipe as what decides rows, and those of them that are trained."""

from __future__ import annotations

from typing import Any

from data_platform.branches.settings import Branch
from data_platform.run.recipe import Recipe


def with_cascade(recipe: Recipe) -> dict[str, Branch]:
    """The branches of a recipe that are trained, by name."""
    return {name: branch for name, branch in recipe.branches.items() if branch.cascade}


def in_order(recipe: Recipe, without: set[str]) -> list[list[Any]]:
    """The branches as what decides rows: in order, which a mapping in JSON has not, without their rules."""
    return [
        [name, branch.model_dump(mode="json", exclude={"rule_sets": True, "cascade": without})]
        for name, branch in recipe.branches.items()
    ]
