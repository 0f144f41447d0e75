"""Branches: sorting documents into the domains of the recipe, and one table per domain. None without branches."""

import dagster as dg

from assets.common import assets_in
from data_platform.run.recipe import Recipe


def branch_assets(recipe: Recipe) -> list[dg.AssetsDefinition]:
    """The assets that the branches of the recipe need."""
    return assets_in(recipe, "branches")
