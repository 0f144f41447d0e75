"""Run the core stages of a recipe on the engine that it names: `run_stages.py RECIPE LAKE`. One engine per process.

The core is what deduplicated documents are made of; the tables of branches are made as well.
"""

from __future__ import annotations

import sys

from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.run import engine
from data_platform.run.recipe import load_recipe
from data_platform.run.stage import Stage, execute
from data_platform.run.workspace import Workspace


def core(flow: dict[str, Stage]) -> set[str]:
    """The tables that deduplicated documents and branches are made of."""
    needed = {"deduplicated_documents"}
    for name, stage in reversed(flow.items()):
        if name in needed or stage.group == "branches":
            needed.update(stage.inputs)
    return needed


def main(recipe_path: str, lake_uri: str) -> None:
    """Everything up to the deduplicated documents, and the tables of branches."""
    recipe = load_recipe(recipe_path)
    workspace = Workspace(recipe, Lake(lake_uri))
    engine.configure(recipe.engine)
    flow = stages(recipe)
    wanted = core(flow)
    for name in (name for name, stage in flow.items() if name in wanted or stage.group == "branches"):
        for snapshot in workspace.snapshots if flow[name].partitioned else [None]:
            print(execute(flow[name], workspace, snapshot), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
