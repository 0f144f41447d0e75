"""Mixtures and datastores: one asset per mixture and per datastore of the recipe."""

import dagster as dg

from assets.common import assets_in
from data_platform.run.recipe import Recipe


def mixture_assets(recipe: Recipe) -> list[dg.AssetsDefinition]:
    """The assets of the mixtures and datastores that the recipe names."""
    groups = ("models", "scores", "selections", "mixtures", "datastores", "audits")
    return [asset for group in groups for asset in assets_in(recipe, group)]
