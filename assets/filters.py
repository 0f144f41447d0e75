"""Filters: signals once, rule sets as expressions over them, what is mended, and the documents that pass."""

import dagster as dg

from assets.common import assets_in
from data_platform.run.recipe import Recipe


def filter_assets(recipe: Recipe) -> list[dg.AssetsDefinition]:
    """The assets of filtering: rule sets of the recipe that learn their thresholds need tables of them first."""
    return assets_in(recipe, "filtering")
