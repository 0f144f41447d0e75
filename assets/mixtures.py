"""Mixtures and datastores: one asset per mixture and per datastore of the recipe."""

import dagster as dg

from assets.common import assets_in
from data_platform.run.recipe import Recipe


def mixture_assets(recipe: Recipe) -> list[dg.AssetsDefinition]:
    """The assets of the mixtures and datastores that the recipe names."""
    return [*assets_in(recipe, "mixtures"), *assets_in(recipe, "datastores")]
