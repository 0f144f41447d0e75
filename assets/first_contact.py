"""First contact: what an empty UI says of a recipe, and its snapshots as partitions from the moment that it is known.

Not here: snapshots that arrive later, and those that no source has any more.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Thread

from data_platform.assets import arrivals
from data_platform.assets.names import Names
from data_platform.core.errors import describe
from data_platform.ingest.discover import expand
from data_platform.resources.instance import open_instance
from data_platform.run.recipe import Recipe

LONGEST_LISTING_SECONDS = 10.0
"""How long a code location waits for sources that are listed; what is found later becomes partitions then."""

_LOG = logging.getLogger("data_platform")


def to_begin(names: Names, words: Sequence[str]) -> str:
    """What to do with a recipe that was never run, as Markdown; `words` are those of its jobs, in their order."""
    steps = ", ".join(f"`{names.of_recipe(word)}`" for word in words)
    return (
        f"To make everything once, launch `{names.of_recipe('refresh')}`; or, step by step, the jobs in this order, "
        f"those of snapshots for the partitions that are there: {steps}. To have it made and kept up to date, switch "
        f"on `{names.of_recipe('new_snapshots')}`, "
        f"`{names.of_recipe('automation')}` and `{names.of_recipe('refresh')}` under Automation. On the command line, "
        f"`data-platform run RECIPE` does the same."
    )


def step_of(names: Names, words: Sequence[str], word: str) -> str:
    """Which step the job of one of `words` is, and what comes after it."""
    number = words.index(word) + 1
    after = f"next: `{names.of_recipe(words[number])}`" if number < len(words) else "the last"
    return f"Step {number} of {len(words)}, {after}."


def register(recipe: Recipe) -> None:
    """Make the snapshots of a recipe partitions: first those that it names, then those that are found by listing.

    Nothing that a source or the storage of Dagster does stops a code location from loading: what fails is logged.
    """
    named = list(dict.fromkeys(source.snapshot for source in recipe.sources if source.snapshot))
    _add(recipe, named)
    if any(source.snapshot is None for source in recipe.sources):
        listing = Thread(target=_add_listed, args=(recipe,), daemon=True)
        listing.start()
        listing.join(LONGEST_LISTING_SECONDS)


def _add_listed(recipe: Recipe) -> None:
    for source in recipe.sources:
        if source.snapshot is None:
            try:
                _add(recipe, [found.snapshot for found in expand([source]).sources])
            except Exception as error:  # whatever a store does, the location is there, and the sensor lists again
                _LOG.warning("recipe %s: source %s cannot be listed: %s", recipe.name, source.name, describe(error))


def _add(recipe: Recipe, snapshots: list[str]) -> None:
    try:
        with open_instance() as instance:
            arrivals.register(instance, Names.of(recipe), snapshots)
    except Exception as error:  # a storage that cannot be reached is told by whatever needs it next
        _LOG.warning("recipe %s: its snapshots could not be made partitions: %s", recipe.name, describe(error))
