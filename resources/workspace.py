"""The recipe and its lake as a Dagster resource. Not here: Dagster's own storage (`instance.py`)."""

from __future__ import annotations

import dagster as dg
from pydantic import Field, PrivateAttr

from data_platform.lake.lake import Lake
from data_platform.run import engine
from data_platform.run.known import remember
from data_platform.run.recipe import load_recipe
from data_platform.run.workspace import Workspace


class WorkspaceResource(dg.ConfigurableResource):
    """Opens the recipe that the code location was loaded with, and the lake that it names."""

    recipe_path: str = Field(description="Path of the recipe.")
    lake_uri: str | None = Field(default=None, description="URI of another lake than the recipe's, for tests.")

    _workspace: Workspace | None = PrivateAttr(default=None)

    def open(self) -> Workspace:
        """The workspace; the recipe is read once per process."""
        if self._workspace is None:
            recipe = load_recipe(self.recipe_path)
            lake = Lake(self.lake_uri, recipe.storage_options) if self.lake_uri else None
            self._workspace = Workspace(recipe, lake)
        return self._workspace

    def anew(self) -> Workspace:
        """The workspace of the recipe as it stands now, with its sources listed now, in a process that lives long."""
        self._workspace = None
        return self.open()

    def open_for_work(self) -> Workspace:
        """The workspace, with the engine that the recipe asks for set up in this process; the recipe counts as run.

        Raises:
            RegistryUnusable: if that cannot be noted in the platform's home.
        """
        workspace = self.open()
        if self.lake_uri is None:
            remember(self.recipe_path, workspace.recipe)
        engine.configure(workspace.recipe.engine)
        return workspace
