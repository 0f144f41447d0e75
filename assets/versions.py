"""The version that Dagster knows the code of an asset by: of its code, of what the recipe says, and of all before it.

Dagster shows an asset as stale if its code version is another than at its last materialisation, and does not look
further up than its inputs. `data-platform status` knows more: that a threshold changed, and that what is made of the
rows below it is stale with them. So a version here counts the part of the recipe that decides an asset's rows, and the
versions of all that it is made from. Not here: what sources hold, which differs from snapshot to snapshot, and what a
takedown removed (`data_platform/pipeline/status.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from data_platform.core.errors import PlainError
from data_platform.core.settings import home
from data_platform.ingest.settings import Source
from data_platform.lake.lake import Lake
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace

_NO_SNAPSHOT = ""


class _Stated(Workspace):
    """A recipe as it stands, with nothing in its sources and nothing in its lake."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe, Lake(str(home() / "no lake")))

    @property
    def sources(self) -> dict[str, Source]:
        """None."""
        return {}

    def archives(self, snapshot: str) -> list[Any]:
        """None."""
        return []


def versions_of(flow: Mapping[str, Stage], recipe: Recipe) -> dict[str, str]:
    """The version of every stage of a flow, by its table. Reads no source and no lake."""
    stated, versions = _Stated(recipe), {}
    for stage in flow.values():
        parts = [stage.code_version, _settings(stage, stated), *(versions.get(name, "") for name in stage.inputs)]
        versions[stage.name] = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    return versions


def _settings(stage: Stage, stated: Workspace) -> str:
    """What the recipe says of a stage; all that it says, if that needs something that is not there."""
    try:
        return json.dumps(stage.config(stated, _NO_SNAPSHOT), sort_keys=True)
    except (PlainError, OSError):
        return stated.recipe.digest
