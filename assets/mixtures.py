"""Mixtures: one asset per mixture of the recipe."""

import dagster as dg

from assets.common import described, materialize
from data_platform.mix.stage import mixture_stage
from data_platform.recipe import Recipe
from resources.workspace import WorkspaceResource


def mixture_assets(recipe: Recipe) -> list[dg.AssetsDefinition]:
    """The assets of the mixtures that the recipe names."""
    return [_mixture_asset(name) for name in recipe.mixtures]


def _mixture_asset(name: str) -> dg.AssetsDefinition:
    stage = mixture_stage(name)

    @dg.asset(**described(stage))
    def mixture(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        """Sample the mixture from the admitted documents."""
        return materialize(context, workspace, stage)

    return mixture
