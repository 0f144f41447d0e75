"""Take the document DOC down in the lake LAKE of the recipe in RECIPE, killed before every step, one process per step.

Prints how many processes died. A process of its own, which opens no lake itself: what delta-rs runs on does not survive
a fork.
"""

from __future__ import annotations

import os
import signal
import sys

from data_platform.kernels import probes as kernels
from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import load_recipe
from data_platform.takedown import receipt
from data_platform.takedown.execute import Order, Places, execute
from data_platform.takedown.plan import Selectors

LOADED = (kernels, receipt)


def main(lake_uri: str, recipe_path: str, doc_id: str) -> None:
    """Fork until one comes through."""
    flow = list(stages(load_recipe(recipe_path)))
    order = Order(Selectors.of(documents=[doc_id]), "withdrawn by its author", "A. Uthor")
    for at in range(200):
        child = os.fork()
        if not child:
            steps = iter(range(1_000))

            def report(step: str, steps=steps, at=at) -> None:
                if next(steps) == at:
                    os.kill(os.getpid(), signal.SIGKILL)

            execute(Lake(lake_uri), order, Places(), flow, report=report)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            print(at)
            return
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            sys.exit(f"process {at} ended by itself: {status}")


if __name__ == "__main__":
    main(*sys.argv[1:])
