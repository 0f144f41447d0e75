"""Deduplication: signatures and pairs per snapshot, clusters across all, one copy kept, what repeats in it cut."""

import dagster as dg

from assets.common import assets_in
from data_platform.run.recipe import Recipe


def deduplication_assets(recipe: Recipe) -> list[dg.AssetsDefinition]:
    """The assets of deduplication: what the recipe compares, and looks for, decides what they are and read."""
    return assets_in(recipe, "deduplication")
