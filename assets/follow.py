"""The sensor that has a code location loaded anew once its recipe has changed.

Versions of code, descriptions, stages and sensors are those of the recipe that a code server has loaded, while plans
and runs read the recipe as it stands: until it is loaded anew, the UI calls stale what a run has just made. Not here:
the platform's code, which may be in the middle of an update, and is told instead (`loaded_code.py`).
"""

# Not `from __future__ import annotations`: Dagster reads the annotations of sensors as objects.

import threading
from collections.abc import Callable

import dagster as dg
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin

from data_platform.assets.names import Names
from data_platform.core.errors import PlainError
from data_platform.run.recipe import Recipe, load_recipe

_SECONDS = 30
_BEFORE_SECONDS = 2.0
"""So long the answer has to reach the daemon before the server that gives it is replaced."""
_LONGEST_SECONDS = 300


def follow_of(recipe: Recipe, path: str, names: Names, build: Callable[[Recipe], object]) -> dg.SensorDefinition:
    """The sensor of a recipe that stands at `path`; it is on. `build` tries whether another can be loaded."""

    @dg.sensor(
        name=names.of_recipe("follow_recipe"), minimum_interval_seconds=_SECONDS, target=None,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Load this code location anew when its recipe has changed, as Reload on the page Deployment does.",
    )
    def follow(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        """Nothing is launched."""
        try:
            now = load_recipe(path)
            if now == recipe:
                return dg.SkipReason("the recipe is the one that was loaded")
            build(now)
        except PlainError as error:
            return dg.SkipReason(f"the recipe has changed and cannot be used: {error}")
        origin = context.code_location_origin
        if not isinstance(origin, GrpcServerCodeLocationOrigin):
            return dg.SkipReason("the recipe has changed: reload the code location on the page Deployment")
        later = threading.Timer(_BEFORE_SECONDS, lambda: origin.create_client().reload_code(_LONGEST_SECONDS))
        later.daemon = True
        later.start()
        return dg.SkipReason("the recipe has changed: the code location is loaded anew")

    return follow
