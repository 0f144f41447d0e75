"""All assets and checks of a recipe. Not here: how one is made (its module)."""

from __future__ import annotations

import dagster as dg

from assets import documents, licenses, raw_crawls
from assets.branches import branch_assets
from assets.checks import stage_checks
from assets.deduplication import deduplication_assets
from assets.filters import filter_assets
from assets.mixtures import mixture_assets
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import Recipe


def assets_of(recipe: Recipe) -> list[dg.AssetsDefinition]:
    """Every asset of the recipe."""
    modules = [raw_crawls, documents, licenses]
    of_recipe = (branch_assets, filter_assets, deduplication_assets, mixture_assets)
    return [*dg.load_assets_from_modules(modules), *(asset for make in of_recipe for asset in make(recipe))]


def checks_of(recipe: Recipe) -> list[dg.AssetChecksDefinition]:
    """The checks of every asset of the recipe."""
    return [stage_checks(stage) for stage in stages(recipe).values()]
